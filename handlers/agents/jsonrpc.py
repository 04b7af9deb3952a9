"""JSON-RPC 2.0 as the Model Context Protocol has it: from bytes to messages, and what is wrong with them. Pure.

jsonrpc.org/specification; modelcontextprotocol.io, "Base protocol": ids are texts or whole numbers and never null,
parameters are an object, a message is UTF-8. Of what is JSON and still not one thing to all readers nothing is taken:
names that are there twice, NaN, numbers without an end, half characters, NUL.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from services.domain.request_errors import RequestError

UNREADABLE = -32700
INVALID = -32600
NO_METHOD = -32601
BAD_PARAMETERS = -32602
HEADERS_DIFFER = -32020
NO_VERSION = -32022
"""The last two are of the revision 2026-07-28, "Error Codes"."""

DEEPEST = 32
"""Objects and lists within each other."""

MOST_PARTS = 5_000
"""Brackets and commas. No message has a tenth of them; a MiB of nothing else would take a second to read."""

MOST_IN_BATCH = 20

LONGEST_ID = 256
"""Characters of an id that is a text."""

_LARGEST_ID = 1 << 63

Id = str | int


class ProtocolError(RequestError):
    """That is no message of the Model Context Protocol that I can answer."""

    def __init__(self, code: int, message: str, *, data: Mapping[str, Any] | None = None) -> None:
        """`code` is JSON-RPC's; `message` says to a developer what is wrong, and repeats nothing that was sent."""
        super().__init__(message, code=code)
        self.code = code
        self.data = data


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """A request, or a notification, which has no `id`. `meta` is `params._meta`."""

    method: str
    params: Mapping[str, Any]
    meta: Mapping[str, Any]
    id: Id | None


def read(body: bytes) -> Any:
    """Return what a body holds. Raises ProtocolError, UNREADABLE."""
    if sum(map(body.count, (b"[", b"{", b","))) > MOST_PARTS:
        raise ProtocolError(UNREADABLE, "Parse error: too many parts")
    try:
        whole = json.loads(
            body.decode(), parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_without_repetition
        )
        written = json.dumps(whole, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # UnicodeError is one, and an integer of too many digits
        raise ProtocolError(UNREADABLE, "Parse error") from error
    if b"\\u0000" in written.replace(b"\\\\", b""):  # which PostgreSQL cannot store
        raise ProtocolError(UNREADABLE, "Parse error: NUL in a text")
    level = [whole] if isinstance(whole, (dict, list)) else []
    for _ in range(DEEPEST):
        level = [
            part
            for one in level
            for part in (one.values() if isinstance(one, dict) else one)
            if isinstance(part, (dict, list))
        ]
        if not level:
            return whole
    raise ProtocolError(UNREADABLE, "Parse error: too deep")


def id_of(said: object) -> Id | None:
    """Return the id that an answer to `said` has to carry; None where it has none, or none that can be one."""
    found = said.get("id") if isinstance(said, dict) else None
    if isinstance(found, str):
        return found if len(found) <= LONGEST_ID else None
    if isinstance(found, int) and not isinstance(found, bool) and -_LARGEST_ID <= found < _LARGEST_ID:
        return found
    return None


def message_of(said: object) -> RpcMessage | None:
    """Return the request or notification that `said` is; None for an answer, of which nobody asked for any.

    Raises ProtocolError, INVALID or BAD_PARAMETERS.
    """
    if not isinstance(said, dict):
        raise ProtocolError(INVALID, "A message is a JSON object")
    if said.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID, 'jsonrpc must be "2.0"')
    number = id_of(said)
    if "id" in said and number is None:
        raise ProtocolError(INVALID, "id must be a text or a whole number")
    if "method" not in said and ("result" in said) != ("error" in said):
        return None
    method, params = said.get("method"), said.get("params", {})
    if not isinstance(method, str):
        raise ProtocolError(INVALID, "method must be a text")
    if not isinstance(params, dict):
        raise ProtocolError(BAD_PARAMETERS if isinstance(params, list) else INVALID, "params must be an object")
    meta = params.get("_meta", {})
    if not isinstance(meta, dict):
        raise ProtocolError(BAD_PARAMETERS, "params._meta must be an object")
    return RpcMessage(method, params, meta, number)


def answered(number: Id | None, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request."""
    return {"jsonrpc": "2.0", "id": number, "result": result}


def refused(number: Id | None, code: int, message: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the error that is the answer to a request, or to what is none."""
    return {
        "jsonrpc": "2.0",
        "id": number,
        "error": {"code": code, "message": message, **({"data": data} if data else {})},
    }


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no number that has an end")
    return number


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found
