"""What is asked of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from services.store.db import Database, Query


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, however they get there."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    async def read(asked: Sequence[Query]) -> list[list[Any]]:
        found.extend(str(statement.compile(dialect=database.engine.dialect)) for statement, _ in asked)
        return await rows(asked)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    points: Any = database._points
    if points is not None:
        rows, points.rows = points.rows, read
    try:
        yield found
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        if points is not None:
            points.rows = rows
