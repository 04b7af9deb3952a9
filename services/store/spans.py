"""Stored spans: a person's resolved timeline, read at an edge instead of their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import StatusQuoError
from services.domain.model import NO_STATUS, Kind, PersonKey, Span, Status
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.models import SpanRow
from services.store.person_filter import ForPeople, of_people
from services.store.point_reads import Asked

SPANS = SpanRow.__table__
_THEIR_SPANS = ForPeople(
    SPANS.c.team_id,
    SPANS.c.user_id,
    lambda theirs: select(SPANS).where(
        theirs, SPANS.c.start_at <= bindparam("instant"), SPANS.c.end_at > bindparam("instant")
    ),
)
_WITHIN = (
    select(SPANS)
    .where(
        SPANS.c.team_id == bindparam("team"),
        SPANS.c.user_id == bindparam("user"),
        SPANS.c.start_at < bindparam("window_end"),
        SPANS.c.end_at > bindparam("window_start"),
    )
    .order_by(SPANS.c.start_at)
)
_COLUMN = "spans.content"
_NOTHING = json_values.Shown()
_CHUNK = 400

OFF_LOOP = 200
"""From this many on, spans are sealed in a thread."""

SealedSpans = Mapping[PersonKey, Sequence[Mapping[str, object]]]
"""Rows of `spans` by person, ready to be stored."""


class SpanStore:
    """Reads and replaces spans, inside of somebody's transaction."""

    def __init__(self, encryptor: Encryptor) -> None:
        """`encryptor` seals what is shown."""
        self._encryptor = encryptor

    async def at(
        self, connection: AsyncConnection, keys: Sequence[PersonKey], instant: datetime
    ) -> dict[PersonKey, Span]:
        """The span of each person that holds `instant`; nobody whose stored timeline does not reach there."""
        found: dict[PersonKey, Span] = {}
        for chunk in chunks(keys, _CHUNK):
            for row in await connection.execute(*_THEIR_SPANS(chunk, instant=instant)):
                # sealed with a lost key, or of another version: as good as not stored, so it is resolved anew
                with suppress(StatusQuoError, ValueError):
                    found[PersonKey(row.team_id, row.user_id)] = self.span(row)
        return found

    def opened(self, rows: Sequence[Row[Any]]) -> tuple[Span, ...]:
        """The spans in rows that have all of the table's columns; none where one of them cannot be opened."""
        with suppress(StatusQuoError, ValueError):  # as in `at`
            return tuple(self.span(row) for row in rows)
        return ()

    async def sealed(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        """`spans` as they are stored; where they are many, sealed in a thread."""
        return await off_loop_if(sum(map(len, spans.values())) >= OFF_LOOP, self._rows, spans)

    async def put(self, connection: AsyncConnection, spans: SealedSpans) -> None:
        """Make `spans` the whole stored timeline of each person named."""
        for chunk in chunks(list(spans), _CHUNK):
            await connection.execute(delete(SpanRow).where(of_people(SPANS.c.team_id, SPANS.c.user_id, chunk)))
        rows = [row for timeline in spans.values() for row in timeline]
        if rows:
            await connection.execute(insert(SpanRow), rows)

    async def replace(self, connection: AsyncConnection, spans: Mapping[PersonKey, Sequence[Span]]) -> None:
        """The same for spans that are not sealed yet."""
        await self.put(connection, await self.sealed(spans))

    def span(self, row: Row[Any]) -> Span:
        """A span from a row that has all of the table's columns. Raises SealError."""
        plain = self._encryptor.open_bytes(row.content, _COLUMN, row.team_id, row.user_id, _stamp(row.start_at))
        content = _NOTHING if plain is None else json_values.shown_from_json(plain)
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
        )

    def _rows(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        return {key: [self._row(key, span) for span in timeline] for key, timeline in spans.items()}

    def _row(self, key: PersonKey, span: Span) -> dict[str, object]:
        content: SealedBytes | None = None
        if span.shows or span.title:
            ends = span.status.expiration is not None
            plain = json_values.content_to_json(
                json_values.Shown(span.status.text, span.status.emoji, ends, span.title)
            )
            content = self._encryptor.seal(plain, _COLUMN, key.team_id, key.user_id, _stamp(span.start))
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


def spans_within(key: PersonKey, start: datetime, end: datetime) -> Asked:
    """The query of one person's spans that overlap `[start, end)`, in order."""
    return _WITHIN, {"team": key.team_id, "user": key.user_id, "window_start": start, "window_end": end}


def chunks(keys: Sequence[PersonKey], size: int) -> Iterable[Sequence[PersonKey]]:
    """`keys` in pieces of at most `size`."""
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _stamp(instant: datetime) -> str:
    return instant.isoformat()
