"""Notifications on their way: together where they go to one address, and again where nobody takes them.

learn.microsoft.com/graph/change-notifications-delivery-webhooks.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from emulators.microsoft.faults import Faults

ACK_SECONDS = 3.0
VALIDATION_SECONDS = 10.0
MOST_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that was sent: `status` is 0 where there was no answer."""

    url: str
    body: dict[str, Any]
    status: int


class Pushes:
    """Sends notifications in the background. Create it anywhere, use it in one loop, close it at the end."""

    def __init__(self, faults: Faults) -> None:
        """`retries`: seconds to wait before each further try; the real ones go on for four hours."""
        self.retries: tuple[float, ...] = (0.05, 0.2, 1.0)
        self.delivered: list[Delivery] = []
        self.on_answer: Callable[[Delivery], None] = lambda _: None
        self._faults = faults
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def queue(self, url: str, notification: dict[str, Any]) -> None:
        """Have a notification sent soon, with whatever else goes to that address."""
        waiting = self._waiting.setdefault(url, [])
        waiting.append(notification)
        if len(waiting) == 1:
            task = asyncio.get_running_loop().create_task(self._flush(url), name="microsoft-push")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> bool:
        """Whether notifications are on their way."""
        return bool(self._tasks)

    async def settled(self) -> None:
        """Return once nothing is on its way any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Drop what is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def validates(self, url: str) -> bool:
        """Whether who lives at `url` answers to our question as they should."""
        token = (
            f"Validation: Testing client application reachability for subscription Request-Id: {secrets.token_hex(16)}"
        )
        asked = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'validationToken': token})}"
        try:
            async with (
                asyncio.timeout(VALIDATION_SECONDS),
                self._open().post(asked, headers={"Content-Type": "text/plain; charset=utf-8"}) as answer,
            ):
                same = await answer.text() == token
                return answer.status == 200 and answer.content_type == "text/plain" and same  # noqa: PLR2004 - HTTP's OK
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    async def _flush(self, url: str) -> None:
        await asyncio.sleep(0)  # what is changed in one go is told in one go
        waiting = self._waiting.pop(url, [])
        if self._faults.disorder_pushes:
            waiting.reverse()
        for index in range(0, len(waiting), MOST_TOGETHER):
            body = {"value": waiting[index : index + MOST_TOGETHER]}
            if self._faults.lose_pushes:
                self._faults.lose_pushes -= 1
                continue
            await self._deliver(url, body)
            if self._faults.duplicate_pushes:
                self._faults.duplicate_pushes -= 1
                await self._deliver(url, body)

    async def _deliver(self, url: str, body: dict[str, Any]) -> None:
        for delay in (0.0, *self.retries):
            await asyncio.sleep(delay)
            status = await self._post(url, body)
            delivery = Delivery(url, body, status)
            self.delivered.append(delivery)
            self.on_answer(delivery)
            if 200 <= status < 300:  # noqa: PLR2004 - HTTP's success
                return

    async def _post(self, url: str, body: dict[str, Any]) -> int:
        try:
            async with (
                asyncio.timeout(ACK_SECONDS),
                self._open().post(url, json=body, allow_redirects=False) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        return self._session
