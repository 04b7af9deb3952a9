"""The list of Web API calls that the app made, without its tokens."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_SECRET = {"token", "client_secret", "code", "refresh_token", "code_verifier"}
_KEEP = 5_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call: when (UTC), of whom (the token's owner), with what, and what it was answered."""

    at: datetime
    method: str
    team_id: str
    user_id: str
    token_kind: str
    arguments: dict[str, Any]
    ok: bool
    error: str
    http_status: int
    answer: dict[str, Any] = field(default_factory=dict)
    number: int = 0


def redacted(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments without tokens, codes and secrets."""
    return {name: "***" if name in _SECRET else value for name, value in arguments.items()}


class Calls:
    """The calls, oldest first; the last 5,000 are kept."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEEP)

    def add(self, call: Call) -> None:
        """Note a call."""
        self._calls.append(call)

    def all(self, method: str | None = None, *, user: str | None = None) -> list[Call]:
        """The calls of `method` (default: of all) made with the token of `user` (default: of anybody)."""
        return [
            call
            for call in self._calls
            if (method is None or call.method == method) and (user is None or call.user_id == user)
        ]

    def clear(self) -> None:
        """Forget them."""
        self._calls.clear()

    def __len__(self) -> int:
        return len(self._calls)
