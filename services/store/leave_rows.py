"""Leave as events of those who have it: what timelines, the keeper and `/quo why` read.

Such an event has neither title, type nor place, because its row has none (`services.store.workspace_tables.LEAVES`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from services.domain.model import Event, EventType, PersonKey, ShowAs, WallTimes
from services.domain.people import LEAVE
from services.store.db import Query
from services.store.events import ANY_ZONE
from services.store.person_rows import of_people, those
from services.store.workspace_tables import LEAVES

_UID = "leave/"
_THEIRS = (
    select(LEAVES)
    .where(
        of_people(LEAVES),
        LEAVES.c.end_at > bindparam("earliest"),
        LEAVES.c.start_at < bindparam("latest"),
        or_(
            LEAVES.c.wall_start.is_not(None),
            and_(LEAVES.c.end_at > bindparam("window_start"), LEAVES.c.start_at < bindparam("window_end")),
        ),
    )
    .order_by(LEAVES.c.start_at, LEAVES.c.end_at, LEAVES.c.leave_id)
)
_LASTS = (
    select(LEAVES.c.leave_id)
    .where(
        LEAVES.c.team_id == bindparam("team"),
        LEAVES.c.user_id == bindparam("user"),
        LEAVES.c.leave_id == bindparam("leave"),
        LEAVES.c.end_at > bindparam("now"),
        LEAVES.c.start_at < bindparam("window_end"),
    )
    .limit(1)
)


def leave_asked(keys: Iterable[PersonKey], start: datetime, end: datetime) -> Query:
    """Return the query of these members' leave that overlaps `[start, end)` (aware), as that of their events."""
    window = {"window_start": start, "window_end": end}
    return _THEIRS, those(keys, **window, earliest=start - ANY_ZONE, latest=end + ANY_ZONE)


def leave_in(rows: Iterable[Any]) -> dict[PersonKey, list[Event]]:
    """Return the events in the rows of that query, by member."""
    found = defaultdict[PersonKey, list[Event]](list)
    for row in rows:
        found[PersonKey(row.team_id, row.user_id)].append(_event(row))
    return found


def leave_lasts(key: PersonKey, uid: str, now: datetime, end: datetime) -> Query | None:
    """Return the query that has a row where the leave `uid` is not over at `now`; None where `uid` is no leave's."""
    if not uid.startswith(_UID):
        return None
    place = {"team": key.team_id, "user": key.user_id, "leave": uid.removeprefix(_UID)}
    return _LASTS, {**place, "now": now, "window_end": end}


def wall_of(row: Any) -> WallTimes | None:
    """Return the wall times of a row, where it has some."""
    if row.wall_start is None:
        return None
    return WallTimes(datetime.fromisoformat(row.wall_start), datetime.fromisoformat(row.wall_end))


def _event(row: Any) -> Event:
    return Event(
        calendar_id=LEAVE, uid=f"{_UID}{row.leave_id}", start=row.start_at, end=row.end_at, all_day=row.all_day,
        wall=wall_of(row), type=EventType.OUT_OF_OFFICE, show_as=ShowAs.OUT_OF_OFFICE,
    )  # fmt: skip
