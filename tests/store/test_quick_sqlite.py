"""SQLite as most tests ask it, on the loop: it waits and yields like the program's own connections."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from services.store.db import Database
from services.store.tables import WORKSPACES
from tests.support import quick_sqlite
from tests.support.subscriptions import NOW

ONE = sa.insert(WORKSPACES).values(team_id="T1", installed_at=NOW)
NAMES = sa.select(WORKSPACES.c.team_id)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_sqlite.stand_in(monkeypatch)


async def test_two_write_one_after_the_other_whoever_holds_the_file(sqlite_url: str) -> None:
    one, other = Database(sqlite_url), Database(sqlite_url)
    async with one.write() as connection:
        await connection.execute(ONE)
        waits = asyncio.create_task(other.execute(sa.update(WORKSPACES).values(name="Acme")))
        for _ in range(50):  # turns of the loop, in which it could be done
            await asyncio.sleep(0)
        assert (waits.done(), await other.fetch(NAMES), await other.rows((NAMES, {}))) == (False, [], [[]])
    assert await waits == 1
    assert [await one.scalar(NAMES), await other.scalar(NAMES)] == ["T1", "T1"]
    for database in (one, other):
        await database.close()


async def test_who_waits_for_too_long_is_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_sqlite, "_LONGEST_WAIT", 0.05)
    one, other = Database(sqlite_url), Database(sqlite_url)
    async with one.write() as connection:
        await connection.execute(ONE)
        with pytest.raises(OperationalError, match="locked"):
            await other.execute(ONE)
    for database in (one, other):
        await database.close()


async def test_others_go_on_between_what_one_reads_and_what_comes_of_it(sqlite_url: str) -> None:
    database, seen = Database(sqlite_url), []

    async def others() -> None:
        seen.append("others")

    for read in (database.fetch, database.scalar):
        going_on = asyncio.create_task(others())
        await read(NAMES)
        seen.append("one")
        await going_on
    assert seen == ["others", "one"] * 2
    await database.close()
