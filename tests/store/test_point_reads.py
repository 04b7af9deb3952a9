"""What is read past SQLAlchemy's execution is what SQLAlchemy would have read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from services.domain.model import Override, OverrideKind, PersonKey
from services.platform.crypto import Encryptor, SealedBytes
from services.store.db import Database
from services.store.overrides import OverrideStore
from services.store.person_rows import of_people, those
from services.store.tables import OVERRIDES, PEOPLE, WORKSPACES
from services.store.workspaces import _MEETING

NOW = datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)
ANN = PersonKey("T1", "U1")
THEIRS = sa.select(PEOPLE).where(of_people(PEOPLE))


@pytest.fixture
async def people(database: Database, encryptor: Encryptor) -> Database:
    async with database.write() as connection:
        token = encryptor.seal("xoxb-1", "workspaces.bot_token", "T1")
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=NOW, bot_token=token))
        for user_id in ("U1", "U2"):
            row = {"team_id": "T1", "user_id": user_id, "created_at": NOW, "due_at": None, "stale": user_id == "U1"}
            await connection.execute(sa.insert(PEOPLE).values(row))
    return database


async def test_rows_are_those_of_sqlalchemy(people: Database) -> None:
    for statement, parameters in ((THEIRS, those([ANN])), (_MEETING, {"team": "T1", "org": "", "user": "U1"})):
        (rows,) = await people.rows((statement, parameters))
        async with people.read() as connection:
            (expected,) = (await connection.execute(statement, parameters)).all()
        (row,) = rows
        assert row._asdict() == expected._asdict()
        assert [type(value) for value in row] == [type(value) for value in expected]


async def test_values_have_the_types_of_their_columns(people: Database) -> None:
    ((ann,), (workspace,)) = await people.rows(
        (THEIRS, those([ANN])), (_MEETING, {"team": "T1", "org": "", "user": "U1"})
    )
    assert (ann.created_at, ann.stale, ann.due_at) == (NOW, True, None)
    assert type(workspace.bot_token) is SealedBytes


async def test_nobody_is_no_row(people: Database) -> None:
    nobody, ann = await people.rows((THEIRS, those([PersonKey("T1", "U9")])), (THEIRS, those([ANN])))
    assert (len(nobody), len(ann)) == (0, 1)


async def test_what_was_committed_is_read_at_once(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    for number in range(20):
        override = Override(f"o{number}", NOW, NOW + timedelta(hours=1), NOW, OverrideKind.STATUS, f"Tea {number}")
        await store.add(ANN, override, NOW)
        assert len(await store.standing(ANN, NOW)) == number + 1


async def test_those_who_ask_together_each_get_their_own(people: Database) -> None:
    keys = [PersonKey("T1", f"U{number % 4}") for number in range(100)]
    found = await asyncio.gather(*(people.rows((THEIRS, those([key]))) for key in keys))
    assert [[row.user_id for row in rows] for (rows,) in found] == [
        [key.user_id] if key.user_id in ("U1", "U2") else [] for key in keys
    ]


async def test_one_that_fails_fails_nobody_else(people: Database) -> None:
    wrong = (sa.select(sa.literal_column("nothing")).select_from(OVERRIDES), {})
    results = await asyncio.gather(
        people.rows((THEIRS, those([ANN]))),
        people.rows(wrong),
        people.rows((THEIRS, those([ANN]))),
        return_exceptions=True,
    )
    assert [isinstance(result, sa.exc.DBAPIError) for result in results] == [False, True, False]


async def test_file_without_tables_is_an_error_of_the_database(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    for _ in range(2):
        with pytest.raises(OperationalError):
            await database.rows((THEIRS, those([ANN])))
    await database.close()


async def test_closed_database_answers_nobody(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    await database.close()
    for _ in range(2):
        with pytest.raises(OperationalError):
            await database.rows((THEIRS, those([ANN])))


async def test_who_gives_up_waiting_holds_up_nobody(people: Database) -> None:
    given_up = asyncio.create_task(people.rows((THEIRS, those([ANN]))))
    others = [asyncio.create_task(people.rows((THEIRS, those([ANN])))) for _ in range(3)]
    await asyncio.sleep(0)
    given_up.cancel()
    assert [len(rows) for (rows,) in await asyncio.gather(*others)] == [1, 1, 1]
