"""The app that keeps four things for one person, a step at a time.

Each of the four is carried out as the sender does it: a look, what is about to be done is stored, the call, its record.
What is stored outlives the process, which may die after any of these steps. The decisions are the core's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain import effects, ownership, photos
from services.domain.decisions import Decision, Standing
from services.domain.effects import (
    MEMORIES,
    DueEffect,
    EffectAction,
    EffectMemory,
    PhotoMemory,
    PresenceMemory,
    SnoozeMemory,
)
from services.domain.lines import Line, Match, Routine, Rule
from services.domain.model import Effect, Kind, Look, Pause, PersonKey, Photo, Picture, Span, Status, Stretch, Timeline
from services.domain.people import PersonFacts
from services.domain.timeline import resolve
from tests.support.strict_slack import NOBODYS, OURS, Slack

DAY = timedelta(days=1)
KEY = PersonKey("T1", "U1")
STATUS = "status"
WORK: tuple[str, ...] = (STATUS, *MEMORIES)
"""What is kept, each carried out by itself."""

EFFECTS = frozenset({Effect.DND, Effect.AWAY, Effect.PHOTO})


def line(kind: Kind, effects: frozenset[Effect], picture: Picture = Picture.PALM) -> Rule:
    return Rule(kind.value, "", Match(kinds=frozenset({kind})), kind=kind, effects=effects, photo=Photo(picture))


LUNCH = Routine("lunch", Look("Lunch", ":sandwich:"), frozenset(range(7)), time(12), time(13), effects=EFFECTS)
ALL = (line(Kind.OUT_OF_OFFICE, EFFECTS), line(Kind.MEETING, EFFECTS), line(Kind.FOCUS, EFFECTS, Picture.PLANE))
SOME = (
    line(Kind.OUT_OF_OFFICE, EFFECTS - {Effect.AWAY}), LUNCH, line(Kind.MEETING, frozenset({Effect.DND})),
    line(Kind.FOCUS, frozenset({Effect.AWAY, Effect.PHOTO}), Picture.PLANE),
)  # fmt: skip
LISTS: dict[str, tuple[Line, ...]] = {"all": ALL, "some": SOME, "plain": ()}


class Step(StrEnum):
    """What a process has done of one thing when it dies; RECORD: it does not die."""

    LOOK = "look"
    INTENT = "intent"
    CALL = "call"
    RECORD = "record"


Reached = Mapping[str, Step]
ALIVE: Reached = dict.fromkeys(WORK, Step.RECORD)


class App:
    """What the app has stored of the person, and the process that carries it out."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.facts = PersonFacts(KEY, ZoneInfo("Europe/Berlin"))
        self.pause: Pause | None = None
        self.granted = True
        self.standing = Standing()
        self.look_at: datetime | None = None
        self.waits = False  # a status is to be written
        self.memories: dict[str, EffectMemory] = {effect: kind() for effect, kind in MEMORIES.items()}
        self.due: dict[str, datetime | None] = dict.fromkeys(MEMORIES)
        self.seq = dict.fromkeys(MEMORIES, 0)  # counts who made them due
        self.original = self.ours = ""  # the pictures that are kept: theirs, and ours
        self.unrecorded: set[str] = set()  # what may have been done, or not
        self._resolved: tuple[PersonFacts, datetime, Timeline] | None = None

    @property
    def now(self) -> datetime:
        return self.slack.now

    @property
    def snooze(self) -> SnoozeMemory:
        memory = self.memories[Effect.DND]
        assert isinstance(memory, SnoozeMemory)
        return memory

    @property
    def presence(self) -> PresenceMemory:
        memory = self.memories[Effect.AWAY]
        assert isinstance(memory, PresenceMemory)
        return memory

    @property
    def photo(self) -> PhotoMemory:
        memory = self.memories[Effect.PHOTO]
        assert isinstance(memory, PhotoMemory)
        return memory

    def timeline(self) -> Timeline:
        if self._resolved is None or self._resolved[:2] != (self.facts, self.now):
            found = resolve(self.facts, self.now - DAY, self.now + 8 * DAY)
            self._resolved = (self.facts, self.now, found)
        return self._resolved[2]

    def span(self) -> Span:
        return self.timeline().at(self.now)

    # ── when, and how far ───────────────────────────────────────────────────────────────────────

    def next_at(self) -> datetime:
        """When something is to be done next."""
        found = [self.span().end, self.look_at, *self.due.values()]
        return max(self.now, min(at for at in found if at is not None))

    def mark(self, *works: str) -> None:
        """Have these looked at."""
        for effect in works or MEMORIES:
            self.due[effect], self.seq[Effect(effect)] = self.now, self.seq[Effect(effect)] + 1

    def work(self, reached: Reached = ALIVE) -> None:
        """Do all that is due, each as far as it is `reached`."""
        self.run(STATUS, reached[STATUS])
        for effect in MEMORIES:
            for _ in range(12):  # a snooze that is too long is tried again at once
                at = self.due[effect]
                if at is None or at > self.now or not self.run(effect, reached[effect]):
                    break
            else:
                raise AssertionError("it does not come to rest")

    def run(self, work: str, reached: Step = Step.RECORD, meanwhile: Callable[[], None] | None = None) -> bool:
        """Whether it was carried out to its end; `meanwhile` happens between the call and its record."""
        steps = {
            STATUS: self._status, Effect.DND: self._snooze, Effect.AWAY: self._presence, Effect.PHOTO: self._photo,
        }  # fmt: skip
        for step in steps[work]():
            if step is reached:
                return False
            if step is Step.CALL and meanwhile is not None:
                meanwhile()
        return True

    # ── the status ──────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        """What will be written is stored with the wish; nothing is sent yet, and may not be for long."""
        if not self.waits and self.may_write():
            self.standing = ownership.foresee(self.standing, self.span(), self.now)
            self.waits = True

    def may_write(self) -> bool:
        return self.granted and not (self.pause is not None and self.pause.holds(self.now))

    def decide(self) -> Decision:
        policy = self.facts.preferences.own_status
        return ownership.decide(
            self.slack.status, self.standing, self.span(), policy=policy, pause=self.pause, now=self.now
        )

    def _status(self) -> Iterator[Step]:
        self.tick()
        if not self.may_write():
            self.waits, self.look_at = False, None if self.pause is None or not self.granted else self.pause.end
            return
        decision = self.decide()
        yield Step.LOOK
        if decision.status is None:
            self.standing = replace(decision.standing, pending=None)
        else:
            self.intend(decision)
            yield Step.INTENT
            self.slack.set_status(decision.status)
            returned = self.slack.status
            yield Step.CALL
            self.recorded(decision, returned)
        self.waits, self.look_at = False, decision.look_again
        assert self.look_at is None or self.look_at > self.now

    def intend(self, decision: Decision) -> None:
        """Store what is about to be written, unless it is stored with the wish already."""
        if not ownership.foreseen(self.standing, decision):
            self.standing = ownership.intent(self.standing, decision)

    def recorded(self, decision: Decision, returned: Status) -> None:
        """Store what was written, and keep what an event told meanwhile."""
        told, since = self.standing.own, self.standing.own_since
        self.standing = ownership.record(decision, returned)
        if told is not None and since is not None:
            self.standing = ownership.hint(self.standing, told, since) or self.standing

    def hear_of_status(self, status: Status) -> None:
        self.standing = ownership.hint(self.standing, status, self.now) or self.standing

    # ── the three others ────────────────────────────────────────────────────────────────────────

    def hear_of_snooze(self) -> None:
        if effects.is_news(self.snooze, None if self.slack.snooze is None else self.slack.snooze[0], self.now):
            self.mark(Effect.DND)

    def hear_of_photo(self) -> None:
        if photos.is_photo_news(self.photo, self.slack.hash):
            self.mark(Effect.PHOTO)

    def wanted(self, effect: Effect) -> Stretch | None:
        """The stretch that it shall be on for now."""
        return self._due(effect).wanted(self.now)

    def _due(self, effect: Effect) -> DueEffect:
        mine = [one for one in self.timeline().stretches if one.effect is effect]
        return DueEffect(
            KEY, effect, read_at=self.now, seq=self.seq[effect], turn=0, failures=0, granted=self.granted,
            granted_at=None, token="xoxp" if self.granted else None, scopes=frozenset(), pause=self.pause,
            leaving=False, memory=self.memories[effect],
            stretch=next((one for one in mine if one.start <= self.now < one.end), None),
            next_at=min((one.start for one in mine if one.start > self.now), default=None),
        )  # fmt: skip

    def _turn(self, effect: Effect) -> tuple[DueEffect, bool]:
        """What is due, its memory brought up; whether there is anything to look at. Else it is settled."""
        due = self._due(effect)
        memory = effects.without_look(due, self.now)
        if memory is not None:
            self._settle(due, memory, None)
            return due, False
        memory = replace(due.memory, kept_until=None)
        if due.wanted(self.now) is None:
            memory = effects.brought_up(memory, due.stretch, wanted=False, now=self.now)
        return replace(due, memory=memory), True

    def _intend(self, due: DueEffect, before: EffectMemory) -> None:
        self.memories[due.effect] = before
        self.unrecorded.add(due.effect)

    def _settle(self, due: DueEffect, memory: EffectMemory, look: datetime | None) -> None:
        self.memories[due.effect] = memory
        self.unrecorded.discard(due.effect)
        if self.seq[due.effect] == due.seq:  # else it was made due meanwhile
            self.due[due.effect] = due.next_look(memory, look)

    def _snooze(self) -> Iterator[Step]:
        due, looks = self._turn(Effect.DND)
        if not looks:
            return
        stretch, memory = due.wanted(self.now), due.memory
        assert isinstance(memory, SnoozeMemory)
        seen = None if self.slack.snooze is None else self.slack.snooze[0]
        decision = effects.decide_snooze(memory, seen, stretch, self.now)
        yield Step.LOOK
        if decision.action is not EffectAction.LEAVE:
            self._intend(due, decision.before)
            yield Step.INTENT
            if stretch is None:
                self.slack.end_snooze()
            elif decision.minutes > self.slack.ceiling:
                self._settle(due, effects.too_long(decision), self.now)
                return
            else:
                self.slack.set_snooze(decision.minutes)
                assert self.slack.snooze is not None
                decision = effects.snoozed(decision, self.slack.snooze[0], stretch)
            yield Step.CALL
        self._settle(due, decision.memory, decision.look_again)

    def _presence(self) -> Iterator[Step]:
        due, looks = self._turn(Effect.AWAY)
        if not looks:
            return
        stretch, memory = due.wanted(self.now), due.memory
        assert isinstance(memory, PresenceMemory)
        decision = effects.decide_presence(memory, stretch, self.now, away=bool(self.slack.away))
        yield Step.LOOK
        if decision.action is not EffectAction.LEAVE:
            self._intend(due, decision.before)
            yield Step.INTENT
            self.slack.set_presence(away=stretch is not None)
            yield Step.CALL
        self._settle(due, decision.memory, decision.look_again)

    def _photo(self) -> Iterator[Step]:
        due, looks = self._turn(Effect.PHOTO)
        if not looks:
            return
        stretch, memory, shown = due.wanted(self.now), due.memory, self.slack.picture
        assert isinstance(memory, PhotoMemory)
        ours = photos.is_uncertain(memory, self.slack.hash) and shown == self.ours
        decision = photos.decide_photo(memory, self.slack.hash, stretch, self.now, ours=ours)
        yield Step.LOOK
        done = decision.memory
        if decision.action is EffectAction.PUT_ON and stretch is not None:
            before = decision.before
            if not before.ours:  # what they show is theirs, and kept before ours is put on
                assert shown == self.slack.theirs
                self.original, before = shown, replace(before, own=shown != NOBODYS, side=512)
            self.ours = f"{OURS} {self.slack.changes} {stretch.photo}"
            self._intend(due, before)
            yield Step.INTENT
            self.slack.put_on(self.ours, over=shown)
            done = replace(done, ours=self.slack.hash, own=before.own, side=before.side)
            yield Step.CALL
        elif decision.action is EffectAction.TAKE_BACK:
            self._intend(due, decision.before)
            yield Step.INTENT
            self.slack.put_on(self.original if decision.before.own else NOBODYS, over=self.ours)
            yield Step.CALL
        self._settle(due, done, decision.look_again)
        if not done.owes(self.now):
            self.original = self.ours = ""
