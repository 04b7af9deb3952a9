"""Every kind of time that people type, in five languages: the lines of `times_kinds.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.domain import times
from services.domain.errors import TimeNotUnderstoodError
from tests.support.speaker import speaker, wall

NOW = "2026-11-24 10:00"
LINES = [
    [part.strip() for part in line.split("|")]
    for line in Path(__file__).with_name("times_kinds.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def instant(written: str) -> str | None:
    """`11-27 14:00` in full."""
    if not written:
        return None
    dated = written if written.startswith("20") else f"2026-{written}"
    return dated if ":" in dated else f"{dated} 00:00"


def understood(command: str, typed: str) -> tuple[str, str | None, str | None] | None:
    kind, language = command.split()
    somebody = speaker(language, NOW, month_first=language == "ja")
    try:
        asked = times.absence(typed, somebody) if kind == "a" else times.status(typed, somebody)
    except TimeNotUnderstoodError:
        return None
    return asked.text, None if wall(asked.start) == NOW else wall(asked.start), wall(asked.end)


@pytest.mark.parametrize("line", LINES, ids=[f"{line[0]}: {line[1]}" for line in LINES])
def test_kind_of_time_is_read_wholly_or_asks_back(line: list[str]) -> None:
    command, typed, text, *ends = line
    if text == "?":
        assert understood(command, typed) is None
        return
    start, end = (*ends, "", "")[:2]
    assert understood(command, typed) == (text, instant(start), instant(end))


@pytest.mark.parametrize(
    ("typed", "end"), [("for two hours", "12:00"), ("für zwei Stunden", "12:00"), ("until half past 1", "13:30")]
)
def test_pause_lasts_as_long_as_was_said(typed: str, end: str) -> None:
    asked = times.pause(typed, speaker("de", NOW))
    assert (wall(asked.start), wall(asked.end)) == (NOW, f"2026-11-24 {end}")
