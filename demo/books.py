"""A person's calendars as the page shows and edits them: one for the feed, and one for each account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emulators.books import LocalAccount, LocalCalendar, LocalEntry, LocalOccurrence, Moment
from emulators.google import GoogleEntry
from emulators.microsoft import MicrosoftEntry, Recurrence

FEED = "feed"
KINDS = ("meeting", "focus", "out_of_office", "elsewhere")
_FLAGS = ("all_day", "private", "declined", "free", "tentative")
_LONGEST_TITLE, _MOST_DAYS, _MOST_ENTRIES = 200, 60, 500


class NotAnEntryError(ValueError):
    """An entry that was filled in wrongly; the text is for whoever filled it in."""


@dataclass(frozen=True, slots=True)
class DayEvent:
    """An event as the page's form has it: times on the wall, or `days` whole days. `end` not after `start`: next day.

    Its id names this occurrence of a `series`; `calendar` is a position among the account's calendars.
    """

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
    calendar: int = 0
    series: bool = False

    def moments(self, zone: ZoneInfo) -> tuple[Moment, Moment]:
        """Start and end as accounts keep them: instants (UTC), or days, the end exclusive."""
        if self.all_day:
            return self.day, self.day + timedelta(days=self.days)
        return self.instants(zone)

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end, UTC."""
        start, end = (time(), time()) if self.all_day else (self.start, self.end)
        last = self.day + timedelta(days=self.days if self.all_day else end <= start)
        return tuple(datetime.combine(*at, zone).astimezone(UTC) for at in ((self.day, start), (last, end)))  # type: ignore[return-value]  # two of them

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        names = ("id", "title", "days", "kind", "calendar", "series", *_FLAGS)
        times = {"day": self.day.isoformat(), "start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}"}
        return {name: getattr(self, name) for name in names} | times


def read(fields: Mapping[str, Any]) -> DayEvent:
    """An event as the page's form sends it. Raises NotAnEntryError."""
    title = str(fields.get("title") or "").strip()
    if not title or len(title) > _LONGEST_TITLE:
        raise NotAnEntryError("Give the event a title of at most 200 characters.")
    kind = str(fields.get("kind") or "meeting")
    if kind not in KINDS:
        raise NotAnEntryError("Choose what kind of event it is.")
    try:
        day = date.fromisoformat(str(fields.get("day")))
        start, end = (
            time.fromisoformat(str(fields.get(name) or other)).replace(tzinfo=None)
            for name, other in (("start", "09:00"), ("end", "10:00"))
        )
        days = int(fields.get("days") or 1)
    except ValueError as error:
        raise NotAnEntryError("Give the event a day, a start and an end.") from error
    if not 1 <= days <= _MOST_DAYS:
        raise NotAnEntryError("An event may last 60 days.")
    if start == end and not fields.get("all_day"):
        raise NotAnEntryError("The event ends when it starts: give it some time.")
    return DayEvent(
        "", title, day, start, end, days=days, kind=kind, **{name: bool(fields.get(name)) for name in _FLAGS}
    )


@dataclass(frozen=True, slots=True)
class Words:
    """How an account says what the page's form says, and the other way round. `series` are recurrences by `repeat`."""

    entry: Callable[..., LocalEntry]
    said: Callable[[DayEvent], dict[str, Any]]
    heard: Callable[[Any], dict[str, Any]]
    series: Mapping[str, Any]
    removed: Callable[[LocalCalendar[Any], str], object]
    removed_once: Callable[[LocalCalendar[Any], str, Moment], object]


class Book:
    """An account's calendars. Ids are `calendar~entry~day in the series`. Raises NotAnEntryError, KeyError."""

    def __init__(
        self, account: LocalAccount[Any], words: Words, watched: Callable[[LocalCalendar[Any]], bool] = lambda _: False
    ) -> None:
        """`watched`: whether whoever keeps a calendar has promised the app to tell of its changes."""
        self._account = account
        self._words = words
        self._watched = watched
        self.account = account.address
        self.zone = ZoneInfo(account.zone)

    def calendars(self) -> Sequence[tuple[str, bool]]:
        """The account's calendars, the main one first: names, and whether they are watched."""
        return [(one.name, self._watched(one)) for one in self._all()]

    def on(self, day: date) -> list[DayEvent]:
        """The events that touch a day, earliest first."""
        begin, end = (datetime.combine(at, time(), self.zone).astimezone(UTC) for at in (day, day + timedelta(days=1)))
        found = [(one.instants(self.zone), one) for one in self._shown(end)]
        touching = [(times, one) for times, one in found if times[0] < end and times[1] > begin]
        return [one for _, one in sorted(touching, key=lambda it: (not it[1].all_day, *it[0], it[1].id))]

    def add(self, fields: Mapping[str, Any]) -> None:
        """Add what the form says, as a series where it names a `repeat`."""
        wanted, index = read(fields), str(fields.get("calendar", 0))
        if not (index.isascii() and index.isdigit() and int(index) < len(self._all())):
            raise NotAnEntryError("Choose one of the account's calendars.")
        calendar = self._all()[int(index)]
        if len(calendar.entries) >= _MOST_ENTRIES:
            raise NotAnEntryError("This calendar is full.")
        start, end = wanted.moments(self.zone)
        repeat = self._words.series.get(str(fields.get("repeat") or ""))
        more = {"recurrence": repeat} if repeat else {}
        calendar.add(self._words.entry(start=start, end=end, zone=self.zone.key, **self._words.said(wanted), **more))

    def change(self, entry_id: str, fields: Mapping[str, Any], *, series: bool) -> None:
        """Change what the form names: this occurrence, or the whole `series`."""
        index, calendar, entry, found = self._find(entry_id)
        wanted = read({**self.event(found.entry, index, found.day).as_json(), **fields})
        said, (start, end) = self._words.said(wanted), wanted.moments(self.zone)
        if found.day is None:
            calendar.change(entry.id, start=start, end=end, **said)
        elif not series:
            calendar.change_instance(entry.id, found.day, start=start, end=end, **said)
        else:
            first = entry.start.astimezone(self.zone).date() if isinstance(entry.start, datetime) else entry.start
            start, end = replace(wanted, day=first + (wanted.day - found.day)).moments(self.zone)
            times = {} if (start, end) == (entry.start, entry.end) else {"start": start, "end": end}
            calendar.change(entry.id, **times, **said)

    def remove(self, entry_id: str, *, series: bool) -> None:
        """Delete this occurrence, or the whole `series`."""
        _, calendar, entry, found = self._find(entry_id)
        if series or found.day is None:
            self._words.removed(calendar, entry.id)
        else:
            self._words.removed_once(calendar, entry.id, found.day)

    def _all(self) -> list[LocalCalendar[Any]]:
        return list(self._account.calendars.values())

    def _shown(self, until: datetime) -> Iterator[DayEvent]:
        for index, calendar in enumerate(self._all()):
            for entry in calendar.entries.values():
                for found in calendar.occurrences(entry, until):
                    if not (found.gone or found.entry.cancelled):
                        yield self.event(found.entry, index, found.day)

    def event(self, entry: LocalEntry, index: int = 0, day: date | None = None) -> DayEvent:
        """An entry as the page shows it; `day` is its place in a series."""
        start, end = (
            at.astimezone(self.zone) if isinstance(at, datetime) else datetime.combine(at, time())
            for at in (entry.start, entry.end)
        )
        times = {"all_day": True, "days": max((end - start).days, 1)} if entry.all_day else {
            "start": start.time().replace(second=0, microsecond=0), "end": end.time().replace(second=0, microsecond=0),
        }  # fmt: skip
        return DayEvent(
            f"{index}~{entry.id}~{day or ''}", day=start.date(), calendar=index, series=day is not None,
            **times, **self._words.heard(entry),
        )  # fmt: skip

    def _find(self, entry_id: str) -> tuple[int, LocalCalendar[Any], LocalEntry, LocalOccurrence[Any]]:
        """The calendar with its position, the entry or series, and the occurrence. Raises KeyError."""
        index, _, rest = entry_id.partition("~")
        key, _, day = rest.partition("~")
        try:
            calendar = self._all()[int(index)]
            entry = calendar.entries[key]
            on = date.fromisoformat(day) if day else None
        except (ValueError, IndexError):
            raise KeyError(entry_id) from None
        if (on is None) != (not entry.rules):
            raise KeyError(entry_id)
        return int(index), calendar, entry, calendar.occurrence(entry, on)[0] if on else LocalOccurrence(entry)


# ── in Google's and in Microsoft's words ────────────────────────────────────────────────────────────

_TYPES = {"meeting": "default", "focus": "focusTime", "out_of_office": "outOfOffice", "elsewhere": "workingLocation"}
_KINDS = {theirs: ours for ours, theirs in _TYPES.items()}
_SHOW_AS = {"meeting": "busy", "focus": "busy", "out_of_office": "oof", "elsewhere": "workingElsewhere"}
_FOCUS = "Focus time: "
_PRIVATE = {"private", "confidential"}


def focused(event: DayEvent) -> str:
    """The title; one that says so where only a title can say that it is time to focus."""
    return f"{_FOCUS}{event.title}" if event.kind == "focus" and "focus" not in event.title.lower() else event.title


def _to_google(wanted: DayEvent) -> dict[str, Any]:
    return {
        "title": wanted.title, "kind": _TYPES[wanted.kind], "visibility": "private" if wanted.private else "default",
        "response": "declined" if wanted.declined else "tentative" if wanted.tentative else "", "free": wanted.free,
        "place": "homeOffice" if wanted.kind == "elsewhere" else "",
    }  # fmt: skip


def from_google(entry: GoogleEntry) -> dict[str, Any]:
    """What the page's form says of an entry."""
    return {
        "title": entry.title, "kind": _KINDS.get(entry.kind, "meeting"),
        "private": entry.visibility in _PRIVATE, "declined": entry.response == "declined",
        "tentative": entry.response == "tentative", "free": entry.free,
    }  # fmt: skip


def _to_microsoft(wanted: DayEvent) -> dict[str, Any]:
    return {
        "title": focused(wanted), "show_as": "free" if wanted.free else _SHOW_AS[wanted.kind],
        "sensitivity": "private" if wanted.private else "normal",
        "response": "declined" if wanted.declined else "tentativelyAccepted" if wanted.tentative else "organizer",
    }  # fmt: skip


def _from_microsoft(entry: MicrosoftEntry) -> dict[str, Any]:
    kinds = {"oof": "out_of_office", "workingElsewhere": "elsewhere"}
    return {
        "title": entry.title.removeprefix(_FOCUS),
        "kind": kinds.get(entry.show_as, "focus" if "focus" in entry.title.lower() else "meeting"),
        "private": entry.sensitivity in _PRIVATE, "declined": entry.response == "declined",
        "tentative": entry.response == "tentativelyAccepted", "free": entry.show_as == "free",
    }  # fmt: skip


_WEEKLY = "RRULE:FREQ=WEEKLY"
GOOGLES = Words(
    GoogleEntry,
    _to_google,
    from_google,
    {"daily": (f"{_WEEKLY};BYDAY=MO,TU,WE,TH,FR",), "weekly": (_WEEKLY,)},
    LocalCalendar.cancel,
    LocalCalendar.cancel_instance,
)
MICROSOFTS = Words(
    MicrosoftEntry,
    _to_microsoft,
    _from_microsoft,
    {"daily": Recurrence("daily"), "weekly": Recurrence("weekly")},
    LocalCalendar.remove,
    LocalCalendar.remove_instance,
)
