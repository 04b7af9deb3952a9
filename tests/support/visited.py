"""A Slack and a calendar on loopback, for a program that runs somewhere else: in a container, under systemd."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emulators.slack import LocalSlack
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from tests.support.engine import until
from tests.support.feeds import Feeds, lasting
from tests.support.running_app import ANN, TEAM, free_port


@dataclass(frozen=True, slots=True)
class Outside:
    """What the program works with, and the settings that lead it there."""

    slack: LocalSlack
    feeds: Feeds
    settings: dict[str, str]

    @property
    def url(self) -> str:
        return self.settings["PUBLIC_URL"]

    def shows(self) -> str:
        """The text of Ann's status."""
        self.slack.expiry.sweep()
        return self.slack.member(ANN).text

    async def ann_connects(self) -> None:
        """Ann installs the app, allows it her status and connects a feed."""
        status, page = await self.slack.allow(f"{self.url}/slack/install", ANN)
        assert status == 200, page
        await self.slack.people.command(ANN, "/quo", "connect")
        modal = self.slack.modals[ANN][-1]
        value = {"type": "url_text_input", "value": self.feeds.address("work")}
        answer = await self.slack.people.submit(ANN, modal.view_id, {"feed": {"url": value}})
        assert answer.ok

    async def ann_is_in_a_meeting(self, uid: str) -> None:
        """Her calendar has one that goes on, and her status comes to say so."""
        began = (datetime.now(UTC) - timedelta(minutes=1)).replace(microsecond=0)
        self.feeds["work"].has(lasting(uid, began, 30))
        await until(lambda: self.shows() == "In a meeting", 60)

    async def ann_is_free(self) -> None:
        """The meeting is gone from her calendar, and from her status."""
        self.feeds["work"].has()
        await until(lambda: self.shows() == "", 60)


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """With Ann and nobody else; the program is to listen at a free port."""
    async with LocalSlack(SystemClock()) as slack, Feeds() as feeds:
        slack.add_workspace(TEAM)
        slack.add_person(ANN, "ann", team_id=TEAM)
        port, own = free_port(), free_port()
        slack.app.request_url = f"http://127.0.0.1:{port}/slack/events"
        settings = {
            "SLACK_SIGNING_SECRET": slack.app.signing_secret, "SLACK_CLIENT_ID": slack.app.client_id,
            "SLACK_CLIENT_SECRET": slack.app.client_secret, "SLACK_API_URL": slack.api_url,
            "SLACK_AUTHORIZE_URL": slack.authorize_url, "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port), "METRICS_PORT": str(own), "ALLOW_PRIVATE_ADDRESSES": "true", "FEED_INTERVAL": "1",
            "ENCRYPTION_KEYS": new_key(),
        }  # fmt: skip
        yield Outside(slack, feeds, settings)
