"""docs/agents.md says what is so: its commands and requests run, its tables are the program's."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from handlers.agents.failures import error_code
from handlers.agents.operations import API, OPERATIONS, Operation
from handlers.agents.revisions import SUPPORTED
from handlers.errors import status_of
from services.domain.agents import MOST_CALLS, MOST_KEYS
from services.domain.errors import StatusQuoError
from tests.support.agent_calls import key_of
from tests.support.needed import missing
from tests.support.ocp_client import OcpAgent
from tests.support.running_app import RunningApp, at

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "agents.md").read_text()
ADDRESS = "https://status.example.com"
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, body) for kind, body in _FENCED.findall(TEXT) if kind in {"sh", "json", "python"}]


def commands(program: str) -> list[str]:
    """What of that program stands in the page's blocks of commands."""
    return [body for kind, body in BLOCKS if kind == "sh" and body.startswith(f"{program} ")]


def snippet(*keys: str) -> dict[str, Any]:
    """The page's JSON that has these keys and no others."""
    (found,) = (whole for kind, body in BLOCKS if kind == "json" if set(whole := json.loads(body)) == set(keys))
    assert isinstance(found, dict)
    return found


# ── what is written down ────────────────────────────────────────────────────────────────────────────


def rows() -> list[str]:
    """The table of operations, as it has to stand in the page."""
    head = ["| name | what it does | arguments | hints |", "|---|---|---|---|"]
    return [*head, *map(_row, OPERATIONS)]


def _row(operation: Operation) -> str:
    takes = operation.takes
    optional = set(takes.__struct_encode_fields__[len(takes.__struct_fields__) - len(takes.__struct_defaults__) :])
    arguments = [f"`{name}`{'?' if name in optional else ''}" for name in takes.__struct_encode_fields__]
    hints = operation.hints
    said = {"reads only": hints.read_only, "takes something away": hints.destructive, "idempotent": hints.idempotent}
    name = f"`{operation.name}`" + (f", at `{operation.path}`" if operation.of_slack else "")
    told = ", ".join(hint for hint, is_so in said.items() if is_so)
    return f"| {name} | {operation.sentence} | {', '.join(arguments) or '–'} | {told or '–'} |"


def test_table_of_operations_is_the_programs() -> None:
    first, *_ = wanted = rows()
    lines = TEXT.splitlines()
    begin = lines.index(first)
    assert lines[begin : begin + len(wanted)] == wanted
    assert not lines[begin + len(wanted)].startswith("|")


def test_errors_are_those_of_the_program_with_their_status() -> None:
    def kinds(above: type[StatusQuoError]) -> Iterator[type[StatusQuoError]]:
        for kind in above.__subclasses__():
            yield kind
            yield from kinds(kind)

    there = {(status_of(error), error_code(error)) for error in (kind.__new__(kind) for kind in kinds(StatusQuoError))}
    table = TEXT.partition("| HTTP | `error` |")[2].partition("\n\n")[0]
    told = [
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d{3}) \| ([^|]+) \|", table, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    ]
    assert len(told) > 20
    assert [one for one in told if one not in there] == []


def test_limits_and_revisions_are_those_of_the_program() -> None:
    assert f"\n{MOST_CALLS} calls in any minute" in TEXT
    assert (MOST_KEYS, "Five keys a\nperson" in TEXT, "\nFive keys at most" in TEXT) == (5, True, True)
    for revision in SUPPORTED:
        assert revision in TEXT


# ── commands and requests ───────────────────────────────────────────────────────────────────────────


def servers() -> dict[str, tuple[str, dict[str, str]]]:
    """What each editor is told: an address and headers, taken from where its documentation has them.

    code.claude.com/docs/en/mcp, "Option 1: Add a remote HTTP server"; cursor.com/docs/mcp, "Remote server";
    code.visualstudio.com/docs/copilot/reference/mcp-configuration and …/customization/mcp-servers, "command line".
    """
    (claude,) = commands("claude")
    words = shlex.split(claude)
    assert words[:5] == ["claude", "mcp", "add", "--transport", "http"]
    assert words[5:7] == ["--scope", "user"]
    name, url, option, header = words[7:]  # options with many values come last, else they would swallow these
    assert (name, option) == ("status-quo", "--header")
    key, value = header.split(": ", 1)

    cursor = snippet("mcpServers")["mcpServers"]["status-quo"]
    assert set(cursor) == {"url", "headers"}

    (code,) = commands("code")
    program, add, given = shlex.split(code)
    added = json.loads(given)
    assert (program, add, set(added)) == ("code", "--add-mcp", {"name", "type", "url", "headers"})
    kept = snippet("inputs", "servers")
    (asked,) = kept["inputs"]
    assert set(asked) == {"type", "id", "description", "password"}
    assert (asked["type"], asked["password"]) == ("promptString", True)
    server = kept["servers"]["status-quo"]
    assert set(server) == {"type", "url", "headers"}
    assert server["type"] == added["type"] == "http"
    return {
        "Claude Code": (url, _with_key({key: value}, "$STATUS_QUO_KEY")),
        "Cursor": (cursor["url"], _with_key(cursor["headers"], "${env:STATUS_QUO_KEY}")),
        "VS Code, added": (added["url"], _with_key(added["headers"], "quo_…")),
        "VS Code, asked": (server["url"], _with_key(server["headers"], f"${{input:{asked['id']}}}")),
    }  # fmt: skip


def _with_key(headers: dict[str, str], place: str) -> dict[str, str]:
    """The headers, with `$KEY` where the page has the key as `place`."""
    (value,) = headers.values()
    assert value == f"Bearer {place}"
    return dict.fromkeys(headers, "Bearer $KEY")


async def test_what_editors_are_told_lets_them_in(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin")
    secret = await key_of(running_app)
    list_tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    listed = {}
    async with aiohttp.ClientSession() as session:
        for editor, (url, headers) in servers().items():
            filled = {name: value.replace("$KEY", secret) for name, value in headers.items()}
            address = url.replace(ADDRESS, running_app.url)
            async with session.post(address, json=list_tools, headers=filled) as response:
                body = await response.json()
                listed[editor] = [tool["name"] for tool in body["result"]["tools"]]
    names = [operation.name for operation in OPERATIONS]
    assert listed == dict.fromkeys(("Claude Code", "Cursor", "VS Code, added", "VS Code, asked"), names)


async def test_requests_with_curl_do_what_they_say(running_app: RunningApp) -> None:
    if shutil.which("curl") is None:
        missing("curl", "it is not on the PATH")
    await running_app.joins(tz="Europe/Berlin")
    environment = {**os.environ, "STATUS_QUO_KEY": await key_of(running_app), "NO_PROXY": "*"}
    reads, changes = [
        await _run(command.replace(ADDRESS, running_app.url), environment) for command in commands("curl")
    ]
    await running_app.settle()
    assert [span["start"] for span in reads["spans"]][:1] == ["2026-11-25T00:00:00+01:00"]
    assert reads["ok"] is True
    example = snippet(*changes)
    assert {**changes, "undo_id": ""} == {**example, "undo_id": ""}
    assert len(changes["undo_id"]) == len(example["undo_id"])
    text, emoji, _ = running_app.shows()
    assert (text, emoji) == ("At the dentist", ":tooth:")


async def _run(command: str, environment: dict[str, str]) -> dict[str, Any]:
    assert f"{API}/" in command
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
    )
    answered, trouble = await process.communicate()
    assert (process.returncode, trouble) == (0, b"")
    found: dict[str, Any] = json.loads(answered)
    return found


async def test_lines_for_an_ocp_agent_set_the_status_and_read_it(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin")
    (block,) = (body for kind, body in BLOCKS if kind == "python")
    lines = ast.parse(block.replace("quo_…", await key_of(running_app))).body
    (made,) = (line.value for line in lines if isinstance(line, ast.Assign))
    assert isinstance(made, ast.Call)
    assert {one.arg: ast.literal_eval(one.value) for one in made.keywords}["registry_url"] == ADDRESS
    said = []
    async with OcpAgent(running_app.url) as agent:
        for line in lines:
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
                function = line.value.func
                assert isinstance(function, ast.Attribute)
                arguments = [ast.literal_eval(one) for one in line.value.args]
                named = {str(one.arg): ast.literal_eval(one.value) for one in line.value.keywords}
                said.append(await getattr(agent, function.attr)(*arguments, **named))
    registered, was_set, was_read = said
    assert "usersProfileSet" in registered
    assert [answer.body["ok"] for answer in (was_set, was_read)] == [True, True]
    assert was_read.body["profile"]["status_text"] == "At the dentist"
    assert running_app.shows() == ("At the dentist", ":tooth:", at("16:00"))
