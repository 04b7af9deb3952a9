"""The delta of a calendar view: rounds of pages, with all that a client has to put up with.

learn.microsoft.com/graph/api/event-delta; learn.microsoft.com/graph/delta-query-events.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from emulators.microsoft.faults import Faults
from emulators.microsoft.mailbox import Account, Entry, LocalCalendar
from emulators.microsoft.shape import In, event, occurrence, removed


@dataclass(frozen=True, slots=True)
class Round:
    """What a token stands for: a calendar, its window, and either pages still to give, or when the last one ended."""

    address: str
    calendar_id: str
    start: datetime
    end: datetime
    version: int
    waiting: tuple[dict[str, Any], ...] = ()


class Deltas:
    """Rounds under way and rounds ended, by their opaque tokens."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._rounds: dict[str, Round] = {}

    def forget(self) -> None:
        """Every token handed out so far is worth nothing any more."""
        self._rounds.clear()

    def find(self, token: str) -> Round | None:
        """What a token stands for; None for one that was forgotten or never was."""
        return self._rounds.get(token)

    def begin(self, account: Account, calendar: LocalCalendar, start: datetime, end: datetime, zone: In) -> Round:
        """A first round over a window: everything in it."""
        waiting = tuple(self._all(account, calendar, start, end, zone))
        return Round(account.address, calendar.id, start, end, calendar.version, waiting)

    def resume(self, account: Account, calendar: LocalCalendar, ended: Round, zone: In) -> Round:
        """A further round: what was changed since one ended."""
        waiting = tuple(self._since(account, calendar, ended, zone))
        return replace(ended, version=calendar.version, waiting=waiting)

    def page(self, found: Round, size: int) -> tuple[list[dict[str, Any]], str, bool]:
        """The next entries of a round, a token for what follows, and whether that is the next round."""
        token = secrets.token_urlsafe(96)
        page, rest = found.waiting[:size], found.waiting[size:]
        self._rounds[token] = replace(found, waiting=rest)
        return list(page), token, not rest

    def _all(
        self, account: Account, calendar: LocalCalendar, start: datetime, end: datetime, zone: In
    ) -> Iterator[dict[str, Any]]:
        for entry in calendar.entries.values():
            if entry.recurrence is not None:
                yield from self._series(entry, account, start, end, zone)
            elif entry.touches(start, end):
                if self._faults.repeat_items:
                    yield event(replace(entry, title="as it was"), account, zone, kind="singleInstance")
                yield event(entry, account, zone, kind="singleInstance")

    def _since(self, account: Account, calendar: LocalCalendar, ended: Round, zone: In) -> Iterator[dict[str, Any]]:
        changed = sorted((version, i) for i, version in calendar.versions.items() if version > ended.version)
        for _, identifier in changed:
            entry = calendar.entries.get(identifier)
            if entry is None:
                yield removed(identifier)
            elif entry.recurrence is not None:
                series = list(self._series(entry, account, ended.start, ended.end, zone))
                yield from series or [removed(identifier)]
            elif not entry.touches(ended.start, ended.end):
                yield removed(identifier)
            else:
                if self._faults.repeat_items:
                    yield event(replace(entry, title="as it was"), account, zone, kind="singleInstance")
                yield event(entry, account, zone, kind="singleInstance")
        if self._faults.name_lost_instances:
            yield from (removed(i) for i, (version, _) in calendar.lost.items() if version > ended.version)

    def _series(
        self, entry: Entry, account: Account, start: datetime, end: datetime, zone: In
    ) -> Iterator[dict[str, Any]]:
        """A master and its instances, of which those that are as the series is say little (docs issue 7632)."""
        instances = list(entry.instances(start, end))
        if instances and not self._faults.omit_masters:
            yield event(entry, account, zone, kind="seriesMaster")
        for day, found, changed in instances:
            identifier = entry.instance_id(day)
            if changed:
                yield event(found, account, zone, kind="exception", identifier=identifier, series=entry.id)
            else:
                yield occurrence(found, zone, identifier=identifier, series=entry.id)
