"""Whether an installation was moved away from here, or is being moved here: then no app starts with it.

Two installations that write at once would undo each other's statuses.
"""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.domain.operator_errors import DatabaseError, SettingsError
from services.store.connecting import said_by
from services.store.db import Database

MARK = "statusquo_move"
"""The table of a target that says how far the move into it has come."""


def marker_of(file: Path) -> Path:
    """Return the file beside an SQLite database that says that it was moved."""
    return file.with_name(f"{file.name}.moved")


def place_after_move(file: Path) -> str | None:
    """Return where an SQLite database was moved to, None where it was not. Raises OSError."""
    try:
        return str(json.loads(marker_of(file).read_text())["to"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, LookupError):  # somebody has changed it
        return "another place"


async def check_not_moved(database: Database, file: Path) -> None:
    """Raise SettingsError where the app must not start: this file was moved, or a move into this is not finished.

    `file` is where an SQLite database is. DatabaseError where there is no database to be had.
    """
    if database.is_sqlite:
        if (place := place_after_move(file)) is not None:
            raise SettingsError(
                f"DATABASE_URL: this database was moved to {place}, where all goes on. Set DATABASE_URL to that; if "
                f"this file is to be used again all the same, delete {marker_of(file)}"
            )
        return
    try:
        async with database.read() as connection:
            unfinished = await connection.scalar(select(func.to_regclass(MARK)))
    except (OSError, SQLAlchemyError) as error:
        raise DatabaseError(said_by(error, database.url)) from error
    if unfinished is not None:
        raise SettingsError("DATABASE_URL: a move into this database is not finished. Run the same move again")
