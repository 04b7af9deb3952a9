"""What we remember of each person's profile between two looks, sealed as one value of their standing's row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.model import PersonKey, Status
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.marks import insert_for, lock_people
from services.store.models import ProfileStateRow
from services.store.point_reads import Asked

_COLUMN = "standings.memory"
_ROWS = ProfileStateRow.__table__
_MEMORY = select(_ROWS.c.memory).where(_ROWS.c.team_id == bindparam("team"), _ROWS.c.user_id == bindparam("user"))


class ProfileStateStore:
    """Reads and writes memories, inside of somebody's transaction."""

    def __init__(self, encryptor: Encryptor) -> None:
        """`encryptor` seals."""
        self._encryptor = encryptor

    def open(self, sealed: bytes | None, key: PersonKey) -> ProfileState:
        """The memory in a row's column; an empty one where there is none. Raises SealError."""
        plain = self._encryptor.open_bytes(sealed, _COLUMN, key.team_id, key.user_id)
        return ProfileState() if plain is None else json_values.profile_state_from_json(plain)

    def seal(self, memory: ProfileState, key: PersonKey) -> SealedBytes:
        """The column's value for `memory`."""
        return self._encryptor.seal(json_values.profile_state_to_json(memory), _COLUMN, key.team_id, key.user_id)

    def asked(self, key: PersonKey) -> Asked:
        """The query of the person's row: its `memory`."""
        return _MEMORY, {"team": key.team_id, "user": key.user_id}

    async def load(self, connection: AsyncConnection, key: PersonKey) -> ProfileState:
        """The person's memory; who changes it has locked the person before. Raises SealError."""
        return self.open(await connection.scalar(*self.asked(key)), key)

    async def save(self, connection: AsyncConnection, key: PersonKey, memory: ProfileState) -> None:
        """Remember `memory`. What waits to be written stays, but whoever has read it looks anew."""
        sealed = self.seal(memory, key)
        await connection.execute(
            insert_for(connection, ProfileStateRow)
            .values(team_id=key.team_id, user_id=key.user_id, seq=0, sent=0, urgency=9, failures=0, memory=sealed)
            .on_conflict_do_update(
                index_elements=["team_id", "user_id"],
                set_={
                    "memory": sealed,
                    "seq": case((is_waiting(), ProfileStateRow.seq + 1), else_=ProfileStateRow.seq),
                },
            )
        )

    async def is_news(self, connection: AsyncConnection, key: PersonKey, seen: Status, at: datetime) -> bool:
        """Whether `see` would remember it; reads only."""
        return ownership.hint((await self.load(connection, key)).standing, seen, at) is not None

    async def see(self, connection: AsyncConnection, key: PersonKey, seen: Status, at: datetime) -> bool:
        """Remember that the profile showed `seen` at `at`, as an event said; the next tick then decides anew.

        False, and nothing is changed, where the event is an echo of our own write, tells nothing new, or is of
        somebody who is not ours any more.
        """
        if not await lock_people(connection, [key]):
            return False
        memory = await self.load(connection, key)
        standing = ownership.hint(memory.standing, seen, at)
        if standing is None:
            return False
        await self.save(connection, key, replace(memory, standing=standing, decided=""))
        return True


def is_waiting() -> ColumnElement[bool]:
    """That something waits to be written."""
    return ProfileStateRow.seq > ProfileStateRow.sent
