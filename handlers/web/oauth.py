"""Installing, and allowing us to set one's status, in a browser: two routes, and a page at the end of every way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from handlers.errors import Say, accepted_locale
from handlers.web.browsers import Browsers
from handlers.web.pages import SECURITY, Page, render
from services.domain.model import PersonKey
from services.store.workspaces import app_link
from services.usecases.grants import Grants, Outcome, Result

COOKIE = "statusquo-oauth"
PATH = "/"

SENTENCES = {
    Result.GRANTED: "You are all set. Connect a calendar on my Home tab in Slack, and I do the rest.",
    Result.INSTALLED: "Status Quo is installed in {workspace}. It may not set your status yet: type `/quo` in Slack.",
    Result.PARTIAL: "One permission was left out, so I cannot set your status. Type `/quo` in Slack to allow both.",
}
ASKED = "You are all set, and what you asked for is done."
OPEN = "Open Slack"
TITLE = "Status Quo"


@dataclass(frozen=True, slots=True)
class OAuth:
    """`finish_held` ends what somebody came back for who only showed who they are: `handlers.web.connect`."""

    grants: Grants
    browsers: Browsers
    say: Say
    finish_held: Callable[[web.Request, PersonKey, str], Awaitable[web.Response]]

    def routes(self) -> list[web.RouteDef]:
        """GET alone: a HEAD of a link checker must not use a link up."""
        return [
            web.get("/slack/install", self.install, allow_head=False),
            web.get("/slack/oauth_redirect", self.redirect, allow_head=False),
        ]

    async def install(self, request: web.Request) -> NoReturn:
        """Send the browser to Slack: to install, or with a link to allow us one person's status."""
        cookie = request.cookies.get(COOKIE, "")
        link = request.query.get("link")
        if link is None:
            start = await self.grants.start_install(cookie)
        else:
            start = await self.grants.start_grant(link, cookie)
        away = web.HTTPFound(start.url, headers=SECURITY)
        self.browsers.begin(away, COOKIE, start.cookie, PATH)
        raise away

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
            title=self.say(locale, TITLE),
            sentence=self.say(locale, message, workspace=outcome.name or outcome.key.team_id),
            ok=outcome.result is not Result.PARTIAL,
            link=app_link(outcome.app_id, outcome.key.team_id),
            link_text=self.say(locale, OPEN),
        )
        return render(page, locale)
