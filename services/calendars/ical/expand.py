"""Reading what strangers sent away from the app: a few worker processes with limits on time and memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import ReadState
from services.calendars.ical.worker import ERRORS, changes_from_parts
from services.domain.calendars import AHEAD, Changes
from services.domain.errors import CalendarTooCostlyError, NotACalendarError
from services.domain.request_errors import RequestError
from services.platform.concurrency import LARGE, off_loop, off_loop_if
from services.platform.reader_process import Answer
from services.platform.readers import Readers

log = structlog.get_logger(__name__)


class Expander:
    """Reads calendars in at most `workers` processes at a time, each for at most `seconds` and `memory` bytes."""

    def __init__(self, workers: int = 2, seconds: float = 20.0, memory: int = 768 * 2**20) -> None:
        self.readers = Readers(
            "services.calendars.ical.worker", ERRORS, CalendarTooCostlyError,
            workers=workers, seconds=seconds, memory=memory,
        )  # fmt: skip

    async def read(self, data: bytes, asked: ReadRequest, memory: bytes | None) -> Changes:
        """Return the events of `data`; with the `memory` of an earlier reading only what changed since.

        `state` of the result is the next `memory`. Raises NotACalendarError for what is no whole calendar,
        CalendarTooCostlyError for one that would take too much; then `memory` stays good.
        """
        before = await off_loop_if(len(data) >= LARGE, ReadState.of_same, memory, data, asked)
        if before is not None:
            return Changes(state=memory, unchanged=True, full=False, name=before.name, floor=before.floor)
        return await self.changes("read", asked.calendar_id, asked.as_json(), (data, memory or b""))

    async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
        """Return what a task of a reader process (`ical.worker`) makes of `head` and `blobs`.

        Raises a `CalendarError`.
        """
        answer, found = await self.ask(task, calendar_id, head, blobs)
        changes = await off_loop(changes_from_parts, answer, found, calendar_id)
        log.debug(
            "calendar_read",
            calendar_id=calendar_id,
            bytes=sum(map(len, blobs)),
            events=len(changes.events),
            problems=len(changes.problems),
            full=changes.full,
        )
        return changes

    async def ask(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
        """Return the answer of a task as it is. Raises a `CalendarError`."""
        return await self.readers.ask(calendar_id, {**head, "task": task}, blobs)

    async def close(self) -> None:
        """End the processes; whatever they were reading is given up."""
        await self.readers.close()


class UnreadableCalendarError(RequestError):
    """That is not a calendar that I can read. Send a whole `.ics` file."""

    http_status = 422


@dataclass(frozen=True, slots=True)
class Looked:
    """What was sent: how many `entries` it is about, whether it stands `alone` rather than being news about another.

    Its own `name`, if it has one, and its `events` from now on as far as we look ahead.
    """

    entries: int
    alone: bool
    name: str | None = field(repr=False)
    events: int


async def readable(
    expander: Expander, data: bytes, name: str, zone: ZoneInfo, now: datetime, *, strict: bool = False
) -> Looked:
    """Return what `data` says. `name` tells one sender from another.

    Raises UnreadableCalendarError for what is no calendar, takes too long to expand, or, where `strict`, has entries
    without an end.
    """
    asked = ReadRequest(name, (), zone, now, now + AHEAD)
    try:
        said, _ = await expander.ask("look", name, {**asked.as_json(), "strict": strict}, (data,))
    except (NotACalendarError, CalendarTooCostlyError) as error:
        raise UnreadableCalendarError(error.reason) from None
    return Looked(**said)
