"""When Slack was out and answers again, what waited for that is tried at once, and not when its turn comes.

Each person's write is tried again less and less often while Slack does not answer (`failures.back_off`), so that the
last ones would wait for five minutes more once it does. So one call alone is made every few seconds meanwhile, the one
that needs no token and does nothing (docs.slack.dev/reference/methods/api.test).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from services.engine.failures import LONGEST_BACK_OFF
from services.ports import Clock
from services.slack.client import SlackClients
from services.store.write_queue import WriteQueue

log = structlog.get_logger(__name__)

ASK_EVERY = timedelta(seconds=3)


class OutageWatch:
    """A chore of the sender."""

    def __init__(self, clients: SlackClients, queue: WriteQueue, clock: Clock) -> None:
        self._clients = clients
        self._queue = queue
        self._clock = clock
        self._is_out = False
        self._ask_at: datetime | None = None
        self._began = False

    async def run(self) -> datetime | None:
        """Ask whether Slack answers, where the last call told that it does not; when to ask again."""
        now = self._clock.now()
        if not self._began:  # what an outage is, nobody knows that has just started: what waits is tried
            self._began = True
            await self._hasten()
        if not (self._is_out or self._clients.unavailable):
            return None
        if self._ask_at is not None and now < self._ask_at:
            return self._ask_at
        if not await self._clients.answers():
            if not self._is_out:
                log.warning("slack_is_out")
            self._is_out, self._ask_at = True, now + ASK_EVERY
            return self._ask_at
        was_out, self._is_out, self._ask_at = self._is_out, False, None
        if was_out:  # else it was about one call
            log.warning("slack_answers_again", tried=await self._hasten())
        return None

    async def _hasten(self) -> int:
        """Have all be tried that was put off; not what a workspace does not let us do, which waits for hours."""
        now = self._clock.now()
        return await self._queue.hasten(now, now + LONGEST_BACK_OFF)
