"""What was said about time, before it is placed on the clock and the calendar: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DayKind(StrEnum):
    """How a day was named; a weekend, a week and a month are longer days."""

    OFFSET = "offset"
    WEEKDAY = "weekday"
    WEEKDAY_OF_WEEK = "weekday_of_week"
    DATE = "date"
    DAY_OF_MONTH = "day_of_month"
    WEEKEND = "weekend"
    WEEK = "week"
    MONTH = "month"


class Part(StrEnum):
    """A part of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time of day; 24:00 is the day's end.

    `loose`: read off a clock face, so that 9 may be 9:00 or 21:00. `bare`: a number and nothing else.
    """

    hour: int
    minute: int = 0
    loose: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day, a weekend, a week or a month.

    `number` is the distance from today, the weekday (0 = Monday) or the day of the month; `ahead` is how many weeks
    after the nearest one, or how many weeks or months from the present one. `month` and `year` are 0 where they were
    not said. `weekday` was said beside a date. `included`: "until" it means its end.
    """

    kind: DayKind
    number: int = 0
    month: int = 0
    year: int = 0
    ahead: int = 0
    weekday: int | None = None
    included: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """Minutes that pass, or days and months on the calendar."""

    minutes: int = 0
    days: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, a part of a day, or a day with one of them; or `after` some time from now."""

    day: Day | None = None
    clock: TimeOfDay | None = None
    part: Part | None = None
    after: Length | None = None

    @property
    def is_day(self) -> bool:
        """Whether a day was said and nothing else."""
        return self.day is not None and self.clock is None and self.part is None

    @property
    def is_bare(self) -> bool:
        """Whether it is a number alone."""
        return self.day is None and self.clock is not None and self.clock.bare


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """`start` alone is a bare moment; `end` alone an "until"; `length` counts from `start`, or from now.

    `sure`: said in a way that cannot be meant as text ("for 45m", "2pm-4pm"), unlike a bare "friday". `returns`: said
    of when somebody is back ("in an hour", "back on monday"). `exclusive`: a day at the end ends it when it begins.
    """

    start: Moment | None = None
    end: Moment | None = None
    length: Length | None = None
    sure: bool = False
    returns: bool = False
    exclusive: bool = False
