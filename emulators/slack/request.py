"""A Web API request as its method sees it: arguments from JSON, form, multipart or query, and the token's owner."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from emulators.slack.errors import RefusalError
from emulators.slack.state import Token
from emulators.slack.workplace import Workplace


@dataclass(slots=True)
class ApiRequest:
    """What a method is called with. `token` is set for all methods but oauth.v2.access."""

    slack: Workplace
    method: str
    arguments: dict[str, Any]
    now: datetime
    token: Token | None = None
    basic: tuple[str, str] | None = None

    @property
    def owner(self) -> Token:
        """The token, for methods that cannot be called without one."""
        if self.token is None:
            raise RefusalError("not_authed")
        return self.token

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.arguments.get(name, default)
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str) -> bool:
        """An argument as a yes or no."""
        return self.text(name).lower() in {"1", "true"}

    def parsed(self, name: str, refusal: str = "invalid_arguments") -> Any:
        """An argument that is JSON, sent as such or as its text. Raises RefusalError with the code given."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise RefusalError(refusal) from error


async def read(request: web.Request) -> tuple[dict[str, Any], str, tuple[str, str] | None]:
    """The arguments, the token's value (header, or `token` in the body; empty without one), and basic credentials.

    Raises RefusalError `invalid_json`, `json_not_object`, `invalid_form_data`.
    """
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError as error:
            raise RefusalError("invalid_json") from error
        if not isinstance(body, dict):
            raise RefusalError("json_not_object")
        arguments |= body
    elif request.method == "POST":
        form = await request.post()
        arguments |= {
            name: value if isinstance(value, str) else "<file>" if isinstance(value, web.FileField) else "<bytes>"
            for name, value in form.items()
        }
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    basic = None
    token = ""
    if scheme.lower() == "bearer":
        token = value.strip()
    elif scheme.lower() == "basic":
        try:
            login, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except ValueError as error:
            raise RefusalError("invalid_client_id") from error
        basic = (login, password)
    return arguments, token or str(arguments.get("token") or ""), basic
