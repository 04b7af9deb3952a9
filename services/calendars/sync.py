"""Keeping calendars true: what is due is fetched, what changed is written, whoever it concerns becomes due.

No answer, a broken answer and an empty answer are not the same as "no events": each of them leaves the last good
events as they are, and only marks the calendar.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from services.calendars.pace import HostPace
from services.engine.guard import guarded
from services.errors import (
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooCostlyError,
    CalendarTooLargeError,
    CalendarUnreachableError,
    NotACalendarError,
)
from services.ports import Bell, Changes, Clock, Connection, Report, Source

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
"""How long a claimed calendar is left alone by others; a fetch is broken off when it is over."""

JITTER = 0.1
"""Every delay is longer by up to this share of it, so that a thousand calendars connected at once spread out."""

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
LONGEST_FLOOR = timedelta(days=1)
BROKEN_EVERY = timedelta(hours=6)
TELL_AFTER = timedelta(hours=1)
TELL_AFTER_TRIES = 3
TURN = 5.0
"""Seconds of real time that one run takes, whatever there is to do: a stop waits no longer than that."""

_LOOK_AGAIN = 1.0
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
    """A calendar that this process may fetch until `lease`; `claim` is the fence that its writes carry."""

    connection: Connection
    claim: int
    lease: datetime
    host: str
    health: Health
    failures: int
    worked_at: datetime
    """When it was read last, or connected, if it never was."""
    ever_worked: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written down about a try: `tell` the person, unless they were told since it last worked."""

    health: Health
    due_at: datetime
    problem: str = ""
    failures: int = 0
    tell: bool = False


class Saved(StrEnum):
    """What became of a result: not ours to write any more, nothing differed, or events changed."""

    STALE = "stale"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


class Calendars(Protocol):
    """The stored calendars: `store.calendars.CalendarStore`. Each method is one short transaction."""

    async def next_due(self, shut: Collection[str]) -> datetime | None:
        """When the first calendar is due that is not at one of the hosts `shut`."""
        ...

    async def claim(
        self, now: datetime, lease: datetime, limit: int, shut: Collection[str], room: Callable[[str], int]
    ) -> Sequence[Claimed]:
        """Up to `limit` calendars that are due, none of `shut`, and of each host not more than `room` says."""
        ...

    async def save(self, claimed: Claimed, changes: Changes, outcome: Outcome, now: datetime) -> Saved:
        """Events, state, health and next due in one transaction; the person becomes due where events changed."""
        ...

    async def fail(self, claimed: Claimed, outcome: Outcome, now: datetime) -> bool:
        """Health and next due; False where the claim is stale."""
        ...

    async def postpone(self, host: str, until: datetime) -> None:
        """Leave every calendar of `host` alone until then."""
        ...


class CalendarSync:
    """`ports.DueWork` over calendars."""

    name = "calendars"

    def __init__(
        self,
        calendars: Calendars,
        sources: Mapping[str, Source],
        clock: Clock,
        bell: Bell,
        *,
        interval: timedelta,
        pace: HostPace | None = None,
        chance: Callable[[], float] | None = None,
        turn: float = TURN,
    ) -> None:
        """`sources` by provider; `interval` between two fetches; `chance` in [0, 1) spreads them."""
        self._calendars = calendars
        self._sources = sources
        self._clock = clock
        self._bell = bell
        self._interval = interval
        self._pace = pace or HostPace()
        self._chance = chance or random.SystemRandom().random
        self._turn = turn
        self._running: set[asyncio.Task[Saved | None]] = set()

    async def next_due(self) -> datetime | None:
        """When the first calendar is due that may be fetched."""
        now = self._clock.now()
        if any(task.done() for task in self._running):
            return now
        due = await self._calendars.next_due(self._pace.shut(now))
        opens = self._pace.opens(now)
        return min((instant for instant in (due, opens) if instant is not None), default=None)

    async def run_due(self) -> Report:
        """Fetch what is due, several at a time. A host that takes long delays nobody but its own calendars.

        Returns when all of it is done, or when its turn is over: what is left then goes on by itself, and is counted
        by a later run.
        """
        over = asyncio.get_running_loop().time() + self._turn
        done = changed = failed = 0
        while True:
            claimed = await self._claim()
            self._running |= {asyncio.create_task(self._sync(one)) for one in claimed}
            if not self._running or asyncio.get_running_loop().time() > over:
                return Report(done, changed, failed)
            finished, self._running = await asyncio.wait(
                self._running, timeout=min(_LOOK_AGAIN, self._turn), return_when=asyncio.FIRST_COMPLETED
            )
            results = await asyncio.gather(*finished, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):  # the store's own trouble: due again when the lease is over
                    raise result
                done += 1
                changed += result is Saved.CHANGED
                failed += result is None

    async def close(self) -> None:
        """Break off what is still being fetched; it is due again when its lease is over."""
        running, self._running = self._running, set()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _claim(self) -> Sequence[Claimed]:
        now = self._clock.now()
        if self._pace.free <= 0:
            return ()
        claimed = await self._calendars.claim(
            now, now + LEASE, self._pace.free, self._pace.shut(now), self._pace.free_at
        )
        for one in claimed:
            self._pace.begin(one.host)
        return claimed

    async def _sync(self, claimed: Claimed) -> Saved | None:
        """Fetch one calendar and write down what came of it; None for a failure."""
        error: CalendarError = CalendarError("crashed")
        changes: Changes | None = None
        with guarded("calendar_crashed", **_ids(claimed)):  # a mistake of ours about one calendar: the others go on
            try:
                changes = await self._fetch(claimed)
            except CalendarError as expected:
                error = expected
            finally:
                self._pace.end(claimed.host)
        if changes is not None:
            return await self._worked(claimed, changes)
        await self._failed(claimed, error)
        return None

    async def _fetch(self, claimed: Claimed) -> Changes:
        source = self._sources.get(claimed.connection.provider)
        if source is None:
            raise CalendarError("no such provider")
        try:
            async with asyncio.timeout(LEASE.total_seconds()):
                return await source.fetch(claimed.connection, self._clock.now())
        except TimeoutError:
            raise CalendarUnreachableError("took too long") from None

    async def _worked(self, claimed: Claimed, changes: Changes) -> Saved:
        now = self._clock.now()
        self._pace.answered(claimed.host)
        delay = max(self._interval, min(changes.floor or self._interval, LONGEST_FLOOR))
        outcome = Outcome(Health.OK, due_at=now + self._spread(delay))
        saved = await self._calendars.save(claimed, changes, outcome, now)
        if saved is Saved.CHANGED or claimed.health is not Health.OK:
            log.info("calendar_synced", **_ids(claimed), result=saved, problems=len(changes.problems))
            self._bell.ring()
        return saved

    async def _failed(self, claimed: Claimed, error: CalendarError) -> None:
        now = self._clock.now()
        outcome = after_failure(claimed, error, now, self._interval, self._spread)
        if isinstance(error, CalendarBusyError):
            until = self._pace.refused(claimed.host, now, error.retry_after)
            await self._calendars.postpone(claimed.host, until)
            outcome = Outcome(
                outcome.health, max(until, outcome.due_at), outcome.problem, outcome.failures, outcome.tell
            )
        written = await self._calendars.fail(claimed, outcome, now)
        log.warning(
            "calendar_failed", **_ids(claimed), host=claimed.host, problem=outcome.problem, reason=error.reason,
            failures=outcome.failures, health=outcome.health, stale=not written,
        )  # fmt: skip
        if outcome.tell or outcome.health is not claimed.health:
            self._bell.ring()

    def _spread(self, delay: timedelta) -> timedelta:
        return delay * (1 + JITTER * self._chance())


def after_failure(
    claimed: Claimed,
    error: CalendarError,
    now: datetime,
    interval: timedelta,
    spread: Callable[[timedelta], timedelta],
) -> Outcome:
    """When to try again after `error`, and whether the person is to be told.

    A host that refuses, or knows no such calendar, makes it broken: told at once, tried every few hours. The same
    holds for an address that has never given a calendar. Everything else is tried again after a minute, then two,
    four, … up to an hour, and told when three tries and an hour have gone by: a short outage is nobody's business.
    With an `interval` shorter than usual all of this is shorter too.
    """
    failures = claimed.failures + 1
    broken = isinstance(error, _FINAL) or (isinstance(error, _FINAL_AT_FIRST) and not claimed.ever_worked)
    if broken:
        delay = min(BROKEN_EVERY, interval * 24)
    else:
        delay = min(min(FIRST_RETRY, interval) * 2 ** min(failures - 1, 16), LONGEST_RETRY)
    asked = timedelta(seconds=error.retry_after or 0)
    lasting = failures >= TELL_AFTER_TRIES and now - claimed.worked_at >= min(TELL_AFTER, interval * 4)
    return Outcome(
        health=Health.BROKEN if broken else Health.FAILING,
        due_at=now + spread(max(delay, asked)),
        problem=type(error).__name__,
        failures=failures,
        tell=broken or lasting,
    )


def _ids(claimed: Claimed) -> dict[str, str]:
    connection = claimed.connection
    return {
        "team_id": connection.key.team_id,
        "user_id": connection.key.user_id,
        "calendar_id": connection.calendar_id,
    }
