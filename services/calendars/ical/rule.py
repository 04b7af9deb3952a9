"""RRULE and EXRULE: the words of a rule (RFC 5545 §3.3.10), read strictly where it matters and leniently elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleProblemError(ValueError):
    """A rule that cannot be followed; the message is a sentence."""


class Frequency(IntEnum):
    """FREQ, from rare to often."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """One rule. `until` is the value as written; `by_day` has (ordinal or 0, weekday with 0 = Monday)."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: str = ""
    week_start: int = 0
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()


def parsed(value: str) -> RecurrenceRule:
    """A rule from its text. Parts that nobody defined are skipped; a rule without a sense raises RuleProblemError."""
    parts: dict[str, str] = {}
    for part in value.upper().split(";"):
        key, equals, text = part.partition("=")
        if equals and text.strip():
            parts[key.strip()] = text.strip().strip('"')
    try:
        frequency = Frequency[parts["FREQ"]]
    except KeyError:
        raise RuleProblemError("RRULE has no frequency that I know.") from None
    if parts.get("RSCALE", "GREGORIAN") not in {"GREGORIAN", "GREGORY"}:
        raise RuleProblemError("RRULE counts in another calendar than the Gregorian.")
    if parts.get("SKIP", "OMIT") != "OMIT":
        raise RuleProblemError("RRULE moves days that do not exist (SKIP), which I do not do.")
    # COUNT=-1 is how some programs write "for ever"; INTERVAL=0 how some write 1.
    count = _integer("COUNT", parts.get("COUNT", "-1"))
    if count == 0 or count < -1:
        raise RuleProblemError(f"RRULE has COUNT={count}.")
    return RecurrenceRule(
        frequency=frequency,
        interval=max(1, min(abs(_integer("INTERVAL", parts.get("INTERVAL", "1"))), 10**7)),
        count=count if count > 0 else None,
        until=parts.get("UNTIL", ""),
        week_start=_WEEKDAYS.index(parts["WKST"]) if parts.get("WKST") in _WEEKDAYS else 0,
        by_month=_numbers(parts, "BYMONTH", 1, 12),
        by_week=_numbers(parts, "BYWEEKNO", 1, 53, negative=True),
        by_year_day=_numbers(parts, "BYYEARDAY", 1, 366, negative=True),
        by_month_day=_numbers(parts, "BYMONTHDAY", 1, 31, negative=True),
        by_day=_days(parts.get("BYDAY", ""), ordinals=frequency <= Frequency.MONTHLY),
        by_hour=_numbers(parts, "BYHOUR", 0, 23),
        by_minute=_numbers(parts, "BYMINUTE", 0, 59),
        by_second=tuple(sorted({min(second, 59) for second in _numbers(parts, "BYSECOND", 0, 60)})),
        by_position=_numbers(parts, "BYSETPOS", 1, 366, negative=True),
    )


def _integer(name: str, text: str) -> int:
    try:
        return int(text[:12])
    except ValueError:
        raise RuleProblemError(f"RRULE has a {name} that is no number.") from None


def _numbers(parts: dict[str, str], name: str, low: int, high: int, *, negative: bool = False) -> tuple[int, ...]:
    """A list of numbers, sorted. One outside of its range names no day: dropped, unless nothing is left."""
    if name not in parts:
        return ()
    found = {_integer(name, text.strip()) for text in parts[name].split(",") if text.strip()}
    good = {number for number in found if low <= (abs(number) if negative else number) <= high}
    if not good:
        raise RuleProblemError(f"RRULE has a {name} that names nothing.")
    return tuple(sorted(good))


def _days(text: str, *, ordinals: bool) -> tuple[tuple[int, int], ...]:
    """BYDAY. An ordinal means something only in months and years (RFC 5545 §3.3.10); elsewhere it is left out."""
    if not text:
        return ()
    found: set[tuple[int, int]] = set()
    for item in text.split(","):
        match = _BYDAY.fullmatch(item.strip())
        if match is None:
            if not item.strip():
                continue
            raise RuleProblemError("RRULE has a BYDAY that is no weekday.")
        ordinal = int(match[1]) if match[1] and ordinals else 0
        found.add((ordinal, _WEEKDAYS.index(match[2])))
    return tuple(sorted(found))
