"""The token endpoint's answers, and what PKCE sends."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.calendars.oauth import Credentials, OAuthApp, OAuthClient, challenge_of
from services.domain.errors import (
    AccountLostError,
    AccountNotConsentedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarUnreachableError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OLD = Credentials("old", "refresh-1", NOW, frozenset({"read"}))


def authority(url: str) -> OAuthApp:
    return OAuthApp(
        "google", "client", "secret", authorize_url="https://accounts.example/auth?hl=en",
        token_url=f"{url}/token", asked=("read", "list"), required=frozenset({"read"}),
        read_scopes=lambda text: frozenset(text.split()), revoke_url=f"{url}/revoke", extra={"prompt": "consent"},
    )  # fmt: skip


async def renewed(status: int, answer: Any, headers: dict[str, str] | None = None) -> Credentials:
    """What a renewal makes of that answer."""

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        assert dict(form) == {
            "grant_type": "refresh_token", "refresh_token": "refresh-1", "client_id": "client",
            "client_secret": "secret",
        }  # fmt: skip
        if isinstance(answer, str):
            return web.Response(status=status, text=answer, headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    application = web.Application()
    application.router.add_post("/token", token)
    client = GuardedClient(AddressRules(private=True))
    try:
        async with TestServer(application, host="127.0.0.1") as server:
            return await OAuthClient(client, authority(str(server.make_url("")).rstrip("/"))).renew(OLD, NOW)
    finally:
        await client.close()


async def test_fresh_tokens_keep_what_the_answer_leaves_out() -> None:
    found = await renewed(200, {"access_token": "new", "expires_in": 120, "token_type": "Bearer"})
    assert found == Credentials("new", "refresh-1", NOW + timedelta(seconds=120), frozenset({"read"}))


async def test_rotated_refresh_token_and_other_scopes_are_taken() -> None:
    found = await renewed(200, {"access_token": "new", "refresh_token": "r2", "scope": "", "expires_in": "3600"})
    assert (found.refresh, found.scopes, found.expires_at) == ("r2", frozenset(), NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 3600), ("soon", 3600), ([], 3600), (-5, 0), (1e300, 86400), (10**400, 3600), ("NaN", 3600), (0, 0)],
)
async def test_life_of_a_token_is_believed_within_reason(expires_in: object, seconds: int) -> None:
    found = await renewed(200, {"access_token": "new", "expires_in": expires_in})
    assert found.expires_at - NOW == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "answer", "headers", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, None, AccountLostError),
        (401, {"error": "invalid_grant"}, None, AccountLostError),
        (400, {"error": "interaction_required"}, None, AccountLostError),
        (401, {"error": "invalid_client"}, None, AppRefusedError),
        (400, {"error": "invalid_client", "error_description": "AADSTS7000222: expired"}, None, AppRefusedError),
        (400, {"error": "unauthorized_client"}, None, AppRefusedError),
        (401, {"error": "deleted_client"}, None, AppRefusedError),
        (400, {"error": "consent_required"}, None, AccountNotConsentedError),
        (400, {"error": "invalid_grant", "suberror": "consent_required"}, None, AccountNotConsentedError),
        (
            400,
            {"error": "invalid_grant", "error_description": "AADSTS65001: The user or administrator has not"},
            None,
            AccountNotConsentedError,
        ),
        (400, {"error": "invalid_grant", "error_description": "AADSTS90094: x"}, None, AccountNotConsentedError),
        (400, {"error": "invalid_grant", "error_description": "AADSTS650011: x"}, None, AccountLostError),
        (400, {"error": "invalid_grant", "error_description": ["AADSTS65001"]}, None, AccountLostError),
        (400, {"error": "invalid_request"}, None, CalendarError),
        (400, {"error": ["invalid_grant"]}, None, CalendarError),
        (400, "invalid_grant", None, CalendarError),
        (403, {}, None, CalendarError),
        (429, {}, {"Retry-After": "7"}, CalendarBusyError),
        (500, {"error": "invalid_grant"}, None, CalendarUnreachableError),
        (503, "<html>", None, CalendarUnreachableError),
        (200, {}, None, CalendarError),
        (200, {"access_token": None}, None, CalendarError),
        (200, {"access_token": ""}, None, CalendarError),
        (200, {"access_token": "two\nlines"}, None, CalendarError),
        (200, "no json", None, CalendarError),
        (200, [], None, CalendarError),
        (302, {}, {"Location": "http://127.0.0.1:1/"}, CalendarUnreachableError),
    ],
)
async def test_only_a_refusal_that_its_owner_can_mend_loses_the_account(
    status: int, answer: Any, headers: dict[str, str] | None, kind: type[CalendarError]
) -> None:
    with pytest.raises(CalendarError) as caught:
        await renewed(status, answer, headers)
    assert type(caught.value) is kind


async def test_no_token_is_in_a_repr_or_an_error() -> None:
    assert "refresh-1" not in repr(OLD)
    assert "secret" not in repr(authority("http://x"))
    with pytest.raises(CalendarError) as caught:
        await renewed(400, {"error": "refresh-1 old secret"})
    assert "refresh-1" not in caught.value.reason


async def test_consent_page_is_asked_with_state_challenge_and_scopes() -> None:
    client = GuardedClient(AddressRules())
    verifier = secrets.token_urlsafe(32)
    url = OAuthClient(client, authority("https://x.example")).consent_url("s", verifier, "https://q.example/back")
    await client.close()
    assert url.startswith("https://accounts.example/auth?hl=en&")
    assert {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()} == {
        "hl": "en", "client_id": "client", "response_type": "code", "redirect_uri": "https://q.example/back",
        "scope": "read list", "state": "s", "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
        "prompt": "consent",
    }  # fmt: skip


def test_challenge_is_the_one_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
