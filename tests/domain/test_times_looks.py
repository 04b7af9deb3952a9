"""What people type to pause, and to look at a day: Monday 23 November 2026, 13:00 in Berlin."""

from __future__ import annotations

import pytest

from services.domain import times
from services.domain.errors import (
    InputError,
)
from tests.support.speaker import read, speaker, wall


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("", None, None), ("2h", None, "2026-11-23 15:00"), ("until 3pm", None, "2026-11-23 15:00"),
        ("3pm", None, "2026-11-23 15:00"), ("30 minutes", None, "2026-11-23 13:30"),
        ("tomorrow", "2026-11-24 00:00", "2026-11-25 00:00"), ("until friday", None, "2026-11-27 00:00"),
        ("for the rest of the day", None, "2026-11-24 00:00"), ("until in two days", None, "2026-11-25 00:00"),
    ],
)  # fmt: skip
def test_pause_is_read(typed: str, start: str | None, end: str | None) -> None:
    assert read(times.pause(typed, speaker())) == ("", start, end)


@pytest.mark.parametrize("typed", ["banana", "0m", "2 hours please", "until 2020-01-01"])
def test_pause_mistakes(typed: str) -> None:
    with pytest.raises(InputError):
        times.pause(typed, speaker())


@pytest.mark.parametrize(
    ("typed", "day", "instant"),
    [
        ("", "2026-11-23", None), ("tuesday", "2026-11-24", None), ("tuesday 10:15", "2026-11-24", "2026-11-24 10:15"),
        ("tomorrow", "2026-11-24", None), ("10:15", "2026-11-23", "2026-11-23 10:15"),
        ("3pm", "2026-11-23", "2026-11-23 15:00"),
        ("friday at 9", "2026-11-27", "2026-11-27 09:00"), ("friday at 3", "2026-11-27", "2026-11-27 15:00"),
        ("today 9:00", "2026-11-23", "2026-11-23 09:00"), ("dec 24 2pm", "2026-12-24", "2026-12-24 14:00"),
        ("2026-12-01T10:15", "2026-12-01", "2026-12-01 10:15"), ("monday", "2026-11-23", None),
        ("in two days", "2026-11-25", None),
    ],
)  # fmt: skip
def test_look_is_a_day_or_an_instant(typed: str, day: str, instant: str | None) -> None:
    found = times.look(typed, speaker())
    assert (found.day.isoformat(), wall(found.instant)) == (day, instant)


@pytest.mark.parametrize("typed", ["banana", "2pm-4pm", "45m", "until friday", "1 jan 2026"])
def test_look_mistakes(typed: str) -> None:
    with pytest.raises(InputError):
        times.look(typed, speaker())


@pytest.mark.parametrize(
    ("language", "typed", "off"),
    [("en", "off", True), ("en", " OFF ", True), ("de", "aus", True), ("fr", "fin", True), ("ja", "オフ", True),
     ("en", "office", False), ("en", "", False), ("en", "off tomorrow", False)],
)  # fmt: skip
def test_off_is_a_word_of_its_own(language: str, typed: str, off: bool) -> None:
    assert times.is_off(typed, speaker(language)) is off
