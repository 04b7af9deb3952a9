"""Every command of docs/upgrade.md, run as it stands there: on SQLite, and with pg_dump on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor, new_key
from services.store.stores import Stores
from tests.support import postgres
from tests.support.command_line import ROOT, environment_of

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "upgrade.md"
ROOM = (
    "team_id, name, org_wide, app_id, bot_id, bot_user_id, bot_token, bot_scopes, installed_at, allow_titles,"
    " refresh_seq"
)
TOKEN = "xoxb-kept"


def blocks(kind: str) -> list[str]:
    """The page's blocks of commands: "sh", or "sh postgresql"."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def runs(script: str, folder: Path, **settings: str) -> str:
    """Run a block in an installation; what it printed."""
    ran = subprocess.run(
        ["/bin/sh", "-euc", script], cwd=folder, env=environment_of(settings), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, (script, ran.stdout, ran.stderr)
    return ran.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the program is, with nothing of an installation in it yet."""
    for path in ROOT.iterdir():
        if path.name in {"app.py", "services", "handlers", "migrations", "manifest.yml", "emulators", "demo"}:
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    (tmp_path / "passphrase.txt").write_text("correct horse battery\n")
    return tmp_path


@pytest.fixture
def empty(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database, made anew by `renewed`."""
    renewed(postgres_server)
    yield postgres_server + NAME
    asyncio.run(_admin(postgres_server, f"DROP DATABASE {NAME} WITH (FORCE)"))


NAME = f"page_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def renewed(server: str) -> None:
    asyncio.run(_admin(server, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
    asyncio.run(_admin(server, f"CREATE DATABASE {NAME}"))


async def _admin(server: str, statement: str) -> None:
    admin = await asyncpg.connect(server.replace("postgresql+asyncpg", "postgresql") + "postgres")
    await admin.execute(statement)
    await admin.close()


def test_drill_on_sqlite_as_the_page_has_it(folder: Path) -> None:
    runs(".venv/bin/python app.py migrate", folder)
    runs(".venv/bin/python app.py rotate-keys", folder)
    key = (folder / "var" / "encryption.keys").read_text().split()[0]
    token = Encryptor([key]).seal(TOKEN, "workspaces.bot_token", "T1")
    with closing(sqlite3.connect(folder / "var" / "statusquo.db")) as database, database:
        values = "'T1', 'Ours', 0, '', '', '', ?, '', 0, 1, 0"
        database.execute(f"INSERT INTO workspaces ({ROOM}) VALUES ({values})", (token,))  # noqa: S608  # its own columns
    backed_up, sealed, lost, restored = blocks("sh")
    assert "Backed up" in runs(backed_up, folder)
    assert "Backed up" in runs(sealed, folder)
    runs(lost, folder)
    assert not (folder / "var").exists()
    *first, doctor = restored.strip().splitlines()
    assert "Restored the backup of" in runs("\n".join(first), folder)
    assert doctor == ".venv/bin/python app.py doctor"
    checked = subprocess.run(
        ["/bin/sh", "-c", doctor], cwd=folder, capture_output=True, text=True, check=False,
        env=environment_of({"SLACK_API_URL": "http://127.0.0.1:1/"}),
    )  # fmt: skip
    assert "ok    database: up to date" in checked.stdout, checked.stdout
    assert "ok    keys: open what is stored" in checked.stdout
    with closing(sqlite3.connect(folder / "var" / "statusquo.db")) as database:
        (found,) = database.execute("SELECT bot_token FROM workspaces").fetchone()
    assert Encryptor([key]).open(found, "workspaces.bot_token", "T1") == TOKEN


def test_drill_on_postgresql_as_the_page_has_it(folder: Path, empty: str, postgres_server: str) -> None:
    binaries = postgres.binaries()
    assert binaries is not None
    key = new_key()
    plain = empty.replace("postgresql+asyncpg", "postgresql")
    settings = {
        "DATABASE_URL": empty, "ENCRYPTION_KEYS": key, "PGURL": plain, "PATH": f"{binaries}:{os.environ['PATH']}"
    }  # fmt: skip
    runs(".venv/bin/python app.py migrate", folder, **settings)

    async def put() -> None:
        connection = await asyncpg.connect(plain)
        token = Encryptor([key]).seal(TOKEN, "workspaces.bot_token", "T1")
        values = "'T1', 'Ours', false, '', '', '', $1, '', 0, true, 0"
        await connection.execute(f"INSERT INTO workspaces ({ROOM}) VALUES ({values})", bytes(token))  # noqa: S608  # as above
        await connection.close()

    async def kept() -> str | None:
        async with Stores.at(empty, [key], SystemClock()) as stores:
            return await stores.workspaces.bot_token("T1")

    asyncio.run(put())
    dump, restored = blocks("sh postgresql")
    (folder / "backups").mkdir()
    runs(dump, folder, **settings)
    renewed(postgres_server)
    assert "0 keys of agents were revoked" in runs(restored, folder, **settings)
    assert asyncio.run(kept()) == TOKEN
