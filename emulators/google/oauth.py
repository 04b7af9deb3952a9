"""Consent and tokens as Google does them (developers.google.com/identity/protocols/oauth2/web-server).

Stricter than Google in one thing: a code challenge (S256) is demanded.
Its API's errors have their shape here, too (…/calendar/api/guides/errors).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from emulators.consent import Brand
from emulators.oauth import AccountGrant, ApiError, CodeFlow

_BASE = "https://www.googleapis.com/auth/"
SCOPES: Mapping[str, str] = {
    f"{_BASE}calendar.events.readonly": "View events on all your calendars",
    f"{_BASE}calendar.calendarlist.readonly": "See the list of Google calendars you’re subscribed to",
    f"{_BASE}calendar.readonly": "See and download any calendar you can access using your Google Calendar",
    f"{_BASE}calendar.events.owned": "See, create, change, and delete events on Google calendars you own",
    f"{_BASE}calendar.events.owned.readonly": "See the events on Google calendars you own",
    f"{_BASE}calendar.events.freebusy": "See the availability on Google calendars you have access to",
}
"""The scopes that are known here, as the discovery document describes them."""

READ_EVENTS = frozenset({f"{_BASE}calendar.events.readonly", f"{_BASE}calendar.readonly"})
READ_LIST = frozenset({f"{_BASE}calendar.calendarlist.readonly", f"{_BASE}calendar.readonly"})
WRITE_OWNED = frozenset({f"{_BASE}calendar.events.owned"})
BRAND = Brand(
    "A Google of this demo's own",
    "Status Quo wants access to a Google account",
    "#1a73e8",
    scopes=SCOPES,
    choose_scopes=True,
)
_GRANT = "invalid_grant"


class GoogleConsent(CodeFlow):
    """Codes and tokens that were handed out."""

    prefixes = ("4/", "ya29.", "1//")
    wrong = {  # noqa: RUF012  # a table
        "client": ("invalid_client", "The OAuth client was not found.", 401),
        "secret": ("invalid_client", "The OAuth client was not found.", 401),
        "redirect": ("redirect_uri_mismatch",),
        "response_type": ("unsupported_response_type",),
        "scope": ("invalid_scope",),
        "request": ("invalid_request",),
        "challenge": ("invalid_request",),
        "grant_type": ("unsupported_grant_type",),
        "code": (_GRANT, "Malformed auth code."),
        "used": (_GRANT, "Bad Request"),
        "expired": (_GRANT, "Malformed auth code."),
        "other_redirect": ("redirect_uri_mismatch",),
        "verifier": (_GRANT, "Invalid code verifier."),
        "refresh": (_GRANT, "Token has been expired or revoked."),
    }

    def scopes_of(self, text: str) -> frozenset[str]:
        """The scopes of a request; empty where one of them does not exist."""
        found = frozenset(text.split())
        return found if found <= set(SCOPES) else frozenset()

    def checks(self, query: Mapping[str, str]) -> Iterable[tuple[bool, str]]:
        """What may be asked for access while nobody is there."""
        return ((query.get("access_type", "online") in {"online", "offline"}, "request"),)

    def offline(self, query: Mapping[str, str], grant: AccountGrant) -> bool:
        """A refresh token is given only the first time, or when asked to consent again."""
        known = any(one.account == grant.account and one.offline and not one.revoked for one in self.grants)
        again = "consent" in query.get("prompt", "").split()
        return query.get("access_type") == "offline" and (not known or again)

    def issued(self, grant: AccountGrant, *, first: bool) -> dict[str, Any]:
        """The happy answer, with the refresh token for a code."""
        more = {"refresh_token": self.refresh_token(grant)} if first and grant.offline else {}
        return super().issued(grant, first=first) | {"expires_in": int(self.lifetime / timedelta(seconds=1)) - 1} | more


def google_error(status: int, reason: str, message: str = "", domain: str = "global") -> ApiError:
    """The error to be raised."""
    message = message or reason
    named = {"domain": domain, "reason": reason, "message": message}
    return ApiError(status, {"error": {"errors": [named], "code": status, "message": message}})
