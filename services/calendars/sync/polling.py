"""When a calendar is fetched next: polling after a try that worked, retrying after one that failed. Pure.

A change matters most shortly before a status changes, and people move their meetings while they work.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.calendars import Claimed, FetchOutcome, Health
from services.domain.errors import (
    AccountLostError,
    AddressNotAllowedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooCostlyError,
    CalendarTooLargeError,
    NotACalendarError,
)

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
LONGEST_FLOOR = timedelta(days=1)
BROKEN_EVERY = timedelta(hours=6)
TELL_AFTER = timedelta(hours=1)
TELL_AFTER_TRIES = 3

_FINAL = (CalendarRefusedError, CalendarGoneError, AddressNotAllowedError)
_FINAL_AT_FIRST = (NotACalendarError, CalendarTooLargeError, CalendarTooCostlyError)

NEAR = timedelta(minutes=15)
"""So long before an edge, looks are frequent."""

SHORTEST = timedelta(minutes=1)
_AWAKE = (time(7), time(19))
_FRIDAY = 4
_NEAR_SHARE, _AWAKE_SHARE = 6, 3


def after_success(
    floor: timedelta | None, now: datetime, interval: timedelta, spread: Callable[[timedelta], timedelta]
) -> FetchOutcome:
    """Plan the next fetch after one that worked: `interval` from `now`, or the source's own `floor`, up to a day."""
    return FetchOutcome(Health.OK, due_at=now + spread(max(interval, min(floor or interval, LONGEST_FLOOR))))


def after_failure(
    claimed: Claimed,
    error: CalendarError,
    now: datetime,
    interval: timedelta,
    spread: Callable[[timedelta], timedelta],
    *,
    first: timedelta = FIRST_RETRY,
) -> FetchOutcome:
    """Decide when to retry after `error`, and whether the person is to be told.

    A host that refuses, or knows no such calendar, makes it broken: told at once, tried every few hours. The same
    holds for an address that has never given a calendar. Everything else is tried again after `first`, then twice,
    four times, … that, up to an hour, and told when three tries and an hour have gone by: a short outage is nobody's
    business. Who says when to come back is asked then, the first times.
    What the operator has to mend is nobody's business either, and no failure of the calendar.
    With an `interval` shorter than usual all of this is shorter too. Where the account is lost nobody is asked any
    more, and its owner is told by the account.
    """
    if isinstance(error, AccountLostError):
        return FetchOutcome(Health.BROKEN, due_at=None, problem=type(error).__name__, failures=claimed.failures + 1)
    if isinstance(error, AppRefusedError):
        until = now + spread(timedelta(seconds=error.retry_after or 0))
        return FetchOutcome(Health.FAILING, until, problem=type(error).__name__, failures=claimed.failures)
    failures = claimed.failures + 1
    broken = isinstance(error, _FINAL) or (isinstance(error, _FINAL_AT_FIRST) and not claimed.ever_worked)
    if broken:
        delay = min(BROKEN_EVERY, interval * 24)
    else:
        delay = min(min(first, interval) * 2 ** min(failures - 1, 16), LONGEST_RETRY)
    asked = timedelta(seconds=error.retry_after or 0)
    if isinstance(error, CalendarBusyError) and asked and failures <= TELL_AFTER_TRIES:
        delay = asked
    lasting = failures >= TELL_AFTER_TRIES and now - claimed.worked_at >= min(TELL_AFTER, interval * 4)
    return FetchOutcome(
        health=Health.BROKEN if broken else Health.FAILING,
        due_at=now + spread(max(delay, asked)),
        problem=type(error).__name__,
        failures=failures,
        tell=broken or lasting,
    )


def until_next_look(longest: timedelta, now: datetime, zone: ZoneInfo, next_edge: datetime | None) -> timedelta:
    """Return how long to wait from `now` (UTC) until the next look; never longer than `longest`.

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
