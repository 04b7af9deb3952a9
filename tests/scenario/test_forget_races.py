"""Who wants to be forgotten while something is under way: nothing of ours stays, theirs is back, rows and token go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services import admin_commands
from services.domain.model import Status
from services.domain.people import Member
from services.domain.tokens import Tokens
from services.engine.limits import Budget
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.models import Base
from services.usecases.offboarding import TAKE_BACK
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import GET, SET
from tests.support.slack_surface import ANN, Desk, open_desk

READING = ("Reading", ":book:")


@pytest.fixture
async def desk(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[Desk]:
    """Ann in Berlin, on SQLite and on PostgreSQL; she has typed a status of her own in Slack."""
    async with open_desk(database, encryptor, clock) as made:
        made.world.slack.type_status(ANN, *READING)
        yield made


async def keep(desk: Desk) -> None:
    """Decide, and carry out Ann's wish once."""
    await desk.engine.tick()
    ((wish,), _) = await desk.engine.queue.most_urgent(desk.clock.now(), 1)
    await desk.engine.writer.carry_out(wish, desk.engine.writer.take(wish, Budget()))


async def rows(desk: Desk) -> dict[str, int]:
    """How many rows of Ann each table holds, those without any left out."""
    found = {}
    async with desk.world.database.read() as connection:
        for table in Base.metadata.sorted_tables:
            if "user_id" in table.c:
                theirs = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == ANN)
                if number := await connection.scalar(theirs):
                    found[table.name] = number
    return found


async def gone(desk: Desk) -> bool:
    """Whether nothing of Ann is left, here and at Slack."""
    revoked = desk.world.slack.calls.all("auth.revoke", user=ANN)
    return await rows(desk) == {} and [call.ok for call in revoked] == [True]


@BOTH
async def test_forgotten_while_our_write_is_on_its_way(desk: Desk) -> None:
    profiles, slack = desk.engine.writer._profiles, desk.leaving._slack
    write, revoke = profiles.write, slack.revoke
    revoking, landed = asyncio.Event(), asyncio.Event()
    forgetting: list[asyncio.Task[bool]] = []

    async def revoke_late(token: str) -> None:
        revoking.set()
        await landed.wait()
        await revoke(token)

    async def write_late(token: str, status: Status) -> Status:
        profiles.write = write  # type: ignore[method-assign]  # once is enough
        forgetting.append(asyncio.create_task(desk.people.forget(desk.ann)))
        revoked = asyncio.create_task(revoking.wait())
        await asyncio.wait((*forgetting, revoked), return_when=asyncio.FIRST_COMPLETED)
        revoked.cancel()
        found = await write(token, status)  # before the token is revoked, as late as can be
        landed.set()
        return found

    slack.revoke = revoke_late  # type: ignore[method-assign]  # the moment is what is tested
    profiles.write = write_late  # type: ignore[method-assign]
    await desk.quo("Lunch")
    await keep(desk)
    assert await forgetting[0]
    await desk.settle()
    await desk.leaving.run_due()
    assert desk.world.status(ANN)[:2] == READING
    assert await gone(desk)


async def test_forgotten_while_the_profile_is_read(desk: Desk) -> None:
    profiles = desk.engine.writer._profiles
    read = profiles.read

    async def read_late(token: str) -> Status:
        profiles.read = read  # type: ignore[method-assign]  # once is enough
        found = await read(token)
        assert await desk.people.forget(desk.ann)
        return found

    profiles.read = read_late  # type: ignore[method-assign]  # the moment is what is tested
    await desk.quo("Lunch")
    await keep(desk)
    await desk.settle()
    await desk.leaving.run_due()
    assert desk.world.calls(SET) == []
    assert await gone(desk)


async def test_forgotten_person_gets_back_what_was_covered_before_the_token_goes(desk: Desk) -> None:
    await desk.quo("Lunch")
    assert (await desk.shows())[0] == "Lunch"
    assert await desk.people.forget(desk.ann)
    assert await rows(desk) == {"people": 1, "standings": 1, "spans": 1}
    assert not await desk.people.forget(desk.ann)
    view = await desk.people.get(desk.ann)
    assert view is not None
    assert not view.granted
    await desk.settle()
    assert desk.world.status(ANN)[:2] == READING
    assert (await desk.leaving.next_due()) == desk.clock.now()
    await desk.leaving.run_due()
    assert await gone(desk)
    assert await desk.leaving.next_due() is None
    assert desk.world.slack.direct_messages(ANN) == []


async def test_forgotten_while_paused_gets_back_what_was_covered_too(desk: Desk) -> None:
    await desk.quo("Lunch")
    await desk.shows()
    await desk.quo("pause")
    await desk.settle()
    assert await desk.people.forget(desk.ann)
    await desk.settle()
    await desk.leaving.run_due()
    assert desk.world.status(ANN)[:2] == READING
    assert await gone(desk)


async def test_what_cannot_be_taken_back_within_a_minute_is_named(desk: Desk) -> None:
    await desk.quo(":pizza: Lunch")
    await desk.shows()
    desk.world.slack.faults.add(Fault(GET, status=503, times=None))
    assert await desk.people.forget(desk.ann)
    await keep(desk)
    await desk.leaving.run_due()
    assert (await rows(desk))["people"] == 1
    assert await desk.leaving.next_due() == desk.clock.now() + TAKE_BACK
    desk.clock.move(seconds=TAKE_BACK.total_seconds())
    await desk.leaving.run_due()
    assert await gone(desk)
    (message,) = desk.world.slack.direct_messages(ANN)
    assert message.text == (
        "I could not take “:pizza: Lunch” off. Clear it in Slack. I could not put your own “:book: Reading” back."
    )


async def test_somebody_without_a_grant_is_forgotten_at_once_and_told_what_stays(desk: Desk) -> None:
    await desk.quo(":pizza: Lunch")
    await desk.shows()
    await desk.world.change(desk.ann, grant_state="lost", token=None)
    assert await desk.people.forget(desk.ann)
    assert await rows(desk) == {}
    assert "Lunch" in desk.world.slack.direct_messages(ANN)[0].text


@BOTH
async def test_who_allows_it_again_before_they_are_gone_stays(desk: Desk) -> None:
    await desk.quo("Lunch")
    await desk.shows()
    assert await desk.people.forget(desk.ann)
    (leaver,) = await desk.leaving._leavers.all()
    tokens = Tokens(desk.world.slack.grant(ANN).value)
    await desk.people.store.grant(desk.ann, tokens, Member(), desk.clock.now())  # as Grants does
    assert not await desk.leaving._leavers.delete(leaver)
    view = await desk.people.get(desk.ann)
    assert view is not None
    assert view.granted
    assert (await desk.shows())[:2] == READING


@BOTH
async def test_two_replicas_see_somebody_off_once(desk: Desk) -> None:
    await desk.quo("Lunch")
    await desk.shows()
    desk.world.slack.faults.add(Fault(GET, status=503, times=None))
    await desk.people.forget(desk.ann)
    desk.clock.move(seconds=TAKE_BACK.total_seconds())
    await asyncio.gather(*(desk.leaving.run_due() for _ in range(2)))
    assert await rows(desk) == {}
    assert len(desk.world.slack.direct_messages(ANN)) == 1


@BOTH
async def test_operators_command_takes_back_without_the_app(desk: Desk) -> None:
    await desk.quo("Lunch")
    await desk.shows()
    assert await desk.people.forget(desk.ann)
    await admin_commands.see_off(
        desk.ann, leaving=desk.leaving, queue=desk.engine.queue, writer=desk.engine.writer, clock=desk.clock
    )
    assert desk.world.status(ANN)[:2] == READING
    assert await gone(desk)
