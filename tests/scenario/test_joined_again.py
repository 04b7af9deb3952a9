"""Whoever joins as somebody did before in these tests: all is as if they had joined in earnest."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.domain.model import NO_STATUS
from tests.support import joined
from tests.support.clocks import ManualClock
from tests.support.running_app import ANN, BEN, RunningApp, open_running_app


@pytest.fixture(autouse=True)
def nobody_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined, "_JOINED", {})


def seen(app: RunningApp, path: Path) -> dict[str, Any]:
    """All that came of it."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608  # ours
    del rows["lanes"]  # a process has budgets in memory once it has written
    slack = app.slack
    return {
        "rows": rows,
        "messages": list(slack.messages),
        "calls": slack.calls.all(),
        "tokens": dict(slack.tokens.by_value),
    }


async def begun(migrated: Path, path: Path, *, tz: str = "Europe/Berlin") -> tuple[dict[str, Any], str]:
    """Ann and Ben join, which shows in what is given first, and Ann goes out."""
    shutil.copy(migrated, path)
    async with open_running_app(ManualClock(), f"sqlite+aiosqlite:///{path}") as app:
        await app.joins(ANN, tz=tz, add="replies")
        await app.joins(BEN)
        found = seen(app, path)
        await app.types("/ooo", "until friday")
        return found, app.text()


async def test_the_same_is_there_and_goes_on_as_it_does(migrated_sqlite: Path, tmp_path: Path) -> None:
    in_earnest = await begun(migrated_sqlite, tmp_path / "first.db")
    assert len(joined._JOINED) == 2
    assert await begun(migrated_sqlite, tmp_path / "second.db") == in_earnest
    assert in_earnest[1] != NO_STATUS.text
    assert len(joined._JOINED) == 2


async def test_who_is_another_joins_in_earnest(migrated_sqlite: Path, tmp_path: Path) -> None:
    berlin, _ = await begun(migrated_sqlite, tmp_path / "first.db")
    tokyo, _ = await begun(migrated_sqlite, tmp_path / "second.db", tz="Asia/Tokyo")
    assert len(joined._JOINED) == 4
    assert tokyo["rows"]["people"] != berlin["rows"]["people"]


async def test_app_to_which_something_has_happened_is_another(migrated_sqlite: Path, tmp_path: Path) -> None:
    await begun(migrated_sqlite, tmp_path / "first.db")
    path = tmp_path / "second.db"
    shutil.copy(migrated_sqlite, path)
    async with open_running_app(ManualClock(), f"sqlite+aiosqlite:///{path}") as app:
        await app.joins(ANN, tz="Europe/Berlin", add="replies")
        await app.types("/ooo", "until friday")
        await app.joins(BEN)
        assert len(app.told(BEN)) == 1
        assert app.text() != ""
    assert len(joined._JOINED) == 2
