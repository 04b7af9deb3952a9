"""Facts of many requests in one transaction: all or nothing of each, none at another's cost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.store.db import Database
from services.store.group_commit import Grouped
from services.store.workspace_tables import WORKSPACE_BUDGETS


class Writer:
    """Writes a budget for each name, and a second row that a name can make fail after the first."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.groups: list[list[str]] = []
        self.began, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def write(self, names: Sequence[str]) -> list[str]:
        self.groups.append(list(names))
        async with self.database.write() as connection:
            for name in names:
                row = sa.insert(WORKSPACE_BUDGETS).values(team_id=name, budget="{}")
                await connection.execute(row)
                if name.startswith("bad"):
                    await connection.execute(row)  # there already
            self.began.set()
            await self.gate.wait()
        return [name.upper() for name in names]


async def stored(database: Database) -> list[str]:
    async with database.read() as connection:
        return list(
            await connection.scalars(sa.select(WORKSPACE_BUDGETS.c.team_id).order_by(WORKSPACE_BUDGETS.c.team_id))
        )


async def test_facts_that_arrive_together_share_a_transaction_in_their_order(database: Database) -> None:
    writer = Writer(database)
    grouped = Grouped(database, writer.write)
    assert await asyncio.gather(*(grouped.put(name) for name in ("c", "a", "b"))) == ["C", "A", "B"]
    assert writer.groups == [["c", "a", "b"]]
    assert await stored(database) == ["a", "b", "c"]


async def test_fact_that_fails_leaves_nothing_and_its_neighbours_alone(database: Database) -> None:
    writer = Writer(database)
    grouped = Grouped(database, writer.write)
    found = await asyncio.gather(*(grouped.put(name) for name in ("a", "bad", "b")), return_exceptions=True)
    assert [one if isinstance(one, str) else type(one) for one in found] == ["A", IntegrityError, "B"]
    assert await stored(database) == ["a", "b"]
    assert writer.groups == [["a", "bad", "b"], ["a"], ["bad"], ["b"]]
    assert await grouped.put("c") == "C"


async def test_nobody_is_answered_before_the_commit(database: Database) -> None:
    writer = Writer(database)
    grouped = Grouped(database, writer.write)
    writer.gate.clear()
    waiting = asyncio.create_task(grouped.put("a"))
    await writer.began.wait()
    assert await stored(database) == []
    assert not waiting.done()
    later = asyncio.create_task(grouped.put("b"))
    writer.gate.set()
    assert await asyncio.gather(waiting, later) == ["A", "B"]
    assert writer.groups == [["a"], ["b"]]
    assert await stored(database) == ["a", "b"]


async def test_request_that_is_given_up_ends_nobody_elses_transaction(database: Database) -> None:
    writer = Writer(database)
    grouped = Grouped(database, writer.write)
    writer.gate.clear()
    first, second = (asyncio.create_task(grouped.put(name)) for name in ("a", "b"))
    await writer.began.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    writer.gate.set()
    assert await second == "B"
    assert await stored(database) == ["a", "b"]


async def test_database_is_not_closed_before_what_nobody_waits_for_has_ended(database: Database) -> None:
    writer = Writer(database)
    grouped = Grouped(database, writer.write)
    writer.gate.clear()
    asked = asyncio.create_task(grouped.put("a"))
    await writer.began.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    closing = asyncio.create_task(database.close())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not closing.done()
    writer.gate.set()
    await closing
    assert await stored(database) == ["a"]


async def test_error_of_the_database_names_the_statement_and_not_what_it_was_about(database: Database) -> None:
    row = sa.insert(WORKSPACE_BUDGETS).values(team_id="T1", budget="what it was about")
    await database.execute(row)
    with pytest.raises(IntegrityError) as raised:
        await database.execute(row)
    assert "INSERT INTO" in str(raised.value)
    assert "what it was about" not in str(raised.value)
