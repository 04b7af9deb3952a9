"""The code flow (RFC 6749 §4.1, with PKCE, RFC 7636) as Google and Microsoft share it; each has its own words."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

CODE_LIFETIME = timedelta(minutes=10)
_CHALLENGE = 43
"""Characters of an S256 challenge, and the fewest of a verifier."""


class ApiError(Exception):
    """An unhappy answer: status, JSON body, headers."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


class OAuthError(ApiError):
    """What the token endpoint, or the consent page, answers instead (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str = "", status: int = 400, **more: Any) -> None:
        self.error, self.description = error, description or error
        super().__init__(status, {"error": error, "error_description": self.description, **more})


@dataclass(slots=True)
class AppClient:
    """The app, as it is registered there. `redirect_uris`: where it may have people sent; anywhere, while empty."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: list[str] = field(default_factory=list)
    expired: bool = False
    """Whether the secret has run out."""


@dataclass(slots=True)
class AccountGrant:
    """What an account allowed, until it is revoked."""

    account: str
    scopes: frozenset[str]
    offline: bool = False
    """Whether there are refresh tokens for it."""
    revoked: bool = False


@dataclass(slots=True)
class _Code:
    grant: AccountGrant
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used: bool = False


class CodeFlow:
    """Codes and tokens that were handed out."""

    wrong: ClassVar[Mapping[str, tuple[Any, ...]]]
    """What is answered to each mistake: the arguments of `OAuthError`."""
    lifetime = timedelta(seconds=3600)
    prefixes: ClassVar[tuple[str, str, str]] = ("code-", "access-", "refresh-")

    def __init__(self, client: AppClient, now: Callable[[], datetime]) -> None:
        self.client = client
        self.grants: list[AccountGrant] = []
        self.now = now
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[AccountGrant, datetime]] = {}
        self._refresh: dict[str, AccountGrant] = {}

    # ── in the vendor's way ─────────────────────────────────────────────────────────────────────────

    def scopes_of(self, text: str) -> frozenset[str]:
        """The scopes of a request; empty where one of them does not exist."""
        raise NotImplementedError

    def checks(self, query: Mapping[str, str]) -> Iterable[tuple[bool, str]]:
        """Further conditions of a link, with the mistake that it otherwise is."""
        return ()

    def offline(self, query: Mapping[str, str], grant: AccountGrant) -> bool:
        """Whether there are refresh tokens for what was just allowed."""
        raise NotImplementedError

    def refusal(self, mistake: str) -> OAuthError:
        """What is answered to a mistake."""
        return OAuthError(*self.wrong[mistake])

    # ── consent ─────────────────────────────────────────────────────────────────────────────────────

    def check(self, query: Mapping[str, str]) -> None:
        """Raise OAuthError for a link to the consent page that cannot be followed."""
        redirect, allowed = query.get("redirect_uri", ""), self.client.redirect_uris
        challenge = query.get("code_challenge_method") == "S256" and len(query.get("code_challenge", "")) == _CHALLENGE
        for good, mistake in (
            (query.get("client_id") == self.client.client_id, "client"),
            (urlsplit(redirect).scheme in {"http", "https"} and (not allowed or redirect in allowed), "redirect"),
            (query.get("response_type") == "code", "response_type"),
            (bool(self.scopes_of(query.get("scope", ""))), "scope"),
            *self.checks(query),
            (challenge, "challenge"),
        ):
            if not good:
                raise self.refusal(mistake)

    def decide(self, query: Mapping[str, str], account: str, *, allow: bool = True, without: Iterable[str] = ()) -> str:
        """Somebody presses Allow or Cancel; where their browser goes. `without` are left out. Raises OAuthError."""
        self.check(query)
        redirect = query["redirect_uri"]
        state = {"state": query["state"]} if "state" in query else {}
        scopes = self.scopes_of(query["scope"]) - frozenset(without)
        if not (allow and scopes):
            return with_query(redirect, {"error": "access_denied", **state})
        grant = AccountGrant(account, scopes)
        grant.offline = self.offline(query, grant)
        self.grants.append(grant)
        code = self.prefixes[0] + secrets.token_urlsafe(32)
        self._codes[code] = _Code(grant, redirect, query["code_challenge"], self.now() + CODE_LIFETIME)
        return with_query(redirect, {**state, "code": code, "scope": " ".join(sorted(scopes))})

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint: a code, or a refresh token, for an access token. Raises OAuthError."""
        if form.get("client_id") != self.client.client_id:
            raise self.refusal("client")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self.client.client_secret.encode()):
            raise self.refusal("secret")
        if self.client.expired:
            raise self.refusal("expired_secret")
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self.issued(self._by_code(form), first=True)
        if kind != "refresh_token":
            raise self.refusal("grant_type")
        grant = self._refresh.get(form.get("refresh_token", ""))
        if grant is None or grant.revoked:
            raise self.refusal("refresh")
        if not self.scopes_of(form.get("scope", "")) <= grant.scopes:
            raise self.refusal("scope")
        return self.issued(grant, first=False)

    def issued(self, grant: AccountGrant, *, first: bool) -> dict[str, Any]:
        """The happy answer: `first` for a code, else for a refresh token."""
        return {
            "access_token": self._issue(grant),
            "expires_in": int(self.lifetime.total_seconds()),
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def refresh_token(self, grant: AccountGrant) -> str:
        """A new refresh token; those before stay good."""
        token = self.prefixes[2] + secrets.token_urlsafe(32)
        self._refresh[token] = grant
        return token

    def issue(self, account: str, scopes: frozenset[str]) -> str:
        """An access token, without any consent."""
        self.grants.append(AccountGrant(account, scopes))
        return self._issue(self.grants[-1])

    def expire_access_tokens(self, account: str = "") -> None:
        """All access tokens, or those of an account, are good no more."""
        self._access = {token: held for token, held in self._access.items() if account not in ("", held[0].account)}

    def revoke(self, account: str = "") -> None:
        """A person, or everybody, takes the permission back: no token of theirs is good any more."""
        for grant in self.grants:
            grant.revoked |= account in ("", grant.account)

    def revoke_token(self, token: str) -> None:
        """End the grant that a token, of either kind, belongs to. Raises OAuthError for an unknown one."""
        grant = self._refresh.get(token) or self._access.get(token, (None,))[0]
        if grant is None or grant.revoked:
            raise OAuthError("invalid_token", "Token expired or revoked")
        grant.revoked = True

    def grant_of(self, authorization: str) -> AccountGrant | None:
        """What the access token of an `Authorization` header stands for; None where it is no good."""
        scheme, _, token = authorization.partition(" ")
        held = self._access.get(token) if scheme == "Bearer" else None
        return held[0] if held and not held[0].revoked and self.now() < held[1] else None

    def _issue(self, grant: AccountGrant) -> str:
        token = self.prefixes[1] + secrets.token_urlsafe(40)
        self._access[token] = (grant, self.now() + self.lifetime)
        return token

    def _by_code(self, form: Mapping[str, str]) -> AccountGrant:
        code, verifier = self._codes.get(form.get("code", "")), form.get("code_verifier", "")
        if code is None:
            raise self.refusal("code")
        if code.used:
            code.grant.revoked = True  # RFC 6749 §4.1.2
            raise self.refusal("used")
        if self.now() >= code.expires_at:
            raise self.refusal("expired")
        if code.redirect_uri != form.get("redirect_uri"):
            raise self.refusal("other_redirect")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if len(verifier) < _CHALLENGE or digest != code.challenge:
            raise self.refusal("verifier")
        code.used = True
        return code.grant


def with_query(url: str, query: Mapping[str, str]) -> str:
    """An address with more in its query."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
