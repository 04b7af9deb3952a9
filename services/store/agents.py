"""Keys by which agents act for people, how often each was used in the last minute, and what was asked with it.

A call is counted in the transaction that notes when its key was used last and, where it changes something, that it was
asked for: one short transaction for those that come together, and the same count for all replicas.

A key is worth what its person's grant is: where that is lost, or the person is leaving, it is nobody's, and deleted.
Where Slack told that its person is deactivated, it lets nobody in, and is deleted once Slack has confirmed it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.agents import MOST_KEYS, PAUSE, AgentChange, AgentKey, Caller, May, lately, waits
from services.domain.errors import AlreadyMadeError, NotGrantedError, TooManyKeysError
from services.domain.model import PersonKey
from services.domain.people import GrantState
from services.platform.crypto import Encryptor
from services.store.agent_tables import AGENT_CALLS, AGENT_CHANGES, AGENT_KEYS
from services.store.columns import UtcInstant
from services.store.db import Database, Store
from services.store.group_commit import Grouped
from services.store.person_rows import (
    insert_for,
    lock_one,
    lock_people,
    lock_staying,
    named,
    names,
    of_people,
    of_person,
    those,
)
from services.store.tables import PEOPLE

_NAME, _AGENT = "agent_keys.name", "agent_changes.agent"
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GRANTED = and_(
    PEOPLE.c.grant_state == GrantState.OK.value,
    PEOPLE.c.leave_by.is_(None),
    PEOPLE.c.account_told_at.is_(None),  # else Slack told that they are deactivated, and is being asked
)

MOST_CHANGES = 1000
"""Of the audit of one person; what is older goes before its time: an agent can ask for 60 a minute."""

_FIND = (
    select(AGENT_KEYS.c.team_id, AGENT_KEYS.c.user_id, AGENT_KEYS.c.key_id, AGENT_KEYS.c.name, AGENT_KEYS.c.may)
    .join_from(AGENT_KEYS, PEOPLE, of_person(PEOPLE, AGENT_KEYS))
    .where(AGENT_KEYS.c.digest == bindparam("digest"), _GRANTED)
)


_THEIR_CHANGES = (
    select(AGENT_CHANGES)
    .where(AGENT_CHANGES.c.team_id == bindparam("team"), AGENT_CHANGES.c.user_id == bindparam("user"))
    .order_by(AGENT_CHANGES.c.at.desc(), AGENT_CHANGES.c.change_id)
)
_ASKED = _THEIR_CHANGES.where(
    or_(
        named(AGENT_CHANGES.c.request, "requests"),
        and_(AGENT_CHANGES.c.operation == PAUSE, AGENT_CHANGES.c.at == bindparam("paused_at", type_=UtcInstant)),
    )
)


class _Id(NamedTuple):
    """What tells a caller from all others; and so it is keyed."""

    team_id: str
    user_id: str
    caller_id: str


_ID_OF_KEY = (AGENT_KEYS.c.team_id, AGENT_KEYS.c.user_id, AGENT_KEYS.c.key_id)
_ID_OF_CALLS = (AGENT_CALLS.c.team_id, AGENT_CALLS.c.user_id, AGENT_CALLS.c.caller_id)


@dataclass(frozen=True, slots=True)
class AgentCall:
    """A call that wants to be let in. `change` is what it asks for, None where it only reads."""

    caller: Caller
    at: datetime
    change: AgentChange | None = None


# ── in somebody else's transaction ──────────────────────────────────────────────────────────────────


async def end_keys(connection: AsyncConnection, keys: Collection[PersonKey]) -> int:
    """Delete the keys of these people, who have no grant any more, or are no members; how many there were."""
    await connection.execute(delete(AGENT_CALLS).where(of_people(AGENT_CALLS)), those(keys))
    return (await connection.execute(delete(AGENT_KEYS).where(of_people(AGENT_KEYS)), those(keys))).rowcount


def old_changes(before: datetime) -> ColumnElement[bool]:
    """Return what of the audit is from before then, or more than `MOST_CHANGES` of a person."""
    row = (AGENT_CHANGES.c.team_id, AGENT_CHANGES.c.user_id, AGENT_CHANGES.c.change_id)
    newest_first = func.row_number().over(
        partition_by=(AGENT_CHANGES.c.team_id, AGENT_CHANGES.c.user_id),
        order_by=(AGENT_CHANGES.c.at.desc(), AGENT_CHANGES.c.change_id),
    )
    counted = select(*row, newest_first.label("number")).subquery()
    too_many = select(counted.c.team_id, counted.c.user_id, counted.c.change_id).where(counted.c.number > MOST_CHANGES)
    return or_(AGENT_CHANGES.c.at < before, tuple_(*row).in_(too_many))


class AgentStore(Store):
    """The keys of all people."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._waiting: Grouped[AgentCall, timedelta | None] = Grouped(database, self._count_all)

    async def add(self, key: PersonKey, made: AgentKey, digest: str) -> None:
        """Keep a key whose secret has that digest. Raises AlreadyMadeError, TooManyKeysError, NotGrantedError."""
        name = self._encryptor.seal(made.name, _NAME, key.team_id, key.user_id, made.key_id)
        row = {
            "team_id": key.team_id, "user_id": key.user_id, "key_id": made.key_id, "digest": digest, "name": name,
            "may": made.may.value, "made_at": made.made_at,
        }  # fmt: skip
        async with self._database.write() as connection:
            staying = await lock_one(connection, key)
            granted = select(PEOPLE.c.user_id).where(of_person(PEOPLE, key), _GRANTED)
            if not staying or await connection.scalar(granted) is None:
                raise NotGrantedError("no grant")
            same = select(AGENT_KEYS.c.key_id).where(of_person(AGENT_KEYS, key), AGENT_KEYS.c.key_id == made.key_id)
            if await connection.scalar(same) is not None:
                raise AlreadyMadeError("made already", field="name")
            theirs = select(func.count()).select_from(AGENT_KEYS).where(of_person(AGENT_KEYS, key))
            if (await connection.scalar(theirs) or 0) >= MOST_KEYS:
                raise TooManyKeysError("keys", field="name")
            await connection.execute(insert(AGENT_KEYS).values(row))

    async def keys(self, key: PersonKey) -> list[AgentKey]:
        """Return the keys of a person, oldest first; one whose name cannot be opened any more has none."""
        used = AGENT_KEYS.outerjoin(
            AGENT_CALLS, and_(of_person(AGENT_KEYS, AGENT_CALLS), AGENT_KEYS.c.key_id == AGENT_CALLS.c.caller_id)
        )
        found = select(AGENT_KEYS, AGENT_CALLS.c.used_at).select_from(used).where(of_person(AGENT_KEYS, key))
        rows = await self._database.fetch(found.order_by(AGENT_KEYS.c.made_at, AGENT_KEYS.c.key_id))
        return [AgentKey(row.key_id, self._name(row), May(row.may), row.made_at, row.used_at) for row in rows]

    async def revoke(self, key: PersonKey, key_id: str) -> bool:
        """Forget a key; whether it was there."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            its = delete(AGENT_CALLS).where(of_person(AGENT_CALLS, key), AGENT_CALLS.c.caller_id == key_id)
            await connection.execute(its)
            gone = delete(AGENT_KEYS).where(of_person(AGENT_KEYS, key), AGENT_KEYS.c.key_id == key_id)
            return bool((await connection.execute(gone)).rowcount)

    async def find(self, digest: str) -> Caller | None:
        """Return whom the key acts as whose secret has that digest: somebody with a grant, else nobody."""
        (rows,) = await self._database.rows((_FIND, {"digest": digest}))
        if not rows:
            return None
        (row,) = rows
        return Caller(PersonKey(row.team_id, row.user_id), self._name(row), May(row.may), row.key_id)

    async def admit(self, call: AgentCall) -> timedelta | None:
        """Count a call, and keep what it asks for; zero where it may go on, else how long it has to wait.

        None where its key was revoked, or its person is gone or leaving, or taken for deactivated (if it comes with a
        key). What has to wait is not counted.
        """
        return await self._waiting.put(call)

    async def asked(
        self, key: PersonKey, requests: Collection[str], paused_at: datetime | None = None
    ) -> list[AgentChange]:
        """Return the changes of these requests, and the pause that was asked for at that instant; newest first."""
        if not requests and paused_at is None:
            return []
        return await self._changes(_ASKED, key, requests=names(requests), paused_at=paused_at)

    async def changes(self, key: PersonKey) -> list[AgentChange]:
        """Return all that is kept of what agents asked for, newest first."""
        return await self._changes(_THEIR_CHANGES, key)

    async def _changes(self, which: Select[*tuple[Any, ...]], key: PersonKey, **more: Any) -> list[AgentChange]:
        (rows,) = await self._database.rows((which, {"team": key.team_id, "user": key.user_id, **more}))
        return [AgentChange(row.at, self._agent(row), row.operation, row.request) for row in rows]

    async def _count_all(self, calls: Sequence[AgentCall]) -> list[timedelta | None]:
        people = {call.caller.key for call in calls}
        async with self._database.write() as connection:
            staying = await lock_staying(connection, people)
            theirs = select(*_ID_OF_KEY).join_from(AGENT_KEYS, PEOPLE, of_person(PEOPLE, AGENT_KEYS))
            there = await connection.execute(theirs.where(of_people(AGENT_KEYS), _GRANTED), those(people))
            known = {_Id(*row) for row in there}
            stored = await connection.execute(
                select(*_ID_OF_CALLS, AGENT_CALLS.c.recent).where(of_people(AGENT_CALLS)), those(people)
            )
            recent = {
                _Id(*row[:3]): [_EPOCH + number * _MICROSECOND for number in json.loads(row.recent)] for row in stored
            }
            found, used = list[timedelta | None](), dict[_Id, datetime]()
            changes = list[dict[str, Any]]()
            for call in calls:
                key = call.caller.key
                one = _Id(key.team_id, key.user_id, call.caller.caller_id)
                if key not in staying or not (call.caller.slackbot or one in known):
                    found.append(None)
                    continue
                before = recent.get(one, [])
                found.append(wait := waits(before, call.at))
                if wait:
                    continue
                recent[one] = sorted([*lately(before, call.at), call.at])
                used[one] = call.at
                if call.change is not None:
                    changes.append(self._change_row(key, call.change))
            if used:
                fresh = insert_for(connection, AGENT_CALLS)
                anew = {"recent": fresh.excluded.recent, "used_at": fresh.excluded.used_at}
                counted = fresh.on_conflict_do_update(index_elements=list(_Id._fields), set_=anew)
                rows = [one._asdict() | {"recent": _written(recent[one]), "used_at": at} for one, at in used.items()]
                await connection.execute(counted, rows)
            if changes:
                await connection.execute(insert(AGENT_CHANGES), changes)
            return found

    def _change_row(self, key: PersonKey, change: AgentChange) -> dict[str, Any]:
        change_id = secrets.token_hex(12)
        return {
            "team_id": key.team_id, "user_id": key.user_id, "change_id": change_id, "at": change.at,
            "operation": change.operation, "request": change.request,
            "agent": self._encryptor.seal(change.agent, _AGENT, key.team_id, key.user_id, change_id),
        }  # fmt: skip

    def _name(self, row: Any) -> str:
        return self._readable(row.name, _NAME, row.team_id, row.user_id, row.key_id) or ""

    def _agent(self, row: Any) -> str:
        return self._readable(row.agent, _AGENT, row.team_id, row.user_id, row.change_id) or ""


def _written(instants: Sequence[datetime]) -> str:
    return json.dumps([(at - _EPOCH) // _MICROSECOND for at in instants])
