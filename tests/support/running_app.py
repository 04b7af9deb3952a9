"""The whole app in this process: real settings, database and web server; Slack and calendars on loopback; a clock
that is moved by hand. What it shows is what Slack shows; it is driven by what people do, in signed requests."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from yarl import URL

from emulators.slack import AppConfig, LocalSlack
from emulators.slack.delivery import AppAnswer
from handlers.web.application import QuietRunner
from services import bootstrap
from services.domain.model import PersonKey
from services.domain.profile_state import HOME_LIVES
from services.engine.retention import Retention
from services.platform import settings
from services.platform.crypto import new_key
from services.slack import oauth, scopes
from services.slack.members import parse_member
from services.store.calendar_tables import CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.effect_tables import EFFECTS, REPLIES
from services.store.tables import NOTICES, PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.workspace_tables import CALENDAR_ENTRIES, DIGESTS, KEEPERS, KEPT
from tests.support import quick_bolt  # noqa: F401 - for what it does to Bolt
from tests.support.clocks import ManualClock
from tests.support.engine import ACK_SECONDS, IS_DUE, instants, until
from tests.support.feeds import Feeds

TEAM = "T0DEMO0001"
ANN = "U0ANN00001"
BEN = "U0BEN00001"
INTERVAL = 900
SET = "users.profile.set"

LONG = timedelta(days=365)
POLL = 60.0
"""Seconds of real time after which the engine's loops look by themselves, longer than any test waits: whatever makes
something due in this process tells them."""
_NOW = sa.bindparam("now", type_=UtcInstant)
_HOMES_SINCE = sa.bindparam("homes_since", type_=UtcInstant)
_WAITS = sa.or_(PROFILE_STATES.c.not_before.is_(None), PROFILE_STATES.c.not_before <= _NOW)
_KEEPS = sa.or_(KEEPERS.c.state == "ok", KEEPERS.c.state == "ending")
# One statement, made once: it is asked a hundred times a second.
_LEFT_TO_DO = sa.select(
    sa.exists().where(IS_DUE | PEOPLE.c.leave_by.is_not(None)).label("people"),
    sa.exists().where(PEOPLE.c.home_stale, PEOPLE.c.home_opened_at > _HOMES_SINCE).label("homes"),
    sa.exists().where(PROFILE_STATES.c.seq > PROFILE_STATES.c.sent, _WAITS).label("standings"),
    sa.exists().where((CALENDARS.c.due_at <= _NOW) | (CALENDARS.c.leased_until > _NOW)).label("calendars"),
    sa.exists().where(REPLIES.c.due_at <= _NOW).label("replies"),
    sa.exists().where(CALENDAR_ENTRIES.c.due_at <= _NOW).label("entries"),
    sa.exists().where(DIGESTS.c.due_at <= _NOW).label("digests"),
    sa.exists().where(WORKSPACES.c.members_due_at <= _NOW).label("members"),
    sa.exists().where(EFFECTS.c.due_at <= _NOW).label("effects"),
    sa.exists().where(KEPT.c.due_at <= _NOW, KEPT.c.team_id == KEEPERS.c.team_id, _KEEPS).label("kept"),
    sa.exists().where(PEOPLE.c.account_told_at <= _NOW).label("accounts that Slack told of"),
    sa.exists().where(PEOPLE.c.account_check_at <= _NOW, PEOPLE.c.deactivated_at.is_not(None)).label("accounts"),
    sa.exists().where(NOTICES.c.sent_at.is_(None), sa.func.coalesce(NOTICES.c.not_before, 0) <= _NOW).label("notices"),
)


def at(clock_time: str, day: int = 24) -> datetime:
    """That time of a day of November 2026, in UTC; the clock starts on Tuesday the 24th, 09:00."""
    hour, minute = clock_time.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=UTC)


_PORTS = 400


@cache
def _own_ports() -> Iterator[int]:
    """A range of ports that is this process' alone, whatever else runs tests on the machine: it holds the first one."""
    for first in range(12_000, 32_000, _PORTS):  # below what the system hands out (32,768 and up)
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", first))
        except OSError:
            held.close()
        else:
            held.detach()  # until this process ends
            return itertools.cycle(range(first + 1, first + _PORTS))
    raise RuntimeError("too many tests run on this machine at once")


def free_port() -> int:
    """A port that nobody listens at, and that nobody else is given meanwhile."""
    for port in itertools.islice(_own_ports(), _PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: one that has ended is none
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


@dataclass
class RunningApp:
    """The app, with what is around it."""

    clock: ManualClock
    slack: LocalSlack
    feeds: Feeds
    database_url: str
    key: str = field(default_factory=new_key, repr=False)
    port: int = field(default_factory=free_port)
    more: dict[str, str] = field(default_factory=dict)
    poll: float = POLL
    service: bootstrap.Service | None = None
    _runner: web.AppRunner | None = None
    _look: Database | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ── the app ─────────────────────────────────────────────────────────────────────────────────────

    def environment(self) -> dict[str, str]:
        """What an operator would set."""
        return {
            "SLACK_SIGNING_SECRET": self.slack.app.signing_secret,
            "SLACK_CLIENT_ID": self.slack.app.client_id,
            "SLACK_CLIENT_SECRET": self.slack.app.client_secret,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_AUTHORIZE_URL": self.slack.authorize_url,
            "DATABASE_URL": self.database_url,
            "ENCRYPTION_KEYS": self.key,
            "PUBLIC_URL": self.url,
            "PORT": str(self.port),
            "ALLOW_PRIVATE_ADDRESSES": "true",
            "FEED_INTERVAL": str(INTERVAL),
            **self.more,
        }

    async def start(self) -> None:
        """Start the app, or start it again on the same database."""
        config = settings.load(self.environment(), dotenv=None)
        self.slack.app.request_url = f"{self.url}/slack/events"
        self.service = await bootstrap.build(config, clock=self.clock, pace=0.0)  # nobody else asks for anything
        for work in self.service.engine._work:
            if isinstance(work, Retention):
                work._due += LONG  # it would be done at each start, and whenever an hour goes by: there is nothing old
        self.service.engine._poll = self.service.engine._sender._look_after = self.poll
        self._runner = QuietRunner(self.service.web)
        self._runner._shutdown_timeout = 0.2
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        await self.service.start()
        self._look = self._look or Database(config.database_url)

    async def stop(self) -> None:
        if self._runner is not None and self.service is not None:
            await self._runner.cleanup()
            await self.service.stop()
        self._runner = self.service = None

    async def close(self) -> None:
        await self.stop()
        if self._look is not None:
            await self._look.close()

    # ── people ──────────────────────────────────────────────────────────────────────────────────────

    async def joins(
        self, user: str = ANN, *, team: str = TEAM, tz: str = "Etc/UTC", locale: str = "en-GB", add: str = ""
    ) -> PersonKey:
        """A member installs the app where it is not, and allows it to set their status; `add`: and something more."""
        if user not in self.slack.members:
            self.slack.add_person(user, user[2:5].lower() + user[-1], team_id=team, tz=tz, locale=locale)
        if self.service is None:
            await self.walks_through_the_pages(user, add)
        else:
            await self._is_installed_by(user, self.service, add)
        await self.settle()
        return PersonKey(team, user)

    async def walks_through_the_pages(self, user: str = ANN, add: str = "") -> None:
        """Their browser goes from the app to Slack's page and back."""
        status, page = await self.slack.allow(f"{self.url}/slack/install" + (f"?add={add}" if add else ""), user)
        assert status == 200, page

    async def _is_installed_by(self, user: str, service: bootstrap.Service, add: str) -> None:
        """The same comes of it, in half the time: what Slack gives for the code is kept as the app keeps it."""
        slack, now = self.slack, self.clock.now()
        back = {"redirect_uri": f"{self.url}/slack/oauth_redirect"}
        asked = {"client_id": slack.app.client_id, "state": "s", **back}
        bot = frozenset(scopes.BOT).union(*(scopes.INSTALLS[name] for name in scopes.parse(add)))
        asked |= {"scope": scopes.joined(bot), "user_scope": scopes.joined(scopes.USER)}
        code = URL(slack.oauth.decide(asked, user)).query["code"]
        secret = slack.app.client_id, slack.app.client_secret
        given = oauth.parse_answer(slack.oauth.access({"code": code, **back}, secret, now), now)
        assert given.bot is not None
        assert given.user is not None
        email = "users:read.email" in given.bot.scopes
        shown = slack.membership.shown(slack.member(user), given.team_id, locale=True, email=email)
        await service.stores.workspaces.install(given, now)
        await service.stores.people.grant(PersonKey(given.home, user), given.user, parse_member(shown), now)
        self.wake()
        await self.settle()

    async def connects(self, feed: str, user: str = ANN) -> None:
        """They connect a feed in the modal, and it is read."""
        answer = await self.submits_feed(self.feeds.address(feed), user)
        assert answer.json()["response_action"] == "update", answer.body
        await self.settle()

    async def submits_feed(self, address: str, user: str = ANN) -> AppAnswer:
        """They open the modal and submit an address; the app's answer."""
        await self.types("/quo", "connect", user)
        modal = self.slack.modals[user][-1]
        return await self.slack.people.submit(
            user, modal.view_id, {"feed": {"url": {"type": "url_text_input", "value": address}}}
        )

    async def types(self, command: str, text: str = "", user: str = ANN) -> dict[str, Any]:
        """They type a command, and all that follows from it happens."""
        answer = await self.slack.people.command(user, command, text)
        assert answer.status == 200, (answer.status, answer.body)
        await self.settle()
        return answer.json() or {}

    async def says(self, text: str, emoji: str = "", until: datetime | None = None, user: str = ANN) -> None:
        """They set a status by hand, in Slack itself; nothing clears it."""
        self.slack.type_status(user, text, emoji, until)
        await self.settle()

    async def chooses(self, user: str = ANN, **choices: Any) -> None:
        """They open the settings, choose, and submit. `choices` is block id → element state."""
        await self.types("/quo", "settings", user)
        modal = self.slack.modals[user][-1]
        answer = await self.slack.people.submit(
            user, modal.view_id, {block: {"value": state} for block, state in choices.items()}
        )
        assert answer.status == 200, answer.body
        assert not answer.body, answer.body
        await self.settle()

    async def edits(self, line_id: str, user: str = ANN, **fields: str) -> None:
        """They open the form of a line in their list, fill in texts, and submit."""
        await self.types("/quo", "rules", user)
        button = {"type": "button", "action_id": "edit_line", "value": line_id}
        whole = self.slack.modals[user][-1]
        assert (await self.slack.people.click_in_view(user, whole.view_id, button)).status == 200
        state = {block: {"value": {"type": "plain_text_input", "value": text}} for block, text in fields.items()}
        answer = await self.slack.people.submit(user, self.slack.modals[user][-1].view_id, state)
        assert answer.status == 200
        assert not answer.body, answer.body
        await self.settle()

    # ── time ────────────────────────────────────────────────────────────────────────────────────────

    async def until(self, instant: datetime) -> None:
        """Let the time come, and everything due then happen."""
        self.clock.move_to(instant)
        await self.settle()

    async def polled(self) -> None:
        """Let so much time pass that every feed is read again."""
        await self.until(self.clock.now() + timedelta(seconds=INTERVAL * 1.11))

    async def read_again(self, user: str = ANN) -> None:
        """They have their calendars read at once, from the menu of the Home tab."""
        await self.opens_home(user)
        await self.asks_to_read(user)
        await self.settle()

    async def opens_home(self, user: str = ANN) -> None:
        """They open the Home tab, and it is there: it is taken as published a moment before it is."""
        await self.slack.people.home_opened(user)
        await until(lambda: user in self.slack.homes)
        await self.settle()

    async def asks_to_read(self, user: str = ANN) -> None:
        """They choose that in the Home tab that they have open."""
        home = self.slack.homes[user]
        menus = [block["accessory"] for block in home.view["blocks"] if "accessory" in block]
        menu = next(one for one in menus if one.get("action_id") == "calendar_menu")
        action = {"type": "overflow", "action_id": "calendar_menu", "selected_option": menu["options"][0]}
        answer = await self.slack.people.click_in_view(user, home.view_id, action)
        assert answer.status == 200, answer.body

    # ── what is to be seen ──────────────────────────────────────────────────────────────────────────

    def shows(self, user: str = ANN) -> tuple[str, str, datetime | None]:
        """Text, emoji and end of the status that Slack shows."""
        self.slack.expiry.sweep()
        member = self.slack.member(user)
        end = datetime.fromtimestamp(member.expiration, UTC) if member.expiration else None
        return member.text, member.emoji, end

    def text(self, user: str = ANN) -> str:
        return self.shows(user)[0]

    def written(self, user: str = ANN) -> list[str]:
        """The texts that the app has set, in order; "" where it cleared."""
        return [call.arguments["profile"]["status_text"] for call in self.slack.calls.all(SET, user=user) if call.ok]

    def told(self, user: str = ANN) -> list[str]:
        """What the app has told a person directly."""
        return [message.text for message in self.slack.direct_messages(user)]

    async def rows(self, statement: sa.Select[Any]) -> list[Any]:
        """What the database holds."""
        assert self._look is not None
        async with self._look.read() as connection:
            return list((await connection.execute(statement)).all())

    async def tampers(self, *statements: sa.Update) -> None:
        """Somebody breaks what the database holds."""
        assert self._look is not None
        async with self._look.write() as connection:
            for statement in statements:
                await connection.execute(statement)

    def polls(self, seconds: float) -> None:
        """Have the engine look so often by itself, for what another process makes due."""
        assert self.service is not None
        self.poll = self.service.engine._poll = self.service.engine._sender._look_after = seconds
        self.wake()

    def wake(self) -> None:
        """Have the engine look at what a test has stored itself: it is told by use cases alone."""
        assert self.service is not None
        self.service.engine.wake_signal.wake()
        self.service.engine._sender.wake(typed=False)

    async def settle(self, seconds: float = 20.0) -> None:
        """Wait until nothing is left to do at this instant, here, in Slack and at the feeds."""
        deadline = time.monotonic() + seconds
        while busy := self._under_way() or await self._left_to_do() or self._under_way():
            assert time.monotonic() < deadline, f"it does not come to rest: {busy}"
            await asyncio.sleep(0.002)  # sockets and threads go on meanwhile: nothing tells of all of them

    def _instants(self) -> dict[str, datetime]:
        now = self.clock.now()
        return instants(now) | {"homes_since": now - HOME_LIVES}

    def _under_way(self) -> str:
        if self.slack.busy or self.slack.deliveries.pending or self.feeds.busy:
            return "requests"
        return "" if self.service is None or self.service.at_rest() else "work"

    async def _left_to_do(self) -> str:
        assert self._look is not None
        ((left,),) = await self._look.rows((_LEFT_TO_DO, self._instants()))
        return ", ".join(name for name, any_left in left._asdict().items() if any_left)


@asynccontextmanager
async def open_running_app(
    clock: ManualClock, database_url: str, more: Mapping[str, str] | None = None, *, start: bool = True
) -> AsyncIterator[RunningApp]:
    """The app serving a local Slack and a server of feeds; all is stopped at the end."""
    async with LocalSlack(clock, AppConfig(ack_seconds=ACK_SECONDS)) as slack, Feeds() as feeds:
        slack.add_workspace(TEAM)
        made = RunningApp(clock, slack, feeds, database_url, more=dict(more or {}))
        try:
            if start:
                await made.start()
            yield made
        finally:
            await made.close()
