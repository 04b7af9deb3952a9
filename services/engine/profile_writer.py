"""One person's status: read it, decide, write or leave it, write down what came of it.

This and nothing else writes a status to Slack. What is about to be written is stored before the call, so that
a crash between the call and its record leaves a status that is known to be ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import structlog

from services.domain import ownership
from services.domain.decisions import Action, Decision, Standing
from services.domain.errors import (
    BadEmojiError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackShutError,
    TokenExpiredError,
    WorkspaceBlockedError,
    WrongPersonError,
)
from services.domain.model import PersonKey, Span, Status
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState, Urgency
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import DEFAULT_EMOJI, default_emoji
from services.engine.emoji import UnknownEmoji
from services.engine.failures import (
    OUTAGE,
    Judge,
    again_in,
    back_off,
    blocked_back_off,
    outcome_of,
    reason_of,
)
from services.engine.resolve import digest
from services.platform.logs import of_error
from services.platform.metrics import Metrics
from services.ports import Clock, WakeSignal
from services.slack.calls import LONGEST_CALL, Calls, proven_owner, token_digest
from services.slack.limits import Budget
from services.slack.profile import GET, SET, TEST, SlackProfiles
from services.store.write_queue import BLOCKED, WriteQueue

log = structlog.get_logger(__name__)


class ProfileWriter:
    """Carries pending writes out, and counts them."""

    def __init__(
        self,
        profiles: SlackProfiles,
        queue: WriteQueue,
        clock: Clock,
        refresh: Callable[[PersonKey], Awaitable[None]],
        metrics: Metrics,
        *,
        unknown_emoji: UnknownEmoji,
        judge: Judge,
        wake_signal: WakeSignal,
    ) -> None:
        """`refresh` renews a person's expired token and raises where that does not work.

        `judge` says what a refusal of their token means: `TokenFaults.judged`. `wake_signal` has the engine's loops
        learn when the person is due.
        """
        self._profiles = profiles
        self._queue = queue
        self._clock = clock
        self._refresh = refresh
        self._metrics = metrics
        self._unknown_emoji = unknown_emoji
        self._judge = judge
        self._wake_signal = wake_signal

    def ready_at(self, pending: PendingWrite, budget: Budget) -> datetime | None:
        """Return when the calls that `pending` may need can be made; None for now."""
        now = self._clock.now()
        waits = [self.room_at(pending.urgency, budget), budget.ready_at(SET, now, pending.key.user_id)]
        if pending.token is not None and pending.memory.owner != token_digest(pending.token):
            waits.append(budget.ready_at(TEST, now))
        return max((wait for wait in waits if wait is not None), default=None)

    def room_at(self, urgency: int, budget: Budget) -> datetime | None:
        """Return when the workspace has room for another write of that urgency, whoever's it is; None for now."""
        now = self._clock.now()
        keep = 0 if urgency == Urgency.TYPED else budget.kept_for_typed(now)
        waits = (budget.ready_at(method, now, keep=keep) for method in (GET, SET))
        return max((wait for wait in waits if wait is not None), default=None)

    def take(self, pending: PendingWrite, budget: Budget, is_ours: Callable[[], bool] = lambda: True) -> Calls:
        """Take room for the calls that `pending` may need. Follows a `ready_at` of None without an await between.

        `is_ours`: whether this process still owns the workspace; asked before anything is written.
        """
        if pending.urgency == Urgency.TYPED:
            budget.typed(self._clock.now())
        methods = {GET: "", SET: pending.key.user_id}
        if pending.token is not None and pending.memory.owner != token_digest(pending.token):
            methods[TEST] = ""
        return Calls(budget, self._clock, pending.token, methods, is_ours)

    async def carry_out(self, pending: PendingWrite, calls: Calls) -> bool:
        """Look at the profile and do what is to be done; False where that is still to be done.

        A SlackError ends in its record, not in the caller.
        """
        try:
            return await self._carry_out(pending, calls)
        except SlackError as error:
            return await self._failed(pending, error)
        finally:
            calls.close()

    async def _carry_out(self, pending: PendingWrite, calls: Calls) -> bool:
        now, span = self._clock.now(), pending.span
        if pending.token is None or not pending.granted or (pending.pause is not None and pending.pause.holds(now)):
            await self._queue.drop(pending, now=now)
            return True
        if span is None:
            await self._queue.drop(pending, unresolved=True, now=now)
            self._wake_signal.wake()
            return True
        if span.end <= now:
            return False  # it has ended since it was read, and what is wished for may come after it: read it anew
        owner = await proven_owner(calls, self._profiles, pending.key.user_id, pending.memory.owner)
        now = self._clock.now()
        with calls.making(GET):
            profile = await self._profiles.read(pending.token)
        decision = ownership.decide(
            profile, pending.memory.standing, span, policy=pending.policy, pause=pending.pause, now=now
        )
        state = replace(
            pending.memory, owner=owner, decided=digest(span, pending.policy), override=span.override,
            look=decision.look_again, refusals=0,
        )  # fmt: skip
        if decision.status is not None:
            return await self._write(pending, state, decision, decision.status, calls)
        entry = None
        if decision.reason.code is not ReasonCode.SHOWS_ALREADY:
            entry = self._entry(pending, decision.action, decision.reason, "left", profile)
        await self._settle(pending, replace(state, standing=replace(decision.standing, pending=None)), entry)
        return True

    async def _write(
        self, pending: PendingWrite, state: ProfileState, decision: Decision, status: Status, calls: Calls
    ) -> bool:
        """Write `status`, unless it is not wished for any more; what is about to be there is remembered before."""
        before, unknown = pending.memory.standing, ""
        if await self._unknown_emoji.holds(pending.key.team_id, status.emoji):
            unknown, status = status.emoji, _instead(status, pending.span)
        if pending.urgency != Urgency.TYPED and ownership.foreseen(before, decision):
            may = await self._queue.confirm(pending)
        else:
            may = await self._intend(pending, _intended(state, before, replace(decision, status=status)))
        if not may or not calls.is_ours():
            return False
        if status.expiration is not None and status.expiration <= self._clock.now():
            return False  # the span ended meanwhile: an expiration is never in the past, and the next look knows better
        try:
            with calls.making(SET):
                returned = await self._profiles.write(calls.token, status)
        except BadEmojiError:  # once more with the kind's own emoji, which may be refused too
            if unknown:
                raise
            unknown, status = status.emoji, _instead(status, pending.span)
            await self._unknown_emoji.refused(pending.key.team_id, unknown)
            if not await self._intend(pending, _intended(state, before, replace(decision, status=status))):
                return False
            calls.take(SET)
            with calls.making(SET):
                returned = await self._profiles.write(calls.token, status)
        outcome = "done_with_another_emoji" if unknown else "done"
        entry = self._entry(pending, decision.action, decision.reason, outcome, returned, unknown=unknown)
        await self._settle(pending, replace(state, standing=ownership.record(decision, returned, unknown)), entry)
        log.info(
            "status_written", team_id=pending.key.team_id, user_id=pending.key.user_id, action=decision.action.value,
            reason=decision.reason.code.value,
        )  # fmt: skip
        return True

    async def _intend(self, pending: PendingWrite, state: ProfileState) -> bool:
        """Remember what is about to be written; False where it may not be.

        Of what was typed, it is also kept that a call is under way: whoever waits for it may give up, and takes it back
        then, but not while Slack is doing it.
        """
        typed = pending.urgency == Urgency.TYPED
        return await self._queue.intend(pending, state, self._clock.now() + LONGEST_CALL if typed else None)

    # ── when Slack does not do it ───────────────────────────────────────────────────────────────────

    async def _failed(self, pending: PendingWrite, error: SlackError) -> bool:
        """Record the error by its kind: try again later, wait for something else, or give up the grant.

        False where it is still to be done at once.
        """
        error = await self._judge(pending.key, pending.token, error)
        if isinstance(error, SlackShutError):
            if pending.urgency == Urgency.TYPED:
                await self._queue.not_called(pending)
            return False  # it waits as it is, until the workspace is served again
        now = self._clock.now()
        ids = {"team_id": pending.key.team_id, "user_id": pending.key.user_id}
        log.warning("status_not_written", **of_error(error), **ids)
        entry = self._entry(pending, Action.LEAVE, Reason(reason_of(error)), outcome_of(error), Status())
        if isinstance(error, SlackRateLimitedError):
            if pending.urgency == Urgency.TYPED:
                await self._queue.not_called(pending)
            return False  # the budget knows; the write waits as it is
        if isinstance(error, TokenExpiredError):
            try:
                await self._refresh(pending.key)
            except GrantLostError as lost:
                error = lost
            except SlackError:
                await self._postpone(pending, now + back_off(pending.failures), None)
                return True
            else:
                return False
        if isinstance(error, GrantLostError | ScopeMissingError | WrongPersonError):
            await self._queue.lose_grant(pending, entry)
            self._wake_signal.wake()  # who was deactivated is to be deleted in time
            self._count(entry.outcome)
        elif isinstance(error, WorkspaceBlockedError):
            await self._postpone(pending, now + blocked_back_off(pending.failures), entry, BLOCKED)
        elif isinstance(error, BadEmojiError | SlackRefusedError):
            # left until something else is wished for, but for a few tries
            decided = "" if pending.span is None else digest(pending.span, pending.policy)
            before = pending.memory.refusals if pending.memory.decided == decided else 0
            wait = again_in(error, before) if isinstance(error, SlackRefusedError) else None
            look = None if wait is None else now + wait
            await self._settle(pending, replace(pending.memory, decided=decided, look=look, refusals=before + 1), entry)
        else:
            told = entry if pending.failures == OUTAGE else None
            await self._postpone(pending, now + back_off(pending.failures), told)
        return True

    # ── records, counted ────────────────────────────────────────────────────────────────────────────

    async def _settle(self, pending: PendingWrite, state: ProfileState, entry: AuditEntry | None) -> None:
        await self._queue.settle(pending, state, entry)
        if state.look is not None:
            self._wake_signal.wake()
        self._count("shows_already" if entry is None else entry.outcome)
        if entry is not None and entry.written and pending.span is not None:
            # a status follows the start of its span, or what was learned later: a new event, a pause that ended
            late = entry.at - max(pending.span.start, pending.since)
            self._metrics.edge_lateness.observe(max(0.0, late.total_seconds()))

    async def _postpone(
        self, pending: PendingWrite, until: datetime, entry: AuditEntry | None, notice: str = ""
    ) -> None:
        await self._queue.postpone(pending, until, entry, notice)
        self._count("postponed" if entry is None else entry.outcome)

    def _count(self, outcome: str) -> None:
        self._metrics.writes.labels(outcome.partition(":")[0]).inc()

    def _entry(
        self, pending: PendingWrite, action: Action, reason: Reason, outcome: str, status: Status, *, unknown: str = ""
    ) -> AuditEntry:
        span = pending.span
        return AuditEntry(
            at=self._clock.now(), action=action, reason=reason, outcome=outcome,
            rule="" if span is None else span.rule, uid="" if span is None else span.uid, status=status,
            unknown_emoji=unknown,
        )  # fmt: skip


def _intended(state: ProfileState, before: Standing, decision: Decision) -> ProfileState:
    """Return what is remembered before the call that carries out `decision`."""
    return replace(state, decided="", standing=ownership.intent(before, decision))


def _instead(status: Status, span: Span | None) -> Status:
    """Return the same where Slack does not know its emoji: with the kind's own."""
    own = default_emoji(None if span is None else span.kind)
    return replace(status, emoji=DEFAULT_EMOJI if own in {"", status.emoji} else own)
