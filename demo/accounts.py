"""The people's accounts at the local Google and the local Microsoft: calendars that their feeds know nothing of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from demo.books import FEED, Book, FeedBook
from demo.calendars import Calendars
from demo.google_book import GoogleBook
from demo.microsoft_book import MicrosoftBook
from demo.people import PERSONAS, Persona
from emulators.google import LocalGoogle
from emulators.microsoft.server import LocalMicrosoft
from services.domain.calendars import GOOGLE, MICROSOFT

NAMES: Mapping[str, str] = {FEED: "Feed", GOOGLE: "Google", MICROSOFT: "Microsoft"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """An event of the first day, or a series from then on; `calendar` 0 is the account's main one."""

    title: str
    start: str
    end: str
    calendar: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    def fields(self, first: date) -> dict[str, Any]:
        """As the page's form would send it."""
        return {
            "title": self.title, "day": first.isoformat(), "start": self.start, "end": self.end,
            "calendar": self.calendar, **self.more,
        }  # fmt: skip


_FURTHER = {GOOGLE: ("Team", "Family"), MICROSOFT: ("Team",)}
"""The calendars of an account besides its main one."""

_DAILY, _WEEKLY = {"repeat": "daily"}, {"repeat": "weekly"}
_PRIVATE, _FOCUS, _MAYBE = {"private": True}, {"kind": "focus"}, {"tentative": True}

_PLANS: Mapping[str, Mapping[str, tuple[_Plan, ...]]] = {
    "maya": {
        GOOGLE: (
            _Plan("Stand-up, Apollo", "08:50", "09:15", more=_DAILY),
            _Plan("Dentist", "12:20", "13:10", more=_PRIVATE),
            _Plan("Plan the quarter", "16:45", "17:45", more=_FOCUS),
            _Plan("Release call", "15:30", "16:00", 1, _WEEKLY),
            _Plan("School concert", "18:00", "19:30", 2),
        ),
        MICROSOFT: (
            _Plan("Steering committee", "08:50", "09:30", more=_WEEKLY),
            _Plan("Contract with Contoso", "11:15", "12:00"),
            _Plan("Coffee with the new CFO", "16:30", "17:00", more=_MAYBE),
            _Plan("Roadmap, all teams", "14:00", "14:45", 1),
        ),
    },
    "jonas": {
        GOOGLE: (
            _Plan("Skikurs", "09:40", "12:00", more=_DAILY),
            _Plan("Hüttenabend", "19:00", "22:00"),
            _Plan("Elternabend", "18:00", "19:00", 2, _WEEKLY),
        ),
        MICROSOFT: (
            _Plan("Bereitschaft", "09:00", "10:00", more=_WEEKLY),
            _Plan("Architekturrunde", "14:00", "15:00", 1, _WEEKLY),
        ),
    },
    "yuki": {
        GOOGLE: (
            _Plan("Stand-up, search", "08:50", "09:05", more=_DAILY),
            _Plan("Physiotherapy", "12:15", "13:00", more=_PRIVATE),
            _Plan("Reading group", "17:15", "18:00", 1, _WEEKLY),
        ),
        MICROSOFT: (
            _Plan("Incident review", "08:50", "09:20"),
            _Plan("Index migration", "13:00", "13:45", more=_FOCUS),
            _Plan("Platform sync", "16:00", "16:30", 1, _WEEKLY),
        ),
    },
    "priya": {
        GOOGLE: (
            _Plan("Finance stand-up", "08:50", "09:05", more=_DAILY),
            _Plan("Lunch with Leela", "12:15", "13:00"),
            _Plan("Month-end close", "16:15", "17:30", 1),
            _Plan("Swimming lesson", "17:45", "18:30", 2, _WEEKLY),
        ),
        MICROSOFT: (
            _Plan("Auditors on site", "08:50", "09:20"),
            _Plan("Payroll run", "12:00", "12:45", more=_FOCUS),
            _Plan("Budget forum", "16:30", "17:15", 1, _WEEKLY),
        ),
    },
    "sam": {
        GOOGLE: (
            _Plan("Support stand-up", "08:50", "09:10", more=_DAILY),
            _Plan("Band practice", "18:30", "20:00", more=_WEEKLY),
            _Plan("Release notes", "15:15", "16:00", 1, _FOCUS),
        ),
        MICROSOFT: (
            _Plan("Onboarding: Fabrikam", "08:50", "09:20"),
            _Plan("Renewal talk", "12:15", "13:00", more=_MAYBE),
            _Plan("Customer council", "16:30", "17:30", 1, _WEEKLY),
        ),
    },
}


def address_of(persona: Persona, provider: str) -> str:
    """The person's account at Google or Microsoft."""
    return f"{persona.name}@{'gmail' if provider == GOOGLE else 'work'}.example"


def open_accounts(
    calendars: Calendars, google: LocalGoogle, microsoft: LocalMicrosoft, first: date
) -> dict[str, dict[str, Book]]:
    """Everybody's accounts, with events from `first` on; the books by person, and by where they are kept."""
    books: dict[str, dict[str, Book]] = {}
    for persona in PERSONAS:
        there = google.add_account(address_of(persona, GOOGLE), persona.real_name, persona.tz)
        for name in _FURTHER[GOOGLE]:
            there.add_calendar(f"c_{persona.name}.{name.lower()}@group.calendar.google.com", name, persona.tz)
        at_work = microsoft.add_account(address_of(persona, MICROSOFT), persona.real_name, persona.tz)
        for name in _FURTHER[MICROSOFT]:
            at_work.add_calendar(name)
        own: dict[str, Book] = {
            FEED: FeedBook(calendars.by_person[persona.user_id]),
            GOOGLE: GoogleBook(google, there),
            MICROSOFT: MicrosoftBook(microsoft, at_work),
        }
        for provider, plans in _PLANS[persona.name].items():
            _write(own[provider], plans, first)
        books[persona.user_id] = own
    return books


def _write(book: Book, plans: Iterable[_Plan], first: date) -> None:
    for plan in plans:
        book.add(plan.fields(first))
