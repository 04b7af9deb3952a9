"""People who are being forgotten: of them only the token and the memory of their profile are kept, for a minute.

By then what is ours on the profile has been taken back, by the sender that writes to it anyway: a leaver is a person
on whose timeline nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import FromClause, and_, delete, select, update

from services.domain.errors import SealError
from services.domain.model import NO_STATUS, PersonKey, Reason, ReasonCode, Span, Standing
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.marks import lock_one, lock_people
from services.store.models import Base, Person, ProfileStateRow
from services.store.profile_states import ProfileStateStore
from services.store.spans import SpanStore

_PEOPLE, _STANDINGS = Person.__table__, ProfileStateRow.__table__
_KEPT = (_PEOPLE, _STANDINGS)
_AHEAD = timedelta(days=30)
_LEAVING = (
    select(
        _PEOPLE.c.team_id, _PEOPLE.c.user_id, _PEOPLE.c.locale, _PEOPLE.c.token, _PEOPLE.c.grant_state,
        _PEOPLE.c.leave_by, _STANDINGS.c.memory,
    )
    .join(
        _STANDINGS, (_STANDINGS.c.team_id == _PEOPLE.c.team_id) & (_STANDINGS.c.user_id == _PEOPLE.c.user_id)
    )
    .where(_PEOPLE.c.leave_by.is_not(None))
    .order_by(_PEOPLE.c.leave_by)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who is being forgotten, by `leave_by` at the latest. `granted`: something can still be taken back."""

    key: PersonKey
    locale: str
    leave_by: datetime
    token: str | None = field(repr=False)
    granted: bool
    standing: Standing

    def is_ready(self, now: datetime) -> bool:
        """Whether there is nothing (more) to wait for. What is about to be written stands in the memory too."""
        left = (self.standing.applied, self.standing.covered, self.standing.pending)
        return not self.granted or self.token is None or self.leave_by <= now or left == (None, None, None)


class LeaverStore:
    """People who are being forgotten."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` opens tokens and memories."""
        self._database = database
        self._encryptor = encryptor
        self._standings = ProfileStateStore(encryptor)
        self._spans = SpanStore(encryptor)

    async def begin(self, key: PersonKey, now: datetime, leave_by: datetime) -> bool:
        """Delete everything of the person but their token and what is remembered of their profile.

        Whatever is about to be written is withdrawn; what is on the profile is looked at anew, before all others.
        False where there is nobody, or they are leaving already.
        """
        mine = and_(Person.team_id == key.team_id, Person.user_id == key.user_id)
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                return False
            for table in reversed(Base.metadata.sorted_tables):
                if table not in _KEPT and "user_id" in table.c:
                    await connection.execute(delete(table).where(*_of(table, key)))
            memory = ProfileState()
            with suppress(SealError):  # its key is gone: nobody knows what was there before
                memory = await self._standings.load(connection, key)
            await self._standings.save(connection, key, replace(memory, decided="", override=True, look=None))
            await connection.execute(
                update(ProfileStateRow)
                .where(*_of(_STANDINGS, key))
                .values(seq=ProfileStateRow.seq + 1, urgency=0, wished_at=now, not_before=None, failures=0)
            )
            until = now + _AHEAD
            nothing = Span(now - _AHEAD, until, NO_STATUS, "nothing", Reason(ReasonCode.NOTHING, "nothing"))
            await self._spans.replace(connection, {key: (nothing,)})
            await connection.execute(
                update(Person)
                .where(mine)
                .values(
                    leave_by=leave_by, due_at=now, stale=False, typed=True, resolved_until=until,
                    preferences="{}", addresses=None, paused_from=None, paused_until=None, home_opened_at=None,
                    home_stale=False,
                )
            )  # fmt: skip
        return True

    async def all(self) -> Sequence[Leaver]:
        """Everybody who is leaving, who has to be gone first before the others."""
        (rows,) = await self._database.rows((_LEAVING, {}))
        return [self._leaver(row) for row in rows]

    async def delete(self, leaver: Leaver) -> bool:
        """Delete what was kept of them; False where they are gone already, or have come back."""
        async with self._database.write() as connection:
            await lock_people(connection, [leaver.key])
            gone = await connection.execute(
                delete(Person).where(*_of(_PEOPLE, leaver.key), Person.leave_by == leaver.leave_by)
            )
        return bool(gone.rowcount)

    def _leaver(self, row: Any) -> Leaver:
        key, memory, token = PersonKey(row.team_id, row.user_id), ProfileState(), None
        with suppress(SealError):
            memory = self._standings.open(row.memory, key)
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
        return Leaver(key, row.locale, row.leave_by, token, row.grant_state == "ok", memory.standing)


def _of(table: FromClause, key: PersonKey) -> tuple[Any, Any]:
    return table.c.team_id == key.team_id, table.c.user_id == key.user_id
