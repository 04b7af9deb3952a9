"""Calendars that others send: what arrives at a hook or as a file waits in an inbox, and is worked in by the sync loop.

What was worked in leaves the inbox in the transaction that writes it, so that a crash neither loses nor doubles it.
The calendar's own memory is then the only copy of what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.calendars.ical.arrivals import asked
from services.calendars.ical.expand import Expander
from services.calendars.ical.ics_collection import IcsCollection
from services.domain.calendars import Arrival, Changes, Connection, Problem
from services.domain.errors import CalendarError, CalendarTooCostlyError
from services.store.inbox import InboxStore

LOOK_AGAIN = timedelta(days=1)
"""How often a calendar to which nothing comes is looked at: its window moves with time."""


class InboxSource:
    """`ports.Source` of hooks and of files given by hand."""

    def __init__(self, inbox: InboxStore, expander: Expander) -> None:
        """`expander` reads."""
        self._inbox = inbox
        self._expander = expander

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """What has arrived since the last time, worked in; nothing, where the window still reaches far enough.

        Raises a `CalendarError`; then all that waits goes on waiting.
        """
        arrivals = await self._inbox.waiting(connection.key, connection.calendar_id)
        if not arrivals:
            cover = IcsCollection.cover(connection.state)
            if cover is None:  # nothing yet, or what another version of this program wrote: not the same as "no events"
                raise CalendarError("nothing has arrived")
            if cover.serves(connection, now):
                return Changes(state=connection.state, unchanged=True, full=False, floor=LOOK_AGAIN)
            return replace(await self._worked_in(connection, (), now), floor=LOOK_AGAIN)
        try:
            changes = await self._worked_in(connection, arrivals, now)
        except CalendarTooCostlyError:
            return await self._one(connection, arrivals, now)
        return replace(changes, floor=LOOK_AGAIN, taken=arrivals[-1].seq)

    async def _one(self, connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> Changes:
        """The first of what waits alone; where it is that which costs too much, not even it. The rest follows soon."""
        first, *others = arrivals
        floor = None if others else LOOK_AGAIN
        if others:
            try:
                return replace(await self._worked_in(connection, (first,), now), floor=floor, taken=first.seq)
            except CalendarTooCostlyError:
                pass  # it is this one
        changes = await self._worked_in(connection, (), now)
        costly = Problem("", "Something arrived that takes too long to read.")
        return replace(changes, problems=(*changes.problems, costly), unchanged=False, floor=floor, taken=first.seq)

    async def _worked_in(self, connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> Changes:
        head, blobs = asked(connection, arrivals, now)
        return await self._expander.changes("arrivals", connection.calendar_id, head, blobs)
