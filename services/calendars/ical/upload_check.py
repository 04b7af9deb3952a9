"""Looking at a calendar that somebody sent, before it is taken in: whether it can be read at all, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.calendars.ical.expand import Expander
from services.calendars.ical.reading import ReadRequest
from services.calendars.ical.wire import request_to_json
from services.domain.calendars import AHEAD
from services.domain.errors import CalendarTooCostlyError, NotACalendarError, RequestError


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
    """What `data` says. `name` tells one sender from another.

    Raises UnreadableCalendarError for what is no calendar, takes too long to expand, or, where `strict`, has entries
    without an end.
    """
    asked = request_to_json(ReadRequest(name, (), zone, now, now + AHEAD))
    try:
        said, _ = await expander.ask("look", name, {**asked, "strict": strict}, (data,))
    except (NotACalendarError, CalendarTooCostlyError) as error:
        raise UnreadableCalendarError(error.reason) from None
    return Looked(said["entries"], said["alone"], said["name"], said["events"])
