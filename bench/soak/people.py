"""Who there is, and the days that they have in their calendars, thought up from a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.soak.oracle import ABSENCE, FOCUS, MEETING, ROUTINE, Days, Shown, Wish

GOOGLE, MICROSOFT, FEED, ROUTINES = "google", "microsoft", "feed", "routines"
SOURCES = ((GOOGLE, 0.4), (MICROSOFT, 0.3), (FEED, 0.2), (ROUTINES, 0.1))
"""Where people's days stand, and how many have theirs there."""

ZONES = (
    "Europe/Berlin", "America/New_York", "Europe/London", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata",
    "Australia/Sydney",
)  # fmt: skip
LARGE = (0.2, 0.08)
"""What share of all people the largest workspaces have; the others are of `SMALL` people.

Everybody of a large one meets at three on Mondays, Wednesdays and Fridays: more than Slack's limits let through."""

SMALL = 20
ALL_HANDS = (0, 2, 4)
IN_A_MEETING, FOCUSING = ("In a meeting", ":spiral_calendar_pad:"), ("Focusing", ":headphones:")
LUNCH = ("Lunch", ":sandwich:")
PALM = ":palm_tree:"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
TITLES = ("Planning", "Weekly sync", "Design review", "Interview", "1:1", "Budget", "Retro", "Customer call")
MINUTES = (15, 25, 30, 30, 30, 45, 50, 60, 60, 90)
STARTS = (0,) * 45 + (30,) * 30 + (15, 45) * 8 + (5, 10, 20, 25, 35, 40, 50, 55) + (0,)
DAY = timedelta(days=1)
_WEEKEND = 5


@dataclass(slots=True)
class Entry:
    """An entry as it stands in a calendar: `kind` is its layer; whole `days`, or instants. `id` is its own there."""

    wish: Wish
    title: str
    kind: int
    days: tuple[date, date] | None = None
    id: str = ""


@dataclass(slots=True)
class Soaker:
    """A person. `lunch`: their routine; `mutes`, `away`: what their line of meetings, of focus does besides.

    `did` is what they have done by hand, in words.
    """

    team: str
    user: str
    zone: str
    source: str
    lunch: tuple[time, time] | None = None
    mutes: bool = False
    away: bool = False
    entries: list[Entry] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    did: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.user} ({', '.join([self.source, *self.did])})"

    @property
    def mail(self) -> str:
        return f"{self.user.lower()}@soak.example"


def thought_up(people: int, first: date, days: int, chance: Random) -> list[Soaker]:
    """So many people, with `days` days from `first` on."""
    found = []
    for number, (team, zone) in zip(range(people), _places(people), strict=False):
        source = chance.choices([name for name, _ in SOURCES], [share for _, share in SOURCES])[0]
        one = Soaker(team, f"U{number:06d}", zone, source)
        if source == ROUTINES or chance.random() < 0.4:
            start = chance.choice((time(12, 0), time(12, 30)))
            one.lunch = start, time(13, 15)
        one.mutes, one.away = chance.random() < 0.1, chance.random() < 0.05
        _fill(one, first, days, chance)
        found.append(one)
    sizes = Counter(one.team for one in found)
    for one in found:
        if sizes[one.team] > SMALL and one.source != ROUTINES:
            _meet_all_together(one, first, days)
    return found


def _places(people: int) -> Iterator[tuple[str, str]]:
    """A workspace and its zone for each person."""
    sizes = [size for size in (int(people * share) for share in LARGE) if size > SMALL]
    number = 0
    while True:
        size = sizes[number] if number < len(sizes) else SMALL
        for _ in range(size):
            yield f"T{number:04d}", ZONES[number % len(ZONES)]
        number += 1


def _fill(one: Soaker, first: date, days: int, chance: Random) -> None:
    """Think their days up. A day before and one after are theirs, too: it is never the same day everywhere."""
    zone = ZoneInfo(one.zone)
    off: date | None = None
    standup = chance.choice((time(9, 15), time(9, 30), time(10, 0))) if chance.random() < 0.6 else None
    for day in (first + number * DAY for number in range(-1, days + 1)):
        if day.weekday() >= _WEEKEND:
            continue
        if one.lunch is not None:
            start, end = (datetime.combine(day, at, zone).astimezone(UTC) for at in one.lunch)
            one.days.wishes.append(Wish(start, end, ROUTINE, LUNCH))
        if one.source == ROUTINES:
            continue
        if standup is not None:
            start = datetime.combine(day, standup, zone).astimezone(UTC)
            add(one, Entry(Wish(start, start + timedelta(minutes=15), MEETING, IN_A_MEETING), "Stand-up", MEETING))
        for _ in range(chance.randint(3, 6)):
            start = datetime.combine(day, time(chance.randint(9, 16), chance.choice(STARTS)), zone).astimezone(UTC)
            end = start + timedelta(minutes=chance.choice(MINUTES))
            add(one, Entry(Wish(start, end, MEETING, IN_A_MEETING), chance.choice(TITLES), MEETING))
        if chance.random() < 0.4:
            start = datetime.combine(day, time(chance.randint(9, 15), chance.choice((0, 30))), zone).astimezone(UTC)
            end = start + timedelta(minutes=chance.choice((60, 90, 120)))
            add(one, Entry(Wish(start, end, FOCUS, FOCUSING), "Focus time", FOCUS))
        if chance.random() < 0.05 and day - DAY != off:  # two in a row are one absence, which says so
            add(one, _day_off(day, zone))
            off = day
        elif chance.random() < 0.03:
            start, end = (datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in (14, 17))
            add(one, Entry(Wish(start, end, ABSENCE, ("Out of office until 17:00", PALM)), "Dentist", ABSENCE))


def _meet_all_together(one: Soaker, first: date, days: int) -> None:
    for day in (first + number * DAY for number in range(days)):
        if day.weekday() in ALL_HANDS:
            start = datetime.combine(day, time(15), ZoneInfo(one.zone)).astimezone(UTC)
            wish = Wish(start, start + timedelta(minutes=45), MEETING, IN_A_MEETING)
            add(one, Entry(wish, "All hands", MEETING))


def _day_off(day: date, zone: ZoneInfo) -> Entry:
    back = day + DAY
    start, end = (datetime.combine(at, time(), zone).astimezone(UTC) for at in (day, back))
    shows: Shown = (f"Out of office until {back.day} {MONTHS[back.month - 1]}", PALM)
    return Entry(Wish(start, end, ABSENCE, shows), "Vacation", ABSENCE, days=(day, back))


def add(one: Soaker, entry: Entry) -> None:
    """Note that it is in their calendar."""
    one.entries.append(entry)
    one.days.wishes.append(entry.wish)
