"""The five people of the demo: who they are, and how their days look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from demo.avatars import Look, avatar
from demo.calendars import Entry, over_workdays

OFFICE_ZONE = "Europe/London"
_DAYS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class Persona:
    """A person, what the page says about them, and their calendar from the first day on."""

    user_id: str
    name: str
    real_name: str
    title: str
    about: str
    look: Look
    entries: Callable[[date], list[Entry]]
    tz: str = OFFICE_ZONE
    locale: str = "en-GB"
    status: tuple[str, str] = ("", "")
    is_admin: bool = False

    @property
    def avatar(self) -> str:
        """Their photo."""
        return avatar(self.look)


def _maya(first: date) -> list[Entry]:
    day = [
        Entry("standup", "Daily stand-up", first, time(9), time(9, 15)),
        Entry("roadmap", "Roadmap review", first, time(9, 30), time(11)),
        Entry("quick", "Quick sync with Ben", first, time(10), time(10, 20)),
        Entry("vendor", "Vendor call", first, time(11, 30), time(12, 15)),
        Entry("lunch", "Lunch", first, time(12, 30), time(13, 15), free=True),
        Entry("hiring", "Hiring panel", first, time(13, 30), time(15)),
        Entry("board", "Board preparation", first, time(15), time(16, 30)),
    ]
    return [copy for entry in day for copy in over_workdays(entry, first, _DAYS_AHEAD)]


def _jonas(first: date) -> list[Entry]:
    return [
        Entry("urlaub", "Urlaub: Skifahren", first, all_day=True, days=3, kind="out_of_office"),
        *over_workdays(Entry("jour-fixe", "Jour fixe", first, time(10), time(11)), first, _DAYS_AHEAD),
    ]


def _yuki(first: date) -> list[Entry]:
    day = [
        Entry("deep", "Deep work: search index", first, time(9), time(11, 30), kind="focus"),
        Entry("pairing", "Pairing with Maya", first, time(10, 15), time(10, 45)),
        Entry("home", "Working from home", first, all_day=True, kind="elsewhere", free=True),
        Entry("review", "Design review", first, time(14), time(15)),
        Entry("deep-2", "Focus time", first, time(15, 30), time(17), kind="focus"),
    ]
    return [copy for entry in day for copy in over_workdays(entry, first, _DAYS_AHEAD)]


def _priya(first: date) -> list[Entry]:
    day = [
        Entry("doctor", "Doctor's appointment", first, time(9, 15), time(10), private=True),
        Entry("all-hands", "All-hands rehearsal", first, time(10, 30), time(11, 30), declined=True),
        Entry("one-on-one", "1:1 with Sam", first, time(11, 30), time(12)),
        Entry("maybe", "Book club (maybe)", first, time(13), time(14), tentative=True),
        Entry("budget", "Budget round", first, time(14, 30), time(16)),
    ]
    return [copy for entry in day for copy in over_workdays(entry, first, _DAYS_AHEAD)]


def _sam(first: date) -> list[Entry]:
    day = [
        Entry("support", "Support hand-over", first, time(9, 45), time(10, 15)),
        Entry("one-on-one", "1:1 with Priya", first, time(11, 30), time(12)),
        Entry("demo", "Customer demo", first, time(14), time(15)),
    ]
    return [copy for entry in day for copy in over_workdays(entry, first, _DAYS_AHEAD)]


PERSONAS = (
    Persona(
        "U0MAYA0001",
        "maya",
        "Maya Okafor",
        "Head of Product",
        "Back-to-back meetings, one inside another",
        Look("#f2c14e", "#8d5524", "#1b1b1b", hair="puffs", top="#7b2d8b"),
        _maya,
        is_admin=True,
    ),
    Persona(
        "U0JONAS001",
        "jonas",
        "Jonas Weber",
        "Engineering, Berlin",
        "On holiday; his Slack speaks German",
        Look("#7fb7be", "#f1c9a5", "#b5651d", hair="short", top="#2d6a4f", beard=True),
        _jonas,
        tz="Europe/Berlin",
        locale="de-DE",
    ),
    Persona(
        "U0YUKI0001",
        "yuki",
        "Yuki Tanaka",
        "Staff Engineer",
        "Focus time, with a meeting in the middle",
        Look("#f4a8a8", "#f3d3b3", "#22222e", hair="bob", top="#33658a", glasses=True),
        _yuki,
    ),
    Persona(
        "U0PRIYA001",
        "priya",
        "Priya Nair",
        "Finance",
        "One private event, one declined",
        Look("#b8d8a8", "#b97a4b", "#2b1a12", hair="long", top="#c8553d"),
        _priya,
    ),
    Persona(
        "U0SAM00001",
        "sam",
        "Sam Rivera",
        "Customer Success",
        "Types statuses by hand; they are never lost",
        Look("#c9b6e4", "#e0ac69", "#4a2c17", hair="curly", top="#1d4e89"),
        _sam,
        locale="en-US",
        status=("Ask me about the new docs", ":wave:"),
    ),
)
