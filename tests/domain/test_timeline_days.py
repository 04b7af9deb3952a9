"""A person's day: where it begins and ends, and when what is stored of it is all there is to know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.domain import timeline
from services.domain.model import Event, PersonKey, Span
from services.domain.people import PersonFacts
from services.domain.text import ENGLISH
from tests.support.profiles import nothing, shows

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
"""In Berlin; the day lasts until the same time of the 24th, UTC."""

NEXT = MIDNIGHT + timedelta(days=1)
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FACTS = PersonFacts(PersonKey("T1", "U1"), BERLIN, resolved_until=NEXT)
SPANS = (nothing(MIDNIGHT, NINE), shows(NINE, NINE + timedelta(hours=1)), nothing(NINE + timedelta(hours=1), NEXT))


def test_day_begins_and_ends_where_the_person_is_also_when_it_has_an_hour_more_or_less() -> None:
    assert timeline.today(NINE, BERLIN) == (MIDNIGHT, NEXT)
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start = timeline.midnight(day, BERLIN)
        assert timeline.today(start, BERLIN) == (start, start + timedelta(hours=hours))


def test_day_is_resolved_of_the_persons_facts() -> None:
    meeting = Event("c1", "m", NINE, NINE + timedelta(hours=1), title="Plan")
    day = timeline.resolve(replace(FACTS, events=(meeting,)), MIDNIGHT, NEXT, ENGLISH)
    assert [(span.start, span.end, span.rule) for span in day.spans if span.shows] == [
        (NINE, NINE + timedelta(hours=1), "meeting")
    ]


def test_what_is_stored_of_today_is_cut_to_it() -> None:
    longer = (replace(SPANS[0], start=MIDNIGHT - timedelta(hours=3)), SPANS[1], SPANS[2])
    found = timeline.stored(FACTS, longer, NINE)
    assert found is not None
    span, day = found
    assert (span, day.start, day.end, day.spans) == (SPANS[1], MIDNIGHT, NEXT, SPANS)


@pytest.mark.parametrize(
    ("facts", "spans", "now"),
    [
        (replace(FACTS, resolved_until=None), SPANS, NINE),
        (replace(FACTS, resolved_until=NEXT - timedelta(minutes=1)), SPANS, NINE),
        (FACTS, (), NINE),
        (FACTS, SPANS[:1], NINE),
        (FACTS, SPANS[1:], NINE),
        (FACTS, SPANS, NINE + timedelta(hours=1)),
    ],
    ids=["to be resolved", "resolved for less", "nothing stored", "over", "begins later", "ends where it is resolved"],
)
def test_stored_spans_that_may_not_be_all_are_no_day(
    facts: PersonFacts, spans: tuple[Span, ...], now: datetime
) -> None:
    assert timeline.stored(facts, spans, now) is None
