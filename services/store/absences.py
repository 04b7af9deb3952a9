"""Who is out, and until when: the absences of all people, read as one set.

Who is out *now* is told as Slack shows it: so what we know of the profile is looked at, and whoever is paused, has
cleared the status or has one of their own is not told of. What is still to come is told where its row says so, and so
is what has begun just now, until the profile was looked at: a digest at nine tells of who is out from nine on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, or_, select

from services.domain import profile_state
from services.domain.absences import day_after
from services.domain.decisions import Standing
from services.domain.errors import StatusQuoError
from services.domain.model import Kind, PersonKey, Status
from services.domain.people import GrantState, zone_or
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor
from services.store.absence_rows import day_of
from services.store.columns import UtcInstant
from services.store.db import Database, Store
from services.store.due import ProfileStateStore
from services.store.kept_absences import KeptAbsences
from services.store.person_rows import named, names, of_person
from services.store.tables import PEOPLE, PROFILE_STATES, SPANS
from services.store.timeline import pause_of
from services.store.workspace_tables import ABSENCES

OFF_LOOP = 100
"""From this many rows on, names and what is known of profiles are opened in a thread."""

JUST = timedelta(minutes=20)
"""How long an absence that has begun may wait for its look at the profile, where many begin at once."""

_NOW = bindparam("now", type_=UtcInstant)
_HAS_BEGUN = ABSENCES.c.start_at <= _NOW
_WAITS = or_(PEOPLE.c.due_at <= _NOW, PEOPLE.c.stale, PROFILE_STATES.c.seq > PROFILE_STATES.c.sent)
_OUT = (
    select(
        ABSENCES, PEOPLE.c.names, PEOPLE.c.zone, PEOPLE.c.paused_from, PEOPLE.c.paused_until,
        PROFILE_STATES.c.memory, SPANS.c.kind.label("shown_kind"), SPANS.c.override.label("shown_override"),
        _WAITS.label("waits"),
    )
    .join_from(ABSENCES, PEOPLE, of_person(PEOPLE, ABSENCES))
    .outerjoin(PROFILE_STATES, and_(of_person(PROFILE_STATES, ABSENCES), _HAS_BEGUN))
    .outerjoin(
        SPANS, and_(of_person(SPANS, ABSENCES), SPANS.c.start_at <= _NOW, SPANS.c.end_at > _NOW, _HAS_BEGUN)
    )
    .where(
        ABSENCES.c.team_id == bindparam("team"),
        ABSENCES.c.end_at > bindparam("window_start", type_=UtcInstant),
        ABSENCES.c.start_at < bindparam("window_end", type_=UtcInstant),
        or_(ABSENCES.c.told_ahead, and_(_HAS_BEGUN, ABSENCES.c.kind == Kind.OUT_OF_OFFICE.value)),
        PEOPLE.c.grant_state == GrantState.OK.value,
        PEOPLE.c.leave_by.is_(None),
    )
)  # fmt: skip
"""Whoever may be told of, in one query over the absences of a workspace that have not ended."""

_OUT_AMONG = _OUT.where(named(ABSENCES.c.user_id, "users"))


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody who is out, or works at `place`, as colleagues may be told; `name` is what Slack shows them as.

    `start` and `until` (None: not known) are UTC. `first_day` and `return_day` are set where it begins or ends with a
    day of their own zone: such a day is told as it is, and never converted. `id`, `seq` and `changed_at` are for who
    keeps a calendar of it: `seq` counts the changes of the times.
    """

    user_id: str
    name: str
    start: datetime
    until: datetime | None
    first_day: date | None
    return_day: date | None
    place: str
    told_ahead: bool
    id: str
    seq: int
    changed_at: datetime


class AbsenceStore(Store):
    """Reads absences, and what profiles show."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)
        self._kept = KeptAbsences(database, encryptor)

    async def standing(self, key: PersonKey) -> Standing:
        """Return what we know of the person's profile; an empty memory for somebody unknown. Raises SealError."""
        (rows,) = await self._database.rows(self._profile_states.asked(key))
        return self._profile_states.open(rows[0].memory if rows else None, key).standing

    async def name(self, key: PersonKey) -> str:
        """Return what Slack shows the person as; "" where that is not known."""
        row = await self._database.fetch_one(select(PEOPLE.c.names).where(of_person(PEOPLE, key)))
        called = None if row is None else self._readable(row.names, "people.names", key.team_id, key.user_id)
        found: list[str] = json.loads(called or "[]")
        return found[0] if found else ""

    async def out(
        self, team_id: str, start: datetime, end: datetime, *, now: datetime, among: Collection[str] | None = None
    ) -> list[Absent]:
        """List everybody of a workspace who is out in `[start, end)` and may be told of at `now`, and who works where.

        Those who are out come first; by name, then by time. `among`: user ids, where not everybody is meant. Nobody who
        cannot be read is told of.
        """
        given = {"team": team_id, "now": now, "window_start": start, "window_end": end}
        if among is None:
            rows = await self._database.fetch(_OUT, given)
        else:
            rows = await self._database.fetch(_OUT_AMONG, given | {"users": names(among)})
        found = await off_loop_if(len(rows) >= OFF_LOOP, self._told, team_id, rows, start, now)
        found += [
            Absent(
                kept.user_id, kept.name, one.start, one.end, one.first_day, one.return_day, one.place, one.told_ahead,
                one.id, kept.seq, kept.changed_at,
            )
            for kept in await self._kept.out(team_id, start, end, now=now, among=among)
            for one in (kept.absence,)
        ]  # fmt: skip
        return sorted(found, key=lambda one: (bool(one.place), one.name.casefold(), one.user_id, one.start))

    def _told(self, team_id: str, rows: Sequence[Any], start: datetime, now: datetime) -> list[Absent]:
        of = defaultdict[str, list[Any]](list)
        for row in rows:
            of[row.user_id].append(row)
        found: list[Absent] = []
        for user_id, theirs in of.items():
            with suppress(StatusQuoError, ValueError):  # a key is missing, or it makes no sense: nobody else waits
                told = self._of_one(PersonKey(team_id, user_id), theirs, now)
                found += [one for one in told if one.until is None or one.until > start]
        return found

    def _of_one(self, key: PersonKey, rows: Sequence[Any], now: datetime) -> list[Absent]:
        """Return what may be told of one person, of the rows that they have."""
        called = json.loads(self._encryptor.open(rows[0].names, "people.names", key.team_id, key.user_id) or "[]")
        name = called[0] if called else key.user_id
        coming = [row for row in rows if row.start_at > now or _is_news(row, now)]
        begun = [row for row in rows if row.start_at <= now and not _is_news(row, now)]
        shown = self._shown(key, begun[0], now) if begun else None
        begun = [] if shown is None else [row for row in begun if _is_told(row)]
        out = [row for row in begun if not row.place]
        found = [_absent(row, name) for row in begun if row.place]
        if out and shown is not None:
            until = max(row.end_at for row in out)
            follows = [row for row in coming if not row.place and row.start_at <= until]
            coming = [row for row in coming if row not in follows]
            found.append(_as_shown(name, out, follows, shown))
        return found + [_absent(row, name) for row in coming]

    def _shown(self, key: PersonKey, row: Any, now: datetime) -> Status | None:
        """Return what the profile shows of ours, as far as we know.

        None while the person is paused, or shows their own.
        """
        return None if _is_paused(row, now) else profile_state.shown(self._profile_states.shown(row.memory, key), now)


def _is_paused(row: Any, now: datetime) -> bool:
    pause = pause_of(row.paused_from, row.paused_until)
    return pause is not None and pause.holds(now)


def _is_news(row: Any, now: datetime) -> bool:
    """Return whether an absence that others know of has just begun, and the profile was not looked at since."""
    return bool(row.told_ahead and row.waits) and now - JUST < row.start_at <= now and not _is_paused(row, now)


def _is_told(row: Any) -> bool:
    """Return whether an absence that has begun, of somebody who shows something of ours, is what Slack shows.

    A meeting on top of it, or one that is told ahead anyway, changes nothing; what was typed since does.
    """
    if row.shown_kind == Kind.OUT_OF_OFFICE.value and not row.place:
        return True
    return bool(row.told_ahead) and row.shown_override is False


def _as_shown(name: str, out: Sequence[Any], follows: Sequence[Any], shown: Status) -> Absent:
    """Somebody who is `out` by one absence or several, with what `follows` them, as Slack shows it."""
    kept = first = last = out[0]
    if len(out) + len(follows) > 1:
        kept = max(out, key=lambda row: (row.told_ahead, row.end_at))  # what others know of already
        first, last = min(out, key=lambda row: row.start_at), max([*out, *follows], key=lambda row: row.end_at)
    until, return_day = last.end_at if last.ends else None, day_of(last.return_day)
    is_it = kept.shown_kind == Kind.OUT_OF_OFFICE.value and until is not None
    if is_it and shown.expiration is not None and shown.expiration > last.end_at:
        # what nobody is told of ahead follows: Slack shows that end all the same
        until, return_day = shown.expiration, day_after(shown.expiration, zone_or(kept.zone, ZoneInfo("UTC")))
    return Absent(
        kept.user_id, name, first.start_at, until, day_of(first.first_day), return_day, "", kept.told_ahead,
        kept.absence_id, kept.seq, kept.changed_at,
    )  # fmt: skip


def _absent(row: Any, name: str) -> Absent:
    return Absent(
        row.user_id, name, row.start_at, row.end_at if row.ends else None, day_of(row.first_day),
        day_of(row.return_day), row.place, row.told_ahead, row.absence_id, row.seq, row.changed_at,
    )  # fmt: skip
