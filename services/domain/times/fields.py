"""What is said of time in fields of their own, such as those of an agent's call → instants. Pure.

A field holds ISO 8601 (a date; a date and a time, in the person's zone unless it says where) or words as in `/quo`, and
nothing besides. Every function gives UTC instants as the others of `times` do, or raises an InputError.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from services.domain import times
from services.domain.errors import OneTimeTooManyError, TimeInThePastError, TimeNotUnderstoodError, TooFarAwayError
from services.domain.times import DayOrInstant, Speaker
from services.domain.times.place import MOST, Interval, checked, interval
from services.domain.times.values import Moment, TimeExpression, TimeOfDay

LONGEST_MINUTES = MOST.days * 24 * 60
"""How long something may last that is said in minutes."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII
)  # ISO 8601, extended, as RFC 3339 and JavaScript write it
_HOURS = re.compile(r"\d{1,2} ?h(?:\d\d)?", re.ASCII | re.IGNORECASE)
_HOURS_ARE_CLOCKS = frozenset({"fr", "es"})
_WHOLE_DAY = TimeOfDay(24)
_MIDNIGHT = TimeOfDay(0)

_Said = date | datetime | TimeExpression


def until(text: str, speaker: Speaker) -> datetime:
    """Return when something ends that begins now.

    An ISO date alone ends it when that day begins; a length counts from now.
    """
    said = _read(text, speaker)
    if not isinstance(said, TimeExpression):
        return checked(speaker.now, _instant(said, _MIDNIGHT, speaker), speaker)[1]
    if _is_range(said):
        raise TimeNotUnderstoodError("a range where an end belongs")
    if said.start is not None:
        said = TimeExpression(end=_included(said.start) if speaker.language == "ja" else said.start)
    return interval(_certain(text, said, speaker), speaker)[1]


def minutes(number: int, speaker: Speaker) -> datetime:
    """Return when something ends that lasts so many minutes from now on."""
    if number > LONGEST_MINUTES:
        raise TooFarAwayError("the length is too great")
    return checked(speaker.now, speaker.now + timedelta(minutes=number), speaker)[1]


def away(first: str, last: str, speaker: Speaker) -> Interval:
    """From when to when somebody is away: from now on where `first` is "". A day in `last` is the last one.

    An instant in `last` is when they are back; "until" and lengths mean what they do in `/ooo`.
    """
    begins, ends = _read(first, speaker) if first.strip() else None, _read(last, speaker)
    if isinstance(ends, TimeExpression):
        ends = _certain(last, ends, speaker)
        if begins is None:
            return interval(ends if _is_range(ends) else _ending(ends), speaker)
        if isinstance(begins, TimeExpression):
            return interval(_joined(_moment(begins), ends), speaker)
        if ends.start is not None and (_is_range(ends) or ends.start.after is not None):
            raise TimeNotUnderstoodError("no end of what begins then")
        start = max(_instant(begins, _MIDNIGHT, speaker), speaker.now)
        return checked(start, interval(_ending(ends), replace(speaker, now=start))[1], speaker)
    end = _instant(ends, _WHOLE_DAY, speaker)
    if begins is None:
        return checked(speaker.now, end, speaker)
    if isinstance(begins, TimeExpression):
        return checked(interval(TimeExpression(start=_moment(begins)), speaker)[0], end, speaker)
    return checked(_instant(begins, _MIDNIGHT, speaker), end, speaker)


def period(first: str, last: str, speaker: Speaker) -> Interval:
    """From when to when somebody asks about: `away`, or all of what `first` names where `last` is ""."""
    if last.strip():
        return away(first, last, speaker)
    said = _read(first, speaker)
    if isinstance(said, TimeExpression):
        return interval(said, speaker)
    start = _instant(said, _MIDNIGHT, speaker)
    return checked(start, _instant(speaker.date_of(start), _WHOLE_DAY, speaker), speaker)


def look(day: str, at: str, speaker: Speaker) -> DayOrInstant:
    """Return the day or the instant to look at: one of the two is given, else it is today. None of them is over."""
    if day.strip() and at.strip():
        raise OneTimeTooManyError("a day and an instant")
    text = at if at.strip() else day
    said = _read(text, speaker) if text.strip() else speaker.today
    if isinstance(said, TimeExpression):
        found = times.look(text, speaker)
    elif isinstance(said, datetime):
        found = DayOrInstant(speaker.date_of(said), said)
    else:
        found = DayOrInstant(said)
    if at.strip() and found.instant is None:
        raise TimeNotUnderstoodError("a day where an instant belongs")
    if found.day < speaker.today:
        raise TimeInThePastError("that day is over")
    if found.day > speaker.today + MOST:
        raise TooFarAwayError("that day is too far off")
    return found


def _read(text: str, speaker: Speaker) -> _Said:
    """Return what a field says; a date and a time as the instant (UTC)."""
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return times.expression(text, speaker)
    day, clock, offset = found.groups()
    try:
        said = date.fromisoformat(day)
        if clock is None:
            return said
        at = time.fromisoformat(clock)
        if offset is None:
            return speaker.instant(said, TimeOfDay(at.hour, at.minute)) + timedelta(seconds=at.second)
        there = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}").astimezone(speaker.zone)
        return there.astimezone(UTC)  # it has a date where they are, too
    except OverflowError as error:
        raise TooFarAwayError("beyond the calendar") from error
    except ValueError as error:
        raise TimeNotUnderstoodError("no such date or time") from error


def _certain(text: str, said: TimeExpression, speaker: Speaker) -> TimeExpression:
    """Return the same, where it can mean nothing else: behind "until", `15h` is three o'clock, and by itself 15 hours.

    Raises TimeNotUnderstoodError where people of that language write the time so.
    """
    if said.length is not None and speaker.language in _HOURS_ARE_CLOCKS and _HOURS.fullmatch(text.strip()):
        raise TimeNotUnderstoodError("hours, or a time of day")
    return said


def _instant(said: date | datetime, clock: TimeOfDay, speaker: Speaker) -> datetime:
    """Return the instant, or that time of the day."""
    try:
        return said if isinstance(said, datetime) else speaker.instant(said, clock)
    except OverflowError as error:
        raise TooFarAwayError("beyond the calendar") from error


def _is_range(said: TimeExpression) -> bool:
    return said.start is not None and (said.end is not None or said.length is not None)


def _moment(said: TimeExpression) -> Moment:
    """Return where something begins."""
    if said.start is None or _is_range(said):
        raise TimeNotUnderstoodError("no beginning")
    return said.start


def _ending(said: TimeExpression) -> TimeExpression:
    """Return what ends then, a day being the last one."""
    return said if said.start is None else TimeExpression(end=_included(said.start))


def _joined(start: Moment, said: TimeExpression) -> TimeExpression:
    """From `start` to what is said."""
    if _is_range(said):
        raise TimeNotUnderstoodError("two beginnings")
    return replace(said, start=start, end=said.end or said.start)


def _included(moment: Moment) -> Moment:
    return moment if moment.day is None else replace(moment, day=replace(moment.day, included=True))
