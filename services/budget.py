"""How many calls a workspace's lane may still make: sliding windows by method, and by person for writes.

PURE: the instant is passed in. Slack counts a call somewhere between its start and its answer, so a call
takes up room from its start until a full window after its answer: however late or early each one arrives,
Slack never sees more than the limit within any window.

Limits: docs.slack.dev, "Rate limits" (Tier 3 50+/min, Tier 4 100+/min, chat.postMessage about 1/s, per method,
workspace and app) and "Profile update limits" (10/min for one person's profile); a little is kept back.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(seconds=60)
LIMITS = {
    "users.profile.set": 48,
    "users.profile.get": 95,
    "views.publish": 95,
    "chat.postMessage": 50,
    "auth.test": 180,
}
PERSON_LIMIT = 9
_FLOOR = 5
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0


@dataclass(slots=True)
class Slot:
    """One call: when it was started, and when its answer came (None while it is in flight)."""

    method: str
    person: str
    started: datetime
    ended: datetime | None = None


@dataclass(slots=True)
class _Gate:
    """What a method's refusals taught us: wait until `closed_until`; fewer calls a window, for a while."""

    limit: int
    closed_until: datetime | None = None
    refusals: int = 0
    learned_at: datetime | None = None


@dataclass(slots=True)
class Budget:
    """The calls of one workspace. `limits` calls a window by method; a method that is not named is not limited."""

    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    person_limit: int = PERSON_LIMIT
    window: timedelta = WINDOW
    _calls: dict[str, deque[Slot]] = field(default_factory=dict)
    _gates: dict[str, _Gate] = field(default_factory=dict)

    def ready_at(self, method: str, now: datetime, person: str = "", *, keep: int = 0) -> datetime | None:
        """None when `method` may be called at `now` (for `person`, where their own limit counts), else when to ask.

        Of the window's calls `keep` are left for what is more urgent, or a sixth of them where there are few. While
        the room is taken by calls in flight the answer is an instant shortly after `now`.
        """
        gate = self._gate(method, now)
        waits = [] if gate.closed_until is None or gate.closed_until <= now else [gate.closed_until]
        calls = self._recent(method, now)
        waits += self._room(list(calls), gate.limit - min(keep, gate.limit // 6), now)
        if person:
            waits += self._room([slot for slot in calls if slot.person == person], self.person_limit, now)
        return max(waits, default=None)

    def take(self, method: str, now: datetime, person: str = "") -> Slot:
        """Take room for a call that starts at `now`. To be given to `done` or `give_back`."""
        slot = Slot(method, person, now)
        self._recent(method, now).append(slot)
        return slot

    def done(self, slot: Slot, now: datetime) -> None:
        """The call's answer came at `now`, whatever it was (a time-out too)."""
        slot.ended = now

    def give_back(self, slot: Slot) -> None:
        """The call was not made."""
        self._calls[slot.method].remove(slot)

    def refused(self, method: str, retry_after: float, now: datetime) -> datetime:
        """Slack said to slow down. Gives when `method` may be called again.

        `retry_after` in seconds; 0 where Slack named no time: then each refusal doubles the pause.
        """
        gate = self._gate(method, now)
        gate.refusals += 1
        pause = retry_after or min(_FIRST_PAUSE * 2 ** min(gate.refusals - 1, 10), _LONGEST_PAUSE)
        gate.closed_until = max(gate.closed_until or now, now + timedelta(seconds=pause))
        gate.limit = max(_FLOOR, min(gate.limit, len(self._recent(method, now)) - 1))
        gate.learned_at = gate.closed_until
        return gate.closed_until

    def went_well(self, method: str) -> None:
        """Slack carried a call out: refusals start from the beginning again."""
        gate = self._gates.get(method)
        if gate is not None:
            gate.refusals = 0

    def _gate(self, method: str, now: datetime) -> _Gate:
        full = self.limits.get(method, 10**9)
        gate = self._gates.setdefault(method, _Gate(full))
        while gate.learned_at is not None and gate.limit < full and now >= gate.learned_at + self.window:
            gate.limit = min(full, max(gate.limit + 1, gate.limit * 5 // 4))  # a quarter more for each good window
            gate.learned_at += self.window
        gate.limit = min(gate.limit, full)
        return gate

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

    def to_json(self, now: datetime) -> str:
        """The state for the next owner of the lane. A call in flight is kept as one."""
        calls = {
            method: [[slot.person, _stamp(slot.started), slot.ended and _stamp(slot.ended)] for slot in recent]
            for method in self._calls
            if (recent := self._recent(method, now))
        }
        gates = {
            method: [gate.limit, gate.closed_until and _stamp(gate.closed_until), gate.refusals,
                     gate.learned_at and _stamp(gate.learned_at)]
            for method, gate in self._gates.items()
            if gate.learned_at is not None
        }  # fmt: skip
        return json.dumps({"calls": calls, "gates": gates}, separators=(",", ":"))

    def restore(self, stored: str, now: datetime, longest_call: timedelta) -> None:
        """Take over what another owner stored.

        A call that was in flight then counts as having ended as late as it can: `longest_call` after its start.
        """
        found = json.loads(stored or "{}")
        for method, calls in found.get("calls", {}).items():
            slots = [
                Slot(method, person, _instant(start), _instant(start) + longest_call if end is None else _instant(end))
                for person, start, end in calls
            ]
            self._calls[method] = deque(sorted(slots, key=lambda slot: slot.ended or now))
        for method, (limit, closed, refusals, learned) in found.get("gates", {}).items():
            self._gates[method] = _Gate(
                min(limit, self.limits.get(method, limit)),
                None if closed is None else _instant(closed),
                refusals,
                None if learned is None else _instant(learned),
            )


def _stamp(instant: datetime) -> float:
    return round(instant.timestamp(), 6)


def _instant(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
