"""What is logged within a request says which request it is and, once that is known, whose."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import aiohttp
import pytest
import structlog
from aiohttp import web
from sqlalchemy.exc import OperationalError
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


async def test_file_that_another_process_holds_is_one_line_with_the_reason(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock, stub: OAuthStub, lines: io.StringIO
) -> None:
    database = Database(sqlite_url)
    async with open_install_side(database, encryptor, clock, stub) as found:
        await found.install(answer())

        async def listens(body: dict[str, object]) -> None:
            path = sqlite_url.removeprefix("sqlite+aiosqlite:///")
            with closing(sqlite3.connect(path)) as other, closing(sqlite3.connect(path, timeout=0)) as ours:
                other.execute("BEGIN IMMEDIATE")
                try:
                    ours.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    raise OperationalError("UPDATE", {"text": "Board"}, error) from error

        found.bolt.event("link_shared")(listens)
        await found.event({"type": "link_shared", "user": "U1", "links": []})
    (line,) = (one for one in map(json.loads, lines.getvalue().splitlines()) if one["event"] == "request_refused")
    assert (line["level"], line["error"]) == ("warning", "OperationalError")
    assert line["reason"].startswith("SQLite says: database is locked; another process has the file to itself")
    assert "Board" not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()
    await database.close()
