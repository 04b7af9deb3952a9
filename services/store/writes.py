"""The audit: what was done to a person's profile, or left, and why. Read by `/quo why` and the export."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import Action, PersonKey, Status
from services.domain.profile_state import AuditEntry
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.db import Database
from services.store.models import Write

_COLUMN = "writes.content"
_ROWS = Write.__table__
_RECENT = (
    select(_ROWS)
    .where(_ROWS.c.team_id == bindparam("team"), _ROWS.c.user_id == bindparam("user"))
    .order_by(_ROWS.c.at.desc(), _ROWS.c.write_id)
    .limit(bindparam("most"))
)


class AuditStore:
    """The audit of all people."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` seals the statuses."""
        self._database = database
        self._encryptor = encryptor

    async def add(self, connection: AsyncConnection, key: PersonKey, attempt: AuditEntry) -> None:
        """Write one line, in the transaction that records what it is about."""
        await self.add_many(connection, [(key, attempt)])

    async def add_many(self, connection: AsyncConnection, attempts: Sequence[tuple[PersonKey, AuditEntry]]) -> None:
        """Write many lines at once."""
        if attempts:
            await connection.execute(insert(Write), [self._row(key, attempt) for key, attempt in attempts])

    def _row(self, key: PersonKey, attempt: AuditEntry) -> dict[str, object]:
        write_id = secrets.token_hex(12)
        status = attempt.status
        content = json_values.Attempted(status.text, status.emoji, status.expiration, attempt.uid)
        return {
            "team_id": key.team_id,
            "write_id": write_id,
            "user_id": key.user_id,
            "at": attempt.at,
            "action": attempt.action.value,
            "reason": json_values.reason_to_json(attempt.reason),
            "rule": attempt.rule,
            "event_digest": hashlib.sha256(attempt.uid.encode()).hexdigest()[:32] if attempt.uid else "",
            "outcome": attempt.outcome,
            "content": self._encryptor.seal(json_values.content_to_json(content), _COLUMN, key.team_id, write_id),
        }

    async def recent(self, key: PersonKey, limit: int) -> list[AuditEntry]:
        """The newest lines of a person, newest first. Raises SealError."""
        (rows,) = await self._database.rows((_RECENT, {"team": key.team_id, "user": key.user_id, "most": limit}))
        return [self._attempt(row) for row in rows]

    def _attempt(self, row: Row[Any]) -> AuditEntry:
        plain = self._encryptor.open_bytes(row.content, _COLUMN, row.team_id, row.write_id)
        content = json_values.attempted_from_json(plain or "{}")
        return AuditEntry(
            at=row.at,
            action=Action(row.action),
            reason=json_values.reason_from_json(row.reason),
            outcome=row.outcome,
            rule=row.rule,
            uid=content.uid,
            status=Status(content.text, content.emoji, content.ends),
        )
