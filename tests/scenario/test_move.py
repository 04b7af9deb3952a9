"""`app.py move`: an installation goes on in PostgreSQL, nothing lost, nothing twice; a wrong target stays as it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest
import sqlalchemy as sa

from services.domain.operator_errors import NewerDatabaseError, SettingsError
from services.platform.crypto import new_key
from services.store.calendar_tables import EVENTS
from services.store.db import Database
from services.store.moving import PostgresTarget
from services.store.tables import PEOPLE, WORKSPACES, WRITES
from tests.support.clocks import ManualClock
from tests.support.command_line import Ran, run
from tests.support.feeds import lasting
from tests.support.running_app import ANN, TEAM, RunningApp, at, open_running_app

INTO_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def app(database_url: str, sqlite_url: str, clock: ManualClock) -> AsyncIterator[RunningApp]:
    """On SQLite; it has ended before the database that it is moved to is emptied."""
    async with open_running_app(clock, sqlite_url) as made:
        yield made


async def moved(app: RunningApp, to: str, tmp_path: Path) -> Ran:
    return await run("move", "--to", to, cwd=tmp_path, DATABASE_URL=app.database_url, ENCRYPTION_KEYS=app.key)


async def rows(url: str, *tables: type) -> list[int]:
    database = Database(url)
    found = [(await database.fetch(sa.select(sa.func.count()).select_from(table)))[0][0] for table in tables]
    await database.close()
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def stops(app: RunningApp) -> None:
    """Also who looks at its database."""
    await app.stop()
    assert app._look is not None
    await app._look.close()
    app._look = None


async def test_address_that_is_wrong_is_said_with_what_to_do_and_without_its_password(
    sqlite_url: str, tmp_path: Path
) -> None:
    nowhere = "postgresql+asyncpg://quo:hunter2@127.0.0.1:1/x"
    ran = await run("move", "--to", nowhere, cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert (ran.status, ran.out) == (1, "")
    assert "(--to: nothing listens at 127.0.0.1:1: is PostgreSQL running there, and is that its port?" in ran.err
    assert ran.err.strip().endswith("(ConnectionRefusedError); the same command goes on from there)")
    assert "hunter2" not in ran.err


@INTO_POSTGRESQL
async def test_covered_status_is_put_back_after_the_move_and_nothing_is_written_twice(
    app: RunningApp, database_url: str, tmp_path: Path
) -> None:
    await app.joins()
    app.feeds["ann"].has(lasting("a", at("10:00"), 60, "Review"), lasting("b", at("14:00"), 60))
    await app.connects("ann")
    await app.says("Reading", ":books:")
    await app.until(at("10:00"))
    assert (app.text(), app.written()) == ("In a meeting", ["In a meeting"])
    running = await moved(app, database_url, tmp_path)
    assert (running.status, running.err.strip()) == (
        2, "Status Quo runs with this database. Stop every process of it, then move.",
    )  # fmt: skip
    await stops(app)
    ran = await moved(app, database_url, tmp_path)
    assert ran.status == 0, ran.err
    assert "their number and their SHA-256 are the same on both sides" in ran.out
    assert app.key not in ran.out + ran.err
    with pytest.raises(
        SettingsError, match=r"this database was moved to statusquo_\w+ at 127\.0\.0\.1, where all goes on"
    ):
        await app.start()
    app.database_url = database_url
    await app.start()
    await app.until(at("11:00"))
    assert app.shows() == ("Reading", ":books:", None)
    await app.until(at("14:00"))
    assert app.written() == ["In a meeting", "Reading", "In a meeting"]
    assert len(app.told()) == 1  # the welcome, and not once more
    again = await moved_from(app, tmp_path, database_url)
    assert (again.status, "holds an installation already" in again.err) == (2, True)


async def moved_from(app: RunningApp, tmp_path: Path, to: str) -> Ran:
    return await run(
        "move", "--to", to, cwd=tmp_path, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/statusquo.db",
        ENCRYPTION_KEYS=app.key,
    )  # fmt: skip


@pytest.mark.slow
@INTO_POSTGRESQL
async def test_file_that_was_moved_elsewhere_is_moved_nowhere_else(
    database_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    """Nor is it taken for the installation by what looks after it."""
    marker = tmp_path / "statusquo.db.moved"
    marker.write_text('{"to": "quo at db.example.com"}')
    settings = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key(), "SLACK_API_URL": "http://127.0.0.1:1/"}
    ran = await run("move", "--to", database_url, cwd=tmp_path, **settings)
    assert (ran.status, "statusquo.db was moved to quo at db.example.com already" in ran.err) == (2, True), ran.err
    of_ann = ("--team", TEAM, "--user", ANN)
    for command in (
        ("rotate-keys",), ("backup", "nightly.backup"), ("backup", "--forgotten"), ("why", *of_ann),
        ("export", *of_ann), ("restore", "--loaded"),
    ):  # fmt: skip
        ran = await run(*command, cwd=tmp_path, **settings)
        assert (ran.status, "this database was moved to quo at db.example.com" in ran.err) == (1, True), ran
    assert not (tmp_path / "nightly.backup").exists()
    marker.write_text("")
    ran = await run("doctor", cwd=tmp_path, **settings)
    assert "FAIL  database: this database was moved to another place, where all goes on." in ran.out
    marker.unlink()


@INTO_POSTGRESQL
async def test_move_that_was_killed_at_its_very_end_is_finished_by_the_same_command(
    database_url: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file says that it was moved, and the new database that the move into it is not finished."""

    async def killed(_target: PostgresTarget) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(PostgresTarget, "finish", killed)
        assert (await run("move", "--to", database_url, cwd=tmp_path, DATABASE_URL=sqlite_url)).status == 1
    assert (tmp_path / "statusquo.db.moved").stat().st_mode & 0o777 == 0o600
    ran = await run("move", "--to", database_url, cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert ran.status == 0, ran.err


@pytest.mark.slow
@INTO_POSTGRESQL
async def test_keys_that_lie_at_a_place_with_blanks_are_taken_along_and_stay_ones_own(
    database_url: str, migrated_sqlite: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in house"
    folder.mkdir()
    copy(migrated_sqlite, folder / "statusquo.db")
    (folder / "encryption.keys").write_text("key-1\nkey-2\n")
    ran = await run("move", "--to", database_url, cwd=tmp_path, DATABASE_URL=f"sqlite:///{folder}/statusquo.db")
    assert ran.status == 0, ran.err
    command = next(line for line in ran.out.splitlines() if "(umask" in line).partition("as before: ")[2]
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, cwd=tmp_path)
    assert await process.wait() == 0
    assert (tmp_path / ".env").read_text() == "ENCRYPTION_KEYS=key-1,key-2\n"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


@INTO_POSTGRESQL
async def test_target_that_holds_something_is_left_as_it_is(
    app: RunningApp, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    await app.joins()
    await stops(app)
    target = Database(database_url)
    async with target.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T9", installed_at=clock.now()))
    ran = await moved(app, database_url, tmp_path)
    assert (ran.status, ran.err) == (
        2, "The database at --to holds an installation already (workspaces). It has to be empty.\n",
    )  # fmt: skip
    assert await rows(database_url, WORKSPACES, PEOPLE, EVENTS, WRITES) == [1, 0, 0, 0]
    assert await target.fetch(sa.select(sa.func.to_regclass("statusquo_move"))) == [(None,)]
    await target.close()
    assert "statusquo.db.moved" not in files(tmp_path)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("sqlite:///x.db", "--to: must be a postgresql URL such as postgresql+asyncpg://user@host/name"),
        ("nonsense", "--to: must be an SQLAlchemy URL such as postgresql+asyncpg://user@host/name"),
    ],
)
async def test_what_is_no_postgresql_is_refused(sqlite_url: str, tmp_path: Path, to: str, said: str) -> None:
    ran = await run("move", "--to", to, cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert (ran.status, ran.out, ran.err.strip()) == (2, "", said)


@pytest.mark.parametrize(("content", "said"), [(b"", "no such table"), (b"garbage " * 999, "file is not a database")])
async def test_file_that_is_no_database_of_ours_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    folder = tmp_path / "is #1, 100%?"
    folder.mkdir()
    (folder / "x.db").write_bytes(content)
    ran = await run("move", "--to", "postgresql://a@b/c", cwd=folder, DATABASE_URL="sqlite:///x.db")
    assert (ran.status, ran.err.count("\n"), said in ran.err) == (2, 1, True), ran.err


async def test_file_of_a_newer_version_is_not_sent_to_migrate(sqlite_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "statusquo.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    ran = await run("move", "--to", "postgresql://a@b/c", cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert (ran.status, NewerDatabaseError.sentence() in ran.err) == (1, True), ran.err


async def test_where_no_postgresql_answers_nothing_is_changed(sqlite_url: str, tmp_path: Path) -> None:
    before = files(tmp_path)
    ran = await run("move", "--to", "postgresql://nobody@127.0.0.1:1/x", cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert ran.status == 1
    assert ran.err.startswith("The database cannot be reached, or refuses us.")
    assert files(tmp_path) == before
