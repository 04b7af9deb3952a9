"""A calendar at a CalDAV server as its person has it: what fetches found, added up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.ical import worker
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import read
from services.calendars.ical.worker import changes_from_parts
from services.calendars.ports import Source
from services.calendars.providers.caldav.source import CaldavSource
from services.domain.calendars import Changes, Connection
from services.domain.model import Event, PersonKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Reading:
    """The expander, in this process; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ReadRequest] = []

    async def read(self, data: bytes, asked: ReadRequest, memory: bytes | None) -> Changes:
        self.asked.append(asked)
        return read(data, asked, memory)

    async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
        return changes_from_parts(*await self.ask(task, calendar_id, head, blobs), calendar_id)

    async def ask(
        self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        return worker.done(json.loads(json.dumps({**head, "task": task})), blobs)


class Account:
    """One calendar, fetched again and again."""

    def __init__(self, source: Source, address: str, user: str = "ann", password: str = "app-secret") -> None:
        self.source = source
        self.now = NOW
        self.held: dict[str, Event] = {}
        self.connection = Connection(
            PersonKey("T1", "U1"), "C1", "caldav", address, BERLIN, ("a@b.org",),
            credentials={"user": user, "password": password},
        )  # fmt: skip

    async def fetch(self) -> Changes:
        """What the source says, after it was written down."""
        changes = await self.source.fetch(self.connection, self.now)
        self.connection = replace(self.connection, state=changes.state)
        if changes.unchanged:
            return changes
        spoken_of = changes.replaced | {event.uid for event in changes.events}
        kept = {} if changes.full else {key: one for key, one in self.held.items() if one.uid not in spoken_of}
        self.held = kept | {event.id: event for event in changes.events}
        return changes

    async def starts(self) -> list[tuple[str, str]]:
        """Each event's title and start in UTC, after another fetch."""
        await self.fetch()
        return self.kept()

    def kept(self) -> list[tuple[str, str]]:
        """The same without one."""
        return sorted((event.title, f"{event.start:%m-%dT%H:%M}") for event in self.held.values())


def account(client: object, address: str, **options: object) -> Account:
    """An account over a guarded client."""
    return Account(CaldavSource(client, Reading(), **options), address)  # type: ignore[arg-type]  # what tests need


def meeting(title: str, day: int = 25, *lines: str) -> bytes:
    """A file with an hour's meeting on a day of November, at 10:00 UTC."""
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", "BEGIN:VEVENT", f"UID:{title}@example.org",
            "DTSTAMP:20261101T000000Z", f"DTSTART:202611{day:02}T100000Z", f"DTEND:202611{day:02}T110000Z",
            f"SUMMARY:{title}", *lines, "END:VEVENT", "END:VCALENDAR", "",
        ]
    ).encode()  # fmt: skip
