"""The page on which an admin agrees that their permission keeps the statuses of members who have not connected.

It says what will be done, and what will not, before anything happens. Following its link changes nothing: the page's
button does, in a browser that Slack has said to be the admin's; where that is not known, Slack is asked on the way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from handlers.errors import accepted_locale, record, refusal_page, route_of
from handlers.web import oauth
from handlers.web.pages import Browsers, Form, Page, render, sent_form
from services.access.identity import Introductions, Start
from services.domain.errors import NotAnAdminError, NotGrantedError, StatusQuoError
from services.domain.model import PersonKey
from services.domain.request_errors import LinkOfAnotherAdminError, LinkOfAnotherError
from services.ports import Say
from services.store.workspaces import WorkspaceStore
from services.usecases.keeper import Keeping

COOKIE, PATH = "statusquo-keeper", "/keeper"
HELD = "keeper"
"""What waits for Slack to say whose the browser is."""


@dataclass(frozen=True, slots=True)
class KeeperPage:
    """`grant_link` gives the link by which a person allows us their own status.

    `identify` has Slack say whether the browser is a person's, while something is held.
    """

    keeping: Keeping
    introductions: Introductions
    workspaces: WorkspaceStore
    browsers: Browsers
    say: Say
    grant_link: Callable[[PersonKey], Awaitable[str]]
    identify: Callable[[PersonKey, str, str], Awaitable[Start]]

    def or_else(
        self, finish_held: Callable[[web.Request, PersonKey, str], Awaitable[web.Response]]
    ) -> Callable[[web.Request, PersonKey, str], Awaitable[web.Response]]:
        """Return what ends what somebody came back for who showed who they are.

        An agreement, or what `finish_held` ends.
        """

        async def finish(request: web.Request, key: PersonKey, held: str) -> web.Response:
            return await (self.finish(request, key) if held == HELD else finish_held(request, key, held))

        return finish

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, without HEAD: a link checker uses nothing up."""
        return [web.get(PATH, self.ask, allow_head=False), web.post(PATH, self.agree)]

    async def ask(self, request: web.Request) -> web.Response:
        """Say what will be done, before anything is."""
        link = request.query.get("link", "")
        try:
            asked = await self.keeping.ask(link, request.cookies.get(COOKIE, ""), self.browsers.seen(request))
        except (LinkOfAnotherError, NotAnAdminError) as refusal:
            return self._refused(request, refusal)
        named = await self.introductions.of(asked.key)
        locale = named.locale or accepted_locale(request)

        def say(message: str) -> str:
            return self.say(locale, message)

        more = [
            say(
                "Only leave in your workspace's leave calendars is shown, never a meeting. The status says until "
                "when somebody is out, and never why."
            ),
            say(
                "It is shown only for members who have not connected themselves, who have not typed `/quo opt-out`, "
                "and whose role in Slack is below yours."
            ),
            say(
                "A status that somebody set themselves is left alone, or comes back afterwards. Every change is "
                "written down with your name and theirs."
            ),
            say(
                "You or another admin can end it at any time, in the form of the workspace on my Home tab. Your "
                "own permission stays as it is."
            ),
        ]  # fmt: skip
        link_to, form = "", Form(PATH, {"link": link, "token": asked.token}, say("Agree"))
        if not asked.granted:
            link_to = await self.grant_link(asked.key)
            more.append(say("One step comes first: allow me to set your own status. Then come back to this page."))
        page = Page(
            title=say("Show the leave of members who have not connected"),
            sentence=say("Status Quo will use the permission of this person to set the Slack status of other members:"),
            who=(named.person, named.workspace),
            more=tuple(more),
            form=form if asked.granted else None,
            link=link_to,
            link_text=say("Allow"),
        )
        response = render(page, locale)
        self.browsers.begin(response, COOKIE, asked.cookie, PATH)
        return response

    async def agree(self, request: web.Request) -> web.Response:
        """Take the agreement: the button was pressed."""
        link, token = await sent_form(request, "link", "token")
        try:
            key, known = await self.keeping.take(
                link, request.cookies.get(COOKIE, ""), token, self.browsers.seen(request)
            )
        except LinkOfAnotherError as refusal:
            return self._refused(request, refusal)
        if known:
            return await self.finish(request, key)
        start = await self.identify(key, HELD, request.cookies.get(oauth.COOKIE, ""))
        raise self.browsers.away(web.HTTPSeeOther, start.url, oauth.COOKIE, start.cookie, oauth.PATH)

    async def finish(self, request: web.Request, key: PersonKey) -> web.Response:
        """Keep that the admin agrees: Slack said that the browser is `key`'s."""
        try:
            await self.keeping.agree(key)
        except (NotAnAdminError, NotGrantedError) as refusal:
            return self._refused(request, refusal)
        named = await self.introductions.of(key)
        locale = named.locale or accepted_locale(request)
        page = Page(
            title=self.say(locale, "Agreed"),
            sentence=self.say(locale,
                "I show the leave of members who have not connected from now on. Tell them so: nobody likes "
                "surprises. Each of them can type `/quo opt-out`."
            ),
            who=(named.person, named.workspace),
            link=await self.workspaces.home_link(key),
            link_text=self.say(locale, "Open Slack"),
        )  # fmt: skip
        return render(page, locale)

    def _refused(self, request: web.Request, refusal: StatusQuoError) -> web.Response:
        """Say why not. Of another member's browser Slack is asked the next time, since people share browsers."""
        record(refusal, refusal, route=route_of(request))
        if isinstance(refusal, LinkOfAnotherError):
            refusal = LinkOfAnotherAdminError(refusal.reason, team_id=refusal.team_id)
        response = refusal_page(self.say, request, refusal, LinkOfAnotherError.http_status)
        if isinstance(refusal, LinkOfAnotherError):
            self.browsers.forget(request, response, refusal.team_id)
        return response
