"""Whatever a person does, and whatever breaks: their own snooze, presence and photo stay, and ours go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.domain import effects, photos
from services.domain.effects import (
    MEMORIES,
    DueEffect,
    EffectAction,
    EffectMemory,
    PhotoMemory,
    PresenceMemory,
    SnoozeMemory,
)
from services.domain.model import Effect, Pause, PersonKey, Photo, Stretch

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MINUTES = st.integers(1, 120)
SECONDS = st.sampled_from([0, 0, 7, 30, 59])
FATES = st.sampled_from(["done", "done", "done", "not reached", "not recorded"])
US, THEM = "us", "them"


@dataclass
class Slack:
    """Slack's side of one person: a snooze that ends by itself, and away, which does not; each with who set it.

    A photo is its hash, which is another one at each change, and what it shows.
    """

    snooze: tuple[datetime, str] | None = None
    away: str = ""
    photo: tuple[str, str] = ("hash 0", "own 0")

    def show(self, picture: str) -> str:
        self.photo = (f"hash {int(self.photo[0].split()[1]) + 1}", picture)
        return self.photo[0]

    def tick(self, now: datetime) -> None:
        if self.snooze is not None and self.snooze[0] <= now:
            self.snooze = None


class Carrying(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.slack = Slack()
        self.stretches: list[tuple[datetime, datetime]] = []
        self.pause: Pause | None = None
        self.granted = True
        self.memories: dict[Effect, EffectMemory] = {effect: kind() for effect, kind in MEMORIES.items()}
        self.due: dict[Effect, datetime | None] = dict.fromkeys(MEMORIES)
        self.mine = 0  # the person's own photo
        self.original, self.ours = "", ""  # the pictures that are kept: theirs, and ours
        self.ceiling = 24 * 60
        self.unsure: set[Effect] = set()

    # ── the world ───────────────────────────────────────────────────────────────────────────────

    @rule(minutes=MINUTES, seconds=SECONDS, alive=st.booleans(), fate=FATES)
    def time_passes(self, minutes: int, seconds: int, alive: bool, fate: str) -> None:
        until = self.now + minutes * MINUTE + seconds * SECOND
        while alive:
            at = min((due for due in self.due.values() if due is not None), default=until)
            if at >= until:
                break
            self.set_clock(max(at, self.now))
            self.carry_out_what_is_due()
        self.set_clock(until)
        self.carry_out_what_is_due(fate)

    @rule(start=st.integers(-20, 90), minutes=MINUTES, seconds=SECONDS, fate=FATES)
    def a_stretch_appears(self, start: int, minutes: int, seconds: int, fate: str) -> None:
        begins = self.now + start * MINUTE + seconds * SECOND
        self.become([*self.stretches, (begins, begins + minutes * MINUTE)], fate)

    @precondition(lambda self: self.stretches)
    @rule(data=st.data(), shift=st.integers(-30, 30), longer=st.integers(-60, 60), fate=FATES)
    def a_stretch_moves(self, data: st.DataObject, shift: int, longer: int, fate: str) -> None:
        number = data.draw(st.integers(0, len(self.stretches) - 1))
        begin, end = self.stretches[number]
        moved = (begin + shift * MINUTE, max(end + (shift + longer) * MINUTE, begin + shift * MINUTE + MINUTE))
        self.become([*self.stretches[:number], moved, *self.stretches[number + 1 :]], fate)

    @precondition(lambda self: self.stretches)
    @rule(data=st.data(), fate=FATES)
    def a_stretch_vanishes(self, data: st.DataObject, fate: str) -> None:
        number = data.draw(st.integers(0, len(self.stretches) - 1))
        self.become([*self.stretches[:number], *self.stretches[number + 1 :]], fate)

    @rule(ceiling=st.sampled_from([24 * 60, 45, 10]))
    def slack_takes_so_many_minutes(self, ceiling: int) -> None:
        self.ceiling = ceiling

    # ── the person ──────────────────────────────────────────────────────────────────────────────

    @rule(minutes=MINUTES, told=st.booleans())
    def snoozes(self, minutes: int, told: bool) -> None:
        """Not to an end that is ours by a minute and a half: nobody could tell the two apart."""
        end = self.now + minutes * MINUTE
        memory = self.memories[Effect.DND]
        assert isinstance(memory, SnoozeMemory)
        ours = [one for one in (memory.ours, memory.pending) if one is not None]
        while any(abs(end - one) <= effects.OURS_WITHIN for one in ours):
            end += MINUTE
        self.slack.snooze = (end, THEM)
        self.hint(Effect.DND, told)

    @rule(told=st.booleans())
    def ends_the_snooze(self, told: bool) -> None:
        self.slack.snooze = None
        self.hint(Effect.DND, told)

    @precondition(lambda self: Effect.AWAY not in self.unsure)
    @rule()
    def sets_themselves_away(self) -> None:
        """Not while `away` of ours may be on its way, or may not: nobody could tell the two apart."""
        memory = self.memories[Effect.AWAY]
        assert isinstance(memory, PresenceMemory)
        if not memory.owed:
            self.slack.away = THEM

    @precondition(lambda self: Effect.AWAY not in self.unsure)
    @rule()
    def sets_themselves_active(self) -> None:
        self.slack.away = ""
        self.mark(Effect.AWAY)

    @rule(told=st.booleans())
    def changes_the_photo(self, told: bool) -> None:
        self.mine += 1
        seen, memory = self.slack.show(f"own {self.mine}"), self.memories[Effect.PHOTO]
        assert isinstance(memory, PhotoMemory)
        self.hint(Effect.PHOTO, told and photos.is_photo_news(memory, seen))

    @rule(minutes=st.sampled_from([None, 5, 40]), fate=FATES)
    def pauses(self, minutes: int | None, fate: str) -> None:
        self.pause = Pause(self.now, None if minutes is None else self.now + minutes * MINUTE)
        self.mark_all(fate)

    @rule(fate=FATES)
    def resumes(self, fate: str) -> None:
        self.pause = None
        self.mark_all(fate)

    @rule(granted=st.booleans(), fate=FATES)
    def the_grant_is_lost_or_given(self, granted: bool, fate: str) -> None:
        self.granted = granted
        self.mark_all(fate)

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def become(self, stretches: list[tuple[datetime, datetime]], fate: str) -> None:
        """Join what touches, as the resolver does."""
        joined: list[tuple[datetime, datetime]] = []
        for begin, end in sorted(stretches):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((begin, end))
        self.stretches = joined
        self.mark_all(fate)

    def hint(self, effect: Effect, told: bool) -> None:
        if told:
            self.mark(effect)

    def mark(self, effect: Effect) -> None:
        self.due[effect] = self.now

    def mark_all(self, fate: str) -> None:
        for effect in self.due:
            self.mark(effect)
        self.carry_out_what_is_due(fate)

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self.slack.tick(now)

    def effect(self, effect: Effect) -> DueEffect:
        running = next((one for one in self.stretches if one[0] <= self.now < one[1]), None)
        return DueEffect(
            PersonKey("T1", "U1"), effect, read_at=self.now, seq=0, turn=0, failures=0, granted=self.granted,
            granted_at=None, token="xoxp" if self.granted else None, scopes=frozenset(), pause=self.pause,
            leaving=False, memory=self.memories[effect],
            stretch=running and Stretch(effect, *running, rule="meeting", photo=Photo()),
            next_at=min((one[0] for one in self.stretches if one[0] > self.now), default=None),
        )  # fmt: skip

    def carry_out_what_is_due(self, fate: str = "done") -> None:
        for effect, at in self.due.items():
            if at is not None and at <= self.now:
                for _ in range(12):  # `too_long` is tried again at once
                    if self.carry_out(effect, fate):
                        break
                else:
                    raise AssertionError("it does not come to rest")

    def carry_out(self, effect: Effect, fate: str) -> bool:
        """One turn, as the sender takes it; whether it is over. A `fate` of a crash leaves it due."""
        due = self.effect(effect)
        memory = effects.without_look(due, self.now)
        if memory is not None:
            self.settle(due, memory, None)
            return True
        stretch, memory = due.wanted(self.now), replace(due.memory, kept_until=None)
        if stretch is None:
            memory = effects.brought_up(memory, due.stretch, wanted=False, now=self.now)
        if isinstance(memory, SnoozeMemory):
            return self.snooze(due, memory, stretch, fate)
        if isinstance(memory, PhotoMemory):
            self.photo(due, memory, stretch, fate)
            return True
        assert isinstance(memory, PresenceMemory)
        decision = effects.decide_presence(memory, stretch, self.now, away=bool(self.slack.away))
        if decision.action is not EffectAction.LEAVE:
            self.memories[effect] = decision.before
            self.unsure.add(effect)
            if fate != "not reached":
                assert self.slack.away != THEM
                self.slack.away = US if decision.action is EffectAction.PUT_ON else ""
            if fate != "done":
                return True
        self.unsure.discard(effect)
        self.settle(due, decision.memory, decision.look_again)
        return True

    def snooze(self, due: DueEffect, memory: SnoozeMemory, stretch: Stretch | None, fate: str) -> bool:
        seen = None if self.slack.snooze is None else self.slack.snooze[0]
        decision = effects.decide_snooze(memory, seen, stretch, self.now)
        if decision.action is EffectAction.LEAVE:
            self.settle(due, decision.memory, decision.look_again)
            return True
        self.memories[Effect.DND] = decision.before
        if fate != "not reached":
            assert self.slack.snooze is None or self.slack.snooze[1] is US
            if decision.action is EffectAction.TAKE_BACK:
                self.slack.snooze = None
            elif decision.minutes > self.ceiling:
                self.settle(due, effects.too_long(decision), self.now)
                return False
            else:
                assert 1 <= decision.minutes <= self.ceiling
                self.slack.snooze = (self.now + decision.minutes * MINUTE, US)
        if fate != "done":
            return True
        if decision.action is EffectAction.PUT_ON:
            assert self.slack.snooze is not None
            assert stretch is not None
            decision = effects.snoozed(decision, self.slack.snooze[0], stretch)
        self.settle(due, decision.memory, decision.look_again)
        return True

    def photo(self, due: DueEffect, memory: PhotoMemory, stretch: Stretch | None, fate: str) -> None:
        seen, shown = self.slack.photo
        ours = photos.is_uncertain(memory, seen) and shown == self.ours
        decision = photos.decide_photo(memory, seen, stretch, self.now, ours=ours)
        after, before = decision.memory, decision.before
        if decision.action is EffectAction.PUT_ON:
            if not before.ours:  # what they show is theirs, and kept before ours is put on
                assert shown == f"own {self.mine}"
                self.original, before = shown, replace(before, own=True, side=512)
            self.ours = f"{self.original} with a ring"
            self.memories[Effect.PHOTO] = before
            if fate != "not reached":
                after = replace(after, ours=self.slack.show(self.ours), own=before.own, side=before.side)
        elif decision.action is EffectAction.TAKE_BACK:
            assert before.own
            self.memories[Effect.PHOTO] = before
            if fate != "not reached":
                assert shown == self.ours
                self.slack.show(self.original)
        if decision.action is EffectAction.LEAVE or fate == "done":
            self.settle(due, after, decision.look_again)
            if not after.owes(self.now):
                self.original = self.ours = ""

    def settle(self, due: DueEffect, memory: EffectMemory, look: datetime | None) -> None:
        self.memories[due.effect] = memory
        self.due[due.effect] = due.next_look(memory, look)

    # ── what holds ──────────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_of_ours_is_forgotten(self) -> None:
        """What of ours stands is known of, whatever was not recorded."""
        snooze, presence = self.memories[Effect.DND], self.memories[Effect.AWAY]
        assert isinstance(snooze, SnoozeMemory)
        assert isinstance(presence, PresenceMemory)
        if self.slack.snooze is not None and self.slack.snooze[1] is US:
            known = [one for one in (snooze.ours, snooze.pending) if one is not None]
            assert any(abs(self.slack.snooze[0] - one) <= effects.OURS_WITHIN for one in known)
        if self.slack.away is US:
            assert presence.owed
        if self.slack.photo[1] != f"own {self.mine}":
            assert self.memories[Effect.PHOTO].owes(self.now)
            assert self.original == f"own {self.mine}"

    def teardown(self) -> None:
        """Once everything has ended, and somebody looks, nothing of ours is left, and what is theirs stays."""
        theirs = self.slack.snooze if self.slack.snooze is not None and self.slack.snooze[1] is THEM else None
        away = self.slack.away is THEM
        self.granted, self.pause = True, None
        self.become([], "done")
        self.mark_all("done")
        assert self.slack.away == (THEM if away else "")
        assert self.slack.snooze is None or self.slack.snooze[1] is THEM or self.slack.snooze[0] <= self.now + MINUTE
        if theirs is not None:
            assert self.slack.snooze == theirs
        assert self.slack.photo[1] == f"own {self.mine}"


TestCarrying = Carrying.TestCase
TestCarrying.settings = settings(stateful_step_count=30, report_multiple_bugs=False)
