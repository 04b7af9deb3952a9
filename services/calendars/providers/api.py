"""JSON over HTTP to a provider's API: one origin, no redirects, a bearer token, and what comes back as values.

What an unhappy status means is the provider's own business: see `google.api` and `microsoft.api`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from yarl import URL

from services.calendars.ports import AccessTokens
from services.domain.calendars import Connection
from services.domain.errors import AccessRefusedError, CalendarError
from services.platform.net import Fetcher, HttpResponse

T = TypeVar("T")

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the API answered: `headers` by lower-case name, `body` the JSON object, {} where there was none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)


class JsonApi:
    """One provider's API."""

    def __init__(self, client: Fetcher, base_url: str) -> None:
        """`base_url` is the operator's setting; it ends in a slash."""
        self.client = client
        self._base = URL(base_url, encoded=True)

    def address(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The whole address of `path`, which is relative to the base and escaped already.

        An absolute one, such as a link to the next page, is taken as it is where it leads to the same origin: with
        the request goes a token. Raises CalendarError for any other.
        """
        if "://" in path:
            if URL(path, encoded=True).origin() != self._base.origin():
                raise CalendarError("a link to another host")
            return path
        return f"{self._base}{path.lstrip('/')}" + (f"?{urlencode(query)}" if query else "")

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
        """The answer, whatever its status. Raises a `CalendarError` for what goes wrong on the way.

        A happy answer that is no JSON object raises too; an unhappy one reads as {}.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"], data = "application/json", json.dumps(body).encode()
        elif form is not None:
            sent["Content-Type"], data = _FORM, urlencode(form).encode()
        answer = await self.client.request(method, self.address(path, query), headers=sent, body=data, redirects=0)
        return ApiAnswer(answer.status, answer.headers, _object(answer))


def _object(answer: HttpResponse) -> Mapping[str, Any]:
    if not answer.body.strip():
        return {}
    happy = 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110 §15.3
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    if happy:
        raise CalendarError("the answer is no JSON object")
    return {}


async def authorized(tokens: AccessTokens, connection: Connection, call: Callable[[str], Awaitable[T]]) -> T:
    """What `call` gives for an access token of the calendar's account; once more with another where that is refused.

    Raises what `call` and `tokens` raise.
    """
    token = await tokens.token(connection.key, connection.account_id)
    try:
        return await call(token)
    except AccessRefusedError:
        fresh = await tokens.token(connection.key, connection.account_id, refused=token)
        return await call(fresh)
