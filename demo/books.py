"""A person's calendars as the page shows and edits them: a book for the feed, and one for each account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from demo.calendars import DayCalendar, Entry, NotAnEntryError

FEED = "feed"
MOST = 500
"""Entries of one calendar."""

_AHEAD = 61
"""Days in which the next edge is looked for."""


C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of a book's calendars. `watched`: whoever keeps it has promised the app to tell of its changes."""

    name: str
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One event of a day. Its id names this occurrence; `calendar` is a position among the book's calendars."""

    entry: Entry
    calendar: int = 0
    series: bool = False


class Book(Protocol):
    """What the page needs of calendars. Ids and fields are those of the page's form; NotAnEntryError, KeyError."""

    @property
    def account(self) -> str: ...  # noqa: D102  # whose it is: an address
    @property
    def zone(self) -> ZoneInfo: ...  # noqa: D102  # what its wall-clock times are in

    def calendars(self) -> Sequence[Leaf]:
        """Its calendars, the main one first."""
        ...

    def on(self, day: date) -> Iterable[Shown]:
        """The events that touch a day."""
        ...

    def add(self, fields: Mapping[str, Any]) -> None:
        """Add what the form says."""
        ...

    def change(self, entry_id: str, fields: Mapping[str, Any], *, series: bool) -> None:
        """Change what the form names: this occurrence, or the whole `series`."""
        ...

    def remove(self, entry_id: str, *, series: bool) -> None:
        """Delete this occurrence, or the whole `series`."""
        ...


class FeedBook:
    """The calendar that is served as an ICS feed."""

    def __init__(self, calendar: DayCalendar) -> None:
        self._calendar = calendar

    @property
    def account(self) -> str:
        """Whose it is."""
        return self._calendar.address

    @property
    def zone(self) -> ZoneInfo:
        """What its times are in."""
        return self._calendar.zone

    def calendars(self) -> Sequence[Leaf]:
        """The one; nobody is told of a feed's changes."""
        return (Leaf(self._calendar.name),)

    def on(self, day: date) -> Iterable[Shown]:
        """The events that touch a day, earliest first."""
        return [Shown(entry) for entry in self._calendar.on(day)]

    def add(self, fields: Mapping[str, Any]) -> None:
        """Add what the form says."""
        self._calendar.add(fields)

    def change(self, entry_id: str, fields: Mapping[str, Any], *, series: bool) -> None:
        """Change what the form names."""
        self._calendar.change(entry_id, fields)

    def remove(self, entry_id: str, *, series: bool) -> None:
        """Delete an event."""
        self._calendar.remove(entry_id)


def chosen(calendars: Sequence[C], index: object) -> C:
    """The calendar that the form names by its position. Raises NotAnEntryError."""
    text = str(index)
    if not (text.isascii() and text.isdigit() and int(text) < len(calendars)):
        raise NotAnEntryError("Choose one of the account's calendars.")
    return calendars[int(text)]


def touching(shown: Iterable[Shown], day: date, zone: ZoneInfo) -> list[Shown]:
    """Those that touch a day, earliest first."""
    begin, end = (datetime.combine(at, time(), zone).astimezone(UTC) for at in (day, day + timedelta(days=1)))
    found = [(one.entry.instants(zone), one) for one in shown]
    on_it = [(times, one) for times, one in found if times[0] < end and times[1] > begin]
    return [one for _, one in sorted(on_it, key=lambda it: (not it[1].entry.all_day, *it[0], it[1].entry.id))]


def next_edge(books: Iterable[Book], now: datetime) -> datetime | None:
    """The next instant at which an event of these books starts or ends."""
    found = [at for book in books if (at := _next(book, now)) is not None]
    return min(found, default=None)


def _next(book: Book, now: datetime) -> datetime | None:
    first = now.astimezone(book.zone).date()
    for number in range(_AHEAD):
        day = first + timedelta(days=number)
        later = [at for one in book.on(day) for at in one.entry.instants(book.zone) if at > now]
        if later:
            return min(later)
    return None


def moments(entry: Entry, zone: ZoneInfo) -> tuple[datetime, datetime] | tuple[date, date]:
    """Start and end as accounts keep them: instants (UTC), or days, the end exclusive."""
    if entry.all_day:
        return entry.day, entry.day + timedelta(days=entry.days)
    return entry.instants(zone)


def walls(start: datetime | date, end: datetime | date, zone: ZoneInfo) -> dict[str, Any]:
    """The reverse: day, times and days of an `Entry`."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        local, last = start.astimezone(zone), end.astimezone(zone)
        return {
            "day": local.date(),
            "start": local.time().replace(second=0, microsecond=0),
            "end": last.time().replace(second=0, microsecond=0),
        }
    first, after = (datetime.combine(day, time()) for day in (start, end))
    return {"day": start, "all_day": True, "days": max((after - first).days, 1)}
