"""What a feed's body says against what is remembered of it: the part of a reading that a worker does."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import pytest

from services.calendars.ical import worker
from services.calendars.ical.reading import ReadState, read
from services.calendars.ical.worker import changes_from_parts, changes_to_parts
from services.domain.errors import CalendarTooCostlyError, NotACalendarError
from services.platform import reader_process
from services.platform.reader_process import COUNT, READY, lengths, packed
from tests.support.icsfile import asked, ics, starts, vevent

QUESTION = asked("2026-03-01", "2026-04-01")
ONE = vevent("DTSTAMP:20260101T000000Z", "DTSTART:20260310T100000Z", uid="one")
TWO = vevent("DTSTAMP:20260101T000000Z", "DTSTART:20260311T100000Z", uid="two")
OUTSIDE = vevent("DTSTART:20250101T100000Z", uid="outside")


def test_a_vanished_entry_is_named_if_it_had_events() -> None:
    first = read(ics(*ONE, *TWO, *OUTSIDE), QUESTION, None)
    changes = read(ics(*ONE), QUESTION, first.state)
    assert (changes.replaced, changes.events, changes.unchanged) == (frozenset({"two"}), (), False)


def test_a_vanished_entry_of_another_time_is_no_change() -> None:
    first = read(ics(*ONE, *OUTSIDE), QUESTION, None)
    changes = read(ics(*ONE), QUESTION, first.state)
    assert (changes.replaced, changes.unchanged) == (frozenset(), True)


def test_the_order_of_stamps_in_an_entry_is_a_change_but_not_their_values() -> None:
    def versions(first: str, second: str) -> bytes:
        return ics(
            *vevent(f"DTSTAMP:{first}", "DTSTART:20260310T100000Z"),
            *vevent(f"DTSTAMP:{second}", "DTSTART:20260311T100000Z"),
        )

    before = read(versions("20260101T000000Z", "20260102T000000Z"), QUESTION, None)
    assert read(versions("20260103T000000Z", "20260104T000000Z"), QUESTION, before.state).unchanged
    swapped = read(versions("20260104T000000Z", "20260103T000000Z"), QUESTION, before.state)
    assert [event.start.day for event in swapped.events] == [10]


def test_a_memory_comes_back_as_it_was() -> None:
    state = read(ics("X-WR-CALNAME:Work", "X-PUBLISHED-TTL:P1D", *ONE), QUESTION, None).state
    memory = ReadState.load(state)
    assert memory is not None
    assert (ReadState.load(memory.dump()), memory.name, memory.shown) == (memory, "Work", {"one": (1, 0)})


@pytest.mark.parametrize("data", [b"", ics(*ONE)[:60]])
def test_no_whole_calendar_is_refused(data: bytes) -> None:
    with pytest.raises(NotACalendarError):
        read(data, QUESTION, None)


def test_a_worker_answers_one_question_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    monkeypatch.setattr(reader_process.resource, "setrlimit", lambda limit, _: limits.append(limit))
    head = {**QUESTION.as_json(), "task": "read"}
    questions = b"".join((*packed(head, (ics(*ONE), b"")), *packed(head, (b"<html>", b""))))
    answers = io.BytesIO()
    monkeypatch.setattr(reader_process.sys, "stdin", io.TextIOWrapper(io.BytesIO(questions)))
    monkeypatch.setattr(reader_process.sys, "stdout", type("Out", (), {"buffer": answers}))
    reader_process.serve(worker.done, worker.ERRORS, CalendarTooCostlyError, 2**30)
    answers.seek(0)
    assert answers.read(len(READY)) == READY
    (first, blobs), (second, _) = _answer(answers), _answer(answers)
    assert changes_from_parts(first, blobs, QUESTION.calendar_id) == read(ics(*ONE), QUESTION, None)
    assert second == {"error": "NotACalendarError", "reason": "no BEGIN:VCALENDAR"}
    assert limits == [reader_process.resource.RLIMIT_AS, reader_process.resource.RLIMIT_CORE]


def test_a_reader_takes_nothing_out_of_an_inbox_and_speaks_of_no_other_calendar() -> None:
    found = read(ics(*ONE), QUESTION, None)
    head, blobs = changes_to_parts(dataclasses.replace(found, taken=9))
    assert changes_from_parts(head, blobs, QUESTION.calendar_id) == found
    with pytest.raises(ValueError, match="another calendar"):
        changes_from_parts(head, blobs, "C-another")


def _answer(stream: io.BytesIO) -> tuple[dict[str, Any], list[bytes]]:
    (count,) = COUNT.unpack(stream.read(COUNT.size))
    head, *blobs = [stream.read(size) for size in lengths(stream.read(count * COUNT.size))]
    return json.loads(head), blobs


def _zone(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VTIMEZONE", "TZID:Ours", *lines, "END:VTIMEZONE")


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (_zone("X-LIC-LOCATION:Europe/Berlin"), "2026-07-01T08:00"),
        (_zone("BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETTO:-0330", "END:STANDARD"), "2026-07-01T13:30"),
        (
            _zone("BEGIN:DAYLIGHT", "DTSTART:20000101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0200",
                  "RDATE:20260501T000000", "END:DAYLIGHT", "BEGIN:STANDARD", "DTSTART:20000601T000000",
                  "TZOFFSETFROM:+0200", "TZOFFSETTO:+0000", "RRULE:FREQ=YEARLY;UNTIL=20200531T220000Z", "END:STANDARD"),
            "2026-07-01T08:00",
        ),
        (
            _zone("BEGIN:STANDARD", "DTSTART:never", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD",
                  "BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900",
                  "END:STANDARD"),
            "2026-07-01T01:00",
        ),
        # nothing in it can be read: unknown, so local (Berlin)
        (_zone("BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETTO:+9900", "END:STANDARD"), "2026-07-01T08:00"),
    ],
)  # fmt: skip
def test_a_zone_of_the_files_own_is_read_however_thin(zone: tuple[str, ...], start: str) -> None:
    assert starts("DTSTART;TZID=Ours:20260701T100000", extra=zone) == [start]
