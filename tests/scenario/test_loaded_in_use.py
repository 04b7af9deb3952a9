"""A PostgreSQL database that the app is connected to is not taken for one that was loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.platform.crypto import new_key
from services.store import db
from services.store.db import Database
from tests.support.command_line import run

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.parametrize("named", ["", "?application_name=ours"])
async def test_restore_of_what_was_loaded_refuses_while_a_process_of_ours_is_connected(
    database_url: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_GONE_WITHIN", 0.3)
    settings = {"DATABASE_URL": database_url + named, "ENCRYPTION_KEYS": new_key()}
    running = Database(database_url + named)
    async with running.read():
        ran = await run("restore", "--loaded", cwd=tmp_path, **settings)
    assert (ran.status, ran.out) == (1, "")
    assert "Status Quo is connected to this database (connections: 1): stop the app first" in ran.err
    await running.close()
    elsewhere = Database(f"{database_url}?application_name=psql")
    async with elsewhere.read():
        ran = await run("restore", "--loaded", cwd=tmp_path, **settings)
    assert (ran.status, ran.err) == (0, "")
    await elsewhere.close()
