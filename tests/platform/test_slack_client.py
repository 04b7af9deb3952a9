"""A call without the SDK fails in the same words as one through it; users.profile.* are sent as Slack takes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.domain.errors import (
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
)
from services.domain.model import Status
from services.slack.client import SlackClients
from services.slack.profile import SlackProfiles

TOKEN = "xoxp-secret"
METHOD = "users.profile.set"
PROFILE = {"status_text": "Tea &amp; cake", "status_emoji": ":tea:", "status_expiration": 1795510800}


@dataclass
class Answer:
    """What the server says."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    late: bool = False
    drops: bool = False


@dataclass
class Sent:
    """What the server was asked."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def slack(answer: Answer, asked: list[Sent] | None = None) -> AsyncIterator[SlackClients]:
    given_up = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        if asked is not None:
            asked.append(Sent(request.method, request.raw_path, dict(request.headers), await request.read()))
        if answer.late:
            await given_up.wait()
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.kind} | answer.headers)
        if not answer.drops:
            response.content_length = len(answer.body) if answer.length is None else answer.length
            await response.prepare(request)
            await response.write(answer.body)
        if answer.drops or answer.length is not None:
            assert request.transport is not None
            request.transport.abort()
        return response

    app = web.Application()
    app.router.add_route("*", "/api/{method}", handle)
    server = TestServer(app)
    await server.start_server()
    patience = 0.3 if answer.late else 60  # of real time
    clients = SlackClients(str(server.make_url("/api/")), seconds=patience)
    yield clients
    given_up.set()
    await clients.close()
    await server.close()


async def outcome(answer: Answer, *, plain: bool) -> tuple[Any, ...]:
    """What a call comes to: its answer, or its error with its facts."""
    async with slack(answer) as clients:
        try:
            return dict(await clients.call(TOKEN, METHOD, plain=plain, json={"profile": {}})), ""
        except SlackError as error:
            return type(error), error.reason, error.facts, repr(error)


def refused(code: object, **more: Any) -> Answer:
    return Answer(web.json_response({"ok": False, "error": code, **more}).body)  # type: ignore[arg-type]


PAGE = Answer(b"<html>Tea</html>", kind="text/html")
SAME: dict[str, tuple[Answer, tuple[Any, ...]]] = {
    "taken": (Answer(b'{"ok": true, "x": [1, "\xc3\xa4"]}'), ({"ok": True, "x": [1, "ä"]}, "")),
    "refused": (refused("too_long", field="status_text"), (SlackRefusedError, "too_long")),
    "grant lost": (refused("token_revoked"), (GrantLostError, "token_revoked")),
    "scope": (refused("missing_scope", needed="users.profile:write"), (ScopeMissingError, "missing_scope")),
    "word that is none": (refused(["too_long"]), (SlackUnavailableError, "http_200")),
    "no word": (Answer(b'{"ok": false}'), (SlackUnavailableError, "http_200")),
    "nothing in it": (Answer(b"{}"), (SlackUnavailableError, "http_200")),
    "transient": (refused("internal_error"), (SlackUnavailableError, "internal_error")),
    "limited in a 200": (refused("ratelimited"), (SlackRateLimitedError, "ratelimited", 0.0)),
    "429": (Answer(b'{"ok": false, "error": "ratelimited"}', 429, headers={"Retry-After": "7"}),
            (SlackRateLimitedError, "ratelimited", 7.0)),
    "429, lower case": (Answer(b"{}", 429, headers={"retry-after": "7"}), (SlackRateLimitedError, "ratelimited", 7.0)),
    "429 as a page": (Answer(PAGE.body, 429, PAGE.kind, {"Retry-After": "7"}),
                      (SlackRateLimitedError, "ratelimited", 7.0)),
    "429, nonsense": (Answer(b"{}", 429, headers={"Retry-After": "soon"}), (SlackRateLimitedError, "ratelimited", 0.0)),
    "429, not a number": (Answer(b"{}", 429, headers={"Retry-After": "nan"}),
                          (SlackRateLimitedError, "ratelimited", 0.0)),
    "429, absurd": (Answer(b"{}", 429, headers={"Retry-After": "1e9"}), (SlackRateLimitedError, "ratelimited", 900.0)),
    "500": (Answer(b'{"ok": false, "error": "fatal_error"}', 500), (SlackUnavailableError, "fatal_error")),
    "503 as a page": (Answer(PAGE.body, 503, PAGE.kind), (SlackUnavailableError, "http_503")),
    "500 as a text": (Answer(b"Tea", 500, "text/plain"), (SlackUnavailableError, "http_500")),
    "taken, but 500": (Answer(b'{"ok": true}', 500), (SlackUnavailableError, "http_500")),
    "taken, but 201": (Answer(b'{"ok": true}', 201), (SlackUnavailableError, "http_201")),
    "a page": (PAGE, (SlackUnavailableError, "http_200")),
    "a text": (Answer(b"ok", kind="text/plain"), (SlackUnavailableError, "http_200")),
    "nothing": (Answer(b""), (SlackUnavailableError, "http_200")),
    "a list": (Answer(b'["ok"]'), (SlackUnavailableError, "not_json")),
    "cut JSON": (Answer(b'{"ok": true, "pro'), (SlackUnavailableError, "http_200")),
    "cut off": (Answer(b'{"ok": true}', length=500), (SlackUnavailableError, "ClientPayloadError")),
    "hung up": (Answer(drops=True), (SlackUnavailableError, "ServerDisconnectedError")),
    "late": (Answer(b'{"ok": true}', late=True), (SlackUnavailableError, "TimeoutError")),
}  # fmt: skip
DIFFER = {"a text": "not_json", "nothing": "http_200"}
"""The reasons that the SDK's way gives where it is another."""


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "sdk"])
@pytest.mark.parametrize("name", SAME)
async def test_answer_means_the_same_with_and_without_the_sdk(name: str, *, plain: bool) -> None:
    answer, expected = SAME[name]
    kind, reason, *wait = expected
    found = await outcome(answer, plain=plain)
    if not plain:
        reason = DIFFER.get(name, reason)
    assert found[:2] == (kind, reason)
    if len(found) > 2:
        more = {"needed": "users.profile:write"} if name == "scope" else {"retry_after": wait[0]} if wait else {}
        assert found[2] == {"method": METHOD} | more
        assert TOKEN not in found[3]
        assert "Tea" not in found[3]


@pytest.mark.parametrize("answer", [
    Answer(b'{"ok": true, "x": "\xff"}'), Answer(b"[" * 200_000), Answer(b"null"), Answer(b"true"), Answer(b"1"),
])  # fmt: skip
async def test_answer_that_is_no_object_is_as_good_as_none(answer: Answer) -> None:
    found = await outcome(answer, plain=True)
    assert found[0] is SlackUnavailableError


async def test_nobody_listening_is_unavailable() -> None:
    clients = SlackClients("http://127.0.0.1:9/api/")
    with pytest.raises(SlackUnavailableError) as raised:
        await clients.call(TOKEN, METHOD, plain=True, json={})
    assert raised.value.reason == "ClientConnectorError"
    await clients.close()


async def test_profile_is_set_as_json_and_read_back_as_slack_made_it() -> None:
    asked: list[Sent] = []
    ends = datetime.fromtimestamp(1795510800, UTC)
    async with slack(
        Answer(b'{"ok": true, "profile": %s}' % json.dumps(PROFILE).encode(), headers={"Set-Cookie": "b=1"}), asked
    ) as clients:
        profiles = SlackProfiles(clients)
        assert await profiles.write(TOKEN, Status("Tea & cake", ":tea:", ends)) == Status("Tea & cake", ":tea:", ends)
        assert await profiles.read(TOKEN) == Status("Tea & cake", ":tea:", ends)
    written, read = asked
    assert (written.verb, written.path) == ("POST", "/api/users.profile.set")
    assert written.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(written.body) == {
        "profile": {"status_text": "Tea & cake", "status_emoji": ":tea:", "status_expiration": 1795510800}
    }
    assert (read.verb, read.path, read.body) == ("GET", "/api/users.profile.get", b"")
    for sent in asked:
        assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
        assert sent.headers["User-Agent"].startswith("Python/")
        assert "Cookie" not in sent.headers


@pytest.mark.parametrize("profile", [b"null", b"[]", b'"x"', b'{"status_text": 1}', b'{"status_expiration": "x"}'])
async def test_profile_that_makes_no_sense_is_not_taken_for_an_empty_one(profile: bytes) -> None:
    async with slack(Answer(b'{"ok": true, "profile": %s}' % profile)) as clients:
        with pytest.raises(SlackUnavailableError):
            await SlackProfiles(clients).read(TOKEN)


async def test_owner_of_a_token_is_asked() -> None:
    asked: list[Sent] = []
    async with slack(Answer(b'{"ok": true, "user_id": "U1"}'), asked) as clients:
        assert await SlackProfiles(clients).owner(TOKEN) == "U1"
    assert [(sent.verb, sent.path, sent.body) for sent in asked] == [("POST", "/api/auth.test", b"")]
