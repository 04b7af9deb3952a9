"""Looking at a calendar that somebody sent, before it is taken in: whether it can be read at all, and what is in it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from services.calendars import itip
from services.calendars.window import AHEAD
from services.errors import CalendarTooCostlyError, NotACalendarError, RequestError
from services.ports import Changes, Expander


class UnreadableCalendarError(RequestError):
    """That is not a calendar that I can read. Send a whole `.ics` file."""

    http_status = 422


async def readable(
    expander: Expander, data: bytes, name: str, zone: ZoneInfo, now: datetime, *, strict: bool = False
) -> tuple[list[itip.Message], Changes]:
    """What `data` says, and its events from `now` on as far as we look ahead. `name` tells one sender from another.

    Raises UnreadableCalendarError for what is no calendar, takes too long to expand, or, where `strict`, has entries
    without an end.
    """
    try:
        said = await asyncio.to_thread(itip.messages, data, strict=strict)
        found = await expander.read(
            data, calendar_id=name, addresses=(), zone=zone, start=now, end=now + AHEAD, memory=None
        )
    except (NotACalendarError, CalendarTooCostlyError) as error:
        raise UnreadableCalendarError(error.reason) from None
    return said, found
