"""OAuth 2.0 with the providers of calendars: the authorization code flow (RFC 6749 §4.1) with PKCE (RFC 7636).

Access tokens of people's accounts are renewed when they have to be, by one replica at a time.

Written out here because it is four requests: the kept libraries bring a transport of their own (Authlib, msal,
google-auth: requests or httpx), which would pass by the guarded sockets, or refuse a token endpoint on loopback
(oauthlib), which every test of ours and every demo has.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog

from services.calendars.providers.api import ApiAnswer, JsonApi
from services.domain.errors import (
    AccountLostError,
    AccountNotConsentedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarUnreachableError,
)
from services.domain.model import PersonKey
from services.domain.operator_errors import WrongRedirectError
from services.platform.logs import of_error
from services.platform.net import GuardedClient, error_for
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountStore, StoredAccount

log = structlog.get_logger(__name__)

UNSAID = timedelta(hours=1)
"""How long a token is taken to live whose answer does not say so (RFC 6749 §5.1 only recommends `expires_in`)."""

_LONGEST = timedelta(days=1)
_LONGEST_WORD = 40
_LOST = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
"""RFC 6749 §5.2, and what Microsoft adds: only the person can mend these."""

_OURS = frozenset({"invalid_client", "deleted_client"})
"""RFC 6749 §5.2, and Google's word: our own secret is wrong or has run out (AADSTS7000215, AADSTS7000222)."""

_OURS_THERE = "unauthorized_client"
"""RFC 6749 §5.2: the app is unknown or switched off, everywhere or in one organization (AADSTS700016, 7000112)."""

_REDIRECT = "redirect_uri_mismatch"  # Google's word at the token endpoint
_REDIRECTS = re.compile(r"AADSTS(?:50011|500112)\b")
"""Microsoft's: the redirect address is none of the app's, or another than the one that was asked for."""

_NUMBER = re.compile(r"AADSTS\d{1,9}\b")

_ADMINISTRATORS = re.compile(r"AADSTS(?:65001|90094|90095)\b")
"""learn.microsoft.com/entra/identity-platform/reference-error-codes: not consented to; an administrator has to."""

SPARE = timedelta(seconds=60)
"""A token that lives shorter than this is renewed before it is used."""


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets us in. `expires_at` (UTC) is the access token's; `scopes` were granted."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str] = frozenset()

    def good_at(self, now: datetime) -> bool:
        """Check whether the access token is worth sending."""
        return bool(self.access) and now + SPARE < self.expires_at

    def to_json(self) -> dict[str, Any]:
        """Return it as it is sealed."""
        return msgspec.to_builtins(self, order="deterministic")  # type: ignore[no-any-return]  # a dict, of a dataclass

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Credentials:
        """Read what `to_json` gave."""
        return msgspec.convert(value, cls)


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """Our app at a provider: where people are sent, and what is asked of them.

    `asked` are the scopes, `required` those without which nothing works; `read_scopes` reads the provider's way of
    listing what was granted. `revoke_url` is "" where a token cannot be taken back. `extra` goes along to the consent.
    """

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    asked: tuple[str, ...]
    required: frozenset[str]
    read_scopes: Callable[[str], frozenset[str]]
    revoke_url: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    writes: str = ""
    """The scope that is asked for besides where somebody wants entries in their own calendar."""


class OAuthClient:
    """The four requests at one provider."""

    def __init__(self, client: GuardedClient, app: OAuthApp) -> None:
        """`client` reaches the provider's token endpoint."""
        self.app = app
        self._api = JsonApi(client, app.token_url)

    def consent_url(self, state: str, verifier: str, redirect_uri: str, *, writing: bool = False) -> str:
        """Return where to send the browser (RFC 6749 §4.1.1); `writing` asks for more."""
        query = {
            "client_id": self.app.client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": " ".join((*self.app.asked, *((self.app.writes,) if writing else ()))),
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **self.app.extra,
        }
        join = "&" if "?" in self.app.authorize_url else "?"
        return self.app.authorize_url + join + urlencode(query)

    async def exchange(self, code: str, verifier: str, redirect_uri: str, now: datetime) -> Credentials:
        """Get the tokens for a code (RFC 6749 §4.1.3). Raises AccountLostError for a code that is worth nothing.

        Raises WrongRedirectError where the provider does not know `redirect_uri`.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return await self._tokens(form, now, Credentials("", "", now, frozenset(self.app.asked)))

    async def renew(self, before: Credentials, now: datetime) -> Credentials:
        """Get fresh tokens (RFC 6749 §6); the refresh token stays where no other is given. Raises AccountLostError."""
        if not before.refresh:
            raise AccountLostError("no refresh token")
        form = {"grant_type": "refresh_token", "refresh_token": before.refresh}
        return await self._tokens(form, now, before)

    async def revoke(self, credentials: Credentials) -> None:
        """Make the tokens worth nothing (RFC 7009), where the provider has a way to. Raises a `CalendarError`."""
        if not self.app.revoke_url:
            return
        api = JsonApi(self._api.client, self.app.revoke_url)
        form = {"token": credentials.refresh or credentials.access}
        answer = await api.send("POST", self.app.revoke_url, form=form)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CalendarUnreachableError(f"http {answer.status}")

    async def _tokens(self, form: Mapping[str, str], now: datetime, before: Credentials) -> Credentials:
        whole = {**form, "client_id": self.app.client_id, "client_secret": self.app.client_secret}
        answer = await self._api.send("POST", self.app.token_url, form=whole)
        if answer.status != HTTPStatus.OK:
            said = str(answer.body.get("error_description", ""))
            if answer.body.get("error") == _REDIRECT or _REDIRECTS.match(said):
                raise WrongRedirectError(_REDIRECT)
            raise _refusal(answer, now)
        body = answer.body
        access, refresh, scope = body.get("access_token"), body.get("refresh_token"), body.get("scope")
        if not isinstance(access, str) or not access or not access.isascii() or not access.isprintable():
            raise CalendarError("no access token in the answer")
        try:
            seconds = float(body.get("expires_in"))  # type: ignore[arg-type]  # TypeError is caught
        except (TypeError, ValueError, OverflowError):
            seconds = math.nan
        life = UNSAID if math.isnan(seconds) else timedelta(seconds=min(max(seconds, 0.0), _LONGEST.total_seconds()))
        found = replace(before, access=access, expires_at=now + life)
        if isinstance(refresh, str) and refresh:
            found = replace(found, refresh=refresh)
        if isinstance(scope, str):  # absent means: all that was asked for; empty means none of it
            found = replace(found, scopes=self.app.read_scopes(scope))
        return found


def _refusal(answer: ApiAnswer, now: datetime) -> CalendarError:
    """Turn an unhappy answer of a token endpoint into its error (RFC 6749 §5.2); only those of `_LOST` are final."""
    said = answer.body.get("error")
    word = said[:_LONGEST_WORD] if isinstance(said, str) and said.replace("_", "").isalnum() else ""
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        number = _NUMBER.match(str(answer.body.get("error_description", "")))
        if word in _OURS or word == _OURS_THERE:
            what = f"{word} {number[0]}" if number else word
            return AppRefusedError(what, everybody=word in _OURS)
        if word in _LOST:
            words = (word, answer.body.get("suberror"), answer.body.get("error_description"))
            return AccountNotConsentedError(word) if needs_administrator(*words) else AccountLostError(word)
    found = error_for(answer.status, answer.headers, now)
    if isinstance(found, CalendarBusyError | CalendarUnreachableError):
        return found
    # the request is wrong, or what we may ask for: the operator's to mend, nobody has to connect anew
    return CalendarError(f"token endpoint: http {answer.status} {word}".rstrip())


def needs_administrator(*said: object) -> bool:
    """Check whether Microsoft says, in any word of a refusal, that an administrator has to consent first."""
    return any(isinstance(one, str) and (one == "consent_required" or _ADMINISTRATORS.match(one)) for one in said)


SECONDS = 10.0
"""How long a renewal may take, in real time."""

LEASE = timedelta(seconds=15)
"""How long it is left to who began it: longer than that."""

BEAT = 0.1
"""Seconds of real time between two looks at a renewal that another is at."""


@dataclass(frozen=True, slots=True)
class AccountTokens:
    """`ports.AccessTokens`."""

    rows: AccountStore
    clients: Mapping[str, OAuthClient]
    clock: Clock
    wake_signal: WakeSignal
    patience: float = 20.0
    """Seconds of real time in all for a renewal that another is at."""

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        """As `ports.AccessTokens`."""
        end = asyncio.get_running_loop().time() + self.patience
        while True:
            account = await self.rows.load(key, account_id)
            if account is None or account.lost or account.provider not in self.clients:
                raise AccountLostError("not connected")
            now = self.clock.now()
            held = Credentials.from_json(account.credentials)
            if held.good_at(now) and held.access != refused:
                return held.access
            if await self.rows.claim(account, now, now + LEASE):
                return await self._renew(account, held)
            if asyncio.get_running_loop().time() > end:
                raise CalendarUnreachableError("another replica is at the renewal")
            await asyncio.sleep(BEAT)

    async def _renew(self, account: StoredAccount, held: Credentials) -> str:
        ids = {"team_id": account.key.team_id, "user_id": account.key.user_id, "account_id": account.account_id}
        try:
            async with asyncio.timeout(SECONDS):
                fresh = await self.clients[account.provider].renew(held, self.clock.now())
        except TimeoutError:
            await self.rows.release(account)
            raise CalendarUnreachableError("the renewal takes too long") from None
        except AccountLostError as refusal:
            if await self.rows.lost(account, consent=isinstance(refusal, AccountNotConsentedError)):
                log.warning("account_lost", **ids, provider=account.provider, **of_error(refusal))
                self.wake_signal.wake()
            raise
        except (CalendarError, asyncio.CancelledError):  # who asked may have run out of patience
            await asyncio.shield(self.rows.release(account))
            raise
        if not await self.rows.renewed(account, fresh.to_json()):
            log.warning("renewed_account_not_kept", **ids)
        return fresh.access
