"""What does not reach the disk is noticed by what fails, said once, and over once something reaches it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from structlog.testing import capture_logs

from services.store import db
from services.store.db import Database
from services.store.tables import WORKSPACES
from tests.support.clocks import ManualClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def only_read(database: Database, *, on: bool) -> None:
    """Have every change of the one connection refused, as by a file system that went read-only."""
    async with database.read() as connection:
        await connection.exec_driver_sql(f"PRAGMA query_only = {on}")


async def install(database: Database, clock: ManualClock, team_id: str) -> None:
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id=team_id, installed_at=clock.now()))


def said(logged: list[Any]) -> list[tuple[str, str]]:
    return [(one["event"], one["reason"]) for one in logged]


async def test_what_cannot_be_written_is_told_once_and_tried_again_without_a_change(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await database.writable() == ""
    with capture_logs() as logged:
        await only_read(database, on=True)
        for team_id in ("T1", "T2"):
            with pytest.raises(DBAPIError):
                await install(database, clock, team_id)
        monkeypatch.setattr(db, "TRY_AGAIN", 0.0)
        assert await database.writable() == "SQLITE_READONLY"
        await only_read(database, on=False)
        monkeypatch.setattr(db, "TRY_AGAIN", timedelta(hours=1).total_seconds())
        assert await database.writable() == "SQLITE_READONLY"  # not tried at each question
        monkeypatch.setattr(db, "TRY_AGAIN", 0.0)
        assert await database.writable() == ""
    assert said(logged) == [("database_not_written", "SQLITE_READONLY"), ("database_written_again", "SQLITE_READONLY")]
    assert await database.fetch(sa.select(WORKSPACES.c.team_id)) == []


async def test_row_that_is_refused_says_nothing_about_the_disk(database: Database, clock: ManualClock) -> None:
    await install(database, clock, "T1")
    with pytest.raises(IntegrityError):
        await install(database, clock, "T1")
    assert await database.writable() == ""
