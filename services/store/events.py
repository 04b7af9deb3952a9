"""The events of people's calendars: written by difference, read as sets.

A keyed digest beside each row tells whether an event changed, so that a calendar of ten thousand events of
which one moved costs one row written and none opened. Titles and locations are sealed, organizers and guests' mail
domains with them: they alone tell what an event is about, and with whom.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Changes
from services.domain.model import (
    Event,
    EventType,
    Location,
    Organizer,
    PersonKey,
    Response,
    ShowAs,
    Visibility,
    WallTimes,
)
from services.domain.people import LEAVE
from services.platform.concurrency import off_loop_if
from services.store.calendar_tables import EVENTS
from services.store.db import Query, Store
from services.store.person_rows import chunks, named, names, of_people, of_person, those

OFF_LOOP = 200
"""From this many on, values are sealed and opened in a thread."""

ANY_ZONE = timedelta(hours=27)
"""The furthest that a wall-clock time can be from itself in another zone: from UTC-12 to UTC+14, and an hour."""

_DETAIL = "events.detail"

_WITHIN = or_(
    EVENTS.c.wall_start.is_not(None),
    and_(EVENTS.c.end_at > bindparam("window_start"), EVENTS.c.start_at < bindparam("window_end")),
)
_THEIR_EVENTS = (
    select(*EVENTS.columns)
    .where(of_people(EVENTS), EVENTS.c.end_at > bindparam("earliest"), EVENTS.c.start_at < bindparam("latest"), _WITHIN)
    .order_by(EVENTS.c.start_at, EVENTS.c.end_at, EVENTS.c.uid)
)
_MAY_BE_ABSENCE = and_(
    or_(
        EVENTS.c.type == EventType.OUT_OF_OFFICE,
        EVENTS.c.show_as == ShowAs.OUT_OF_OFFICE,
        and_(EVENTS.c.all_day, EVENTS.c.type == EventType.DEFAULT),
    ),
    ~EVENTS.c.cancelled,
    EVENTS.c.response != Response.DECLINED,
)
_THEIRS_AND_AHEAD = (
    select(*EVENTS.columns)
    .where(
        of_people(EVENTS),
        EVENTS.c.end_at > bindparam("earliest"),
        EVENTS.c.start_at < bindparam("ahead"),
        or_(
            and_(EVENTS.c.start_at < bindparam("latest"), _WITHIN),
            and_(EVENTS.c.start_at >= bindparam("window_end"), _MAY_BE_ABSENCE),
        ),
    )
    .order_by(EVENTS.c.start_at, EVENTS.c.end_at, EVENTS.c.uid)
)
_BOUND = (
    EVENTS.c.team_id == bindparam("team"),
    EVENTS.c.user_id == bindparam("user"),
    EVENTS.c.calendar_id == bindparam("calendar"),
)
_STORED = select(EVENTS.c.event_id, EVENTS.c.digest).where(*_BOUND)
_DROP = delete(EVENTS).where(*_BOUND, EVENTS.c.event_id == bindparam("event"))
_INSERT = insert(EVENTS)
_STORED_OF = _STORED.where(named(EVENTS.c.uid, "uids"))


@dataclass(frozen=True, slots=True)
class EventPlan:
    """What one calendar's rows need to become what a fetch found: rows to delete (by event_id), rows to insert."""

    key: PersonKey
    calendar_id: str
    drop: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def empty(self) -> bool:
        """Say whether nothing differs."""
        return not self.drop and not self.rows


class EventStore(Store):
    """Reads and writes `events`."""

    async def prepare(self, key: PersonKey, calendar_id: str, changes: Changes) -> EventPlan:
        """Plan what `changes` would change, sealed and ready. Reads only, before the transaction."""
        many = len(changes.events) + len(changes.replaced) >= OFF_LOOP
        events = changes.events if key.user_id == LEAVE else map(_somebodys, changes.events)
        found, digests = await off_loop_if(many, self._digested, events)
        query, given = _STORED, {"team": key.team_id, "user": key.user_id, "calendar": calendar_id}
        if not changes.full:  # the rows that it speaks about
            query, given["uids"] = _STORED_OF, names(await off_loop_if(many, _spoken_of, changes))
        (rows,) = await self._database.rows((query, given))
        stored = {row.event_id: row.digest for row in rows}
        return await off_loop_if(many or len(stored) >= OFF_LOOP, self._plan, key, calendar_id, found, digests, stored)

    async def apply(self, connection: AsyncConnection, plans: Sequence[EventPlan]) -> None:
        """Carry out plans, in the caller's transaction."""
        dropped = [
            {"team": plan.key.team_id, "user": plan.key.user_id, "calendar": plan.calendar_id, "event": event_id}
            for plan in plans
            for event_id in plan.drop
        ]
        for some in chunks(dropped):
            await connection.execute(_DROP, list(some))
        for rows in chunks([row for plan in plans for row in plan.rows]):
            await connection.execute(_INSERT, list(rows))

    def asked(self, keys: Iterable[PersonKey], start: datetime, end: datetime, ahead: datetime | None = None) -> Query:
        """Return the query of the events of `ROWS` people at most that overlap `[start, end)` (aware), by start.

        All-day and floating events are found with room for any zone: their instants are computed by who resolves. With
        `ahead`, which is after that room, so are those that begin between `end` and that and may be absences, as far as
        columns tell.
        """
        latest = end + ANY_ZONE
        window = {"window_start": start, "window_end": end, "earliest": start - ANY_ZONE, "latest": latest}
        if ahead is None:
            return _THEIR_EVENTS, those(keys, **window)
        return _THEIRS_AND_AHEAD, those(keys, **window, ahead=max(ahead, latest))

    async def open(self, rows: Sequence[Row[Any]]) -> dict[PersonKey, tuple[Event, ...]]:
        """Return the events in the rows of that query; many are opened in a thread. Raises SealError."""
        found: dict[PersonKey, list[Event]] = defaultdict(list)
        opened = await off_loop_if(len(rows) >= OFF_LOOP, self._events, rows)
        for row, event in zip(rows, opened, strict=True):
            found[PersonKey(row.team_id, row.user_id)].append(event)
        return {key: tuple(events) for key, events in found.items()}

    async def open_parted(
        self, rows: Iterable[Row[Any]], end: datetime
    ) -> tuple[dict[PersonKey, tuple[Event, ...]], dict[PersonKey, tuple[Event, ...]]]:
        """Return the same of a query that asked for more.

        The events of its window, which ends at `end`, and those ahead.
        """
        near, ahead = list[Row[Any]](), list[Row[Any]]()
        for row in rows:
            room = ANY_ZONE if row.wall_start is not None else timedelta()
            (ahead if row.start_at >= end + room else near).append(row)
        return await self.open(near), await self.open(ahead)

    async def replace_zone(self, connection: AsyncConnection, key: PersonKey, zone: ZoneInfo) -> bool:
        """Place a person's all-day and floating events in another zone; return whether any moved."""
        theirs = select(EVENTS).where(of_person(EVENTS, key), EVENTS.c.wall_start.is_not(None))
        moved = []
        for row in await connection.execute(theirs):
            start, end = _wall(row.wall_start, row.wall_end).instants(zone)
            if (start, end) != (row.start_at, row.end_at):
                moved.append({"of_calendar": row.calendar_id, "of_event": row.event_id, "start": start, "end": end})
        statement = (
            update(EVENTS)
            .where(
                of_person(EVENTS, key),
                EVENTS.c.calendar_id == bindparam("of_calendar"),
                EVENTS.c.event_id == bindparam("of_event"),
            )
            .values(start_at=bindparam("start"), end_at=bindparam("end"))
        )
        for some in chunks(moved):
            await connection.execute(statement, list(some))
        return bool(moved)

    def _digested(self, events: Iterable[Event]) -> tuple[dict[str, Event], dict[str, str]]:
        """Return the events and their digests by event_id."""
        digest = self._encryptor.digest
        found = {_event_id(event): event for event in map(_storable, events)}
        return found, {event_id: digest(_content(event)) for event_id, event in found.items()}

    def _plan(
        self,
        key: PersonKey,
        calendar_id: str,
        found: Mapping[str, Event],
        digests: Mapping[str, str],
        stored: Mapping[str, str],
    ) -> EventPlan:
        drop = [event_id for event_id, digest in stored.items() if digests.get(event_id) != digest]
        rows: list[dict[str, Any]] = []
        for event_id, event in found.items():
            if stored.get(event_id) == digests[event_id]:
                continue
            place = (key.team_id, key.user_id, calendar_id, event_id)
            people = [event.organizer_text, sorted(event.guest_domains)]
            leave = [event.guest, event.categories]
            people += leave if any(leave) else []
            said = [event.title, event.location, *(people if any(people) else [])]
            detail = json.dumps(said) if any(said) else None
            rows.append(
                {
                    "team_id": key.team_id,
                    "user_id": key.user_id,
                    "calendar_id": calendar_id,
                    "event_id": event_id,
                    "uid": event.uid,
                    "occurrence": event.occurrence,
                    "start_at": event.start,
                    "end_at": event.end,
                    "all_day": event.all_day,
                    "wall_start": event.wall and event.wall.start.isoformat(),
                    "wall_end": event.wall and event.wall.end.isoformat(),
                    "type": event.type,
                    "show_as": event.show_as,
                    "response": event.response,
                    "visibility": event.visibility,
                    "working_location": event.working_location,
                    "cancelled": event.cancelled,
                    "tentative": event.tentative,
                    "guests": event.guests,
                    "recurring": event.recurring,
                    "organizer": event.organizer or None,
                    "digest": digests[event_id],
                    "detail": self._encryptor.seal(detail, _DETAIL, *place),
                }
            )
        return EventPlan(key, calendar_id, tuple(drop), tuple(rows))

    def _events(self, rows: Iterable[Row[Any]]) -> list[Event]:
        return [self._event(row) for row in rows]

    def _event(self, row: Row[Any]) -> Event:
        said: list[Any] = ["", "", "", [], "", []]
        if row.detail is not None:
            place = (row.team_id, row.user_id, row.calendar_id, row.event_id)
            found = json.loads(self._encryptor.open(row.detail, _DETAIL, *place) or "")
            said[: len(found)] = found  # title and location alone where nothing else was told
        title, location, organizer_text, domains, guest, categories = said
        return Event(
            calendar_id=row.calendar_id,
            uid=row.uid,
            start=row.start_at,
            end=row.end_at,
            occurrence=row.occurrence,
            all_day=row.all_day,
            wall=None if row.wall_start is None else _wall(row.wall_start, row.wall_end),
            type=EventType(row.type),
            show_as=ShowAs(row.show_as),
            response=Response(row.response),
            cancelled=row.cancelled,
            tentative=row.tentative,
            visibility=Visibility(row.visibility),
            title=title,
            location=location,
            working_location=None if row.working_location is None else Location(row.working_location),
            guests=row.guests,
            organizer=Organizer(row.organizer or ""),
            organizer_text=organizer_text,
            guest_domains=frozenset(domains),
            recurring=row.recurring,
            guest=guest,
            categories=tuple(categories),
        )


def _wall(start: str, end: str) -> WallTimes:
    return WallTimes(datetime.fromisoformat(start), datetime.fromisoformat(end))


def _somebodys(event: Event) -> Event:
    """Return an event without what only leave calendars need to know."""
    return replace(event, guest="", categories=()) if event.guest or event.categories else event


def _storable(event: Event) -> Event:
    """Give `event` an identity that every database takes: PostgreSQL has no NUL, UTF-8 no lone surrogates."""
    text = event.uid + event.occurrence
    if text.isprintable():
        return event
    return replace(event, uid=_clean(event.uid), occurrence=_clean(event.occurrence))


def _spoken_of(changes: Changes) -> list[str]:
    """Return the UIDs that `changes` are about."""
    return sorted({_clean(uid) for uid in changes.replaced} | {_clean(event.uid) for event in changes.events})


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")


def _event_id(event: Event) -> str:
    return hashlib.blake2b(f"{event.uid}\x1f{event.occurrence}".encode(), digest_size=20).hexdigest()


def _content(event: Event) -> bytes:
    """Return all that an event is, in one fixed order; a wall-clock event's instants follow from its zone.

    What most events have nothing to say about comes last, and only where one does: the others stay the same.
    """
    more = [event.organizer_text, sorted(event.guest_domains), event.recurring]
    leave = [event.guest, event.categories]
    more += leave if any(leave) else []
    times = (event.wall.start, event.wall.end) if event.wall else (event.start, event.end)
    return json.dumps(
        [
            event.uid,
            event.occurrence,
            *(time.isoformat() for time in times),
            event.all_day,
            event.type,
            event.show_as,
            event.response,
            event.cancelled,
            event.tentative,
            event.visibility,
            event.title,
            event.location,
            event.working_location,
            event.guests,
            event.organizer,
            *(more if any(more) else []),
        ]
    ).encode()
