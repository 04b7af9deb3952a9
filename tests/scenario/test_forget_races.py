"""Who wants to be forgotten while something is under way: nothing of ours stays, theirs is back, rows and token go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.commands import person
from services.domain.model import Status
from services.domain.people import Member, Tokens
from services.platform.crypto import Encryptor
from services.slack.limits import Budget
from services.store.db import Database
from services.store.tables import METADATA, PROFILE_STATES
from services.usecases.offboarding import TAKE_BACK
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.engine import GET, SET, until
from tests.support.few import few
from tests.support.stepped_app import ANN, SteppedApp, open_stepped_app

READING = ("Reading", ":book:")
LEFT = {"refusals": 1}


@pytest.fixture
async def app(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann in Berlin, on SQLite and on PostgreSQL; she has typed a status of her own in Slack."""
    async with open_stepped_app(database, encryptor, clock) as made:
        made.engine.slack.type_status(ANN, *READING)
        yield made


async def keep(app: SteppedApp) -> None:
    """Decide, and carry out Ann's wish once."""
    await app.replica.tick()
    ((wish,), _) = await app.replica.queue.most_urgent(app.clock.now(), 1)
    await app.replica.writer.carry_out(wish, app.replica.writer.take(wish, Budget()))


async def rows(app: SteppedApp) -> dict[str, int]:
    """How many rows of Ann each table holds, those without any left out."""
    found = {}
    async with app.engine.database.read() as connection:
        for table in METADATA.sorted_tables:
            if "user_id" in table.c:
                theirs = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == ANN)
                if number := await connection.scalar(theirs):
                    found[table.name] = number
    return found


async def gone(app: SteppedApp) -> bool:
    """Whether nothing of Ann is left, here and at Slack, but that she is not to be kept."""
    revoked = app.engine.slack.calls.all("auth.revoke", user=ANN)
    return await rows(app) == LEFT and [call.ok for call in revoked] == [True]


@SQLITE_FIRST
async def test_forgotten_while_our_write_is_on_its_way(app: SteppedApp) -> None:
    profiles, slack = app.replica.writer._profiles, app.leaving.slack
    write, revoke = profiles.write, slack.revoke
    revoking, landed = asyncio.Event(), asyncio.Event()
    forgetting: list[asyncio.Task[bool]] = []

    async def revoke_late(token: str) -> None:
        revoking.set()
        await landed.wait()
        await revoke(token)

    async def write_late(token: str, status: Status) -> Status:
        profiles.write = write  # type: ignore[method-assign]  # once is enough
        forgetting.append(asyncio.create_task(app.people.forget(app.ann)))
        revoked = asyncio.create_task(revoking.wait())
        await asyncio.wait((*forgetting, revoked), return_when=asyncio.FIRST_COMPLETED)
        revoked.cancel()
        found = await write(token, status)  # before the token is revoked, as late as can be
        landed.set()
        return found

    slack.revoke = revoke_late  # type: ignore[method-assign]  # the moment is what is tested
    profiles.write = write_late  # type: ignore[method-assign]
    await app.quo("Lunch")
    await keep(app)
    assert await forgetting[0]
    await app.settle()
    await app.leaving.run_due()
    assert app.engine.status(ANN)[:2] == READING
    assert await gone(app)


async def test_forgotten_while_the_profile_is_read(app: SteppedApp) -> None:
    profiles = app.replica.writer._profiles
    read = profiles.read

    async def read_late(token: str) -> Status:
        profiles.read = read  # type: ignore[method-assign]  # once is enough
        found = await read(token)
        assert await app.people.forget(app.ann)
        return found

    profiles.read = read_late  # type: ignore[method-assign]  # the moment is what is tested
    await app.quo("Lunch")
    await keep(app)
    await app.settle()
    await app.leaving.run_due()
    assert app.engine.calls(SET) == []
    assert await gone(app)


async def test_forgotten_person_gets_back_what_was_covered_before_the_token_goes(app: SteppedApp) -> None:
    await app.quo("Lunch")
    assert (await app.shows())[0] == "Lunch"
    assert await app.people.forget(app.ann)
    assert await rows(app) == {"people": 1, "standings": 1, "spans": 1} | LEFT
    assert not await app.people.forget(app.ann)
    view = await app.people.get(app.ann)
    assert view is not None
    assert not view.granted
    await app.settle()
    assert app.engine.status(ANN)[:2] == READING
    assert (await app.leaving.next_due()) == app.clock.now()
    await app.leaving.run_due()
    assert await gone(app)
    assert await app.leaving.next_due() is None
    assert app.engine.slack.direct_messages(ANN) == []


async def test_forgotten_while_paused_gets_back_what_was_covered_too(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    await app.quo("pause")
    await app.settle()
    assert await app.people.forget(app.ann)
    await app.settle()
    await app.leaving.run_due()
    assert app.engine.status(ANN)[:2] == READING
    assert await gone(app)


async def test_what_cannot_be_taken_back_within_a_minute_is_named(app: SteppedApp) -> None:
    await app.quo(":pizza: Lunch")
    await app.shows()
    app.engine.slack.faults.add(Fault(GET, status=503, times=None))
    assert await app.people.forget(app.ann)
    await keep(app)
    await app.leaving.run_due()
    assert (await rows(app))["people"] == 1
    assert await app.leaving.next_due() == app.clock.now() + TAKE_BACK
    app.clock.move(seconds=TAKE_BACK.total_seconds())
    await app.leaving.run_due()
    assert await gone(app)
    (message,) = app.engine.slack.direct_messages(ANN)
    assert message.text == (
        "I could not take “:pizza: Lunch” off. Clear it in Slack. I could not put your own “:book: Reading” back."
    )


async def test_somebody_without_a_grant_is_forgotten_at_once_and_told_what_stays(app: SteppedApp) -> None:
    await app.quo(":pizza: Lunch")
    await app.shows()
    await app.engine.change(app.ann, grant_state="lost", token=None)
    assert await app.people.forget(app.ann)
    assert await rows(app) == LEFT
    assert "Lunch" in app.engine.slack.direct_messages(ANN)[0].text


@SQLITE_FIRST
async def test_who_allows_it_again_before_they_are_gone_stays(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    assert await app.people.forget(app.ann)
    (leaver,) = await app.leaving.leavers.all()
    tokens = Tokens(app.engine.slack.grant(ANN).value)
    await app.people.store.grant(app.ann, tokens, Member(), app.clock.now())  # as Grants does
    assert not await app.leaving.leavers.delete(leaver)
    view = await app.people.get(app.ann)
    assert view is not None
    assert view.granted
    assert (await app.shows())[:2] == READING


@BOTH
async def test_two_replicas_see_somebody_off_once(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    app.engine.slack.faults.add(Fault(GET, status=503, times=None))
    await app.people.forget(app.ann)
    app.clock.move(seconds=TAKE_BACK.total_seconds())
    await asyncio.gather(*(app.leaving.run_due() for _ in range(2)))
    assert await rows(app) == LEFT
    assert len(app.engine.slack.direct_messages(ANN)) == 1


@SQLITE_FIRST
async def test_operators_command_takes_back_without_the_app(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    assert await app.people.forget(app.ann)
    await person.see_off(
        app.ann,
        leaving=app.leaving,
        queue=app.replica.queue,
        writer=app.replica.writer,
        effects=app.replica.effect_senders,
        clock=app.clock,
    )
    assert app.engine.status(ANN)[:2] == READING
    assert await gone(app)


async def test_operators_command_asks_again_only_when_slack_lets_it(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.shows()
    assert await app.people.forget(app.ann)
    app.engine.slack.faults.add(Fault(GET, retry_after=20, times=None))
    before = len(app.engine.calls(GET))
    seen_off = asyncio.create_task(
        person.see_off(
            app.ann,
            leaving=app.leaving,
            queue=app.replica.queue,
            writer=app.replica.writer,
            effects=app.replica.effect_senders,
            clock=app.clock,
        )
    )

    def waits_or_is_done() -> bool:
        return seen_off.done() or any(not one.done() for one in app.clock._sleepers)

    for _ in range(15):
        await until(waits_or_is_done)
        app.clock.move(seconds=1)
    assert len(app.engine.calls(GET)) - before == 1
    app.engine.slack.faults.clear()
    while not seen_off.done():
        app.clock.move(seconds=1)
        await until(waits_or_is_done)
    await seen_off
    assert app.engine.status(ANN)[:2] == READING


@pytest.mark.parametrize("memory", few(['{"version": 99}', "[]", "x"]))
async def test_memory_that_makes_no_sense_keeps_nobody_from_being_forgotten(app: SteppedApp, memory: str) -> None:
    await app.quo("Lunch")
    await app.shows()
    sealed = app.engine.encryptor.seal(memory, "standings.memory", app.ann.team_id, app.ann.user_id)
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(PROFILE_STATES).values(memory=sealed))
    assert await app.people.forget(app.ann)
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(PROFILE_STATES).values(memory=sealed))
    app.clock.move(seconds=TAKE_BACK.total_seconds())
    await app.leaving.run_due()
    assert await gone(app)
