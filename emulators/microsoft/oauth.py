"""OAuth 2.0 as Microsoft does it: codes with PKCE, access tokens, refresh tokens that replace each other.

learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

CODE_LIFETIME = timedelta(minutes=10)
ACCESS_LIFETIME = timedelta(seconds=3599)

_GRAPH = "https://graph.microsoft.com/"
_KNOWN = {scope.casefold(): scope for scope in ("Calendars.Read", "Calendars.ReadWrite", "User.Read")}
_OIDC = frozenset({"openid", "profile", "email", "offline_access"})
_SHORTEST_VERIFIER, _LONGEST_VERIFIER = 43, 128


class OAuthError(Exception):
    """What the token endpoint, or the consent page, answers instead."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def body(self, now: datetime) -> dict[str, Any]:
        """As the token endpoint writes it."""
        code = self.description.partition(":")[0].removeprefix("AADSTS")
        return {
            "error": self.error,
            "error_description": f"{self.description} Trace ID: {secrets.token_hex(8)}",
            "error_codes": [int(code)] if code.isdigit() else [],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
            "trace_id": secrets.token_hex(16),
            "correlation_id": secrets.token_hex(16),
        }


@dataclass(slots=True)
class Code:
    """What a person allowed: waits to be exchanged."""

    account: str
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used: bool = False


@dataclass(slots=True)
class Access:
    """An access token's account, scopes and end."""

    account: str
    scopes: frozenset[str]
    expires_at: datetime


@dataclass(slots=True)
class Refresh:
    """A refresh token's account and scopes. Using one does not end it; revoking does."""

    account: str
    scopes: frozenset[str]
    revoked: bool = False


class OAuth:
    """Codes and tokens that were handed out."""

    def __init__(self, now: Callable[[], datetime], client_id: str, client_secret: str) -> None:
        """One app is known. `redirect_uris`: where it may have people sent; anywhere, while empty."""
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris: tuple[str, ...] = ()
        self.access_lifetime = ACCESS_LIFETIME
        self.access: dict[str, Access] = {}
        self.refresh: dict[str, Refresh] = {}
        self._codes: dict[str, Code] = {}
        self._now = now

    # ── consent ─────────────────────────────────────────────────────────────────────────────────────

    def check(self, query: Mapping[str, str]) -> None:
        """Raise OAuthError for a link to the consent page that cannot be followed."""
        if query.get("client_id") != self.client_id:
            raise OAuthError("unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        redirect = query.get("redirect_uri", "")
        if urlsplit(redirect).scheme not in {"http", "https"} or (
            self.redirect_uris and redirect not in self.redirect_uris
        ):
            raise OAuthError("invalid_request", "AADSTS50011: The redirect URI does not match those configured.")
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "AADSTS700054: response_type 'code' is needed.")
        if not scopes_of(query.get("scope", "")):
            raise OAuthError("invalid_request", "AADSTS900144: The request must contain the parameter 'scope'.")
        if not query.get("state"):
            raise OAuthError("invalid_request", "A state is not required, but this app shall send one.")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != _SHORTEST_VERIFIER:
            raise OAuthError("invalid_request", "AADSTS501491: Invalid size of Code_Challenge parameter.")

    def decide(self, query: Mapping[str, str], account: str, *, accept: bool, without: frozenset[str]) -> str:
        """A person presses Accept or Cancel: where their browser goes. Raises OAuthError."""
        self.check(query)
        redirect, state = query["redirect_uri"], query["state"]
        if not accept:
            denied = {"error": "access_denied", "error_description": "AADSTS65004: User declined to consent."}
            return _with(redirect, {**denied, "state": state})
        code = f"M.C1_{secrets.token_urlsafe(48)}"
        self._codes[code] = Code(
            account,
            scopes_of(query["scope"]) - without,
            redirect,
            query["code_challenge"],
            self._now() + CODE_LIFETIME,
        )
        return _with(redirect, {"code": code, "state": state, "session_state": secrets.token_hex(16)})

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint's happy answer. Raises OAuthError."""
        if form.get("client_id") != self.client_id:
            raise OAuthError("unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode()):
            raise OAuthError("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        grant = form.get("grant_type", "")
        if grant == "authorization_code":
            return self._exchanged(form)
        if grant == "refresh_token":
            return self._renewed(form)
        raise OAuthError("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")

    def expire_access_tokens(self, account: str = "") -> None:
        """All access tokens, or those of an account, are good no more."""
        for access in self.access.values():
            if account in ("", access.account):
                access.expires_at = self._now()

    def revoke(self, account: str = "") -> None:
        """A person, or everybody, takes the permission back: no token of theirs is good any more."""
        self.expire_access_tokens(account)
        for refresh in self.refresh.values():
            refresh.revoked |= account in ("", refresh.account)

    def issue(self, account: str, scopes: frozenset[str] = frozenset({"Calendars.Read"})) -> str:
        """An access token, without any consent."""
        token = f"EwB{secrets.token_urlsafe(120)}"
        self.access[token] = Access(account, scopes, self._now() + self.access_lifetime)
        return token

    def _exchanged(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._codes.get(form.get("code", ""))
        if code is None:
            raise OAuthError("invalid_grant", "AADSTS70000: The provided value for the 'code' parameter is not valid.")
        if code.used:
            raise OAuthError("invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed.")
        if self._now() >= code.expires_at:
            raise OAuthError("invalid_grant", "AADSTS70008: The provided authorization code is expired.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("invalid_grant", "AADSTS50011: The redirect URI does not match.")
        verifier = form.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not _SHORTEST_VERIFIER <= len(verifier) <= _LONGEST_VERIFIER or digest != code.challenge:
            raise OAuthError("invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge.")
        code.used = True
        return self._granted(code.account, code.scopes)

    def _renewed(self, form: Mapping[str, str]) -> dict[str, Any]:
        refresh = self.refresh.get(form.get("refresh_token", ""))
        if refresh is None or refresh.revoked:
            raise OAuthError("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked.")
        asked = scopes_of(form.get("scope", ""))
        if not asked <= refresh.scopes:
            raise OAuthError("invalid_grant", "AADSTS65001: The user has not consented to use the application.")
        return self._granted(refresh.account, refresh.scopes)

    def _granted(self, account: str, scopes: frozenset[str]) -> dict[str, Any]:
        named = sorted(_GRAPH + scope for scope in scopes - _OIDC)
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(named),
            "expires_in": int(self.access_lifetime.total_seconds()),
            "ext_expires_in": int(self.access_lifetime.total_seconds()),
            "access_token": self.issue(account, scopes),
        }
        if "offline_access" in scopes:
            token = f"M.R3_{secrets.token_urlsafe(96)}"
            self.refresh[token] = Refresh(account, scopes)
            answer["refresh_token"] = token
        return answer


def scopes_of(text: str) -> frozenset[str]:
    """The scopes of a request, by their short names; empty where one of them does not exist."""
    names = [name.removeprefix(_GRAPH) for name in text.split()]
    found = frozenset(_KNOWN.get(name.casefold(), name) for name in names)
    return found if found <= _OIDC | set(_KNOWN.values()) else frozenset()


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
