"""Who is out, written as a calendar that other programs subscribe to (RFC 5545, RFC 7986).

An entry says who and until when, and nothing else. The same facts make the same bytes, so that a program that has them
already is told so. What others read wrongly shapes it: Outlook takes whole days only as `VALUE=DATE` with an end of
their own and shows "busy" unless its own property says "free"; Google and Outlook fold where a letter of several octets
is cut, so no line is longer than 75 octets; control characters in a name make the whole file unreadable to many.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from services.store.absences import Absent

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=1)
"""How often a subscriber is asked to come back."""

AT_ONCE = 10
"""Entries that are written before something else has a turn: some milliseconds."""

_AHEAD_OF_UTC = timedelta(hours=14)
_DAY = timedelta(days=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_END = b"END:VCALENDAR\r\n"
_NOTHING = (
    b"BEGIN:VTIMEZONE\r\nTZID:UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n"
    b"TZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
"""A calendar holds one component at least (RFC 5545 §3.6), and some programs take no other for one."""


@dataclass(frozen=True, slots=True)
class CalendarHead:
    """What stands above the entries. `name` is the calendar's, `host` ours, `today` the latest day anywhere."""

    name: str
    host: str
    today: date


def latest_day(now: datetime) -> date:
    """Return the day that it is where days begin first."""
    return (now + _AHEAD_OF_UTC).astimezone(UTC).date()


async def absence_calendar(
    absences: Sequence[Absent], head: CalendarHead, *, team_id: str, title: Callable[[str], str]
) -> bytes:
    """Return the calendar of `absences`, each entitled `title(name)`; working places are left out by whoever calls."""
    parts = [_head(head)]
    for number, absent in enumerate(absences):
        parts.append(_entry(absent, head, team_id, title).to_ical())
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
    return b"".join([*parts, *([] if absences else [_NOTHING]), _END])


def _head(head: CalendarHead) -> bytes:
    from icalendar import Calendar  # noqa: PLC0415  # where nobody subscribes it is not needed

    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Status Quo//Who is out//EN")
    calendar.add("CALSCALE", "GREGORIAN")
    name = _printable(head.name)
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    written: bytes = calendar.to_ical()
    return written.removesuffix(_END)


def _entry(absent: Absent, head: CalendarHead, team_id: str, title: Callable[[str], str]) -> Event:
    from icalendar import Event  # noqa: PLC0415  # as above

    event = Event()
    event.add("UID", f"{_uid(absent, team_id)}@{head.host}")
    start, end, changed_at = _times(absent, head.today)
    event.add("DTSTAMP", changed_at)
    event.add("LAST-MODIFIED", changed_at)
    event.add("SEQUENCE", absent.seq)
    event.add("SUMMARY", title(_printable(absent.name)))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("TRANSP", "TRANSPARENT")
    event.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")
    event.add("CLASS", "PUBLIC")
    return event


def _times(absent: Absent, today: date) -> tuple[date, date, datetime] | tuple[datetime, datetime, datetime]:
    """Start, exclusive end, and when they changed. One of which no end is known goes on to the end of `today`."""
    first, changed_at = absent.first_day, absent.changed_at
    if absent.until is not None:
        if first is not None and absent.return_day is not None and first < absent.return_day:
            return first, absent.return_day, changed_at
        return absent.start, absent.until, changed_at
    began = absent.start.date() if first is None else first
    tomorrow = max(began, today) + _DAY
    changed_at = max(changed_at, datetime.combine(tomorrow - _DAY, time(), UTC))
    if first is not None:
        return first, tomorrow, changed_at
    return absent.start, datetime.combine(tomorrow, time(), UTC), changed_at


def _uid(absent: Absent, team_id: str) -> str:
    """Return its UID. Two people have two even where their absences come from one event that both have."""
    return hashlib.sha256("\x1f".join((team_id, absent.user_id, absent.id)).encode()).hexdigest()[:40]


def _printable(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
