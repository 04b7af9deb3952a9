"""Calendars that publish busy times and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from services.calendars.ical import entry
from services.calendars.ical.content import Property
from services.calendars.ical.reading import read
from services.calendars.ical.zones import Zones
from services.domain.model import ShowAs
from tests.support.icsfile import asked, ics, problems, reading, vevent


def _vfreebusy(*lines: str, uid: str = "f") -> tuple[str, ...]:
    return ("BEGIN:VFREEBUSY", f"UID:{uid}", *lines, "END:VFREEBUSY")


BUSY = ics(
    *_vfreebusy(
        "DTSTART:20261101T000000Z", "DTEND:20270101T000000Z",
        "FREEBUSY:20261124T100000Z/PT1H,20261124T120000Z/20261124T123000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261125T100000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261126T100000Z/PT1H",
        "FREEBUSY;FBTYPE=X-LUNCH:20261127T100000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20261128T100000Z/PT1H",
        "FREEBUSY:20300101T100000Z/PT1H,20261129T100000Z/20261129T100000Z",
    )
)  # fmt: skip


def test_busy_times_are_meetings_without_a_title() -> None:
    found = [
        (f"{event.start:%dT%H:%M}/{event.end:%H:%M}", event.show_as, event.title) for event in reading(BUSY).events
    ]
    assert found == [
        ("24T10:00/11:00", ShowAs.BUSY, ""), ("24T12:00/12:30", ShowAs.BUSY, ""), ("25T10:00/11:00", ShowAs.BUSY, ""),
        ("26T10:00/11:00", ShowAs.TENTATIVE, ""), ("27T10:00/11:00", ShowAs.BUSY, ""),
    ]  # fmt: skip
    assert len({event.id for event in reading(BUSY).events}) == 5
    assert problems(BUSY) == []


def test_busy_times_beside_entries_are_not_counted_twice() -> None:
    both = ics(*vevent("DTSTART:20261124T100000Z", "DURATION:PT1H"), *_vfreebusy("FREEBUSY:20261124T100000Z/PT1H"))
    assert [event.uid for event in reading(both).events] == ["a"]


def test_what_cannot_be_read_costs_no_other_time() -> None:
    data = ics(*_vfreebusy("FREEBUSY:someday/PT1H,20261124T100000Z,20261124T100000Z/PT1H,,20261124T110000Z/P"))
    assert len(reading(data).events) == 1
    assert problems(data) == [
        ("f", "FREEBUSY is not a date or time."),
        ("f", "FREEBUSY is not a period."),
        ("f", "FREEBUSY is not a duration."),
    ]  # fmt: skip


def test_changed_busy_times_replace_those_before() -> None:
    first = read(BUSY, asked(), None)
    assert read(BUSY, asked(), first.state).unchanged
    after = read(ics(*_vfreebusy("FREEBUSY:20261124T150000Z/PT1H")), asked(), first.state)
    assert (after.replaced, [f"{event.start:%H}" for event in after.events]) == (frozenset({"f"}), ["15"])


def test_endless_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def periods(line: Property, zones: Zones, problems: list[str]) -> Iterator[tuple[datetime, datetime]]:
        seen.append(line.value)
        return of_line(line, zones, problems)

    of_line = entry._periods
    monkeypatch.setattr(entry, "_periods", periods)
    monkeypatch.setattr(entry, "MOST_PERIODS", 100)
    data = ics(*_vfreebusy("FREEBUSY:" + ",".join(["20261124T100000Z/PT1H"] * 40_000)))
    assert len(reading(data).events) == 1
    assert len(seen) == 100
    assert problems(data) == [("f", "Only its first 100 busy times are read.")]
