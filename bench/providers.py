"""A local Google and a local Microsoft as a benchmark needs them: calendars of forty events, one of which is moved."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from emulators.google import GoogleEntry, LocalGoogle, google_client
from emulators.google.channels import channel_of
from emulators.microsoft import LocalMicrosoft, MicrosoftEntry
from emulators.pushes import SentPush
from services.calendars.oauth import Credentials, challenge_of
from services.calendars.providers.google.api import SCOPES
from services.domain.calendars import Offer, OfferedCalendar

MOVING = "The one that moves"
OTHERS = 40
REDIRECT = "http://127.0.0.1:9/callback"  # where nobody goes: the code is taken out of the address


class Provider(Protocol):
    """What the benchmark does with either. Accounts are named by a mail address."""

    name: str
    answered: dict[str, float]
    """When the last push about an account was taken, as Unix seconds."""

    @property
    def watched(self) -> int:
        """How many watches are open."""
        ...

    def settings(self) -> dict[str, str]:
        """Of the app."""
        ...

    def serving(self) -> AbstractAsyncContextManager[None]:
        """It listens on loopback."""
        ...

    def add(self, mail: str, others: int = OTHERS) -> None:
        """An account with its calendar: the event that moves, and so many others in the days after."""
        ...

    def connected(self, mail: str) -> tuple[Offer, Credentials]:
        """What the app has once somebody has consented."""
        ...

    def calendar(self, mail: str) -> str:
        """Where the account's events are listed."""
        ...

    def move(self, mail: str, start: datetime, end: datetime) -> None:
        """Move the one that moves; a push is sent."""
        ...

    async def tell(self, mail: str, address: str) -> None:
        """Have pushes sent there as well."""
        ...


class Google:
    """`Provider`."""

    name = "google"

    def __init__(self) -> None:
        self.local = LocalGoogle(_now, google_client(REDIRECT))
        self.local.pushes.on_answer = self._taken
        self.answered: dict[str, float] = {}
        self._moving: dict[str, str] = {}

    @property
    def watched(self) -> int:
        return len(self.local.channels.open)

    def settings(self) -> dict[str, str]:
        return self.local.settings

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        runner = web.AppRunner(self.local.web, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.local.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield
        await self.local.close()
        await runner.cleanup()

    def add(self, mail: str, others: int = OTHERS) -> None:
        calendar = self.local.add_account(mail).main
        self._moving[mail] = calendar.add(GoogleEntry(MOVING, *_hours(1))).id
        for number in range(others):
            calendar.add(GoogleEntry(f"Meeting {number}", *_hours(2 + number % OTHERS)))

    def connected(self, mail: str) -> tuple[Offer, Credentials]:
        verifier, client = secrets.token_urlsafe(32), self.local.client
        asked = {
            "client_id": client.client_id, "redirect_uri": REDIRECT, "response_type": "code", "scope": " ".join(SCOPES),
            "access_type": "offline", "prompt": "consent", "code_challenge_method": "S256",
            "code_challenge": challenge_of(verifier),
        }  # fmt: skip
        back = dict(parse_qsl(urlsplit(self.local.oauth.decide(asked, mail)).query))
        tokens = self.local.oauth.token(
            {"client_id": client.client_id, "client_secret": client.client_secret, "redirect_uri": REDIRECT,
             "grant_type": "authorization_code", "code": back["code"], "code_verifier": verifier}
        )  # fmt: skip
        return _connected(mail, mail, tokens["access_token"], tokens["refresh_token"])

    def calendar(self, mail: str) -> str:
        return f"{self.local.api_url}calendars/{mail}/events"

    def move(self, mail: str, start: datetime, end: datetime) -> None:
        self.local.accounts[mail].main.move(self._moving[mail], start, end)

    async def tell(self, mail: str, address: str) -> None:
        account = self.local.accounts[mail]
        wanted = {"id": mail.replace("@", "-").replace(".", "-"), "type": "web_hook", "address": address}
        self.local.channels.watch(account, account.main, wanted)

    def _taken(self, push: SentPush) -> None:
        if push.status == 200:  # HTTP
            self.answered[self.local.channels.open[channel_of(push)[0]].account] = time.time()


class Microsoft:
    """`Provider`."""

    name = "microsoft"

    def __init__(self) -> None:
        self.local = LocalMicrosoft(_now)
        self.local.pushes.on_answer = self._taken
        self.answered: dict[str, float] = {}
        self._moving: dict[str, str] = {}

    @property
    def watched(self) -> int:
        return len(self.local.subscriptions.all)

    def settings(self) -> dict[str, str]:
        return self.local.settings

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.local:
            yield

    def add(self, mail: str, others: int = OTHERS) -> None:
        calendar = self.local.add_account(mail).main
        self._moving[mail] = calendar.add(MicrosoftEntry(MOVING, *_hours(1))).id
        for number in range(others):
            calendar.add(MicrosoftEntry(f"Meeting {number}", *_hours(2 + number % OTHERS)))

    def connected(self, mail: str) -> tuple[Offer, Credentials]:
        return _connected(mail, self.local.accounts[mail].main.id, self.local.oauth.issue(mail), "")

    def calendar(self, mail: str) -> str:
        return f"{self.local.graph_url}me/calendars/{self.local.accounts[mail].main.id}/calendarView/delta"

    def move(self, mail: str, start: datetime, end: datetime) -> None:
        self.local.accounts[mail].main.move(self._moving[mail], start, end)

    async def tell(self, mail: str, address: str) -> None:
        account = self.local.accounts[mail]
        await self.local.subscriptions.create(
            account,
            {"changeType": "created,updated,deleted", "notificationUrl": address,
             "resource": f"me/calendars/{account.main.id}/events", "clientState": "bare",
             "expirationDateTime": (_now() + timedelta(days=6)).isoformat()},
        )  # fmt: skip

    def _taken(self, delivery: SentPush) -> None:
        if delivery.status in {200, 202}:  # HTTP
            for told in (delivery.body or {})["value"]:
                self.answered[self.local.subscriptions.all[told["subscriptionId"]].account] = time.time()


def _connected(mail: str, calendar: str, access: str, refresh: str) -> tuple[Offer, Credentials]:
    offer = Offer(mail, mail, (OfferedCalendar(calendar, "Work", main=True),))
    return offer, Credentials(access, refresh, _now() + timedelta(minutes=59))


def _hours(days: int) -> tuple[datetime, datetime]:
    """An hour in so many days."""
    start = (_now() + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    return start, start + timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait until it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.1)
