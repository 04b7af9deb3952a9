"""`app.py serve` as a process on the real clock: killed at the worst moments, and a calendar that changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulators.slack import ApiCall, LocalSlack
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from tests.support.command_line import Served
from tests.support.engine import GET, until
from tests.support.feeds import Feeds, lasting
from tests.support.running_app import ANN, SET, TEAM, free_port

pytestmark = pytest.mark.slow

MEETING = ("In a meeting", ":spiral_calendar_pad:")


@dataclass
class Outside:
    """The process, and the Slack and the calendar it works with."""

    served: Served
    slack: LocalSlack
    feeds: Feeds

    async def begins(self) -> None:
        """Ann installs it, grants, and connects her feed."""
        await self.served.start()
        status, page = await self.slack.allow(f"{self.served.url}/slack/install", ANN)
        assert status == 200, page
        await self.slack.people.command(ANN, "/quo", "connect")
        modal = self.slack.modals[ANN][-1]
        value = {"type": "url_text_input", "value": self.feeds.address("work")}
        answer = await self.slack.people.submit(ANN, modal.view_id, {"feed": {"url": value}})
        assert answer.ok
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
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    clock = SystemClock()
    async with LocalSlack(clock) as slack, Feeds() as feeds:
        slack.add_workspace(TEAM)
        slack.add_person(ANN, "ann", team_id=TEAM)
        port = free_port()
        settings = {
            "SLACK_SIGNING_SECRET": slack.app.signing_secret, "SLACK_CLIENT_ID": slack.app.client_id,
            "SLACK_CLIENT_SECRET": slack.app.client_secret, "SLACK_API_URL": slack.api_url,
            "SLACK_AUTHORIZE_URL": slack.authorize_url, "PUBLIC_URL": f"http://127.0.0.1:{port}", "PORT": str(port),
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'statusquo.db'}", "ENCRYPTION_KEYS": new_key(),
            "ALLOW_PRIVATE_ADDRESSES": "true", "FEED_INTERVAL": "1", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json",
        }  # fmt: skip
        slack.app.request_url = f"http://127.0.0.1:{port}/slack/events"
        made = Outside(Served(tmp_path, settings), slack, feeds)
        try:
            yield made
        finally:
            if made.served.process is not None:
                await made.served.stop()


def seconds_from_now(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


async def test_kill_in_mid_event_repeats_nothing_and_the_own_status_comes_back(outside: Outside) -> None:
    outside.slack.type_status(ANN, "Reading", ":books:")
    start = seconds_from_now(12)
    end = start + timedelta(seconds=14)
    outside.feeds["work"].has(lasting("a", start, 14 / 60))
    await outside.begins()
    await until(lambda: outside.shows() == (*MEETING, int(end.timestamp())), 40)
    outside.served.kill()
    await outside.served.ended()
    await outside.served.start()
    await until(lambda: outside.shows() == ("Reading", ":books:", 0), 40)
    assert datetime.now(UTC) >= end
    await outside.reads_on()
    assert outside.written() == ["In a meeting", "Reading"]
    assert await outside.served.stop() == 0
    check_log(outside)


async def test_kill_between_slacks_answer_and_our_record_repeats_nothing_and_loses_nothing(outside: Outside) -> None:
    outside.slack.type_status(ANN, "Reading", ":books:")
    start = seconds_from_now(12)
    end = start + timedelta(seconds=16)
    outside.feeds["work"].has(lasting("a", start, 16 / 60))
    note = outside.slack.calls.add
    killed: list[str] = []

    def note_and_kill(call: ApiCall) -> None:
        """Slack has done it; the answer is not sent yet."""
        note(call)
        if call.method == SET and call.ok and len(killed) < 2:
            killed.append(call.arguments["profile"]["status_text"])
            outside.served.kill()

    outside.slack.calls.add = note_and_kill  # type: ignore[method-assign]  # the one moment that nothing else reaches
    await outside.begins()
    for number, shown in enumerate([(*MEETING, int(end.timestamp())), ("Reading", ":books:", 0)], 1):
        await until(lambda number=number: len(killed) == number, 60)
        await outside.served.ended()
        assert outside.shows() == shown
        looks = len(outside.slack.calls.all(GET))
        await outside.served.start()
        await until(lambda looks=looks: len(outside.slack.calls.all(GET)) > looks)
        await outside.reads_on()
        assert outside.shows() == shown
    assert outside.written() == killed == ["In a meeting", "Reading"]
    check_log(outside)


async def test_meeting_moved_and_deleted_in_the_feed_moves_and_ends_the_status(outside: Outside) -> None:
    feed = outside.feeds["work"]
    start = seconds_from_now(3600)
    feed.has(lasting("a", start, 30, "Okapi takeover"))
    await outside.begins()
    assert outside.shows() == ("", "", 0)
    start = seconds_from_now(-60)
    feed.has(lasting("a", start, 30, "Okapi takeover"))
    await until(lambda: outside.shows() == (*MEETING, int((start + timedelta(minutes=30)).timestamp())), 20)
    feed.has(lasting("a", start, 45, "Okapi takeover"))
    await until(lambda: outside.shows() == (*MEETING, int((start + timedelta(minutes=45)).timestamp())), 20)
    feed.status = 500
    hits = feed.hits
    await until(lambda: feed.hits > hits, 20)
    assert outside.shows()[0] == "In a meeting"
    answer = await outside.slack.people.command(ANN, "/quo", "calendars")
    assert answer.ok
    assert outside.written() == ["In a meeting"] * 2
    check_log(outside)


def check_log(outside: Outside) -> None:
    """Nothing of what is secret, or of what an event is about, is in the process' log at DEBUG."""
    log = outside.served.log.read_text()
    tokens = [token.value for token in outside.slack.tokens.of_team(TEAM)]
    settings = outside.served.settings
    secrets = [settings[name] for name in ("SLACK_SIGNING_SECRET", "SLACK_CLIENT_SECRET", "ENCRYPTION_KEYS")]
    leaks = [*tokens, *secrets, "private-4711aa", "Okapi", "In a meeting", "Reading", "Traceback", "xoxp-", "xoxb-"]
    assert [leak for leak in leaks if leak in log] == []
    assert "calendar_synced" in log
