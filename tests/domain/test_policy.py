"""The workspace's policy: the floor below all that a person chose, at every instant of their timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from functools import partial
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.lines import KINDS, Line, Match, Rule, complete
from services.domain.model import Effect, Kind, Look, Override, OverrideKind, Photo, ShowAs, Status
from services.domain.people import Preferences, check_preferences
from services.domain.policy import OF_POLICY, FixedError, Freedom, Policy
from tests.support.lists import routine, rule
from tests.support.timelines import at, event, line, own

ALL = frozenset(Effect)
MEETING = event("Plan B", at(10), at(11), location="Room 4")
TITLES = Preferences(titles=True)


def fixed(**looks: Look) -> Policy:
    return Policy(looks=MappingProxyType({Kind(kind): look for kind, look in looks.items()}))


def without(*freedoms: Freedom) -> Policy:
    return Policy(members_may=frozenset(Freedom) - set(freedoms))


def kinds(kind: Kind = Kind.MEETING, **fields: object) -> tuple[Line, ...]:
    """The kinds' own lines, one of them as the person has changed it."""
    return tuple(replace(one, **fields) if one.id == kind else one for one in complete(()))  # type: ignore[arg-type]


def says(policy: Policy, *lines: Line, **more: object) -> tuple[str, str]:
    status = line(MEETING, lines=complete(lines), policy=policy, preferences=TITLES, **more).at(at(10)).status
    return status.text, status.emoji


def test_policy_that_nobody_has_changed_leaves_everything_as_it_is() -> None:
    lines = (own("r", "plan", text="{title}", effects=ALL), routine(), *kinds())
    assert Policy().is_open
    assert tuple(map(Policy().floored, lines)) == lines
    assert says(Policy(), *lines) == ("Plan B", ":spiral_calendar_pad:")


@pytest.mark.parametrize(
    "policy",
    [Policy(titles=False), Policy(replies=False), Policy(effects=OF_POLICY - {Effect.PHOTO}), fixed(focus=Look("x")),
     without(Freedom.TEXTS), without(Freedom.RULES)],
)  # fmt: skip
def test_policy_that_fixes_anything_of_a_status_is_not_open(policy: Policy) -> None:
    assert not policy.is_open


@pytest.mark.parametrize(
    ("look", "says_before", "says_after"),
    [
        (Look("{title}"), "Plan B", "In a meeting"),
        (Look("At {location}"), "At Room 4", "In a meeting"),
        (Look("Busy until {until}"), "Busy until 12:00", "Busy until 12:00"),
    ],
)
def test_no_title_and_no_place_shows_where_titles_are_forbidden(look: Look, says_before: str, says_after: str) -> None:
    for lines in ((rule("r", "plan", look=look), *complete(())), kinds(look=look)):
        assert says(Policy(), *lines)[0] == says_before
        assert says(Policy(titles=False), *lines)[0] == says_after


def test_emoji_of_a_title_is_a_part_of_the_title() -> None:
    party = replace(MEETING, title="\U0001f389 Party")
    for policy, emoji in ((Policy(), ":tada:"), (Policy(titles=False), ":spiral_calendar_pad:")):
        found = line(party, policy=policy, preferences=TITLES).at(at(10)).status
        assert (found.text, found.emoji) == ("In a meeting", emoji)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (Look("At work", ":office:"), ("At work", ":office:")),
        (Look("At work", None), ("At work", ":cat:")),
        (Look(None, ":office:"), ("Mine", ":office:")),
    ],
)
def test_fixed_text_and_emoji_stand_in_the_place_of_the_persons_each_by_itself(
    look: Look, expected: tuple[str, str]
) -> None:
    assert says(fixed(meeting=look), *kinds(look=Look("Mine", ":cat:"))) == expected
    assert says(fixed(focus=look), *kinds(look=Look("Mine", ":cat:"))) == ("Mine", ":cat:")


def test_rule_keeps_its_own_text_and_shows_what_is_fixed_for_the_rest_of_it() -> None:
    lines = (rule("r", "plan", look=Look("One to one")), *kinds(look=Look("Mine", ":cat:")))
    assert says(fixed(meeting=Look("At work", ":office:")), *lines) == ("One to one", ":office:")


def test_without_own_texts_rules_and_kinds_say_what_is_fixed_or_what_the_kind_says_by_itself() -> None:
    lines = (rule("r", "plan", look=Look("One to one", ":dog:")), *kinds(look=Look("Mine", ":cat:")))
    policy = without(Freedom.TEXTS)
    assert says(policy, *lines) == ("In a meeting", ":spiral_calendar_pad:")
    assert says(replace(policy, looks=fixed(meeting=Look("At work")).looks), *lines) == (
        "At work", ":spiral_calendar_pad:",
    )  # fmt: skip


def test_without_own_rules_they_count_for_nothing_and_neither_does_a_routine() -> None:
    ignoring = rule("r", "plan", ignore=True)
    assert says(Policy(), ignoring) == ("", "")
    assert says(without(Freedom.RULES), ignoring) == ("In a meeting", ":spiral_calendar_pad:")
    for policy, text in ((Policy(), "Lunch"), (without(Freedom.RULES), ""), (without(Freedom.TEXTS), "")):
        lines = (routine(start=time(13), end=time(14)), *complete(()))
        assert line(lines=lines, policy=policy).at(at(12, 30)).status.text == text


def test_idle_status_is_a_text_of_ones_own() -> None:
    idle = Preferences(idle=Status("Ask me", ":wave:"))
    for policy, text in ((Policy(), "Ask me"), (without(Freedom.TEXTS), ""), (without(Freedom.RULES), "Ask me")):
        assert line(preferences=idle, policy=policy).at(at(10)).status.text == text


@pytest.mark.parametrize("forbidden", Effect)
def test_forbidden_effect_has_no_stretch_whatever_it_comes_from(forbidden: Effect) -> None:
    allowed = Policy(effects=OF_POLICY - {forbidden}, replies=forbidden is not Effect.REPLY)
    absent = event("x", at(8), at(9), show_as=ShowAs.OUT_OF_OFFICE)
    asked = Override("o", at(14), at(15), at(7), text="x", effects=ALL)
    away = Override("p", at(16), at(17), at(7), kind=OverrideKind.OUT_OF_OFFICE)
    lines = tuple(replace(one, effects=ALL, photo=Photo()) for one in (routine(), *complete(())))
    found = partial(line, MEETING, absent, lines=lines, overrides=(asked, away))
    assert {one.effect for one in found().stretches} == ALL
    assert {one.effect for one in found(policy=allowed).stretches} == ALL - {forbidden}


def test_override_is_the_persons_own_word_and_an_absence_without_one_says_what_is_fixed() -> None:
    policy = replace(fixed(out_of_office=Look("Away until {until}", ":zzz:")), members_may=frozenset(), titles=False)
    typed = Override("o", at(10), at(11), at(9), text="Lunch with {title}", emoji=":pizza:")
    away = replace(typed, kind=OverrideKind.OUT_OF_OFFICE, text="", emoji="")
    noted = replace(away, text="Skiing")
    for asked, text in ((typed, "Lunch with {title}"), (away, "Away until 12:00"), (noted, "Skiing")):
        assert line(overrides=(asked,), policy=policy).at(at(10)).status.text == text


TEXTS = st.none() | st.sampled_from(["{title}", "At {location}", "Mine until {until}", "Mine", "{title} {location}"])
LOOKS = st.builds(Look, TEXTS, st.none() | st.sampled_from([":cat:", ":dog:"]))
EFFECTS = st.frozensets(st.sampled_from(Effect))


@st.composite
def lists(draw: st.DrawFn) -> tuple[Line, ...]:
    """A list with a rule and a routine, or without, whose lines say and do anything."""
    rules = st.builds(partial(rule, "r", "plan"), look=LOOKS, effects=EFFECTS, ignore=st.booleans())
    routines = st.builds(partial(routine, start=time(11, 30)), look=LOOKS, effects=EFFECTS)
    own = [*draw(st.lists(rules, max_size=1)), *draw(st.lists(routines, max_size=1))]
    kinds = [replace(one, look=draw(LOOKS), effects=draw(EFFECTS), photo=Photo()) for one in complete(())]
    return (*own, *kinds)


POLICIES = st.builds(
    Policy, titles=st.booleans(), effects=st.frozensets(st.sampled_from(sorted(OF_POLICY))), replies=st.booleans(),
    looks=st.dictionaries(
        st.sampled_from(KINDS), st.builds(Look, st.none() | st.just("Fixed"), st.none() | st.just(":x:"))
    ),
    members_may=st.frozensets(st.sampled_from(Freedom)),
)  # fmt: skip


@given(lists(), POLICIES)
def test_whatever_somebody_chose_nothing_passes_below_the_floor(lines: tuple[Line, ...], policy: Policy) -> None:
    secret = replace(MEETING, title="Secret plan", location="Secret place")
    away = event("x", at(12), at(13), show_as=ShowAs.OUT_OF_OFFICE, location="Secret place")
    idle = replace(TITLES, idle=Status("Mine", ":cat:"))
    timeline = line(secret, away, lines=lines, policy=policy, preferences=idle)
    shown = [f"{span.status.text} {span.status.emoji}" for span in timeline.spans]
    assert {one.effect for one in timeline.stretches} <= policy.allowed
    if not policy.titles:
        assert not any("Secret" in text for text in shown)
    if not policy.texts:
        assert not any(word in text for text in shown for word in ("Mine", "Secret", ":cat:", ":dog:"))
    if not policy.rules:
        assert {span.rule for span in timeline.spans} <= {"meeting", "out_of_office", "idle", "nothing"}
    look = policy.looks.get(Kind.OUT_OF_OFFICE, Look())
    absent = timeline.at(at(12, 30)).status
    assert look.text in {None, absent.text}
    assert look.emoji in {None, absent.emoji}


# ── what a person may change ────────────────────────────────────────────────────────────────────────


def refused(policy: Policy, before: tuple[Line, ...], after: tuple[Line, ...]) -> str | None:
    """The block that a change is refused at; "" where it is not."""
    try:
        policy.check(before, after)
    except FixedError as error:
        return error.field
    return ""


@pytest.mark.parametrize(
    ("policy", "change", "field"),
    [
        (Policy(), {"look": Look("a", ":b:"), "effects": ALL}, ""),
        (fixed(meeting=Look("x")), {"look": Look("a")}, "text"),
        (fixed(meeting=Look("x")), {"look": Look(None, ":b:")}, ""),
        (fixed(meeting=Look(None, ":x:")), {"look": Look("a")}, ""),
        (fixed(meeting=Look(None, ":x:")), {"look": Look(None, ":b:")}, "emoji"),
        (fixed(focus=Look("x", ":x:")), {"look": Look("a", ":b:")}, ""),
        (without(Freedom.TEXTS), {"look": Look("a")}, "text"),
        (without(Freedom.TEXTS), {"look": Look(None, ":b:")}, "emoji"),
        (without(Freedom.RULES), {"look": Look("a", ":b:")}, ""),
        (Policy(effects=frozenset()), {"effects": frozenset({Effect.DND})}, "effects"),
        (Policy(effects=frozenset()), {"effects": frozenset({Effect.REPLY})}, ""),
        (Policy(replies=False), {"effects": frozenset({Effect.REPLY})}, "effects"),
        (replace(without(*Freedom), effects=frozenset()), {"enabled": False}, ""),
    ],
)  # fmt: skip
def test_change_of_a_kinds_own_line(policy: Policy, change: dict[str, object], field: str) -> None:
    assert refused(policy, complete(()), kinds(**change)) == field


@pytest.mark.parametrize(
    ("policy", "before", "after", "field"),
    [
        (Policy(), None, rule("r", "x"), ""),
        (without(Freedom.RULES), None, rule("r", "x"), "title_words"),
        (without(Freedom.RULES), rule("r", "x"), rule("r", "x"), ""),
        (without(Freedom.RULES), rule("r", "x"), rule("r", "x", enabled=False), ""),
        (without(Freedom.RULES), rule("r", "x"), rule("r", "y"), "title_words"),
        (without(Freedom.RULES), rule("r", "x"), None, ""),
        (without(Freedom.TEXTS), None, rule("r", "x"), "text"),
        (without(Freedom.TEXTS), None, rule("r", "x", look=Look(None, ":a:")), "emoji"),
        (without(Freedom.TEXTS), None, rule("r", "x", look=Look()), ""),
        (without(Freedom.TEXTS), rule("r", "x"), rule("r", "y"), ""),
        (without(Freedom.TEXTS), None, routine(), "text"),
        (without(Freedom.RULES), None, routine(), "text"),
        (without(Freedom.RULES), routine(), routine(enabled=False), ""),
        (fixed(meeting=Look("x", ":x:")), None, rule("r", "x", look=Look("a", ":a:")), ""),
        (Policy(effects=frozenset()), None, rule("r", "x", effects=frozenset({Effect.DND})), "effects"),
        (Policy(effects=frozenset()), rule("r", "x", effects=ALL), rule("r", "y", effects=ALL), ""),
    ],
)  # fmt: skip
def test_change_of_a_rule_or_a_routine(policy: Policy, before: Line | None, after: Line | None, field: str) -> None:
    old, new = (() if one is None else (one,) for one in (before, after))
    assert refused(policy, complete(old), complete(new)) == field


def test_line_that_is_moved_is_not_changed() -> None:
    lines = complete((rule("a", "x"), rule("b", "y"), routine()))
    assert refused(without(*Freedom), lines, tuple(reversed(lines))) == ""


def test_settings_that_are_not_the_persons_to_choose() -> None:
    plain, wave = Preferences(), Preferences(idle=Status("Hi", ":wave:"))
    closed = replace(without(Freedom.TEXTS), titles=False)
    for policy, before, after in (
        (Policy(), plain, replace(wave, titles=True)), (closed, TITLES, TITLES), (closed, TITLES, plain),
        (closed, wave, wave), (closed, wave, plain),
    ):  # fmt: skip
        check_preferences(policy, before, after)
    for after, field in ((TITLES, "options"), (wave, "idle_text")):
        with pytest.raises(FixedError) as refusal:
            check_preferences(closed, plain, after)
        assert refusal.value.field == field


def test_every_kind_can_be_fixed_and_says_so() -> None:
    for kind in KINDS:
        policy = fixed(**{kind.value: Look("x", None)})
        assert [one for one in KINDS if policy.fixes_text(one)] == [kind]
        assert not any(map(policy.fixes_emoji, KINDS))
    assert all(map(without(Freedom.TEXTS).fixes_emoji, KINDS))
    assert Rule("r", "", Match()) == Policy(effects=frozenset()).floored(Rule("r", "", Match(), effects=OF_POLICY))
