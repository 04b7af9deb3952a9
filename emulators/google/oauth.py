"""Consent, codes and tokens (developers.google.com/identity/protocols/oauth2/web-server).

Stricter than Google in one thing: a code challenge (S256) is demanded.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from emulators.google.faults import ApiError

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(seconds=3600)
_BASE = "https://www.googleapis.com/auth/"
SCOPES: Mapping[str, str] = {
    f"{_BASE}calendar.events.readonly": "View events on all your calendars",
    f"{_BASE}calendar.calendarlist.readonly": "See the list of Google calendars you’re subscribed to",
    f"{_BASE}calendar.readonly": "See and download any calendar you can access using your Google Calendar",
    f"{_BASE}calendar.events.owned.readonly": "See the events on Google calendars you own",
    f"{_BASE}calendar.events.freebusy": "See the availability on Google calendars you have access to",
}
"""The scopes that are known here, as the discovery document describes them."""

READ_EVENTS = frozenset({f"{_BASE}calendar.events.readonly", f"{_BASE}calendar.readonly"})
READ_LIST = frozenset({f"{_BASE}calendar.calendarlist.readonly", f"{_BASE}calendar.readonly"})


class OAuthError(Exception):
    """An unhappy answer of the token endpoint (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description or error}


@dataclass(slots=True)
class Client:
    """The app, as it is registered with Google."""

    client_id: str = "statusquo.apps.googleusercontent.com"
    client_secret: str = field(default="GOCSPX-local", repr=False)
    redirect_uris: list[str] = field(default_factory=list)
    name: str = "Status Quo"


@dataclass(slots=True)
class Grant:
    """What an account allowed, until it is revoked."""

    account: str
    scopes: frozenset[str]
    refresh: str = field(default="", repr=False)
    revoked: bool = False


@dataclass(slots=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used: bool = False


class OAuth:
    """Codes and tokens that were handed out."""

    def __init__(self, client: Client, now: Callable[[], datetime]) -> None:
        self.client = client
        self._now = now
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self.grants: list[Grant] = []

    def problem(self, query: Mapping[str, str]) -> str:
        """Why the consent page cannot be shown for such a link; empty when it can."""
        scopes = query.get("scope", "").split()
        checks = (
            (query.get("client_id") == self.client.client_id, "invalid_client"),
            (query.get("redirect_uri") in self.client.redirect_uris, "redirect_uri_mismatch"),
            (query.get("response_type") == "code", "unsupported_response_type"),
            (bool(scopes) and set(scopes) <= set(SCOPES), "invalid_scope"),
            (query.get("access_type", "online") in {"online", "offline"}, "invalid_request"),
            (query.get("code_challenge_method") == "S256", "invalid_request"),
            (len(query.get("code_challenge", "")) == 43, "invalid_request"),  # noqa: PLR2004 - RFC 7636 §4.2
        )
        return next((wrong for good, wrong in checks if not good), "")

    def decide(self, query: Mapping[str, str], account: str, *, allow: bool = True, without: Iterable[str] = ()) -> str:
        """Somebody presses Allow or Cancel; where their browser goes. `without` are scopes they left out."""
        wrong = self.problem(query)
        if wrong:
            raise OAuthError(wrong)
        state = {"state": query["state"]} if "state" in query else {}
        if not allow:
            return _with(query["redirect_uri"], {"error": "access_denied", **state})
        scopes = frozenset(query["scope"].split()) - frozenset(without)
        if not scopes:
            return _with(query["redirect_uri"], {"error": "access_denied", **state})
        grant = Grant(account, scopes)
        known = any(other.account == account and other.refresh and not other.revoked for other in self.grants)
        if query.get("access_type") == "offline" and (not known or "consent" in query.get("prompt", "").split()):
            grant.refresh = f"1//{secrets.token_urlsafe(32)}"  # only the first time, or when asked to consent again
        self.grants.append(grant)
        code = f"4/{secrets.token_urlsafe(32)}"
        self._codes[code] = _Code(grant, query["redirect_uri"], query["code_challenge"], self._now() + CODE_LIFETIME)
        return _with(query["redirect_uri"], {**state, "code": code, "scope": " ".join(sorted(scopes))})

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint: a code, or a refresh token, for an access token. Raises OAuthError."""
        known = form.get("client_id") == self.client.client_id
        if not known or not secrets.compare_digest(
            form.get("client_secret", "").encode(), self.client.client_secret.encode()
        ):
            raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            grant = self._by_code(form)
            return self._issued(grant) | ({"refresh_token": grant.refresh} if grant.refresh else {})
        if kind == "refresh_token":
            return self._issued(self._by_refresh(form.get("refresh_token", "")))
        raise OAuthError("unsupported_grant_type")

    def revoke(self, token: str) -> None:
        """End the grant that a token, of either kind, belongs to. Raises OAuthError for an unknown one."""
        held = self._access.get(token)
        grant = held[0] if held else next((one for one in self.grants if one.refresh and one.refresh == token), None)
        if grant is None or grant.revoked:
            raise OAuthError("invalid_token", "Token expired or revoked")
        self._end(grant)

    def revoke_account(self, account: str) -> None:
        """The person takes the app's access away, in their Google account."""
        for grant in self.grants:
            if grant.account == account:
                self._end(grant)

    def expire_access(self) -> None:
        """Every access token is too old from now on."""
        self._access.clear()

    def account_of(self, authorization: str, needed: frozenset[str]) -> str:
        """Whose access token a header brings, which must have one of the scopes `needed`. Raises ApiError."""
        held = self._access.get(authorization.removeprefix("Bearer "))
        if not authorization.startswith("Bearer ") or held is None or held[0].revoked or self._now() >= held[1]:
            raise ApiError(401, "authError", "Invalid Credentials")
        if not held[0].scopes & needed:
            raise ApiError(403, "insufficientPermissions", "Insufficient Permission: Request had insufficient scopes.")
        return held[0].account

    def _by_code(self, form: Mapping[str, str]) -> Grant:
        code = self._codes.get(form.get("code", ""))
        if code is None or self._now() >= code.expires_at:
            raise OAuthError("invalid_grant", "Malformed auth code.")
        if code.used:
            self._end(code.grant)  # RFC 6749 §4.1.2
            raise OAuthError("invalid_grant", "Bad Request")
        if code.redirect_uri != form.get("redirect_uri"):
            raise OAuthError("redirect_uri_mismatch")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
            raise OAuthError("invalid_grant", "Invalid code verifier.")
        code.used = True
        return code.grant

    def _by_refresh(self, refresh: str) -> Grant:
        grant = next((one for one in self.grants if one.refresh and one.refresh == refresh), None)
        if grant is None or grant.revoked:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        return grant

    def _issued(self, grant: Grant) -> dict[str, Any]:
        now = self._now()
        self._access = {token: held for token, held in self._access.items() if now < held[1]}
        token = f"ya29.{secrets.token_urlsafe(40)}"
        self._access[token] = (grant, now + TOKEN_LIFETIME)
        return {
            "access_token": token,
            "expires_in": int(TOKEN_LIFETIME.total_seconds()) - 1,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def _end(self, grant: Grant) -> None:
        grant.revoked = True
        self._access = {token: held for token, held in self._access.items() if held[0] is not grant}


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
