"""The rows of absences: made and written by difference, along with the timeline that they come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.absences import Absence, same_again
from services.domain.model import Kind, PersonKey
from services.store.person_rows import chunks, of_people, those
from services.store.workspace_tables import ABSENCES

_THEIRS = select(ABSENCES).where(of_people(ABSENCES))
_KEY = (
    ABSENCES.c.team_id == bindparam("b_team"),
    ABSENCES.c.user_id == bindparam("b_user"),
    ABSENCES.c.absence_id == bindparam("b_id"),
)
_GONE = delete(ABSENCES).where(*_KEY)
_CHANGED = (
    update(ABSENCES)
    .where(*_KEY)
    .values(
        {
            name: bindparam(f"b_{name}", type_=ABSENCES.c[name].type)
            for name in (
                "place", "start_at", "end_at", "ends", "first_day", "return_day", "told_ahead", "seq", "changed_at",
            )
        }
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ResolvedAbsences:
    """What a timeline says that others may be told of; `since` is where its window begins."""

    since: datetime
    absences: Sequence[Absence]


async def replace_absences(
    connection: AsyncConnection, resolved: Mapping[PersonKey, ResolvedAbsences], now: datetime
) -> None:
    """Make these all that is stored of each person named; what stays the same is not written. The people are locked."""
    before = defaultdict[PersonKey, dict[str, Any]](dict)
    for chunk in chunks(list(resolved)):
        for row in await connection.execute(_THEIRS, those(chunk)):
            before[PersonKey(row.team_id, row.user_id)][row.absence_id] = row
    gone, changed, new = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for key, found in sorted(resolved.items()):
        stored = before[key]
        after = {one.id: one for one in same_again(map(absence_of, stored.values()), found.absences, found.since)}
        gone += [_place(key, absence_id) for absence_id in stored.keys() - after.keys()]
        for absence in after.values():
            known = stored.get(absence.id)
            if known is None:
                new.append({"team_id": key.team_id, "user_id": key.user_id, "absence_id": absence.id,
                            "kind": absence.kind.value, **_columns(absence), "seq": 0, "changed_at": now})  # fmt: skip
            elif (before_it := absence_of(known)) != absence:
                seq = known.seq + (_when(before_it) != _when(absence))
                fresh = {**_columns(absence), "seq": seq, "changed_at": now}
                changed.append(_place(key, absence.id) | {f"b_{name}": value for name, value in fresh.items()})
    if gone:
        await connection.execute(_GONE, gone)
    if changed:
        await connection.execute(_CHANGED, changed)
    if new:
        await connection.execute(insert(ABSENCES), new)


def absence_of(row: Any) -> Absence:
    """Return the absence in a row that has all of the table's columns."""
    return Absence(
        row.absence_id, Kind(row.kind), row.start_at, row.end_at, row.ends, day_of(row.first_day),
        day_of(row.return_day), row.place, row.told_ahead,
    )  # fmt: skip


def day_of(stored: str | None) -> date | None:
    """Return a day as it is stored."""
    return None if stored is None else date.fromisoformat(stored)


def _place(key: PersonKey, absence_id: str) -> dict[str, Any]:
    return {"b_team": key.team_id, "b_user": key.user_id, "b_id": absence_id}


def _when(absence: Absence) -> tuple[object, ...]:
    return absence.start, absence.end, absence.ends, absence.first_day, absence.return_day


def _columns(absence: Absence) -> dict[str, Any]:
    return {
        "place": absence.place,
        "start_at": absence.start,
        "end_at": absence.end,
        "ends": absence.ends,
        "first_day": None if absence.first_day is None else absence.first_day.isoformat(),
        "return_day": None if absence.return_day is None else absence.return_day.isoformat(),
        "told_ahead": absence.told_ahead,
    }
