"""What is in a calendar that somebody sent, in a few words: the work of a reader process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.calendars.ical import itip
from services.calendars.ical.incremental import read
from services.calendars.ical.wire import request_from_json


def look(head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """`ics.worker`'s task: `head` is what is asked, and whether entries without an end make it worth nothing."""
    (data,) = blobs
    said = itip.messages(data, strict=head["strict"])
    found = read(data, request_from_json(head), None)
    return {
        "entries": itip.count(said),
        "alone": itip.stands_alone(said),
        "name": found.name,
        "events": sum(not event.cancelled for event in found.events),
    }, []
