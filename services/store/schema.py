"""The steps of the schema: which there are, at which a database is, and how it is brought up to date.

Migrations are Alembic's steps, run over our own connection. On PostgreSQL one process at a time does it, under an
advisory lock, and never waits long for a table: a statement that waits for one holds up everybody who comes after it.
All steps are one transaction. Alembic itself is imported where there is something for it to do: it takes a tenth of a
second.
"""

from __future__ import annotations

import asyncio
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Connection,
    String,
    column,
    func,
    inspect,
    select,
)
from sqlalchemy import table as sql_table
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.operator_errors import DatabaseBusyError, DatabaseError, NewerDatabaseError
from services.store import agent_tables, calendar_tables, effect_tables, undo_tables, workspace_tables  # noqa: F401  # their tables belong to METADATA
from services.store.connecting import said_by
from services.store.db import Database
from services.store.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

TURN = 60.0
"""Seconds to wait for another process that brings the database up to date."""

TABLE = 3.0
"""Seconds to wait for a table that somebody uses, and between two tries."""

TRIES = 20
_LOCK = 0x5374_6174_7573_5175
"""The key of the advisory lock: "StatusQu"."""

_IN_USE = {"55P03", "40P01", "SQLITE_BUSY"}
"""lock_not_available and deadlock_detected (PostgreSQL, appendix A), and SQLite's name for the same."""

_VERSION = "alembic_version"
_CURRENT = select(column("version_num", String)).select_from(sql_table(_VERSION))


def configuration(**attributes: object) -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    config = Config(attributes=dict(attributes))
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _steps() -> list[str]:
    """Return every step, the newest last: the name of its file begins with it."""
    return sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


def head() -> str:
    """Return the newest step there is."""
    return _steps()[-1]


def serves(step: str | None) -> bool:
    """Say whether a process of this code goes on with a database at `step`: the newest one it knows, or a newer.

    While an update is rolled out, processes of the version before go on with what the new one has made of the tables.
    None of them starts on it: see `upgrade`.
    """
    return step is not None and step not in _steps()[:-1]


def check_not_newer(step: str | None) -> None:
    """Raise NewerDatabaseError for a step that this code does not know: what was written since may mean anything."""
    if step is not None and step not in _steps():
        raise NewerDatabaseError(f"it is at step {step}, and this version knows {head()}")


async def upgrade(database: Database, *, turn: float = TURN, table: float = TABLE, tries: int = TRIES) -> None:
    """Run every step that the database lacks; where it lacks none, look and no more. Every command begins with it.

    Raises NewerDatabaseError where the database is ahead of this code; DatabaseBusyError where another process is at it
    for longer than `turn` seconds, or a table is in use for longer than `table` seconds each of `tries` times;
    DatabaseError where there is no database, or it refuses a step.
    """

    def run(connection: Connection) -> None:
        from alembic import command

        command.upgrade(configuration(connection=connection), "head")

    for left in reversed(range(tries)):
        step = await current(database)
        check_not_newer(step)
        if step == head():
            return
        try:
            async with database.write() as connection:
                if not database.is_sqlite:
                    await lock(connection, seconds=turn)
                    await _wait_at_most(connection, table)
                await connection.run_sync(run)
        except (OSError, SQLAlchemyError) as error:
            if not _in_use(error):
                raise DatabaseError(said_by(error, database.url)) from error
            if not left:
                raise DatabaseBusyError("a table is in use") from error
            await asyncio.sleep(table)


async def lock(connection: AsyncConnection, *, seconds: float) -> None:
    """Be the only process that changes PostgreSQL's schema until the transaction ends. Raises DatabaseBusyError."""
    await _wait_at_most(connection, seconds)
    try:
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    except DBAPIError as error:
        if not _in_use(error):
            raise
        raise DatabaseBusyError("another process is at it") from error


async def _wait_at_most(connection: AsyncConnection, seconds: float) -> None:
    await connection.execute(select(func.set_config("lock_timeout", f"{max(1, round(seconds * 1000))}ms", True)))


def _in_use(error: Exception) -> bool:
    origin = error.orig if isinstance(error, DBAPIError) else None
    return bool(_IN_USE & {getattr(origin, "sqlstate", None), getattr(origin, "sqlite_errorname", None)})


async def current(database: Database) -> str | None:
    """Return the step that the database is at; None for an empty one.

    Raises DatabaseError where there is none to be had.
    """

    def look(connection: Connection) -> str | None:
        return connection.scalar(_CURRENT) if inspect(connection).has_table(_VERSION) else None

    try:
        async with database.read() as connection:
            return await connection.run_sync(look)
    except (OSError, SQLAlchemyError) as error:
        raise DatabaseError(said_by(error, database.url)) from error


async def drift(database: Database) -> list[object]:
    """Return what differs between a migrated database and `tables`; empty when nothing does."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name is None or not name.startswith("pgqueuer")

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": is_ours},
        )
        return list(compare_metadata(context, METADATA))

    async with database.read() as connection:
        return await connection.run_sync(compare)


def sql(dialect: str) -> str:
    """Return every step as SQL for `dialect` ("sqlite", "postgresql")."""
    from alembic import command

    out = io.StringIO()
    config = configuration(dialect=dialect)
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return out.getvalue()
