"""A disk that takes nothing more: who asks is told, `/readyz` and `doctor` say so, and it goes on by itself."""

from __future__ import annotations

import json
import re
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event

from services.domain.errors import StatusQuoError
from services.store import db
from services.usecases.doctor import Doctor
from tests.support.running_app import ANN, BEN, RunningApp


class Disk:
    """Where the app's database lies; `full` has whatever it would write refused."""

    def __init__(self, app: RunningApp) -> None:
        assert app.service is not None
        self.full = False
        event.listen(app.service.stores.database.engine.sync_engine, "checkout", self._checked_out)

    def _checked_out(self, connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA query_only = {self.full}")
        cursor.close()


async def ready(app: RunningApp) -> tuple[int, dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{app.port}/readyz") as answer:
        return answer.status, json.loads(await answer.text())


async def test_full_disk_is_told_to_everybody_as_it_concerns_them(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = running_app
    await app.joins()
    await app.joins(BEN)
    assert (await ready(app))[0] == 200
    disk = Disk(app)
    disk.full = True
    monkeypatch.setattr(db, "TRY_AGAIN", 0.0)
    for typed in ("Lunch for 45m", "pause"):
        answer = await app.slack.people.command(ANN, "/quo", typed)
        assert answer.status == 200
        text = str((answer.json() or {})["text"])
        assert re.fullmatch(re.escape(f"{StatusQuoError.sentence()} (Error ") + r"[0-9a-f]{8}\)", text)
    status, found = await ready(app)
    assert (status, found["status"], found["database"], found["disk"]) == (503, "not ready", "ok", "failing")
    assert app.service is not None
    finding = await Doctor._revision(None, app.service.stores.health)  # type: ignore[arg-type]  # it asks nobody else
    assert (finding.well, "can be read and not written (SQLITE_READONLY)" in finding.sentence) == (False, True)
    disk.full = False
    assert (await ready(app))[0] == 200
    await app.types("/quo", "Lunch for 45m")
    assert app.text() == "Lunch"
