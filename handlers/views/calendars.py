"""Calendars as their owner sees them: name, health, last look. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from handlers.views.blocks import cut, escape
from services.locale import Voice


class CalendarLine(Protocol):
    """A connected calendar: `calendars.connections.CalendarView`."""

    @property
    def calendar_id(self) -> str: ...  # noqa: D102  # see CalendarView
    @property
    def name(self) -> str: ...  # noqa: D102  # see CalendarView
    @property
    def host(self) -> str: ...  # noqa: D102  # see CalendarView
    @property
    def health(self) -> str: ...  # noqa: D102  # see CalendarView
    @property
    def sentence(self) -> str: ...  # noqa: D102  # see CalendarView
    @property
    def synced_at(self) -> datetime | None: ...  # noqa: D102  # see CalendarView
    @property
    def problems(self) -> int: ...  # noqa: D102  # see CalendarView


_LONGEST_NAME = 80
_MARKS = {"ok": ":large_green_circle:", "new": ":hourglass_flowing_sand:", "failing": ":large_yellow_circle:"}


def calendar_name(voice: Voice, line: CalendarLine) -> str:
    """What a calendar is called: its own name, else its host, else just that."""
    return cut(line.name.strip() or line.host, _LONGEST_NAME) or voice.say("Calendar")


def calendar_line(voice: Voice, line: CalendarLine, now: datetime) -> str:
    """One calendar: name, what is wrong with it, when it was last read."""
    parts = [f"{_MARKS.get(line.health, ':red_circle:')} *{escape(calendar_name(voice, line))}*"]
    if line.sentence:
        parts.append(voice.say(line.sentence))
    if line.synced_at is not None:
        parts.append(voice.say("Last read: {moment}", moment=voice.stamp(line.synced_at, now)))
    elif not line.sentence:
        parts.append(voice.say("Being read for the first time."))
    if line.problems:
        parts.append(voice.say("Entries that I could not read: {count}", count=line.problems))
    return " · ".join(parts)
