"""`/quo clear` while something is under way: what was taken back is not written, and what stands is taken off."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from emulators.faults import Fault
from services.domain.model import Status
from services.platform.crypto import Encryptor
from services.slack.limits import Budget
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import SET, meeting
from tests.support.stepped_app import SteppedApp, open_stepped_app


@pytest.fixture
async def app(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann in Berlin, on SQLite and on PostgreSQL."""
    async with open_stepped_app(database, encryptor, clock) as made:
        yield made


async def keep(app: SteppedApp) -> None:
    """Decide, and carry out Ann's wish once."""
    await app.replica.tick()
    ((wish,), _) = await app.replica.queue.most_urgent(app.clock.now(), 1)
    await app.replica.writer.carry_out(wish, app.replica.writer.take(wish, Budget()))


@BOTH
async def test_status_that_is_cleared_while_slack_is_asked_for_the_profile_never_shows(app: SteppedApp) -> None:
    keeper = app.replica.writer
    read = keeper._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        assert (await app.quo("clear"))["text"] == "Ended: *Lunch*"
        await app.replica.tick()
        keeper._profiles.read = read  # type: ignore[method-assign]  # once is enough
        return found

    keeper._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await app.quo("Lunch")
    await keep(app)
    assert await app.shows() == ("", "", 0)
    assert app.engine.calls(SET) == []
    assert (await app.quo("clear"))["text"] == "There is nothing to change."


async def test_clear_takes_off_what_stands_although_nothing_runs_any_more(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    app.engine.slack.faults.add(Fault(SET, status=503))
    await app.quo("clear")
    await keep(app)
    assert app.engine.status(app.ann.user_id)[0] == "Lunch"
    assert (await app.quo("clear"))["text"] == "I take your status off."
    assert await app.shows() == ("", "", 0)
    assert (await app.quo("clear"))["text"] == "There is nothing to change."


async def test_clear_leaves_the_idle_status_that_was_chosen(app: SteppedApp) -> None:
    await app.engine.change(app.ann, stale=True, preferences='{"idle": {"text": "Here", "emoji": ":wave:"}}')
    assert (await app.shows())[0] == "Here"
    assert (await app.quo("clear"))["text"] == "There is nothing to change."


async def test_clear_on_the_day_of_an_absence_ends_it_and_not_what_was_typed_since(app: SteppedApp) -> None:
    await app.ooo("26 nov Skiing")
    app.clock.move(minutes=5)
    await app.quo("Writing")
    app.clock.move(days=2)
    assert (await app.shows())[0] == "Skiing"
    assert (await app.surface.reader.now(app.ann)).override == (await app.standing())[0]
    assert (await app.quo("clear"))["text"] == "Ended: *Skiing*"
    assert (await app.shows())[0] == "Writing"
    assert (await app.quo("clear"))["text"] == "Ended: *Writing*"
    assert await app.shows() == ("", "", 0)


async def test_who_is_back_early_is_told_what_shows_again(app: SteppedApp) -> None:
    await app.quo("Writing")
    app.clock.move(minutes=5)
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert (await app.shows())[0] == "In a meeting"
    assert (await app.quo("clear"))["text"] == "Welcome back.\nYour status: *Writing* until you clear it."
    assert (await app.shows())[0] == "Writing"
