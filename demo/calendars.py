"""The days of the demo's people: calendars that can be edited on the page and are served as ICS feeds."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

KINDS = ("meeting", "focus", "out_of_office", "elsewhere")
_BUSY_STATUS = {"meeting": "BUSY", "focus": "BUSY", "out_of_office": "OOF", "elsewhere": "WORKINGELSEWHERE"}
_LONGEST_TITLE = 200
_MOST_DAYS = 60
_MOST_ENTRIES = 500
_FOLD = 73


class NotAnEntryError(ValueError):
    """An entry that was filled in wrongly; the text is for whoever filled it in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: wall-clock times in its calendar's zone, or `days` whole days. `end` not after `start`: next day."""

    id: str
    title: str
    day: date
    start: time = time(9)
    end: time = time(10)
    all_day: bool = False
    days: int = 1
    kind: str = "meeting"
    private: bool = False
    declined: bool = False
    free: bool = False
    tentative: bool = False

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end, UTC."""
        if self.all_day:
            first = datetime.combine(self.day, time(), zone)
            return first.astimezone(UTC), datetime.combine(
                self.day + timedelta(days=self.days), time(), zone
            ).astimezone(UTC)
        last = self.day if self.end > self.start else self.day + timedelta(days=1)
        return (
            datetime.combine(self.day, self.start, zone).astimezone(UTC),
            datetime.combine(last, self.end, zone).astimezone(UTC),
        )


def read(fields: Mapping[str, Any], entry_id: str) -> Entry:
    """An entry as the page's form sends it. Raises NotAnEntryError."""
    title = str(fields.get("title") or "").strip()
    if not title or len(title) > _LONGEST_TITLE:
        raise NotAnEntryError("Give the event a title of at most 200 characters.")
    kind = str(fields.get("kind") or "meeting")
    if kind not in KINDS:
        raise NotAnEntryError("Choose what kind of event it is.")
    try:
        day = date.fromisoformat(str(fields.get("day")))
        start = time.fromisoformat(str(fields.get("start") or "09:00"))
        end = time.fromisoformat(str(fields.get("end") or "10:00"))
        days = int(fields.get("days") or 1)
    except ValueError as error:
        raise NotAnEntryError("Give the event a day, a start and an end.") from error
    if not 1 <= days <= _MOST_DAYS:
        raise NotAnEntryError("An event may last 60 days.")
    if start == end and not fields.get("all_day"):
        raise NotAnEntryError("The event ends when it starts: give it some time.")
    flags = {name: bool(fields.get(name)) for name in ("all_day", "private", "declined", "free", "tentative")}
    return Entry(
        entry_id, title, day, start.replace(tzinfo=None), end.replace(tzinfo=None), days=days, kind=kind, **flags
    )


class DayCalendar:
    """A person's calendar. `secret` is the part of its address that makes it theirs."""

    def __init__(self, name: str, address: str, zone: str, entries: Iterable[Entry] = ()) -> None:
        """`address` is the owner's e-mail address, `zone` the IANA name that the entries' times are in."""
        self.name = name
        self.address = address
        self.zone = ZoneInfo(zone)
        self.secret = secrets.token_urlsafe(18)
        self.entries: dict[str, Entry] = {entry.id: entry for entry in entries}
        self.sequence = 0
        self._numbers = itertools.count(1)

    def add(self, fields: Mapping[str, Any]) -> Entry:
        """Add what the form says. Raises NotAnEntryError."""
        if len(self.entries) >= _MOST_ENTRIES:
            raise NotAnEntryError("This calendar is full.")
        return self._keep(read(fields, f"new-{next(self._numbers)}"))

    def change(self, entry_id: str, fields: Mapping[str, Any]) -> Entry:
        """Change what the form names. Raises NotAnEntryError, KeyError."""
        old = self.entries[entry_id]
        return self._keep(read({**as_json(old), **fields}, entry_id))

    def remove(self, entry_id: str) -> None:
        """Delete an entry. Raises KeyError."""
        del self.entries[entry_id]
        self.sequence += 1

    def on(self, day: date) -> list[Entry]:
        """The entries that touch a day, earliest first."""
        begin = datetime.combine(day, time(), self.zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        touching = [
            e for e in self.entries.values() if e.instants(self.zone)[0] < end and e.instants(self.zone)[1] > begin
        ]
        return sorted(touching, key=lambda e: (not e.all_day, *e.instants(self.zone), e.id))

    def ics(self) -> str:
        """The calendar as RFC 5545 text."""
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Status Quo//Demo calendar//EN",
            f"X-WR-CALNAME:{_escaped(self.name)}",
            f"X-WR-TIMEZONE:{self.zone.key}",
        ]
        for entry in sorted(self.entries.values(), key=lambda e: e.id):
            lines += self._component(entry)
        lines.append("END:VCALENDAR")
        return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))

    def _keep(self, entry: Entry) -> Entry:
        self.entries[entry.id] = entry
        self.sequence += 1
        return entry

    def _component(self, entry: Entry) -> list[str]:
        start, end = entry.instants(self.zone)
        if entry.all_day:
            last = entry.day + timedelta(days=entry.days)
            times = [f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}", f"DTEND;VALUE=DATE:{last:%Y%m%d}"]
        else:
            times = [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}"]
        answer = "DECLINED" if entry.declined else "TENTATIVE" if entry.tentative else "ACCEPTED"
        title = entry.title
        if entry.kind == "focus" and "focus" not in title.lower():
            title = f"Focus time: {title}"
        return [
            "BEGIN:VEVENT",
            f"UID:{entry.id}@calendar.example.com",
            "DTSTAMP:20260101T000000Z",
            *times,
            f"SUMMARY:{_escaped(title)}",
            f"CLASS:{'PRIVATE' if entry.private else 'PUBLIC'}",
            f"TRANSP:{'TRANSPARENT' if entry.free else 'OPAQUE'}",
            f"X-MICROSOFT-CDO-BUSYSTATUS:{'FREE' if entry.free else _BUSY_STATUS[entry.kind]}",
            "ORGANIZER:mailto:office@example.com",
            f"ATTENDEE;PARTSTAT={answer}:mailto:{self.address}",
            "END:VEVENT",
        ]


class Calendars:
    """The calendars by person, on the web under `/calendars/`. `on_change` hears whose was edited."""

    def __init__(self) -> None:
        self.by_person: dict[str, DayCalendar] = {}
        self.on_change: Callable[[str], None] = lambda _user: None
        self.broken: set[str] = set()
        self.fetches = 0
        self.web = web.Application()
        self.web.router.add_get("/{secret}.ics", self._serve)

    def changed(self, user_id: str) -> None:
        """Somebody edited that person's calendar."""
        self.on_change(user_id)

    async def _serve(self, request: web.Request) -> web.Response:
        self.fetches += 1
        secret = request.match_info["secret"]
        found = next(((u, c) for u, c in self.by_person.items() if secrets.compare_digest(c.secret, secret)), None)
        if found is None:
            raise web.HTTPNotFound
        user_id, calendar = found
        if user_id in self.broken:
            raise web.HTTPServiceUnavailable
        body = calendar.ics().encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def as_json(entry: Entry) -> dict[str, Any]:
    """An entry for the page."""
    return {
        "id": entry.id,
        "title": entry.title,
        "day": entry.day.isoformat(),
        "start": f"{entry.start:%H:%M}",
        "end": f"{entry.end:%H:%M}",
        "all_day": entry.all_day,
        "days": entry.days,
        "kind": entry.kind,
        "private": entry.private,
        "declined": entry.declined,
        "free": entry.free,
        "tentative": entry.tentative,
    }


def over_workdays(entry: Entry, first: date, count: int) -> list[Entry]:
    """The same entry on `count` days from `first` on, weekends left out."""
    days = [first + timedelta(days=number) for number in range(count)]
    friday = 4
    return [replace(entry, id=f"{entry.id}-{day:%m%d}", day=day) for day in days if day.weekday() <= friday]


def sample(now: datetime, address: str, zone: str) -> bytes:
    """A calendar file with something soon and something later in the day."""
    soon = (now + timedelta(minutes=5)).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0, tzinfo=None)
    ends = soon + timedelta(minutes=40)
    entries = (
        Entry("sample-workshop", "Offsite: pricing workshop", soon.date(), soon.time(), ends.time()),
        Entry("sample-dinner", "Offsite: dinner", soon.date(), time(19), time(21)),
    )
    return DayCalendar("Offsite", address, zone, entries).ics().encode()


def _escaped(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _folded(line: str) -> Iterable[str]:
    """RFC 5545 3.1: at most 75 octets a line; cut between characters, in octets."""
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _FOLD:
            yield piece
            piece, size = " ", 1
        piece += character
        size += width
    yield piece
