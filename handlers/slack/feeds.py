"""Feeds of who is out: the form that gives an address, and the menus of those that were given.

A channel's stand on the Home tab of whoever was given them; those of the whole workspace in the form of the workspace,
for admins alone, which is asked of Slack at each click and each submission.
"""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import Requester, Services, admin, chosen, open_view, person, refuse, show_on_top, text_of
from handlers.slack.home import HomeTab
from handlers.slack.views import feed_section as views
from handlers.slack.views.blocks import Values
from handlers.slack.views.workspace import WORKSPACE, Section
from handlers.slack.workspace import WorkspaceForms
from services.domain.errors import InputError, NotAllowedError, StatusQuoError
from services.domain.model import PersonKey
from services.platform.locale import Localizer


async def read_feeds(services: Services, key: PersonKey, l10n: Localizer) -> Section:
    """Return what an admin sees of the workspace's feeds."""
    return views.feed_section(l10n, await services.feeds.of_workspace(key.team_id))


@dataclass(frozen=True, slots=True)
class FeedForms:
    """What makes and ends feeds. `forms` and `tab` show again where a feed is listed that is another by then."""

    services: Services
    forms: WorkspaceForms
    tab: HomeTab

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action(views.MAKE)(self.open_form)
        bolt.block_action(views.OPEN_WHOLE)(self.open_whole)
        bolt.block_action(views.MENU)(self.menu)
        bolt.view_submission(views.FEED)(self.submitted)

    async def open_form(self, args: AsyncArgs) -> None:
        """Open the form of a channel's feed."""
        await args.ack()
        who = await person(self.services, args.context)
        await open_view(args, views.feed_form(who.l10n, whole=False))

    async def open_whole(self, args: AsyncArgs) -> None:
        """Open the form of a feed of the whole workspace, on top of that of the workspace. Raises NotAnAdminError."""
        await args.ack()
        who = await admin(self.services, args.context)
        await show_on_top(args, views.feed_form(who.l10n, whole=True))

    async def submitted(self, args: AsyncArgs) -> None:
        """Make the feed and show its address, or say on a block what has to be done first. Raises NotAnAdminError."""
        who = await person(self.services, args.context)
        form = args.body["view"]
        whole = text_of(form, "private_metadata") == "whole"
        channel, language, wrong = views.read_feed(Values.of(form), whole=whole)
        errors: dict[str, StatusQuoError] = {**wrong}
        address = ""
        if not errors:
            try:
                address = await self.services.feeds.make(who.key, channel, language)
            except (InputError, NotAllowedError) as error:
                errors["language" if whole else "channel"] = error
        if errors:
            await refuse(args, who, errors)
            return
        await args.ack(response_action="update", view=views.feed_shown_once(who.l10n, address))
        below = text_of(form, "previous_view_id") if whole else ""
        if below:
            await self.forms.show_again(args, below)
        elif not whole:
            await self.tab.publish(args, who.key)

    async def menu(self, args: AsyncArgs) -> None:
        """Give a feed a new address, which a modal shows, or end it. Raises InputError, NotAnAdminError."""
        await args.ack()
        who = await person(self.services, args.context)
        what, _, feed_id = chosen(args.body).partition(":")
        if what == views.ROTATE:
            address = await self.services.feeds.rotate(who.key, feed_id)
            await show_on_top(args, views.feed_shown_once(who.l10n, address))
        else:
            await self.services.feeds.end(who.key, feed_id)
        await self._show_again(args, who)

    async def _show_again(self, args: AsyncArgs, who: Requester) -> None:
        clicked = args.body.get("view")
        if isinstance(clicked, dict) and clicked.get("callback_id") == WORKSPACE:
            await self.services.admins.require(who.key)
            await self.forms.show_again(args, text_of(clicked, "id"))
        else:
            await self.tab.publish(args, who.key)
