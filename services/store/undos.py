"""What people can take back: for ten minutes, sealed, the newest few of each person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import StatusQuoError
from services.domain.lines import Line
from services.domain.model import Effect, Override, OverrideKind, Pause, PersonKey
from services.domain.undo import AccountChoice, Change
from services.store import json_values
from services.store.calendar_rows import mark_home_stale
from services.store.db import Store
from services.store.line_json import line_from_json, line_to_json
from services.store.person_rows import lock_one, of_person, upsert
from services.store.undo_tables import UNDOS

UNDO_LIVES = timedelta(minutes=10)
MOST_UNDOS = 20
"""Of one person: the oldest give way."""

_CONTENT = "undos.content"


@dataclass(frozen=True, slots=True)
class Undoable:
    """A change that can be taken back, and until when."""

    undo_id: str
    change: Change
    expires_at: datetime


class UndoStore(Store):
    """What all people can take back."""

    async def add(self, key: PersonKey, change: Change, now: datetime) -> str:
        """Keep `change` of what was done already, and have the Home tab made anew, which offers it; its id."""
        async with self._database.write() as connection:
            undo_id = await self.keep(connection, key, change, now)
            await mark_home_stale(connection, key)
        return undo_id

    async def keep(self, connection: AsyncConnection, key: PersonKey, change: Change, now: datetime) -> str:
        """Keep `change` for ten minutes, in the transaction that makes it; its id.

        The person may be gone: then nothing is kept.
        """
        plain = _written(change)
        name = f"{key.team_id}/{key.user_id}/{now.isoformat()}/".encode()
        undo_id = hashlib.sha256(name + plain).hexdigest()[:24]
        content = self._encryptor.seal(plain, _CONTENT, key.team_id, key.user_id, undo_id)
        fresh = {"expires_at": now + UNDO_LIVES, "content": content}
        row = {"team_id": key.team_id, "user_id": key.user_id, "undo_id": undo_id, **fresh}
        theirs = select(UNDOS.c.undo_id).where(of_person(UNDOS, key)).order_by(UNDOS.c.expires_at.desc())
        if await lock_one(connection, key):
            await connection.execute(upsert(connection, UNDOS, row, fresh))
            too_many = (await connection.scalars(theirs.offset(MOST_UNDOS))).all()
            if too_many:
                await connection.execute(delete(UNDOS).where(of_person(UNDOS, key), UNDOS.c.undo_id.in_(too_many)))
        return undo_id

    async def get(self, key: PersonKey, undo_id: str, now: datetime) -> Undoable | None:
        """Return the change of that id; None where there is none any more."""
        return self._opened(key, await self._database.fetch(self._theirs(key, now).where(UNDOS.c.undo_id == undo_id)))

    async def list(self, key: PersonKey, now: datetime) -> list[Undoable]:
        """Return the changes that can be taken back, the newest first."""
        rows = await self._database.fetch(self._theirs(key, now))
        return [one for row in rows if (one := self._opened(key, [row])) is not None]

    async def drop(self, key: PersonKey, undo_id: str) -> bool:
        """Note that it was taken back; False where it is gone already."""
        done = delete(UNDOS).where(of_person(UNDOS, key), UNDOS.c.undo_id == undo_id).returning(UNDOS.c.undo_id)
        async with self._database.write() as connection:
            first = (await connection.execute(done)).first() is not None
            await mark_home_stale(connection, key)
        return first

    def _theirs(self, key: PersonKey, now: datetime) -> Any:
        newest_first = (UNDOS.c.expires_at.desc(), UNDOS.c.undo_id)
        return (
            select(UNDOS.c.undo_id, UNDOS.c.expires_at, UNDOS.c.content)
            .where(of_person(UNDOS, key), UNDOS.c.expires_at > now)
            .order_by(*newest_first)
        )

    def _opened(self, key: PersonKey, rows: Sequence[Any]) -> Undoable | None:
        """Return the change in a row.

        None where there is none, or it is sealed with a lost key or of another version.
        """
        for row in rows:
            with suppress(StatusQuoError, msgspec.MsgspecError):
                plain = self._encryptor.open(row.content, _CONTENT, key.team_id, key.user_id, row.undo_id)
                return Undoable(row.undo_id, _read(plain or "{}"), row.expires_at)
        return None


# ── a change as JSON ────────────────────────────────────────────────────────────────────────────────


class _OverrideJson(msgspec.Struct):
    """An override, as far as it is not told by where it stands."""

    id: str
    start: datetime
    end: datetime | None
    created_at: datetime
    kind: OverrideKind
    text: str = ""
    emoji: str = ""
    effects: set[Effect] = msgspec.field(default_factory=set)
    stand_in: str = ""


class _PauseJson(msgspec.Struct):
    start: datetime
    end: datetime | None = None


class _AccountJson(msgspec.Struct):
    account_id: str
    before: set[str]
    after: set[str]


class _ChangeJson(msgspec.Struct, omit_defaults=True):
    """Lists and preferences are in the JSON that they are stored in by themselves."""

    lines: tuple[list[str], list[str]] | None = None
    preferences: tuple[str, str] | None = None
    pause: tuple[_PauseJson | None, _PauseJson | None] | None = None
    overrides: list[tuple[_OverrideJson | None, _OverrideJson | None]] = msgspec.field(default_factory=list)
    account: _AccountJson | None = None
    calendar_id: str = ""
    account_id: str = ""


def _written(change: Change) -> bytes:
    def lines(some: Sequence[Line]) -> list[str]:
        return [line_to_json(line).decode() for line in some]

    stored = _ChangeJson(
        lines=None if change.lines is None else (lines(change.lines[0]), lines(change.lines[1])),
        preferences=None
        if change.preferences is None
        else (
            json_values.preferences_to_json(change.preferences[0]),
            json_values.preferences_to_json(change.preferences[1]),
        ),
        pause=msgspec.convert(change.pause, tuple[_PauseJson | None, _PauseJson | None] | None, from_attributes=True),
        overrides=msgspec.convert(
            list(change.overrides), list[tuple[_OverrideJson | None, _OverrideJson | None]], from_attributes=True
        ),
        account=msgspec.convert(change.account, _AccountJson | None, from_attributes=True),
        calendar_id=change.calendar_id,
        account_id=change.account_id,
    )
    return msgspec.json.encode(stored, order="deterministic")


def _read(plain: str) -> Change:
    found = msgspec.json.decode(plain, type=_ChangeJson)

    def lines(stored: list[str]) -> tuple[Line, ...]:
        return tuple(map(line_from_json, stored))

    read = json_values.preferences_from_json
    return Change(
        lines=None if found.lines is None else (lines(found.lines[0]), lines(found.lines[1])),
        preferences=None if found.preferences is None else (read(found.preferences[0]), read(found.preferences[1])),
        pause=msgspec.convert(found.pause, tuple[Pause | None, Pause | None] | None, from_attributes=True),
        overrides=msgspec.convert(
            found.overrides, tuple[tuple[Override | None, Override | None], ...], from_attributes=True
        ),
        account=msgspec.convert(found.account, AccountChoice | None, from_attributes=True),
        calendar_id=found.calendar_id,
        account_id=found.account_id,
    )
