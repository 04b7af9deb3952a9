"""What goes between the app and a worker process: a JSON head and two blobs, each with its length in front."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.ics.reading import Asked
from services.model import Event, EventType, Organizer, Response, ShowAs, Visibility, WallTimes
from services.ports import Changes, Problem

LENGTHS = struct.Struct(">QQQ")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from here
_AWARE = _EPOCH.replace(tzinfo=UTC)


def packed(head: dict[str, Any], first: bytes = b"", second: bytes = b"") -> bytes:
    """One message."""
    text = json.dumps(head).encode()
    return b"".join((LENGTHS.pack(len(text), len(first), len(second)), text, first, second))


def asked_to_json(asked: Asked) -> dict[str, Any]:
    """A question as JSON."""
    return {
        "calendar_id": asked.calendar_id,
        "addresses": list(asked.addresses),
        "zone": asked.zone.key,
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
    }


def asked_from_json(value: dict[str, Any]) -> Asked:
    """The reverse of `asked_to_json`."""
    return Asked(
        calendar_id=value["calendar_id"],
        addresses=tuple(value["addresses"]),
        zone=ZoneInfo(value["zone"]),
        start=datetime.fromisoformat(value["start"]),
        end=datetime.fromisoformat(value["end"]),
    )


def changes_to_json(changes: Changes) -> dict[str, Any]:
    """The answer as JSON, without its state."""
    return {
        "unchanged": changes.unchanged,
        "full": changes.full,
        "replaced": sorted(changes.replaced),
        "events": [_event_to_json(event) for event in changes.events],
        "problems": [[problem.uid, problem.problem] for problem in changes.problems],
        "name": changes.name,
        "floor": None if changes.floor is None else changes.floor.total_seconds(),
    }


def changes_from_json(value: dict[str, Any], calendar_id: str, state: bytes) -> Changes:
    """The reverse of `changes_to_json`."""
    return Changes(
        state=state,
        unchanged=value["unchanged"],
        full=value["full"],
        replaced=frozenset(value["replaced"]),
        events=tuple(_event_from_json(event, calendar_id) for event in value["events"]),
        problems=tuple(Problem(uid, problem) for uid, problem in value["problems"]),
        name=value["name"],
        floor=None if value["floor"] is None else timedelta(seconds=value["floor"]),
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
