"""The few rules that series here have (RFC 5545): DAILY, WEEKLY with BYDAY, YEARLY; INTERVAL, COUNT, UNTIL; EXDATE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Moment = datetime | date
"""A day, or an aware instant."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})
_MOST = 20_000


def occurrences(start: Moment, rules: Sequence[str], zone: ZoneInfo, until: datetime) -> Iterator[Moment]:
    """The starts of a series that begins at `start`, in order, up to `until`.

    The wall-clock time in `zone` stays the same over DST. Raises ValueError for a rule that is not known here.
    """
    rule = _rule(rules)
    left_out = set(_excluded(rules, start, zone))
    timed = isinstance(start, datetime)
    first = _wall(start, zone) if isinstance(start, datetime) else datetime.combine(start, time())
    last = _limit(rule.get("UNTIL", ""), zone)
    end = until.astimezone(zone).replace(tzinfo=None)
    count = int(rule.get("COUNT", _MOST))
    for number, wall in enumerate(_walls(first, rule)):
        if number >= min(count, _MOST) or wall > end or (last is not None and wall > last):
            return
        found: Moment = wall.replace(tzinfo=zone).astimezone(UTC) if timed else wall.date()
        if found not in left_out:
            yield found


def _rule(rules: Sequence[str]) -> dict[str, str]:
    lines = [line.removeprefix("RRULE:") for line in rules if line.startswith("RRULE:")]
    if len(lines) != 1:
        raise ValueError("a series has one RRULE")
    rule = dict(part.split("=", 1) for part in lines[0].upper().split(";"))
    if not set(rule) <= _KNOWN or rule.get("FREQ") not in {"DAILY", "WEEKLY", "YEARLY"}:
        raise ValueError(lines[0])
    return rule


def _walls(first: datetime, rule: dict[str, str]) -> Iterator[datetime]:
    every = int(rule.get("INTERVAL", "1"))
    if rule["FREQ"] == "YEARLY":
        for year in range(first.year, 9990, every):
            if (first.month, first.day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
                yield first.replace(year=year)
    elif rule["FREQ"] == "DAILY":
        for number in range(_MOST):
            yield first + timedelta(days=every * number)
    else:
        days = sorted(_DAYS.index(day) for day in rule["BYDAY"].split(",")) if "BYDAY" in rule else [first.weekday()]
        monday = first - timedelta(days=first.weekday())
        for week in range(_MOST):
            for day in days:
                found = monday + timedelta(days=7 * every * week + day)
                if found >= first:
                    yield found


def _excluded(rules: Sequence[str], start: Moment, zone: ZoneInfo) -> Iterator[Moment]:
    for line in rules:
        if not line.startswith("EXDATE"):
            continue
        for text in line.split(":", 1)[1].split(","):
            wall = _limit(text, zone)
            if wall is not None:
                yield wall.replace(tzinfo=zone).astimezone(UTC) if isinstance(start, datetime) else wall.date()


def _limit(text: str, zone: ZoneInfo) -> datetime | None:
    """A DATE or DATE-TIME as a wall-clock time in `zone`; a day reaches to its end in UNTIL, and is one in EXDATE."""
    if not text:
        return None
    if "T" not in text:
        return datetime.combine(date.fromisoformat(text), time())
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else _wall(found, zone)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
