"""2,000 people with ordinary calendars are moved to PostgreSQL; killed in the middle, the same command goes on."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from bench import growing
from services.platform.crypto import Encryptor, new_key
from services.store.calendar_tables import EVENTS
from services.store.db import Database
from services.store.moved import MARK
from services.store.moving import TABLES
from tests.support import postgres
from tests.support.command_line import ROOT, environment_of, run_process
from tests.support.engine import until
from tests.support.needed import missing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PEOPLE = 2_000
INTO_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def counted(url: str) -> dict[str, int]:
    database = Database(url)
    found = {
        table.name: (await database.fetch(sa.select(sa.func.count()).select_from(table)))[0][0] for table in TABLES
    }
    await database.close()
    return found


async def position(database: Database) -> int:
    """The number of the table that is being copied; -1 where it has not begun, or has ended."""
    if await database.scalar(sa.select(sa.func.to_regclass(MARK))) is None:
        return -1
    return int(await database.scalar(sa.select(sa.literal_column("at_table")).select_from(sa.table(MARK))) or 0)


async def far_enough(target: Database, events: int, least: int) -> bool:
    """Whether more events than that are copied, and not yet all tables."""
    if await position(target) < events:
        return False
    return int((await target.fetch(sa.select(sa.func.count()).select_from(EVENTS)))[0][0]) > least


@INTO_POSTGRESQL
async def test_move_of_two_thousand_people_that_is_killed_ends_whole(
    database_url: str, sqlite_url: str, keys: list[str], tmp_path: Path
) -> None:
    source, began = Database(sqlite_url), time.monotonic()
    await growing.seed(source, Encryptor(keys), PEOPLE)
    await source.close()
    sys.stdout.write(
        f"seeded in {time.monotonic() - began:.0f} s: {(tmp_path / 'statusquo.db').stat().st_size / 2**20:.0f} MiB\n"
    )
    there = await counted(sqlite_url)
    assert there["people"] == PEOPLE
    assert there["events"] == PEOPLE * growing.MEETINGS
    settings = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": ",".join(keys)}
    target = Database(database_url)
    events = [table.name for table in TABLES].index("events")
    for kills in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "app.py"), "move", "--to", database_url, cwd=tmp_path,
            env=environment_of(settings),
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        least = kills * PEOPLE * growing.MEETINGS // 4
        ended = asyncio.create_task(process.communicate())

        async def is_time(ended: asyncio.Task[tuple[bytes, bytes]] = ended, least: int = least) -> bool:
            return ended.done() or await far_enough(target, events, least)

        await until(is_time, 120)
        assert not ended.done(), ended.result()
        process.kill()
        await ended
        copied = (await target.fetch(sa.select(sa.func.count()).select_from(EVENTS)))[0][0]
        sys.stdout.write(f"killed after {copied:,} of {there['events']:,} events\n")
        assert 0 < copied < there["events"]
    refused = await run_process("serve", cwd=tmp_path, **settings | {
        "DATABASE_URL": database_url, "SLACK_SIGNING_SECRET": "s", "SLACK_BOT_TOKEN": "x", "PORT": "0",
    })  # fmt: skip
    assert (refused.status, "a move into this database is not finished" in refused.err) == (1, True), refused.err
    began = time.monotonic()
    ran = await run_process("move", "--to", database_url, cwd=tmp_path, **settings)
    sys.stdout.write(f"the rest and the comparison in {time.monotonic() - began:.0f} s\n{ran.out}")
    assert ran.status == 0, ran.err
    assert await counted(database_url) == there
    assert await position(target) == -1
    sequences = sa.select(sa.func.count()).select_from(sa.table("sequences", schema="information_schema"))
    assert (await target.fetch(sequences))[0][0] == 0  # none to be set: every key is its row's own
    await target.close()
    opened = sqlite3.connect(tmp_path / "statusquo.db")  # it is as it was
    assert opened.execute("SELECT count(*) FROM events").fetchone() == (there["events"],)
    opened.close()


@INTO_POSTGRESQL
async def test_copy_that_differs_is_found_and_no_app_starts_with_it(
    database_url: str, sqlite_url: str, keys: list[str], tmp_path: Path
) -> None:
    source = Database(sqlite_url)
    await growing.seed(source, Encryptor(keys), 20)
    await source.close()
    target = Database(database_url)
    async with target.write() as connection:  # somebody changes what was copied before it is compared
        await connection.exec_driver_sql(
            "CREATE FUNCTION spoil() RETURNS trigger AS "
            "$$ BEGIN NEW.zone := 'Mars'; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        await connection.exec_driver_sql(
            "CREATE TRIGGER spoil BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    settings = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": ",".join(keys)}
    ran = await run_process("move", "--to", database_url, cwd=tmp_path, **settings)
    assert (ran.status, "people differs: 20 rows there, 20 here." in ran.err) == (1, True), ran.err
    assert await position(target) >= 0
    assert not (tmp_path / "statusquo.db.moved").exists()
    async with target.write() as connection:
        await connection.exec_driver_sql("DROP TRIGGER spoil ON people")
        await connection.exec_driver_sql("DROP FUNCTION spoil")
    ran = await run_process("move", "--to", database_url, cwd=tmp_path, **settings)
    assert ran.status == 0, ran.err
    await target.close()


async def test_commands_of_the_page_about_growing_do_what_it_says(sqlite_url: str, tmp_path: Path) -> None:
    """All of them, in an installation of its own, with a PostgreSQL of its own."""
    page = (ROOT / "docs" / "growing.md").read_text()
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    found = postgres.binaries()
    if found is None:
        missing("PostgreSQL", "the commands of the page were not run")
    var = tmp_path / "var"
    var.mkdir()
    (tmp_path / "statusquo.db").rename(var / "statusquo.db")
    key = new_key()
    (var / "encryption.keys").write_text(f"{key}\n")
    source = Database(f"sqlite+aiosqlite:///{var}/statusquo.db")
    await growing.seed(source, Encryptor([key]), 3)
    await source.close()
    with postgres.cluster(found) as server:
        commands = commands.replace("postgres@db.example.com", server.partition("://")[2].rstrip("/"))
        commands = commands.replace("-h db.example.com", f"-h 127.0.0.1 -p {make_url(server).port}")
        commands = commands.replace(".venv/bin/python app.py", f"{sys.executable} {ROOT / 'app.py'}")
        process = await asyncio.create_subprocess_exec(
            "bash", "-e", "-c", commands, cwd=tmp_path, stdout=PIPE, stderr=PIPE,
            env=environment_of({}) | {"PATH": f"{found}:{os.environ['PATH']}"},
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert out.decode().splitlines()[-1].startswith("The database is at step ")
        assert key not in out.decode() + err.decode()
        assert f"ENCRYPTION_KEYS={key}" in (tmp_path / ".env").read_text()
        assert (await counted(f"{server}statusquo"))["people"] == 3
