"""`app.py move --to URL`: an SQLite installation, copied into PostgreSQL and compared with it."""

from __future__ import annotations

import sys
from shlex import quote

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from services.commands import refused
from services.domain.errors import InputError
from services.domain.operator_errors import DatabaseError, SettingsError
from services.platform.settings import Settings, load
from services.ports import Clock
from services.store.connecting import said_by
from services.store.db import Database
from services.store.moving import Position, PostgresTarget, SqliteSource


async def move(config: Settings, to: str, clock: Clock) -> int:
    """Copy the database of `config` to the empty one at `to`, or go on with that; TROUBLE where they differ then."""
    try:
        url = load({"DATABASE_URL": to}, dotenv=None).database_url
    except SettingsError as error:
        raise InputError(error.reason.replace("DATABASE_URL", "--to")) from None
    if url.startswith("sqlite"):
        raise InputError("--to: must be a postgresql URL such as postgresql+asyncpg://user@host/name")
    if not config.is_sqlite:
        raise InputError("DATABASE_URL is no SQLite file: there is nothing to move.")
    with SqliteSource(config.database_file) as source:
        database = Database(url)
        try:
            return await _move(source, PostgresTarget(database, source), config, url, clock)
        except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
            raise DatabaseError(f"--to: {said_by(error, url)}; the same command goes on from there") from error
        finally:
            await database.close()


async def _move(source: SqliteSource, target: PostgresTarget, config: Settings, url: str, clock: Clock) -> int:
    position, total = await target.begin(), source.count(Position())
    differing, rows = 0, 0
    with Progress(console=Console(stderr=True)) as progress:
        copying = progress.add_task("copying", total=source.count(position))
        async for copied in target.copy(position):
            progress.advance(copying, copied)
        comparing = progress.add_task("comparing", total=total)
        async for table in target.compare():
            progress.advance(comparing, table.rows[0])
            rows += table.rows[0]
            if not table.is_same:
                differing += 1
                print(f"{table.name} differs: {table.rows[0]} rows there, {table.rows[1]} here.", file=sys.stderr)
    if differing:
        await target.distrust()
        return refused(
            "The copy is not what it should be, and no app starts with it. Run the same again: it begins anew."
        )
    place = make_url(url)
    source.mark_as_moved(f"{place.database} at {place.host or 'localhost'}", clock.now())
    await target.finish()
    print(f"Moved {rows:,} rows; in every table their number and their SHA-256 are the same on both sides.")
    print(f"Now set DATABASE_URL to the address that you gave to --to. {_keys(config)}")
    print(f"Keep {source.path}: it is as it was, and no app starts with it while {source.marker.name} is beside it.")
    return 0


def _keys(config: Settings) -> str:
    """Return what is to be done with the keys: they are not printed."""
    if config.encryption_keys:
        return "ENCRYPTION_KEYS stays as it is."
    keep = f'(umask 077; echo "ENCRYPTION_KEYS=$(paste -sd, {quote(str(config.key_file.resolve()))})" >> .env)'
    return f"ENCRYPTION_KEYS has to hold the same keys as before: {keep}"
