"""What holds for every timeline, against a reference that asks who is the highest instant by instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.domain.lines import Line, Match, Routine, Rule, complete
from services.domain.model import Effect, Event, EventType, Kind, Look, Override, PersonKey, Status, Timeline
from services.domain.people import PersonFacts, Preferences
from services.domain.timeline import resolve

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
END = START + 240 * MINUTE
TITLES = {"Vacation": Kind.OUT_OF_OFFICE, "Sync": Kind.MEETING, "Focus": Kind.FOCUS}
TYPES = {"Vacation": EventType.OUT_OF_OFFICE, "Sync": EventType.DEFAULT, "Focus": EventType.FOCUS}
LAYERS = [Kind.OUT_OF_OFFICE, Kind.MEETING, Kind.FOCUS]
LUNCH = Routine(
    "lunch",
    Look("Lunch break", ":sandwich:"),
    frozenset(range(7)),
    time(2, 30),
    time(3, 10),
    effects=frozenset({Effect.DND}),
)
RULES = (Rule("r1", "one", Match(title_words=("x1",))), Rule("r2", "two", Match(title_words=("x2",))))


@dataclass(frozen=True)
class Person:
    events: tuple[Event, ...]
    overrides: tuple[Override, ...]
    preferences: Preferences
    lines: tuple[Line, ...]
    looks: dict[Kind, Look]

    def resolve(self, start: datetime = START, end: datetime = END) -> Timeline:
        facts = PersonFacts(
            PersonKey("T1", "U1"),
            BERLIN,
            events=self.events,
            overrides=self.overrides,
            lines=tuple(
                replace(line, look=self.looks.get(line.kind, line.look))
                if isinstance(line, Rule) and line.kind
                else line
                for line in self.lines
            ),
            preferences=self.preferences,
        )
        return resolve(facts, start, end)


MOMENTS = st.integers(-60, 300).map(lambda minutes: START + minutes * MINUTE)


@st.composite
def events(draw: st.DrawFn) -> tuple[Event, ...]:
    made = []
    for index in range(draw(st.integers(0, 8))):
        start, end = sorted((draw(MOMENTS), draw(MOMENTS)))
        words = draw(st.sampled_from(["", "", " x1", " x2"]))
        what = draw(st.sampled_from(sorted(TITLES)))
        title = f"{what}{words} n{index}"
        made.append(Event(draw(st.sampled_from("ab")), f"u{index}", start, end, type=TYPES[what], title=title))
    return tuple(made)


@st.composite
def overrides(draw: st.DrawFn) -> tuple[Override, ...]:
    made = []
    for index in range(draw(st.integers(0, 3))):
        start, end = draw(MOMENTS), draw(st.none() | MOMENTS)
        text = draw(st.sampled_from(["Lunch", f"o{index}"]))
        made.append(Override(f"o{index}", start, end, draw(MOMENTS), text=text, emoji=":pizza:"))
    return tuple(made)


MINUTES = st.sampled_from([0, 0, 5, 15]).map(lambda minutes: minutes * MINUTE)
NAMED = {kind: Look("{title}") for kind in Kind}
PEOPLE = st.builds(
    Person,
    events(),
    overrides(),
    st.builds(
        Preferences,
        idle=st.sampled_from([None, Status("Here", ":wave:")]),
        lead=MINUTES,
        bridge=MINUTES,
        titles=st.just(value=True),
    ),
    st.sampled_from([(), RULES, (*RULES, LUNCH)]).flatmap(lambda own: st.permutations(complete(own)).map(tuple)),
    st.sampled_from([{}, NAMED, {kind: Look("Busy", ":x:") for kind in Kind}]),
)


def layer(event: Event, person: Person) -> int:
    ids = [line.id for line in person.lines]
    for line in person.lines:
        if isinstance(line, Rule) and line.kind is None and line.match.title_words[0] in event.title.split():
            return ids.index(line.id)
    return ids.index(TITLES[event.title.split()[0]])


def says(event: Event, person: Person) -> str:
    show = person.looks.get(TITLES[event.title.split()[0]])
    if show is not None and show.text is not None:
        return show.text.replace("{title}", event.title)
    return {"Vacation": "Out of office", "Sync": "In a meeting", "Focus": "Focusing"}[event.title.split()[0]]


def highest(found: list[Event], person: Person) -> Event:
    best = found[0]
    for event in found[1:]:
        one, other = layer(event, person), layer(best, person)
        if one != other:
            best = event if one < other else best
        elif event.start != best.start:
            best = event if event.start > best.start else best
        elif event.end != best.end:
            best = event if event.end > best.end else best
        else:
            best = event if event.id < best.id else best
    return best


def planned(person: Person, at: datetime) -> tuple[str, datetime] | None:
    """What the list alone says at one instant, and since when that is on."""
    lead, bridge = person.preferences.lead, person.preferences.bridge
    counted = [event for event in person.events if event.end > event.start]
    now = [event for event in counted if event.start - lead <= at < event.end]
    meetings = [event for event in counted if event.title.startswith("Sync")]
    if not any(event in meetings for event in now):
        before = [event for event in meetings if event.end <= at]
        after = [event.start - lead for event in meetings if event.start - lead > at]
        last_end = max((event.end for event in before), default=None)
        if last_end is not None and after and min(after) - last_end <= bridge:
            now.append(highest([event for event in before if event.end == last_end], person))
    best = highest(now, person) if now else None
    lunch = datetime.combine(at.astimezone(BERLIN).date(), LUNCH.start, BERLIN)
    if LUNCH in person.lines and LUNCH.start <= at.astimezone(BERLIN).time() < LUNCH.end:
        place = person.lines.index(LUNCH)
        if best is None or place < layer(best, person):
            return "Lunch break", lunch
    return None if best is None else (says(best, person), best.start)


def asked(override: Override) -> tuple[datetime, str]:
    return override.created_at, override.id


def replaced(override: Override, begun: list[Override]) -> bool:
    """Whether a newer one without an end has begun since it did."""
    return any(o.end is None and o.start >= override.start and asked(o) > asked(override) for o in begun)


def reference(person: Person, at: datetime) -> str:
    """The text at one instant, the slow and plain way."""
    begun = [o for o in person.overrides if o.start <= at]
    endless = max((o for o in begun if o.end is None), key=asked, default=None)
    ended = [o for o in begun if o.end is not None and at < o.end and not replaced(o, begun)]
    if ended:
        return max(ended, key=asked).text
    found = planned(person, at)
    if endless is not None and (found is None or endless.start >= found[1]):
        return endless.text
    if found is not None:
        return found[0]
    return person.preferences.idle.text if person.preferences.idle is not None else ""


@given(PEOPLE)
def test_spans_are_ordered_disjoint_and_cover_the_window(person: Person) -> None:
    spans = person.resolve().spans
    assert spans[0].start == START
    assert spans[-1].end == END
    assert all(span.start < span.end for span in spans)
    assert all(one.end == other.start for one, other in pairwise(spans))


@given(PEOPLE)
def test_neighbours_show_different_things_but_where_one_was_asked_for(person: Person) -> None:
    for one, other in pairwise(person.resolve().spans):
        if not (one.override or other.override):
            assert (one.status.text, one.status.emoji) != (other.status.text, other.status.emoji)


@given(PEOPLE)
def test_expiration_is_the_spans_end(person: Person) -> None:
    timeline = person.resolve()
    endless = any(override.end is None for override in person.overrides)
    for span in timeline.spans:
        if span.shows:
            unknown = endless and span is timeline.spans[-1] and span.status.expiration is None
            assert unknown or span.status.expiration == span.end
        else:
            assert span.status == Status()


@given(PEOPLE, st.randoms(use_true_random=False))
def test_order_of_input_changes_nothing(person: Person, random: object) -> None:
    shuffled = list(person.events), list(person.overrides)
    for part in shuffled:
        random.shuffle(part)  # type: ignore[attr-defined]  # hypothesis hands a random.Random
    other = replace(person, events=tuple(shuffled[0]), overrides=tuple(shuffled[1]))
    assert other.resolve() == person.resolve()


@given(PEOPLE)
def test_at_each_instant_the_winner_is_the_highest(person: Person) -> None:
    timeline = person.resolve()
    for minutes in range(240):
        at = START + minutes * MINUTE
        shown = timeline.at(at).status.text
        assert shown.partition(" until ")[0] == reference(person, at)


@given(PEOPLE, st.integers(0, 200), st.integers(1, 39))
def test_smaller_window_is_a_cut_of_the_larger(person: Person, offset: int, length: int) -> None:
    start = START + offset * MINUTE
    end = start + length * MINUTE
    long_before = START - 1440 * MINUTE
    whole, part = person.resolve(long_before), person.resolve(start, end)
    for span in part.spans:
        other = whole.at(span.start)
        assert (span.status.text, span.status.emoji) == (other.status.text, other.status.emoji)
        assert span.start == max(other.start, start)
        assert span.end == min(other.end, end)
        began = other.began or (other.start if other.start > long_before else span.start)
        assert (span.began or span.start) == began


@given(PEOPLE)
def test_effect_is_on_exactly_while_a_line_with_it_is_the_highest(person: Person) -> None:
    timeline = person.resolve()
    assert all(one.end < other.start for one, other in pairwise(timeline.stretches))
    for minutes in range(240):
        at = START + minutes * MINUTE
        is_on = any(one.start <= at < one.end for one in timeline.stretches)
        assert is_on == (reference(person, at) == "Lunch break")
