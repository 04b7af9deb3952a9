"""One HTTP session to Slack for the whole process, and how a call through it fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping
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

    def client(self, token: str | None = None) -> AsyncWebClient:
        """A client that calls with `token`. Needs a running event loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=200, ttl_dns_cache=300)
            )
        return AsyncWebClient(
            token=token, base_url=self._base_url, session=self._session, logger=_SDK_LOG, retry_handlers=[]
        )

    async def call(self, token: str | None, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Slack's answer to `method`; `arguments` as `AsyncWebClient.api_call` takes them (json, params, data, auth).

        Raises a `SlackError`; a time-out or a lost connection is `SlackUnavailableError`, after which nobody
        knows whether the call was carried out.
        """
        try:
            response = await self.client(token).api_call(method, **arguments)
        except SlackApiError as error:
            raise _error(method, error) from None  # its message repeats the answer, tokens and profile included
        except AttributeError as error:  # the SDK reads a text/plain answer with status 200 as if it were JSON
            raise SlackUnavailableError("not_json", method=method) from error
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
            raise SlackUnavailableError(type(error).__name__, method=method) from error
        data = response.data
        if not isinstance(data, dict):
            raise SlackUnavailableError("not_json", method=method)
        return data

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def _error(method: str, error: SlackApiError) -> SlackError:
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    code = data.get("error", "") if isinstance(data, dict) else ""
    found = error_for(
        method,
        code if isinstance(code, str) else "",
        http_status=status if isinstance(status, int) else 0,
        retry_after=_seconds(getattr(response, "headers", None)),
    )
    if isinstance(data, dict) and data.get("needed"):
        found.facts["needed"] = data["needed"]
    return found


def _seconds(headers: Mapping[str, str] | None) -> float | None:
    value = next((value for name, value in (headers or {}).items() if name.lower() == "retry-after"), None)
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
