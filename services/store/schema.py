"""Bringing the schema up to date, and telling whether it is: Alembic's steps, run over our own connection."""

from __future__ import annotations

import io
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from services.errors import DatabaseError
from services.store.engine import Database
from services.store.models import Base

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def configuration(**attributes: object) -> Config:
    """Alembic's configuration, without a file."""
    config = Config(attributes=dict(attributes))
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest step there is."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    if revision is None:
        raise RuntimeError("there are no migrations")
    return revision


async def upgrade(database: Database) -> None:
    """Run every step that the database lacks; where it lacks none, look and no more."""
    if await current(database) == head():
        return

    def run(connection: Connection) -> None:
        command.upgrade(configuration(connection=connection), "head")

    async with database.write() as connection:
        await connection.run_sync(run)


async def current(database: Database) -> str | None:
    """The step that the database is at; None for an empty one. Raises DatabaseError where there is none to be had."""
    try:
        async with database.read() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    except (OSError, SQLAlchemyError) as error:
        raise DatabaseError(type(error).__name__) from error


async def drift(database: Database) -> list[object]:
    """What differs between a migrated database and the models; empty when nothing does."""

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": lambda name, kind, _parents: not _is_foreign(name, kind)},
        )
        return list(compare_metadata(context, Base.metadata))

    async with database.read() as connection:
        return await connection.run_sync(compare)


def _is_foreign(name: str | None, kind: str) -> bool:
    return kind == "table" and name is not None and name.startswith("pgqueuer")


def sql(dialect: str) -> str:
    """Every step as SQL for `dialect` ("sqlite", "postgresql")."""
    out = io.StringIO()
    config = configuration(dialect=dialect)
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return out.getvalue()
