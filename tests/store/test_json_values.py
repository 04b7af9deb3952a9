"""Values survive JSON, and nothing that is wrong gets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.decisions import Standing
from services.domain.errors import InputError
from services.domain.model import Kind, Look, OwnStatusPolicy, Status
from services.domain.people import Preferences, WorkingHours
from services.domain.profile_state import ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.store.json_values import (
    Attempted,
    Shown,
    looks_from_json,
    preferences_from_json,
    preferences_to_json,
    profile_state_from_json,
    profile_state_to_json,
    reason_from_json,
    reason_to_json,
)
from tests.support.json_samples import MINUTE_OF_DAY, NO_OBJECTS, TEXT

INSTANT = st.none() | st.datetimes(timezones=st.just(UTC))
STATUS = st.none() | st.builds(Status, TEXT, TEXT, INSTANT)
HOURS = st.dictionaries(st.integers(0, 6), st.tuples(MINUTE_OF_DAY, MINUTE_OF_DAY)).map(
    lambda days: WorkingHours(MappingProxyType(days))
)
MINUTES = st.integers(0, 1440).map(lambda minutes: timedelta(minutes=minutes))
PREFERENCES = st.builds(
    Preferences, st.none() | st.builds(Status, TEXT, TEXT), st.booleans(),
    st.none() | HOURS, st.sampled_from(OwnStatusPolicy), MINUTES, MINUTES, st.booleans(),
)  # fmt: skip


STANDING = st.builds(Standing, STATUS, INSTANT, STATUS, STATUS, STATUS, INSTANT, INSTANT, STATUS)
STATES = st.builds(ProfileState, STANDING, TEXT, st.booleans(), INSTANT, TEXT, st.integers(0, 9))
AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
LATER = AT.replace(microsecond=123456)


@given(PREFERENCES)
def test_preferences_survive(preferences: Preferences) -> None:
    assert preferences_from_json(preferences_to_json(preferences)) == preferences


@given(STATES)
def test_memory_survives(state: ProfileState) -> None:
    assert profile_state_from_json(profile_state_to_json(state)) == state


@given(st.builds(Reason, st.sampled_from(ReasonCode), TEXT, INSTANT))
def test_reason_survives(reason: Reason) -> None:
    assert reason_from_json(reason_to_json(reason)) == reason


@given(st.builds(Shown, TEXT, TEXT, st.booleans(), TEXT), st.builds(Attempted, TEXT, TEXT, INSTANT, TEXT))
def test_what_is_shown_and_what_was_tried_survive(shown: Shown, attempted: Attempted) -> None:
    assert Shown.from_json(shown.to_json()) == shown
    assert Attempted.from_json(attempted.to_json()) == attempted


# What releases before this one stored, byte for byte.
PREFERENCES_STORED = {
    "{}": Preferences(),
    '{"show": {}, "idle": null, "count_unconfirmed": false, "working_hours": null, "own_status": "cover_and_restore",'
    ' "lead": 0, "bridge": 0, "titles": false}': Preferences(),
    '{"show": {"focus": {"emoji": ":y:"}, "meeting": {"text": "In {title}", "emoji": ":x:"}, "out_of_office": {}},'
    ' "idle": {"text": "Hier", "emoji": "\\ud83d\\ude00"}, "count_unconfirmed": true,'
    ' "working_hours": {"0": ["00:00", "08:05"], "6": ["09:00", "23:59"]}, "own_status": "mine_always_wins",'
    ' "lead": 5, "bridge": 15, "titles": true}': Preferences(
        Status("Hier", "\U0001f600"), True,
        WorkingHours(MappingProxyType({6: (time(9), time(23, 59)), 0: (time(0), time(8, 5))})),
        OwnStatusPolicy.MINE_ALWAYS_WINS, timedelta(minutes=5), timedelta(minutes=15), True,
    ),
    '{"titles": true, "of_a_later_release": [1]}': Preferences(titles=True),
}  # fmt: skip
STATES_STORED = {
    '{"standing": {"applied": {"text": "Tea & cake", "emoji": ":tea:", "expiration": "2026-11-24T10:00:00+00:00"},'
    ' "applied_span": "2026-11-24T10:00:00+00:00", "pending": {"text": "a", "emoji": "",'
    ' "expiration": "2026-11-24T10:00:00.123456+00:00"}, "covered": {"text": "\\u00e4", "emoji": ":c:",'
    ' "expiration": null}, "own": {"text": "", "emoji": "", "expiration": null},'
    ' "own_since": "2026-11-24T10:00:00.123456+00:00", "looked_at": "2026-11-24T10:00:00+00:00",'
    ' "wanted": {"text": "w", "emoji": "", "expiration": "2026-11-24T10:00:00+00:00"}}, "decided": "abc",'
    ' "override": true, "look": "2026-11-24T10:00:00.123456+00:00", "owner": "d1", "refusals": 2}': ProfileState(
        Standing(Status("Tea & cake", ":tea:", AT), AT, Status("a", "", LATER), Status("ä", ":c:"), Status(), LATER,
                 AT, Status("w", "", AT)),
        "abc", True, LATER, "d1", 2,
    ),
    '{"standing": {}, "decided": "", "override": false, "look": null, "owner": ""}': ProfileState(),
    '{"standing": {"own": {"text": "half \\ud83d"}}, "decided": "", "override": false, "look": null, "owner": "",'
    ' "of_a_later_release": 1}': ProfileState(Standing(own=Status("half \ud83d"))),
}  # fmt: skip
REASONS_STORED = {
    '{"code": "event", "rule": "meeting", "until": "2026-11-24T10:00:00.123456+00:00"}': Reason(
        ReasonCode.EVENT, "meeting", LATER
    ),
    '{"code": "event"}': Reason(ReasonCode.EVENT),
}
SHOWN_STORED = {
    '{"text": "In a meeting", "emoji": ":x:", "ends": true, "title": "Pl\\u00e4ne"}': Shown(
        "In a meeting", ":x:", True, "Pläne"
    ),
    "{}": Shown(),
}
ATTEMPTED_STORED = {
    '{"text": "a", "emoji": ":x:", "ends": "2026-11-24T10:00:00+00:00", "uid": "u@x"}': Attempted(
        "a", ":x:", AT, "u@x"
    ),
    '{"text": "", "emoji": "", "ends": null, "uid": ""}': Attempted(),
    "{}": Attempted(),
}


@pytest.mark.parametrize(
    ("read", "stored"),
    [
        (preferences_from_json, PREFERENCES_STORED), (profile_state_from_json, STATES_STORED),
        (reason_from_json, REASONS_STORED), (Shown.from_json, SHOWN_STORED), (Attempted.from_json, ATTEMPTED_STORED),
    ],
)  # fmt: skip
def test_what_was_stored_is_read_back_equal(read: Callable[[str | bytes], object], stored: dict[str, object]) -> None:
    for text, value in stored.items():
        assert read(text) == value
        assert read(text.encode()) == value


def test_looks_of_before_the_list_are_read_and_stay() -> None:
    looks = {Kind.FOCUS: Look(None, ":y:"), Kind.MEETING: Look("In {title}", ":x:"), Kind.OUT_OF_OFFICE: Look()}
    before = next(text for text in PREFERENCES_STORED if "In {title}" in text)
    after = preferences_to_json(Preferences(titles=True), before)
    assert looks_from_json(before) == looks_from_json(after) == looks
    assert preferences_from_json(after) == Preferences(titles=True)
    assert looks_from_json("{}") == {}


def test_half_a_surrogate_pair_survives() -> None:
    half = "half \ud83d"
    state = ProfileState(Standing(own=Status(half, half, AT)))
    assert profile_state_from_json(profile_state_to_json(state)) == state
    assert Shown.from_json(Shown(half, title=half).to_json()) == Shown(half, title=half)


READERS = (
    preferences_from_json, profile_state_from_json, reason_from_json, Shown.from_json,
    Attempted.from_json,
)  # fmt: skip


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_what_is_no_object_is_refused(text: str) -> None:
    for read in READERS:
        with pytest.raises(InputError):
            read(text)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"show": ["x"]}, "preferences.show"),
        ({"show": {"party": {}}}, "preferences.show"),
        ({"show": {"meeting": {"text": 1}}}, "preferences.show.*.text"),
        ({"show": {"meeting": {"txt": "x"}}}, "preferences.show.*"),
        ({"show": {"meeting": {"text": "x" * 501}}}, "preferences.show.*.text"),
        ({"idle": "x"}, "preferences.idle"),
        ({"count_unconfirmed": 1}, "preferences.count_unconfirmed"),
        ({"working_hours": {"7": ["09:00", "10:00"]}}, "preferences.working_hours"),
        ({"working_hours": {"0": "09:00"}}, "preferences.working_hours.*"),
        ({"working_hours": {"0": ["09:00"]}}, "preferences.working_hours.*"),
        ({"working_hours": {"0": ["09:00", "24:00"]}}, "preferences.working_hours.*.1"),
        ({"working_hours": {"0": [9, 10]}}, "preferences.working_hours.*.0"),
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
        preferences_from_json(json.dumps(value))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "standing",
    [
        {"looked_at": "yesterday"},
        {"looked_at": "2026-11-24T10:00:00"},
        {"looked_at": 5},
        {"applied": {"text": []}},
        {"covered": 3},
    ],
)
def test_wrong_memory_is_refused(standing: object) -> None:
    whole = {"standing": standing, "decided": "", "override": False, "look": None, "owner": ""}
    with pytest.raises(InputError) as refused:
        profile_state_from_json(json.dumps(whole))
    assert (refused.value.field or "").startswith("memory.standing.")


def test_instant_with_an_offset_is_that_instant() -> None:
    assert reason_from_json('{"code": "event", "until": "2026-11-24T11:00:00+01:00"}').until == AT


@pytest.mark.parametrize("value", [{}, {"code": "x"}, {"code": None}, {"code": "event", "rule": 1}])
def test_wrong_reason_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        reason_from_json(json.dumps(value))
