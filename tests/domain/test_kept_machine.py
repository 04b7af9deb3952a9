"""Whatever a person does at whatever moment, and whatever breaks: of status, snooze, presence and photo theirs stay.

One person, one calendar, one list: the four are resolved together, and each is carried out by its own rule of whose it
is. A process may die between any two steps of each; while none runs, the person goes on by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.domain.effects import OURS_WITHIN
from services.domain.lines import Line, Match, Routine, Rule
from services.domain.model import (
    NO_STATUS,
    Effect,
    Event,
    Kind,
    Look,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    Pause,
    Photo,
    Picture,
    Status,
)
from services.domain.people import Preferences
from services.domain.text import same
from tests.support.kept import ALIVE, LANES, MINUTE, NOBODYS, STATUS, THEM, US, App, Reached, Slack, Step

SECOND = timedelta(seconds=1)
MINUTES = st.integers(1, 120)
SECONDS = st.sampled_from([0.0, 0.0, 0.25, 7.0, 30.5, 59.0])
ENDS = st.sampled_from([None, None, 5, 20, 60, 120])
TITLES = st.sampled_from(["Sync", "Focus", "Vacation"])
STEPS = st.sampled_from([Step.RECORD, Step.LOOK, Step.INTENT, Step.CALL])
REACHED = st.none() | st.fixed_dictionaries(dict.fromkeys(LANES, STEPS))
"""How far each of the four gets before the process dies; or it does not."""

EFFECTS = frozenset({Effect.DND, Effect.AWAY, Effect.PHOTO})
NONE: frozenset[Effect] = frozenset()


def line(kind: Kind, effects: frozenset[Effect], picture: Picture = Picture.PALM) -> Rule:
    return Rule(kind.value, "", Match(kinds=frozenset({kind})), kind=kind, effects=effects, photo=Photo(picture))


LUNCH = Routine("lunch", Look("Lunch", ":sandwich:"), frozenset(range(7)), time(12), time(13), effects=EFFECTS)
ALL = (line(Kind.OUT_OF_OFFICE, EFFECTS), line(Kind.MEETING, EFFECTS), line(Kind.FOCUS, EFFECTS, Picture.PLANE))
SOME = (
    line(Kind.OUT_OF_OFFICE, EFFECTS - {Effect.AWAY}), LUNCH, line(Kind.MEETING, frozenset({Effect.DND})),
    line(Kind.FOCUS, frozenset({Effect.AWAY, Effect.PHOTO}), Picture.PLANE),
)  # fmt: skip
LISTS: dict[str, tuple[Line, ...]] = {"all": ALL, "some": SOME, "plain": ()}


class Keeping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.slack = Slack()
        self.app = App(self.slack)
        self.events: dict[int, Event] = {}
        self.mine = NO_STATUS  # the status that they typed last
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

    @rule(start=st.integers(-60, 180), minutes=MINUTES, seconds=SECONDS, title=TITLES, reached=REACHED)
    def an_event_appears(self, start: int, minutes: int, seconds: float, title: str, reached: Reached | None) -> None:
        self.count += 1
        begins = self.now.replace(microsecond=0) + start * MINUTE + int(seconds) * SECOND
        self.events[self.count] = Event("c", f"e{self.count}", begins, begins + minutes * MINUTE, title=title)
        self.the_calendar_changes(reached)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), shift=st.integers(-60, 60), longer=st.integers(-60, 60), reached=REACHED)
    def an_event_moves(self, data: st.DataObject, shift: int, longer: int, reached: Reached | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.events)))
        event = self.events[key]
        start, end = event.start + shift * MINUTE, event.end + (shift + longer) * MINUTE
        self.events[key] = replace(event, start=start, end=max(end, start))
        self.the_calendar_changes(reached)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), reached=REACHED)
    def an_event_vanishes(self, data: st.DataObject, reached: Reached | None) -> None:
        del self.events[data.draw(st.sampled_from(sorted(self.events)))]
        self.the_calendar_changes(reached)

    # ── the person, by hand ─────────────────────────────────────────────────────────────────────

    @rule(minutes=ENDS, told=st.booleans(), again=st.booleans())
    def types(self, minutes: int | None, told: bool, again: bool) -> None:
        self.count += 1
        text = self.mine.text if again and not self.mine.empty else f"own {self.count}"
        end = None if minutes is None else (self.now + minutes * MINUTE).replace(microsecond=0)
        self.mine = self.slack.status = Status(text, ":cat:", end)
        if told:
            self.app.hear_of_status(self.mine)

    @rule(told=st.booleans())
    def clears_by_hand(self, told: bool) -> None:
        if same(self.slack.status, self.mine):
            self.mine = NO_STATUS
        self.slack.status = NO_STATUS
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
        if told:
            self.app.hear_of_snooze()

    @rule(told=st.booleans())
    def ends_the_snooze(self, told: bool) -> None:
        self.slack.snooze = None
        if told:
            self.app.hear_of_snooze()

    @precondition(lambda self: Effect.AWAY not in self.app.unrecorded and not self.app.presence.owed)
    @rule()
    def sets_themselves_away(self) -> None:
        """Not while `away` of ours is, or may be, on: Slack says that they are away, not who has set it."""
        self.slack.away = THEM

    @precondition(lambda self: Effect.AWAY not in self.app.unrecorded)
    @rule()
    def sets_themselves_active(self) -> None:
        """Nobody tells us of it."""
        self.slack.away = ""

    @rule(removed=st.booleans(), told=st.booleans())
    def changes_the_photo(self, removed: bool, told: bool) -> None:
        self.slack.theirs = NOBODYS if removed else f"theirs {self.slack.changes}"
        self.slack.show(self.slack.theirs)
        if told:
            self.app.hear_of_photo()

    @rule(data=st.data(), told=st.booleans(), lane=st.sampled_from(LANES))
    def changes_it_before_our_call_is_recorded(self, data: st.DataObject, told: bool, lane: str) -> None:
        """By hand, right after what we did there."""
        by_hand = {
            STATUS: lambda: data.draw(st.booleans()) and self.clears_by_hand(told) or self.types(None, told, False),
            Effect.DND: lambda: self.snoozes(data.draw(MINUTES), told),
            Effect.AWAY: lambda: setattr(self.slack, "away", "" if self.slack.away else THEM),
            Effect.PHOTO: lambda: self.changes_the_photo(data.draw(st.booleans()), told),
        }
        self.app.run(lane, meanwhile=by_hand[lane])

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
        minutes=ENDS, kind=st.sampled_from(OverrideKind), effects=st.sampled_from([NONE, NONE, EFFECTS]),
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

    @rule(minutes=st.sampled_from([None, 5, 40]), reached=REACHED)
    def pauses(self, minutes: int | None, reached: Reached | None) -> None:
        self.app.pause = Pause(self.now, None if minutes is None else self.now + minutes * MINUTE)
        self.now_is(reached=reached)

    @rule(reached=REACHED)
    def resumes(self, reached: Reached | None) -> None:
        self.app.pause = None
        self.now_is(reached=reached)

    @rule(granted=st.booleans(), reached=REACHED)
    def the_grant_is_lost_or_given(self, granted: bool, reached: Reached | None) -> None:
        self.app.granted = granted
        self.now_is(reached=reached)

    @rule(
        policy=st.sampled_from(OwnStatusPolicy),
        idle=st.booleans(),
        list_=st.sampled_from(sorted(LISTS)),
        reached=REACHED,
    )
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
        """What was done is not done again."""
        self.now_is()
        calls = self.slack.calls
        self.now_is()
        assert self.slack.calls == calls

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
        assert self.slack.snooze is None or self.slack.snooze[1] is THEM
        assert self.slack.away == (THEM if away else "")
        assert self.slack.picture == self.slack.theirs
        assert not self.app.photo.owes(self.now)
        if self.alive():
            assert same(self.slack.status, self.mine)
        else:  # where nobody told us that they typed another one, and cleared it, an older one of theirs is put back
            assert self.slack.status.empty or self.slack.status.text.startswith("own")

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def the_calendar_changes(self, reached: Reached | None) -> None:
        self.now_is(reached=reached)

    def now_is(self, *, list_: str | None = None, reached: Reached | None = None) -> None:
        """Have the app look at what is, and do what follows as far as it gets."""
        lines = self.app.facts.lines if list_ is None else LISTS[list_]
        self.app.facts = replace(self.app.facts, events=tuple(self.events.values()), lines=lines)
        self.app.mark()
        self.app.work(reached or ALIVE)

    def alive(self) -> bool:
        return self.mine.lasts(self.now)

    # ── what holds ──────────────────────────────────────────────────────────────────────────────

    @invariant()
    def their_own_status_is_not_lost(self) -> None:
        if self.alive():
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
        if self.slack.picture.startswith("ours"):
            assert self.app.photo.owes(self.now)
            assert self.app.original == self.slack.theirs
            assert self.app.photo.own is (self.slack.theirs != NOBODYS)
        else:
            assert self.slack.picture == self.slack.theirs

    def teardown(self) -> None:
        """It ends, and what comes after is done as if nothing had been."""
        self.everything_ends()
        self.count += 1
        begins, ends = self.now + MINUTE, self.now + 60 * MINUTE
        self.events[self.count] = Event("c", f"e{self.count}", begins, ends, title="Vacation")
        self.now_is()
        self.slack.tick(begins)
        self.app.work()
        assert self.slack.picture.startswith("ours")
        assert self.slack.away
        assert self.slack.snooze is not None
        self.slack.tick(ends)
        self.app.work()
        self.everything_ends()


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(stateful_step_count=30, report_multiple_bugs=False)
