"""A local Google on loopback with Ann's account, our side of it, and a place that hears its pushes."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

from emulators.google import LocalGoogle, google_client
from emulators.google.events import GoogleAccount, GoogleCalendar
from services.calendars.providers.google.api import SCOPES, GoogleApi, GoogleDirectory
from services.calendars.providers.google.push import GooglePush, GoogleWatcher, read_push
from services.calendars.providers.google.source import GoogleSource
from services.domain.calendars import Changes, Connection
from services.domain.errors import AccountLostError
from services.domain.model import Event, PersonKey
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock

ANN = "ann@example.com"
KEY = PersonKey("T1", "U1")
BERLIN = ZoneInfo("Europe/Berlin")
BACK = "https://quo.example/connect/google/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0, month: int = 11) -> datetime:
    """A time of November 2026, UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def authorize_url(google: LocalGoogle, **changed: str) -> str:
    """The link that the app sends people to."""
    query = {
        "client_id": google.client.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "s-1",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{google.settings['GOOGLE_AUTHORIZE_URL']}?{urlencode({**query, **changed})}"


def exchanged(google: LocalGoogle, location: str, **changed: str) -> dict[str, str]:
    """The form that a redirect's code is exchanged with."""
    code = dict(parse_qsl(urlsplit(location).query))["code"]
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": google.client.client_id,
        "client_secret": google.client.client_secret,
        **changed,
    }


class Tokens:
    """`ports.AccessTokens` for one account: keeps a token until it is refused."""

    def __init__(self, google: LocalGoogle) -> None:
        self.google = google
        self.refresh = ""
        self.kept = ""
        self.renewals = 0

    async def allow(self, *without: str, account: str = ANN) -> None:
        """Go through consent, leaving out scopes."""
        location = await self.google.allow(authorize_url(self.google), account, without=without)
        found = self.google.oauth.token(exchanged(self.google, location))
        self.kept, self.refresh = found["access_token"], found["refresh_token"]

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        assert (key, account_id) == (KEY, "A1")
        if refused == self.kept:
            client = self.google.client
            form = {
                "grant_type": "refresh_token",
                "refresh_token": self.refresh,
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            }
            self.renewals += 1
            if all(grant.revoked for grant in self.google.oauth.grants):
                raise AccountLostError("invalid_grant")
            self.kept = self.google.oauth.token(form)["access_token"]
        return self.kept


@dataclass
class Receiver:
    """Where pushes arrive: `statuses` are what the next ones are answered with, 200 when there are no more."""

    url: str = ""
    pushes: list[GooglePush] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        assert await request.read() == b""
        self.headers.append(dict(request.headers))
        self.pushes.append(read_push(request.headers))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def states(self) -> list[tuple[str, int]]:
        return [(push.state.value, push.number) for push in self.pushes]


@dataclass
class ConnectedGoogle:
    """All of it. `fetch` remembers what the source said last, as the store does."""

    google: LocalGoogle
    clock: ManualClock
    tokens: Tokens
    api: GoogleApi
    source: GoogleSource
    watcher: GoogleWatcher
    directory: GoogleDirectory
    receiver: Receiver
    connection: Connection

    @property
    def account(self) -> GoogleAccount:
        return self.google.accounts[ANN]

    @property
    def calendar(self) -> GoogleCalendar:
        return self.account.main

    async def fetch(self) -> Changes:
        changes = await self.source.fetch(self.connection, self.clock.now())
        self.connection = dataclasses.replace(self.connection, state=changes.state)
        return changes

    async def titles(self) -> list[str]:
        """What the calendar holds after a fetch that found something."""
        changes = await self.fetch()
        assert changes.full
        assert not changes.unchanged
        assert changes.problems == ()
        return [event.title for event in sorted(changes.events, key=lambda event: event.start)]

    async def events(self) -> list[Event]:
        changes = await self.fetch()
        assert changes.full
        return sorted(changes.events, key=lambda event: (event.start, event.title))

    def asked(self) -> list[str]:
        """How the calendar was asked since the last look: `window` or `token`, with `+` for a further page."""
        found = []
        for call in self.google.calls:
            if call.path.endswith("/events") and call.method == "GET":
                kind = "token" if "syncToken" in call.query else "window"
                found.append(kind + ("+" if "pageToken" in call.query else ""))
        self.google.calls.clear()
        return found


@asynccontextmanager
async def open_connected(clock: ManualClock) -> AsyncIterator[ConnectedGoogle]:
    google = LocalGoogle(clock.now, google_client(BACK))
    google.add_account(ANN, "Ann Example", "Europe/Berlin")
    receiver = Receiver()
    ours = web.Application()
    ours.router.add_post("/webhooks/google", receiver.take)
    client = GuardedClient(AddressRules(private=True), seconds=5)
    async with TestServer(google.web, host="127.0.0.1") as theirs, TestServer(ours, host="127.0.0.1") as here:
        google.url = str(theirs.make_url("")).rstrip("/")
        receiver.url = str(here.make_url("/webhooks/google"))
        tokens = Tokens(google)
        await tokens.allow()
        api = GoogleApi(client, google.api_url, clock)
        yield ConnectedGoogle(
            google,
            clock,
            tokens,
            api,
            GoogleSource(api, tokens),
            GoogleWatcher(api, tokens, receiver.url),
            GoogleDirectory(api),
            receiver,
            Connection(KEY, "C1", "google", ANN, BERLIN, (ANN,), account_id="A1"),
        )
        await google.close()
        await client.close()
