"""`/quo clear` while something is under way: what was taken back is not written, and what stands is taken off."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from emulators.faults import Fault
from services.domain.model import Status
from services.engine.limits import Budget
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import SET
from tests.support.slack_surface import Desk, open_desk


@pytest.fixture
async def desk(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[Desk]:
    """Ann in Berlin, on SQLite and on PostgreSQL."""
    async with open_desk(database, encryptor, clock) as made:
        yield made


async def keep(desk: Desk) -> None:
    """Decide, and carry out Ann's wish once."""
    await desk.engine.tick()
    ((wish,), _) = await desk.engine.queue.most_urgent(desk.clock.now(), 1)
    await desk.engine.writer.carry_out(wish, desk.engine.writer.take(wish, Budget()))


@BOTH
async def test_status_that_is_cleared_while_slack_is_asked_for_the_profile_never_shows(desk: Desk) -> None:
    keeper = desk.engine.writer
    read = keeper._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        assert (await desk.quo("clear"))["text"] == "Ended: *Lunch*"
        await desk.engine.tick()
        keeper._profiles.read = read  # type: ignore[method-assign]  # once is enough
        return found

    keeper._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await desk.quo("Lunch")
    await keep(desk)
    assert await desk.shows() == ("", "", 0)
    assert desk.world.calls(SET) == []
    assert (await desk.quo("clear"))["text"] == "There is nothing to change."


async def test_clear_takes_off_what_stands_although_nothing_runs_any_more(desk: Desk) -> None:
    await desk.quo("Lunch")
    await desk.shows()
    desk.world.slack.faults.add(Fault(SET, status=503))
    await desk.quo("clear")
    await keep(desk)
    assert desk.world.status(desk.ann.user_id)[0] == "Lunch"
    assert (await desk.quo("clear"))["text"] == "I take your status off."
    assert await desk.shows() == ("", "", 0)
    assert (await desk.quo("clear"))["text"] == "There is nothing to change."


async def test_clear_leaves_the_idle_status_that_was_chosen(desk: Desk) -> None:
    await desk.world.change(desk.ann, stale=True, preferences='{"idle": {"text": "Here", "emoji": ":wave:"}}')
    assert (await desk.shows())[0] == "Here"
    assert (await desk.quo("clear"))["text"] == "There is nothing to change."
