"""What is logged within a request says which request it is and, once that is known, whose."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import aiohttp
import pytest
import structlog
from aiohttp import web
from structlog.contextvars import bind_contextvars

from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.install_side import open_install_side
from tests.support.log_lines import logged
from tests.support.oauth_stub import OAuthStub, answer
from tests.support.routes import serving

log = structlog.get_logger("tests.request_ids")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    yield from logged("INFO")


async def test_each_request_has_an_id_and_nothing_of_the_one_before(lines: io.StringIO) -> None:
    async def looks(request: web.Request) -> web.Response:
        log.info("begun")
        bind_contextvars(team_id=request.query["team"])
        log.info("known")
        return web.Response()

    async with serving([web.get("/looks", looks)]) as served, aiohttp.ClientSession() as session:
        for team in ("T1", "T2"):  # over one connection
            assert (await session.get(f"{served.url}/looks", params={"team": team})).status == 200
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    said = [line for line in said if line["logger"] == "tests.request_ids"]
    assert [(line["event"], line.get("team_id")) for line in said] == [
        ("begun", None), ("known", "T1"), ("begun", None), ("known", "T2"),
    ]  # fmt: skip
    first, second = said[0]["request_id"], said[2]["request_id"]
    assert [line["request_id"] for line in said] == [first, first, second, second]
    assert first != second


async def test_line_about_what_slack_delivered_says_whose_it_is(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock, stub: OAuthStub, lines: io.StringIO
) -> None:
    database = Database(sqlite_url)
    async with open_install_side(database, encryptor, clock, stub) as found:
        await found.install(answer())

        async def listens(body: dict[str, object]) -> None:
            raise KeyError("Board: layoffs")

        found.bolt.event("link_shared")(listens)
        await found.event({"type": "link_shared", "user": "U1", "links": []})
    (line,) = (one for one in map(json.loads, lines.getvalue().splitlines()) if one["event"] == "request_failed")
    assert (line["team_id"], line["user_id"], line["error"]) == ("T1", "U1", "KeyError")
    assert len(line["request_id"]) == len(line["error_id"]) == 8
    await database.close()
