"""JSON over HTTP to a provider's API: one origin, no redirects, a bearer token, and what comes back as values.

What an unhappy status means is the provider's own business: see `google.api` and `microsoft.api`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from yarl import URL

from services.calendars.ports import AccessTokens
from services.domain.calendars import Connection
from services.domain.errors import AccessRefusedError, CalendarError
from services.platform.net import GuardedClient

T = TypeVar("T")

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the API answered: `headers` by lower-case name, `body` the JSON object, {} where there was none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)


class JsonApi:
    """One provider's API."""

    def __init__(self, client: GuardedClient, base_url: str) -> None:
        """`base_url` is the operator's setting; it ends in a slash."""
        self.client = client
        self.base = URL(base_url, encoded=True)

    def address(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the whole address of `path`, which is relative to the base and escaped already.

        An absolute one, such as a link to the next page, is taken as it is where it leads to the same origin: with
        the request goes a token. Raises CalendarError for any other.
        """
        if "://" in path:
            if URL(path, encoded=True).origin() != self.base.origin():
                raise CalendarError("a link to another host")
            return path
        return f"{self.base}{path.lstrip('/')}" + (f"?{urlencode(query)}" if query else "")

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiAnswer:
        """Return the answer, whatever its status. Raises a `CalendarError` for what goes wrong on the way.

        A happy answer that is no JSON object raises too; an unhappy one reads as {}.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"], data = "application/json", json.dumps(body).encode()
        elif form is not None:
            sent["Content-Type"], data = "application/x-www-form-urlencoded", urlencode(form).encode()
        answer = await self.client.request(method, self.address(path, query), headers=sent, body=data, redirects=0)
        found: object = {}
        if answer.body.strip():
            try:
                found = json.loads(answer.body)
            except (ValueError, RecursionError):
                found = None
        if not isinstance(found, dict):
            if 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110 §15.3
                raise CalendarError("the answer is no JSON object")
            found = {}
        return ApiAnswer(answer.status, answer.headers, found)


async def authorized(tokens: AccessTokens, connection: Connection, call: Callable[[str], Awaitable[T]]) -> T:
    """Return what `call` gives for an access token of the account; once more with another where that one is refused."""
    token = await tokens.token(connection.key, connection.account_id)
    try:
        return await call(token)
    except AccessRefusedError:
        return await call(await tokens.token(connection.key, connection.account_id, refused=token))


def rfc3339(instant: datetime) -> str:
    """Return an instant as both providers want it in a query: UTC, in whole seconds."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# ── what is in an answer ────────────────────────────────────────────────────────────────────────────


def inner(value: object, *names: str) -> object:
    """Return what is in an object of JSON under these names, one within the other; None where it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_in(value: object, longest: int) -> str:
    """Return a text, bounded; half a surrogate pair, which JSON may hold and nothing can store, is replaced."""
    return value[:longest].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def name_in(value: object, longest: int = LONGEST_NAME) -> str:
    """Return the same, without what surrounds it: what a calendar or an account is called."""
    return text_in(value.strip(), longest) if isinstance(value, str) else ""
