"""The install side of the app, put together as the composition root does, on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

from handlers.errors import Errors
from handlers.slack.events import Events
from handlers.slack.intake import Authorize, Intake, bolt_app
from handlers.slack.mentions import Mentions
from handlers.web.application import Check, Operations, QuietRunner, Signatures, application
from handlers.web.oauth import OAuth
from handlers.web.pages import Browsers
from services.access.identity import BrowserIdentities
from services.calendars.accounts import ProviderCleanup
from services.domain.asks import Ask
from services.domain.model import PersonKey
from services.engine.given_bot import GivenBot
from services.engine.leases import OneProcess
from services.engine.measuring import Measuring
from services.engine.workspaces import OwnedWorkspaces
from services.platform.crypto import Encryptor
from services.platform.locale import say
from services.platform.metrics import Metrics
from services.slack.client import SlackClients
from services.slack.messages import SlackMessages, SlackViews
from services.slack.oauth import SlackAuthority
from services.store.db import Database
from services.store.oauth_states import OAuthStateStore
from services.store.overrides import DeliveryStore
from services.store.people import PeopleStore
from services.store.stores import Stores
from services.store.workspaces import WorkspaceStore
from services.usecases.deactivated import Deactivated
from services.usecases.emoji import EmojiSearch
from services.usecases.grants import Grants, Permissions, SlackApp
from services.usecases.members import Members
from services.usecases.offboarding import Offboarding
from services.usecases.people import People
from services.usecases.teller import Teller
from tests.support import quick_bolt  # noqa: F401 - for what it does to Bolt
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal
from tests.support.oauth_stub import CLIENT_ID, CLIENT_SECRET, OAuthStub

SECRET = "sample-signing-secret"
AUTHORIZE = "https://slack.example/oauth/v2/authorize"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Recorder:
    """Performs nothing, remembers what it was to perform."""

    done: list[tuple[PersonKey, Ask, datetime]] = field(default_factory=list)
    fails: Exception | None = None

    async def perform(self, key: PersonKey, ask: Ask, asked_at: datetime) -> bool:
        if self.fails is not None:
            raise self.fails
        self.done.append((key, ask, asked_at))
        return True


@dataclass
class InstallSide:
    database: Database
    clock: ManualClock
    stub: OAuthStub
    wake_signal: CountingWakeSignal
    recorder: Recorder
    people: People
    people_store: PeopleStore
    workspaces: WorkspaceStore
    states: OAuthStateStore
    deliveries: DeliveryStore
    leaving: Offboarding
    grants: Grants
    authority: SlackAuthority
    permissions: Permissions
    intake: Intake
    metrics: Metrics
    bolt: AsyncApp
    web: web.Application
    url: str = ""

    def given_bot(self, token: str) -> GivenBot:
        """That of an operator who gave this token."""
        return GivenBot(token, self.authority, self.workspaces, self.clock)

    def browser(self) -> aiohttp.ClientSession:
        """A browser with cookies of its own."""
        return aiohttp.ClientSession(
            self.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept": "text/html"}
        )

    def signed(self, body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
        """The headers that Slack would send with `body`."""
        stamp = str(int(self.clock.now().timestamp() if at is None else at))
        digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def post(
        self, body: bytes, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text of the answer to a signed request."""
        sent = {"Content-Type": content_type, **(self.signed(body) if headers is None else headers)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + "/slack/events", data=BytesIO(body), headers=sent) as answer,
        ):
            return answer.status, await answer.text()

    async def event(self, event: dict[str, Any], **envelope: Any) -> tuple[int, str]:
        """Deliver an event of the Events API."""
        envelope = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": "Ev1",
            "event_time": int(self.clock.now().timestamp()),
            "event": event,
            **envelope,
        }
        return await self.post(json.dumps(envelope).encode())

    async def command(self, text: str, **fields: str) -> tuple[int, str]:
        """Deliver /quo."""
        form = {"command": "/quo", "text": text, "team_id": "T1", "user_id": "U1", "trigger_id": "1.1", **fields}
        return await self.post(urlencode(form).encode(), "application/x-www-form-urlencoded")

    async def consent(self, session: aiohttp.ClientSession, path: str = "/slack/install") -> dict[str, str]:
        """Go to Slack by `path`: the query that Slack's page gets."""
        async with session.get(path, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            target = answer.headers["Location"]
        assert target.startswith(AUTHORIZE + "?")
        return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))

    async def come_back(self, session: aiohttp.ClientSession, **query: str) -> tuple[int, str]:
        """Come back from Slack: status and page."""
        async with session.get("/slack/oauth_redirect", params=query, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def install(self, found: dict[str, Any], path: str = "/slack/install") -> tuple[int, str]:
        """Go the whole way with a new browser, at the end of which Slack gives `found`."""
        async with self.browser() as session:
            asked = await self.consent(session, path)
            self.stub.grant("code-1", found)
            return await self.come_back(session, state=asked["state"], code="code-1")


async def nothing_held(request: web.Request, key: PersonKey, held: str) -> web.Response:
    """No calendar is connected here."""
    raise AssertionError(held)


@asynccontextmanager
async def open_install_side(
    database: Database,
    encryptor: Encryptor,
    clock: ManualClock,
    stub: OAuthStub,
    *,
    checks: dict[str, Check] | None = None,
    client_id: str = CLIENT_ID,
) -> AsyncIterator[InstallSide]:
    """Everything built, listening on loopback. Listeners of `bolt` are added by whoever tests them."""
    wake_signal, recorder, metrics = CountingWakeSignal(), Recorder(), Metrics()
    stores = Stores(database, encryptor, clock)
    workspaces, states, store = stores.workspaces, stores.oauth_states, stores.people
    clients = SlackClients(stub.url)
    authority = SlackAuthority(clients, CLIENT_ID, CLIENT_SECRET)
    leaving = Offboarding(
        store, workspaces, authority, leavers=stores.leavers, accounts=stores.accounts,
        cleanup=ProviderCleanup({}, {}, clock), teller=Teller(workspaces, SlackMessages(clients)), say=say, clock=clock,
        wake_signal=wake_signal,
    )  # fmt: skip
    stub.redirect_uri = "https://quo.example/slack/oauth_redirect"
    permissions = Permissions(
        store, stores.lines, stores.overrides, stores.effects, workspaces, stores.policies, authority, clock,
        "https://quo.example", can_install=bool(client_id),
    )  # fmt: skip
    grants = Grants(
        SlackApp(client_id, AUTHORIZE, stub.redirect_uri),
        states=states, workspaces=workspaces, people=store, permissions=permissions, authority=authority,
        perform_ask=recorder.perform, faults=stores.faults, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    people = People(
        store, effects=stores.effects, workspaces=workspaces, states=states, authority=authority, leaving=leaving,
        clock=clock, wake_signal=wake_signal, base_url="https://quo.example",
    )  # fmt: skip
    browsers = Browsers(BrowserIdentities(encryptor), clock, secure=False)
    errors = Errors(say, people, SlackViews(clients), SlackMessages(clients))
    bolt = bolt_app(Authorize(workspaces), errors, clients.client(), not_installed="Not installed.")
    deactivated = Deactivated(
        stores.deactivated, stores.account_checks, store, workspaces, authority, accounts=stores.accounts,
        cleanup=leaving.cleanup, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    listeners = Events(people, leaving, EmojiSearch(stores.emoji, workspaces, clock, wake_signal), deactivated)
    listeners.register(bolt)
    deliveries = stores.deliveries
    members = Members(stores.members, stores.kept, clock, wake_signal)
    intake = Intake(bolt, deliveries, people, members, Mentions(None), errors=errors, clock=clock, metrics=metrics)
    measuring = Measuring(metrics, stores.measures, OwnedWorkspaces(OneProcess(), stores.budgets, clock), clock)
    operations = Operations(checks or {}, metrics, measuring.measure)
    web_app = application(
        [*OAuth(grants, browsers, say, finish_held=nothing_held).routes(), *operations.routes()],
        errors=errors, metrics=metrics, signatures=Signatures(SECRET, clock), intake=intake,
    )  # fmt: skip
    found = InstallSide(
        database, clock, stub, wake_signal, recorder, people, store, workspaces, states, deliveries, leaving, grants,
        authority, permissions, intake, metrics, bolt, web_app,
    )  # fmt: skip
    runner = QuietRunner(web_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()
    await clients.close()


def profile(user: str = "U1", **fields: Any) -> dict[str, Any]:
    """A member as Slack's events carry them."""
    return {"id": user, "team_id": "T1", "profile": {"status_text": "", "status_emoji": "", **fields}}
