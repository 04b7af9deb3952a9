"""From bytes to messages of JSON-RPC: what is taken, and what is refused with which code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.agents import jsonrpc
from handlers.agents.jsonrpc import DEEPEST, ProtocolError, RpcMessage, message_of, read


def nested(depth: int) -> bytes:
    """A message with lists and objects within each other, itself the outermost."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{}x", b"'{}'", b"\xff{}", b'{"a": "\xc3"}', '{"jsonrpc": "2.0"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": 01}',
        b'{"a": 1, "a": 2}', b'{"id": 1, "params": {"name": "x", "name": "y"}}', b'{"a": "\\ud800"}',
        b'{"\\udc00": 1}', b'{"a": "\\u0000"}', b'{"\\u0000": 1}', b'{"a": "\\\\\\u0000"}', b'{"a": "\n"}',
        b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000, nested(DEEPEST + 1), nested(900),
    ],
)  # fmt: skip
def test_body_that_is_not_one_thing_to_all_readers_is_not_read(body: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        read(body)
    assert (refused.value.code, refused.value.http_status) == (-32700, 400)


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (b"{}", {}), (b" [1, 2.5, true, null] ", [1, 2.5, True, None]), (b'"x"', "x"), (b"7", 7),
        ('{"a": "Müller 🍕"}'.encode(), {"a": "Müller 🍕"}), (b'{"a": "\\ud83c\\udf55"}', {"a": "🍕"}),
        (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}), (b'{"a": 1, "b": {"a": 1}}', {"a": 1, "b": {"a": 1}}),
    ],
)  # fmt: skip
def test_body_is_read_as_it_is(body: bytes, whole: object) -> None:
    assert read(body) == whole


@pytest.mark.parametrize("part", [b"[],", b"{},", b"1,", b"[[[[[[[[]]]]]]]],", b'"",'])
def test_body_of_a_mebibyte_of_small_parts_is_not_even_parsed(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(ProtocolError, match="too many parts"):
        read(b"[" + part * ((1 << 20) // len(part)) + b"0]")


def test_body_may_be_as_deep_as_the_limit() -> None:
    assert json.dumps(read(nested(DEEPEST))).count("[") == DEEPEST - 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"jsonrpc": "1.0"}, -32600), ({"jsonrpc": 2.0}, -32600), ({"jsonrpc": None}, -32600),
        ({"id": None}, -32600), ({"id": True}, -32600), ({"id": 1.5}, -32600), ({"id": 1.0}, -32600),
        ({"id": []}, -32600), ({"id": {}}, -32600), ({"id": "x" * 257}, -32600), ({"id": 1 << 63}, -32600),
        ({"method": None}, -32600), ({"method": 1}, -32600), ({"method": ["ping"]}, -32600),
        ({"params": "x"}, -32600), ({"params": None}, -32600), ({"params": 1}, -32600), ({"params": []}, -32602),
        ({"params": {"_meta": []}}, -32602), ({"params": {"_meta": None}}, -32602),
    ],
)  # fmt: skip
def test_message_that_breaks_the_rules_is_refused(more: dict[str, Any], code: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        message_of({"jsonrpc": "2.0", "id": 1, "method": "ping"} | more)
    assert refused.value.code == code


@pytest.mark.parametrize("said", [None, 1, "x", True, {}, {"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 1}])
def test_what_is_no_message_is_refused(said: object) -> None:
    with pytest.raises(ProtocolError) as refused:
        message_of(said)
    assert refused.value.code == jsonrpc.INVALID


@pytest.mark.parametrize("number", [0, -1, 7, (1 << 63) - 1, "", "a", "x" * 256])
def test_message_has_its_id_again(number: int | str) -> None:
    said = {"jsonrpc": "2.0", "id": number, "method": "ping", "more": 1}
    assert message_of(said) == RpcMessage("ping", {}, {}, number)
    assert jsonrpc.id_of(said) == number


def test_notification_has_no_id_and_answers_are_none_of_ours() -> None:
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized", "params": {"_meta": {"a": 1}}}
    assert message_of(notification) == RpcMessage("notifications/initialized", {"_meta": {"a": 1}}, {"a": 1}, None)
    for answer in ({"result": {}}, {"error": {"code": 1, "message": ""}}):
        assert message_of({"jsonrpc": "2.0", "id": 1, **answer}) is None
    with pytest.raises(ProtocolError):
        message_of({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}})
