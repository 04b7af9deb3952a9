"""From a timeline to what happens besides the status: a snooze, presence. Pure.

An effect is put on once per stretch: where it is gone before its end, the person ended it, and it is not put on again
in that stretch. What of a person's own runs already is left alone. Before a call its caller stores the decision's
`before`, and `memory` once Slack has answered, so that a crash at any moment leaves nothing of ours behind, and takes
nothing of theirs away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from services.domain.model import Effect, Pause, PersonKey, Photo, Stretch
from services.domain.reasons import Reason, ReasonCode

KEPT_FOR_A_GRANT = timedelta(days=30)
"""How long what is owed is remembered of somebody whose grant Slack took away."""

OURS_WITHIN = timedelta(seconds=90)
"""A snooze whose end is no further from ours is ours: minutes are rounded, and a call takes time."""

NEARLY = timedelta(seconds=30)
"""So much earlier than its stretch a snooze may end; nothing is put on for less."""

RUNS_OUT = timedelta(seconds=60)
"""A snooze that ends this soon is left to end by itself: its minutes were rounded up."""

LONGEST_SNOOZE = 24 * 60
"""Minutes."""

_EARLIEST_RENEWAL = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


# ── what is remembered ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EffectMemory:
    """What is remembered of one effect of a person, whichever it is.

    until       the end that was known of the stretch that it was for
    over        nothing is put on (any more) in that stretch: the person ended it, or has one of their own
    owner       digest of the token whose owner was found to be this person
    reason      what was decided last, for the person
    kept_until  the grant is lost: until when what is owed is remembered
    """

    until: datetime | None = None
    over: bool = False
    owner: str = ""
    reason: Reason | None = None
    kept_until: datetime | None = None

    def owes(self, now: datetime) -> bool:
        """Return whether something of ours is, or may be, at Slack that does not end by itself soon."""
        return False


Memory = TypeVar("Memory", bound=EffectMemory)


@dataclass(frozen=True, slots=True)
class SnoozeMemory(EffectMemory):
    """`ours`: the end of our snooze, as Slack returned it; `pending`: of one that we were about to set.

    `ceiling`: minutes that Slack was found to take at most.
    """

    ours: datetime | None = None
    pending: datetime | None = None
    ceiling: int = LONGEST_SNOOZE

    def owes(self, now: datetime) -> bool:
        """Return whether a snooze of ours runs, or may run, for longer than a minute."""
        return any(end is not None and end > now + RUNS_OUT for end in (self.ours, self.pending))


@dataclass(frozen=True, slots=True)
class PresenceMemory(EffectMemory):
    """`owed`: we set them away, or were about to, and have not set them back; `sent`: it is known that we did."""

    owed: bool = False
    sent: bool = False

    def owes(self, now: datetime) -> bool:
        """Return whether `auto` is owed."""
        return self.owed


@dataclass(frozen=True, slots=True)
class PhotoMemory(EffectMemory):
    """`ours`: the hash of our picture, as Slack returned it; `pending`: the hash of what we were about to replace.

    `photo`: what was put on, or is about to be; `returning`: we were about to put theirs back. `own`: the person had a
    picture of their own, which is sealed, `side` pixels wide; else Slack's comes back by itself once ours is gone.
    """

    ours: str = ""
    pending: str = ""
    photo: Photo | None = None
    returning: bool = False
    own: bool = False
    side: int = 0

    def owes(self, now: datetime) -> bool:
        """Return whether a picture of ours is, or may be, on."""
        return bool(self.ours or self.pending)


MEMORIES: Mapping[Effect, type[EffectMemory]] = MappingProxyType(
    {Effect.DND: SnoozeMemory, Effect.AWAY: PresenceMemory, Effect.PHOTO: PhotoMemory}
)
"""What is remembered of each effect."""


@dataclass(frozen=True, slots=True)
class DueEffect:
    """An effect of somebody that is to be looked at, with all that this needs, as stored when it was read.

    `token` is None where there is none, or it cannot be opened; `scopes` are what it may. `stretch` is the one that
    holds the instant of the look, `next_at` when the next one begins. `seq` counts who made it due, `turn` who took it
    up. `leaving`: they are being forgotten. Not `readable`: something of it cannot be opened, and nothing may be done.
    `asked`: their agent has asked for another photo.
    """

    key: PersonKey
    effect: Effect
    read_at: datetime
    seq: int
    turn: int
    failures: int
    granted: bool
    granted_at: datetime | None
    token: str | None
    scopes: frozenset[str]
    pause: Pause | None
    leaving: bool
    memory: EffectMemory
    stretch: Stretch | None
    next_at: datetime | None = None
    due_at: datetime | None = None
    readable: bool = True
    asked: bool = False

    def asks(self, now: datetime) -> bool:
        """Return whether what their agent has asked for is to be done at `now`."""
        paused = self.pause is not None and self.pause.holds(now)
        return self.asked and self.granted and self.token is not None and not paused and not self.leaving

    def wanted(self, now: datetime) -> Stretch | None:
        """Return the stretch that it shall be on for at `now`."""
        paused = self.pause is not None and self.pause.holds(now)
        return None if paused or self.leaving or not self.granted else self.stretch

    def next_look(self, memory: EffectMemory, look: datetime | None) -> datetime | None:
        """Return when it is worth another look: at `look`, or where a stretch or a pause begins or ends.

        That may have passed since it was read, while Slack was called.
        """
        edges = [self.next_at, memory.kept_until, None if self.stretch is None else self.stretch.end]
        if self.pause is not None:
            edges += [self.pause.start, self.pause.end]
        ahead = [edge for edge in edges if edge is not None and edge > self.read_at]
        return min([*ahead, *([] if look is None else [look])], default=None)


class EffectAction(StrEnum):
    """What to do about an effect."""

    PUT_ON = "put_on"
    TAKE_BACK = "take_back"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class EffectDecision(Generic[Memory]):
    """`memory` is what to remember once it is done, `before` what to remember before the call.

    `minutes` of a snooze that is put on; `look_again` when it is worth another look, whatever the timeline says.
    """

    action: EffectAction
    memory: Memory
    before: Memory
    minutes: int = 0
    look_again: datetime | None = None


# ── of every effect ─────────────────────────────────────────────────────────────────────────────────


def brought_up(memory: Memory, stretch: Stretch | None, *, wanted: bool, now: datetime) -> Memory:
    """Return the memory at `now`, while `stretch` is on, or none; `wanted`: nothing stands against it, such as a pause.

    A stretch is the same one as long as it begins before the end that was known of the old one.
    """
    if stretch is None:  # what begins from now on is another one
        until = memory.until if memory.until is None else min(memory.until, now)
        return replace(memory, until=until, over=memory.over and until == memory.until)
    if not wanted:
        return memory
    return replace(memory, until=stretch.end, over=memory.over and is_same(memory, stretch))


def is_same(memory: EffectMemory, stretch: Stretch) -> bool:
    """Return whether `stretch` goes on from the one that is remembered."""
    return memory.until is not None and stretch.start < memory.until


def without_look(due: DueEffect, now: datetime) -> EffectMemory | None:
    """Return what to remember where nothing can be, or has to be, done at Slack at `now`.

    None: it is to be looked at.
    """
    if due.asks(now):
        return None
    wanted, memory = due.wanted(now), replace(due.memory, kept_until=None)
    fresh = brought_up(memory, due.stretch, wanted=wanted is not None, now=now)
    if not due.granted or due.token is None:
        kept_until = due.memory.kept_until or now + KEPT_FOR_A_GRANT
        if memory.owes(now) and kept_until <= now:
            return type(memory)()
        return replace(fresh, reason=None, kept_until=kept_until if memory.owes(now) else None)
    if wanted is None:
        return None if memory.owes(now) else replace(fresh, reason=None)
    return fresh if fresh.over else None


def refused(memory: Memory, code: ReasonCode, stretch: Stretch | None) -> Memory:
    """Return what to remember where Slack does not do it, or we may not."""
    return replace(memory, reason=Reason(code, "" if stretch is None else stretch.rule))


def doubted(memory: Memory, stretch: Stretch | None, now: datetime) -> Memory:
    """Return what to remember where nobody knows what was done since: what is stored is a copy from before.

    That we set them away may have been done, and nothing ends it: `auto` is owed, unless they are away by hand in that
    very stretch. A picture of ours may be on, and their own is in no copy: none is taken for theirs, so none is put on
    in `stretch`, the one at `now`. A snooze ends by itself.
    """
    if isinstance(memory, PresenceMemory):
        theirs = memory.over and memory.until is not None and memory.until > now
        return memory if theirs else replace(memory, owed=True, sent=True)
    if isinstance(memory, PhotoMemory) and stretch is not None and not memory.owes(now):
        return replace(memory, until=stretch.end, over=True)
    return memory


def _left(memory: Memory, look: datetime | None = None) -> EffectDecision[Memory]:
    return EffectDecision(EffectAction.LEAVE, memory, memory, look_again=look)


# ── do not disturb: a lease ─────────────────────────────────────────────────────────────────────────


def decide_snooze(  # noqa: PLR0911  # one return for each line of the table
    memory: SnoozeMemory, seen: datetime | None, stretch: Stretch | None, now: datetime
) -> EffectDecision[SnoozeMemory]:
    """Return what to do where a snooze runs until `seen`, or none, as read at `now`.

    `stretch` is the one wanted, or none.
    """
    if seen is not None and seen <= now:
        seen = None
    ours = seen is not None and _is_ours(memory, seen, now)
    lost = memory.ours is not None and memory.ours > now and not ours
    memory = replace(memory, ours=seen if ours else None, pending=None)
    if stretch is None:
        left = replace(memory, reason=None)
        if seen is None or not ours or seen <= now + RUNS_OUT:
            return _left(left)
        over = replace(left, ours=None, reason=Reason(ReasonCode.UNMUTED))
        return EffectDecision(EffectAction.TAKE_BACK, over, left)
    same, rule, until = is_same(memory, stretch), stretch.rule, stretch.end
    memory = replace(memory, until=until, over=same and (memory.over or lost))
    if seen is not None and not ours:
        again = seen if seen < until and not memory.over else None
        return _left(replace(memory, reason=Reason(ReasonCode.OWN_SNOOZE, rule, seen)), again)
    if memory.over:
        return _left(replace(memory, reason=Reason(ReasonCode.UNMUTED_BY_HAND, rule)))
    needed = _minutes(until - now)
    if seen is not None:
        muted = replace(memory, reason=Reason(ReasonCode.MUTED, rule, min(seen, until)))
        if until - NEARLY <= seen <= until + OURS_WITHIN:
            return _left(muted)
        renewal = seen - _renewed_before(memory)
        if seen < until and needed > memory.ceiling and renewal > now:
            return _left(muted, renewal)
    elif until <= now + NEARLY:
        return _left(replace(memory, reason=None))
    minutes = min(needed, memory.ceiling)
    return EffectDecision(
        EffectAction.PUT_ON, memory, replace(memory, pending=now + minutes * _MINUTE), minutes=minutes
    )


def snoozed(
    decision: EffectDecision[SnoozeMemory], returned: datetime, stretch: Stretch
) -> EffectDecision[SnoozeMemory]:
    """Return the decision once Slack has set the snooze: it runs until `returned`."""
    reason = Reason(ReasonCode.MUTED, stretch.rule, min(returned, stretch.end))
    memory = replace(decision.memory, ours=returned, reason=reason)
    again = returned - _renewed_before(memory) if returned < stretch.end - NEARLY else None
    return replace(decision, memory=memory, look_again=again)


def is_news(memory: SnoozeMemory, seen: datetime | None, now: datetime) -> bool:
    """Return whether an event that tells of a snooze until `seen`, or of none, is worth a look.

    Most are our own echo.
    """
    if seen is not None and seen > now:
        return not _is_ours(memory, seen, now)
    theirs = memory.reason is not None and memory.reason.code is ReasonCode.OWN_SNOOZE
    return theirs or (memory.ours is not None and memory.ours > now)


def too_long(decision: EffectDecision[SnoozeMemory]) -> SnoozeMemory:
    """Return what to remember where Slack does not take so many minutes: half of them at most."""
    return replace(decision.memory, ceiling=max(1, decision.minutes // 2))


def _is_ours(memory: SnoozeMemory, seen: datetime, now: datetime) -> bool:
    ends = (memory.ours, memory.pending)
    return any(end is not None and end > now and abs(seen - end) <= OURS_WITHIN for end in ends)


def _minutes(length: timedelta) -> int:
    """Whole minutes, rounded up, at least one."""
    return max(1, -(-length // _MINUTE))


def _renewed_before(memory: SnoozeMemory) -> timedelta:
    """Return how long before its end a snooze that is shorter than its stretch is renewed."""
    return min(_EARLIEST_RENEWAL, memory.ceiling * _MINUTE / 4)


# ── presence: a debt ────────────────────────────────────────────────────────────────────────────────


def decide_presence(  # noqa: PLR0911  # one return for each line of the table
    memory: PresenceMemory, stretch: Stretch | None, now: datetime, *, away: bool
) -> EffectDecision[PresenceMemory]:
    """Return what to do where Slack says that the person is, or is not, `away` by hand (or by us)."""
    if stretch is None:
        paid = replace(memory, owed=False, sent=False, reason=None)
        if not memory.owed or (memory.sent and not away):
            return _left(paid)
        reason = Reason(ReasonCode.NOT_AWAY)
        return EffectDecision(EffectAction.TAKE_BACK, replace(paid, reason=reason), memory)
    same, rule = is_same(memory, stretch), stretch.rule
    memory = replace(memory, until=stretch.end, over=memory.over and same)
    if away:
        if memory.owed:
            return _left(replace(memory, sent=True, reason=Reason(ReasonCode.AWAY, rule, stretch.end)))
        return _left(replace(memory, over=True, reason=Reason(ReasonCode.OWN_AWAY, rule)))
    ended = memory.owed and memory.sent and same
    if memory.over or ended:
        reason = Reason(ReasonCode.ACTIVE_BY_HAND, rule)
        return _left(replace(memory, owed=False, sent=False, over=True, reason=reason))
    if stretch.end <= now + NEARLY and not memory.owed:
        return _left(replace(memory, reason=None))
    on = replace(memory, owed=True, sent=True, reason=Reason(ReasonCode.AWAY, rule, stretch.end))
    return EffectDecision(EffectAction.PUT_ON, on, replace(memory, owed=True, sent=False))
