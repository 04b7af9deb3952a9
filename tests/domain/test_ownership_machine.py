"""Whatever a person does at whatever moment, and whatever breaks, their own status is never lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.domain import ownership
from services.domain.model import (
    NO_STATUS,
    Action,
    Decision,
    Event,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    Pause,
    PersonKey,
    Span,
    Standing,
    Status,
)
from services.domain.people import PersonFacts, Preferences
from services.domain.text import same
from services.domain.timeline import resolve

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
MINUTES = st.integers(1, 120)
ENDS = st.sampled_from([None, None, 5, 20, 60, 120])
FATES = st.sampled_from(["done", "done", "done", "not reached", "not recorded"])
EMPTY = Preferences()
IDLE = Preferences(idle=Status("Here", ":wave:"))


@dataclass
class Profile:
    """Slack's side: one status, which ends by itself."""

    status: Status = NO_STATUS
    stuck: bool = False

    def tick(self, now: datetime) -> None:
        end = self.status.expiration
        if end is not None and end <= now and not self.stuck:
            self.status = NO_STATUS


class Keeping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.profile = Profile()
        self.standing = Standing()
        self.events: dict[int, Event] = {}
        self.overrides: list[Override] = []
        self.pause: Pause | None = None
        self.policy = OwnStatusPolicy.COVER_AND_RESTORE
        self.preferences = EMPTY
        self.mine = NO_STATUS
        self.count = 0
        self.look: datetime | None = None
        self.waits = False

    # ── the world ───────────────────────────────────────────────────────────────────────────────

    @rule(minutes=MINUTES, seconds=st.sampled_from([0.0, 0.0, 0.25, 30.5]), alive=st.booleans(), fate=FATES)
    def time_passes(self, minutes: int, seconds: float, alive: bool, fate: str) -> None:
        until = self.now + minutes * MINUTE + seconds * SECOND
        while alive:
            edge = min([self.span().end, *([self.look] if self.look is not None else [])])
            if edge > until:
                break
            self.set_clock(max(edge, self.now))
            self.look = None
            self.reconcile()
        self.set_clock(until)
        self.reconcile(fate)

    @rule(stuck=st.booleans())
    def slack_forgets_to_expire(self, stuck: bool) -> None:
        self.profile.stuck = stuck
        self.set_clock(self.now)

    @rule(start=st.integers(-60, 180), minutes=MINUTES, kind=st.sampled_from(["Sync", "Focus", "Vacation"]))
    def an_event_appears(self, start: int, minutes: int, kind: str) -> None:
        self.count += 1
        begins = self.now + start * MINUTE
        self.events[self.count] = Event("c", f"e{self.count}", begins, begins + minutes * MINUTE, title=kind)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), shift=st.integers(-60, 60), stretch=st.integers(-30, 60))
    def an_event_moves(self, data: st.DataObject, shift: int, stretch: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.events)))
        event = self.events[key]
        start, end = event.start + shift * MINUTE, event.end + (shift + stretch) * MINUTE
        self.events[key] = replace(event, start=start, end=max(end, start))

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def an_event_vanishes(self, data: st.DataObject) -> None:
        del self.events[data.draw(st.sampled_from(sorted(self.events)))]

    # ── the person ──────────────────────────────────────────────────────────────────────────────

    @rule(minutes=ENDS, told=st.booleans(), again=st.booleans())
    def types(self, minutes: int | None, told: bool, again: bool) -> None:
        self.count += 1
        text = self.mine.text if again and not self.mine.empty else f"own {self.count}"
        end = None if minutes is None else (self.now + minutes * MINUTE).replace(microsecond=0)
        self.mine = Status(text, ":cat:", end)
        self.show(self.mine, told=told)

    @rule(told=st.booleans())
    def clears_by_hand(self, told: bool) -> None:
        if same(self.profile.status, self.mine):
            self.mine = NO_STATUS
        self.show(NO_STATUS, told=told)

    @rule(minutes=ENDS, kind=st.sampled_from(OverrideKind), fate=FATES)
    def asks(self, minutes: int | None, kind: OverrideKind, fate: str) -> None:
        self.count += 1
        end = None if minutes is None else self.now + minutes * MINUTE
        asked = Override(f"{self.count:05}", self.now, end, self.now, kind, f"asked {self.count}", ":pizza:")
        self.overrides.append(asked)
        self.reconcile(fate)

    @rule(fate=FATES)
    def takes_back_what_was_asked(self, fate: str) -> None:
        self.overrides.clear()
        self.reconcile(fate)

    @rule(minutes=ENDS)
    def pauses(self, minutes: int | None) -> None:
        self.pause = Pause(self.now, None if minutes is None else self.now + minutes * MINUTE)

    @rule(fate=FATES)
    def resumes(self, fate: str) -> None:
        self.pause = None
        self.reconcile(fate)

    @rule(policy=st.sampled_from(OwnStatusPolicy), preferences=st.sampled_from([EMPTY, IDLE]))
    def chooses(self, policy: OwnStatusPolicy, preferences: Preferences) -> None:
        self.policy, self.preferences = policy, preferences
        self.reconcile()

    # ── us ──────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def we_tick(self) -> None:
        """What will be written is stored with the wish; nothing is sent yet, and may not be for long."""
        if not self.waits:
            self.standing = ownership.foresee(self.standing, self.span(), self.now)
            self.waits = True

    @precondition(lambda self: self.waits)
    @rule()
    def our_wish_is_withdrawn(self) -> None:
        self.waits = False

    @rule(minutes=ENDS, fate=FATES, later=st.sampled_from([0, 0, 10, 130]))
    def types_between_our_look_and_our_write(self, minutes: int | None, fate: str, later: int) -> None:
        """The event comes once the write cannot be stopped any more; it has us look anew, sooner or later."""
        self.we_tick()
        decision = self.decide()
        if decision.status is None:
            return
        self.remember(decision)
        self.set_clock(self.now + SECOND)
        self.types(minutes, told=True, again=False)
        if fate != "not reached" and not (decision.status.expiration and decision.status.expiration <= self.now):
            self.write(decision.status)
            if fate == "done":
                recorded = ownership.record(decision, self.profile.status)
                self.standing = ownership.hint(recorded, self.mine, self.now) or recorded
        self.set_clock(self.now + later * MINUTE)
        self.reconcile()

    @rule()
    def we_look(self) -> None:
        self.reconcile()
        written = self.reconcile()
        assert written is Action.LEAVE

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def span(self) -> Span:
        facts = PersonFacts(
            PersonKey("T1", "U1"),
            ZONE,
            events=tuple(self.events.values()),
            overrides=tuple(self.overrides),
            preferences=self.preferences,
        )
        return resolve(facts, self.now - DAY, self.now + 8 * DAY).at(self.now)

    def decide(self) -> Decision:
        return ownership.decide(
            self.profile.status, self.standing, self.span(), policy=self.policy, pause=self.pause, now=self.now
        )

    def reconcile(self, fate: str = "done") -> Action:
        self.we_tick()
        decision = self.decide()
        self.look = decision.look_again
        assert self.look is None or self.look > self.now
        if decision.status is None:
            self.standing = replace(decision.standing, pending=None)
            self.waits = False
        else:
            self.remember(decision)
            if fate != "not reached":
                self.write(decision.status)
            if fate == "done":
                self.standing = ownership.record(decision, self.profile.status)
                self.waits = False
        return decision.action

    def remember(self, decision: Decision) -> None:
        """Store what is about to be written, unless it is stored with the wish already."""
        if not ownership.foreseen(self.standing, decision):
            self.standing = ownership.intent(self.standing, decision)

    def write(self, status: Status) -> None:
        assert self.pause is None or not self.pause.holds(self.now)
        assert status.expiration is None or status.expiration > self.now
        assert status.empty or status.expiration is None or status.expiration.microsecond == 0
        self.profile.status = status

    def show(self, status: Status, *, told: bool) -> None:
        self.profile.status = status
        if told:
            self.standing = ownership.hint(self.standing, status, self.now) or self.standing

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self.profile.tick(now)

    def alive(self) -> bool:
        return not self.mine.empty and (self.mine.expiration is None or self.mine.expiration > self.now)

    @invariant()
    def their_own_status_is_not_lost(self) -> None:
        if self.alive():
            # told of while something may be on its way: the next look will tell
            told = None if self.standing.pending is None else self.standing.own
            known = [self.profile.status, self.standing.covered, told]
            assert any(status is not None and same(status, self.mine) for status in known)

    def teardown(self) -> None:
        self.events.clear()
        self.overrides.clear()
        self.pause = None
        self.set_clock(self.now + MINUTE)
        self.reconcile()
        if self.alive():
            assert same(self.profile.status, self.mine)


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(stateful_step_count=30, report_multiple_bugs=False)
