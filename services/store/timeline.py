"""A person's timeline as it is stored: the spans that came of their facts, and the audit of what was done by it.

Spans are read at an edge instead of events. The audit, what was done to a profile or left and why, is read by
`/quo why` and the export.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.decisions import Action
from services.domain.errors import StatusQuoError
from services.domain.model import NO_STATUS, Effect, Kind, Pause, PersonKey, Span, Status
from services.domain.profile_state import AuditEntry
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.db import Store
from services.store.person_rows import chunks, of_people, those
from services.store.tables import SPANS, WRITES

_THEIR_SPANS = select(SPANS).where(
    of_people(SPANS), SPANS.c.start_at <= bindparam("instant"), SPANS.c.end_at > bindparam("instant")
)
_SPAN_CONTENT = "spans.content"
_NOTHING = json_values.Shown()

OFF_LOOP = 200
"""From this many on, spans are sealed in a thread."""

SealedSpans = Mapping[PersonKey, Sequence[Mapping[str, object]]]
"""Rows of `spans` by person, ready to be stored."""


class SpanStore:
    """Reads and replaces spans, inside of somebody's transaction."""

    def __init__(self, encryptor: Encryptor) -> None:
        self._encryptor = encryptor

    async def at(
        self, connection: AsyncConnection, keys: Sequence[PersonKey], instant: datetime
    ) -> dict[PersonKey, Span]:
        """Return the span of each person that holds `instant`; nobody whose stored timeline does not reach there."""
        found: dict[PersonKey, Span] = {}
        for chunk in chunks(keys):
            for row in await connection.execute(_THEIR_SPANS, those(chunk, instant=instant)):
                # sealed with a lost key, or of another version: as good as not stored, so it is resolved anew
                with suppress(StatusQuoError, ValueError):
                    found[PersonKey(row.team_id, row.user_id)] = self.span(row)
        return found

    async def sealed(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        """`spans` as they are stored; where they are many, sealed in a thread."""
        return await off_loop_if(sum(map(len, spans.values())) >= OFF_LOOP, self._rows, spans)

    async def put(self, connection: AsyncConnection, spans: SealedSpans) -> None:
        """Make `spans` the whole stored timeline of each person named."""
        for chunk in chunks(list(spans)):
            await connection.execute(delete(SPANS).where(of_people(SPANS)), those(chunk))
        rows = [row for timeline in spans.values() for row in timeline]
        if rows:
            await connection.execute(insert(SPANS), rows)

    async def replace(self, connection: AsyncConnection, spans: Mapping[PersonKey, Sequence[Span]]) -> None:
        """Seal the spans, and do the same with them."""
        await self.put(connection, await self.sealed(spans))

    def span(self, row: Row[Any]) -> Span:
        """Return a span from a row that has all of the table's columns. Raises SealError."""
        place = (row.team_id, row.user_id, row.start_at.isoformat())
        plain = self._encryptor.open_bytes(row.content, _SPAN_CONTENT, *place)
        content = _NOTHING if plain is None else json_values.Shown.from_json(plain)
        status = NO_STATUS
        if content.text or content.emoji:
            status = Status(content.text, content.emoji, row.end_at if content.ends else None)
        return Span(
            start=row.start_at,
            end=row.end_at,
            status=status,
            rule=row.rule,
            reason=json_values.reason_from_json(row.reason),
            uid=row.uid,
            title=content.title,
            kind=None if row.kind is None else Kind(row.kind),
            override=row.override,
            began=content.began,
            asked_at=content.asked_at,
        )

    def _rows(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        return {key: [self._row(key, span) for span in timeline] for key, timeline in spans.items()}

    def _row(self, key: PersonKey, span: Span) -> dict[str, object]:
        content: SealedBytes | None = None
        if span.shows or span.title or span.began or span.asked_at:
            ends = span.status.expiration is not None
            shown = span.status.text, span.status.emoji, ends, span.title, span.began, span.asked_at
            plain = json_values.Shown(*shown).to_json()
            place = (key.team_id, key.user_id, span.start.isoformat())
            content = self._encryptor.seal(plain, _SPAN_CONTENT, *place)
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "start_at": span.start,
            "end_at": span.end,
            "rule": span.rule,
            "kind": None if span.kind is None else span.kind.value,
            "override": span.override,
            "reason": json_values.reason_to_json(span.reason),
            "uid": span.uid,
            "content": content,
        }


def pause_of(start: datetime | None, end: datetime | None) -> Pause | None:
    """Return the pause in a person's columns."""
    return None if start is None else Pause(start, end)


_WRITE_CONTENT = "writes.content"
_ALL_RECENT = (  # by the person's own columns: PostgreSQL would read the whole audit to find people in a list
    select(WRITES)
    .where(WRITES.c.team_id == bindparam("team"), WRITES.c.user_id == bindparam("user"))
    .order_by(WRITES.c.at.desc(), WRITES.c.write_id)
    .limit(bindparam("most"))
)
_RECENT = _ALL_RECENT.where(WRITES.c.action.not_like(bindparam("of_an_effect", "%:%")))


class AuditStore(Store):
    """The audit of all people."""

    async def add(self, connection: AsyncConnection, *attempts: tuple[PersonKey, AuditEntry]) -> None:
        """Write lines, in the transaction that records what they are about."""
        if attempts:
            await connection.execute(insert(WRITES), [self._row(key, attempt) for key, attempt in attempts])

    def _row(self, key: PersonKey, attempt: AuditEntry) -> dict[str, object]:
        write_id = secrets.token_hex(12)
        status = attempt.status
        content = json_values.Attempted(
            status.text, status.emoji, status.expiration, attempt.uid, attempt.unknown_emoji
        )
        return {
            "team_id": key.team_id,
            "write_id": write_id,
            "user_id": key.user_id,
            "at": attempt.at,
            "action": attempt.action.value if attempt.effect is None else f"{attempt.effect}:{attempt.action}",
            "reason": json_values.reason_to_json(attempt.reason),
            "rule": attempt.rule,
            "event_digest": hashlib.sha256(attempt.uid.encode()).hexdigest()[:32] if attempt.uid else "",
            "outcome": attempt.outcome,
            "content": self._encryptor.seal(content.to_json(), _WRITE_CONTENT, key.team_id, write_id),
        }

    async def recent(self, key: PersonKey, limit: int, *, effects: bool = False) -> list[AuditEntry]:
        """Return the newest lines of a person, newest first, about the status alone or `effects` too.

        Raises SealError.
        """
        asked = _ALL_RECENT if effects else _RECENT
        (rows,) = await self._database.rows((asked, {"team": key.team_id, "user": key.user_id, "most": limit}))
        return [self._entry(row) for row in rows]

    def _entry(self, row: Row[Any]) -> AuditEntry:
        plain = self._encryptor.open_bytes(row.content, _WRITE_CONTENT, row.team_id, row.write_id)
        content = json_values.Attempted.from_json(plain or "{}")
        effect, _, action = row.action.rpartition(":")
        return AuditEntry(
            at=row.at,
            effect=Effect(effect) if effect else None,
            action=Action(action),
            reason=json_values.reason_from_json(row.reason),
            outcome=row.outcome,
            rule=row.rule,
            uid=content.uid,
            status=Status(content.text, content.emoji, content.ends),
            unknown_emoji=content.unknown_emoji,
        )
