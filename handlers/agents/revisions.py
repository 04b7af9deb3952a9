"""Which revision of the Model Context Protocol a message is of, told by its headers and its `params._meta`.

modelcontextprotocol.io/specification/2026-07-28, "Streamable HTTP" and "Versioning": since that revision each request
says by itself what it is, and the headers repeat it; before, `initialize` agreed on a revision, which the header
`MCP-Protocol-Version` then names, or no header and 2025-03-26 is meant. Both are served at the same address.
"""

from __future__ import annotations

import base64
import re

from aiohttp.web_request import BaseRequest

from handlers.agents.jsonrpc import BAD_PARAMETERS, HEADERS_DIFFER, NO_VERSION, ProtocolError, RpcMessage

STATELESS = "2026-07-28"
WITH_INITIALIZE = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Newest first."""

ASSUMED = WITH_INITIALIZE[-1]
"""Where no header says it; the only one that knows batches."""

SUPPORTED = (STATELESS, *WITH_INITIALIZE)

VERSION_HEADER = "MCP-Protocol-Version"
VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"

_ENCODED = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)
_LONGEST = 64
_NAMED = "tools/call"  # the one method of ours whose name goes into a header


def revision_of(message: RpcMessage, request: BaseRequest) -> str:
    """Return the revision, of SUPPORTED. Raises ProtocolError: HEADERS_DIFFER, NO_VERSION, BAD_PARAMETERS."""
    said = header_of(request, VERSION_HEADER)
    if VERSION not in message.meta:
        if said is None:
            return ASSUMED
        if said not in SUPPORTED:
            raise unsupported(said)
        if said != STATELESS or message.id is None:  # what headers a notification has is not laid down
            return said
        if message.method == "initialize":  # which a header has no say in
            return WITH_INITIALIZE[0]
        raise ProtocolError(BAD_PARAMETERS, f"params._meta must have {VERSION} and {CAPABILITIES}")
    inside = message.meta[VERSION]
    if not isinstance(inside, str):
        raise ProtocolError(BAD_PARAMETERS, f"{VERSION} must be a text")
    if said != inside:
        raise ProtocolError(HEADERS_DIFFER, f"{VERSION_HEADER} is not what params._meta says")
    if inside in WITH_INITIALIZE:
        return inside
    if message.id is not None:
        _compare(message, request)
    if inside != STATELESS:
        raise unsupported(inside)
    if message.id is not None and not isinstance(message.meta.get(CAPABILITIES), dict):
        raise ProtocolError(BAD_PARAMETERS, f"params._meta must have {CAPABILITIES}")
    return inside


def header_of(request: BaseRequest, name: str) -> str | None:
    """Return the one header of that name; None where there is none. Raises ProtocolError where there are several."""
    values = request.headers.getall(name, ())
    if len(values) > 1:
        raise ProtocolError(HEADERS_DIFFER, f"{name} is there twice")
    return values[0] if values else None


def unsupported(requested: str) -> ProtocolError:
    """Return the error that tells which revisions there are."""
    data = {"supported": list(SUPPORTED), "requested": requested[:_LONGEST]}
    return ProtocolError(NO_VERSION, "Unsupported protocol version", data=data)


def _compare(message: RpcMessage, request: BaseRequest) -> None:
    """Raise ProtocolError where a header says something else than the body."""
    if header_of(request, "Mcp-Method") != message.method:
        raise ProtocolError(HEADERS_DIFFER, "Mcp-Method is not the method of the body")
    name = message.params.get("name")
    if message.method == _NAMED and isinstance(name, str) and _decoded(header_of(request, "Mcp-Name")) != name:
        raise ProtocolError(HEADERS_DIFFER, "Mcp-Name is not the name of the body")


def _decoded(value: str | None) -> str | None:
    """Return a header's value, which is in base64 where it is no plain ASCII; None where that cannot be read."""
    encoded = _ENCODED.fullmatch(value or "")
    if encoded is None:
        return value
    try:
        raw = base64.b64decode(encoded[1], validate=True)
        return raw.decode() if base64.b64encode(raw).decode() == encoded[1] else None
    except ValueError:
        return None
