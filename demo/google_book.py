"""A person's account at the local Google, as the page shows and edits it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demo.books import MOST, Leaf, Shown, chosen, moments, touching, walls
from demo.calendars import Entry, NotAnEntryError, as_json, read
from emulators.google import Account, Calendar, LocalGoogle
from emulators.google.calendars import Entry as GoogleEntry
from emulators.google.calendars import Instance

_KINDS = {"meeting": "default", "focus": "focusTime", "out_of_office": "outOfOffice", "elsewhere": "workingLocation"}
_SHOWN = {theirs: ours for ours, theirs in _KINDS.items()}
_RULES = {"daily": ("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",), "weekly": ("RRULE:FREQ=WEEKLY",), "": ()}


class GoogleBook:
    """Ids are `calendar~entry~original start`."""

    def __init__(self, google: LocalGoogle, account: Account) -> None:
        self._google = google
        self._account = account

    @property
    def account(self) -> str:
        """Its address."""
        return self._account.address

    @property
    def zone(self) -> ZoneInfo:
        """The main calendar's."""
        return ZoneInfo(self._account.primary.zone)

    def calendars(self) -> Sequence[Leaf]:
        """The account's, the main one first."""
        open_ = {c.calendar for c in self._google.channels.open.values() if c.account == self.account}
        return [Leaf(one.name, one.id in open_) for one in self._all()]

    def on(self, day: date) -> Iterable[Shown]:
        """The events that touch a day, earliest first."""
        until = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        return touching(self._shown(until), day, self.zone)

    def add(self, fields: Mapping[str, Any]) -> None:
        """Add what the form says, as a series where it names a `repeat`. Raises NotAnEntryError."""
        wanted = read(fields, "")
        calendar = chosen(self._all(), fields.get("calendar", 0))
        if len(calendar.entries) >= MOST:
            raise NotAnEntryError("This calendar is full.")
        start, end = moments(wanted, self.zone)
        repeat = _RULES.get(str(fields.get("repeat") or ""), ())
        calendar.add(GoogleEntry(start=start, end=end, recurrence=repeat, **_said(wanted)))

    def change(self, entry_id: str, fields: Mapping[str, Any], *, series: bool) -> None:
        """Change what the form names. Raises NotAnEntryError, KeyError."""
        calendar, entry, instance = self._find(entry_id)
        wanted = read({**as_json(self._entry(0, instance)), **fields}, entry_id)
        said = _said(wanted)
        if instance.original is None:
            start, end = moments(wanted, self.zone)
            calendar.change(entry.id, start=start, end=end, **said)
        elif not series:
            start, end = moments(wanted, self.zone)
            calendar.change_instance(entry.id, instance.original, start=start, end=end, **said)
        else:
            shift = wanted.day - _day(instance.original, self.zone)
            start, end = moments(replace(wanted, day=_day(entry.start, self.zone) + shift), self.zone)
            times = {} if (start, end) == (entry.start, entry.end) else {"start": start, "end": end}
            calendar.change(entry.id, **times, **said)

    def remove(self, entry_id: str, *, series: bool) -> None:
        """Delete an event, or one of a series. Raises KeyError."""
        calendar, entry, instance = self._find(entry_id)
        if series or instance.original is None:
            calendar.cancel(entry.id)
        else:
            calendar.cancel_instance(entry.id, instance.original)

    def _all(self) -> list[Calendar]:
        return list(self._account.calendars.values())

    def _shown(self, until: datetime) -> Iterator[Shown]:
        for index, calendar in enumerate(self._all()):
            for entry in calendar.entries.values():
                for instance in calendar.instances(entry, until):
                    if not instance.cancelled:
                        yield Shown(self._entry(index, instance), index, series=instance.original is not None)

    def _entry(self, index: int, instance: Instance) -> Entry:
        entry = instance.entry
        original = instance.original.isoformat() if instance.original is not None else ""
        return Entry(
            id=f"{index}~{entry.id}~{original}",
            title=entry.title,
            kind=_SHOWN.get(entry.kind, "meeting"),
            private=entry.visibility in {"private", "confidential"},
            declined=entry.response == "declined",
            tentative=entry.response == "tentative",
            free=entry.free,
            **walls(instance.start, instance.end, self.zone),
        )

    def _find(self, entry_id: str) -> tuple[Calendar, GoogleEntry, Instance]:
        index, _, rest = entry_id.partition("~")
        key, _, original = rest.partition("~")
        try:
            calendar = self._all()[int(index)]
            entry = calendar.entries[key]
            moment = (
                datetime.fromisoformat(original) if "T" in original else date.fromisoformat(original or "2000-01-01")
            )
        except (ValueError, IndexError):
            raise KeyError(entry_id) from None
        until = calendar.instant(moment) + timedelta(seconds=1)
        for instance in calendar.instances(entry, until):
            if (instance.original is None and not original) or (original and instance.original == moment):
                return calendar, entry, instance
        raise KeyError(entry_id)


def _said(wanted: Entry) -> dict[str, Any]:
    """The fields of Google's besides its times."""
    response = "declined" if wanted.declined else "tentative" if wanted.tentative else ""
    return {
        "title": wanted.title,
        "kind": _KINDS[wanted.kind],
        "visibility": "private" if wanted.private else "default",
        "response": response,
        "free": wanted.free,
        "place": "homeOffice" if wanted.kind == "elsewhere" else "",
    }


def _moment(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _day(moment: datetime | date, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
