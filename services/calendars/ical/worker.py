"""What the processes that read calendars can be asked: see `done`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import msgspec

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import read
from services.domain.calendars import Changes, Problem
from services.domain.errors import CalendarTooCostlyError, CalendarTooLargeError, NotACalendarError
from services.domain.model import Event
from services.platform.reader_process import Answer, ErrorsByName, serve

ERRORS: ErrorsByName = {
    error.__name__: error for error in (NotACalendarError, CalendarTooLargeError, CalendarTooCostlyError)
}
"""What an answer's error is called, and is."""

_TOGETHER = 500
"""Entries of a part of an answer's lists: reading one never holds the interpreter for long."""

_EVENTS = msgspec.msgpack.Decoder(list[Event])
_PROBLEMS = msgspec.msgpack.Decoder(list[Problem])
_UIDS = msgspec.msgpack.Decoder(list[str])


def changes_to_parts(changes: Changes) -> Answer:
    """Return the answer: its head, then its state and its lists."""
    lists = (changes.events, changes.problems, sorted(changes.replaced))
    parts = [
        [msgspec.msgpack.encode(entries[at : at + _TOGETHER]) for at in range(0, len(entries), _TOGETHER)]
        for entries in lists
    ]
    rest = replace(changes, state=None, events=(), problems=(), replaced=frozenset())
    head = {"changes": msgspec.to_builtins(rest), "parts": [len(pieces) for pieces in parts]}
    return head, [changes.state or b"", *chain(*parts)]


def changes_from_parts(head: dict[str, Any], blobs: Sequence[bytes], calendar_id: str) -> Changes:
    """Return the reverse of `changes_to_parts`. Not for the loop."""
    state, *parts = blobs
    events, problems, _ = head["parts"]
    found = tuple(event for part in parts[:events] for event in _EVENTS.decode(part))
    if any(event.calendar_id != calendar_id for event in found):  # who reads strangers' bytes is not trusted in this
        raise ValueError("events of another calendar")
    return replace(
        msgspec.convert(head["changes"], Changes),
        state=state,
        events=found,
        problems=tuple(one for part in parts[events : events + problems] for one in _PROBLEMS.decode(part)),
        replaced=frozenset(uid for part in parts[events + problems :] for uid in _UIDS.decode(part)),
        taken=0,  # nor in what is taken out of an inbox
    )


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Return what the task in `head` gives. Raises a `CalendarError`.

    `read`: a feed. `look`: at what somebody sent. `arrivals`, `members`: worked into the files that a calendar has.
    """
    # Who reads feeds begins sooner without what the other tasks need.
    if head["task"] == "look":
        from services.calendars.ical.itip import look  # noqa: PLC0415 - see above

        return look(blobs[0], ReadRequest.of_json(head), strict=head["strict"]), []
    if head["task"] == "arrivals":
        from services.calendars.ical.itip import arrivals  # noqa: PLC0415 - see above

        return changes_to_parts(arrivals(head, blobs))
    if head["task"] == "members":
        from services.calendars.providers.caldav.collection import members  # noqa: PLC0415 - see above

        return changes_to_parts(members(head, blobs))
    data, state = blobs
    return changes_to_parts(read(data, ReadRequest.of_json(head), state or None))


if __name__ == "__main__":
    serve(done, ERRORS, CalendarTooCostlyError, int(sys.argv[1]))
