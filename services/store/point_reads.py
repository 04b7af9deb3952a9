"""A person's own few rows, read from SQLite with next to nothing in between.

SQLAlchemy takes ten times as long around a query of one row as SQLite takes for it, and aiosqlite has a hop to a thread
for each. Here a query is compiled once, by SQLAlchemy, with the types of its parameters and columns; the queries of
everybody who asks meanwhile go to one thread together.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import namedtuple
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Select
from sqlalchemy.exc import OperationalError

Asked = tuple[Select[*tuple[Any, ...]], Mapping[str, Any]]
"""A query that is built once, and its parameters. None of them may be a list."""

_Statement = tuple[str, list[Any]]
_Found = list[list[Any]] | sqlite3.Error
_Waiting = tuple[Sequence[_Statement], asyncio.Future[list[list[Any]]]]


class PointReader:
    """Reads from the file of an SQLite database, in a thread of its own."""

    def __init__(self, path: str, dialect: Dialect) -> None:
        """`dialect` compiles the queries. The file is opened by the first of them."""
        self._path = path
        self._dialect = dialect
        self._prepared: WeakKeyDictionary[Select[*tuple[Any, ...]], _Prepared] = WeakKeyDictionary()
        self._thread = ThreadPoolExecutor(1, "statusquo-reads")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[_Waiting] = []
        self._is_reading = False

    async def rows(self, asked: Sequence[Asked]) -> list[list[Any]]:
        """The rows of each query, their columns as attributes. Raises SQLAlchemy's OperationalError."""
        prepared = [self._prepare(statement) for statement, _ in asked]
        statements = [(one.sql, one.bound(given)) for one, (_, given) in zip(prepared, asked, strict=True)]
        answer: asyncio.Future[list[list[Any]]] = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, answer))
        if not self._is_reading:
            self._read()
        return [one.rows(rows) for one, rows in zip(prepared, await answer, strict=True)]

    async def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _prepare(self, statement: Select[*tuple[Any, ...]]) -> _Prepared:
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = _Prepared(statement, self._dialect)
        return prepared

    def _read(self) -> None:
        """Have the thread read what everybody waits for; then what was asked meanwhile."""
        group, self._waiting, self._is_reading = self._waiting, [], True
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._thread, self._execute, [one for one, _ in group])
        except RuntimeError as error:  # the database is closed
            self._is_reading = False
            for _, answer in group:
                answer.set_exception(OperationalError(None, None, error))
            return
        reading.add_done_callback(lambda done: self._answer(group, done))

    def _answer(self, group: Sequence[_Waiting], done: asyncio.Future[list[_Found]]) -> None:
        self._is_reading = False
        if self._waiting:
            self._read()
        for (_, answer), found in zip(group, done.result(), strict=True):
            if answer.done():  # nobody waits for it any more
                continue
            if isinstance(found, sqlite3.Error):
                answer.set_exception(OperationalError(None, None, found))
            else:
                answer.set_result(found)

    def _execute(self, asked: Sequence[Sequence[_Statement]]) -> list[_Found]:
        found: list[_Found] = []
        for statements in asked:
            try:
                run = self._opened().execute
                found.append([run(*statement).fetchall() for statement in statements])
            except sqlite3.Error as error:
                found.append(error)
        return found

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None)
            self._connection.execute("PRAGMA busy_timeout=5000")
            self._connection.execute("PRAGMA query_only=ON")
        return self._connection


class _Prepared:
    """A query as SQLite takes it, and how its parameters and columns are turned into its values and back."""

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._parameters = [(name, binds[name]) for name in compiled.positiontup or ()]
        columns = statement.selected_columns
        self._row: Any = namedtuple("Row", columns.keys(), rename=True)  # type: ignore[misc]  # its names are only known here
        made = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._made = [(place, make) for place, make in enumerate(made) if make is not None]

    def bound(self, given: Mapping[str, Any]) -> list[Any]:
        """The values of its parameters, as SQLite takes them."""
        values = {**self._constants, **given}
        return [values[name] if bind is None else bind(values[name]) for name, bind in self._parameters]

    def rows(self, found: Sequence[Any]) -> list[Any]:
        """Rows with attributes, of rows as SQLite gives them."""
        rows = []
        for one in found:
            values = list(one)
            for place, make in self._made:
                values[place] = make(values[place])
            rows.append(self._row._make(values))
        return rows
