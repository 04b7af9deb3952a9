"""Leaving a provider: watches are stopped and tokens revoked, after our own rows are gone.

What is needed for it is collected before the rows are deleted, and held in memory alone: nothing of a person is kept
so that it can be deleted better. Should it fail, or the process end, a watch runs out by itself within a week and its
pushes find nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog

from services.calendars.accounts.credentials import Credentials
from services.calendars.ports import Watcher
from services.domain.calendars import Watch
from services.engine.guard import guarded
from services.ports import Clock

log = structlog.get_logger(__name__)

AT_ONCE = 8
SECONDS = 30.0
"""How long one account's parting may take, and the end of the program waits for all of them, in real time."""


@dataclass(frozen=True, slots=True)
class Parting:
    """What is left to do at a provider. `revoke`: the account goes too."""

    provider: str
    credentials: Mapping[str, Any] = field(repr=False)
    watches: tuple[Watch, ...] = ()
    revoke: bool = True


class PartingRows(Protocol):
    """What is left to do at providers: `store.accounts.AccountStore`. To be asked before rows are deleted."""

    async def partings(
        self, team_id: str, user_id: str = "", *, account_id: str = "", calendar_id: str = ""
    ) -> list[Parting]:
        """For a workspace, a person of it, one account of theirs, or one calendar: then its watches alone."""
        ...


class Parter(Protocol):
    """Whoever takes leave: `Partings`."""

    def begin(self, partings: Iterable[Parting]) -> None:
        """Do what is left to do, without being waited for."""
        ...


class Revoking(Protocol):
    """A provider's token endpoints: `calendars.oauth.OAuthClient`. Each raises a `CalendarError`."""

    async def renew(self, before: Credentials, now: datetime) -> Credentials:
        """Fresh tokens."""
        ...

    async def revoke(self, credentials: Credentials) -> None:
        """Make the tokens worth nothing, where the provider has a way to."""
        ...


class Partings:
    """Takes leave of providers, in tasks of its own."""

    def __init__(self, clients: Mapping[str, Revoking], watchers: Mapping[str, Watcher], clock: Clock) -> None:
        """Both by provider."""
        self._clients = clients
        self._watchers = watchers
        self._clock = clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, partings: Iterable[Parting]) -> None:
        """Do what is left to do, without being waited for."""
        for parting in partings:
            if parting.provider in self._clients and (parting.watches or parting.revoke):
                task = asyncio.create_task(self._part(parting))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Finish what was begun, within its time."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=SECONDS)
            for task in late:
                task.cancel()

    async def _part(self, parting: Parting) -> None:
        client, watcher = self._clients[parting.provider], self._watchers.get(parting.provider)
        held = Credentials.from_json(parting.credentials)
        with guarded("parting_failed", provider=parting.provider):
            async with self._gate, asyncio.timeout(SECONDS):
                if parting.watches and watcher is not None:
                    if not held.good_at(self._clock.now()):
                        held = await client.renew(held, self._clock.now())
                    for watch in parting.watches:
                        with guarded("watch_not_stopped", provider=parting.provider):
                            await watcher.stop(held.access, watch)
                if parting.revoke:
                    await client.revoke(held)
        log.info("parted", provider=parting.provider, watches=len(parting.watches), revoked=parting.revoke)
