"""For how long each effect is wanted, as timelines say: kept by difference, and where it changes the effect is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.effects import MEMORIES
from services.domain.model import Effect, PersonKey, Stretch
from services.store.columns import UtcInstant
from services.store.db import tell_sender
from services.store.effect_tables import EFFECTS, STRETCHES
from services.store.person_rows import chunks, insert_for, of_people, those

Stretches = Mapping[PersonKey, Sequence[Stretch]]

_LATER = (
    select(STRETCHES)
    .where(of_people(STRETCHES), STRETCHES.c.end_at > bindparam("now", type_=UtcInstant))
    .order_by(STRETCHES.c.start_at)
)


async def replace_stretches(connection: AsyncConnection, stretches: Stretches, now: datetime) -> None:
    """Make `stretches` all that is stored of each person named, and have effects looked at for which it is another.

    What has ended at `now` is not stored. The people are locked.
    """
    before, after = defaultdict[PersonKey, list[_Known]](list), dict[PersonKey, list[_Known]]()
    for chunk in chunks(list(stretches)):
        for row in await connection.execute(_LATER, those(chunk, now=now)):
            before[PersonKey(row.team_id, row.user_id)].append(
                _Known(Effect(row.effect), row.start_at, row.end_at, row.ends, row.rule, row.photo)
            )
    for key, theirs in stretches.items():
        after[key] = [_known(stretch) for stretch in theirs if stretch.end > now]
    changed = [key for key, known in after.items() if set(known) != set(before[key])]
    for chunk in chunks(changed):
        await connection.execute(delete(STRETCHES).where(of_people(STRETCHES)), those(chunk))
    rows = [known.row(key) for key in changed for known in after[key]]
    if rows:
        await connection.execute(insert(STRETCHES), rows)
    due = [
        {"team_id": key.team_id, "user_id": key.user_id, "effect": effect.value, "due_at": now, "seq": 1, "turn": 0,
         "failures": 0, "owed": False}
        for key in changed for effect in MEMORIES if _of(effect, before[key]) != _of(effect, after[key])
    ]  # fmt: skip
    if due:
        fresh = insert_for(connection, EFFECTS)
        marked = {"due_at": fresh.excluded.due_at, "seq": EFFECTS.c.seq + 1, "failures": 0}
        await connection.execute(
            fresh.on_conflict_do_update(index_elements=["team_id", "user_id", "effect"], set_=marked), due
        )
        tell_sender(connection)


@dataclass(frozen=True, slots=True)
class _Known:
    """A stretch as it is stored."""

    effect: Effect
    start: datetime
    end: datetime
    ends: bool
    rule: str
    photo: str

    def row(self, key: PersonKey) -> dict[str, object]:
        return {
            "team_id": key.team_id, "user_id": key.user_id, "effect": self.effect.value, "start_at": self.start,
            "end_at": self.end, "ends": self.ends, "rule": self.rule, "photo": self.photo,
        }  # fmt: skip


def _known(stretch: Stretch) -> _Known:
    photo = "" if stretch.photo is None else msgspec.json.encode(stretch.photo).decode()
    return _Known(stretch.effect, stretch.start, stretch.end, stretch.ends, stretch.rule, photo)


def _of(effect: Effect, known: Sequence[_Known]) -> list[tuple[object, ...]]:
    """Return what a look at the effect would be for: without the end of a stretch that the window cuts off."""
    return [(one.start, one.end if one.ends else None, one.photo) for one in known if one.effect is effect]
