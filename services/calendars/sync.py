"""Keeping calendars true: what is due is fetched, what changed is written, whoever it concerns becomes due.

No answer, a broken answer and an empty answer are not the same as "no events": each of them leaves the last good
events as they are, and only marks the calendar.
When a calendar is fetched next, by polling after a try that worked and retrying after one that failed, is decided by
two pure functions. A change matters most shortly before a status changes, and people move their meetings while they
work.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.calendars.ports import Source
from services.domain.calendars import PUSHING, Changes, Claimed, FetchOutcome, Health, Saved
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
    CalendarUnreachableError,
    NotACalendarError,
    PasswordRefusedError,
)
from services.domain.faults import client_fault
from services.domain.host_limits import PROVIDER, HostLimits
from services.domain.model import PersonKey
from services.platform.logs import guarded, of_error
from services.platform.metrics import Metrics
from services.ports import Clock, Report, WakeSignal
from services.store.calendars import CalendarStore
from services.store.faults import FaultStore

log = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
LONGEST_FLOOR = timedelta(days=1)
BROKEN_EVERY = timedelta(hours=6)
TELL_AFTER = timedelta(hours=1)
TELL_AFTER_TRIES = 3

_FINAL = (PasswordRefusedError, AddressNotAllowedError)
_FINAL_IN_THE_END = (CalendarRefusedError, CalendarGoneError)
_FINAL_AT_FIRST = (*_FINAL_IN_THE_END, NotACalendarError, CalendarTooLargeError, CalendarTooCostlyError)

NEAR = timedelta(minutes=15)
"""So long before an edge, looks are frequent."""

SHORTEST = timedelta(minutes=1)
_AWAKE = (time(7), time(19))
_FRIDAY = 4
_NEAR_SHARE, _AWAKE_SHARE = 6, 3


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

    A password that is refused makes it broken: told at once, tried every few hours. The same holds for an address that
    has never given a calendar. One that has is broken where its host refuses or knows no such calendar twice in a row,
    at the third failure or later: a host that is being mended says that, too. It is not asked sooner than after
    `FIRST_RETRY`, and every few hours only when that has lasted. Everything else is tried again after `first`, then
    twice, four times, … that, up to an hour, and told when three tries and an hour have gone by: a short outage is
    nobody's business. Who says when to come back is asked then, the first times.
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
    lasting = failures >= TELL_AFTER_TRIES and now - claimed.worked_at >= min(TELL_AFTER, interval * 4)
    hopeless = isinstance(error, _FINAL) or (isinstance(error, _FINAL_AT_FIRST) and not claimed.ever_worked)
    broken = hopeless
    if isinstance(error, _FINAL_IN_THE_END):
        first = max(first, FIRST_RETRY)
        said_before = claimed.problem in {kind.__name__ for kind in _FINAL_IN_THE_END}
        broken |= said_before and failures >= TELL_AFTER_TRIES
        hopeless |= broken and lasting
    if hopeless:
        delay = min(BROKEN_EVERY, interval * 24)
    else:
        delay = min(min(first, interval) * 2 ** min(failures - 1, 16), LONGEST_RETRY)
    asked = timedelta(seconds=error.retry_after or 0)
    if isinstance(error, CalendarBusyError) and asked and failures <= TELL_AFTER_TRIES:
        delay = asked
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


def is_missed_push(claimed: Claimed, changes: Changes, now: datetime, interval: timedelta) -> bool:
    """Return whether a regular look, `interval` after the last one, has found what the provider had promised to tell.

    A push makes a calendar due earlier than that. Where the last look failed, the push may have come in between.
    """
    is_regular = claimed.ever_worked and claimed.health is Health.OK and now - claimed.worked_at >= interval
    return claimed.watched and is_regular and changes.told


LEASE = timedelta(minutes=2)
"""How long a claimed calendar is left alone by others, where there is one process: it takes up its own at its start."""

SHORT_LEASE = timedelta(seconds=15)
"""The same where there are replicas: so long a push may wait after the one that was fetching died."""

LONGEST_FETCH = 120.0
"""Seconds of real time after which a fetch is broken off. Its lease is prolonged all the while."""

QUICK_RETRY = timedelta(seconds=10)
"""After the first failure of a calendar that people expect to follow at once."""

JITTER = 0.1
"""Every delay is longer by up to this share of it, so that a thousand calendars connected at once spread out."""

_LOOK_AGAIN = 0.2
"""Seconds of real time after which what has become due meanwhile is begun, while others are still being fetched."""


@dataclass(slots=True, eq=False)
class CalendarSync:
    """`ports.DueWork` over calendars."""

    name = "calendars"

    calendars: CalendarStore
    sources: Mapping[str, Source]
    """By provider."""
    clock: Clock
    wake_signal: WakeSignal
    interval: timedelta
    """Between two fetches."""
    faults: FaultStore
    """It is told where a provider does not take us."""
    polled_often: Collection[str] = ()
    """The providers that are asked more often when it matters, unless they tell of changes."""
    chance: Callable[[], float] = random.SystemRandom().random
    """In [0, 1); spreads the fetches."""
    turn: float = 5.0
    """Seconds of real time that one run takes, whatever there is to do: a stop waits no longer than that."""
    lease: timedelta = LEASE
    metrics: Metrics = field(default_factory=Metrics)
    _limits: HostLimits = field(default_factory=HostLimits, init=False)
    _running: set[asyncio.Task[Saved | None]] = field(default_factory=set, init=False)

    async def next_due(self) -> datetime | None:
        """Return when the first calendar is due that may be fetched."""
        now = self.clock.now()
        if any(task.done() for task in self._running):
            return now
        due = await self.calendars.next_due(self._limits.shut(now))
        opens = self._limits.opens(now)
        return min((instant for instant in (due, opens) if instant is not None), default=None)

    async def run_due(self) -> Report:
        """Fetch what is due, several at a time. A host that takes long delays nobody but its own calendars.

        Returns when all of it is done, or when its turn is over: what is left then goes on by itself, and is counted
        by a later run.
        """
        over = asyncio.get_running_loop().time() + self.turn
        done = changed = failed = 0
        while True:
            now = self.clock.now()
            if self._limits.free > 0:
                claimed = await self.calendars.claim(now, now + self.lease, self._limits)
                for one in claimed:
                    self._limits.begin(*_as_counted(one))
                self._running |= {asyncio.create_task(self._sync(one)) for one in claimed}
            if not self._running or asyncio.get_running_loop().time() > over:
                return Report(done, changed, failed)
            finished, self._running = await asyncio.wait(
                self._running, timeout=min(_LOOK_AGAIN, self.turn), return_when=asyncio.FIRST_COMPLETED
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
                self._limits.end(*_as_counted(claimed))
        if changes is not None:
            return await self._worked(claimed, changes)
        await self._failed(claimed, error)
        return None

    async def _fetch(self, claimed: Claimed) -> Changes:
        """Return what the source gives, keeping up the claim meanwhile."""
        provider = claimed.connection.provider
        source = self.sources.get(provider)
        if source is None:
            raise CalendarError("no such provider")
        fetching = asyncio.ensure_future(source.fetch(claimed.connection, self.clock.now()))
        try:
            async with asyncio.timeout(LONGEST_FETCH):
                while not (await asyncio.wait({fetching}, timeout=self.lease.total_seconds() / 3))[0]:
                    await self.calendars.prolong(claimed, self.clock.now() + self.lease)
                changes = fetching.result()
        except CalendarError as failure:
            self.metrics.syncs.labels(provider, type(failure).__name__).inc()
            raise
        except TimeoutError:
            raise CalendarUnreachableError("took too long") from None
        finally:
            if not fetching.done():
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)
        self.metrics.syncs.labels(provider, "unchanged" if changes.unchanged else "changed").inc()
        return changes

    async def _worked(self, claimed: Claimed, changes: Changes) -> Saved:
        now, provider = self.clock.now(), claimed.connection.provider
        self._limits.answered(claimed.pace)
        self._limits.answered(PROVIDER + provider)
        pause = self.interval
        if provider in self.polled_often and not claimed.watched:
            pause = until_next_look(self.interval, now, claimed.connection.zone, claimed.next_edge)
        # The source's own floor counts, up to a day.
        pause = max(pause, min(changes.floor or pause, LONGEST_FLOOR))
        outcome = FetchOutcome(Health.OK, due_at=now + self._spread(pause))
        saved = await self.calendars.save(claimed, changes, outcome, now)
        if saved is Saved.CHANGED and is_missed_push(claimed, changes, now, self.interval):
            self.metrics.pushes.labels(provider, "missed").inc()
            log.info("push_missed", **_ids(claimed), provider=provider)
        if provider in PUSHING:  # where they are read with our own credentials
            await self.faults.over(client_fault(provider))
        if saved is Saved.CHANGED or claimed.health is not Health.OK:
            log.info("calendar_synced", **_ids(claimed), result=saved, problems=len(changes.problems))
            self.wake_signal.wake()
        return saved

    async def _failed(self, claimed: Claimed, error: CalendarError) -> None:
        now, provider = self.clock.now(), claimed.connection.provider
        first = QUICK_RETRY if provider in self.polled_often else FIRST_RETRY
        outcome = after_failure(claimed, error, now, self.interval, self._spread, first=first)
        if isinstance(error, CalendarBusyError):
            whose = PROVIDER + provider if error.everybody else claimed.pace
            until = self._limits.refused(whose, now, error.retry_after, first)
            await self.calendars.postpone(whose, until)
            outcome = replace(outcome, due_at=max(until, outcome.due_at or until))
        written = await self.calendars.fail(claimed, outcome, now)
        if isinstance(error, AppRefusedError):  # the operator's to mend: said once until it works again
            await self.faults.met(client_fault(provider), error.reason, claimed.connection.key.team_id)
            return
        log.warning(
            "calendar_failed", **_ids(claimed), host=claimed.host, provider=provider, **of_error(error),
            failures=outcome.failures, health=outcome.health, stale=not written,
        )  # fmt: skip
        if outcome.tell or outcome.health is not claimed.health:
            self.wake_signal.wake()

    def _spread(self, delay: timedelta) -> timedelta:
        return delay * (1 + JITTER * self.chance())


def _as_counted(claimed: Claimed) -> tuple[str, PersonKey, str]:
    """Return what a fetch is to `HostLimits`."""
    return claimed.pace, claimed.connection.key, claimed.connection.provider


def _ids(claimed: Claimed) -> dict[str, str]:
    connection = claimed.connection
    return {"team_id": connection.key.team_id, "user_id": connection.key.user_id, "calendar_id": connection.calendar_id}
