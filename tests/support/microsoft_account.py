"""A person's calendar at a local Microsoft, a source that remembers, and somebody who listens to its pushes."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from emulators.microsoft import LocalMicrosoft
from emulators.microsoft.events import MicrosoftAccount, MicrosoftCalendar, MicrosoftEntry
from services.calendars.providers.microsoft.api import GraphApi, MicrosoftDirectory
from services.calendars.providers.microsoft.push import MicrosoftWatcher, Notification, read_notifications, validation
from services.calendars.providers.microsoft.source import MicrosoftSource
from services.domain.calendars import Changes, Connection
from services.domain.model import Event, PersonKey
from services.domain.people import leave_key
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock
from tests.support.sites import Site

ANN = PersonKey("T1", "U1")
ADDRESS = "ann@contoso.example"
BERLIN = ZoneInfo("Europe/Berlin")


class Tokens:
    """`ports.AccessTokens`: a new token whenever there is none, or it was refused."""

    def __init__(self, microsoft: LocalMicrosoft) -> None:
        self.microsoft = microsoft
        self.token_now = ""
        self.refused: list[str] = []

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        assert (key in {ANN, leave_key(ANN.team_id)}, account_id) == (True, "A1")
        if refused:
            self.refused.append(refused)
        if not self.token_now or self.token_now == refused:
            self.token_now = self.microsoft.oauth.issue(ADDRESS)
        return self.token_now


class Hook:
    """Our two addresses: answers validations, keeps notifications. `status` is what notifications get."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.status = 202
        self.validates = True
        self.seen: list[tuple[str, tuple[Notification, ...]]] = []
        site.answer = self._answer

    @property
    def address(self) -> str:
        return self.site.url("/push/microsoft")

    @property
    def lifecycle_address(self) -> str:
        return self.site.url("/push/microsoft/lifecycle")

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        token = request.query.get("validationToken")
        if token is not None:
            return web.Response(text=validation(token) if self.validates else "who?")
        self.seen.append((request.path, read_notifications(await request.read())))
        return web.Response(status=self.status)


@dataclass
class Mailbox:
    """Everything that a test of one person's calendar needs."""

    microsoft: LocalMicrosoft
    account: MicrosoftAccount
    client: GuardedClient
    clock: ManualClock
    tokens: Tokens = field(init=False)
    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.microsoft)
        self.connection = Connection(ANN, "C1", "microsoft", self.calendar.id, BERLIN, (ADDRESS,), "A1")

    @property
    def calendar(self) -> MicrosoftCalendar:
        return self.account.main

    @property
    def api(self) -> GraphApi:
        return GraphApi(self.client, self.microsoft.graph_url, self.clock)

    @property
    def source(self) -> MicrosoftSource:
        return MicrosoftSource(self.api, self.tokens)

    @property
    def directory(self) -> MicrosoftDirectory:
        return MicrosoftDirectory(self.api)

    def watcher(self, hook: Hook) -> MicrosoftWatcher:
        return MicrosoftWatcher(self.api, self.tokens, hook.address, hook.lifecycle_address)

    async def fetch(self) -> Changes:
        """Fetch, and remember the state as the store does: only where the fetch was good."""
        changes = await self.source.fetch(self.connection, self.clock.now())
        self.connection = dataclasses.replace(self.connection, state=changes.state)
        return changes

    def at(self, hours: float, length: float = 1) -> tuple[datetime, datetime]:
        """From so many hours from now on, for so many."""
        start = self.clock.now() + timedelta(hours=hours)
        return start, start + timedelta(hours=length)

    def add(self, title: str, hours: float = 1, **fields: object) -> MicrosoftEntry:
        start, end = self.at(hours)
        return self.calendar.add(MicrosoftEntry(title, start, end, **fields))  # type: ignore[arg-type]

    def deltas(self) -> list[int]:
        """The statuses of the calls for a delta so far, which are forgotten."""
        found = [call.status for call in self.microsoft.calls if call.path.endswith("/delta")]
        self.microsoft.calls.clear()
        return found


@asynccontextmanager
async def open_mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    client = GuardedClient(AddressRules(private=True), seconds=5)
    async with LocalMicrosoft(clock.now) as microsoft:
        yield Mailbox(microsoft, microsoft.add_account(ADDRESS, "Ann"), client, clock)
    await client.close()


def titles(changes: Changes) -> list[str]:
    """By start."""
    return [event.title for event in sorted(changes.events, key=lambda event: (event.start, event.title))]


def times(changes: Changes, title: str) -> list[tuple[datetime, datetime]]:
    found: list[Event] = [event for event in changes.events if event.title == title]
    return sorted((event.start, event.end) for event in found)
