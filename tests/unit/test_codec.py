"""Values survive JSON, and nothing that is wrong gets in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError, TooManyError
from services.domain.model import (
    Kind,
    Match,
    OwnStatusPolicy,
    Preferences,
    Reason,
    ReasonCode,
    Rule,
    Show,
    ShowAs,
    Standing,
    Status,
    WorkingHours,
)
from services.store.json_values import (
    preferences_from_json,
    preferences_to_json,
    reason_from_json,
    reason_to_json,
    rules_from_json,
    rules_to_json,
    standing_from_json,
    standing_to_json,
)

TEXT = st.text(max_size=40)
SHORT = st.none() | TEXT
COUNT = st.none() | st.integers(0, 1000)
INSTANT = st.none() | st.datetimes(timezones=st.just(UTC))
STATUS = st.none() | st.builds(Status, TEXT, TEXT, INSTANT)
SHOW = st.builds(Show, SHORT, SHORT)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
MATCH = st.builds(
    Match, st.frozensets(st.sampled_from(Kind)), WORDS, WORDS, st.frozensets(TEXT, max_size=3),
    st.frozensets(st.sampled_from(ShowAs)), st.none() | st.booleans(), COUNT, COUNT, COUNT, COUNT,
)  # fmt: skip
RULES = st.lists(
    st.builds(Rule, st.text(min_size=1, max_size=20), TEXT, MATCH, SHOW, st.booleans(), st.booleans()),
    max_size=4,
    unique_by=lambda rule: rule.id,
).map(tuple)
MINUTE_OF_DAY = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.dictionaries(st.integers(0, 6), st.tuples(MINUTE_OF_DAY, MINUTE_OF_DAY)).map(
    lambda days: WorkingHours(MappingProxyType(days))
)
MINUTES = st.integers(0, 1440).map(lambda minutes: timedelta(minutes=minutes))
PREFERENCES = st.builds(
    Preferences, st.dictionaries(st.sampled_from(Kind), SHOW), st.none() | st.builds(Status, TEXT, TEXT), st.booleans(),
    st.none() | HOURS, st.sampled_from(OwnStatusPolicy), MINUTES, MINUTES, st.booleans(),
)  # fmt: skip


@given(PREFERENCES)
def test_preferences_survive(preferences: Preferences) -> None:
    assert preferences_from_json(json.loads(json.dumps(preferences_to_json(preferences)))) == preferences


@given(RULES)
def test_rules_survive(rules: tuple[Rule, ...]) -> None:
    assert rules_from_json(json.loads(json.dumps(rules_to_json(rules)))) == rules


@given(st.builds(Standing, STATUS, INSTANT, STATUS, STATUS, STATUS, INSTANT, INSTANT, STATUS))
def test_standing_survives(standing: Standing) -> None:
    assert standing_from_json(json.loads(json.dumps(standing_to_json(standing)))) == standing


@given(st.builds(Reason, st.sampled_from(ReasonCode), TEXT, INSTANT))
def test_reason_survives(reason: Reason) -> None:
    assert reason_from_json(json.loads(json.dumps(reason_to_json(reason)))) == reason


def test_nothing_chosen_is_the_default() -> None:
    assert preferences_from_json({}) == Preferences()
    assert standing_from_json({}) == Standing()
    assert rules_from_json([{}]) == (Rule("rule-1", ""),)
    assert rules_from_json([]) == ()


def test_rules_read_as_they_are_written_by_hand() -> None:
    written = [
        {"name": "Standup", "match": {"title_words": ["standup"]}, "show": {"text": "Standing", "emoji": ":chair:"}}
    ]
    assert rules_from_json(written) == (
        Rule("rule-1", "Standup", Match(title_words=("standup",)), Show("Standing", ":chair:")),
    )


NOT_OBJECTS = (None, 1, "x", [], True)


@pytest.mark.parametrize("value", NOT_OBJECTS)
def test_what_is_no_object_is_refused(value: object) -> None:
    for read in (preferences_from_json, standing_from_json, reason_from_json):
        with pytest.raises(InputError):
            read(value)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"show": []}, "preferences.show"),
        ({"show": {"party": {}}}, "preferences.show"),
        ({"show": {"meeting": {"text": 1}}}, "show.meeting.text"),
        ({"show": {"meeting": {"txt": "x"}}}, "show.meeting"),
        ({"show": {"meeting": {"text": "x" * 501}}}, "show.meeting.text"),
        ({"idle": "x"}, "idle"),
        ({"count_unconfirmed": 1}, "preferences.count_unconfirmed"),
        ({"working_hours": {"7": ["09:00", "10:00"]}}, "working_hours"),
        ({"working_hours": {"0": "09:00"}}, "working_hours"),
        ({"working_hours": {"0": ["09:00"]}}, "working_hours"),
        ({"working_hours": {"0": ["09:00", "24:00"]}}, "working_hours"),
        ({"working_hours": {"0": [9, 10]}}, "working_hours"),
        ({"own_status": "x"}, "preferences.own_status"),
        ({"own_status": ["x"]}, "preferences.own_status"),
        ({"lead": -1}, "preferences.lead"),
        ({"lead": 1.5}, "preferences.lead"),
        ({"lead": True}, "preferences.lead"),
        ({"bridge": 10**9}, "preferences.bridge"),
    ],
)
def test_wrong_preference_is_named(value: object, field: str) -> None:
    with pytest.raises(InputError) as refused:
        preferences_from_json(value)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "rules"),
        (["x"], "rules.0"),
        ([{"idd": "x"}], "rules.0"),
        ([{"id": "x" * 65}], "rules.0.id"),
        ([{"id": "a"}, {"id": "a"}], "rules"),
        ([{"match": {"title": "x"}}], "rules.0.match"),
        ([{"match": {"title_words": "x"}}], "rules.0.match.title_words"),
        ([{"match": {"title_words": ["x"] * 51}}], "rules.0.match.title_words"),
        ([{"match": {"title_words": [1]}}], "rules.0.match.title_words"),
        ([{"match": {"kinds": ["party"]}}], "rules.0.match.kinds"),
        ([{"match": {"show_as": ["gone"]}}], "rules.0.match.show_as"),
        ([{"match": {"all_day": "yes"}}], "rules.0.match.all_day"),
        ([{"match": {"min_guests": "2"}}], "rules.0.match.min_guests"),
        ([{"match": []}, {"match": "x"}], "rules.1.match"),
        ([{"enabled": None, "ignore": "no"}], "rules.0.ignore"),
    ],
)
def test_wrong_rule_is_named(value: object, field: str) -> None:
    with pytest.raises(InputError) as refused:
        rules_from_json(value)
    assert refused.value.field == field


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(TooManyError):
        rules_from_json([{"id": str(index)} for index in range(101)])


@pytest.mark.parametrize(
    "value",
    [
        {"looked_at": "yesterday"},
        {"looked_at": "2026-11-24T10:00:00"},
        {"looked_at": "0001-01-01T00:00:00+10:00"},
        {"looked_at": 5},
        {"applied": {"text": []}},
        {"covered": 3},
    ],
)
def test_wrong_memory_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        standing_from_json(value)


def test_instant_with_an_offset_is_read_as_utc() -> None:
    found = standing_from_json({"looked_at": "2026-11-24T10:00:00+01:00"})
    assert found.looked_at == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", [{}, {"code": "x"}, {"code": None}, {"code": "event", "rule": 1}])
def test_wrong_reason_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        reason_from_json(value)
