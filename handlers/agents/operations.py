"""The one table of what agents can ask for; MCP's tools, OpenAPI's operations and the OCP registry are made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from handlers.agents.asker import Asker
from handlers.agents.reading import GetStatus, StatusNow, get_status
from handlers.slack.context import Services

_REF = "#/$defs/{name}"


@dataclass(frozen=True, slots=True)
class Hints:
    """What MCP's ToolAnnotations tell of a tool: whether it only reads, destroys, or may be repeated."""

    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False


READS = Hints(read_only=True, idempotent=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an agent can ask for.

    `takes` and `gives` are the Structs of its arguments and its answer, of which the JSON Schemas are made; `call` does
    it. `path` is where it is found under `/api/v1/`, its name unless it says so. `of_slack`: one of Slack's own
    methods, answered as Slack does.
    """

    name: str
    sentence: str
    takes: type[msgspec.Struct]
    gives: type[msgspec.Struct]
    hints: Hints
    call: Callable[[Services, Asker, Any], Awaitable[msgspec.Struct]]
    path: str = ""
    of_slack: bool = False

    @property
    def method(self) -> str:
        """GET for what only reads, else POST."""
        return "GET" if self.hints.read_only else "POST"


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get_status",
        "Tell what my Slack status is now, until when and why, and what comes next.",
        GetStatus,
        StatusNow,
        READS,
        get_status,
    ),
)

BY_NAME: Mapping[str, Operation] = {operation.name: operation for operation in OPERATIONS}


@cache
def schema_of(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of an operation's arguments or answer, by itself."""
    (named,), parts = msgspec.json.schema_components((struct,), ref_template=_REF)
    whole = parts.pop(named["$ref"].rpartition("/")[2])
    return {**whole, "$defs": parts} if parts else whole
