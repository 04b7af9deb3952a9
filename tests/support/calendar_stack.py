"""The calendars' part of the app, put together as in the program, with a local Google and a local Microsoft."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestServer

from emulators.google import GoogleEntry, LocalGoogle
from emulators.microsoft import LocalMicrosoft, MicrosoftEntry
from handlers.errors import Background
from handlers.web.webhooks import Webhooks
from services.calendars.accounts import Connected
from services.domain.model import PersonKey
from services.platform import settings
from services.platform.crypto import Encryptor
from services.platform.metrics import Metrics
from services.slack.client import SlackClients
from services.slack.oauth import SlackAuthority
from services.store.calendar_tables import ACCOUNTS, CALENDARS, WATCHES
from services.store.db import Database
from services.store.stores import Stores
from services.store.tables import NOTICES, PEOPLE, WORKSPACES
from services.usecases.grants import Start
from services.wiring import calendars as wiring
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MAIL = {"google": "ann@gmail.example", "microsoft": "ann@work.example"}
PROVIDERS = tuple(MAIL)

each_on_both = pytest.mark.parametrize(
    ("provider", "database_url"),
    [
        ("google", "sqlite"), ("microsoft", "postgresql"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("microsoft", "sqlite"), ("google", "postgresql"))),
    ],
    indirect=["database_url"],
)  # fmt: skip
"""On a test of each provider that is about what differs between databases, which know nothing of providers."""


@dataclass
class CalendarStack:
    """`calendars` is one replica's part; `replica()` is another one over the same database."""

    database: Database
    clock: ManualClock
    google: LocalGoogle
    microsoft: LocalMicrosoft
    stores: Stores
    wake_signal: CountingWakeSignal
    url: str
    calendars: wiring.Calendars
    compose: Callable[[], wiring.Calendars]
    answers: list[int] = field(default_factory=list)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def replica(self) -> wiring.Calendars:
        made = self.compose()
        self.closing += made.closing
        return made

    # ── Ann ─────────────────────────────────────────────────────────────────────────────────────────

    async def begin(self, provider: str, link: str) -> Start:
        """A link is followed in a new browser, and its page's button is pressed."""
        asked = await self.calendars.accounts.flow.ask(provider, link, "", {})
        return await self.calendars.accounts.flow.start(provider, link, asked.cookie, asked.token, {})

    async def consent(self, provider: str, key: PersonKey = ANN, mail: str = "", **how: Any) -> dict[str, str]:
        """She follows her link and decides: the query that her browser comes back with, and its cookie."""
        link = await self.calendars.accounts.flow.link(key, provider)
        start = await self.begin(provider, parsed(link)["link"])
        vendor: Any = self.google if provider == "google" else self.microsoft
        back = await vendor.allow(start.url, mail or MAIL[provider], **how)
        return {"code": "", "error": "", **parsed(back), "cookie": start.cookie}

    async def comes_back(self, provider: str, query: dict[str, str], key: PersonKey = ANN) -> Connected:
        """With a browser that is known as hers."""
        found = await self.calendars.accounts.finish(provider, query, query["cookie"], {key.team_id: key.user_id})
        assert isinstance(found, Connected)
        return found

    async def connects(self, provider: str, key: PersonKey = ANN, mail: str = "") -> Connected:
        return await self.comes_back(provider, await self.consent(provider, key, mail), key)

    def add(self, provider: str, title: str, hours: float = 1, mail: str = "") -> None:
        """An hour's meeting in so many hours."""
        start = self.clock.now() + timedelta(hours=hours)
        times = start, start + timedelta(hours=1)
        if provider == "google":
            self.google.accounts[mail or MAIL[provider]].main.add(GoogleEntry(title, *times))
        else:
            self.microsoft.accounts[mail or MAIL[provider]].main.add(MicrosoftEntry(title, *times))

    # ── what the loops do ───────────────────────────────────────────────────────────────────────────

    async def works(self) -> None:
        """All that is due now is done, also what becomes due by it, and every push is taken."""
        for _ in range(20):
            await self.google.settled()
            await self.microsoft.settled()
            now = self.clock.now()
            due = [await self.calendars.push_subscriptions.next_due(), await self.calendars.sync.next_due()]
            if all(at is None or at > now for at in due):
                return
            await self.calendars.push_subscriptions.run_due()
            await self.calendars.sync.run_due()
        raise AssertionError("it does not come to rest")

    async def rows(self, statement: sa.Select[Any]) -> list[Any]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    async def titles(self, key: PersonKey = ANN) -> list[str]:
        async with self.database.read() as connection:
            now = self.clock.now()
            found = await self.stores.facts.load([key], now - timedelta(days=1), now + timedelta(days=60))
            del connection
        return sorted(event.title for event in found[key].events)

    async def calendar(self, *columns: Any) -> Any:
        """Those columns of the one calendar."""
        ((*values,),) = await self.rows(sa.select(*columns).select_from(CALENDARS))
        return values[0] if len(values) == 1 else tuple(values)

    async def told(self) -> list[str]:
        return [subject for (subject,) in await self.rows(sa.select(NOTICES.c.subject).order_by(NOTICES.c.subject))]

    async def counts(self) -> tuple[int, int, int]:
        """Accounts, calendars and watches that are kept."""
        found = [await self.rows(sa.select(sa.func.count()).select_from(one)) for one in (ACCOUNTS, CALENDARS, WATCHES)]
        return found[0][0][0], found[1][0][0], found[2][0][0]

    def watched(self, provider: str) -> int:
        """How many watches the provider keeps."""
        return len(self.google.channels.open if provider == "google" else self.microsoft.subscriptions.all)

    def revoke(self, provider: str) -> None:
        """Ann takes the app's access away, at the provider."""
        if provider == "google":
            self.google.oauth.revoke(MAIL[provider])
        else:
            self.microsoft.oauth.revoke(MAIL[provider])

    def changes_secret(self, provider: str, secret: str) -> str:
        """The app gets another secret at the provider; the one that it had."""
        holder: Any = self.google.client if provider == "google" else self.microsoft.client
        before: str = holder.client_secret
        holder.client_secret = secret
        return before

    def token_calls(self) -> int:
        return sum(call.path.endswith("/token") for call in (*self.google.calls, *self.microsoft.calls))


def parsed(address: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


@asynccontextmanager
async def open_stack(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[CalendarStack]:
    stores, wake_signal, metrics = Stores(database, encryptor, clock), CountingWakeSignal(), Metrics()
    slack = SlackClients("http://127.0.0.1:1/")  # nobody asks it anything here
    google, microsoft = LocalGoogle(clock.now), LocalMicrosoft(clock.now)
    google.add_account(MAIL["google"], "Ann")
    microsoft.add_account(MAIL["microsoft"], "Ann")
    ours, background, answers = web.Application(), Background(), list[int]()
    async with (
        TestServer(google.web, host="127.0.0.1") as googles,
        TestServer(microsoft.web, host="127.0.0.1") as microsofts,
    ):
        google.url, microsoft.url = (str(one.make_url("")).rstrip("/") for one in (googles, microsofts))
        here = TestServer(ours, host="127.0.0.1")

        @web.middleware
        async def counted(request: web.Request, handler: Any) -> web.StreamResponse:
            response: web.StreamResponse = await handler(request)
            answers.append(response.status)
            return response

        ours.middlewares.append(counted)
        holder: list[Webhooks] = []
        for path in ("/webhooks/google", "/webhooks/microsoft", "/webhooks/microsoft/lifecycle"):
            ours.router.add_post(path, _late(holder, "google" if path.endswith("google") else "microsoft"))
        async with here:
            url = str(here.make_url("")).rstrip("/")
            google.client.redirect_uris.append(f"{url}/connect/google/callback")
            microsoft.client.redirect_uris = [f"{url}/connect/microsoft/callback"]
            config = settings.load({**google.settings, **microsoft.settings, "PUBLIC_URL": url}, dotenv=None)

            def compose() -> wiring.Calendars:
                return wiring.compose(
                    config,
                    stores,
                    slack,
                    SlackAuthority(slack, "", ""),
                    clock=clock,
                    wake_signal=wake_signal,
                    metrics=metrics,
                )

            calendars = compose()
            holder.append(Webhooks(calendars.push_receiver, metrics, background))
            async with database.write() as connection:
                await connection.execute(sa.insert(WORKSPACES), [{"team_id": "T1", "installed_at": NOW}])
                await connection.execute(
                    sa.insert(PEOPLE),
                    [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BOB)],
                )
            stack = CalendarStack(
                database, clock, google, microsoft, stores, wake_signal, url, calendars, compose, answers,
                list(calendars.closing),
            )  # fmt: skip
            try:
                yield stack
            finally:
                await background.close()
                for close in stack.closing:
                    await close()
                await google.close()
                await microsoft.close()
                await slack.close()


def _late(holder: list[Webhooks], name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def take(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await getattr(holder[0], name)(request)
        return response

    return take
