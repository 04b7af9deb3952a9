"""Whatever a person does at whatever moment, and whatever breaks: of status, snooze, presence and photo theirs stay.

One person, one calendar, one list: the four are resolved together, and each is carried out by its own rule of whose it
is. A process may die between any two steps of each; while none runs, the person goes on by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.domain.effects import OURS_WITHIN
from services.domain.model import (
    NO_STATUS,
    Effect,
    Event,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    Pause,
    Status,
)
from services.domain.people import Preferences
from services.domain.text import same, shown_text
from tests.support.kept import ALIVE, EFFECTS, LISTS, STATUS, WORK, App, Reached, Step
from tests.support.strict_slack import MINUTE, NOBODYS, THEM, US, Slack

SECOND = timedelta(seconds=1)
MINUTES = st.integers(1, 120)
SECONDS = st.sampled_from([0.0, 0.0, 0.25, 7.0, 30.5, 59.0])
ENDS = st.sampled_from([None, None, 5, 20, 60, 120])
TITLES = st.sampled_from(["Sync", "Focus", "Vacation"])
STEPS = st.sampled_from([Step.RECORD, Step.LOOK, Step.INTENT, Step.CALL])
REACHED = st.none() | st.fixed_dictionaries(dict.fromkeys(WORK, STEPS))
"""How far each of the four gets before the process dies; or it does not."""


class Keeping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.slack = Slack()
        self.app = App(self.slack)
        self.events: dict[int, Event] = {}
        self.mine = NO_STATUS  # the status that they typed last
        self.touched: set[str] = set()  # what they have changed by hand since nothing was on
        self.count = 0
        self.now_is(list_="all")

    @property
    def now(self) -> datetime:
        return self.slack.now

    # ── the world ───────────────────────────────────────────────────────────────────────────────

    @rule(minutes=MINUTES, seconds=SECONDS, alive=st.booleans(), reached=REACHED)
    def time_passes(self, minutes: int, seconds: float, alive: bool, reached: Reached | None) -> None:
        until = self.now + minutes * MINUTE + seconds * SECOND
        while alive and self.app.next_at() < until:
            self.slack.tick(self.app.next_at())
            self.app.work()
        self.slack.tick(until)
        self.app.work(reached or ALIVE)

    @rule(stuck=st.booleans())
    def slack_forgets_to_expire(self, stuck: bool) -> None:
        self.slack.stuck = stuck
        self.slack.tick(self.now)

    @rule(ceiling=st.sampled_from([24 * 60, 45, 10]))
    def slack_takes_so_many_minutes(self, ceiling: int) -> None:
        self.slack.ceiling = ceiling

    @rule()
    def slack_changes_the_picture_once_more(self) -> None:
        """The last change has been carried out twice: the same picture shows, by another hash."""
        self.slack.changes += 1
        if not self.slack.is_ours(Effect.PHOTO):
            self.touched.add(Effect.PHOTO)  # nobody can tell it from another one of theirs

    @rule(start=st.integers(-60, 180), minutes=MINUTES, seconds=SECONDS, title=TITLES, reached=REACHED)
    def an_event_appears(self, start: int, minutes: int, seconds: float, title: str, reached: Reached | None) -> None:
        self.count += 1
        begins = self.now.replace(microsecond=0) + start * MINUTE + int(seconds) * SECOND
        self.events[self.count] = Event("c", f"e{self.count}", begins, begins + minutes * MINUTE, title=title)
        self.now_is(reached=reached)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), shift=st.integers(-60, 60), longer=st.integers(-60, 60), reached=REACHED)
    def an_event_moves(self, data: st.DataObject, shift: int, longer: int, reached: Reached | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.events)))
        event = self.events[key]
        start, end = event.start + shift * MINUTE, event.end + (shift + longer) * MINUTE
        self.events[key] = replace(event, start=start, end=max(end, start))
        self.now_is(reached=reached)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), reached=REACHED)
    def an_event_vanishes(self, data: st.DataObject, reached: Reached | None) -> None:
        del self.events[data.draw(st.sampled_from(sorted(self.events)))]
        self.now_is(reached=reached)

    # ── the person, by hand ─────────────────────────────────────────────────────────────────────

    @rule(minutes=ENDS, told=st.booleans(), again=st.booleans())
    def types(self, minutes: int | None, told: bool, again: bool) -> None:
        self.count += 1
        text = self.mine.text if again and not self.mine.empty else f"own {self.count}"
        end = None if minutes is None else (self.now + minutes * MINUTE).replace(microsecond=0)
        self.mine = self.slack.status = Status(text, ":cat:", end)
        self.touched.add(STATUS)
        if told:
            self.app.hear_of_status(self.mine)

    @rule(told=st.booleans())
    def clears_by_hand(self, told: bool) -> None:
        if same(self.slack.status, self.mine):
            self.mine = NO_STATUS
        self.slack.status = NO_STATUS
        self.touched.add(STATUS)
        if told:
            self.app.hear_of_status(NO_STATUS)

    @rule(minutes=MINUTES, told=st.booleans())
    def snoozes(self, minutes: int, told: bool) -> None:
        """Not to an end that is ours by a minute and a half: nobody could tell the two apart."""
        end, memory = self.now + minutes * MINUTE, self.app.snooze
        ours = [one for one in (memory.ours, memory.pending) if one is not None]
        while any(abs(end - one) <= OURS_WITHIN for one in ours):
            end += MINUTE
        self.slack.snooze = (end, THEM)
        self.touched.add(Effect.DND)
        if told:
            self.app.hear_of_snooze()

    @rule(told=st.booleans())
    def ends_the_snooze(self, told: bool) -> None:
        self.slack.snooze = None
        self.touched.add(Effect.DND)
        if told:
            self.app.hear_of_snooze()

    @precondition(lambda self: Effect.AWAY not in self.app.unrecorded and not self.app.presence.owed)
    @rule()
    def sets_themselves_away(self) -> None:
        """Not while `away` of ours is, or may be, on: Slack says that they are away, not who has set it."""
        self.is_set(away=True)

    @precondition(lambda self: Effect.AWAY not in self.app.unrecorded)
    @rule()
    def sets_themselves_active(self) -> None:
        """Nobody tells us of it."""
        self.is_set(away=False)

    @rule(removed=st.booleans(), told=st.booleans())
    def changes_the_photo(self, removed: bool, told: bool) -> None:
        self.slack.theirs = NOBODYS if removed else f"theirs {self.slack.changes}"
        self.slack.show(self.slack.theirs)
        self.touched.add(Effect.PHOTO)
        if told:
            self.app.hear_of_photo()

    @rule(data=st.data(), told=st.booleans(), work=st.sampled_from(WORK))
    def changes_it_before_our_call_is_recorded(self, data: st.DataObject, told: bool, work: str) -> None:
        """By hand, right after what we did there, as an absence began or all was over."""
        if self.events:
            self.events.clear()
        else:
            self.an_absence(self.now, 60 * MINUTE)
        self.app.facts = replace(self.app.facts, events=tuple(self.events.values()))
        self.app.mark()
        by_hand = {
            STATUS: lambda: self.clears_by_hand(told) if data.draw(st.booleans()) else self.types(None, told, False),
            Effect.DND: lambda: self.snoozes(data.draw(MINUTES), told),
            Effect.AWAY: lambda: self.is_set(away=not self.slack.away),
            Effect.PHOTO: lambda: self.changes_the_photo(data.draw(st.booleans()), told),
        }
        self.app.run(work, meanwhile=by_hand[work])

    @rule(minutes=ENDS, reached=STEPS, later=st.sampled_from([0, 0, 10, 130]))
    def types_between_our_look_and_our_write(self, minutes: int | None, reached: Step, later: int) -> None:
        """The event comes once the write cannot be stopped any more; it has us look anew, sooner or later."""
        self.app.tick()
        if not self.app.may_write():
            return
        decision = self.app.decide()
        if decision.status is None:
            return
        self.app.intend(decision)
        self.slack.tick(self.now + SECOND)
        self.types(minutes, told=True, again=False)
        in_time = decision.status.expiration is None or decision.status.expiration > self.now
        if reached in {Step.CALL, Step.RECORD} and in_time:
            self.slack.set_status(decision.status)
            if reached is Step.RECORD:
                self.app.recorded(decision, self.slack.status)
        self.slack.tick(self.now + later * MINUTE)
        self.app.work()

    # ── the person, through us ──────────────────────────────────────────────────────────────────

    @rule(
        minutes=ENDS, kind=st.sampled_from(OverrideKind), effects=st.sampled_from([frozenset(), EFFECTS]),
        again=st.booleans(), reached=REACHED,
    )  # fmt: skip
    def asks(
        self, minutes: int | None, kind: OverrideKind, effects: frozenset[Effect], again: bool, reached: Reached | None
    ) -> None:
        self.count += 1
        end = None if minutes is None else self.now + minutes * MINUTE
        text = "asked" if again else f"asked {self.count}"
        one = Override(f"{self.count:05}", self.now, end, self.now, kind, text, ":pizza:", effects)
        self.app.facts = replace(self.app.facts, overrides=(*self.app.facts.overrides, one))
        self.now_is(reached=reached)

    @rule(reached=REACHED)
    def takes_back_what_was_asked(self, reached: Reached | None) -> None:
        self.app.facts = replace(self.app.facts, overrides=())
        self.now_is(reached=reached)

    @rule(minutes=st.sampled_from([None, 5, 40]), resumes=st.booleans(), reached=REACHED)
    def pauses_or_resumes(self, minutes: int | None, resumes: bool, reached: Reached | None) -> None:
        until = None if minutes is None else self.now + minutes * MINUTE
        self.app.pause = None if resumes else Pause(self.now, until)
        self.now_is(reached=reached)

    @rule(granted=st.booleans(), reached=REACHED)
    def the_grant_is_lost_or_given(self, granted: bool, reached: Reached | None) -> None:
        self.app.granted = granted
        self.now_is(reached=reached)

    @rule(
        policy=st.sampled_from(OwnStatusPolicy), idle=st.booleans(), list_=st.sampled_from(sorted(LISTS)),
        reached=REACHED,
    )  # fmt: skip
    def chooses(self, policy: OwnStatusPolicy, idle: bool, list_: str, reached: Reached | None) -> None:
        preferences = Preferences(own_status=policy, idle=Status("Here", ":wave:") if idle else None)
        self.app.facts = replace(self.app.facts, preferences=preferences)
        self.now_is(list_=list_, reached=reached)

    # ── us ──────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def we_tick(self) -> None:
        self.app.tick()

    @precondition(lambda self: self.app.waits)
    @rule()
    def our_wish_is_withdrawn(self) -> None:
        self.app.waits = False

    @rule()
    def we_look_twice(self) -> None:
        """What was done is not done again; what they have not touched is as the timeline says."""
        self.now_is()
        calls = self.slack.calls
        self.now_is()
        assert self.slack.calls == calls
        if STATUS not in self.touched and self.app.may_write():
            span, soon = self.app.span(), self.now + SECOND
            if not span.shows or span.status.expiration is None or span.status.expiration > soon:
                assert shown_text(self.slack.status) == shown_text(span.status)
        for effect in EFFECTS:
            stretch = self.app.wanted(effect)
            if stretch is None and self.app.granted:
                assert not self.slack.is_ours(effect)
            elif stretch is not None and stretch.end > self.now + 2 * MINUTE and effect not in self.touched:
                assert self.slack.is_ours(effect)

    @precondition(lambda self: self.on())
    @rule(data=st.data(), told=st.booleans())
    def they_end_what_is_on(self, data: st.DataObject, told: bool) -> None:
        """It is not put on again in that stretch."""
        effect = data.draw(st.sampled_from(self.on()))
        stretch = self.app.wanted(effect)
        assert stretch is not None
        if effect is Effect.DND:
            self.ends_the_snooze(told)
        elif effect is Effect.AWAY:
            self.is_set(away=False)
        else:
            self.changes_the_photo(data.draw(st.booleans()), told)
        self.now_is()
        assert not self.slack.is_ours(effect)
        self.slack.tick(self.now + (stretch.end - self.now) / 2)
        self.now_is(reached=data.draw(REACHED))
        assert not self.slack.is_ours(effect)

    @rule()
    def everything_ends(self) -> None:
        """Once somebody looks, nothing of ours is left, and what is theirs stays."""
        theirs = self.slack.snooze if self.slack.snooze is not None and self.slack.snooze[1] is THEM else None
        away = self.slack.away is THEM
        self.events.clear()
        self.app.granted, self.app.pause, self.slack.stuck = True, None, False
        self.app.facts = replace(self.app.facts, overrides=(), preferences=Preferences())
        self.now_is(list_="all")
        if theirs is not None:
            assert self.slack.snooze == theirs
        self.slack.tick(self.now + MINUTE)  # a snooze that is about to end, ends; Slack has cleared what it forgot
        self.now_is()
        assert not any(self.slack.is_ours(effect) for effect in EFFECTS)
        assert self.slack.away == (THEM if away else "")
        assert self.slack.picture == self.slack.theirs
        assert not self.app.photo.owes(self.now)
        if self.mine.lasts(self.now):
            assert same(self.slack.status, self.mine)
        else:  # where nobody told us that they typed another one, and cleared it, an older one of theirs is put back
            assert self.slack.status.empty or self.slack.status.text.startswith("own")

        self.touched = {Effect.DND} if self.slack.snooze is not None else set()
        self.touched |= {Effect.AWAY} if self.slack.away else set()
        # an idle status that they cleared once stays cleared
        self.touched |= set() if self.slack.status.empty and self.app.standing.own is None else {STATUS}

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def an_absence(self, begins: datetime, length: timedelta) -> None:
        self.count += 1
        self.events[self.count] = Event("c", f"e{self.count}", begins, begins + length, title="Vacation")

    def is_set(self, *, away: bool) -> None:
        """By hand."""
        self.slack.away = THEM if away else ""
        self.touched.add(Effect.AWAY)

    def on(self) -> list[Effect]:
        """What of ours is on, as is known, and shall be."""
        return [
            effect
            for effect in sorted(EFFECTS - self.app.unrecorded)
            if self.slack.is_ours(effect) and self.app.wanted(effect) is not None
        ]

    def now_is(self, *, list_: str | None = None, reached: Reached | None = None) -> None:
        """Have the app look at what is, and do what follows as far as it gets."""
        lines = self.app.facts.lines if list_ is None else LISTS[list_]
        self.app.facts = replace(self.app.facts, events=tuple(self.events.values()), lines=lines)
        self.app.mark()
        self.app.work(reached or ALIVE)

    # ── what holds ──────────────────────────────────────────────────────────────────────────────

    @invariant()
    def their_own_status_is_not_lost(self) -> None:
        if self.mine.lasts(self.now):
            standing = self.app.standing
            # told of while something may be on its way: the next look will tell
            told = None if standing.pending is None else standing.own
            known = [self.slack.status, standing.covered, told]
            assert any(status is not None and same(status, self.mine) for status in known)

    @invariant()
    def nothing_of_ours_is_forgotten(self) -> None:
        """What of ours stands is known of, whatever was not recorded."""
        if self.slack.snooze is not None and self.slack.snooze[1] is US:
            known = [one for one in (self.app.snooze.ours, self.app.snooze.pending) if one is not None]
            assert any(abs(self.slack.snooze[0] - one) <= OURS_WITHIN for one in known)
        if self.slack.away is US:
            assert self.app.presence.owed

    @invariant()
    def their_picture_shows_or_is_kept(self) -> None:
        if self.slack.is_ours(Effect.PHOTO):
            assert self.app.photo.owes(self.now)
            assert self.app.original == self.slack.theirs
            assert self.app.photo.own is (self.slack.theirs != NOBODYS)
        else:
            assert self.slack.picture == self.slack.theirs

    def teardown(self) -> None:
        """It ends, and what comes after is done as if nothing had been."""
        self.everything_ends()
        begins, ends = self.now + MINUTE, self.now + 60 * MINUTE
        self.an_absence(begins, ends - begins)
        self.now_is()
        self.slack.tick(begins)
        self.app.work()
        assert self.slack.is_ours(Effect.PHOTO)
        assert self.slack.away
        assert self.slack.snooze is not None
        self.slack.tick(ends)
        self.app.work()
        self.everything_ends()


TestKeeping = Keeping.TestCase
# twice as many as of a property: it stands for four
TestKeeping.settings = settings(
    max_examples=2 * settings().max_examples, stateful_step_count=30, report_multiple_bugs=False
)
