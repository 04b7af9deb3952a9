"""Whatever a person does at whatever moment, and whatever breaks: the picture that they set last is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.domain import effects
from services.domain.effects import DueEffect, EffectAction, PhotoMemory
from services.domain.model import Effect, Pause, PersonKey, Photo, Picture, Stretch
from services.domain.photos import decide_photo, is_photo_news, is_uncertain

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MINUTES = st.integers(1, 120)
SECONDS = st.sampled_from([0, 0, 7, 30, 59])
PHOTOS = st.sampled_from([Photo(Picture.PALM), Photo(Picture.PLANE)])
FATES = st.sampled_from(["done", "done", "done", "not reached", "not recorded"])

NOBODYS = "Slack's own"


class Wearing(RuleBasedStateMachine):
    """`shows` is the picture at Slack, `theirs` the one that the person had last set; each change has a new hash."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.changes = 0
        self.theirs = self.shows = NOBODYS
        self.original = self.ours = ""  # what is sealed
        self.stretches: list[tuple[datetime, datetime, Photo]] = []
        self.pause: Pause | None = None
        self.granted = True
        self.memory = PhotoMemory()
        self.due: datetime | None = None

    @property
    def hash(self) -> str:
        return f"hash {self.changes}"

    # ── the world ───────────────────────────────────────────────────────────────────────────────

    @rule(minutes=MINUTES, seconds=SECONDS, alive=st.booleans(), fate=FATES)
    def time_passes(self, minutes: int, seconds: int, alive: bool, fate: str) -> None:
        until = self.now + minutes * MINUTE + seconds * SECOND
        while alive and self.due is not None and self.due < until:
            self.now = max(self.due, self.now)
            self.look()
        self.now = until
        self.look_if_due(fate)

    @rule(start=st.integers(-20, 90), minutes=MINUTES, photo=PHOTOS, fate=FATES)
    def a_stretch_appears(self, start: int, minutes: int, photo: Photo, fate: str) -> None:
        begins = self.now + start * MINUTE
        free = [one for one in self.stretches if one[1] <= begins or one[0] >= begins + minutes * MINUTE]
        self.stretches = sorted([*free, (begins, begins + minutes * MINUTE, photo)], key=lambda one: one[0])
        self.mark(fate)

    @precondition(lambda self: self.stretches)
    @rule(data=st.data(), longer=st.integers(-60, 60), photo=PHOTOS, fate=FATES)
    def a_stretch_changes(self, data: st.DataObject, longer: int, photo: Photo, fate: str) -> None:
        number = data.draw(st.integers(0, len(self.stretches) - 1))
        begin, end, _ = self.stretches.pop(number)
        most = min((one[0] for one in self.stretches if one[0] >= end), default=end + longer * MINUTE)
        end = min(most, end + longer * MINUTE)
        if end > begin:
            self.stretches = sorted([*self.stretches, (begin, end, photo)], key=lambda one: one[0])
        self.mark(fate)

    @rule()
    def slack_does_it_once_more(self) -> None:
        """The last change has been carried out twice: the same picture shows, by another hash."""
        self.changes += 1

    # ── the person ──────────────────────────────────────────────────────────────────────────────

    @rule(told=st.booleans())
    def sets_a_picture(self, told: bool) -> None:
        self.change(f"theirs {self.changes}")
        self.theirs = self.shows
        self.is_told(told)

    @rule(told=st.booleans())
    def removes_the_picture(self, told: bool) -> None:
        self.change(NOBODYS)
        self.theirs = NOBODYS
        self.is_told(told)

    @rule(minutes=st.sampled_from([None, 5, 40]), fate=FATES)
    def pauses(self, minutes: int | None, fate: str) -> None:
        self.pause = Pause(self.now, None if minutes is None else self.now + minutes * MINUTE)
        self.mark(fate)

    @rule(fate=FATES)
    def resumes(self, fate: str) -> None:
        self.pause = None
        self.mark(fate)

    @rule(granted=st.booleans(), fate=FATES)
    def the_grant_is_lost_or_given(self, granted: bool, fate: str) -> None:
        self.granted = granted
        self.mark(fate)

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def change(self, shows: str) -> None:
        self.shows, self.changes = shows, self.changes + 1

    def is_told(self, told: bool) -> None:
        if told and is_photo_news(self.memory, self.hash):
            self.due = self.now

    def mark(self, fate: str) -> None:
        self.due = self.now
        self.look_if_due(fate)

    def look_if_due(self, fate: str) -> None:
        if self.due is not None and self.due <= self.now:
            self.look(fate)

    def effect(self) -> DueEffect:
        running = next((one for one in self.stretches if one[0] <= self.now < one[1]), None)
        stretch = None
        if running is not None:
            stretch = Stretch(Effect.PHOTO, running[0], running[1], rule="out_of_office", photo=running[2])
        return DueEffect(
            PersonKey("T1", "U1"), Effect.PHOTO, read_at=self.now, seq=0, turn=0, failures=0, granted=self.granted,
            granted_at=None, token="xoxp" if self.granted else None, scopes=frozenset(), pause=self.pause,
            leaving=False, memory=self.memory, stretch=stretch,
            next_at=min((one[0] for one in self.stretches if one[0] > self.now), default=None),
        )  # fmt: skip

    def look(self, fate: str = "done") -> None:
        """One turn, as the sender takes it. A `fate` of a crash leaves it due."""
        due = self.effect()
        without = effects.without_look(due, self.now)
        if without is not None:
            assert isinstance(without, PhotoMemory)
            self.settle(due, without)
            return
        stretch, memory = due.wanted(self.now), replace(self.memory, kept_until=None)
        if stretch is None:
            memory = effects.brought_up(memory, due.stretch, wanted=False, now=self.now)
        ours = is_uncertain(memory, self.hash) and self.shows == self.ours
        decision = decide_photo(memory, self.hash, stretch, self.now, ours=ours)
        done = decision.memory
        if decision.action is EffectAction.PUT_ON:
            assert stretch is not None
            before = decision.before
            if not before.ours:
                assert self.shows == self.theirs
                self.original, before = self.shows, replace(before, own=self.shows != NOBODYS)
            self.memory, self.ours = before, f"ours {self.changes} {stretch.photo}"
            if fate == "not reached":
                return
            self.change(self.ours)
            done = replace(done, ours=self.hash, own=before.own)
        elif decision.action is EffectAction.TAKE_BACK:
            self.memory = decision.before
            if fate == "not reached":
                return
            assert self.shows.startswith("ours")
            self.change(self.original if decision.before.own else NOBODYS)
        if fate == "done" or decision.action is EffectAction.LEAVE:
            self.settle(due, done)

    def settle(self, due: DueEffect, memory: PhotoMemory) -> None:
        self.memory, self.due = memory, due.next_look(memory, None)
        if not memory.owes(self.now):
            self.original = self.ours = ""

    # ── what holds ──────────────────────────────────────────────────────────────────────────────

    @invariant()
    def theirs_shows_or_is_kept(self) -> None:
        if self.shows.startswith("ours"):
            assert self.memory.owes(self.now)
            assert self.original == self.theirs
            assert self.memory.own is (self.theirs != NOBODYS)
        else:
            assert self.shows == self.theirs

    def teardown(self) -> None:
        """Once everything has ended, and somebody looks, what they set last shows, and nothing is kept."""
        self.granted, self.pause, self.stretches = True, None, []
        self.mark("done")
        assert self.shows == self.theirs
        assert not self.memory.owes(self.now)
        begins, ends = self.now + MINUTE, self.now + 60 * MINUTE
        self.stretches, self.now = [(begins, ends, Photo())], begins
        self.mark("done")
        assert self.shows.startswith("ours")
        self.now = ends
        self.mark("done")
        assert self.shows == self.theirs


TestWearing = Wearing.TestCase
TestWearing.settings = settings(stateful_step_count=30, report_multiple_bugs=False)
