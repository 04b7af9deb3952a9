"""Connecting an account at Google or Microsoft, in a browser: from a link that names its person to one clear page.

The authorization code flow of RFC 6749 (section 4.1). A link is good once and for minutes; the state that travels to
the provider is bound to the browser by a cookie. Neither codes nor states are logged or shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from aiohttp import web

from handlers.errors import Say, accepted_locale
from handlers.pages import SECURITY, Page, render
from services.calendars.accounts import Connected
from services.calendars.consents import STATE_LIVES
from services.errors import (
    AccountLostError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    PushNotPossibleError,
    RequestError,
)
from services.grants import Start
from services.model import PersonKey
from services.providers import named

COOKIE = "statusquo-connect"
PATH = "/connect"
_PROVIDER = "{provider:google|microsoft}"
_MOST_NAMES = 10

TITLE = "Your calendar is connected"
OPEN = "Open Slack"
ALLOW = "Allow"
CONNECTED = "Your {provider} account {account} is connected: {calendars}. I am reading it now."
NONE_CHOSEN = "Your {provider} account {account} is connected. I do not read any of its calendars yet."
MORE = "It has more calendars that I can read ({count}). Choose them on my Home tab in Slack."
NOT_GRANTED = "One step is left: I may not set your Slack status yet. Allow it once, and I do the rest."

_FINAL = (AccountLostError, CalendarRefusedError, CalendarGoneError, PushNotPossibleError)


class ProviderSilentError(RequestError):
    """The calendar provider does not answer at the moment, so nothing was connected. Try again with `/quo connect`."""

    http_status = 503


class ProviderRefusedError(RequestError):
    """The calendar provider refused, so nothing was connected. Try again with `/quo connect`, or ask your admin."""

    http_status = 502


class Accounts(Protocol):
    """The flow: `calendars.accounts.Accounts`."""

    async def start(self, provider: str, link: str, cookie: str = "") -> Start:
        """Where the browser goes, and its cookie. Raises LinkExpiredError, NotOfferedError."""
        ...

    async def finish(self, provider: str, *, state: str, cookie: str, code: str, error: str) -> Connected:
        """Take what a browser came back with.

        Raises LinkExpiredError, ConsentDeniedError, AccountNotAllowedError, NotOfferedError, InputError, CalendarError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Connect:
    """`grant_link` gives the link by which a person allows us their status; `secure` where PUBLIC_URL is https."""

    accounts: Accounts
    grant_link: Callable[[PersonKey], Awaitable[str]]
    say: Say
    secure: bool

    def routes(self) -> list[web.RouteDef]:
        """GET alone: a HEAD of a link checker must not use a link up."""
        return [
            web.get(f"{PATH}/{_PROVIDER}", self.start, allow_head=False),
            web.get(f"{PATH}/{_PROVIDER}/callback", self.callback, allow_head=False),
        ]

    async def start(self, request: web.Request) -> NoReturn:
        """Send the browser to the provider."""
        cookie = request.cookies.get(COOKIE, "")
        start = await self.accounts.start(request.match_info["provider"], request.query.get("link", ""), cookie)
        away = web.HTTPFound(start.url, headers=SECURITY)
        away.set_cookie(
            COOKIE, start.cookie, max_age=int(STATE_LIVES.total_seconds()), path=PATH, httponly=True,
            secure=self.secure, samesite="Lax",
        )  # fmt: skip
        raise away

    async def callback(self, request: web.Request) -> web.Response:
        """Take the browser back from the provider."""
        query = request.query
        try:
            found = await self.accounts.finish(
                request.match_info["provider"],
                state=query.get("state", ""),
                cookie=request.cookies.get(COOKIE, ""),
                code=query.get("code", ""),
                error=query.get("error", ""),
            )
        except CalendarError as error:
            refused = ProviderRefusedError if isinstance(error, _FINAL) else ProviderSilentError
            raise refused(error.reason, kind=type(error).__name__) from error
        locale = found.locale or accepted_locale(request)
        return render(await self._page(found, locale), locale)

    async def _page(self, found: Connected, locale: str) -> Page:
        names = list(found.calendars)
        shown = ", ".join([*names[:_MOST_NAMES], *(["…"] if len(names) > _MOST_NAMES else [])])
        facts = {"provider": named(found.provider), "account": found.name}
        if names:
            sentence = self.say(locale, CONNECTED, **facts, calendars=shown)
        else:
            sentence = self.say(locale, NONE_CHOSEN, **facts)
        more = [self.say(locale, MORE, count=found.more)] if found.more else []
        buttons = [(found.slack, self.say(locale, OPEN))] if found.slack else []
        if not found.granted:
            more.append(self.say(locale, NOT_GRANTED))
            buttons.insert(0, (await self.grant_link(found.key), self.say(locale, ALLOW)))
        (link, text), (also, also_text) = (*buttons, ("", ""), ("", ""))[:2]
        return Page(
            title=self.say(locale, TITLE), sentence=sentence, more=tuple(more),
            link=link, link_text=text, also=also, also_text=also_text,
        )  # fmt: skip
