"""Consent and tokens as Microsoft does them (learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from emulators.consent import Brand
from emulators.oauth import AccountGrant, CodeFlow, OAuthError

READ = frozenset({"Calendars.Read"})
_GRAPH = "https://graph.microsoft.com/"
_KNOWN = {scope.casefold(): scope for scope in ("Calendars.Read", "Calendars.ReadWrite", "User.Read")}
_OIDC = frozenset({"openid", "profile", "email", "offline_access"})
BRAND = Brand(
    "Microsoft, as the demo has it",
    "Status Quo would like your permission",
    "#0067b8",
    allow="accept",
    scopes={
        "Calendars.Read": "Read your calendars: see the events in them, and hear when they change",
        "Calendars.ReadWrite": "Have full access to your calendars: read, change and delete your events",
        "offline_access": "Maintain access to data you have given it access to, also while you are not there",
    },
)
_CLIENT = ("unauthorized_client", "AADSTS700016: Application was not found in the directory.")
_GRANT = "invalid_grant"


class MicrosoftConsent(CodeFlow):
    """Codes and tokens that were handed out; refresh tokens replace each other, and the old ones stay good."""

    lifetime = timedelta(seconds=3599)
    prefixes = ("M.C1_", "EwB", "M.R3_")
    wrong = {  # noqa: RUF012  # a table
        "client": _CLIENT,
        "secret": ("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401),
        "expired_secret": ("invalid_client", "AADSTS7000222: The provided client secret keys are expired.", 401),
        "redirect": ("invalid_request", "AADSTS50011: The redirect URI does not match those configured."),
        "response_type": ("unsupported_response_type", "AADSTS700054: response_type 'code' is needed."),
        "scope": ("invalid_request", "AADSTS900144: The request must contain the parameter 'scope'."),
        "state": ("invalid_request", "A state is not required, but this app shall send one."),
        "challenge": ("invalid_request", "AADSTS501491: Invalid size of Code_Challenge parameter."),
        "grant_type": ("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type."),
        "code": (_GRANT, "AADSTS70000: The provided value for the 'code' parameter is not valid."),
        "used": (_GRANT, "AADSTS54005: OAuth2 Authorization code was already redeemed."),
        "expired": (_GRANT, "AADSTS70008: The provided authorization code is expired."),
        "other_redirect": (_GRANT, "AADSTS50011: The redirect URI does not match."),
        "verifier": (_GRANT, "AADSTS501481: The Code_Verifier does not match the code_challenge."),
        "refresh": (_GRANT, "AADSTS50173: The provided grant has expired due to it being revoked."),
    }

    def scopes_of(self, text: str) -> frozenset[str]:
        """The scopes of a request, by their short names; empty where one of them does not exist."""
        names = [name.removeprefix(_GRAPH) for name in text.split()]
        found = frozenset(_KNOWN.get(name.casefold(), name) for name in names)
        return found if found <= _OIDC | set(_KNOWN.values()) else frozenset()

    def checks(self, query: Mapping[str, str]) -> Iterable[tuple[bool, str]]:
        """This app sends a state."""
        return ((bool(query.get("state")), "state"),)

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint, which gives the app itself a token, too (…/v2-oauth2-client-creds-grant-flow)."""
        if form.get("grant_type") != "client_credentials":
            return super().token(form)
        try:
            return super().token(form)
        except OAuthError as error:
            if error.error != "unsupported_grant_type":
                raise
        seconds = int(self.lifetime.total_seconds())
        return {
            "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds,
            "access_token": "of-the-app-" + secrets.token_urlsafe(16),
        }  # fmt: skip

    def offline(self, query: Mapping[str, str], grant: AccountGrant) -> bool:
        """Where it was asked for."""
        return "offline_access" in grant.scopes

    def refusal(self, mistake: str) -> OAuthError:
        """With the number of the mistake, and when it was made."""
        error = super().refusal(mistake)
        number = error.description.partition(":")[0].removeprefix("AADSTS")
        more = {
            "error_codes": [int(number)] if number.isdigit() else [],
            "timestamp": f"{self.now():%Y-%m-%d %H:%M:%SZ}",
            "trace_id": secrets.token_hex(16),
        }
        return OAuthError(error.error, error.description, error.status, **more)

    def issued(self, grant: AccountGrant, *, first: bool) -> dict[str, Any]:
        """The happy answer, each time with a new refresh token."""
        named = " ".join(sorted(_GRAPH + scope for scope in grant.scopes - _OIDC))
        more = {"refresh_token": self.refresh_token(grant)} if grant.offline else {}
        return super().issued(grant, first=first) | {"scope": named} | more

    def issue(self, account: str, scopes: frozenset[str] = READ) -> str:
        """An access token, without any consent."""
        return super().issue(account, scopes)
