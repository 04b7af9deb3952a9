"""The entries of an OCP registry: Slack's own methods, and everything else that agents can ask for.

github.com/opencontextprotocol/ocp-python, `OCPRegistry`: `GET /registry/NAME` at the registry's origin gives an entry,
whose tools have `name`, `description`, `method`, `path` (behind `base_url`) and `parameters` by name, each with `type`,
`required` and `location`. An agent sends no parameter that is not named there, and only in that place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from handlers.agents.operations import API, OPERATIONS, Operation, schema_of

SLACK, STATUS_QUO = "slack", "status-quo"

_ENTRIES = {
    SLACK: (
        "Slack, through Status Quo",
        "The Slack profile of the person whose key is sent as a bearer: its status, its photo, and what it shows.",
    ),
    STATUS_QUO: (
        "Status Quo",
        "Keeps the Slack status of the person whose key is sent as a bearer, and says why it is what it is.",
    ),
}
"""What each entry is called, and what it says of itself."""


def entry(name: str, base_url: str) -> dict[str, Any] | None:
    """Return the entry of that name; None where there is none. `base_url` is PUBLIC_URL, without a slash at its end."""
    if name not in _ENTRIES:
        return None
    called, description = _ENTRIES[name]
    theirs = (operation for operation in OPERATIONS if operation.of_slack is (name == SLACK))
    return {
        "name": name, "display_name": called, "description": description, "base_url": base_url, "tools": _tools(theirs)
    }  # fmt: skip


def _tools(operations: Iterable[Operation]) -> list[dict[str, Any]]:
    return [
        {
            "name": _camel_case(operation.name),
            "operation_id": operation.name,
            "description": operation.sentence,
            "method": operation.method,
            "path": f"{API}/{operation.path}",
            "parameters": _parameters(operation),
        }
        for operation in operations
    ]


def _camel_case(name: str) -> str:
    """Return what an OCP agent makes of an operation's name: `get_status` is its `getStatus`."""
    first, *words = name.split("_")
    return "".join([first, *(word.capitalize() for word in words)])


def _parameters(operation: Operation) -> dict[str, Any]:
    schema = schema_of(operation.takes)
    required = schema.get("required", [])
    location = "query" if operation.hints.read_only else "body"
    return {
        name: {
            "type": _type(found),
            "description": found.get("description", ""),
            "required": name in required,
            "location": location,
        }
        for name, found in schema.get("properties", {}).items()
    }


def _type(schema: Mapping[str, Any]) -> str:
    """Return the one type that an OCP agent holds a parameter to; of several, one that it does not check."""
    types = {one.get("type", "string") for one in schema.get("anyOf", [schema])} - {"null"}
    if len(types) > 1:
        return "object" if "object" in types else "string"
    return str(next(iter(types), "string"))
