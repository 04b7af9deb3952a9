"""Whether a provider of calendars takes our app, asked without anybody's account: for `doctor` and `setup`.

RFC 6749 §5.2: whoever is not the client that they say is told `invalid_client`, before anything else is looked at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus

from services.calendars.oauth import OAuthApp
from services.calendars.providers.api import ApiAnswer, JsonApi
from services.domain.calendars import MICROSOFT
from services.domain.errors import CalendarUnreachableError
from services.platform.net import GuardedClient

SECONDS = 10.0
"""The longest that asking one provider may take."""

_NO_TOKEN = {"grant_type": "refresh_token", "refresh_token": "none"}
_ANYBODYS = ("/common/", "/organizations/", "/consumers/")
"""Authorities of Microsoft's that name no directory (learn.microsoft.com/entra/msal/msal-authentication-flows)."""

_EXPIRED, _UNKNOWN = {"7000222"}, {"700016", "90002"}
"""learn.microsoft.com/entra/identity-platform/reference-error-codes: the secret has run out; the directory does not
know the app, or does not exist. 7000215, the secret is none of the app's, is `invalid_client` like all others."""

_NUMBER = re.compile(r"AADSTS(\d+)")


class ClientVerdict(Enum):
    """What a provider says of our client id and secret."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    UNTOLD = "untold"
    """It answers, but not to this."""


async def check_client(client: GuardedClient, app: OAuthApp, resource: str = "") -> ClientVerdict:
    """Ask a provider for tokens that it cannot give; `resource` is the address of Microsoft's Graph.

    Google is shown a refresh token that is none. Microsoft need not look at the secret before it refuses that, so it is
    asked for a token of the app's own, with which nothing can be read, and which is thrown away. Where its authority
    names no directory it need not answer that. Raises CalendarError where the provider cannot be asked.
    """
    form = _NO_TOKEN
    if app.provider == MICROSOFT:
        form = {"grant_type": "client_credentials", "scope": f"{resource.rstrip('/')}/.default"}
    whole = {**form, "client_id": app.client_id, "client_secret": app.client_secret}
    try:
        async with asyncio.timeout(SECONDS):
            answer = await JsonApi(client, app.token_url).send("POST", app.token_url, form=whole)
    except TimeoutError:
        raise CalendarUnreachableError("timeout") from None
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CalendarUnreachableError(f"http {answer.status}")
    return _verdict(app, answer)


def _verdict(app: OAuthApp, answer: ApiAnswer) -> ClientVerdict:
    if answer.status == HTTPStatus.OK:
        return ClientVerdict.RIGHT
    error, numbers = answer.body.get("error"), _numbers(answer.body)
    if numbers & _EXPIRED:
        return ClientVerdict.EXPIRED
    if error == "invalid_client":
        return ClientVerdict.WRONG
    if numbers & _UNKNOWN and not any(part in app.token_url for part in _ANYBODYS):
        return ClientVerdict.UNKNOWN
    return ClientVerdict.RIGHT if error == "invalid_grant" and app.provider != MICROSOFT else ClientVerdict.UNTOLD


def _numbers(body: Mapping[str, object]) -> set[str]:
    """Microsoft's numbers of what is wrong."""
    said = body.get("error_description")
    return set(_NUMBER.findall(said)) if isinstance(said, str) else set()
