"""A workspace's own emoji are read where they are due, within its limits; what Slack does not know is tried once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.emoji import EVERY, LONGEST_NAME, OwnEmoji, search
from services.domain.model import PersonKey
from services.engine import emoji
from services.engine.emoji import AGAIN
from services.slack import emoji as slack_emoji
from services.slack.limits import LIMITS, STATUS, Budget
from services.store.tables import WORKSPACES
from tests.support.databases import BOTH
from tests.support.engine import SET, TEAM, RunningEngine, meeting, until
from tests.support.few import few
from tests.support.replica import Replica

LIST = "emoji.list"
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def replica(engine: RunningEngine) -> Replica:
    return engine.replica()


async def due_now(engine: RunningEngine, team_id: str = TEAM) -> None:
    """As after an install."""
    its = sa.update(WORKSPACES).where(WORKSPACES.c.team_id == team_id).values(emoji_due_at=engine.clock.now())
    async with engine.database.write() as connection:
        await connection.execute(its)


async def due_at(replica: Replica, team_id: str = TEAM) -> datetime | None:
    return (await replica.emoji.table(team_id)).due_at


async def test_emoji_of_a_workspace_are_read_and_kept(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    engine.slack.emoji.add(TEAM, "party")
    engine.slack.emoji.add(TEAM, "fiesta", "alias:party")
    engine.slack.emoji.add(TEAM, "ship", "alias:rocket")
    await due_now(engine)
    assert await replica.emoji_reading.next_due() == engine.clock.now()
    report = await replica.emoji_reading.run_due()
    assert (report.done, report.changed, report.failed) == (1, 1, 0)
    assert await replica.emoji.names(TEAM) == {"party": "", "fiesta": "party", "ship": "rocket"}
    assert await replica.emoji_reading.next_due() == engine.clock.now() + EVERY
    engine.clock.move(hours=24)
    report = await replica.emoji_reading.run_due()
    assert (report.done, report.changed) == (1, 0)
    (call, _) = engine.calls(LIST)
    assert call.arguments == {"include_categories": "true"}


FAILURES = [
    Fault(LIST, error="unable_to_fetch_custom_emojis"), Fault(LIST, status=503), Fault(LIST, drop=True),
    Fault(LIST, status=200, body=b'{"ok": tru'), Fault(LIST, error="invalid_auth"),
    Fault(LIST, status=200, body={"ok": True}),
    Fault(LIST, status=200, body={"ok": True, "emoji": ["party"]}), Fault(LIST, status=200, body=b"[]"),
]  # fmt: skip


@sqlite
@pytest.mark.parametrize("fault", few(FAILURES, quick=2), ids=range(len(FAILURES)))
async def test_read_that_fails_keeps_what_was_read_and_is_tried_again(
    engine: RunningEngine, replica: Replica, fault: Fault
) -> None:
    await engine.person()
    engine.slack.emoji.add(TEAM, "party")
    await due_now(engine)
    await replica.emoji_reading.run_due()
    engine.slack.emoji.remove(TEAM, "party")
    engine.slack.faults.add(replace(fault, times=None))
    engine.clock.move(hours=24)
    report = await replica.emoji_reading.run_due()
    assert (report.done, report.failed) == (1, 1)
    assert await replica.emoji.names(TEAM) == {"party": ""}
    assert not (await replica.emoji.table(TEAM)).is_complete(engine.clock.now())
    assert await replica.emoji_reading.next_due() == engine.clock.now() + AGAIN
    engine.slack.faults.clear()
    engine.clock.move_to(engine.clock.now() + AGAIN)
    await replica.emoji_reading.run_due()
    assert await replica.emoji.names(TEAM) == {}


@sqlite
async def test_list_that_is_too_long_is_not_read(
    engine: RunningEngine, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.person()
    await due_now(engine)
    monkeypatch.setattr(slack_emoji, "LONGEST_LIST", 50_000)
    engine.slack.workspaces[TEAM].emoji = {f"e{number}": "x" * 100 for number in range(1000)}
    assert (await replica.emoji_reading.run_due()).failed == 1
    assert await replica.emoji.names(TEAM) == {}


@sqlite
async def test_workspace_that_takes_the_scope_back_is_not_asked_before_the_next_install(
    engine: RunningEngine, replica: Replica
) -> None:
    await engine.person()
    await due_now(engine)
    engine.slack.install(TEAM).scopes.discard("emoji:read")
    assert (await replica.emoji_reading.run_due()).failed == 1
    assert await due_at(replica) is None


@sqlite
async def test_slack_that_says_wait_is_asked_when_it_said(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    await due_now(engine)
    engine.slack.faults.add(Fault(LIST, retry_after=40))
    await replica.emoji_reading.run_due()
    assert await due_at(replica) == engine.clock.now() + timedelta(seconds=40)
    engine.clock.move(seconds=40)
    assert (await replica.emoji_reading.run_due()).failed == 0


@sqlite
async def test_reads_keep_to_the_limit_of_the_method(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    for _ in range(LIMITS[LIST] + 3):
        await due_now(engine)
        await replica.emoji_reading.run_due()
    assert len(engine.calls(LIST)) == LIMITS[LIST] == 18
    assert await due_at(replica) == engine.clock.now() + timedelta(minutes=1)


@sqlite
async def test_limit_of_a_seldom_method_holds_no_status_back(engine: RunningEngine, replica: Replica) -> None:
    await replica.workspaces.own([TEAM])
    workspace = replica.workspaces.get(TEAM)
    assert workspace is not None
    assert workspace.budget.allowance(STATUS) == 8


@sqlite
async def test_workspace_without_a_token_waits(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    await due_now(engine)
    async with engine.database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(bot_token=None))
    await replica.emoji_reading.run_due()
    assert engine.calls(LIST) == []
    assert await due_at(replica) == engine.clock.now() + EVERY


@BOTH
async def test_change_that_arrives_during_the_read_is_read_too(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    await due_now(engine)
    soon = engine.clock.now() + timedelta(seconds=15)
    read = replica.emoji_reading._slack.read

    async def read_and_change(token: str) -> dict[str, str]:
        found = await read(token)
        engine.slack.emoji.add(TEAM, "party")
        assert await replica.emoji.mark(TEAM, soon)
        return found

    replica.emoji_reading._slack.read = read_and_change  # type: ignore[method-assign]  # at that very moment
    await replica.emoji_reading.run_due()
    assert await replica.emoji.names(TEAM) == {}
    assert await replica.emoji_reading.next_due() == soon


# ── what Slack does not know ────────────────────────────────────────────────────────────────────────


async def edge(engine: RunningEngine, replica: Replica, key: PersonKey, name: str) -> list[str]:
    """Somebody's next status with `:party:`: the emoji that were tried."""
    engine.slack.calls.clear()
    engine.clock.move(minutes=10)
    await engine.says(key, f"Status {name}", ":party:", until=engine.clock.now() + timedelta(minutes=5), name=name)
    await replica.tick()
    await replica.sender.drain()
    return [call.arguments["profile"]["status_emoji"] for call in engine.calls(SET)]


INSTEAD = ":speech_balloon:"


@sqlite
async def test_refused_emoji_is_not_tried_again_for_a_day(engine: RunningEngine, replica: Replica) -> None:
    key = await engine.person()
    assert await edge(engine, replica, key, "a") == [":party:", INSTEAD]
    assert await edge(engine, replica, key, "b") == [INSTEAD]
    (line, *_) = await replica.writes.recent(key, 1)
    assert (line.outcome, line.unknown_emoji, line.status.emoji) == ("done_with_another_emoji", ":party:", INSTEAD)
    engine.slack.emoji.add(TEAM, "party")
    engine.clock.move(hours=25)
    assert await edge(engine, replica, key, "c") == [":party:"]
    (line, *_) = await replica.writes.recent(key, 1)
    assert (line.outcome, line.unknown_emoji) == ("done", "")
    assert (await engine.memory(key)).standing.unknown_emoji == ""


@sqlite
async def test_refused_emoji_is_tried_again_once_the_workspaces_are_others(
    engine: RunningEngine, replica: Replica
) -> None:
    key = await engine.person()
    assert await edge(engine, replica, key, "a") == [":party:", INSTEAD]
    engine.slack.emoji.add(TEAM, "party")
    await due_now(engine)
    await replica.emoji_reading.run_due()
    assert await edge(engine, replica, key, "b") == [":party:"]


@sqlite
async def test_emoji_that_a_fresh_table_has_not_is_not_tried_at_all(engine: RunningEngine, replica: Replica) -> None:
    key = await engine.person()
    await due_now(engine)
    await replica.emoji_reading.run_due()
    assert await edge(engine, replica, key, "a") == [INSTEAD]
    engine.slack.emoji.add(TEAM, "party")
    await replica.emoji.mark(TEAM, engine.clock.now())  # told of a change: nothing is certain any more
    assert await edge(engine, replica, key, "b") == [":party:"]


@sqlite
async def test_refusal_of_a_skin_tone_says_nothing_of_the_emoji_itself(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    unknown = emoji.UnknownEmoji(replica.emoji, engine.clock)
    await unknown.refused(TEAM, ":pizza::skin-tone-3:")
    assert [await unknown.holds(TEAM, one) for one in (":pizza::skin-tone-3:", ":pizza:", "", ":x:y:")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert not await unknown.holds("T0OTHER0001", ":pizza::skin-tone-3:")


@sqlite
async def test_refusals_that_are_remembered_are_bounded(
    engine: RunningEngine, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.person()
    monkeypatch.setattr(emoji, "_MOST_REFUSED", 3)
    unknown = emoji.UnknownEmoji(replica.emoji, engine.clock)
    for number in range(5):
        await unknown.refused(TEAM, f":e{number}:")
    assert [await unknown.holds(TEAM, f":e{number}:") for number in range(5)] == [False, False, True, True, True]


@sqlite
async def test_alias_that_leads_nowhere_is_offered_to_nobody(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    engine.slack.emoji.add(TEAM, "fiesta", "alias:party")
    await due_now(engine)
    await replica.emoji_reading.run_due()
    own = OwnEmoji(await replica.emoji.names(TEAM))
    assert search("fiesta", own) == []


@sqlite
async def test_own_replica_reads_what_is_due_by_itself(engine: RunningEngine) -> None:
    """The engine's loop, started."""
    replica = engine.replica()
    await engine.person()
    engine.slack.emoji.add(TEAM, "x" * LONGEST_NAME)
    await due_now(engine)
    await replica.start()

    async def read() -> bool:
        return await replica.emoji.names(TEAM) == {"x" * LONGEST_NAME: ""}

    await until(read)


@sqlite
async def test_meeting_shows_its_own_emoji_in_the_place_of_one_that_is_gone(
    engine: RunningEngine, replica: Replica
) -> None:
    key = await engine.person(preferences='{"show": {"meeting": {"emoji": ":party:"}}}')
    await engine.has(key, meeting(engine.clock.now()))
    await replica.tick()
    await replica.sender.drain()
    assert engine.status()[:2] == ("In a meeting", ":spiral_calendar_pad:")
    assert (await engine.memory(key)).standing.unknown_emoji == ":party:"


@BOTH
async def test_two_processes_read_a_table_once(engine: RunningEngine, replica: Replica) -> None:
    """Each believes that the workspace is its own."""
    other = engine.replica()
    await engine.person()
    engine.slack.emoji.add(TEAM, "party")
    await due_now(engine)
    await asyncio.gather(replica.emoji_reading.run_due(), other.emoji_reading.run_due())
    assert len(engine.calls(LIST)) == 1
    assert await other.emoji.names(TEAM) == {"party": ""}


@sqlite
async def test_process_that_died_while_it_read_is_made_up_for(engine: RunningEngine, replica: Replica) -> None:
    await engine.person()
    await due_now(engine)
    engine.slack.faults.add(Fault(LIST, latency=30))
    reading = asyncio.create_task(replica.emoji_reading.run_due())
    await until(lambda: engine.slack.busy)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    other = engine.replica()
    assert await other.emoji_reading.next_due() == engine.clock.now() + emoji.LEASE
    engine.clock.move_to(engine.clock.now() + emoji.LEASE)
    engine.slack.emoji.add(TEAM, "party")
    await other.emoji_reading.run_due()
    assert await other.emoji.names(TEAM) == {"party": ""}


@sqlite
@pytest.mark.parametrize("known", [True, False])
async def test_process_that_died_after_it_replaced_an_emoji_takes_the_status_for_its_own(
    engine: RunningEngine, replica: Replica, *, known: bool
) -> None:
    """Without an end, only the whole of it tells a status of ours from one that somebody typed."""
    key = await engine.person()
    if known:
        await due_now(engine)
        await replica.emoji_reading.run_due()

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    replica.queue.settle = dies  # type: ignore[method-assign]  # between the call and its record
    await engine.says(key, "Lunch", ":party:")
    await replica.tick()
    (wish,), _ = await replica.queue.most_urgent(engine.clock.now(), 1)
    with pytest.raises(asyncio.CancelledError):
        await replica.writer.carry_out(wish, replica.writer.take(wish, Budget()))
    assert engine.status()[:2] == ("Lunch", INSTEAD)
    other = engine.replica()
    await other.tick()
    await other.sender.drain()
    standing = (await engine.memory(key)).standing
    assert (standing.own, standing.covered, standing.applied and standing.applied.text) == (None, None, "Lunch")
    engine.clock.move(minutes=1)
    await engine.has(key, meeting(engine.clock.now()))
    await other.tick()
    await other.sender.drain()
    assert engine.status()[0] == "In a meeting"
