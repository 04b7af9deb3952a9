"""Entries of a calendar in words that every provider has, and their iCalendar text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from tests.support.feeds import entry as component

BOSS = "boss@example.com"


class Answer(StrEnum):
    """What its person said to an invitation; OWN: nobody invited them."""

    OWN = "own"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Aware times, or days with the end exclusive.

    `away` is an absence as this provider marks them. `daily`: so many days in a row, 0 for a single entry.
    """

    title: str
    start: datetime | date
    end: datetime | date
    answer: Answer = Answer.OWN
    free: bool = False
    away: bool = False
    private: bool = False
    cancelled: bool = False
    daily: int = 0

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


def vevent(uid: str, entry: Entry, mail: str, *more: str, sequence: int = 0) -> str:
    """The VEVENT of an entry in the calendar of whoever has the address `mail`."""
    return component(uid, entry.start, entry.end, entry.title, f"SEQUENCE:{sequence}", *_lines(entry, mail), *more)


def basic(instant: datetime) -> str:
    """`20261124T090000Z`."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _lines(entry: Entry, mail: str) -> Iterator[str]:
    if entry.answer is not Answer.OWN:
        yield f"ORGANIZER:mailto:{BOSS}"
        yield f"ATTENDEE;PARTSTAT={entry.answer.upper()}:mailto:{mail}"
    if entry.free:
        yield "TRANSP:TRANSPARENT"
    if entry.away:
        yield "X-MICROSOFT-CDO-BUSYSTATUS:OOF"
    if entry.private:
        yield "CLASS:PRIVATE"
    if entry.cancelled:
        yield "STATUS:CANCELLED"
    if entry.daily:
        yield f"RRULE:FREQ=DAILY;COUNT={entry.daily}"
