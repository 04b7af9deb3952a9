"""What comes in over HTTP: signed, forged, malformed, too large."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict

from tests.support.install_side import FORM, InstallSide

# ── signatures ──────────────────────────────────────────────────────────────────────────────────────


PING = json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"}).encode()


async def test_signed_request_is_taken(installed: InstallSide) -> None:
    assert await installed.post(PING) == (200, '{"challenge": "abc"}')


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_signature_within_five_minutes_is_taken(installed: InstallSide, seconds: int) -> None:
    at = installed.clock.now().timestamp() + seconds
    assert (await installed.post(PING, headers=installed.signed(PING, at=at)))[0] == 200


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
async def test_signature_further_away_is_refused(installed: InstallSide, seconds: int) -> None:
    at = installed.clock.now().timestamp() + seconds
    assert (await installed.post(PING, headers=installed.signed(PING, at=at)))[0] == 401


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


FORGERIES: list[Any] = [
    lambda headers: {},
    lambda headers: _without(headers, STAMP),
    lambda headers: _without(headers, SIGNATURE),
    lambda headers: {**headers, SIGNATURE: "v0=" + "0" * 64},
    lambda headers: {**headers, SIGNATURE: headers[SIGNATURE].removeprefix("v0=")},
    lambda headers: {**headers, SIGNATURE: headers[SIGNATURE].upper()},
    lambda headers: {**headers, SIGNATURE: ""},
    lambda headers: {**headers, SIGNATURE: "v0=é"},
    lambda headers: {**headers, STAMP: ""},
    lambda headers: {**headers, STAMP: "now"},
    lambda headers: {**headers, STAMP: "-1"},
    lambda headers: {**headers, STAMP: "1e9"},
    lambda headers: {**headers, STAMP: "١٢٣"},
    lambda headers: {**headers, STAMP: "9" * 5000},
    lambda headers: {**headers, STAMP: str(int(headers[STAMP]) + 1)},
]


async def test_forged_request_is_refused_before_it_is_parsed(installed: InstallSide, subtests: pytest.Subtests) -> None:
    body = b"{this is no JSON"
    for number, forge in enumerate(FORGERIES):
        with subtests.test(number=number):
            status, text = await installed.post(body, headers=forge(installed.signed(body)))
            assert (status, json.loads(text)["error"]) == (401, "The signature of that request is missing or wrong.")


async def test_signature_of_another_body_or_secret_is_refused(installed: InstallSide) -> None:
    assert (await installed.post(PING, headers=installed.signed(PING + b" ")))[0] == 401
    assert (await installed.post(PING, headers=installed.signed(PING, secret="guess")))[0] == 401


@pytest.mark.parametrize("name", [STAMP, SIGNATURE])
async def test_header_that_is_there_twice_is_refused(installed: InstallSide, name: str) -> None:
    headers = CIMultiDict({"Content-Type": "application/json", **installed.signed(PING)})
    headers.add(name, headers[name])
    async with (
        aiohttp.ClientSession() as session,
        session.post(installed.url + "/slack/events", data=PING, headers=headers) as answered,
    ):
        assert answered.status == 401


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────


CANNOT_BE_READ = "That request cannot be read."


NONSENSE = [
    ("application/json", b""),
    ("application/json", b"{"),
    ("application/json", b"[]"),
    ("application/json", b"null"),
    ("application/json", b'"secret-value"'),
    ("application/json", b'{"type": NaN}'),
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"type":"event_callback","event":{"type":"x"},"n":' + b"9" * 5000 + b"}"),
    ("application/json", b'{"type": "\xff"}'),
    ("application/json", b"{}"),
    ("application/json", b'{"type": "unheard_of"}'),
    ("application/json", b'{"type": 5}'),
    ("application/json", b'{"type": "url_verification"}'),
    ("application/json", b'{"type": "event_callback"}'),
    ("application/json", b'{"type": "event_callback", "event": []}'),
    ("application/json", b'{"type": "event_callback", "event": {}}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x", "user": 7}}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": [1]}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": null}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": {"a": 1}}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "team_id": ["T1"]}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "team_id": "T\\u00001"}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x", "text": "\\u0000"}}'),
    ("application/json", b'{"type": "event_callback", "event": {"type": "x", "text": "\\ud800"}}'),
    ("application/json", b'{"type": "block_actions", "user": {"id": "U1"}, "actions": [{}]}'),
    ("application/json", b'{"type": "block_actions", "user": {"id": {}}, "actions": [{"action_id": "x"}]}'),
    ("application/json", b'{"type": "view_submission", "user": {"id": "U1"}, "view": {}}'),
    ("application/json", b'{"type": "view_submission", "user": {"id": "U1"}, "view": {"type": "modal"}}'),
    ("application/json", b'{"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "x"}}'),
    (FORM, b""),
    (FORM, b"nonsense"),
    (FORM, b"payload="),
    (FORM, b"payload=x"),
    (FORM, b"payload=%7B"),
    (FORM, b"payload=[]"),
    (FORM, b"payload={}&payload={}"),
    (FORM, b"command=/quo"),
    (FORM, b"command=/quo&team_id=T1"),
    (FORM, b"command=/quo&team_id=T1&user_id=U1&text=%FF"),
    (FORM, b"command=/quo&team_id=T1&user_id=U1&text=%00"),
    (FORM, b"command=/quo&team_id=T1&user_id=%27;--"),
    (FORM, b"&".join(b"a%d=1" % number for number in range(200))),
    ("text/plain", PING),
    ("multipart/form-data", PING),
    ("application/xml", b"<x/>"),
]


async def test_signed_nonsense_is_refused_in_one_sentence(installed: InstallSide, subtests: pytest.Subtests) -> None:
    for number, (content_type, body) in enumerate(NONSENSE):
        with subtests.test(number=number, body=body[:80]):
            status, text = await installed.post(body, content_type)
            assert (status, json.loads(text)["error"]) == (400, CANNOT_BE_READ)
            assert sorted(json.loads(text)) == ["error", "error_id"]


async def test_body_over_one_mebibyte_is_refused(installed: InstallSide) -> None:
    body = b'{"x":"' + b"a" * (1024 * 1024) + b'"}'
    status, text = await installed.post(body)
    assert (status, json.loads(text)["error"]) == (413, "That request is too large.")


async def test_body_over_the_limit_without_a_length_is_refused(installed: InstallSide) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"a" * 65536

    async with (
        aiohttp.ClientSession() as session,
        session.post(installed.url + "/slack/events", data=pieces()) as answered,
    ):
        assert (answered.status, (await answered.json())["error"]) == (413, "That request is too large.")


async def test_body_just_within_the_limit_is_read(installed: InstallSide) -> None:
    start = b'{"type":"url_verification","challenge":"abc","x":"'
    body = start + b"a" * (1024 * 1024 - len(start) - 2) + b'"}'
    assert len(body) == 1024 * 1024
    assert (await installed.post(body))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/", 404, "There is nothing at this address."),
        ("GET", "/../../etc/passwd", 404, "There is nothing at this address."),
        ("POST", "/slack/eventz", 404, "There is nothing at this address."),
        ("POST", "/slack/events/", 404, "There is nothing at this address."),
        ("GET", "/slack/events", 405, "This address does not take that kind of request."),
        ("PUT", "/slack/events", 405, "This address does not take that kind of request."),
        ("POST", "/slack/install", 405, "This address does not take that kind of request."),
        ("POST", "/healthz", 405, "This address does not take that kind of request."),
    ],
)
async def test_wrong_path_or_method_is_refused_in_one_sentence(
    installed: InstallSide, method: str, path: str, status: int, sentence: str
) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, installed.url + path) as answered:
        assert answered.status == status
        assert sentence in await answered.text()


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nAuthorization xoxb-secret\r\n\r\n",
        b"GET /slack/install?link=T1.secret\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /secret" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: -secret\r\n\r\n",
        b"\x16\x03\x01secret\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_without_being_repeated(
    installed: InstallSide, raw: bytes, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(installed.url.rpartition(":")[2]))
    writer.write(raw)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.split(b" ")[1] == b"400"
    assert json.loads(body)["error"] == CANNOT_BE_READ
    logged = capsys.readouterr().out + caplog.text
    assert "request_broken" in logged
    assert "secret" not in logged


async def test_request_that_nobody_knows_is_refused_and_not_logged(
    installed: InstallSide, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    status, text = await installed.command("my secret plan", command="/other")
    assert (status, json.loads(text)["error"]) == (404, "I do not know what that request is about.")
    assert "secret plan" not in capsys.readouterr().out + caplog.text


async def test_failure_is_logged_with_the_id_that_is_shown_and_nothing_else_is_said(
    installed: InstallSide, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_arguments: object) -> None:
        raise RuntimeError("xoxb-secret in a message")

    monkeypatch.setattr(installed.intake, "take", fails)
    status, text = await installed.post(PING)
    said = json.loads(text)
    assert (status, said["error"]) == (500, "Something went wrong on our side. Please try again in a minute.")
    assert said["error_id"] in capsys.readouterr().out
    assert "xoxb" not in text
