"""What an absence is as an entry of one's own calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.domain.entries import CalendarEntry, entry_id, wanted
from services.domain.model import Override, OverrideKind

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


OUT = Override("o", at(24, 23), at(26, 23), at(1, 0), kind=OverrideKind.OUT_OF_OFFICE)


def entry_of(override: Override | None) -> CalendarEntry | None:
    return wanted(override, "statusquo1", "Out of office", BERLIN)


@pytest.mark.parametrize(
    "override",
    [None, replace(OUT, kind=OverrideKind.STATUS), replace(OUT, end=None), replace(OUT, end=OUT.start)],
)
def test_nothing_without_an_end_or_a_length_has_an_entry(override: Override | None) -> None:
    assert entry_of(override) is None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (at(24, 23), at(26, 23), (date(2026, 11, 25), date(2026, 11, 27))),
        (at(24, 9), at(26, 23), None),
        (at(24, 23), at(25, 11), None),
        (at(24, 23), at(24, 23, 30), None),
    ],
)
def test_whole_days_are_those_of_the_persons_zone(
    start: datetime, end: datetime, days: tuple[date, date] | None
) -> None:
    entry = entry_of(replace(OUT, start=start, end=end))
    assert entry is not None
    assert entry.days == days


def test_each_state_of_an_entry_has_its_digest() -> None:
    entry = CalendarEntry("a", "t", OUT.start, at(26, 23), BERLIN)
    others = [replace(entry, id="b"), replace(entry, title="u"), replace(entry, end=at(27, 23))]
    digests = {one.digest for one in (entry, replace(entry), *others)}
    assert len(digests) == 4


def test_id_is_one_that_google_takes_and_another_for_each_that_was_taken_back() -> None:
    found = [entry_id("T", "o", "a", 0), entry_id("T", "o", "a", 1), entry_id("U", "o", "a", 0)]
    assert len(set(found)) == 3
    for one in found:
        assert one.startswith("statusquo")
        assert set(one) <= set("abcdefghijklmnopqrstuv0123456789")
