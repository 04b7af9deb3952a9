"""The keeper in Slack: its section of the form of the workspace, and the buttons of that.

Whether somebody is an admin is asked of Slack at each click.
"""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import Services, person, show_on_top
from handlers.slack.views.keeper_section import agree_modal, keeper_section
from handlers.slack.views.workspace import Section
from handlers.slack.workspace import WorkspaceForms
from services.domain.model import PersonKey
from services.platform.locale import Localizer


async def read_keeper(services: Services, key: PersonKey, l10n: Localizer) -> Section:
    """Return what an admin sees of it."""
    return keeper_section(l10n, await services.keeping.view(key.team_id))


@dataclass(frozen=True, slots=True)
class KeeperButtons:
    """The listeners of the keeper. `forms` show the form again whose section is another."""

    services: Services
    forms: WorkspaceForms

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action("grant_keeper")(self.grant)
        bolt.block_action("end_keeper")(self.end)

    async def grant(self, args: AsyncArgs) -> None:
        """Show the way to the page where an admin agrees. Raises NotAnAdminError, KeeperNotAllowedError, SlackError."""
        await args.ack()
        who = await person(self.services, args.context)
        link = await self.services.keeping.link(who.key)
        await show_on_top(args, agree_modal(who.l10n, link))

    async def end(self, args: AsyncArgs) -> None:
        """End it. Raises NotAnAdminError, SlackError."""
        await args.ack()
        who = await person(self.services, args.context)
        await self.services.keeping.end(who.key)
        view = args.body.get("view")
        if isinstance(view, dict) and isinstance(view.get("id"), str):
            await self.forms.show_again(args, view["id"])
