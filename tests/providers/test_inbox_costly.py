"""What waits in an inbox and takes too long to be worked in: it costs itself, and what came with it is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.providers.ics import LOOK_AGAIN, InboxSource
from services.domain.calendars import Arrival, Changes, Connection
from services.domain.errors import CalendarTooCostlyError
from services.domain.model import PersonKey
from tests.support.caldav_account import Reading
from tests.support.hooks import entry, itip
from tests.support.running_app import at

NOW = at("09:00")
HOOK = Connection(PersonKey("T1", "U1"), "C1", "hook", "", ZoneInfo("Etc/UTC"))
COSTLY = b"costly"


class Waiting:
    def __init__(self, *contents: bytes) -> None:
        self.arrivals = [Arrival(n, NOW + timedelta(seconds=n), content) for n, content in enumerate(contents, 1)]

    async def waiting(self, key: PersonKey, calendar_id: str) -> Sequence[Arrival]:
        return self.arrivals


class Bounded(Reading):
    """A reader that gives up on one body."""

    async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
        if COSTLY in blobs:
            raise CalendarTooCostlyError("time")
        return await super().changes(task, calendar_id, head, blobs)


def invitation(uid: str) -> bytes:
    return itip("REQUEST", entry(uid, at("10:00"), 60))


async def test_costly_arrival_is_taken_out_with_a_problem_and_the_others_are_worked_in() -> None:
    inbox = Waiting(invitation("a"), COSTLY, invitation("b"))
    source, connection, uids, problems = InboxSource(inbox, Bounded()), HOOK, [], []
    for taken, floor in ((1, None), (2, None), (3, LOOK_AGAIN)):
        changes = await source.fetch(connection, NOW)
        assert (changes.taken, changes.floor) == (taken, floor)
        uids += [event.uid for event in changes.events]
        problems += [problem.problem for problem in changes.problems]
        inbox.arrivals = [one for one in inbox.arrivals if one.seq > taken]
        connection = Connection(HOOK.key, HOOK.calendar_id, "hook", "", HOOK.zone, state=changes.state)
    assert (uids, problems) == (["a", "b"], ["Something arrived that takes too long to read."])


async def test_what_a_release_stored_that_read_less_is_expanded_anew_once() -> None:
    source = InboxSource(inbox := Waiting(invitation("a")), Reading())
    stored = (await source.fetch(HOOK, NOW)).state or b""
    inbox.arrivals = []
    before = IcsCollection.cover(stored)
    assert before is not None
    connection = replace(HOOK, state=replace(before, reads=0).over(stored))
    again = await source.fetch(connection, NOW)
    assert (again.full, [event.uid for event in again.events], again.floor) == (True, ["a"], LOOK_AGAIN)
    assert (await source.fetch(replace(HOOK, state=again.state), NOW)).unchanged


async def test_calendar_that_costs_too_much_by_itself_is_a_failure_and_takes_nothing_out() -> None:
    class Never(Reading):
        async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
            raise CalendarTooCostlyError("time")

    with pytest.raises(CalendarTooCostlyError):
        await InboxSource(Waiting(invitation("a")), Never()).fetch(HOOK, NOW)
