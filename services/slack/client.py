"""One HTTP session to Slack for the whole process, and how a call through it fails.

Codes and their classes: docs.slack.dev, "Errors" of users.profile.set and the common errors of the Web API;
`profile_status_set_failed_*` are undocumented and seen in the wild.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from json import loads
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from services.domain.errors import (
    BadEmojiError,
    BadPictureError,
    ChannelRefusedError,
    GrantLostError,
    PictureMovesError,
    PictureTooLargeError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackShutError,
    SlackUnavailableError,
    TokenExpiredError,
    TooLateError,
    WorkspaceBlockedError,
)
from services.platform.metrics import Metrics
from services.platform.outbound import DIRECT, Outbound, reason_of

_SDK_LOG = logging.getLogger("statusquo.slack_sdk")
_SDK_LOG.setLevel(logging.WARNING)  # at DEBUG the SDK prints response bodies, tokens among them

CALL_SECONDS = 10.0
"""The longest that one call may take, connecting included."""

_ERRORS: Mapping[type[SlackError], tuple[str, ...]] = {
    GrantLostError: (
        "invalid_auth", "token_revoked", "account_inactive", "not_authed", "not_allowed_token_type",
        "two_factor_setup_required", "invalid_refresh_token", "user_removed_from_team",
    ),
    TokenExpiredError: ("token_expired",),
    SlackShutError: ("bad_client_secret", "invalid_client_id"),  # docs.slack.dev, oauth.v2.access
    ScopeMissingError: ("missing_scope",),
    WorkspaceBlockedError: (
        "access_denied", "accesslimited", "enterprise_is_restricted", "team_access_not_granted", "ekm_access_denied",
        "no_permission", "permission_denied", "cannot_update_admin_user", "not_admin", "restricted_action",
        "sudo_required", "paid_only",
    ),
    BadEmojiError: (
        "invalid_emoji_not_allowed", "profile_status_set_failed_not_valid_emoji",
        "profile_status_set_failed_not_emoji_syntax",
    ),
    # docs.slack.dev, users.setPhoto
    BadPictureError: ("bad_image",),
    PictureTooLargeError: ("too_large",),
    PictureMovesError: ("too_many_frames",),
    # A form is opened within three seconds of what asks for it, and once (docs.slack.dev, views.open).
    TooLateError: (
        "expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id",
        "invalid_trigger",
    ),
    SlackUnavailableError: (
        "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
        "org_login_required", "partial_profile_set_failed", "profile_set_failed",
    ),
}  # fmt: skip
_IN_CHANNELS = ("chat.", "conversations.")
_OF_CHANNELS = frozenset({"not_in_channel", "is_archived", "channel_not_found"})
"""Of methods that are about a channel (docs.slack.dev, chat.postMessage), beside `restricted_action` and those that
begin with it: they stand until somebody changes the channel."""

_ERROR_OF = {code: kind for kind, codes in _ERRORS.items() for code in codes}
LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer, unpacked: more than any method gives of one person."""

LONGEST_WAIT = 900.0
"""Seconds that a Retry-After is obeyed at most: Slack's limits are by the minute, and one absurd number is not to
silence a workspace for days."""


class SlackClients:
    """Web API clients by token over one shared session. Retries nothing: its callers know what a retry costs."""

    def __init__(
        self, base_url: str, metrics: Metrics | None = None, *, seconds: float = CALL_SECONDS,
        outbound: Outbound = DIRECT,
    ) -> None:  # fmt: skip
        """`base_url` is SLACK_API_URL; `metrics` count calls by method and outcome; `seconds` the longest of one."""
        self.outbound = outbound
        self._base_url = base_url
        self._way = outbound.way(URL(base_url))
        self._metrics = metrics or Metrics()
        # The SDK ignores its own timeout when it is given a session, so the session carries it.
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None
        self.unavailable = False
        """Whether the last call found Slack out of order, or did not reach it."""

    def client(self, token: str | None = None) -> AsyncWebClient:
        """Return a client that calls with `token`. Needs a running event loop."""
        made = AsyncWebClient(
            token=token, base_url=self._base_url, session=self._opened(), logger=_SDK_LOG, retry_handlers=[],
            ssl=None if self.outbound.tls is True else self.outbound.tls,
        )  # fmt: skip
        proxy = self.outbound.proxy_of(URL(self._base_url))
        made.proxy = None if proxy is None else str(proxy)  # it has found another one in the environment by now
        return made

    async def call(self, token: str | None, method: str, *, plain: bool = False, **arguments: Any) -> Mapping[str, Any]:
        """Call `method`; `arguments` as `AsyncWebClient.api_call` takes them (json, params, data, auth).

        `plain` leaves the SDK out, which takes more of the processor than the call itself: for the calls of every
        status; it takes `http_verb`, `json`, `form`, `params` and `most` (bytes of the answer) alone. Raises a
        `SlackError`; a time-out or a lost connection is `SlackUnavailableError`, after which nobody knows whether the
        call was carried out.
        """
        try:
            answer = await (self._plain_call if plain else self._sdk_call)(token, method, **arguments)
        except SlackError as error:
            self._metrics.slack_calls.labels(method, type(error).__name__).inc()
            self.unavailable = isinstance(error, SlackUnavailableError)
            raise
        self._metrics.slack_calls.labels(method, "ok").inc()
        self.unavailable = False
        return answer

    async def answers(self) -> bool:
        """Return whether Slack answers at all: to api.test, which needs no token and has no limit."""
        with suppress(SlackError):
            await self.call(None, "api.test")
        return not self.unavailable

    async def introduce(self, token: str) -> tuple[Mapping[str, Any], str]:
        """auth.test's answer, and the scopes of `token` as the header of every answer names them. Raises SlackError."""
        response = await self._sdk_response(token, "auth.test")
        return _data(response, "auth.test"), str(response.headers.get("x-oauth-scopes") or "")

    async def _sdk_call(self, token: str | None, method: str, **arguments: Any) -> Mapping[str, Any]:
        return _data(await self._sdk_response(token, method, **arguments), method)

    async def _sdk_response(self, token: str | None, method: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            return await self.client(token).api_call(method, **arguments)
        except SlackApiError as error:  # its message repeats the answer, tokens and profile included
            answer: Any = error.response
            if isinstance(answer, aiohttp.ClientResponse):  # where the body was no JSON
                raise _error(method, answer.status, answer.headers, None) from None
            raise _error(method, answer.status_code, answer.headers, answer.data) from None
        except AttributeError as error:  # the SDK reads a text/plain answer with status 200 as if it were JSON
            raise SlackUnavailableError("not_json", method=method) from error
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
            raise SlackUnavailableError(reason_of(error), method=method) from error

    async def _plain_call(
        self, token: str | None, method: str, *, http_verb: str = "POST", json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None, form: aiohttp.FormData | None = None, most: int = LONGEST_ANSWER,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Make the same call without the SDK: arguments as JSON, a query, or a form where one of them is a file.

        docs.slack.dev, "Using the Slack Web API".
        """
        session, headers = self._opened(), {"Authorization": f"Bearer {token}"}
        if json is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"  # Slack warns where no charset is named
        url = self._base_url + method
        try:
            async with session.request(
                http_verb, url, json=json, data=form, params=params, headers=headers, **self._way
            ) as response:
                body = await _read(response, most)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailableError(reason_of(error), method=method) from error
        if len(body) > most:
            raise SlackUnavailableError("too_long", method=method)
        data: Any = None
        with suppress(ValueError, RecursionError):  # what is no JSON
            data = loads(body)
        if response.status != HTTPStatus.OK or data is None:
            raise _error(method, response.status, response.headers, data)
        if not isinstance(data, dict):
            raise SlackUnavailableError("not_json", method=method)
        if not data.get("ok"):
            raise _error(method, response.status, response.headers, data)
        return data

    def _opened(self) -> aiohttp.ClientSession:
        """Return the session, with the SDK's name."""
        if self._session is None or self._session.closed:
            sdk = AsyncWebClient(base_url=self._base_url, logger=_SDK_LOG)
            self._base_url = sdk.base_url
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                headers=sdk.headers,
                connector=aiohttp.TCPConnector(limit=200, ttl_dns_cache=300, ssl=self.outbound.tls),
                cookie_jar=aiohttp.DummyCookieJar(),  # calls of many people share it
            )
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def _data(response: AsyncSlackResponse, method: str) -> Mapping[str, Any]:
    if not isinstance(response.data, dict):
        raise SlackUnavailableError("not_json", method=method)
    return response.data


async def _read(response: aiohttp.ClientResponse, most: int) -> bytearray:
    """Return the body, as far as it is no longer than `most`; one that is comes back longer."""
    body = bytearray()
    while len(body) <= most and (some := await response.content.readany()):
        body += some
    return body


def _error(method: str, status: int, headers: Mapping[str, str], data: object) -> SlackError:
    """Return the error for an answer that is none: `data` is its JSON value, None where it had none."""
    answer = data if isinstance(data, dict) else {}
    code = answer.get("error", "")
    wait: float | None = None
    with suppress(StopIteration, ValueError):
        wait = float(next(value for name, value in headers.items() if name.lower() == "retry-after"))
    found = error_for(method, code if isinstance(code, str) else "", http_status=status, retry_after=wait)
    if answer.get("needed"):
        found.facts["needed"] = answer["needed"]
    return found


def error_for(method: str, code: str, *, http_status: int = 200, retry_after: float | None = None) -> SlackError:
    """Return the error for `code` (Slack's `error`, "" where there was none) answered to `method`.

    `retry_after` is the Retry-After header in seconds, any number at all. `SlackRateLimitedError.retry_after` is 0
    where there was none (a `ratelimited` in a 200) or none of use: the caller backs off by itself.
    """
    if http_status == HTTPStatus.TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        asked = retry_after if retry_after is not None and retry_after > 0 else 0.0  # nan is not more than 0
        return SlackRateLimitedError(method, min(asked, LONGEST_WAIT))
    if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR or not code:
        return SlackUnavailableError(code or f"http_{http_status}", method=method)
    if method.startswith(_IN_CHANNELS) and (code in _OF_CHANNELS or code.startswith("restricted_action")):
        return ChannelRefusedError(code, method=method)
    return _ERROR_OF.get(code, SlackRefusedError)(code, method=method)


_NOT_NOW = (SlackRateLimitedError, SlackUnavailableError)


class SlackHealth:
    """What `doctor` asks Slack. The SDK hides failures' headers: these few calls are plain HTTP."""

    def __init__(self, base_url: str, *, seconds: float = 10.0, outbound: Outbound = DIRECT) -> None:
        self._base_url = base_url
        self._outbound = outbound
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def headers_of(self, method: str, token: str | None) -> Mapping[str, str]:
        """Return the headers of Slack's answer to `method`, names in lower case.

        Raises SlackUnavailableError when there is none, or none but that Slack cannot now; SlackRefusedError with
        Slack's code when it says no.
        """
        status, code, headers = await self._ask(method, headers={"Authorization": f"Bearer {token}"} if token else {})
        if code:
            not_now = isinstance(error_for(method, code, http_status=status), _NOT_NOW)
            raise (SlackUnavailableError if not_now else SlackRefusedError)(code, method=method)
        return headers

    async def said_of_app(self, client_id: str, client_secret: str) -> str:
        """Return Slack's word about a code that is none: `invalid_code` where it takes the app's id and secret.

        Else `invalid_client_id` or `bad_client_secret` (docs.slack.dev, oauth.v2.access). Raises SlackUnavailableError.
        """
        if ":" in client_id:  # which RFC 7617 §2 has no way to send
            return "invalid_client_id"
        basic = aiohttp.encode_basic_auth(client_id, client_secret)
        _, code, _ = await self._ask("oauth.v2.access", headers={"Authorization": basic}, data={"code": "none"})
        return code

    async def _ask(self, method: str, **sent: Any) -> tuple[int, str, Mapping[str, str]]:
        """Return the HTTP status, Slack's code for an error, "" where there is none, and the headers of its answer."""
        way, connector = self._outbound.way(URL(self._base_url)), aiohttp.TCPConnector(ssl=self._outbound.tls)
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, connector=connector) as session,
                session.post(self._base_url + method, **sent, **way) as response,
            ):
                answer = await response.json(content_type=None)
                headers = {name.lower(): value for name, value in response.headers.items()}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SlackUnavailableError(reason_of(error), method=method) from error
        if isinstance(answer, dict) and answer.get("ok"):
            return response.status, "", headers
        code = answer.get("error") if isinstance(answer, dict) else None
        return response.status, str(code or f"HTTP {response.status}"), headers
