"""Small iCalendar files for tests, and what is read from them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.calendars.ical.content import calendars
from services.calendars.ical.entry import Readout, ReadRequest
from services.calendars.ical.reading import read_all
from services.domain.model import Event


def ics(*lines: str) -> bytes:
    """A VCALENDAR with these lines in it."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def vevent(*lines: str, uid: str = "a") -> tuple[str, ...]:
    """A VEVENT with these properties."""
    return ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT")


def at(text: str) -> datetime:
    """An ISO date or time as an aware UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def asked(
    start: str = "2026-01-01", end: str = "2027-01-01", zone: str = "Europe/Berlin", *addresses: str
) -> ReadRequest:
    return ReadRequest("cal", addresses, ZoneInfo(zone), at(start), at(end))


def reading(data: bytes, question: ReadRequest | None = None) -> Readout:
    return read_all(calendars(data), question or asked())


def events(*lines: str, question: ReadRequest | None = None, extra: tuple[str, ...] = ()) -> list[Event]:
    """The events of a calendar with one VEVENT of these properties, in order."""
    return sorted(reading(ics(*extra, *vevent(*lines)), question).events, key=lambda event: (event.start, event.end))


def starts(*lines: str, question: ReadRequest | None = None, extra: tuple[str, ...] = ()) -> list[str]:
    """The UTC starts of the same, as `2026-01-31T10:00`."""
    return [f"{event.start:%Y-%m-%dT%H:%M}" for event in events(*lines, question=question, extra=extra)]


def spans(*lines: str, question: ReadRequest | None = None, extra: tuple[str, ...] = ()) -> list[str]:
    """The UTC starts and ends of the same."""
    return [
        f"{event.start:%m-%dT%H:%M}/{event.end:%m-%dT%H:%M}" for event in events(*lines, question=question, extra=extra)
    ]


def problems(data: bytes, question: ReadRequest | None = None) -> list[tuple[str, str]]:
    return [(problem.uid, problem.problem) for problem in reading(data, question).problems]
