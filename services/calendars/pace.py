"""How fast hosts are asked: so many requests at once in all, few at once to one host, none to one that said wait.

What counts as one host is a calendar's pace: a feed's host, at the large providers the person's own account, and all of
a provider where it asks everybody for peace. One host serves thousands of people's feeds, and it sees one visitor:
whoever answers 429 to one calendar is left alone by all of them (Google has refused whole services for polling many
private addresses).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

TOTAL = 32
PER_HOST = 2
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
PROVIDER = "provider:"
"""Before a provider's name: the pace of all its calendars. No host is called so."""


class HostPace:
    """What this process does and may do to each host. Times are aware; nothing here waits."""

    def __init__(self, total: int = TOTAL, per_host: int = PER_HOST) -> None:
        """`total` and `per_host` are requests at the same time."""
        self.per_host = per_host
        self._total = total
        self._running: Counter[str] = Counter()
        self._closed: dict[str, datetime] = {}
        self._refusals: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """How many requests may be started in all."""
        return self._total - self._running.total()

    def free_at(self, host: str) -> int:
        """How many of them may go to `host`, which is not closed."""
        return self.per_host - self._running[host]

    def shut(self, now: datetime) -> frozenset[str]:
        """The hosts that may not be asked at `now`: busy with us, or to be left alone."""
        self._closed = {host: until for host, until in self._closed.items() if now < until}
        full = {host for host, running in self._running.items() if running >= self.per_host}
        return frozenset(full | self._closed.keys())

    def opens(self, now: datetime) -> datetime | None:
        """When the next host that is left alone may be asked again."""
        return min((until for until in self._closed.values() if now < until), default=None)

    def begin(self, host: str) -> None:
        """A request to `host` starts."""
        self._running[host] += 1

    def end(self, host: str) -> None:
        """It is over."""
        self._running[host] -= 1
        if self._running[host] <= 0:
            del self._running[host]

    def answered(self, host: str) -> None:
        """`host` gave what it was asked for; the peace that it asked for with another answer still holds."""
        self._refusals.pop(host, None)

    def refused(self, host: str, now: datetime, wait: float | None, first: timedelta = FIRST_WAIT) -> datetime:
        """`host` asked for `wait` seconds of peace. When they are over.

        None: it named no time, so it is `first`, and twice as long each time.
        """
        asked = first * 2 ** min(self._refusals[host], 9) if wait is None else timedelta(seconds=wait)
        self._refusals[host] += 1
        until = now + (min(asked, LONGEST_WAIT) if wait is None else asked)
        self._closed[host] = max(until, self._closed.get(host, until))
        return self._closed[host]
