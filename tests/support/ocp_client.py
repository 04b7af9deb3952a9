"""An OCP agent (Open Context Protocol), small and of our own, with the habits of `ocp_agent` 0.3.0.

github.com/opencontextprotocol/ocp-python: the registry is asked at the address' origin, whatever path it has; names of
tools are operationIds in camel case; parameters that a tool does not name are dropped in silence, those of a path are
never seen; of request bodies only `application/json` with a schema of type object counts; and each request carries
`OCP-…` headers, `OCP-Session` among them: all that was ever called, with its parameters, never cut.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp

_COMPRESSED_FROM = 1000
_METHODS = ("get", "post", "put", "patch", "delete")
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Tool:
    """What can be called; `parameters` by name, each with `type`, `required` and `location`."""

    name: str
    method: str
    path: str
    parameters: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Answered:
    """An answer, as far as tests ask."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class OcpAgent:
    """An agent with its registry's address; `headers` are those of each API, as `register_api` was given them."""

    registry_url: str
    goal: str = "keep my status true"
    history: list[dict[str, Any]] = field(default_factory=list)
    _apis: dict[str, tuple[str, list[Tool], dict[str, str]]] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def register_api(
        self, name: str, spec_url: str | None = None, base_url: str | None = None, headers: dict[str, str] | None = None
    ) -> list[str]:
        """Learn an API, from the registry or from an OpenAPI document; what its tools are called."""
        name = name.lower().strip()
        if spec_url is None:
            found = await self._fetch(urljoin(self.registry_url, f"/registry/{name}"))
            base, tools = found.get("base_url", ""), [_from_entry(one) for one in found["tools"]]
        else:
            found = await self._fetch(spec_url)
            base, tools = found["servers"][0]["url"], _from_openapi(found)
        self._apis[name] = base_url or base, tools, headers or {}
        self.history.append({"action": "api_registered", "api_name": name})
        return [tool.name for tool in tools]

    async def call_tool(
        self, tool_name: str, parameters: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Answered:
        """Call a tool by its name, whichever API has it. Raises ValueError as the agent does, before it calls."""
        given = parameters or {}
        for base, tools, own in self._apis.values():
            tool = next((one for one in tools if one.name == tool_name), None)
            if tool is not None:
                return await self._call(base, tool, given, headers or own)
        raise ValueError(f"Tool '{tool_name}' not found.")

    async def _call(self, base: str, tool: Tool, given: dict[str, Any], headers: dict[str, str]) -> Answered:
        _validate(tool, given)
        placed: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}, "header": {}}
        for name, value in given.items():
            if name in tool.parameters:
                placed[tool.parameters[name].get("location", "query")][name] = value
        url = base.rstrip("/") + tool.path
        for name, value in placed["path"].items():
            url = url.replace(f"{{{name}}}", str(value))
        self.history.append({"action": f"tool_call:{tool.name}", "url": url, "parameters": given})
        assert self._session is not None
        async with self._session.request(
            tool.method, url, params={name: str(value) for name, value in placed["query"].items()} or None,
            json=placed["body"] or None, headers={**headers, **self.ocp_headers()},
        ) as response:  # fmt: skip
            body = await response.json(content_type=None)
            answered = Answered(response.status, body, dict(response.headers))
        self.history.append({"action": f"tool_response:{tool.name}", "status_code": answered.status})
        return answered

    def ocp_headers(self) -> dict[str, str]:
        """What each request carries."""
        session = json.dumps({"context_id": "ocp-1", "history": self.history}, separators=(",", ":")).encode()
        encoded = base64.b64encode(session).decode()
        if len(session) > _COMPRESSED_FROM:
            encoded = "gzip:" + base64.b64encode(gzip.compress(session)).decode()
        return {
            "OCP-Context-ID": "ocp-1", "OCP-Agent-Type": "ide_coding_assistant", "OCP-Version": "1.0",
            "OCP-Current-Goal": self.goal, "OCP-User": "ann", "OCP-Workspace": "acme", "OCP-Session": encoded,
        }  # fmt: skip

    async def _fetch(self, url: str) -> Any:
        assert self._session is not None
        async with self._session.get(url) as response:
            response.raise_for_status()
            return await response.json()


def _validate(tool: Tool, given: dict[str, Any]) -> None:
    kinds = {"integer": int, "boolean": bool, "array": list}
    missing = [name for name, about in tool.parameters.items() if about.get("required") and name not in given]
    if missing:
        raise ValueError(f"Missing required parameter: {missing[0]}")
    for name, value in given.items():
        kind = kinds.get(tool.parameters.get(name, {}).get("type", "string"))
        if kind is not None and not isinstance(value, kind):
            raise ValueError(f"Parameter '{name}' should be {kind.__name__}")


def _from_entry(tool: dict[str, Any]) -> Tool:
    return Tool(tool["name"], tool["method"], tool["path"], tool.get("parameters", {}))


def _from_openapi(spec: dict[str, Any]) -> list[Tool]:
    tools = []
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                tools.append(_from_operation(spec, path, method.upper(), operation))
    return tools


def _from_operation(spec: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Tool:
    parameters = {
        one["name"]: {
            "type": _resolved(spec, one.get("schema", {})).get("type", "string"),
            "required": one.get("required", False),
            "location": one.get("in", "query"),
        }
        for one in operation.get("parameters", [])
    }
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = _resolved(spec, body)
    if method in _WITH_BODY and schema.get("type") == "object":
        for name, about in schema.get("properties", {}).items():
            parameters[name] = {
                "type": _resolved(spec, about).get("type", "string"),
                "required": name in schema.get("required", []),
                "location": "body",
            }
    return Tool(camel_case(operation.get("operationId") or f"{method.lower()}{path}"), method, path, parameters)


def camel_case(name: str) -> str:
    """An operationId as the agent calls its tool."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    first, *words = re.sub(r"[/_.-]+", " ", parted).split()
    return "".join([first.lower(), *(word.capitalize() for word in words)])


def _resolved(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while len(schema) == 1 and str(schema.get("$ref", "")).startswith("#/"):
        found: Any = spec
        for part in schema["$ref"][2:].split("/"):
            found = found[part]
        schema = found
    return schema
