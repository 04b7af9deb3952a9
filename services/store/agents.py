"""Keys by which agents act for people, how often each was used in the last minute, and what was asked with it.

A call is counted in the transaction that notes when its key was used last and, where it changes something, that it was
asked for: one short transaction for those that come together, and the same count for all replicas.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select

from services.domain.agents import MOST_CALLS, MOST_KEYS, SLACKBOT, AgentChange, AgentKey, Caller, May, waits
from services.domain.errors import NotGrantedError, TooManyError
from services.domain.model import PersonKey
from services.domain.people import GrantState
from services.platform.crypto import Encryptor
from services.store.agent_models import AgentCallsRow, AgentChangeRow, AgentKeyRow
from services.store.db import Database, Store
from services.store.group_commit import Grouped
from services.store.models import Person
from services.store.person_rows import lock_people, of_person, upsert

_KEYS, _CALLS, _CHANGES = AgentKeyRow.__table__, AgentCallsRow.__table__, AgentChangeRow.__table__
_NAME, _AGENT = "agent_keys.name", "agent_changes.agent"
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AgentCall:
    """A call that wants to be let in. `change` is what it asks for, None where it only reads."""

    caller: Caller
    at: datetime
    change: AgentChange | None = None


class AgentStore(Store):
    """The keys of all people."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._waiting: Grouped[AgentCall, timedelta | None] = Grouped(database, self._count_all)

    async def add(self, key: PersonKey, made: AgentKey, digest: str) -> None:
        """Keep a key whose secret has that digest. Raises TooManyError above MOST_KEYS, NotGrantedError."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            state = await connection.scalar(select(Person.grant_state).where(of_person(Person, key)))
            if state != GrantState.OK.value:
                raise NotGrantedError("no grant")
            theirs = select(func.count()).select_from(_KEYS).where(of_person(_KEYS.c, key))
            if (await connection.scalar(theirs) or 0) >= MOST_KEYS:
                raise TooManyError("keys")
            name = self._encryptor.seal(made.name, _NAME, key.team_id, key.user_id, made.key_id)
            row = {
                "team_id": key.team_id, "user_id": key.user_id, "key_id": made.key_id, "digest": digest, "name": name,
                "may": made.may.value, "made_at": made.made_at,
            }  # fmt: skip
            await connection.execute(insert(AgentKeyRow).values(row))

    async def keys(self, key: PersonKey) -> list[AgentKey]:
        """The keys of a person, oldest first. Raises SealError."""
        used = _KEYS.outerjoin(_CALLS, of_person(_KEYS.c, _CALLS.c) & (_KEYS.c.key_id == _CALLS.c.caller_id))
        found = select(_KEYS, _CALLS.c.used_at).select_from(used).where(of_person(_KEYS.c, key))
        rows = await self._database.fetch(found.order_by(_KEYS.c.made_at, _KEYS.c.key_id))
        return [AgentKey(row.key_id, self._name(row), May(row.may), row.made_at, row.used_at) for row in rows]

    async def revoke(self, key: PersonKey, key_id: str) -> bool:
        """Forget a key; whether it was there."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            its = delete(AgentCallsRow).where(of_person(AgentCallsRow, key), AgentCallsRow.caller_id == key_id)
            await connection.execute(its)
            gone = delete(AgentKeyRow).where(of_person(AgentKeyRow, key), AgentKeyRow.key_id == key_id)
            return bool((await connection.execute(gone)).rowcount)

    async def find(self, digest: str) -> Caller | None:
        """Whom the key acts as whose secret has that digest. Raises SealError."""
        row = await self._database.fetch_one(select(_KEYS).where(_KEYS.c.digest == digest))
        if row is None:
            return None
        return Caller(PersonKey(row.team_id, row.user_id), self._name(row), May(row.may), row.key_id)

    async def admit(self, call: AgentCall) -> timedelta | None:
        """Count a call, and keep what it asks for; zero where it may go on, else how long it has to wait.

        None where its key was revoked, or its person is gone. What has to wait is not counted.
        """
        return await self._waiting.put(call)

    async def last_change(self, key: PersonKey) -> AgentChange | None:
        """The newest change that an agent asked for. Raises SealError."""
        newest = select(_CHANGES).where(of_person(_CHANGES.c, key)).order_by(_CHANGES.c.at.desc()).limit(1)
        row = await self._database.fetch_one(newest)
        if row is None:
            return None
        agent = self._encryptor.open(row.agent, _AGENT, key.team_id, key.user_id, row.change_id) or ""
        return AgentChange(row.at, agent, row.operation, row.request)

    async def _count_all(self, calls: Sequence[AgentCall]) -> list[timedelta | None]:
        async with self._database.write() as connection:
            keys = {call.caller.key for call in calls}
            await lock_people(connection, sorted(keys, key=lambda key: (key.team_id, key.user_id)))
            return [await self._count(connection, call) for call in calls]

    async def _count(self, connection: Any, call: AgentCall) -> timedelta | None:
        caller, key = call.caller, call.caller.key
        its = of_person(_KEYS.c, key) & (_KEYS.c.key_id == caller.caller_id)
        known = select(_KEYS.c.key_id).where(its)
        if caller.caller_id == SLACKBOT:
            known = select(Person.user_id).where(of_person(Person, key))
        if await connection.scalar(known) is None:
            return None
        its = of_person(_CALLS.c, key) & (_CALLS.c.caller_id == caller.caller_id)
        stored = json.loads(await connection.scalar(select(_CALLS.c.recent).where(its)) or "[]")
        recent = [_EPOCH + number * _MILLISECOND for number in stored]
        if wait := waits(recent, call.at):
            return wait
        counted = [*stored, (call.at - _EPOCH) // _MILLISECOND][-MOST_CALLS:]
        fresh = {"recent": json.dumps(counted), "used_at": call.at}
        row = {"team_id": key.team_id, "user_id": key.user_id, "caller_id": caller.caller_id, **fresh}
        await connection.execute(upsert(connection, AgentCallsRow, row, fresh))
        if call.change is not None:
            await connection.execute(insert(AgentChangeRow).values(self._change_row(key, call.change)))
        return timedelta()

    def _change_row(self, key: PersonKey, change: AgentChange) -> dict[str, Any]:
        change_id = secrets.token_hex(12)
        return {
            "team_id": key.team_id, "user_id": key.user_id, "change_id": change_id, "at": change.at,
            "operation": change.operation, "request": change.request,
            "agent": self._encryptor.seal(change.agent, _AGENT, key.team_id, key.user_id, change_id),
        }  # fmt: skip

    def _name(self, row: Any) -> str:
        return self._encryptor.open(row.name, _NAME, row.team_id, row.user_id, row.key_id) or ""
