"""The delta of a calendar view: rounds of pages, with all that a client has to put up with.

learn.microsoft.com/graph/api/event-delta; learn.microsoft.com/graph/delta-query-events.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from emulators.microsoft.events import (
    In,
    MicrosoftAccount,
    MicrosoftCalendar,
    MicrosoftEntry,
    event,
    instance_id,
    occurrence,
    removed,
)

if TYPE_CHECKING:
    from emulators.microsoft.server import LocalMicrosoft


Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Round:
    """What a token stands for: a calendar, its window, and either pages still to give, or when the last one ended."""

    address: str
    calendar_id: str
    window: Window
    revision: int
    waiting: tuple[dict[str, Any], ...] = ()


class Deltas:
    """Rounds under way and rounds ended, by their opaque tokens."""

    def __init__(self, microsoft: LocalMicrosoft) -> None:
        self._microsoft = microsoft
        self._rounds: dict[str, Round] = {}

    def forget(self) -> None:
        """Every token handed out so far is worth nothing any more."""
        self._rounds.clear()

    def find(self, token: str) -> Round | None:
        """What a token stands for; None for one that was forgotten or never was."""
        return self._rounds.get(token)

    def begin(self, account: MicrosoftAccount, calendar: MicrosoftCalendar, window: Window, zone: In) -> Round:
        """A first round over a window: everything in it."""
        every = (one for entry in calendar.entries.values() for one in self._of(account, calendar, entry, window, zone))
        return Round(account.address, calendar.id, window, calendar.revision, tuple(every))

    def resume(self, account: MicrosoftAccount, calendar: MicrosoftCalendar, ended: Round, zone: In) -> Round:
        """A further round: what was changed since one ended."""
        waiting = tuple(self._since(account, calendar, ended, zone))
        return replace(ended, revision=calendar.revision, waiting=waiting)

    def page(self, found: Round, size: int) -> tuple[list[dict[str, Any]], str, bool]:
        """The next entries of a round, a token for what follows, and whether that is the next round."""
        token = secrets.token_urlsafe(96)
        page, rest = found.waiting[:size], found.waiting[size:]
        self._rounds[token] = replace(found, waiting=rest)
        return list(page), token, not rest

    def _since(
        self, account: MicrosoftAccount, calendar: MicrosoftCalendar, ended: Round, zone: In
    ) -> Iterator[dict[str, Any]]:
        changed = sorted((version, i) for i, version in calendar.revisions.items() if version > ended.revision)
        for _, identifier in changed:
            entry = calendar.entries.get(identifier)
            found = entry and list(self._of(account, calendar, entry, ended.window, zone))
            yield from found or [removed(identifier)]
        if self._microsoft.odd.name_lost_instances:
            lost = [
                (calendar.entries.get(i), day) for (i, day), since in calendar.lost.items() if since > ended.revision
            ]
            yield from (removed(instance_id(entry, day)) for entry, day in lost if entry)

    def _of(
        self, account: MicrosoftAccount, calendar: MicrosoftCalendar, entry: MicrosoftEntry, window: Window, zone: In
    ) -> Iterator[dict[str, Any]]:
        """What a window shows of an entry. Instances that are as their series is say little (docs issue 7632)."""
        instances = [one for one in calendar.occurrences(entry, window[1]) if not one.gone]
        instances = [one for one in instances if _touches(calendar, one.entry, *window)]
        if not entry.rules:
            if instances and self._microsoft.odd.repeat_items:
                yield event(replace(entry, title="as it was"), account, zone, kind="singleInstance")
            if instances:
                yield event(entry, account, zone, kind="singleInstance")
            return
        if instances and not self._microsoft.odd.omit_masters:
            yield event(entry, account, zone, kind="seriesMaster")
        for found in instances:
            assert found.day is not None  # noqa: S101  # of a series
            identifier = instance_id(entry, found.day)
            if found.changed:
                yield event(found.entry, account, zone, kind="exception", identifier=identifier, series=entry.id)
            else:
                yield occurrence(found.entry, zone, identifier=identifier, series=entry.id)


def _touches(calendar: MicrosoftCalendar, entry: MicrosoftEntry, start: datetime, end: datetime) -> bool:
    """Whether an entry overlaps `[start, end)`; whole days go from midnight to midnight UTC, as Graph's windows do."""
    first, last = calendar.instant(entry.start), calendar.instant(entry.end)
    return first < end and (last > start or first == last >= start)
