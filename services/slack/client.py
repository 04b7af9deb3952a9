"""One HTTP session to Slack for the whole process, and how a call through it fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from services.domain.errors import SlackError, SlackUnavailableError
from services.slack.errors import error_for

log = structlog.get_logger(__name__)

_SDK_LOG = logging.getLogger("statusquo.slack_sdk")
_SDK_LOG.setLevel(logging.WARNING)  # at DEBUG the SDK prints response bodies, tokens among them

CALL_SECONDS = 10.0
"""The longest that one call may take, connecting included."""


class SlackClients:
    """Web API clients by token over one shared session. Retries nothing: its callers know what a retry costs."""

    def __init__(self, base_url: str, *, seconds: float = CALL_SECONDS) -> None:
        """`base_url` is SLACK_API_URL; `seconds` the longest a call may take."""
        self._base_url = base_url
        # The SDK ignores its own timeout when it is given a session, so the session carries it.
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None

    def client(self, token: str | None = None) -> AsyncWebClient:
        """A client that calls with `token`. Needs a running event loop."""
        return AsyncWebClient(
            token=token, base_url=self._base_url, session=self._opened(), logger=_SDK_LOG, retry_handlers=[]
        )

    async def call(self, token: str | None, method: str, *, plain: bool = False, **arguments: Any) -> Mapping[str, Any]:
        """Slack's answer to `method`; `arguments` as `AsyncWebClient.api_call` takes them (json, params, data, auth).

        `plain` leaves the SDK out, which takes more of the processor than the call itself: for the calls of every
        status; it takes `http_verb` and `json` alone. Raises a `SlackError`; a time-out or a lost connection is
        `SlackUnavailableError`, after which nobody knows whether the call was carried out.
        """
        if plain:
            return await self._plain_call(token, method, **arguments)
        try:
            response = await self.client(token).api_call(method, **arguments)
        except SlackApiError as error:  # its message repeats the answer, tokens and profile included
            answer: Any = error.response
            if isinstance(answer, aiohttp.ClientResponse):  # where the body was no JSON
                raise _error(method, answer.status, answer.headers, None) from None
            raise _error(method, answer.status_code, answer.headers, answer.data) from None
        except AttributeError as error:  # the SDK reads a text/plain answer with status 200 as if it were JSON
            raise SlackUnavailableError("not_json", method=method) from error
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
            raise SlackUnavailableError(type(error).__name__, method=method) from error
        data = response.data
        if not isinstance(data, dict):
            raise SlackUnavailableError("not_json", method=method)
        return data

    async def _plain_call(
        self, token: str | None, method: str, *, http_verb: str = "POST", json: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The same call without the SDK: arguments as a JSON body (docs.slack.dev, "Using the Slack Web API")."""
        session, headers = self._opened(), {"Authorization": f"Bearer {token}"}
        if json is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"  # Slack warns where no charset is named
        url = self._base_url + method
        try:
            async with session.request(http_verb, url, json=json, headers=headers, proxy=self._proxy) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailableError(type(error).__name__, method=method) from error
        data = _parsed(body)
        if response.status != HTTPStatus.OK or data is None:
            raise _error(method, response.status, response.headers, data)
        if not isinstance(data, dict):
            raise SlackUnavailableError("not_json", method=method)
        if not data.get("ok"):
            raise _error(method, response.status, response.headers, data)
        return data

    def _opened(self) -> aiohttp.ClientSession:
        """The session, with the SDK's name and proxy."""
        if self._session is None or self._session.closed:
            sdk = AsyncWebClient(base_url=self._base_url, logger=_SDK_LOG)
            self._base_url, self._proxy = sdk.base_url, sdk.proxy
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                headers=sdk.headers,
                connector=aiohttp.TCPConnector(limit=200, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),  # calls of many people share it
            )
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def _parsed(body: bytes) -> Any:
    """The JSON value of an answer; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error(method: str, status: int, headers: Mapping[str, str], data: object) -> SlackError:
    """The error for an answer that is none: `data` is its JSON value, None where it had none."""
    code = data.get("error", "") if isinstance(data, dict) else ""
    found = error_for(method, code if isinstance(code, str) else "", http_status=status, retry_after=_seconds(headers))
    if isinstance(data, dict) and data.get("needed"):
        found.facts["needed"] = data["needed"]
    return found


def _seconds(headers: Mapping[str, str]) -> float | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
