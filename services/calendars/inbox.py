"""Calendars that others send: what arrives at a hook or as a file waits in an inbox, and is worked in by the sync loop.

What was worked in leaves the inbox in the transaction that writes it, so that a crash neither loses nor doubles it.
The calendar's own memory is then the only copy of what it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from services.calendars import itip
from services.calendars.shelf import Shelf
from services.errors import CalendarError, CalendarTooLargeError, NotACalendarError
from services.model import PersonKey
from services.ports import Changes, Connection, Expander, Problem

LOOK_AGAIN = timedelta(days=1)
"""How often a calendar to which nothing comes is looked at: its window moves with time."""

_WHOLE = "file"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What waits: `content` is None where it can no longer be opened; one that is `whole` is all there is."""

    seq: int
    received_at: datetime
    content: bytes | None = field(repr=False)
    whole: bool = False


class Inbox(Protocol):
    """Where it waits: `store.inbox.InboxStore`."""

    async def waiting(self, key: PersonKey, calendar_id: str) -> Sequence[Arrival]:
        """What waits for a calendar, in the order of its arrival."""
        ...


class InboxSource:
    """`ports.Source` of hooks and of files given by hand."""

    def __init__(self, inbox: Inbox, expander: Expander) -> None:
        """`expander` reads."""
        self._inbox = inbox
        self._expander = expander

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """What has arrived since the last time, worked in; nothing, where the window still reaches far enough.

        Raises a `CalendarError`; then all that waits goes on waiting.
        """
        arrivals = await self._inbox.waiting(connection.key, connection.calendar_id)
        shelf = await Shelf.loaded(connection.state)
        if not arrivals:
            if shelf is None:  # nothing yet, or what another version of this program wrote: not the same as "no events"
                raise CalendarError("nothing has arrived")
            if shelf.serves(connection, now):
                return Changes(state=connection.state, unchanged=True, full=False, floor=LOOK_AGAIN)
        full, problems = await asyncio.to_thread(worked_in, shelf or Shelf(), arrivals, now)
        changes = await full.changes(self._expander, connection, now)
        return replace(
            changes,
            problems=(*changes.problems, *problems),
            unchanged=changes.unchanged and not problems,
            floor=LOOK_AGAIN,
            taken=arrivals[-1].seq if arrivals else 0,
        )


def worked_in(shelf: Shelf, arrivals: Sequence[Arrival], now: datetime) -> tuple[Shelf, tuple[Problem, ...]]:
    """The shelf with all that arrived, in its order. Pure. What cannot be worked in costs itself alone."""
    problems: list[Problem] = []
    for arrival in arrivals:
        try:
            shelf = _with(shelf, arrival, now)
        except NotACalendarError:
            problems.append(Problem("", "Something arrived that cannot be read."))
        except CalendarTooLargeError:
            problems.append(Problem("", "Something arrived for which there is no room any more."))
    return shelf, tuple(problems)


def _with(shelf: Shelf, arrival: Arrival, now: datetime) -> Shelf:
    if arrival.content is None:
        raise NotACalendarError("cannot be opened")
    if arrival.whole:
        # With what it has not got any more as dropped, and not on an empty shelf: what did not change stays known.
        return shelf.with_changes({_WHOLE: arrival.content}, set(shelf.resources), now=now)
    entries = itip.Entries({key: one.text for key, one in shelf.resources.items() if key != _WHOLE})
    given = shelf.resources.get(_WHOLE)
    if given is not None and given.whole:  # news about a calendar that came in one piece: taken apart first
        for message in itip.messages(given.text):
            entries.work_in(message, arrival.received_at)
        entries.dropped.add(_WHOLE)
    for message in itip.messages(arrival.content):
        entries.work_in(message, arrival.received_at)
    return shelf.with_changes(entries.put, entries.dropped, now=now)
