"""A person's account at the local Microsoft, as the page shows and edits it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demo.books import MOST, Leaf, Shown, chosen, moments, touching, walls
from demo.calendars import Entry, NotAnEntryError, as_json, read
from emulators.microsoft.mailbox import Account, LocalCalendar, Recurrence
from emulators.microsoft.mailbox import Entry as MicrosoftEntry
from emulators.microsoft.server import LocalMicrosoft

_FOCUS = "Focus time: "
_SHOW_AS = {"meeting": "busy", "focus": "busy", "out_of_office": "oof", "elsewhere": "workingElsewhere"}
_KINDS = {"oof": "out_of_office", "workingElsewhere": "elsewhere"}


class MicrosoftBook:
    """Ids are `calendar~entry~day in the series`."""

    def __init__(self, microsoft: LocalMicrosoft, account: Account) -> None:
        self._microsoft = microsoft
        self._account = account

    @property
    def account(self) -> str:
        """Its address."""
        return self._account.address

    @property
    def zone(self) -> ZoneInfo:
        """The mailbox's."""
        return ZoneInfo(self._account.zone)

    def calendars(self) -> Sequence[Leaf]:
        """The account's, the main one first."""
        watched = {found.calendar_id for found in self._microsoft.subscriptions.of(self._account)}
        return [Leaf(one.name, bool(watched & {one.id, ""})) for one in self._all()]

    def on(self, day: date) -> Iterable[Shown]:
        """The events that touch a day, earliest first."""
        return touching(self._shown(day), day, self.zone)

    def add(self, fields: Mapping[str, Any]) -> None:
        """Add what the form says, as a series where it names a `repeat`. Raises NotAnEntryError."""
        wanted = read(fields, "")
        calendar = chosen(self._all(), fields.get("calendar", 0))
        if len(calendar.entries) >= MOST:
            raise NotAnEntryError("This calendar is full.")
        start, end = moments(wanted, self.zone)
        repeat = str(fields.get("repeat") or "")
        recurrence = Recurrence(repeat) if repeat in {"daily", "weekly"} else None
        calendar.add(MicrosoftEntry(start=start, end=end, zone=self.zone.key, recurrence=recurrence, **_said(wanted)))

    def change(self, entry_id: str, fields: Mapping[str, Any], *, series: bool) -> None:
        """Change what the form names. Raises NotAnEntryError, KeyError."""
        calendar, master, day, found = self._find(entry_id)
        wanted = read({**as_json(self._entry(entry_id, found)), **fields}, entry_id)
        said = _said(wanted)
        if day is None:
            start, end = moments(wanted, self.zone)
            calendar.change(master.id, start=start, end=end, **said)
        elif not series:
            start, end = moments(wanted, self.zone)
            calendar.change_instance(master.id, day, start=start, end=end, **said)
        else:
            first = _day(master.start, self.zone)
            start, end = moments(replace(wanted, day=first + (wanted.day - day)), self.zone)
            times = {} if (start, end) == (master.start, master.end) else {"start": start, "end": end, "changed": {}}
            calendar.change(master.id, **times, **said)

    def remove(self, entry_id: str, *, series: bool) -> None:
        """Delete an event, or one of a series. Raises KeyError."""
        calendar, master, day, _ = self._find(entry_id)
        if series or day is None:
            calendar.remove(master.id)
        else:
            calendar.remove_instance(master.id, day)

    def _all(self) -> list[LocalCalendar]:
        return list(self._account.calendars.values())

    def _shown(self, day: date) -> Iterator[Shown]:
        begin, end = (
            datetime.combine(at, time(), UTC) for at in (day - timedelta(days=1), day + timedelta(days=2))
        )  # wide enough for every zone
        for index, calendar in enumerate(self._all()):
            for entry in calendar.entries.values():
                if entry.recurrence is None:
                    yield Shown(self._entry(f"{index}~{entry.id}~", entry), index)
                    continue
                for on, found, _ in entry.instances(begin, end):
                    if not found.cancelled:
                        yield Shown(self._entry(f"{index}~{entry.id}~{on}", found), index, series=True)

    def _entry(self, entry_id: str, found: MicrosoftEntry) -> Entry:
        return Entry(
            id=entry_id,
            title=found.title.removeprefix(_FOCUS),
            kind=_KINDS.get(found.show_as, "focus" if "focus" in found.title.lower() else "meeting"),
            private=found.sensitivity in {"private", "confidential"},
            declined=found.response == "declined",
            tentative=found.response == "tentativelyAccepted",
            free=found.show_as == "free",
            **walls(found.start, found.end, self.zone),
        )

    def _find(self, entry_id: str) -> tuple[LocalCalendar, MicrosoftEntry, date | None, MicrosoftEntry]:
        """The calendar, the entry or series, and the occurrence with its day in the series."""
        index, _, rest = entry_id.partition("~")
        key, _, on = rest.partition("~")
        try:
            calendar = self._all()[int(index)]
            master = calendar.entries[key]
            day = date.fromisoformat(on) if on else None
        except (ValueError, IndexError):
            raise KeyError(entry_id) from None
        if day is None:
            return calendar, master, None, master
        if day in master.changed:
            return calendar, master, day, master.changed[day]
        around = datetime.combine(day, time(), UTC)
        for found_day, found, _ in master.instances(around - timedelta(days=2), around + timedelta(days=3)):
            if found_day == day:
                return calendar, master, day, found
        raise KeyError(entry_id)


def _said(wanted: Entry) -> dict[str, Any]:
    """The fields of Microsoft's besides its times."""
    focus = wanted.kind == "focus" and "focus" not in wanted.title.lower()
    response = "declined" if wanted.declined else "tentativelyAccepted" if wanted.tentative else "organizer"
    return {
        "title": f"{_FOCUS}{wanted.title}" if focus else wanted.title,
        "show_as": "free" if wanted.free else _SHOW_AS[wanted.kind],
        "sensitivity": "private" if wanted.private else "normal",
        "response": response,
    }


def _day(moment: datetime | date, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
