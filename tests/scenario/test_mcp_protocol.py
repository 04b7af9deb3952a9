"""POST /mcp as programs speak it: both eras of the protocol, message by message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.agents.mcp import VERSION
from handlers.agents.operations import OPERATIONS
from services.domain.agents import May
from tests.support.mcp_wire import BOTH, Wire, new_headers, new_key, new_request, request
from tests.support.messages import ROOT
from tests.support.running_app import RunningApp

JSON = {"Content-Type": "application/json", "Accept": BOTH}
CALL = new_request("tools/call", name="get_status", arguments={})
SUPPORTED = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]


@pytest.fixture
async def wire(running_app: RunningApp) -> Wire:
    """Ann's agent, whose key may change things."""
    return Wire(running_app, await new_key(running_app, await running_app.joins()))


# ── the era of `initialize` ─────────────────────────────────────────────────────────────────────────


async def test_initialize_agrees_on_a_revision(wire: Wire) -> None:
    cases: list[tuple[str, str]] = [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
        ("", "2025-11-25"),
    ]
    for asked, agreed in cases:
        params = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        said = await wire.old(request("initialize", "first", **params), version="")
        assert (said.status, said.body["id"], said.result["protocolVersion"]) == (200, "first", agreed)
        assert said.result["capabilities"] == {"tools": {}}
        assert said.result["serverInfo"] == {"name": "status-quo", "title": "Status Quo", "version": VERSION}
        assert "mcp-session-id" not in said.headers
        assert said.headers["cache-control"] == "no-store"
        assert {"resultType", "ttlMs"}.isdisjoint(said.result)


def test_version_is_the_projects_own() -> None:
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text()


async def test_initialize_without_a_revision_is_refused_in_the_answer(wire: Wire) -> None:
    said = await wire.old(request("initialize", capabilities={}), version="")
    assert (said.status, said.code, said.body["id"]) == (200, -32602, 1)


async def test_initialize_counts_whatever_revision_a_header_names(wire: Wire) -> None:
    message = request("initialize", protocolVersion="2025-06-18", capabilities={})
    for version in SUPPORTED:
        said = await wire.old(message, version)
        assert (said.status, said.result["protocolVersion"]) == (200, "2025-06-18"), version
    assert (await wire.old(message, "1.0")).code == -32022


async def test_older_revision_that_a_request_names_itself_is_served_as_it_was(wire: Wire) -> None:
    for version in SUPPORTED[1:]:
        said = await wire.new(new_request("tools/list", version=version))
        assert (said.status, said.result.keys()) == (200, {"tools"}), version
        assert (await wire.new(new_request("no/such", version=version))).status == 200


async def test_ping_and_unknown_methods_are_answered_with_200(wire: Wire) -> None:
    assert (await wire.old(request("ping"))).body == {"jsonrpc": "2.0", "id": 1, "result": {}}
    for method in (
        "resources/list",
        "prompts/list",
        "server/discover",
        "logging/setLevel",
        "tools/Call",
        "",
        "x" * 999,
    ):
        said = await wire.old(request(method, 7))
        assert (said.status, said.code, said.body["id"]) == (200, -32601, 7), method


async def test_tools_are_listed_in_the_order_of_the_table(wire: Wire) -> None:
    cases: list[str] = ["", "2025-03-26", "2025-06-18", "2025-11-25"]
    for version in cases:
        said = await wire.old(request("tools/list"), version)
        assert [tool["name"] for tool in said.result["tools"]] == [operation.name for operation in OPERATIONS]
        assert said.result.keys() == {"tools"}
        for tool in said.result["tools"]:
            assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"
            assert tool["annotations"].keys() == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
            assert tool["_meta"] == {"slack": {"supportsBlockKit": True}}
        assert (await wire.old(request("tools/list"), version)).body == said.body
        assert (await wire.old(request("tools/list", cursor="next"), version)).code == -32602


async def test_tool_is_called_and_says_a_sentence_and_the_whole(wire: Wire) -> None:
    said = await wire.call("get_status")
    assert (said.status, said.text) == (200, "Nothing is shown at the moment.")
    assert json.loads(said.result["content"][1]["text"]) == said.result["structuredContent"]
    assert said.result["isError"] is False
    assert "_meta" not in said.result


async def test_call_of_no_tool_is_an_error_of_the_protocol(wire: Wire) -> None:
    cases: list[dict[str, Any]] = [
        {},
        {"name": 7},
        {"name": None},
        {"name": "no_such_tool"},
        {"name": "__class__"},
        {"name": "get_status", "arguments": []},
        {"name": "get_status", "arguments": "{}"},
    ]
    for params in cases:
        said = await wire.old(request("tools/call", **params))
        assert (said.status, said.code) == (200, -32602)


async def test_wrong_arguments_are_told_to_the_model(wire: Wire) -> None:
    said = await wire.call("get_status", whose="U0BEN00001")
    assert (said.status, said.result["isError"]) == (200, True)
    assert said.text == "The arguments are not those that this operation takes."
    assert "whose" in said.result["content"][1]["text"]
    assert "structuredContent" not in said.result


async def test_methods_of_slacks_fail_by_slacks_own_names(wire: Wire) -> None:
    said = await wire.call("usersProfileSet", profile={"status_text": "x" * 101})
    assert (said.status, said.result["isError"]) == (200, True)
    assert [one["text"] for one in said.result["content"]] == [
        "Slack allows 100 characters in a status. Shorten the text.", "too_long",
    ]  # fmt: skip


async def test_notifications_are_accepted_and_do_nothing(wire: Wire) -> None:
    cases0: list[str] = ["", "2025-11-25", "2026-07-28"]
    cases1: list[str] = ["notifications/initialized", "notifications/cancelled", "tools/call", "no/such/thing"]
    for version in cases0:
        for method in cases1:
            message = {"jsonrpc": "2.0", "method": method, "params": {"name": "get_status"}}
            said = await wire.old(message, version)
            assert (said.status, said.body) == (202, None)
            answer = {"jsonrpc": "2.0", "id": 1, "result": {}}  # to a question that nobody asked
            assert (await wire.old(answer, version)).status == 202


async def test_batch_is_answered_where_the_revision_knows_it(wire: Wire) -> None:
    call = request("tools/call", 3, name="get_status", arguments={})
    parts = [
        request("ping", "a"),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call,
        request("no", 4),
        17,
        request("initialize", 5, protocolVersion="2025-03-26"),
        new_request("tools/list", 6),
    ]
    for version in ("", "2025-03-26"):
        said = await wire.old(parts, version)
        assert said.status == 200
        assert [one["id"] for one in said.body] == ["a", 3, 4, None, 5, 6]
        assert [one.get("error", {}).get("code") for one in said.body] == [None, None, -32601, -32600, -32600, -32020]
        assert said.body[1]["result"]["isError"] is False
    assert (await wire.old([parts[1], parts[1]], "")).status == 202


async def test_batch_is_refused_where_the_revision_does_not_know_it(wire: Wire) -> None:
    cases: list[str] = ["2025-06-18", "2025-11-25", "2026-07-28"]
    for version in cases:
        said = await wire.old([request("ping")], version)
        assert (said.status, said.code, said.body["id"]) == (400, -32600, None)


async def test_batch_of_none_or_too_many_is_refused(wire: Wire) -> None:
    cases: list[int] = [0, 21]
    for count in cases:
        said = await wire.old([request("ping")] * count, "")
        assert (said.status, said.code) == (400, -32600)


# ── 2026-07-28 ──────────────────────────────────────────────────────────────────────────────────────


async def test_server_is_discovered(wire: Wire) -> None:
    said = await wire.new(new_request("server/discover", "d"))
    assert said.status == 200
    stamp = {"io.modelcontextprotocol/serverInfo": {"name": "status-quo", "title": "Status Quo", "version": VERSION}}
    assert said.result.pop("instructions").startswith("Reads and sets the Slack status")
    assert said.body == {
        "jsonrpc": "2.0",
        "id": "d",
        "result": {
            "resultType": "complete", "supportedVersions": SUPPORTED, "capabilities": {"tools": {}}, "ttlMs": 300_000,
            "cacheScope": "public", "_meta": stamp,
        },
    }  # fmt: skip


async def test_stateless_requests_need_nothing_before_them(wire: Wire) -> None:
    listed = await wire.new(new_request("tools/list"))
    assert (listed.result["resultType"], listed.result["ttlMs"], listed.result["cacheScope"]) == (
        "complete", 300_000, "public",
    )  # fmt: skip
    assert listed.result["tools"] == (await wire.old(request("tools/list"))).result["tools"]
    called = await wire.new(new_request("tools/call", name="get_status", arguments={}))
    assert (called.status, called.result["resultType"], called.text) == (
        200, "complete", "Nothing is shown at the moment.",
    )  # fmt: skip
    assert called.result["_meta"].keys() == {"io.modelcontextprotocol/serverInfo"}
    assert "ttlMs" not in called.result


async def test_unknown_method_is_404_since_2026(wire: Wire) -> None:
    cases: list[str] = ["ping", "initialize", "subscriptions/listen", "resources/read", "tools/Call"]
    for method in cases:
        said = await wire.new(new_request(method, 9))
        assert (said.status, said.code, said.body["id"]) == (404, -32601, 9)


async def test_bad_parameters_are_400_since_2026(wire: Wire) -> None:
    cases: list[dict[str, Any]] = [{}, {"name": "no_such_tool"}, {"name": "get_status", "arguments": 1}]
    for params in cases:
        said = await wire.new(new_request("tools/call", **params))
        assert (said.status, said.code) == (400, -32602)


async def test_headers_that_differ_from_the_body_are_refused(wire: Wire) -> None:
    cases: list[dict[str, str]] = [
        {"MCP-Protocol-Version": ""},
        {"MCP-Protocol-Version": "2025-11-25"},
        {"Mcp-Method": ""},
        {"Mcp-Method": "tools/list"},
        {"Mcp-Method": "Tools/Call"},
        {"Mcp-Name": ""},
        {"Mcp-Name": "set_status"},
        {"Mcp-Name": "GET_STATUS"},
        {"Mcp-Name": "=?base64?Z2V0X3N0YXR1cw?="},
        {"Mcp-Name": "=?base64?*?="},
        {"Mcp-Name": "=?base64?c2V0X3N0YXR1cw==?="},
        {"Mcp-Name": "=?base64?/w==?="},
    ]
    for more in cases:
        said = await wire.new(CALL, **more)
        assert (said.status, said.code, said.body["id"]) == (400, -32020, 1)


async def test_name_in_base64_is_the_same_name(wire: Wire) -> None:
    assert (await wire.new(CALL, **{"Mcp-Name": "=?base64?Z2V0X3N0YXR1cw==?="})).status == 200


async def test_header_that_is_there_twice_is_refused(wire: Wire) -> None:
    cases: list[str] = ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"]
    for name in cases:
        headers = [*new_headers(CALL).items(), (name, new_headers(CALL)[name])]
        said = await wire.send(json.dumps(CALL).encode(), headers)
        assert (said.status, said.code) == (400, -32020)


async def test_unknown_revision_is_told_which_there_are(wire: Wire) -> None:
    cases: list[str] = ["2027-01-01", "2024-11-05", "draft", "x" * 500]
    for version in cases:
        stateless = await wire.new(new_request("tools/list", version=version))
        older = await wire.old(request("tools/list"), version)
        for said in (stateless, older):
            assert (said.status, said.code) == (400, -32022)
            assert said.body["error"]["data"] == {"supported": SUPPORTED, "requested": version[:64]}


async def test_request_says_what_its_client_can_do(wire: Wire) -> None:
    version, capabilities = CALL["params"]["_meta"]
    for meta in (
        {version: "2026-07-28"},
        {version: "2026-07-28", capabilities: []},
        {capabilities: {}},
        {},
        {version: 1},
    ):
        said = await wire.new(request("tools/list", _meta=meta), **{"MCP-Protocol-Version": "2026-07-28"})
        assert (said.status, said.code) == (400, -32602), meta


# ── what both have ──────────────────────────────────────────────────────────────────────────────────


async def test_nothing_but_post_is_taken(wire: Wire) -> None:
    cases: list[str] = ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"]
    for method in cases:
        said = await wire.send(b"", {"Accept": "text/event-stream"}, method=method)
        assert (said.status, said.headers["allow"]) == (405, "POST")


async def test_page_of_another_site_is_let_in_nowhere(wire: Wire) -> None:
    cases: list[tuple[str, int]] = [
        ("", 200),
        ("SELF", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1:PORT", 403),
        ("http://localhost:PORT", 403),
        ("http://127.0.0.1:PORT.evil.example", 403),
        ("http://[::1", 403),
        ("http://127.0.0.1:99999999", 403),
        ("file://", 403),
    ]
    for origin, status in cases:
        said_origin = origin.replace("SELF", wire.running_app.url).replace("PORT", str(wire.running_app.port))
        said = await wire.old(request("ping"), **({"Origin": said_origin} if origin else {}))
        assert said.status == status
        if status == 403:
            assert (said.code, said.body["id"]) == (403, None)


async def test_body_is_said_to_be_json(wire: Wire) -> None:
    cases: list[tuple[str, int]] = [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("text/plain", 415),
        ("application/json-rpc", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ]
    for kind, status in cases:
        headers = {"Accept": BOTH} | ({"Content-Type": kind} if kind else {})
        assert (await wire.send(json.dumps(request("ping")).encode(), headers)).status == status


async def test_json_has_to_be_accepted(wire: Wire) -> None:
    cases: list[tuple[str | None, int]] = [
        ("application/json", 200),
        ("application/json, text/event-stream", 200),
        ("*/*", 200),
        ("application/*;q=0.5", 200),
        (None, 200),
        ("text/event-stream, Application/JSON;q=0.9", 200),
        ("text/event-stream", 406),
        ("text/html", 406),
        ("application/json;q=0, text/event-stream", 406),
        ("application/json; q=0.0", 406),
        ("", 406),
    ]
    for accept, status in cases:
        headers = {"Content-Type": "application/json"} | ({} if accept is None else {"Accept": accept})
        assert (await wire.send(json.dumps(request("ping")).encode(), headers)).status == status


async def test_what_is_no_message_is_refused(wire: Wire) -> None:
    cases: list[tuple[bytes, int, int]] = [
        (b"", 400, -32700),
        (b"{", 400, -32700),
        (b"\xff", 400, -32700),
        (b'{"jsonrpc":"2.0","jsonrpc":"2.0"}', 400, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', 400, -32700),
        (b"[" * 5000, 400, -32700),
        (b"17", 400, -32600),
        (b"null", 400, -32600),
        (b'{"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600),
    ]
    for body, status, code in cases:
        said = await wire.send(body, JSON)
        assert (said.status, said.code, said.body["id"]) == (status, code, None)


async def test_body_has_a_limit(wire: Wire) -> None:
    message = json.dumps(request("ping", padding="x" * (1024 * 1024))).encode()
    assert (await wire.send(message, JSON)).status == 413
    assert (await wire.send(json.dumps(request("ping", padding="x" * 1_000_000)).encode(), JSON)).status == 200


async def test_nobody_is_told_of_oauth(wire: Wire) -> None:
    said = await Wire(wire.running_app).old(request("ping"))
    assert (said.status, said.code, said.headers["www-authenticate"]) == (401, 401, "Bearer")
    assert said.body["error"]["data"] == {"error": "invalid_auth"}
    for path in ("oauth-protected-resource", "oauth-protected-resource/mcp", "oauth-authorization-server",
                 "openid-configuration"):  # fmt: skip
        found = await Wire(wire.running_app, path=f"/.well-known/{path}").send(b"", method="GET")
        assert found.status == 404


async def test_key_that_only_reads_lists_everything(running_app: RunningApp) -> None:
    wire = Wire(running_app, await new_key(running_app, await running_app.joins(), may=May.READ))
    assert len((await wire.old(request("tools/list"))).result["tools"]) == len(OPERATIONS)
    assert (await wire.call("get_status")).result["isError"] is False
