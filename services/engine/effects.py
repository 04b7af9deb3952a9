"""What happens besides the status, carried out for everybody for whom it is due: one sender for each effect.

Like statuses: within the workspaces that this process owns, within their budgets, the owner of a token checked, what is
about to be done stored before the call. What is refused or limited of one effect holds up no other, and no status.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from services.domain import effects
from services.domain.decisions import Action
from services.domain.effects import DueEffect, EffectMemory
from services.domain.errors import (
    GrantLostError,
    PhotoUnreadableError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackShutError,
    TokenExpiredError,
    WrongPersonError,
)
from services.domain.model import Effect, PersonKey, Stretch
from services.domain.profile_state import AuditEntry
from services.domain.reasons import Reason, ReasonCode
from services.engine.failures import OUTAGE, Judge, again_in, back_off, outcome_of, reason_of
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded, of_error
from services.ports import Clock
from services.slack import scopes
from services.slack.calls import Calls, proven_owner, token_digest
from services.slack.limits import Budget
from services.slack.profile import TEST, SlackProfiles
from services.store.effects import EffectStore
from services.store.pictures import KeptPicture

log = structlog.get_logger(__name__)

MANY = 100
"""How many are looked for at once."""

AT_ONCE, AT_ONCE_OF_A_WORKSPACE = 16, 4
"""For how many people one effect is carried out at the same time."""

AFTER_STATUSES = 0.1
"""Seconds of real time that are left to the statuses of the same edge, before anything is begun."""

KEPT_FOR_TAKING_BACK = 6
"""Of a workspace's calls in a minute, those that are left for what is to be taken back; a sixth where there are few."""

LONGEST_DEBT_BACK_OFF = timedelta(seconds=30)
UNREADABLE_BACK_OFF = OWED_BACK_OFF = timedelta(hours=1)

_LEFT = frozenset(
    {
        ReasonCode.OWN_SNOOZE, ReasonCode.UNMUTED_BY_HAND, ReasonCode.OWN_AWAY, ReasonCode.ACTIVE_BY_HAND,
        ReasonCode.PHOTO_BY_HAND, ReasonCode.NO_PICTURE, ReasonCode.NOT_PERMITTED,
    }
)  # fmt: skip


class Turn:
    """One person's effect while it is carried out.

    `stretch` is the one that it is wanted for, None where it is not; `memory` what is remembered before the look.
    """

    def __init__(self, due: DueEffect, calls: Calls, store: EffectStore, clock: Clock) -> None:
        """Take `calls`, which has room for all that `Carrier.methods` names."""
        self.due, self.calls = due, calls
        self.stretch = due.wanted(clock.now())
        memory = replace(due.memory, kept_until=None)
        if self.stretch is None:
            memory = effects.brought_up(memory, due.stretch, wanted=False, now=clock.now())
        self.memory: Any = memory
        self._store = store
        self._clock = clock

    async def intend(self, memory: EffectMemory, pictures: Sequence[KeptPicture] = ()) -> bool:
        """Remember `memory` before a call that changes something; False, and none may be made: read it anew."""
        taken_up = await self._store.take_up(self.due, replace(memory, owner=self.memory.owner), pictures)
        if taken_up is None:
            return False
        self.due = taken_up
        return self.calls.is_ours()

    async def settle(self, memory: EffectMemory, look: datetime | None = None, action: Action | None = None) -> None:
        """Remember `memory`, after `action` if one was taken, and look again at `look` at the latest."""
        before, reason, entry = self.memory.reason, memory.reason, None
        if action is not None and reason is not None:
            entry = self.entry(action, reason, "done")
        elif reason is not None and reason.code in _LEFT and (before is None or before.code is not reason.code):
            entry = self.entry(Action.LEAVE, reason, "left")
        memory = replace(memory, owner=self.memory.owner)
        await self._store.settle(self.due, memory, self.due.next_look(memory, look), entry)
        if action is not None:
            ids = {"team_id": self.due.key.team_id, "user_id": self.due.key.user_id}
            log.info("effect_carried_out", effect=self.due.effect.value, action=action.value, **ids)

    def entry(self, action: Action, reason: Reason, outcome: str) -> AuditEntry:
        """Return a line of the audit."""
        return AuditEntry(self._clock.now(), action, reason, outcome, rule=reason.rule, effect=self.due.effect)


class Carrier(Protocol):
    """Carries one effect out: a snooze, presence, the photo."""

    effect: Effect

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """Return what may be called to put it on for `stretch`, or to take it back."""
        ...

    async def carry_out(self, turn: Turn) -> None:
        """Look at what Slack shows, do what is to be done, and remember it. Raises SlackError."""
        ...


class EffectSender:
    """A chore of the sender: one effect, for all of whom it is due."""

    def __init__(
        self,
        carrier: Carrier,
        store: EffectStore,
        workspaces: OwnedWorkspaces,
        *,
        profiles: SlackProfiles,
        refresh: Callable[[PersonKey], Awaitable[None]],
        judge: Judge,
        clock: Clock,
        after: float = AFTER_STATUSES,
    ) -> None:
        """`profiles` tell whose a token is; `refresh` renews an expired one and raises where that does not work.

        `judge` says what a refusal of one means.
        """
        self._carrier = carrier
        self._store = store
        self._workspaces = workspaces
        self._profiles = profiles
        self._refresh = refresh
        self._judge = judge
        self._clock = clock
        self._after = after
        self._went_on = False  # something was carried out the last time
        self._full: dict[str, datetime] = {}  # workspaces without room, but for what is taken back, and until when
        self._closed: dict[str, datetime] = {}  # those without any room

    async def run(self) -> datetime | None:
        """Carry out what may be now; when there is more to do."""
        if self._after and not self._went_on:
            await asyncio.sleep(self._after)
        now, effect = self._clock.now(), self._carrier.effect
        first = await self._store.first_due(effect)
        if first is None or first > now:  # as after most of what is typed: that waits for no more reads
            self._went_on = False
            return first
        self._full = {team_id: at for team_id, at in self._full.items() if at > now}
        self._closed = {team_id: at for team_id, at in self._closed.items() if at > now}
        others = self._workspaces.others | self._closed.keys()
        due = await self._store.due(effect, now, MANY, others=others, full=self._full.keys())
        await self._workspaces.own({one.key.team_id for one in due})
        known = len(self._full) + len(self._closed)
        started = self._start(due, now)
        more = len(due) == MANY and len(self._full) + len(self._closed) > known  # without those there are others
        await asyncio.gather(*(self._guarded(one, work) for one, work in started))
        self._went_on = bool(started)
        if started or more:  # what is due after these, or has become due meanwhile
            return self._clock.now()
        waits = (await self._store.next_due(effect, now), *self._full.values(), *self._closed.values())
        return min((at for at in waits if at is not None), default=None)

    def _start(self, due: list[DueEffect], now: datetime) -> list[tuple[DueEffect, Coroutine[Any, Any, None]]]:
        started: list[tuple[DueEffect, Coroutine[Any, Any, None]]] = []
        places: Counter[str] = Counter()
        for one in due:
            team_id = one.key.team_id
            workspace = self._workspaces.get(team_id)
            if workspace is None:
                continue
            if len(started) >= AT_ONCE:
                break
            if (work := self._without_calls(one, workspace.budget, now)) is not None:
                started.append((one, work))
            elif places[team_id] < AT_ONCE_OF_A_WORKSPACE and self._has_room(one, workspace, now):
                places[team_id] += 1
                calls = self._calls(one, workspace.budget, now, partial(self._workspaces.still_has, workspace))
                self._workspaces.take(workspace, one.key.user_id, self._carrier.effect)
                started.append((one, self._in(workspace, one, calls)))
        return started

    async def see_off(self, key: PersonKey, budget: Budget) -> None:
        """Take the effect back of one person who is being forgotten, whoever owns their workspace.

        Where another process does the same, one of the two comes first, and to do it twice does no harm.
        """
        now = self._clock.now()
        for one in await self._store.of(key, now):
            is_due = one.due_at is not None and one.due_at <= now
            if one.effect is self._carrier.effect and one.leaving and is_due:
                ready = (budget.ready_at(method, now) for method in self._methods(one, now))
                if (work := self._without_calls(one, budget, now)) is not None:
                    await self._guarded(one, work)
                elif not any(ready):
                    await self._guarded(one, self._one(one, self._calls(one, budget, now, lambda: True)))

    async def _guarded(self, due: DueEffect, work: Coroutine[Any, Any, None]) -> None:
        ids = {"team_id": due.key.team_id, "user_id": due.key.user_id}
        with guarded("effect_not_carried_out", effect=due.effect.value, **ids) as result:
            await work
        if result.failed:
            with guarded("effect_not_put_off", effect=due.effect.value, **ids):
                await self._store.put_off(due, self._clock.now() + back_off(due.failures))

    def _without_calls(self, due: DueEffect, budget: Budget, now: datetime) -> Coroutine[Any, Any, None] | None:
        """Return what to do where no call is to be made, or may be."""
        if not due.readable:
            return self._store.put_off(due, now + UNREADABLE_BACK_OFF)
        memory = effects.without_look(due, now)
        stretch = None if due.asks(now) else due.wanted(now)
        # what is to be taken back is tried all the same
        if memory is None and stretch is not None and not scopes.FOR_EFFECT[due.effect] <= due.scopes:
            fresh = effects.brought_up(due.memory, due.stretch, wanted=True, now=now)
            memory = effects.refused(fresh, ReasonCode.NOT_PERMITTED, stretch)
        if memory is None:
            return None
        turn = Turn(due, Calls(budget, self._clock, None, {}, lambda: True), self._store, self._clock)
        return turn.settle(memory)

    def _methods(self, due: DueEffect, now: datetime) -> tuple[str, ...]:
        known = due.token is not None and due.memory.owner == token_digest(due.token)
        return (*self._carrier.methods(due.wanted(now)), *(() if known else (TEST,)))

    def _has_room(self, due: DueEffect, workspace: OwnedWorkspace, now: datetime) -> bool:
        team_id, takes_back = workspace.team_id, due.wanted(now) is None
        if team_id in self._closed or (team_id in self._full and not takes_back):
            return False
        keep = 0 if takes_back else KEPT_FOR_TAKING_BACK
        waits = [workspace.budget.ready_at(method, now, keep=keep) for method in self._methods(due, now)]
        if (until := max((at for at in waits if at is not None), default=None)) is not None:
            (self._closed if takes_back else self._full)[team_id] = until
            return False
        return self._workspaces.may_take(workspace, due.key.user_id, self._carrier.effect)

    def _calls(self, due: DueEffect, budget: Budget, now: datetime, is_ours: Callable[[], bool]) -> Calls:
        return Calls(budget, self._clock, due.token, dict.fromkeys(self._methods(due, now), ""), is_ours)

    async def _in(self, workspace: OwnedWorkspace, due: DueEffect, calls: Calls) -> None:
        try:
            await self._one(due, calls)
        finally:
            self._workspaces.ended(workspace, due.effect)

    async def _one(self, due: DueEffect, calls: Calls) -> None:
        turn = Turn(due, calls, self._store, self._clock)
        try:
            await self._carry_out(turn)
        except SlackError as error:
            await self._failed(turn, error)
        finally:
            calls.close()

    async def _carry_out(self, turn: Turn) -> None:
        user_id = turn.due.key.user_id
        owner = await proven_owner(turn.calls, self._profiles, user_id, turn.memory.owner)
        turn.memory = replace(turn.memory, owner=owner)
        await self._carrier.carry_out(turn)

    async def _failed(self, turn: Turn, error: SlackError) -> None:
        """Record the error by its kind: try again later, wait for something else, or give up the grant."""
        error = await self._judge(turn.due.key, turn.due.token, error)
        if isinstance(error, SlackShutError):
            return  # it stays due, until the workspace is served again
        due, now, stretch = turn.due, self._clock.now(), turn.stretch
        ids = {"team_id": due.key.team_id, "user_id": due.key.user_id}
        log.warning("effect_failed", effect=due.effect.value, **of_error(error), **ids)
        if isinstance(error, SlackRateLimitedError):
            return  # the budget knows; it stays due
        if isinstance(error, TokenExpiredError):
            try:
                await self._refresh(due.key)
            except GrantLostError as lost:
                error = lost
            except SlackError:
                pass
            if not isinstance(error, GrantLostError):
                await self._store.put_off(due, now + back_off(due.failures))
                return
        if isinstance(error, GrantLostError | WrongPersonError):
            await self._store.lose_grant(due, self._entry(turn, ReasonCode.NO_GRANT, error), now)
            return
        if isinstance(error, ScopeMissingError):
            await self._store.lack(due, scopes.FOR_EFFECT[due.effect] & scopes.USER_OPTIONAL.keys())
        memory, code, until = self._later(turn, error, now)
        memory = effects.refused(replace(memory, owner=turn.memory.owner), code, stretch)
        told = code is not ReasonCode.UNREACHABLE or due.failures == OUTAGE
        entry = self._entry(turn, code, error) if told else None
        failures = 0 if until is None else due.failures + 1
        await self._store.settle(due, memory, due.next_look(memory, until), entry, failures=failures)

    def _later(self, turn: Turn, error: SlackError, now: datetime) -> tuple[EffectMemory, ReasonCode, datetime | None]:
        """Return what to remember, why, and when to try again; None: not before something else is wanted."""
        memory, code, wait = turn.memory, reason_of(error), again_in(error, turn.due.failures)
        if isinstance(error, ScopeMissingError):
            return memory, ReasonCode.NOT_PERMITTED, now + OWED_BACK_OFF if memory.owes(now) else None
        if isinstance(error, PhotoUnreadableError):
            code = ReasonCode.PHOTO_UNREADABLE
        if wait is None:  # it was not done: what was remembered before holds
            if turn.stretch is None:
                return memory, code, now + OWED_BACK_OFF
            return replace(memory, until=turn.stretch.end, over=True), code, None
        if code is ReasonCode.UNREACHABLE:  # whether it was done, nobody knows
            memory, wait = turn.due.memory, wait if turn.stretch else min(wait, LONGEST_DEBT_BACK_OFF)
        return memory, code, now + wait

    def _entry(self, turn: Turn, code: ReasonCode, error: SlackError) -> AuditEntry:
        return turn.entry(Action.LEAVE, Reason(code), outcome_of(error))
