"""Whether an installation was moved away from here, or is being moved here: then no app starts with it.

Two installations that write at once would undo each other's statuses.
"""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.domain.operator_errors import DatabaseError, SettingsError
from services.store.db import Database

MARK = "statusquo_move"
"""The table of a target that says how far the move into it has come."""


def marker_of(file: Path) -> Path:
    """The file beside an SQLite database that says that it was moved."""
    return file.with_name(f"{file.name}.moved")


async def check_not_moved(database: Database, file: Path) -> None:
    """Raise SettingsError where the app must not start: this file was moved, or a move into this is not finished.

    `file` is where an SQLite database is. DatabaseError where there is no database to be had.
    """
    if database.is_sqlite:
        marker = marker_of(file)
        if marker.exists():
            to = json.loads(marker.read_text())["to"]
            raise SettingsError(
                f"DATABASE_URL: this database was moved to {to}, where all goes on. Set DATABASE_URL to that; if this "
                f"file is to be used again all the same, delete {marker}"
            )
        return
    try:
        async with database.read() as connection:
            unfinished = await connection.scalar(select(func.to_regclass(MARK)))
    except (OSError, SQLAlchemyError) as error:
        raise DatabaseError(type(error).__name__) from error
    if unfinished is not None:
        raise SettingsError("DATABASE_URL: a move into this database is not finished. Run the same move again")
