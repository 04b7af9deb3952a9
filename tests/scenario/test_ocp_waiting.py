"""A status that an OCP agent sets is answered once it is written; what is not written in time is taken back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.store.awaited import AwaitedStore
from services.store.tables import OVERRIDES, PROFILE_STATES
from services.usecases import own_profile, waiting
from tests.support.engine import until
from tests.support.ocp_app import GET, agent_of, key_of, overrides_of, sets
from tests.support.ocp_client import OcpAgent
from tests.support.running_app import SET, RunningApp, at


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> float:
    """So many seconds until a request is taken back, in the place of ten."""
    monkeypatch.setattr(waiting, "PATIENCE", 0.4)
    return 0.4


async def _is_refused(agent: OcpAgent, error: str) -> None:
    answer = await agent.call_tool("usersProfileSet", {"profile": {"status_text": "Lunch", "status_emoji": ":pizza:"}})
    assert (answer.status, answer.body["ok"], answer.body["error"]) == (200, False, error), answer.body


async def _nothing_of_it_happens(app: RunningApp, shows: str = "") -> None:
    """Neither now nor later: not even for a moment, as soon as it could be written."""
    before = app.written()
    for minutes in (2, 5, 30):
        app.clock.move_to(app.clock.now() + timedelta(minutes=minutes))
        await app.settle()
        assert app.text() == shows
    assert "Lunch" not in app.written()[len(before) :]
    assert await overrides_of(app) == []
    assert "Lunch" not in str(await app.types("/quo", "preview"))


async def test_paused_is_said_at_once(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    await running_app.types("/quo", "pause")
    async with agent_of(running_app, headers) as agent:
        await _is_refused(agent, "profile_set_failed")
    await running_app.types("/quo", "resume")
    await _nothing_of_it_happens(running_app)


@pytest.mark.usefixtures("patience")
async def test_not_written_while_slack_is_down_is_taken_back(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    fault = running_app.slack.faults.add(GET, status=503, times=None)
    async with agent_of(running_app, headers) as agent:
        answer = await agent.call_tool("usersProfileSet", {"profile": {"status_text": "Lunch"}})
        assert answer.body["error"] == "service_unavailable"  # what shows is to stay, and cannot be read
        await _is_refused_whole(agent, "request_timeout")
    running_app.slack.faults.remove(fault)
    await _nothing_of_it_happens(running_app)
    assert running_app.written() == []


async def _is_refused_whole(agent: OcpAgent, error: str) -> Any:
    status = {"status_text": "Lunch", "status_emoji": ":pizza:", "status_expiration": int(at("16:00").timestamp())}
    answer = await agent.call_tool("usersProfileSet", {"profile": status})
    assert (answer.status, answer.body.get("error")) == (200, error), answer.body
    return answer.body


async def test_refused_by_slack_it_is_said_in_slacks_words_and_taken_back(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.faults.add(SET, error="invalid_starts_with_at")
    async with agent_of(running_app, headers) as agent:
        await _is_refused_whole(agent, "invalid_starts_with_at")
    await _nothing_of_it_happens(running_app)


@pytest.mark.usefixtures("patience")
async def test_without_room_in_the_workspaces_minute_it_is_taken_back(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.faults.add(SET, retry_after=30)
    async with agent_of(running_app, headers) as agent:
        await _is_refused_whole(agent, "request_timeout")
    await _nothing_of_it_happens(running_app)
    assert running_app.written() == []


async def test_call_that_is_under_way_when_time_is_up_is_waited_for_and_answered_as_it_ends(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await key_of(running_app)
    calls: list[Fault] = []

    def until_it_begins(deadline: float) -> Iterator[float]:
        yield 0.02
        while calls[-1].times and time.monotonic() < deadline:
            yield 0.02

    monkeypatch.setattr(own_profile, "pauses", until_it_begins)  # time is up once Slack has been called
    async with agent_of(running_app, headers) as agent:
        calls.append(running_app.slack.faults.add(SET, latency=0.5))
        assert (await sets(agent, status_text="Tea", status_emoji=":tea:", status_expiration=0))["ok"]
        assert running_app.text() == "Tea"
        calls.append(running_app.slack.faults.add(SET, latency=0.5, status=503))
        await _is_refused_whole(agent, "request_timeout")
    await running_app.settle()
    running_app.clock.move_to(at("09:10"))
    await running_app.settle()
    assert running_app.text() == "Tea"  # the one before stands
    assert len(await overrides_of(running_app)) == 1


@pytest.mark.usefixtures("patience")
async def test_done_by_slack_without_an_answer_it_is_taken_back_and_off(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.faults.add(SET, after=True, drop=True)
    running_app.slack.faults.add(GET, status=503, times=None, skip=1)
    async with agent_of(running_app, headers) as agent:
        await _is_refused_whole(agent, "request_timeout")
    assert running_app.text() == "Lunch"
    running_app.slack.faults.clear()
    running_app.clock.move_to(at("09:05"))
    await _nothing_of_it_happens(running_app)


@pytest.mark.usefixtures("patience")
async def test_done_by_slack_after_it_was_taken_back_it_is_taken_off(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    fault = running_app.slack.faults.add(SET, drop=True, times=None)
    async with agent_of(running_app, headers) as agent:
        await _is_refused_whole(agent, "request_timeout")
    running_app.slack.faults.remove(fault)
    running_app.clock.move_to(at("09:00") + timedelta(seconds=5))
    await running_app.settle()
    assert running_app.text() == ""
    await running_app.says("Lunch", ":pizza:", until=at("16:00"))  # Slack does it now, for whom nobody waits any more
    running_app.clock.move_to(at("09:00") + timedelta(seconds=10))
    await running_app.settle()
    assert running_app.text() == ""
    await _nothing_of_it_happens(running_app)


async def test_status_typed_in_slack_right_after_it_stays_and_the_answer_tells_what_shows(
    running_app: RunningApp,
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Lunch", status_emoji=":pizza:", status_expiration=0))["ok"]
        await running_app.says("Typed", ":house:")
        assert running_app.text() == "Typed"
        assert (await agent.call_tool("usersProfileGet")).body["profile"]["status_text"] == "Typed"


async def test_of_two_at_once_the_newest_stands_and_both_are_answered(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        one, other = await asyncio.gather(
            sets(agent, status_text="Lunch", status_emoji=":pizza:", status_expiration=0),
            sets(agent, status_text="Tea", status_emoji=":tea:", status_expiration=0),
        )
    await running_app.settle()
    said = {one["ok"], other["ok"]}
    assert True in said
    assert running_app.text() in {"Lunch", "Tea"}
    assert running_app.text() in {found["profile"]["status_text"] for found in (one, other) if found["ok"]}


async def test_whoever_hangs_up_as_the_program_ends_has_it_taken_back(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    fault = running_app.slack.faults.add(SET, retry_after=60)
    async with agent_of(running_app, headers) as agent:
        asking = asyncio.create_task(_is_refused_whole(agent, "request_timeout"))
        await until(lambda: running_app.slack.calls.all(SET))  # Slack has no room: it waits from now on
        await running_app.stop()
        await asyncio.gather(asking, return_exceptions=True)  # hung up on, or refused just before
    running_app.slack.faults.remove(fault)
    await running_app.start()
    await _nothing_of_it_happens(running_app)


async def test_killed_while_somebody_waits_the_program_takes_it_back_as_it_starts(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Tea", status_emoji=":tea:", status_expiration=0))["ok"]
        running_app.clock.move_to(at("09:05"))
        fault = running_app.slack.faults.add(SET, retry_after=60)
        calls = len(running_app.slack.calls.all(SET))
        asking = asyncio.create_task(_is_refused_whole(agent, "request_timeout"))
        await until(lambda: len(running_app.slack.calls.all(SET)) > calls)  # Slack has no room: it waits from now on
        monkeypatch.setattr(AwaitedStore, "outlive", lambda _store, work: work.close())  # killed, nothing is done
        await running_app.stop()
        with pytest.raises((aiohttp.ClientError, AssertionError)):
            await asking
    running_app.slack.faults.remove(fault)
    assert len(await overrides_of(running_app)) == 2
    running_app.clock.move_to(at("09:30"))
    await running_app.start()
    await running_app.settle()
    assert (running_app.text(), "Lunch" in running_app.written()) == ("Tea", False)
    assert len(await overrides_of(running_app)) == 1  # what was written before is kept


async def test_typed_write_leaves_no_mark_of_a_call(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Lunch", status_emoji=":pizza:", status_expiration=0))["ok"]
    await running_app.settle()
    (row,) = await running_app.rows(sa.select(PROFILE_STATES.c.calling_until))
    assert row.calling_until is None


async def test_end_that_is_not_written_leaves_the_one_before(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Tea", status_emoji=":tea:", status_expiration=0))["ok"]
        monkeypatch.setattr(waiting, "PATIENCE", 0.4)
        running_app.clock.move_to(at("09:05"))
        running_app.slack.faults.add(SET, retry_after=30)
        answer = await agent.call_tool(
            "usersProfileSet", {"profile": {"status_expiration": int(at("10:00").timestamp())}}
        )
        assert answer.body["error"] == "request_timeout"
    for clock_time in ("09:10", "10:01"):
        await running_app.until(at(clock_time))
        assert running_app.shows() == ("Tea", ":tea:", None)
    (row,) = await running_app.rows(sa.select(OVERRIDES.c.end_at, OVERRIDES.c.start_at))
    assert (row.end_at, row.start_at) == (None, at("09:00"))
