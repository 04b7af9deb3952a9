"""What the operator's addresses answer."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.install_side import open_install_side, profile
from tests.support.oauth_stub import OAuthStub, answer


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answered:
        return answered.status, await answered.text()


async def test_health_readiness_and_metrics(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock, stub: OAuthStub
) -> None:
    good = {"worker": True}

    async def worker() -> bool:
        return good["worker"]

    async def broken() -> bool:
        raise OSError("no route")

    database = Database(sqlite_url)
    checks: Any = {"worker": worker}
    async with open_install_side(database, encryptor, clock, stub, checks=checks) as found:
        assert await get(found.url + "/healthz") == (200, '{"status": "alive"}')
        assert await get(found.url + "/readyz") == (200, '{"status": "ready", "worker": "ok"}')
        good["worker"] = False
        assert await get(found.url + "/readyz") == (503, '{"status": "not ready", "worker": "failing"}')
        checks["database"] = broken
        good["worker"] = True
        status, text = await get(found.url + "/readyz")
        assert (status, json.loads(text)["database"]) == (503, "failing")
        await found.install(answer())
        await found.event({"type": "user_status_changed", "user": profile("U404")})
        status, text = await get(found.url + "/metrics")
        assert status == 200
        assert 'statusquo_deliveries_total{outcome="stranger",type="user_status_changed"} 1.0' in text
        assert 'statusquo_request_seconds_count{route="/slack/events",status="200"} 1.0' in text
        assert "U404" not in text
        assert "T1" not in text
    await database.close()
