"""The rate limits of a workspace: how many calls may still be made, by method, and by person for writes.

PURE: the instant is passed in. Slack counts a call somewhere between its start and its answer, so a call
takes up room from its start until a full window after its answer: however late or early each one arrives,
Slack never sees more than the limit within any window.

Limits: docs.slack.dev, "Rate limits" (Tier 2 20+/min, Tier 3 50+/min, Tier 4 100+/min, chat.postMessage about 1/s, per
method, workspace and app) and "Profile update limits" (10/min for one person's profile); of all but the one that the
most people wait for a little is kept back.

A refusal means: wait as long as Slack says. Only one more soon after that wait lowers the rate, and not for long.
Slack does not say which of its limits was reached. It is taken for the person's own where their calls explain it
better than the workspace's, or where others' calls were carried out since the same person was refused before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated

import msgspec

from services.domain.model import Effect

WINDOW = timedelta(seconds=60)
LIMITS = {
    "users.profile.set": 50,
    "users.profile.get": 95,
    "views.publish": 95,
    "chat.postMessage": 50,
    "chat.postEphemeral": 95,
    "auth.test": 180,
    "conversations.info": 48,
    "conversations.members": 95,
    "users.info": 95,
    "users.list": 18,
    "auth.teams.list": 18,
    "emoji.list": 18,
    "dnd.info": 48,
    "dnd.setSnooze": 18,
    "dnd.endSnooze": 18,
    "users.getPresence": 48,
    "users.setPresence": 18,
    "users.setPhoto": 18,
    "users.deletePhoto": 18,
}
KEPT_FOR_TYPED = 8
"""Of a workspace's calls in a minute, those that are left for what people type: an hour's start that uses up all of
the others does not make them wait. Half as many after each full minute in which nobody typed, one at least: the last of
a thousand people whose meetings begin together would wait five minutes longer for places that nobody takes."""

STATUS, KEEPER = "status", "keeper"
_SET = "users.profile.set"
KEPT = "users.profile.set user"
"""What counts as a call of its own, besides: setting somebody else's profile with the keeper's token."""

_BY_TOKEN = 29
"""Profiles that the keeper's token sets in a window, its owner's own among them."""

LIMITS[KEPT] = 26
"""Some are left for its owner's own."""

KEEPER_FLOOR = 10
"""Calls of users.profile.set in a window that members' own statuses leave to the keeper, while somebody waits for it;
what it makes beyond them comes after theirs."""

METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        STATUS: ("users.profile.get", "users.profile.set", "auth.test"),
        KEEPER: ("users.profile.get", _SET, KEPT, "users.info", "auth.test"),
        Effect.DND: ("dnd.info", "dnd.setSnooze", "dnd.endSnooze", "auth.test"),
        Effect.PHOTO: ("users.profile.get", "users.setPhoto", "users.deletePhoto", "auth.test"),
        Effect.AWAY: ("users.getPresence", "users.setPresence", "auth.test"),
    }
)
"""What is done side by side for the people of a workspace, and by which methods: each at most once for one person
before the budget is stored."""

ALLOWANCE = 8
"""People of a workspace for whom the calls of one work may be made before its budget is stored anew; less where a
limit is small."""

PERSON_LIMIT = 9
ANYBODY = "*"
"""Whose call it was that a killed owner may have made and not stored: it counts for each person."""

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = WINDOW
_SOON = timedelta(minutes=2)
"""So long after a pause another refusal counts as repeated."""

_RATES = (1.0, 0.8, 0.6)
"""Shares of a limit after none, one and more repeated refusals; of the documented one never less than half. Each
minute without a refusal takes one step back."""


def _minutes(since: datetime, now: datetime) -> int:
    """Count the whole windows between; none where the clock was set back meanwhile, and `now` is before."""
    return max(timedelta(), now - since) // WINDOW


@dataclass(slots=True)
class Slot:
    """One call: when it was started, and when its answer came (None while it is in flight)."""

    method: str
    person: str
    started: datetime
    ended: datetime | None = None


@dataclass(slots=True)
class _Pause:
    """What refusals taught us about a method, or about one person's calls of it."""

    until: datetime
    refused_at: datetime
    person: str
    """Whose call was refused; "" where several people's were."""
    in_a_row: int = 1
    """Refusals since a call was carried out."""
    lowered: int = 0
    """Steps down in `_RATES` at `refused_at`."""
    others: bool = False
    """Whether somebody else's call was carried out since."""

    def steps(self, now: datetime) -> int:
        """Step down at `now`."""
        return max(0, self.lowered - _minutes(self.refused_at, now))

    def lately(self, now: datetime) -> bool:
        """Return whether one refusal more is a repeated one."""
        return now < self.until + _SOON


@dataclass(slots=True)
class Budget:
    """The calls of one workspace. `limits` calls a window by method; a method that is not named is not limited."""

    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    person_limit: int = PERSON_LIMIT
    window: timedelta = WINDOW
    keeper: str = ""
    """Whose token sets other members' profiles, too."""
    keeper_waits: bool = False
    """Whether somebody waits for that."""
    _calls: dict[str, deque[Slot]] = field(default_factory=dict)
    _pauses: dict[tuple[str, str], _Pause] = field(default_factory=dict)
    """By method and person; "" stands for everybody."""
    _full: tuple[datetime, datetime] | None = None
    """Since when, and when last, there was no room for other statuses than typed ones."""
    _typed_at: datetime | None = None
    """When a typed one was written last."""

    def kept_for_typed(self, now: datetime) -> int:
        """Return how many calls of a window all other statuses leave at `now` for what people type.

        A `keep` of `ready_at`.
        """
        if self._full is None or now - self._full[1] > 2 * WINDOW:
            return KEPT_FOR_TYPED
        minutes = _minutes(max(self._full[0], self._typed_at or self._full[0]), now)
        return max(1, KEPT_FOR_TYPED >> minutes)

    def typed(self, now: datetime) -> None:
        """Note that what somebody typed is written at `now`: more may follow."""
        self._typed_at = now

    def ready_at(
        self, method: str, now: datetime, person: str = "", *, keep: int = 0, most: int | None = None,
        kept: bool = False,
    ) -> datetime | None:  # fmt: skip
        """Return None when `method` may be called at `now` (for `person`, where their limit counts), else when to ask.

        Of the window's calls `keep` are left for what is more urgent, or a sixth of them where there are few; `most`
        are made in all. `kept`: for the keeper, so that nothing is left for it. While the room is taken by calls in
        flight the answer is an instant shortly after `now`.
        """
        pauses = [self._pauses.get((method, whose)) for whose in {"", person}]
        waits = [pause.until for pause in pauses if pause is not None and now < pause.until]
        calls, limit = self._recent(method, now), self._limit(method, now)
        limit -= min(keep, limit // 6)
        limit = limit if most is None else min(limit, most)
        if method == _SET and self.keeper_waits and not kept:
            limit -= max(0, KEEPER_FLOOR - len(self._recent(KEPT, now)))
        if len(calls) >= limit:
            waits += self._room(list(calls), limit, now)
            if method == _SET and keep and not kept:
                goes_on = self._full is not None and now - self._full[1] <= 2 * WINDOW
                self._full = (self._full[0] if self._full is not None and goes_on else now, now)
        if person and len(calls) >= self.person_limit:
            theirs = [slot for slot in calls if slot.person in {person, ANYBODY}]
            waits += self._room(theirs, self.person_limit, now)
        if self.keeper and (method == KEPT or (method == _SET and person == self.keeper)):
            own = [slot for slot in self._recent(_SET, now) if slot.person == self.keeper]
            both = sorted([*self._recent(KEPT, now), *own], key=lambda slot: slot.ended or now)
            waits += self._room(both, _BY_TOKEN if method == _SET else self.limits.get(KEPT, _BY_TOKEN), now)
        return max(waits, default=None)

    def made(self, method: str, now: datetime) -> int:
        """Return how many calls of `method` are in the window that ends at `now`."""
        return len(self._recent(method, now))

    def used(self, now: datetime) -> dict[str, float]:
        """Return which share of its limit each method that was called has used up, of the window that ends at `now`."""
        return {
            method: len(self._recent(method, now)) / self._limit(method, now)
            for method in self._calls
            if method in self.limits
        }

    def take(self, method: str, now: datetime, person: str = "") -> Slot:
        """Take room for a call that starts at `now`. To be given to `done` or `give_back`."""
        slot = Slot(method, person, now)
        self._recent(method, now).append(slot)
        return slot

    def done(self, slot: Slot, now: datetime) -> None:
        """Note that the call's answer came at `now`, whatever it was (a time-out too)."""
        slot.ended = now

    def give_back(self, slot: Slot) -> None:
        """Give the call back: it was not made."""
        self._calls[slot.method].remove(slot)

    def refused(self, slot: Slot, retry_after: float, now: datetime) -> datetime:
        """Slack said to slow down instead of carrying the call out. Gives when it may be tried again.

        `retry_after` in seconds; 0 where Slack named no time: then the pause is twice as long each time in a row.
        """
        whose = slot.method, slot.person if self._is_their_own(slot, now) else ""
        pause = self._pauses.get(whose)
        if pause is None or not pause.lately(now):
            pause = _Pause(now, now, slot.person)
        elif slot.started >= pause.until:
            steps = min(pause.steps(now) + 1, len(_RATES) - 1)
            pause = _Pause(pause.until, now, slot.person, pause.in_a_row + 1, steps)
        elif slot.person != pause.person:  # it was under way with the one that was refused: the same refusal
            pause.person = ""
        unnamed = min(_FIRST_PAUSE * 2 ** min(pause.in_a_row - 1, 10), _LONGEST_PAUSE)
        pause.until = max(pause.until, now + (timedelta(seconds=retry_after) if retry_after else unnamed))
        self._pauses[whose] = pause
        return pause.until

    def went_well(self, slot: Slot) -> None:
        """Slack carried the call out: refusals in a row start from the beginning again."""
        for whose in {"", slot.person}:
            pause = self._pauses.get((slot.method, whose))
            if pause is not None and slot.started >= pause.until:
                pause.in_a_row = 0
                pause.others |= slot.person != pause.person

    def _is_their_own(self, slot: Slot, now: datetime) -> bool:
        """Return whether `slot`, which was refused, is for its person's own limit."""
        if not slot.person:
            return False
        own, everybody = (self._pauses.get((slot.method, whose)) for whose in (slot.person, ""))
        if own is not None and own.lately(now):
            return True
        if everybody is not None and everybody.lately(now) and everybody.person == slot.person and everybody.others:
            return True
        calls = self._recent(slot.method, now)
        theirs = sum(call.person == slot.person for call in calls)
        half = 2 * theirs > self.person_limit
        return half and theirs * self._limit(slot.method, now) > len(calls) * self.person_limit

    def _limit(self, method: str, now: datetime) -> int:
        full = self.limits.get(method, 10**9)
        pause = self._pauses.get((method, ""))
        return full if pause is None else max(1, int(full * _RATES[pause.steps(now)]))

    def _recent(self, method: str, now: datetime) -> deque[Slot]:
        calls = self._calls.setdefault(method, deque())
        while calls and (ended := calls[0].ended) is not None and ended + self.window <= now:
            calls.popleft()
        return calls

    def _room(self, calls: list[Slot], limit: int, now: datetime) -> list[datetime]:
        taken = [slot for slot in calls if slot.ended is None or slot.ended + self.window > now]
        if len(taken) < limit:
            return []
        leaves = sorted(slot.ended + self.window for slot in taken if slot.ended is not None)
        needed = len(taken) - limit
        return [leaves[needed] if needed < len(leaves) else now + timedelta(milliseconds=50)]

    def allowance(self, work: str) -> int:
        """For how many people the calls of `work` may be made before this is stored."""
        return self._a_sixth(*METHODS[work])

    def _unsaved(self, method: str) -> int:
        works = [work for work, methods in METHODS.items() if method in methods and (work != KEEPER or self.keeper)]
        if not works:
            return 0 if method == KEPT else self._a_sixth(method)
        return sum(map(self.allowance, works))

    def _a_sixth(self, *methods: str) -> int:
        return max(1, min([ALLOWANCE, *(self.limits[method] // 6 for method in methods if method in self.limits)]))

    def to_json(self, now: datetime, *, owned: bool) -> str:
        """Return the state for the next owner.

        A call in flight is kept as one; `owned`: more may be made from now on.
        """
        calls = {
            method: [(slot.person, slot.started.timestamp(), _stamp(slot.ended)) for slot in recent]
            for method in self._calls
            if (recent := self._recent(method, now))
        }
        pauses = [
            (*whose, pause.until.timestamp(), pause.refused_at.timestamp(), pause.person, pause.in_a_row, pause.lowered,
             pause.others)
            for whose, pause in self._pauses.items()
            if pause.lately(now)
        ]  # fmt: skip
        return msgspec.json.encode(_BudgetState(calls, pauses, owned, self.keeper)).decode()

    def restore(self, stored: str, now: datetime, longest_call: timedelta) -> bool:
        """Take over what another owner stored; False where it cannot be read: then that owner did not let go.

        A call that was in flight then counts as having ended as late as it can: `longest_call` after its start. Of an
        owner that did not let go, as many calls of each method as it may have made and not stored count as made just
        now, each by somebody else.
        """
        readable = True
        try:
            found = msgspec.json.decode(stored or "{}", type=_BudgetState)
        except (msgspec.MsgspecError, RecursionError):
            readable, found = False, _BudgetState(owned=True)
        for method, calls in found.calls.items():
            slots = [
                Slot(method, person, _instant(start), _instant(start) + longest_call if end is None else _instant(end))
                for person, start, end in calls
            ]
            self._calls[method] = deque(sorted(slots, key=lambda slot: slot.ended or now))
        for method, whose, until, refused_at, person, in_a_row, lowered, others in found.pauses:
            pause = _Pause(_instant(until), _instant(refused_at), person, in_a_row, lowered, others)
            self._pauses[method, whose] = pause
        self.keeper = found.keeper
        if found.owned:
            for method in self.limits:
                unsaved = range(self._unsaved(method))
                slots = [Slot(method, "" if number else ANYBODY, now, now) for number in unsaved]
                self._calls[method] = deque(
                    sorted([*self._recent(method, now), *slots], key=lambda slot: slot.ended or now)
                )
        return readable


_Lowered = Annotated[int, msgspec.Meta(ge=0, lt=len(_RATES))]
_Stamp = Annotated[float, msgspec.Meta(ge=0, le=datetime(9000, 1, 1, tzinfo=UTC).timestamp())]


class _BudgetState(msgspec.Struct):
    """A budget as `to_json` writes it; instants in seconds."""

    calls: dict[str, list[tuple[str, _Stamp, _Stamp | None]]] = msgspec.field(default_factory=dict)
    pauses: list[tuple[str, str, _Stamp, _Stamp, str, int, _Lowered, bool]] = msgspec.field(default_factory=list)
    owned: bool = False
    keeper: str = ""


def _stamp(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()


def _instant(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
