"""A process that reads what strangers sent: one question after the other from its standard input, until that ends.

It has a limit on its memory, no secret in its environment and no connection to anything; whoever asked kills it when
an answer takes too long. What it can be asked is in `done`: `read` (a feed), `look` (at what somebody sent),
`arrivals` and `members` (worked into the files that a calendar has).

Questions and answers are parts with their lengths in front, of which the first is JSON. An answer's lists come in
parts of some hundred entries: reading one never holds the interpreter for long.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import read
from services.domain.calendars import Changes, Problem
from services.domain.errors import CalendarTooCostlyError, CalendarTooLargeError, NotACalendarError
from services.domain.model import Event, EventType, Organizer, Response, ShowAs, Visibility, WallTimes

COUNT = struct.Struct(">Q")
READY = b"\x06"
"""What a process says once it can be asked."""

_TOGETHER = 500
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from here
_AWARE = _EPOCH.replace(tzinfo=UTC)


def packed(head: dict[str, Any], blobs: Sequence[bytes] = ()) -> Iterator[bytes]:
    """One message, in pieces: nothing is copied."""
    parts = (json.dumps(head).encode(), *blobs)
    yield COUNT.pack(len(parts))
    yield b"".join(COUNT.pack(len(part)) for part in parts)
    yield from parts


def lengths(packed_lengths: bytes) -> list[int]:
    """The lengths of a message's parts."""
    return [length for (length,) in COUNT.iter_unpack(packed_lengths)]


def request_to_json(asked: ReadRequest) -> dict[str, Any]:
    """A question as JSON."""
    return {
        "calendar_id": asked.calendar_id,
        "addresses": list(asked.addresses),
        "zone": asked.zone.key,
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
    }


def request_from_json(value: dict[str, Any]) -> ReadRequest:
    """The reverse of `request_to_json`."""
    return ReadRequest(
        calendar_id=value["calendar_id"],
        addresses=tuple(value["addresses"]),
        zone=ZoneInfo(value["zone"]),
        start=datetime.fromisoformat(value["start"]),
        end=datetime.fromisoformat(value["end"]),
    )


def changes_to_parts(changes: Changes) -> tuple[dict[str, Any], list[bytes]]:
    """The answer: its head, then its state and its lists."""
    lists: dict[str, list[Any]] = {
        "events": [_event_to_json(event) for event in changes.events],
        "problems": [[problem.uid, problem.problem] for problem in changes.problems],
        "replaced": sorted(changes.replaced),
    }
    parts: list[tuple[str, bytes]] = [
        (name, json.dumps(entries[at : at + _TOGETHER]).encode())
        for name, entries in lists.items()
        for at in range(0, len(entries), _TOGETHER)
    ]
    head = {
        "unchanged": changes.unchanged,
        "full": changes.full,
        "name": changes.name,
        "floor": None if changes.floor is None else changes.floor.total_seconds(),
        "parts": [name for name, _ in parts],
    }
    return head, [changes.state or b"", *(part for _, part in parts)]


def changes_from_parts(head: dict[str, Any], blobs: Sequence[bytes], calendar_id: str) -> Changes:
    """The reverse of `changes_to_parts`. Not for the loop."""
    state, *parts = blobs
    lists: dict[str, list[Any]] = {"events": [], "problems": [], "replaced": []}
    for name, part in zip(head["parts"], parts, strict=True):
        lists[name] += json.loads(part)
    return Changes(
        state=state,
        unchanged=head["unchanged"],
        full=head["full"],
        replaced=frozenset(lists["replaced"]),
        events=tuple(_event_from_json(event, calendar_id) for event in lists["events"]),
        problems=tuple(Problem(uid, problem) for uid, problem in lists["problems"]),
        name=head["name"],
        floor=None if head["floor"] is None else timedelta(seconds=head["floor"]),
    )


def _event_to_json(event: Event) -> list[Any]:
    wall = None if event.wall is None else [_seconds(event.wall.start, _EPOCH), _seconds(event.wall.end, _EPOCH)]
    return [
        event.uid, event.occurrence, _seconds(event.start, _AWARE), _seconds(event.end, _AWARE), event.all_day, wall,
        event.type, event.show_as, event.response, event.cancelled, event.tentative, event.visibility,
        event.title, event.location, event.guests, event.organizer,
    ]  # fmt: skip


def _event_from_json(value: list[Any], calendar_id: str) -> Event:
    (uid, occurrence, start, end, all_day, wall, kind, show_as, response, cancelled, tentative, visibility,
     title, location, guests, organizer) = value  # fmt: skip
    at: Callable[[float], datetime] = lambda seconds: _EPOCH + timedelta(seconds=seconds)  # noqa: E731 - said once
    return Event(
        calendar_id=calendar_id,
        uid=uid,
        start=_AWARE + timedelta(seconds=start),
        end=_AWARE + timedelta(seconds=end),
        occurrence=occurrence,
        all_day=all_day,
        wall=None if wall is None else WallTimes(at(wall[0]), at(wall[1])),
        type=EventType(kind),
        show_as=ShowAs(show_as),
        response=Response(response),
        cancelled=cancelled,
        tentative=tentative,
        visibility=Visibility(visibility),
        title=title,
        location=location,
        guests=guests,
        organizer=Organizer(organizer),
    )


def _seconds(at: datetime, epoch: datetime) -> float:
    return (at - epoch).total_seconds()


Answer = tuple[dict[str, Any], list[bytes]]


def main(memory: int) -> None:
    """Answer questions with at most `memory` bytes of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while count := questions.read(COUNT.size):
        for piece in packed(*_answer(questions, *COUNT.unpack(count))):
            answers.write(piece)
        answers.flush()


def _answer(questions: BinaryIO, count: int) -> Answer:
    sizes = lengths(questions.read(count * COUNT.size))
    try:
        head, *blobs = [questions.read(size) for size in sizes]
        return answered(json.loads(head), blobs)
    except MemoryError:
        return {"error": "memory"}, []


def answered(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """The answer to a question: what was asked for, or {"error", "reason"}."""
    try:
        return done(head, blobs)
    except NotACalendarError as error:
        return {"error": "not_a_calendar", "reason": error.reason}, []
    except CalendarTooLargeError as error:
        return {"error": "too_large", "reason": error.reason}, []
    except CalendarTooCostlyError as error:
        return {"error": "costly", "reason": error.reason}, []


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """What was asked for. Raises a `CalendarError`."""
    # Who reads feeds begins sooner without what the other tasks need.
    if head["task"] == "look":
        from services.calendars.ical.itip import look  # noqa: PLC0415

        return look(blobs[0], request_from_json(head), strict=head["strict"]), []
    if head["task"] == "arrivals":
        from services.calendars.ical.itip import arrivals  # noqa: PLC0415

        return changes_to_parts(arrivals(head, blobs))
    if head["task"] == "members":
        from services.calendars.providers.caldav.collection_state import members  # noqa: PLC0415

        return changes_to_parts(members(head, blobs))
    data, state = blobs
    return changes_to_parts(read(data, request_from_json(head), state or None))


if __name__ == "__main__":
    main(int(sys.argv[1]))
