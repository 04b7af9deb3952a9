"""How often something may be asked for in a minute, by whoever is told from others by a name; in this process alone."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class MinuteLimits:
    """So many requests in any minute for each name: a hook, a calendar to subscribe to, an address."""

    def __init__(self, most: int) -> None:
        """`most` requests in any minute."""
        self._most = most
        self._used: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, name: str, now: datetime) -> int:
        """Note a request; return the whole seconds to wait where it is one too many, else 0."""
        used = self._used.setdefault(name, deque())
        self._used.move_to_end(name)
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        while used and used[0] <= now - _MINUTE:
            used.popleft()
        if len(used) >= self._most:
            return max(1, math.ceil((used[0] + _MINUTE - now).total_seconds()))
        used.append(now)
        return 0
