"""How a calendar is, and what a try makes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
from services.ports import Connection

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
LONGEST_FLOOR = timedelta(days=1)
BROKEN_EVERY = timedelta(hours=6)
TELL_AFTER = timedelta(hours=1)
TELL_AFTER_TRIES = 3

_FINAL = (CalendarRefusedError, CalendarGoneError, AddressNotAllowedError)
_FINAL_AT_FIRST = (NotACalendarError, CalendarTooLargeError, CalendarTooCostlyError)


class Health(StrEnum):
    """How a calendar is: not read yet, read, not read lately, or not to be read without its owner."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A calendar that this process may fetch until `lease`; `claim` is the fence that its writes carry.

    `pace` is what it shares limits with. `watched`: its provider tells of changes; `next_edge` is when the next of its
    events starts or ends.
    """

    connection: Connection
    claim: int
    lease: datetime
    host: str
    health: Health
    failures: int
    worked_at: datetime
    """When it was read last, or connected, if it never was."""
    ever_worked: bool
    pace: str = ""
    watched: bool = False
    next_edge: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written down about a try: `tell` the person, unless they were told since it last worked.

    `due_at` None: not before somebody mends it.
    """

    health: Health
    due_at: datetime | None
    problem: str = ""
    failures: int = 0
    tell: bool = False


class Saved(StrEnum):
    """What became of a result: not ours to write any more, nothing differed, or events changed."""

    STALE = "stale"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


def after_success(
    floor: timedelta | None, now: datetime, interval: timedelta, spread: Callable[[timedelta], timedelta]
) -> Outcome:
    """The next fetch after one that worked: `interval` from `now`, or the source's own `floor`, up to a day."""
    return Outcome(Health.OK, due_at=now + spread(max(interval, min(floor or interval, LONGEST_FLOOR))))


def after_failure(
    claimed: Claimed,
    error: CalendarError,
    now: datetime,
    interval: timedelta,
    spread: Callable[[timedelta], timedelta],
    *,
    first: timedelta = FIRST_RETRY,
) -> Outcome:
    """When to try again after `error`, and whether the person is to be told.

    A host that refuses, or knows no such calendar, makes it broken: told at once, tried every few hours. The same
    holds for an address that has never given a calendar. Everything else is tried again after `first`, then twice,
    four times, … that, up to an hour, and told when three tries and an hour have gone by: a short outage is nobody's
    business. Who says when to come back is asked then, the first times.
    What the operator has to mend is nobody's business either, and no failure of the calendar.
    With an `interval` shorter than usual all of this is shorter too. Where the account is lost nobody is asked any
    more, and its owner is told by the account.
    """
    if isinstance(error, AccountLostError):
        return Outcome(Health.BROKEN, due_at=None, problem=type(error).__name__, failures=claimed.failures + 1)
    if isinstance(error, AppRefusedError):
        until = now + spread(timedelta(seconds=error.retry_after or 0))
        return Outcome(Health.FAILING, until, problem=type(error).__name__, failures=claimed.failures)
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
    return Outcome(
        health=Health.BROKEN if broken else Health.FAILING,
        due_at=now + spread(max(delay, asked)),
        problem=type(error).__name__,
        failures=failures,
        tell=broken or lasting,
    )
