"""One item of a Google calendar that cannot be read, and whatever else an item may be."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.google.events import FIELDS, EventContext, event_of, zone_of
from services.domain.calendars import Problem
from services.domain.model import LONGEST_TEXT, Event
from tests.support.google_items import ASKED, item, read


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (None, Problem("", "It is no object.")),
        ([], Problem("", "It is no object.")),
        ({}, Problem("", "It has no id.")),
        (item(id=...), Problem("", "It has no id.")),
        (item(id=7), Problem("", "It has no id.")),
        (item(id="x" * 2000), Problem("x" * 1024, "It has no id.")),
        (item(start=...), Problem("e1", "It has no start.")),
        (item(start=[]), Problem("e1", "It has no start.")),
        (item(start={}), Problem("e1", "Its time cannot be read.")),
        (item(start={"dateTime": None}), Problem("e1", "Its time cannot be read.")),
        (item(start={"dateTime": 7}), Problem("e1", "Its time cannot be read.")),
        (item(start={"dateTime": "soon"}), Problem("e1", "Its time cannot be read.")),
        (item(start={"dateTime": "2026-11-24T23:59:60Z"}), Problem("e1", "Its time cannot be read.")),
        (item(end={"dateTime": "soon"}), Problem("e1", "Its time cannot be read.")),
        (item(start={"date": "soon"}), Problem("e1", "Its date cannot be read.")),
        (item(start={"date": 20261124}), Problem("e1", "Its date cannot be read.")),
        (item(start={"date": "0001-01-01"}), Problem("e1", "Its date is outside of the calendar.")),
        (item(start={"date": "9999-12-31"}), Problem("e1", "Its date is outside of the calendar.")),
        (item(start={"dateTime": "0001-01-01T00:00:00+14:00"}), Problem("e1", "Its time is outside of the calendar.")),
        (item(end={"dateTime": "9999-12-31T23:00:00-12:00"}), Problem("e1", "Its time is outside of the calendar.")),
    ],
)  # fmt: skip
def test_item_that_cannot_be_read_is_a_problem_without_its_title(found: Any, problem: Problem) -> None:
    assert event_of(found, ASKED) == problem


def test_texts_are_bounded_and_sound() -> None:
    event = read(summary="x" * 5000, location="\ud800")
    assert (len(event.title), event.location) == (1000, "?")
    assert read(summary=["x"], location={}).title == ""


@pytest.mark.parametrize("name", [None, 7, "", "x" * 100, "../etc/passwd", "/etc/passwd", "Europe", "é", "A\x00B"])
def test_zone_that_is_none(name: object) -> None:
    assert zone_of(name) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_WHEN = st.fixed_dictionaries(
    {},
    optional={
        "date": st.dates().map(str) | _JSON,
        "dateTime": st.datetimes().map(lambda when: f"{when.isoformat()}Z") | st.datetimes().map(str) | _JSON,
        "timeZone": st.sampled_from(["Europe/Berlin", "Pacific/Apia", "Europe"]) | _JSON,
    },
)
_NAMES = re.sub(r"\([^)]*\)", "", FIELDS).split(",")
_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(_NAMES, _JSON),
        "id": st.text(min_size=1, max_size=9),
        "start": _WHEN | _JSON,
        "end": _WHEN | _JSON,
        "originalStartTime": _WHEN | _JSON,
        "attendees": st.lists(
            _JSON | st.fixed_dictionaries({}, optional={"self": st.just(True), "responseStatus": _JSON, "email": _JSON})
        ),
        "organizer": st.fixed_dictionaries({}, optional={"displayName": _JSON, "email": _JSON}) | _JSON,
        "eventType": st.just("workingLocation") | _JSON,
    },
)


@given(_ITEMS | _JSON, st.sampled_from(["Europe/Berlin", "Pacific/Apia", "America/New_York"]))
def test_any_item_is_an_event_a_problem_or_nothing(found: Any, zone: str) -> None:
    event = event_of(found, EventContext("C1", ZoneInfo(zone), ZoneInfo("Asia/Tokyo")))
    if isinstance(event, Event):
        assert event.start.utcoffset() == event.end.utcoffset() == timedelta()
        assert event.start <= event.end
        assert event.placed(ZoneInfo("Pacific/Kiritimati")).start <= event.placed(ZoneInfo("Pacific/Kiritimati")).end
        (event.title + event.organizer_text + "".join(event.guest_domains)).encode()
        assert len(event.organizer_text) <= LONGEST_TEXT
    else:
        assert event is None or isinstance(event, Problem)
