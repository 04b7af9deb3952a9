"""What goes between the app and a reader process: parts with their lengths in front, of which the first is JSON.

An answer's lists come in parts of some hundred entries: reading one never holds the interpreter for long.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.ical.reading import ReadRequest
from services.domain.calendars import Changes, Problem
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
