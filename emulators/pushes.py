"""Pushes of Google and Microsoft on their way to the app: real requests, sent again where nobody takes them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from emulators.faults import Faults


@dataclass(slots=True)
class SentPush:
    """A request (`body` is JSON), and the status of the last answer to it (0: none yet, or nobody answered)."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = None
    status: int = 0
    tries: int = 0


class PushSender:
    """Sends pushes in the background. Make it anywhere, use it in one loop, close it at the end."""

    def __init__(self, faults: Faults, *, seconds: float, again: Callable[[int], bool]) -> None:
        """`seconds`: to wait for an answer; `again`: after which status a push is sent once more."""
        self.pauses: tuple[float, ...] = (0.05, 0.2, 1.0)
        """Real seconds before a push is sent again; the real ones go on for hours."""
        self.sent: deque[SentPush] = deque(maxlen=1000)
        self.on_answer: Callable[[SentPush], None] = lambda _: None
        self._faults, self._seconds, self._again = faults, seconds, again
        self._held: list[SentPush] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    @property
    def busy(self) -> bool:
        """Whether pushes are on their way."""
        return bool(self._tasks)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections to the app."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._seconds)
            connector = aiohttp.TCPConnector(limit=0)  # no push waits for another one's answer
            self._session = aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False)
        return self._session

    def send(self, push: SentPush) -> None:
        """Send one in the background, with the faults in force."""
        if self._faults.lose > 0:
            self._faults.lose -= 1
            return
        for _ in range(2 if self._faults.twice else 1):
            if self._faults.hold:
                self._held.append(replace(push))
            else:
                self.soon(self._deliver(replace(push)))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done in the background."""
        task = asyncio.get_running_loop().create_task(work, name="push")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def release(self, *, backwards: bool = False) -> None:
        """Send what was held back, one after the other, the last one first if it is to be `backwards`."""
        held, self._held = self._held, []
        for push in reversed(held) if backwards else held:
            await self._deliver(push)

    async def settled(self) -> None:
        """Wait until every push was taken, or given up on."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Drop what is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _deliver(self, push: SentPush) -> None:
        self.sent.append(push)
        for pause in (0.0, *self.pauses):
            await asyncio.sleep(pause)
            push.tries += 1
            push.status = await self._post(push)
            self.on_answer(push)
            if not self._again(push.status):
                return

    async def _post(self, push: SentPush) -> int:
        try:
            async with self.session.post(
                push.url, headers=push.headers, json=push.body, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0
