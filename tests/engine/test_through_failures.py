"""What Slack refuses, drops or takes back: nothing is lost, nobody is written to without leave, all are told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from emulators.faults import Fault
from services.domain.model import PersonKey, Status
from services.store.person_rows import mark_due
from services.store.tables import PEOPLE, PROFILE_STATES, WORKSPACES
from tests.support.databases import BOTH
from tests.support.engine import GET, SET, TEAM, RunningEngine, meeting, until
from tests.support.few import few


async def in_a_meeting(engine: RunningEngine, user_id: str = "U1", minutes: float = 60) -> PersonKey:
    key = await engine.person(user_id)
    await engine.has(key, meeting(engine.clock.now(), minutes))
    return key


@pytest.mark.parametrize(
    "fault",
    few(
        [
            Fault(SET, status=503),
            Fault(SET, drop=True),
            Fault(SET, status=500),
            Fault(SET, error="internal_error"),
            Fault(GET, status=502),
        ],
        quick=2,
    ),
    ids=["503", "dropped", "500", "internal_error", "read-502"],
)
async def test_outage_is_retried_after_a_pause_and_holds_up_nobody_else(engine: RunningEngine, fault: Fault) -> None:
    fault.user_id, fault.times = "U1", 1
    engine.slack.faults.add(fault)
    await engine.replica().start()
    await in_a_meeting(engine, "U1")
    await in_a_meeting(engine, "U2")
    await until(lambda: engine.status("U2")[0] == "In a meeting")
    await engine.rests()
    assert engine.status("U1")[0] == ""
    engine.clock.move(seconds=2)
    await until(lambda: engine.status("U1")[0] == "In a meeting")
    assert engine.written("U1") == ["In a meeting"]


async def test_outage_that_lasts_is_met_with_growing_pauses(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, status=503, times=None))
    await engine.replica().start()
    await in_a_meeting(engine)
    await until(lambda: len(engine.calls(GET)) == 1)
    for _ in range(30):
        engine.clock.move(seconds=10)
        await engine.rests()
    assert 5 <= len(engine.calls(GET)) <= 8
    engine.slack.faults.clear()
    engine.clock.move(minutes=5)
    await until(lambda: engine.status()[0] == "In a meeting")


@BOTH
async def test_answer_that_got_lost_after_the_write_repeats_nothing_visible(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(SET, drop=True, after=True))
    await engine.replica().start()
    key = await in_a_meeting(engine)
    await until(lambda: engine.status()[0] == "In a meeting")
    await engine.rests()
    engine.clock.move(seconds=2)
    await until(lambda: len(engine.calls(GET)) == 2)
    await engine.settled()
    assert len(engine.calls(SET)) == 1
    memory = await engine.memory(key)
    assert memory.standing.applied is not None
    assert memory.standing.applied.text == "In a meeting"
    assert memory.standing.pending is None


async def test_slow_answer_counts_as_an_outage_and_is_made_good(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, latency=2.0))
    await engine.replica(seconds=0.3).start()
    await in_a_meeting(engine)
    await until(lambda: put_off(engine))
    assert engine.status()[0] == ""
    engine.clock.move(seconds=2)
    await until(lambda: engine.status()[0] == "In a meeting")


async def put_off(engine: RunningEngine) -> bool:
    """Whether somebody's wish waits for another try."""
    async with engine.database.read() as connection:
        return bool(await connection.scalar(sa.select(sa.exists().where(PROFILE_STATES.c.not_before.is_not(None)))))


@pytest.mark.parametrize("code", few(["token_revoked", "invalid_auth", "missing_scope"]))
async def test_grant_that_slack_takes_back_is_marked_and_its_person_told_once(engine: RunningEngine, code: str) -> None:
    engine.slack.faults.add(Fault(error=code, times=None, user_id="U1"))
    await engine.replica().start()
    key = await in_a_meeting(engine)
    await until(lambda: len(engine.slack.direct_messages("U1")) == 1)
    assert await engine.column(key, "grant_state") == "lost"
    message = engine.slack.direct_messages("U1")[0]
    assert "https://app.example/grant/U1" in str(message.blocks)
    calls = len(engine.calls())
    for _ in range(4):
        engine.clock.move(minutes=20)
        await engine.has(key, meeting(engine.clock.now(), uid="again"))
        await engine.settled()
    assert len(engine.calls()) == calls
    assert len(engine.slack.direct_messages("U1")) == 1


async def test_person_who_grants_again_is_written_to_and_may_be_told_again(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, error="token_revoked", user_id="U1"))
    replica = engine.replica()
    await replica.start()
    key = await in_a_meeting(engine)
    await until(lambda: len(engine.slack.direct_messages("U1")) == 1)
    token = engine.encryptor.seal(engine.slack.grant("U1").value, "people.token", key.team_id, key.user_id)
    async with engine.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(token=token, grant_state="ok"))
        await replica.notices.worked(connection, "grant", key)
        await mark_due(connection, key, engine.clock.now(), stale=False)
    engine.ring()
    await until(lambda: engine.status()[0] == "In a meeting")
    await engine.settled()
    engine.slack.faults.add(Fault(GET, error="token_revoked", user_id="U1"))
    engine.clock.move(hours=2)
    await engine.has(key, meeting(engine.clock.now(), uid="later"))
    await until(lambda: len(engine.slack.direct_messages("U1")) == 2)


async def test_broken_bot_token_does_not_stop_statuses(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    async with engine.database.write() as connection:
        await connection.execute(
            sa.update(WORKSPACES).values(bot_token=engine.encryptor.seal("xoxb-bad", "workspaces.bot_token", TEAM))
        )
        await engine.replicas[0].notices.tell(connection, key, "welcome")
    await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: engine.status()[0] == "In a meeting")


async def test_bad_emoji_is_replaced_once_by_the_kinds_own(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    await engine.change(key, stale=True, preferences='{"show": {"meeting": {"emoji": ":not_there:"}}}')
    await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: engine.status()[:2] == ("In a meeting", ":spiral_calendar_pad:"))
    await engine.settled()
    await engine.rests()
    assert [call.ok for call in engine.calls(SET)] == [False, True]


async def test_bad_emoji_that_stays_bad_is_not_tried_for_ever(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(SET, error="profile_status_set_failed_not_valid_emoji", times=None))
    await engine.replica().start()
    await in_a_meeting(engine)
    await until(lambda: len(engine.calls(SET)) == 2)
    await engine.settled()
    engine.clock.move(minutes=20)
    await engine.rests()
    assert len(engine.calls(SET)) == 2


async def test_token_of_somebody_else_is_never_written_with(engine: RunningEngine) -> None:
    engine.slack.add_person("U2", "bo")
    stranger = engine.slack.grant("U2")
    await engine.replica().start()
    key = await engine.person("U1")
    token = engine.encryptor.seal(stranger.value, "people.token", key.team_id, key.user_id)
    await engine.change(key, token=token)
    await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: len(engine.slack.direct_messages("U1")) == 1)
    await engine.settled()
    assert await engine.column(key, "grant_state") == "lost"
    assert engine.calls(SET) == []
    assert engine.status("U2") == ("", "", 0)


async def test_paused_person_is_never_written_to_and_picked_up_at_the_end_of_the_pause(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.change(key, paused_from=now, paused_until=now + timedelta(hours=2))
    await engine.has(key, meeting(now, 180))
    await engine.settled()
    engine.clock.move(minutes=119)
    await engine.settled()
    assert engine.calls() == []
    engine.clock.move(minutes=1)
    await until(lambda: engine.status()[0] == "In a meeting")


async def test_pause_while_a_wish_waits_is_obeyed(engine: RunningEngine) -> None:
    await engine.replica(limits={SET: 1, GET: 95}).start()
    await in_a_meeting(engine, "U1")
    await until(lambda: len(engine.written()) == 1)
    key = await in_a_meeting(engine, "U2")
    await until(engine.pending)
    await engine.change(key, paused_from=engine.clock.now())
    engine.clock.move(seconds=61)
    await engine.rests()
    assert (await engine.pending(), engine.written("U2")) == (0, [])


@BOTH
async def test_person_who_is_forgotten_in_mid_write_leaves_no_trace_and_stops_nobody(engine: RunningEngine) -> None:
    go = asyncio.Event()
    engine.slack.faults.add(Fault(GET, until=go, user_id="U1"))
    await engine.replica().start()
    key = await in_a_meeting(engine, "U1")
    await until(engine.pending)
    await engine.forget(key)
    go.set()
    await in_a_meeting(engine, "U2")
    await until(lambda: engine.status("U2")[0] == "In a meeting")
    await engine.rests()
    assert engine.calls(SET, user="U1") == []
    assert engine.replicas[0].engine.healthy


async def test_person_who_is_forgotten_before_their_timeline_is_resolved_is_nobodys_fault(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, key = engine.replica(), await in_a_meeting(engine)
    claim = replica.due.claim_stale

    async def then_forgotten(*args: Any, **more: Any) -> Any:
        claimed = await claim(*args, **more)
        await engine.forget(key)
        return claimed

    monkeypatch.setattr(replica.due, "claim_stale", then_forgotten)
    with capture_logs() as logged:
        report = await replica.timelines.run_due()
    assert (report.done, report.failed, logged) == (1, 0, [])


async def test_workspace_that_is_uninstalled_in_mid_write_is_not_written_to(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, latency=0.3))
    await engine.replica().start()
    await in_a_meeting(engine, "U1")
    await until(engine.pending)
    async with engine.database.write() as connection:
        await connection.execute(sa.delete(WORKSPACES))
    await engine.rests()
    assert engine.calls(SET) == []
    assert engine.replicas[0].engine.healthy


@BOTH
async def test_status_typed_between_our_read_and_our_write_is_not_lost(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    read = replica.writer._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        engine.clock.move(seconds=1)
        engine.slack.type_status("U1", "Dentist", ":tooth:")
        async with engine.database.write() as connection:
            seen = Status("Dentist", ":tooth:")
            assert await replica.profile_states.see(connection, key, seen, engine.clock.now())
        replica.writer._profiles.read = read  # type: ignore[method-assign]  # once is enough
        return found

    replica.writer._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await replica.start()
    await engine.has(key, meeting(engine.clock.now(), 60))
    await until(lambda: len(engine.calls(GET)) == 2)
    await engine.settled()
    assert engine.status()[0] == "Dentist"


async def test_status_typed_while_our_write_was_on_its_way_is_put_back_afterwards(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    write = replica.writer._profiles.write

    async def write_late(token: str, status: Status) -> Status:
        engine.clock.move(seconds=1)
        engine.slack.type_status("U1", "Dentist", ":tooth:")
        async with engine.database.write() as connection:
            await replica.profile_states.see(connection, key, Status("Dentist", ":tooth:"), engine.clock.now())
        replica.writer._profiles.write = write  # type: ignore[method-assign]  # once is enough
        return await write(token, status)

    replica.writer._profiles.write = write_late  # type: ignore[method-assign]  # the moment is what is tested
    await replica.start()
    await engine.has(key, meeting(engine.clock.now(), 60))
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    assert engine.status()[0] == "In a meeting"
    engine.clock.move(minutes=60)
    await until(lambda: engine.status()[:2] == ("Dentist", ":tooth:"))


async def test_what_was_done_and_left_is_told_with_reasons(engine: RunningEngine) -> None:
    replica = engine.replica()
    await replica.start()
    key = await in_a_meeting(engine)
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    (attempt,) = await replica.writes.recent(key, 10)
    assert (attempt.outcome, attempt.action.value, attempt.reason.code.value) == ("done", "write", "profile_free")
    assert (attempt.rule, attempt.uid, attempt.status.text) == ("meeting", "m1", "In a meeting")
