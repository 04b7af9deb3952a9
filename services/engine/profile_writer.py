"""One person's wish carried out: read the profile, decide, write or leave it, write down what came of it.

This and nothing else writes to a Slack profile. What is about to be written is stored before the call, so that
a crash between the call and its record leaves a status that is known to be ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.domain import ownership
from services.domain.errors import (
    BadEmojiError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
    TokenExpiredError,
    WorkspaceBlockedError,
    WrongPersonError,
)
from services.domain.model import Action, Decision, PersonKey, Reason, ReasonCode, Span, Status
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState
from services.domain.rules import default_emoji
from services.engine.limits import Budget, Slot
from services.engine.tick import digest
from services.ports import Clock

log = structlog.get_logger(__name__)

READ = "users.profile.get"
WRITE = "users.profile.set"
TEST = "auth.test"

LAST_RESORT = ":speech_balloon:"
"""The emoji that Slack itself puts beside a text without one (docs.slack.dev, "User presence and status")."""

KEPT_FOR_TYPED = 8
"""Of a workspace's calls in a minute, those that are left for what people type: an hour's start that uses up all of
the others does not make them wait."""

FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(minutes=5)
BLOCKED_BACK_OFF = timedelta(hours=1)
"""The first pause where a workspace does not let us; each further one is twice as long, up to sixteen hours."""

REFUSED_BACK_OFFS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""When to try again what Slack has refused; after the last one not before something else is wished for."""

OUTAGE = 3
"""The failure in a row, counted from 0, at which a person is told why they wait."""

_MOST_OUTCOME = 64


class Profiles(Protocol):
    """The Slack profiles: `services.slack.profile.SlackProfiles`. Each raises a SlackError."""

    async def owner(self, token: str) -> str:
        """The user id that the token belongs to."""
        ...

    async def read(self, token: str) -> Status:
        """What the token's owner's profile shows."""
        ...

    async def write(self, token: str, status: Status) -> Status:
        """Set the status of the token's owner; what Slack made of it."""
        ...


class Wishes(Protocol):
    """Where what came of a wish is recorded: `store.lanes.WriteQueue`."""

    async def intend(self, wish: PendingWrite, memory: ProfileState, budget: str) -> bool: ...  # noqa: D102  # see WriteQueue
    async def settle(  # noqa: D102  # see WriteQueue
        self, wish: PendingWrite, memory: ProfileState, attempt: AuditEntry | None, budget: str
    ) -> None: ...  # see WriteQueue
    async def drop(self, wish: PendingWrite, *, unresolved: bool = False, now: datetime) -> None: ...  # noqa: D102  # see WriteQueue
    async def postpone(  # noqa: D102  # see WriteQueue
        self, wish: PendingWrite, until: datetime, attempt: AuditEntry | None, notice: str, budget: str
    ) -> None: ...
    async def lose_grant(self, wish: PendingWrite, attempt: AuditEntry) -> None: ...  # noqa: D102  # see WriteQueue


class ProfileWriter:
    """Carries wishes out."""

    def __init__(
        self,
        profiles: Profiles,
        wishes: Wishes,
        clock: Clock,
        refresh: Callable[[PersonKey], Awaitable[None]],
    ) -> None:
        """`refresh` renews a person's expired token and raises where that does not work."""
        self._profiles = profiles
        self._wishes = wishes
        self._clock = clock
        self._refresh = refresh

    def ready_at(self, wish: PendingWrite, budget: Budget) -> datetime | None:
        """When the calls that `wish` may need can be made; None for now."""
        now = self._clock.now()
        waits = [self.room_at(wish.urgency, budget), budget.ready_at(WRITE, now, wish.key.user_id)]
        if wish.token is not None and wish.memory.owner != token_digest(wish.token):
            waits.append(budget.ready_at(TEST, now))
        return max((wait for wait in waits if wait is not None), default=None)

    def room_at(self, urgency: int, budget: Budget) -> datetime | None:
        """When the workspace has room for another wish of that urgency, whoever's it is; None for now."""
        now, keep = self._clock.now(), KEPT_FOR_TYPED if urgency else 0
        waits = (budget.ready_at(method, now, keep=keep) for method in (READ, WRITE))
        return max((wait for wait in waits if wait is not None), default=None)

    def take(self, wish: PendingWrite, budget: Budget) -> Calls:
        """Take room for the calls that `wish` may need. Follows a `ready_at` of None without an await between."""
        return Calls(budget, self._clock, wish)

    async def keep(self, wish: PendingWrite, calls: Calls) -> bool:
        """Carry `wish` out; False where it is still to be done. A SlackError ends in its record, not in the caller."""
        try:
            return await self._keep(wish, calls)
        except SlackError as error:
            await self._failed(wish, error, calls)
            return not isinstance(error, SlackRateLimitedError)
        finally:
            calls.close()

    async def _keep(self, wish: PendingWrite, calls: Calls) -> bool:
        now = self._clock.now()
        if wish.token is None or not wish.granted or (wish.pause is not None and wish.pause.holds(now)):
            await self._wishes.drop(wish, now=now)
            return True
        if wish.span is None:
            await self._wishes.drop(wish, unresolved=True, now=now)
            return True
        if wish.span.end <= now:
            return False  # it has ended since it was read, and the wish may be about what came after it: read it anew
        memory = await self._owned(wish, wish.token, calls)
        now = self._clock.now()
        async with calls.making(READ):
            profile = await self._profiles.read(wish.token)
        decision = ownership.decide(profile, memory.standing, wish.span, policy=wish.policy, pause=wish.pause, now=now)
        memory = replace(
            memory,
            decided=digest(wish.span, wish.policy),
            override=wish.span.override,
            look=decision.look_again,
            refusals=0,
        )
        if decision.status is not None:
            return await self._write(wish, memory, decision, decision.status, calls)
        await self._leave(wish, memory, decision, profile, calls)
        return True

    async def _owned(self, wish: PendingWrite, token: str, calls: Calls) -> ProfileState:
        """The memory, with the token known to be this person's own. Raises WrongPersonError."""
        known = token_digest(token)
        if wish.memory.owner == known:
            return wish.memory
        async with calls.making(TEST):
            owner = await self._profiles.owner(token)
        if owner != wish.key.user_id:
            raise WrongPersonError("token_of_somebody_else")
        return replace(wish.memory, owner=known)

    async def _leave(
        self, wish: PendingWrite, memory: ProfileState, decision: Decision, profile: Status, calls: Calls
    ) -> None:
        memory = replace(memory, standing=replace(decision.standing, pending=None))
        attempt = None
        if decision.reason.code is not ReasonCode.SHOWS_ALREADY:
            attempt = self._attempt(wish, decision.action, decision.reason, "left", profile)
        await self._wishes.settle(wish, memory, attempt, calls.state())

    async def _write(
        self, wish: PendingWrite, memory: ProfileState, decision: Decision, status: Status, calls: Calls
    ) -> bool:
        intended = replace(memory, decided="", standing=ownership.intent(memory.standing, decision))
        if not await self._wishes.intend(wish, intended, calls.state()):
            return False
        if status.expiration is not None and status.expiration <= self._clock.now():
            return False  # the span ended meanwhile: an expiration is never in the past, and the next look knows better
        outcome = "done"
        try:
            async with calls.making(WRITE):
                returned = await self._profiles.write(calls.token, status)
        except BadEmojiError:
            outcome = "done_with_another_emoji"
            returned = await self._with_another_emoji(status, wish.span, calls)
        memory = replace(memory, standing=ownership.record(decision, returned))
        await self._wishes.settle(
            wish, memory, self._attempt(wish, decision.action, decision.reason, outcome, returned), calls.state()
        )
        log.info(
            "status_written", team_id=wish.key.team_id, user_id=wish.key.user_id, action=decision.action.value,
            reason=decision.reason.code.value,
        )  # fmt: skip
        return True

    async def _with_another_emoji(self, status: Status, span: Span | None, calls: Calls) -> Status:
        """One retry with the kind's own emoji. Raises BadEmojiError where that one is refused too."""
        fallback = default_emoji(None if span is None else span.kind)
        if fallback in {"", status.emoji}:
            fallback = LAST_RESORT
        calls.take_another_write()
        async with calls.making(WRITE):
            return await self._profiles.write(calls.token, replace(status, emoji=fallback))

    # ── when Slack does not do it ───────────────────────────────────────────────────────────────────

    async def _failed(self, wish: PendingWrite, error: SlackError, calls: Calls) -> None:
        now = self._clock.now()
        ids = {"team_id": wish.key.team_id, "user_id": wish.key.user_id}
        log.warning("status_not_written", error=type(error).__name__, reason=error.reason, **ids)
        outcome = f"{type(error).__name__}:{error.reason}"[:_MOST_OUTCOME]
        attempt = self._attempt(wish, Action.LEAVE, Reason(_why(error)), outcome, Status())
        if isinstance(error, SlackRateLimitedError):
            return  # the budget knows; the wish waits as it is
        if isinstance(error, GrantLostError | ScopeMissingError | WrongPersonError):
            await self._wishes.lose_grant(wish, attempt)
        elif isinstance(error, TokenExpiredError):
            await self._renew(wish, attempt, calls, now)
        elif isinstance(error, WorkspaceBlockedError):
            until = now + BLOCKED_BACK_OFF * (1 << min(wish.failures, 4))
            await self._wishes.postpone(wish, until, attempt, "blocked", calls.state())
        elif isinstance(error, BadEmojiError | SlackRefusedError):
            await self._refused(wish, attempt, calls, now, again=isinstance(error, SlackRefusedError))
        else:
            line = attempt if wish.failures == OUTAGE else None
            await self._wishes.postpone(wish, now + back_off(wish.failures), line, "", calls.state())

    async def _refused(
        self, wish: PendingWrite, attempt: AuditEntry, calls: Calls, now: datetime, *, again: bool
    ) -> None:
        """Slack does not take this status: leave it until something else is wished for, but for a few tries `again`."""
        decided = "" if wish.span is None else digest(wish.span, wish.policy)
        before = wish.memory.refusals if wish.memory.decided == decided else 0
        look = now + REFUSED_BACK_OFFS[before] if again and before < len(REFUSED_BACK_OFFS) else None
        memory = replace(wish.memory, decided=decided, look=look, refusals=before + 1)
        await self._wishes.settle(wish, memory, attempt, calls.state())

    async def _renew(self, wish: PendingWrite, attempt: AuditEntry, calls: Calls, now: datetime) -> None:
        try:
            await self._refresh(wish.key)
        except GrantLostError:
            await self._wishes.lose_grant(wish, attempt)
        except SlackError:
            await self._wishes.postpone(wish, now + back_off(wish.failures), None, "", calls.state())

    def _attempt(self, wish: PendingWrite, action: Action, reason: Reason, outcome: str, status: Status) -> AuditEntry:
        span = wish.span
        return AuditEntry(
            at=self._clock.now(), action=action, reason=reason, outcome=outcome,
            rule="" if span is None else span.rule, uid="" if span is None else span.uid, status=status,
        )  # fmt: skip


class Calls:
    """The room that one wish has taken from its lane's budget; what was not used is given back at the end."""

    def __init__(self, budget: Budget, clock: Clock, wish: PendingWrite) -> None:
        """Takes room for a read and a write, and for asking whose the token is where that is not known."""
        self._budget = budget
        self._clock = clock
        self._person = wish.key.user_id
        self.token = wish.token or ""
        self._open: dict[str, Slot] = {}
        now = clock.now()
        self._open[READ] = budget.take(READ, now)
        self._open[WRITE] = budget.take(WRITE, now, self._person)
        if wish.token is not None and wish.memory.owner != token_digest(wish.token):
            self._open[TEST] = budget.take(TEST, now)

    def take_another_write(self) -> None:
        """Room for one write more."""
        self._open[WRITE] = self._budget.take(WRITE, self._clock.now(), self._person)

    def making(self, method: str) -> _Call:
        """Use the room for `method`: an async context around the call."""
        return _Call(self._budget, self._clock, self._open.pop(method))

    def state(self) -> str:
        """The budget as it is to be stored."""
        return self._budget.to_json(self._clock.now())

    def close(self) -> None:
        """Give back what was not used."""
        for slot in self._open.values():
            self._budget.give_back(slot)
        self._open.clear()


class _Call:
    def __init__(self, budget: Budget, clock: Clock, slot: Slot) -> None:
        self._budget, self._clock, self._slot = budget, clock, slot

    async def __aenter__(self) -> None:
        self._slot.started = self._clock.now()

    async def __aexit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        now = self._clock.now()
        self._budget.done(self._slot, now)
        if error is None:
            self._budget.went_well(self._slot)
        elif isinstance(error, SlackRateLimitedError):
            self._budget.refused(self._slot, error.retry_after, now)


def _why(error: SlackError) -> ReasonCode:
    """The reason for the person."""
    if isinstance(error, WorkspaceBlockedError):
        return ReasonCode.BLOCKED
    if isinstance(error, BadEmojiError | SlackRefusedError):
        return ReasonCode.REFUSED
    return ReasonCode.UNREACHABLE if isinstance(error, SlackUnavailableError) else ReasonCode.NO_GRANT


def token_digest(token: str) -> str:
    """What a token is recognised by without keeping it."""
    return hashlib.sha256(token.encode()).hexdigest()[:24]


def back_off(failures: int) -> timedelta:
    """How long to wait after the `failures`-th failure in a row, counted from 0: doubling, up to five minutes."""
    return min(FIRST_BACK_OFF * (1 << min(failures, 10)), LONGEST_BACK_OFF)
