"""Requests from Slack to the app: signed, and, for events, retried.

Signature: docs.slack.dev/authentication/verifying-requests-from-slack. Retries: docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog

from emulators.slack.state import SlackMember

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

log = structlog.get_logger(__name__)

_RETRIES = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))
_SUCCESS = range(200, 300)
_NEEDS = {
    "message.im": "im:history", "message.channels": "channels:history", "message.groups": "groups:history",
    "emoji_changed": "emoji:read", "dnd_updated_user": "dnd:read",
}  # fmt: skip
"""The bot's scope without which it is not told (docs.slack.dev/reference/events)."""


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """What the app answered: `status` 0 and a `failure` (`operation_timeout`, `connection_failed`) if it did not."""

    status: int
    body: bytes = b""
    content_type: str = ""
    failure: str = ""
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged."""
        return self.status in _SUCCESS

    def json(self) -> Any:
        """The JSON body; None where there is none."""
        if "json" not in self.content_type or not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Deliveries:
    """Sends requests to the app's request URL. `pending` counts those that wait for an answer."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.pending = 0
        self.delivered: list[dict[str, Any]] = []

    def start(self) -> None:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._slack.app.ack_seconds), trust_env=False
        )

    async def stop(self) -> None:
        """Drop what is still being retried."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers that prove that a body comes from Slack, at the clock's time."""
        timestamp = str(int(self._slack.clock.now().timestamp()))
        secret = self._slack.app.signing_secret.encode()
        digest = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}

    async def send(self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> AppAnswer:
        """One signed POST. Never raises for what the app or the network does."""
        if self._session is None:
            raise RuntimeError("LocalSlack is not started")
        url = self._slack.app.request_url
        if not url:
            return AppAnswer(0, failure="dispatch_failed")
        sent = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **self.sign(body), **(headers or {})}
        self.pending += 1
        try:
            async with self._session.post(url, data=body, headers=sent, allow_redirects=False) as response:
                no_retry = response.headers.get("x-slack-no-retry") == "1"
                return AppAnswer(response.status, await response.read(), response.content_type, no_retry=no_retry)
        except TimeoutError:
            return AppAnswer(0, failure="operation_timeout")
        except aiohttp.ClientError:
            return AppAnswer(0, failure="connection_failed")
        finally:
            self.pending -= 1

    def event(
        self, team_id: str, event: Mapping[str, Any], *, user_id: str = "", subscription: str = "",
        shared: bool = False, foreign: str = "", needs: str = "",
    ) -> None:  # fmt: skip
        """Deliver an Events API event to the app where it is installed, subscribed and allowed, in the background.

        `subscription` is the name that it is subscribed to by (`message.im`; default: the event's type). `shared`: it
        happened in a channel of several workspaces; `foreign` is the one that its author is of, which is then the
        envelope's `team_id` (slack-bolt reads `authorizations` first for that reason). `needs` is the bot's scope
        without which it is not told.
        """
        tokens, kind = self._slack.tokens, subscription or event["type"]
        subscribed = any(one == kind or one.startswith(f"{kind}.") for one in self._slack.app.events)
        bot = tokens.bot(team_id)
        installed = bot or next(iter(tokens.of_team(team_id)), None)
        leaving = kind in {"tokens_revoked", "app_uninstalled"}
        if not subscribed or (installed is None and not leaving):
            return
        needed = needs or _NEEDS.get(kind, "")
        if needed and (bot is None or needed not in bot.scopes):
            return
        whose = installed.user_id if installed else user_id
        is_bot = installed is not None and installed.kind == "bot"
        self._deliver(team_id, event, whose, is_bot=is_bot, shared=shared, foreign=foreign)

    def own_event(self, member: SlackMember, event: Mapping[str, Any], scope: str) -> None:
        """Deliver an event that is of a person alone: for an app with their grant of that scope."""
        token = self._slack.tokens.user(member.user_id)
        if event["type"] in self._slack.app.user_events and token is not None and scope in token.scopes:
            self._deliver(member.team_id, event, member.user_id, is_bot=False)

    def user_event(self, kind: str, member: SlackMember, **more: str) -> None:
        """`user_change`, and before it the event of its `kind`, with the same user object; or `team_join` alone.

        A kind is `user_status_changed` or `user_profile_changed` (zone, locale, name or photo), or "" for the rest: a
        role, an end of the account. An app hears of those in channels shared with its workspace, too. `more` stands in
        the event: an `event_ts` of some time ago, where it comes late.
        """
        kinds = [kind] if kind == "team_join" else [one for one in (kind, "user_change") if one]
        for team_id in self._slack.membership.teams_that_see(member):
            user = self._slack.membership.shown(member, team_id, locale=True, email=self._email(team_id))
            event = {"user": user, "cache_ts": int(self._slack.clock.now().timestamp()), **more}
            for one in kinds:
                self.event(team_id, {"type": one, **event}, user_id=member.user_id)

    def _email(self, team_id: str) -> bool:
        bot = self._slack.tokens.bot(team_id)
        return bot is not None and "users:read.email" in bot.scopes

    def _deliver(
        self, team_id: str, event: Mapping[str, Any], user_id: str, *, is_bot: bool, shared: bool = False,
        foreign: str = "",
    ) -> None:  # fmt: skip
        authorization = {
            "enterprise_id": None, "team_id": team_id, "user_id": user_id, "is_bot": is_bot,
            "is_enterprise_install": False,
        }  # fmt: skip
        envelope = {
            "team_id": foreign or team_id,
            "context_team_id": team_id,
            "api_app_id": self._slack.app.app_id,
            "event": {"event_ts": self._slack.timestamp(), **event},
            "type": "event_callback",
            "event_id": f"Ev{self._slack.number():010d}",
            "event_time": int(self._slack.clock.now().timestamp()),
            "authorizations": [authorization],
            "is_ext_shared_channel": shared,
        }
        self.delivered.append(envelope)
        self.pending += 1  # from now on, not from when its task begins
        task = asyncio.create_task(self._with_retries(envelope), name=f"slack-{event['type']}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _with_retries(self, envelope: Mapping[str, Any]) -> None:
        body = json.dumps(envelope).encode()
        try:
            answer = await self.send(body, "application/json")
        finally:
            self.pending -= 1
        for number, pause in enumerate(_RETRIES, start=1):
            if answer.ok or answer.no_retry:
                return
            if pause:
                await self._slack.clock.wait(self._slack.clock.now() + pause, asyncio.Event())
            reasons = {"operation_timeout": "http_timeout", "connection_failed": "connection_failed"}
            reason = reasons.get(answer.failure, "http_error")
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            answer = await self.send(body, "application/json", again)
        if not answer.ok:
            log.warning("event_not_taken", type=envelope["event"]["type"], status=answer.status)
