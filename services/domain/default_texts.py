"""The default texts and how the end of an absence is written: one `DefaultTexts` a language. Here British English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class DefaultTexts:
    """What a status says where its person chose nothing, in one language.

    Placeholders: `{until}` in the two dated absences, `{location}` in `elsewhere_at`. `format_day` and `format_time`
    write the end of a span; both get wall-clock values in the person's zone. The day is the one of the end's instant,
    so for an all-day absence the day back.
    """

    meeting: str
    focus: str
    out_of_office: str
    out_of_office_until_day: str
    out_of_office_until_time: str
    home: str
    office: str
    elsewhere: str
    elsewhere_at: str
    format_day: Callable[[date], str]
    format_time: Callable[[time], str]


def english_day(day: date) -> str:
    """Such as `4 May`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def english_time(at: time) -> str:
    """Such as `15:00`."""
    return f"{at.hour:02}:{at.minute:02}"


ENGLISH = DefaultTexts(
    meeting="In a meeting",
    focus="Focusing",
    out_of_office="Out of office",
    out_of_office_until_day="Out of office until {until}",
    out_of_office_until_time="Out of office until {until}",
    home="Working from home",
    office="Working from the office",
    elsewhere="Working remotely",
    elsewhere_at="Working from {location}",
    format_day=english_day,
    format_time=english_time,
)
