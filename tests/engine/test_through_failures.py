"""What Slack refuses, drops or takes back: nothing is lost, nobody is written to without leave, all are told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.model import PersonKey, Status
from services.store.marks import mark_due
from services.store.models import Person, ProfileStateRow, Workspace
from tests.support.engine import GET, SET, TEAM, World, meeting, until


async def in_a_meeting(world: World, user_id: str = "U1", minutes: float = 60) -> PersonKey:
    key = await world.person(user_id)
    await world.has(key, meeting(world.clock.now(), minutes))
    return key


async def still(world: World) -> None:
    """Wait until nothing is under way, and let whatever might wrongly happen happen."""
    await until(lambda: not world.slack.busy and all(replica.engine.at_rest for replica in world.replicas))
    before = len(world.slack.calls)
    await asyncio.sleep(0.3)
    assert len(world.slack.calls) == before


@pytest.mark.parametrize(
    "fault",
    [
        Fault(SET, status=503),
        Fault(SET, status=500),
        Fault(SET, error="internal_error"),
        Fault(GET, status=502),
        Fault(SET, drop=True),
    ],
    ids=["503", "500", "internal_error", "read-502", "dropped"],
)
async def test_outage_is_retried_after_a_pause_and_holds_up_nobody_else(world: World, fault: Fault) -> None:
    fault.user_id, fault.times = "U1", 1
    world.slack.faults.add(fault)
    await world.replica().start()
    await in_a_meeting(world, "U1")
    await in_a_meeting(world, "U2")
    await until(lambda: world.status("U2")[0] == "In a meeting")
    await still(world)
    assert world.status("U1")[0] == ""
    world.clock.move(seconds=2)
    await until(lambda: world.status("U1")[0] == "In a meeting")
    assert world.written("U1") == ["In a meeting"]


async def test_outage_that_lasts_is_met_with_growing_pauses(world: World) -> None:
    world.slack.faults.add(Fault(GET, status=503, times=None))
    await world.replica().start()
    await in_a_meeting(world)
    await until(lambda: len(world.calls(GET)) == 1)
    for _ in range(60):
        world.clock.move(seconds=5)
        await asyncio.sleep(0.02)
    await still(world)
    assert 5 <= len(world.calls(GET)) <= 8
    world.slack.faults.clear()
    world.clock.move(minutes=5)
    await until(lambda: world.status()[0] == "In a meeting")


async def test_answer_that_got_lost_after_the_write_repeats_nothing_visible(world: World) -> None:
    world.slack.faults.add(Fault(SET, drop=True, after=True))
    await world.replica().start()
    key = await in_a_meeting(world)
    await until(lambda: world.status()[0] == "In a meeting")
    await still(world)
    world.clock.move(seconds=2)
    await until(lambda: len(world.calls(GET)) == 2)
    await world.settled()
    assert len(world.calls(SET)) == 1
    memory = await world.memory(key)
    assert memory.standing.applied is not None
    assert memory.standing.applied.text == "In a meeting"
    assert memory.standing.pending is None


async def test_slow_answer_counts_as_an_outage_and_is_made_good(world: World) -> None:
    world.slack.faults.add(Fault(GET, latency=2.0))
    await world.replica(seconds=0.3).start()
    await in_a_meeting(world)
    await until(lambda: put_off(world))
    assert world.status()[0] == ""
    world.clock.move(seconds=2)
    await until(lambda: world.status()[0] == "In a meeting")


async def put_off(world: World) -> bool:
    """Whether somebody's wish waits for another try."""
    async with world.database.read() as connection:
        return bool(await connection.scalar(sa.select(sa.exists().where(ProfileStateRow.not_before.is_not(None)))))


@pytest.mark.parametrize("code", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope"])
async def test_grant_that_slack_takes_back_is_marked_and_its_person_told_once(world: World, code: str) -> None:
    world.slack.faults.add(Fault(GET, error=code, times=None, user_id="U1"))
    await world.replica().start()
    key = await in_a_meeting(world)
    await until(lambda: len(world.slack.direct_messages("U1")) == 1)
    assert await world.column(key, "grant_state") == "lost"
    message = world.slack.direct_messages("U1")[0]
    assert "https://app.example/grant/U1" in str(message.blocks)
    calls = len(world.calls())
    for _ in range(4):
        world.clock.move(minutes=20)
        await world.has(key, meeting(world.clock.now(), uid="again"))
        await world.settled()
    assert len(world.calls()) == calls
    assert len(world.slack.direct_messages("U1")) == 1


async def test_person_who_grants_again_is_written_to_and_may_be_told_again(world: World) -> None:
    world.slack.faults.add(Fault(GET, error="token_revoked", user_id="U1"))
    replica = world.replica()
    await replica.start()
    key = await in_a_meeting(world)
    await until(lambda: len(world.slack.direct_messages("U1")) == 1)
    token = world.encryptor.seal(world.slack.grant("U1").value, "people.token", key.team_id, key.user_id)
    async with world.database.write() as connection:
        await connection.execute(sa.update(Person).values(token=token, grant_state="ok"))
        await replica.notices.worked(connection, key, "grant")
        await mark_due(connection, key, world.clock.now(), stale=False)
    world.ring()
    await until(lambda: world.status()[0] == "In a meeting")
    await world.settled()
    world.slack.faults.add(Fault(GET, error="token_revoked", user_id="U1"))
    world.clock.move(hours=2)
    await world.has(key, meeting(world.clock.now(), uid="later"))
    await until(lambda: len(world.slack.direct_messages("U1")) == 2)


async def test_broken_bot_token_does_not_stop_statuses(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    async with world.database.write() as connection:
        await connection.execute(
            sa.update(Workspace).values(bot_token=world.encryptor.seal("xoxb-bad", "workspaces.bot_token", TEAM))
        )
        await world.replicas[0].notices.tell(connection, key, "welcome")
    await world.has(key, meeting(world.clock.now()))
    await until(lambda: world.status()[0] == "In a meeting")


async def test_bad_emoji_is_replaced_once_by_the_kinds_own(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    await world.change(key, stale=True, preferences='{"show": {"meeting": {"emoji": ":not_there:"}}}')
    await world.has(key, meeting(world.clock.now()))
    await until(lambda: world.status()[:2] == ("In a meeting", ":spiral_calendar_pad:"))
    await world.settled()
    await still(world)
    assert [call.ok for call in world.calls(SET)] == [False, True]


async def test_bad_emoji_that_stays_bad_is_not_tried_for_ever(world: World) -> None:
    world.slack.faults.add(Fault(SET, error="profile_status_set_failed_not_valid_emoji", times=None))
    await world.replica().start()
    await in_a_meeting(world)
    await until(lambda: len(world.calls(SET)) == 2)
    await world.settled()
    world.clock.move(minutes=20)
    await still(world)
    assert len(world.calls(SET)) == 2


async def test_token_of_somebody_else_is_never_written_with(world: World) -> None:
    world.slack.add_person("U2", "bo")
    stranger = world.slack.grant("U2")
    await world.replica().start()
    key = await world.person("U1")
    token = world.encryptor.seal(stranger.value, "people.token", key.team_id, key.user_id)
    await world.change(key, token=token)
    await world.has(key, meeting(world.clock.now()))
    await until(lambda: len(world.slack.direct_messages("U1")) == 1)
    await world.settled()
    assert await world.column(key, "grant_state") == "lost"
    assert world.calls(SET) == []
    assert world.status("U2") == ("", "", 0)


async def test_paused_person_is_never_written_to_and_picked_up_at_the_end_of_the_pause(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    await world.change(key, paused_from=now, paused_until=now + timedelta(hours=2))
    await world.has(key, meeting(now, 180))
    await world.settled()
    world.clock.move(minutes=119)
    await world.settled()
    assert world.calls() == []
    world.clock.move(minutes=1)
    await until(lambda: world.status()[0] == "In a meeting")


async def test_pause_while_a_wish_waits_is_obeyed(world: World) -> None:
    await world.replica(limits={SET: 1, GET: 95}).start()
    await in_a_meeting(world, "U1")
    await until(lambda: len(world.written()) == 1)
    key = await in_a_meeting(world, "U2")
    await until(world.pending)
    await world.change(key, paused_from=world.clock.now())
    world.clock.move(seconds=61)
    await world.settled()
    assert world.written("U2") == []


async def test_person_who_is_forgotten_in_mid_write_leaves_no_trace_and_stops_nobody(world: World) -> None:
    world.slack.faults.add(Fault(GET, latency=0.3, user_id="U1"))
    await world.replica().start()
    key = await in_a_meeting(world, "U1")
    await until(world.pending)
    await world.forget(key)
    await in_a_meeting(world, "U2")
    await until(lambda: world.status("U2")[0] == "In a meeting")
    await asyncio.sleep(0.5)
    assert world.calls(SET, user="U1") == []
    assert world.replicas[0].engine.healthy


async def test_workspace_that_is_uninstalled_in_mid_write_is_not_written_to(world: World) -> None:
    world.slack.faults.add(Fault(GET, latency=0.3))
    await world.replica().start()
    await in_a_meeting(world, "U1")
    await until(world.pending)
    async with world.database.write() as connection:
        await connection.execute(sa.delete(Workspace))
    await asyncio.sleep(0.6)
    assert world.calls(SET) == []
    assert world.replicas[0].engine.healthy


async def test_status_typed_between_our_read_and_our_write_is_not_lost(world: World) -> None:
    replica = world.replica()
    key = await world.person()
    read = replica.writer._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        world.clock.move(seconds=1)
        world.slack.type_status("U1", "Dentist", ":tooth:")
        async with world.database.write() as connection:
            seen = Status("Dentist", ":tooth:")
            assert await replica.standings.see(connection, key, seen, world.clock.now())
        replica.writer._profiles.read = read  # type: ignore[method-assign]  # once is enough
        return found

    replica.writer._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await replica.start()
    await world.has(key, meeting(world.clock.now(), 60))
    await until(lambda: len(world.calls(GET)) == 2)
    await world.settled()
    assert world.status()[0] == "Dentist"


async def test_status_typed_while_our_write_was_on_its_way_is_put_back_afterwards(world: World) -> None:
    replica = world.replica()
    key = await world.person()
    write = replica.writer._profiles.write

    async def write_late(token: str, status: Status) -> Status:
        world.clock.move(seconds=1)
        world.slack.type_status("U1", "Dentist", ":tooth:")
        async with world.database.write() as connection:
            await replica.standings.see(connection, key, Status("Dentist", ":tooth:"), world.clock.now())
        replica.writer._profiles.write = write  # type: ignore[method-assign]  # once is enough
        return await write(token, status)

    replica.writer._profiles.write = write_late  # type: ignore[method-assign]  # the moment is what is tested
    await replica.start()
    await world.has(key, meeting(world.clock.now(), 60))
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    assert world.status()[0] == "In a meeting"
    world.clock.move(minutes=60)
    await until(lambda: world.status()[:2] == ("Dentist", ":tooth:"))


async def test_what_was_done_and_left_is_told_with_reasons(world: World) -> None:
    replica = world.replica()
    await replica.start()
    key = await in_a_meeting(world)
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    (attempt,) = await replica.writes.recent(key, 10)
    assert (attempt.outcome, attempt.action.value, attempt.reason.code.value) == ("done", "write", "profile_free")
    assert (attempt.rule, attempt.uid, attempt.status.text) == ("meeting", "m1", "In a meeting")
