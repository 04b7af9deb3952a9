"""`app.py serve` as a process on the real clock: killed at the worst moments, and a calendar that changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulators.slack import ApiCall, LocalSlack
from tests.support.command_line import Served
from tests.support.engine import GET, until
from tests.support.feeds import Feeds, lasting
from tests.support.running_app import ANN, SET, TEAM
from tests.support.visited import Outside, outside

pytestmark = pytest.mark.slow

MEETING = ("In a meeting", ":spiral_calendar_pad:")


@dataclass
class Running:
    """The process, and the Slack and the calendar it works with."""

    served: Served
    world: Outside

    @property
    def slack(self) -> LocalSlack:
        return self.world.slack

    @property
    def feeds(self) -> Feeds:
        return self.world.feeds

    async def begins(self) -> None:
        """Ann installs it, grants, and connects her feed."""
        await self.served.start()
        await self.world.ann_connects()
        await until(lambda: self.feeds["work"].hits > 0)

    async def reads_on(self) -> None:
        """The process goes on, until it has read the calendar twice more."""
        hits = self.feeds["work"].hits
        await until(lambda: self.feeds["work"].hits >= hits + 2)

    def shows(self) -> tuple[str, str, int]:
        self.slack.expiry.sweep()
        member = self.slack.member(ANN)
        return member.text, member.emoji, member.expiration

    def written(self) -> list[str]:
        return [call.arguments["profile"]["status_text"] for call in self.slack.calls.all(SET) if call.ok]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with outside() as world:
        settings = world.settings | {
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'statusquo.db'}", "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": "json",
        }  # fmt: skip
        made = Running(Served(tmp_path, settings), world)
        try:
            yield made
        finally:
            if made.served.process is not None:
                await made.served.stop()


def seconds_from_now(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


async def test_kill_in_mid_event_repeats_nothing_and_the_own_status_comes_back(running: Running) -> None:
    running.slack.type_status(ANN, "Reading", ":books:")
    start = seconds_from_now(12)
    end = start + timedelta(seconds=14)
    running.feeds["work"].has(lasting("a", start, 14 / 60))
    await running.begins()
    await until(lambda: running.shows() == (*MEETING, int(end.timestamp())), 40)
    made = [path for path in running.served.cwd.iterdir() if path.name.startswith("statusquo.db")]
    assert made
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}  # whatever the umask is
    running.served.kill()
    await running.served.ended()
    await running.served.start()
    await until(lambda: running.shows() == ("Reading", ":books:", 0), 40)
    assert datetime.now(UTC) >= end
    await running.reads_on()
    assert running.written() == ["In a meeting", "Reading"]
    assert await running.served.stop() == 0
    check_log(running)


async def test_kill_between_slacks_answer_and_our_record_repeats_nothing_and_loses_nothing(running: Running) -> None:
    running.slack.type_status(ANN, "Reading", ":books:")
    start = seconds_from_now(12)
    end = start + timedelta(seconds=16)
    running.feeds["work"].has(lasting("a", start, 16 / 60))
    note = running.slack.calls.add
    killed: list[str] = []

    def note_and_kill(call: ApiCall) -> None:
        """Slack has done it; the answer is not sent yet."""
        note(call)
        if call.method == SET and call.ok and len(killed) < 2:
            killed.append(call.arguments["profile"]["status_text"])
            running.served.kill()

    running.slack.calls.add = note_and_kill  # type: ignore[method-assign]  # the one moment that nothing else reaches
    await running.begins()
    for number, shown in enumerate([(*MEETING, int(end.timestamp())), ("Reading", ":books:", 0)], 1):
        await until(lambda number=number: len(killed) == number, 60)
        await running.served.ended()
        assert running.shows() == shown
        looks = len(running.slack.calls.all(GET))
        await running.served.start()
        await until(lambda looks=looks: len(running.slack.calls.all(GET)) > looks)
        await running.reads_on()
        assert running.shows() == shown
    assert running.written() == killed == ["In a meeting", "Reading"]
    check_log(running)


async def test_meeting_moved_and_deleted_in_the_feed_moves_and_ends_the_status(running: Running) -> None:
    feed = running.feeds["work"]
    start = seconds_from_now(3600)
    feed.has(lasting("a", start, 30, "Okapi takeover"))
    await running.begins()
    assert running.shows() == ("", "", 0)
    start = seconds_from_now(-60)
    feed.has(lasting("a", start, 30, "Okapi takeover"))
    await until(lambda: running.shows() == (*MEETING, int((start + timedelta(minutes=30)).timestamp())), 20)
    feed.has(lasting("a", start, 45, "Okapi takeover"))
    await until(lambda: running.shows() == (*MEETING, int((start + timedelta(minutes=45)).timestamp())), 20)
    feed.status = 500
    hits = feed.hits
    await until(lambda: feed.hits > hits, 20)
    assert running.shows()[0] == "In a meeting"
    answer = await running.slack.people.command(ANN, "/quo", "calendars")
    assert answer.ok
    assert running.written() == ["In a meeting"] * 2
    check_log(running)


def check_log(running: Running) -> None:
    """Nothing of what is secret, or of what an event is about, is in the process' log at DEBUG."""
    log = running.served.log.read_text()
    tokens = [token.value for token in running.slack.tokens.of_team(TEAM)]
    settings = running.served.settings
    secrets = [settings[name] for name in ("SLACK_SIGNING_SECRET", "SLACK_CLIENT_SECRET", "ENCRYPTION_KEYS")]
    leaks = [*tokens, *secrets, "private-4711aa", "Okapi", "In a meeting", "Reading", "Traceback", "xoxp-", "xoxb-"]
    assert [leak for leak in leaks if leak in log] == []
    assert "calendar_synced" in log
