"""Waiting until what a person asked for is written, for those who are answered only then.

What is not written in time is taken back, so that the answer that it was not stays true. Times are of the machine's own
clock (`time.monotonic`): whoever waits does so in real time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from services.domain.errors import InputError, NotGrantedError, SlackError
from services.domain.model import PersonKey
from services.slack.client import CALL_SECONDS
from services.store.people import PeopleStore

PATIENCE = 10.0
"""Seconds that a write has until its request is taken back."""

_FIRST_LOOK, _SLOWER, _LAST_LOOK = 0.05, 1.5, 1.0
"""Seconds until the first look at the rows, how much longer each next one waits, and the longest wait: some fourteen
looks in ten seconds, three for a write that goes well."""

UNDER_WAY, NEXT_TRY = CALL_SECONDS + 5.0, 0.2
"""Seconds more that a call which is under way has to end, and how often that is looked at."""


class PausedError(InputError):
    """Status Quo is paused, so nothing is written. Resume it first, with `/quo resume`."""


class NotWrittenError(SlackError):
    """That was not done within ten seconds, and is taken back: nothing of it happens later. Try again in a minute."""


async def require_keeping(people: PeopleStore, key: PersonKey, now: datetime) -> None:
    """Return where we may write to the person's profile. Raises NotGrantedError, PausedError."""
    view = await people.get(key)
    if view is None or not view.granted:
        raise NotGrantedError("no grant")
    if view.pause is not None and view.pause.holds(now):
        raise PausedError("paused")


def pauses(deadline: float) -> Iterator[float]:
    """Yield how long to wait before each look at what is waited for, until `deadline`; in seconds."""
    pause = _FIRST_LOOK
    while (left := deadline - time.monotonic()) > 0:
        yield min(pause, left)
        pause = min(pause * _SLOWER, _LAST_LOOK)
