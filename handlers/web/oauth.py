"""Sending browsers to Slack and to calendar providers for a permission, and taking them back to one clear page.

Slack: installing, and allowing us to set one's status. Google and Microsoft: connecting an account, from a link that
names its person, is good once and for minutes. Either is the authorization code flow of RFC 6749 (section 4.1), with
a state that a cookie binds to the browser. Neither codes nor states are logged or shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from handlers.errors import accepted_locale, record, refusal_page, route_of
from handlers.web.pages import Browsers, Form, Page, render, sent_form
from services.access.identity import Start
from services.calendars.accounts import Accounts, Connected
from services.domain.calendars import NAMES
from services.domain.errors import (
    AccountLostError,
    AppRefusedError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    NotAnAdminError,
    PushNotPossibleError,
)
from services.domain.model import PersonKey
from services.domain.request_errors import LinkOfAnotherError, NotOfferedError, RequestError
from services.ports import Say
from services.store.workspaces import app_link
from services.usecases.grants import Grants, Outcome, Result

COOKIE = "statusquo-oauth"
PATH = "/"
CONNECT_COOKIE = "statusquo-connect"
CONNECT_PATH = "/connect"

SENTENCES = {
    Result.GRANTED: "You are all set. Connect a calendar on my Home tab in Slack, and I do the rest.",
    Result.INSTALLED: "Status Quo is installed in {workspace}. It may not set your status yet: type `/quo` in Slack.",
    Result.PARTIAL: "One permission was left out, so I cannot set your status. Type `/quo` in Slack to allow both.",
}
ASKED = "You are all set, and what you asked for is done."
LEFT_OUT = "A permission was left out that something you chose needs: your Home tab in Slack shows what."

_PROVIDER = "{provider:google|microsoft}"
_MOST_NAMES = 10
_FORBIDDEN = 403
_FINAL = (AccountLostError, CalendarRefusedError, CalendarGoneError, PushNotPossibleError)


@dataclass(frozen=True, slots=True)
class OAuth:
    """`finish_held` ends what somebody came back for who only showed who they are: `Connect`."""

    grants: Grants
    browsers: Browsers
    say: Say
    finish_held: Callable[[web.Request, PersonKey, str], Awaitable[web.Response]]

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, of GET alone: a HEAD of a link checker must not use a link up."""
        return [
            web.get("/slack/install", self.install, allow_head=False),
            web.get("/slack/oauth_redirect", self.redirect, allow_head=False),
        ]

    async def install(self, request: web.Request) -> NoReturn:
        """Send the browser to Slack: to install (`add` says for what else), or by a link to allow what one chose."""
        cookie, query = request.cookies.get(COOKIE, ""), request.query
        link = query.get("link")
        if link is None:
            start = await self.grants.start_install(cookie, add=query.get("add", ""), team=query.get("team", ""))
        else:
            start = await self.grants.start_grant(link, cookie)
        raise self.browsers.away(web.HTTPFound, start.url, COOKIE, start.cookie, PATH)

    async def redirect(self, request: web.Request) -> web.Response:
        """Take the browser back from Slack."""
        query, cookie = request.query, request.cookies.get(COOKIE, "")
        outcome = await self.grants.finish(
            state=query.get("state", ""),
            cookie=cookie,
            code=query.get("code", ""),
            error=query.get("error", ""),
        )
        if outcome.held:
            response = await self.finish_held(request, outcome.key, outcome.held)
        else:
            response = self._page(request, outcome)
        # Without the cookie it may be a browser that was sent here with somebody else's code and state.
        if cookie:
            self.browsers.remember(request, response, outcome.key)
        return response

    def _page(self, request: web.Request, outcome: Outcome) -> web.Response:
        locale = outcome.locale or accepted_locale(request)
        message = ASKED if outcome.asked else SENTENCES[outcome.result]
        page = Page(
            title=self.say(locale, "Status Quo"),
            sentence=self.say(locale, message, workspace=outcome.name or outcome.key.team_id),
            more=(self.say(locale, LEFT_OUT),) if outcome.waiting else (),
            ok=outcome.result is not Result.PARTIAL,
            link=app_link(outcome.app_id, outcome.key.team_id),
            link_text=self.say(locale, "Open Slack"),
        )
        return render(page, locale)


class ProviderSilentError(RequestError):
    """The calendar provider does not answer at the moment, so nothing was connected. Try again with `/quo connect`."""

    http_status = 503


class ProviderRefusedError(RequestError):
    """The calendar provider refused, so nothing was connected. Try again with `/quo connect`, or ask your admin."""

    http_status = 502


WRITES = (
    "It will also ask for the permission to write: your absences are put into this calendar where you choose that, and "
    "no other entry is touched."
)


@dataclass(frozen=True, slots=True)
class Connect:
    """`grant_link` gives the link by which a person allows us their status.

    `identify` has Slack say whether the browser is a person's, while something is held.
    """

    accounts: Accounts
    browsers: Browsers
    say: Say
    grant_link: Callable[[PersonKey], Awaitable[str]]
    identify: Callable[[PersonKey, str, str], Awaitable[Start]]

    def routes(self) -> list[web.RouteDef]:
        """No HEAD. A link checker uses no link up: following it shows a page, the page's button goes on."""
        return [
            web.get(f"{CONNECT_PATH}/{_PROVIDER}", self.ask, allow_head=False),
            web.post(f"{CONNECT_PATH}/{_PROVIDER}", self.start),
            web.get(f"{CONNECT_PATH}/{_PROVIDER}/callback", self.callback, allow_head=False),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        """Show whose calendar it is going to be, before anything happens."""
        provider, link = request.match_info["provider"], request.query.get("link", "")
        try:
            asked = await self.accounts.flow.ask(
                provider, link, request.cookies.get(CONNECT_COOKIE, ""), self.browsers.seen(request)
            )
        except LinkOfAnotherError as refusal:
            return self._refused(request, refusal)
        named = await self.accounts.introductions.of(asked.key)
        locale = named.locale or accepted_locale(request)

        def say(message: str) -> str:
            return self.say(locale, message, provider=NAMES[provider])

        use = say("Its events will set this person’s status, and this person can read them.")
        if asked.of_workspace:
            use = say("It is for the workspace: an admin chooses which of its calendars say who is on leave.")
        page = Page(
            title=say("Connect {provider}"),
            sentence=say("You are about to connect a {provider} account for this person in Slack:"),
            who=(named.person, named.workspace),
            more=(
                use,
                *((say(WRITES),) if asked.writing else ()),
                say("Is that not you? Close this page, and nothing is connected."),
            ),
            form=Form(f"{CONNECT_PATH}/{provider}", {"link": link, "token": asked.token}, say("Go on to {provider}")),
        )
        response = render(page, locale)
        self.browsers.begin(response, CONNECT_COOKIE, asked.cookie, CONNECT_PATH)
        return response

    async def start(self, request: web.Request) -> web.Response:
        """Send the browser to the provider: the button of the page was pressed."""
        link, token = await sent_form(request, "link", "token")
        cookie = request.cookies.get(CONNECT_COOKIE, "")
        try:
            start = await self.accounts.flow.start(
                request.match_info["provider"], link, cookie, token, self.browsers.seen(request)
            )
        except LinkOfAnotherError as refusal:
            return self._refused(request, refusal)
        raise self.browsers.away(web.HTTPSeeOther, start.url, CONNECT_COOKIE, start.cookie, CONNECT_PATH)

    async def callback(self, request: web.Request) -> web.Response:
        """Take the browser back from the provider; once more to Slack where it is not known whose it is."""
        try:
            found = await self.accounts.finish(
                request.match_info["provider"], request.query, request.cookies.get(CONNECT_COOKIE, ""),
                self.browsers.seen(request),
            )  # fmt: skip
        except LinkOfAnotherError as refusal:
            return self._refused(request, refusal)
        except NotAnAdminError as refusal:
            return refusal_page(self.say, request, refusal, _FORBIDDEN)
        except CalendarError as error:
            raise _at_provider(error) from error
        if isinstance(found, Connected):
            return await self._done(request, found)
        start = await self.identify(found.key, found.content, request.cookies.get(COOKIE, ""))
        raise self.browsers.away(web.HTTPFound, start.url, COOKIE, start.cookie, PATH)

    async def finish_held(self, request: web.Request, key: PersonKey, held: str) -> web.Response:
        """Connect what was held: Slack said that the browser is `key`'s."""
        try:
            found = await self.accounts.finish_held(key, held)
        except NotAnAdminError as refusal:
            return refusal_page(self.say, request, refusal, _FORBIDDEN)
        except CalendarError as error:
            raise _at_provider(error) from error
        return await self._done(request, found)

    def _refused(self, request: web.Request, refusal: LinkOfAnotherError) -> web.Response:
        """Refuse another member's browser, as far as we know: Slack is asked next time, as people share browsers."""
        record(refusal, refusal, route=route_of(request))
        response = refusal_page(self.say, request, refusal, refusal.http_status)
        self.browsers.forget(request, response, refusal.team_id)
        return response

    async def _done(self, request: web.Request, found: Connected) -> web.Response:
        who = await self.accounts.introductions.of(found.key)
        locale = found.locale or accepted_locale(request)

        def say(message: str, **facts: object) -> str:
            return self.say(locale, message, provider=NAMES[found.provider], account=found.name, **facts)

        if found.calendars:
            names = [*found.calendars[:_MOST_NAMES], *(["…"] if len(found.calendars) > _MOST_NAMES else [])]
            sentence = say(
                "Your {provider} account {account} is connected: {calendars}. I am reading it now.",
                calendars=", ".join(names),
            )
        else:
            sentence = say("Your {provider} account {account} is connected. I do not read any of its calendars yet.")
        more = []
        buttons = [(found.slack, say("Open Slack"))] if found.slack else []
        if found.of_workspace:
            more.append(say("Choose its leave calendars in Slack: on my Home tab, “Manage”."))
        elif found.more:
            more.append(
                say("It has more calendars that I can read ({count}). Choose them on my Home tab in Slack.",
                    count=found.more)
            )  # fmt: skip
        if not found.granted and not found.of_workspace:
            more.append(say("One step is left: I may not set your Slack status yet. Allow it once, and I do the rest."))
            buttons.insert(0, (await self.grant_link(found.key), say("Allow")))
        (link, text), (also, also_text) = (*buttons, ("", ""), ("", ""))[:2]
        page = Page(
            title=say("Your calendar is connected"), sentence=sentence, more=tuple(more),
            who=(who.person, who.workspace), link=link, link_text=text, also=also, also_text=also_text,
        )  # fmt: skip
        return render(page, locale)


def _at_provider(error: CalendarError) -> RequestError:
    """Return what to say of it: whether trying again can help."""
    if isinstance(error, AppRefusedError):
        return NotOfferedError(error.reason)
    refused = ProviderRefusedError if isinstance(error, _FINAL) else ProviderSilentError
    return refused(error.reason, kind=type(error).__name__)
