"""How often a calendar is looked at that does not tell of its changes. Pure.

A change matters most shortly before a status changes, and people move their meetings while they work.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NEAR = timedelta(minutes=15)
"""So long before an edge, looks are frequent."""

SHORTEST = timedelta(minutes=1)
_AWAKE = (time(7), time(19))
_FRIDAY = 4
_NEAR_SHARE, _AWAKE_SHARE = 6, 3


def until_next_look(longest: timedelta, now: datetime, zone: ZoneInfo, next_edge: datetime | None) -> timedelta:
    """How long to wait from `now` (UTC) until the next look; never longer than `longest`.

    Near `next_edge` (UTC; the next start or end of an event) a sixth of `longest`; from 7 to 19 on working days in
    the person's `zone` a third; else all of it, but not past the time when the edge is near. With the usual quarter of
    an hour that is 2.5, 5 and 15 minutes.
    """
    shortest = min(SHORTEST, longest)
    near = None if next_edge is None else next_edge - NEAR - now
    if near is not None and -NEAR <= near <= timedelta():
        return max(longest / _NEAR_SHARE, shortest)
    local = now.astimezone(zone)
    awake = local.weekday() <= _FRIDAY and _AWAKE[0] <= local.time() < _AWAKE[1]
    pause = longest / _AWAKE_SHARE if awake else longest
    if near is not None and timedelta() < near < pause:
        pause = near
    return max(pause, shortest)
