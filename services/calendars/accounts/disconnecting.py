"""Disconnecting from a provider: watches are stopped and tokens revoked, after our own rows are gone.

What is needed for it is collected before the rows are deleted, and held in memory alone: nothing of a person is kept
so that it can be deleted better. Should it fail, or the process end, a watch runs out by itself within a week and its
pushes find nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog

from services.calendars.accounts.oauth import Credentials, OAuthClient
from services.calendars.ports import Watcher
from services.platform.logs import guarded
from services.ports import Clock
from services.store.accounts import Cleanup

log = structlog.get_logger(__name__)

AT_ONCE = 8
SECONDS = 30.0
"""How long one account's cleanup may take, and the end of the program waits for all of them, in real time."""


class ProviderCleanup:
    """Stops push subscriptions and revokes tokens at the providers, in tasks of its own."""

    def __init__(self, clients: Mapping[str, OAuthClient], watchers: Mapping[str, Watcher], clock: Clock) -> None:
        """Both by provider."""
        self._clients = clients
        self._watchers = watchers
        self._clock = clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, cleanups: Iterable[Cleanup]) -> None:
        """Do what is left to do, without being waited for."""
        for cleanup in cleanups:
            if cleanup.provider in self._clients and (cleanup.watches or cleanup.revoke):
                task = asyncio.create_task(self._clean_up(cleanup))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Finish what was begun, within its time."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=SECONDS)
            for task in late:
                task.cancel()

    async def _clean_up(self, cleanup: Cleanup) -> None:
        client, watcher = self._clients[cleanup.provider], self._watchers.get(cleanup.provider)
        held = Credentials.from_json(cleanup.credentials)
        with guarded("parting_failed", provider=cleanup.provider):
            async with self._gate, asyncio.timeout(SECONDS):
                if cleanup.watches and watcher is not None:
                    if not held.good_at(self._clock.now()):
                        held = await client.renew(held, self._clock.now())
                    for watch in cleanup.watches:
                        with guarded("watch_not_stopped", provider=cleanup.provider):
                            await watcher.stop(held.access, watch)
                if cleanup.revoke:
                    await client.revoke(held)
        log.info("parted", provider=cleanup.provider, watches=len(cleanup.watches), revoked=cleanup.revoke)
