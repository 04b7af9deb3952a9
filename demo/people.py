"""The five people of the demo: who they are, and how their days look in each of their calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from demo.books import FEED, GOOGLES, KINDS, MICROSOFTS, Book
from demo.feeds import Feed, Feeds
from emulators.google import LocalGoogle
from emulators.microsoft import LocalMicrosoft
from services.domain.calendars import GOOGLE, MICROSOFT

OFFICE_ZONE = "Europe/London"
_FACES = Path(__file__).resolve().parent / "faces"
NAMES = {FEED: "Feed", GOOGLE: "Google", MICROSOFT: "Microsoft"}
_DAYS_AHEAD, _FRIDAY = 12, 4
_FURTHER = {GOOGLE: ("Team", "Family"), MICROSOFT: ("Team",)}
"""The calendars of an account besides its main one."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A person, what the page says about them, and the lines of their calendars (`plans_of`).

    `own_list` is what of their list is not as everybody's, as the file has it that lists are imported from.
    """

    user_id: str
    real_name: str
    title: str
    about: str
    feed: str
    google: str
    microsoft: str
    tz: str = OFFICE_ZONE
    locale: str = "en-GB"
    status: tuple[str, str] = ("", "")
    is_admin: bool = False
    own_list: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Their handle."""
        return self.real_name.split()[0].lower()

    @property
    def face(self) -> bytes:
        """Their photo, a square PNG: drawn, so that the demo needs no pictures of real people."""
        return (_FACES / f"{self.name}.png").read_bytes()

    def address(self, provider: str) -> str:
        """Their account at Google or Microsoft."""
        return f"{self.name}@{'gmail' if provider == GOOGLE else 'work'}.example"


PERSONAS = (
    Persona(
        "U0MAYA0001", "Maya Okafor", "Head of Product", "Back-to-back meetings, one inside another",
        """09:00-09:15 Daily stand-up
        09:30-11:00 Roadmap review
        10:00-10:20 Quick sync with Ben
        11:30-12:15 Vendor call
        12:30-13:15 Lunch | free
        13:30-15:00 Hiring panel
        15:00-16:30 Board preparation""",
        """08:50-09:15 Stand-up, Apollo | daily
        12:20-13:10 Dentist | private
        16:45-17:45 Plan the quarter | focus
        15:30-16:00 Release call | calendar1 weekly
        18:00-19:30 School concert | calendar2""",
        """08:50-09:30 Steering committee | weekly
        11:15-12:00 Contract with Contoso
        16:30-17:00 Coffee with the new CFO | tentative
        14:00-14:45 Roadmap, all teams | calendar1""",
        is_admin=True,
    ),
    Persona(
        "U0JONAS001", "Jonas Weber", "Engineering, Berlin", "On holiday: away, with a palm on his photo",
        """3 days Urlaub: Skifahren | out_of_office
        10:00-11:00 Jour fixe""",
        """09:40-12:00 Skikurs | daily
        19:00-22:00 Hüttenabend
        18:00-19:00 Elternabend | calendar2 weekly""",
        """09:00-10:00 Bereitschaft | weekly
        14:00-15:00 Architekturrunde | calendar1 weekly""",
        tz="Europe/Berlin", locale="de-DE",
        own_list={
            "version": 2,
            "lines": [{
                "id": "out_of_office", "kind": "out_of_office", "effects": ["away", "photo", "reply"],
                "photo": {"picture": "palm"},
            }],
        },
    ),
    Persona(
        "U0YUKI0001", "Yuki Tanaka", "Staff Engineer", "Mutes notifications while focusing",
        """09:00-11:30 Deep work: search index | focus
        10:15-10:45 Pairing with Maya
        all day Working from home | elsewhere free
        14:00-15:00 Design review
        15:30-17:00 Focus time | focus""",
        """08:50-09:05 Stand-up, search | daily
        12:15-13:00 Physiotherapy | private
        17:15-18:00 Reading group | calendar1 weekly""",
        """08:50-09:20 Incident review
        13:00-13:45 Index migration | focus
        16:00-16:30 Platform sync | calendar1 weekly""",
        own_list={
            "version": 2,
            "lines": [{"id": "focus", "kind": "focus", "show": {"emoji": ":headphones-on:"}, "effects": ["dnd"]}],
        },
    ),
    Persona(
        "U0PRIYA001", "Priya Nair", "Finance", "One private event, one declined",
        """09:15-10:00 Doctor's appointment | private
        10:30-11:30 All-hands rehearsal | declined
        11:30-12:00 1:1 with Sam
        13:00-14:00 Book club (maybe) | tentative
        14:30-16:00 Budget round""",
        """08:50-09:05 Finance stand-up | daily
        12:15-13:00 Lunch with Leela
        16:15-17:30 Month-end close | calendar1
        17:45-18:30 Swimming lesson | calendar2 weekly""",
        """08:50-09:20 Auditors on site
        12:00-12:45 Payroll run | focus
        16:30-17:15 Budget forum | calendar1 weekly""",
    ),
    Persona(
        "U0SAM00001", "Sam Rivera", "Customer Success", "Types statuses by hand; lunch is a routine",
        """09:45-10:15 Support hand-over
        11:30-12:00 1:1 with Priya
        14:00-15:00 Customer demo""",
        """08:50-09:10 Support stand-up | daily
        18:30-20:00 Band practice | weekly
        15:15-16:00 Release notes | calendar1 focus""",
        """08:50-09:20 Onboarding: Fabrikam
        12:15-13:00 Renewal talk | tentative
        16:30-17:30 Customer council | calendar1 weekly""",
        locale="en-US", status=("Ask me about the new docs", ":wave:"),
        own_list={
            "version": 2,
            "lines": [{
                "id": "demos", "name": "Customer demos", "match": {"title_words": ["demo"]},
                "show": {"text": "Showing it to a customer", "emoji": ":acme:"}, "effects": ["dnd"],
            }],
            "routines": [{
                "id": "lunch", "from": "12:30", "to": "13:15", "days": ["mon", "tue", "wed", "thu", "fri"],
                "show": {"text": "Lunch", "emoji": ":bento:"}, "effects": ["away"], "not_when_absent": True,
            }],
        },
    ),
)  # fmt: skip

_LINE = re.compile(r"(?:(\d\d:\d\d)-(\d\d:\d\d)|(all|\d+) days?) ([^|]+?)(?: \| (.+))?")


def plans_of(lines: str, day: date) -> Iterator[dict[str, Any]]:
    """The events of a day as the page's form would send them: `time-time title | kind flags repeat calendarN`."""
    for line in lines.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(line)
        start, end, days, title, more = found.groups()
        plan: dict[str, Any] = {"title": title, "day": day.isoformat(), "start": start, "end": end}
        if days:
            plan |= {"all_day": True, "days": 1 if days == "all" else int(days)}
        for word in (more or "").split():
            key = "kind" if word in KINDS else "repeat" if word in {"daily", "weekly"} else word
            plan |= {"calendar": int(word[-1])} if word.startswith("calendar") else {key: True if key == word else word}
        yield plan


def open_books(feeds: Feeds, google: LocalGoogle, microsoft: LocalMicrosoft, first: date) -> dict[str, dict[str, Book]]:
    """Everybody's calendars, with events from `first` on; the books by person, and by where they are kept."""
    books: dict[str, dict[str, Book]] = {}
    for persona in PERSONAS:
        there = google.add_account(persona.address(GOOGLE), persona.real_name, persona.tz)
        for name in _FURTHER[GOOGLE]:
            calendar_id = f"c_{persona.name}.{name.lower()}@group.calendar.google.com"
            there.add_calendar(name, calendar_id, zone=persona.tz)
        at_work = microsoft.add_account(persona.address(MICROSOFT), persona.real_name, persona.tz)
        for name in _FURTHER[MICROSOFT]:
            at_work.add_calendar(name)
        feed = Feed(f"{persona.real_name.split()[0]}'s calendar", f"{persona.name}@example.com", persona.tz)
        feeds.by_person[persona.user_id] = feed
        own = {
            FEED: feed.book,
            GOOGLE: Book(there, GOOGLES, google.watches),
            MICROSOFT: Book(at_work, MICROSOFTS, microsoft.watches),
        }
        for day in (first + timedelta(days=number) for number in range(_DAYS_AHEAD)):
            for plan in plans_of(persona.feed, day) if day.weekday() <= _FRIDAY else ():
                if plan.get("days", 1) == 1 or day == first:
                    own[FEED].add(plan)
        for provider, lines in ((GOOGLE, persona.google), (MICROSOFT, persona.microsoft)):
            for plan in plans_of(lines, first):
                own[provider].add(plan)
        books[persona.user_id] = own
    return books
