"""What arrived for a calendar, looked at or worked into what it has: the work of a reader process. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.calendars.ical import itip
from services.calendars.ical.ics_collection import IcsCollection, whose_from_json, whose_to_json
from services.calendars.ical.incremental import read
from services.calendars.ical.wire import changes_to_parts, request_from_json
from services.domain.calendars import Arrival, Connection, Problem
from services.domain.errors import CalendarTooLargeError, NotACalendarError

_WHOLE = "file"


def look(head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """`ical.worker`'s task: `head` is what is asked, and whether entries without an end make it worth nothing."""
    (data,) = blobs
    said = itip.messages(data, strict=head["strict"])
    found = read(data, request_from_json(head), None)
    return {
        "entries": itip.count(said),
        "alone": itip.stands_alone(said),
        "name": found.name,
        "events": sum(not event.cancelled for event in found.events),
    }, []


def asked(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> tuple[dict[str, Any], list[bytes]]:
    """The question to `arrivals`."""
    head = {
        **whose_to_json(connection),
        "now": now.isoformat(),
        "arrivals": [[one.seq, one.received_at.isoformat(), one.content is None, one.whole] for one in arrivals],
    }
    return head, [connection.state or b"", *(one.content or b"" for one in arrivals)]


def arrivals(head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """`ical.worker`'s task: the changes, once what arrived is worked in."""
    state, *contents = blobs
    came = [
        Arrival(seq, datetime.fromisoformat(received_at), None if lost else content, whole)
        for (seq, received_at, lost, whole), content in zip(head["arrivals"], contents, strict=True)
    ]
    now = datetime.fromisoformat(head["now"])
    full, problems = worked_in(IcsCollection.load(state) or IcsCollection(), came, now)
    changes = full.changes(whose_from_json(head), now)
    return changes_to_parts(
        replace(changes, problems=(*changes.problems, *problems), unchanged=changes.unchanged and not problems)
    )


def worked_in(
    collection: IcsCollection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[IcsCollection, tuple[Problem, ...]]:
    """The collection with all that arrived, in its order. Pure. What cannot be worked in costs itself alone."""
    problems: list[Problem] = []
    for arrival in arrivals:
        try:
            collection = _with(collection, arrival, now)
        except NotACalendarError:
            problems.append(Problem("", "Something arrived that cannot be read."))
        except CalendarTooLargeError:
            problems.append(Problem("", "Something arrived for which there is no room any more."))
    return collection, tuple(problems)


def _with(collection: IcsCollection, arrival: Arrival, now: datetime) -> IcsCollection:
    if arrival.content is None:
        raise NotACalendarError("cannot be opened")
    if arrival.whole:
        # With what it has not got any more as dropped, and not an empty collection: what did not change stays known.
        return collection.with_changes({_WHOLE: arrival.content}, set(collection.resources), now=now)
    entries = itip.Entries({key: one.text for key, one in collection.resources.items() if key != _WHOLE})
    given = collection.resources.get(_WHOLE)
    if given is not None and given.whole:  # news about a calendar that came in one piece: taken apart first
        for message in itip.messages(given.text):
            entries.work_in(message, arrival.received_at)
        entries.dropped.add(_WHOLE)
    for message in itip.messages(arrival.content):
        entries.work_in(message, arrival.received_at)
    return collection.with_changes(entries.put, entries.dropped, now=now)
