"""What was said about time, before it is placed on the clock and the calendar: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DayKind(StrEnum):
    """How a day was named."""

    OFFSET = "offset"
    WEEKDAY = "weekday"
    NEXT_WEEKDAY = "next_weekday"
    DATE = "date"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day; 24:00 is the day's end.

    `loose`: read off a clock face, so that 9 may be 9:00 or 21:00. `bare`: a number and nothing else.
    """

    hour: int
    minute: int = 0
    loose: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day, a week or a month.

    `number` is the distance from today, the weekday (0 = Monday), the day of the month, or how many weeks or
    months ahead; `month` and `year` are 0 where they were not said. `included`: "until" it means its end.
    """

    kind: DayKind
    number: int = 0
    month: int = 0
    year: int = 0
    included: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both."""

    day: Day | None = None
    clock: Clock | None = None

    @property
    def time(self) -> Clock:
        """The time of day; the day's beginning where none was said."""
        return self.clock or Clock(0)


@dataclass(frozen=True, slots=True)
class Length:
    """Minutes that pass, or days on the calendar."""

    minutes: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Spoken:
    """`start` alone is a bare moment; `end` alone an "until"; `length` counts from `start`, or from now.

    `sure`: said in a way that cannot be meant as text ("for 45m", "2pm-4pm"), unlike a bare "friday".
    """

    start: Moment | None = None
    end: Moment | None = None
    length: Length | None = None
    sure: bool = False


NOW = Spoken()
"""Nothing was said."""
