"""Digests of who is out: `/quo digest`, the form, and the buttons on the Home tab."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import Requester, Services, chosen, open_view, person, refuse, view_call
from handlers.slack.home import HomeTab
from handlers.slack.views import digests as views
from handlers.slack.views.blocks import Values
from handlers.slack.views.digest_section import digest_section
from handlers.slack.views.replies import Reply
from handlers.slack.views.workspace import Section
from services.domain.digests import is_off, schedule
from services.domain.errors import (
    ChannelsNotReadableError,
    InputError,
    NotAllowedError,
    StatusQuoError,
    TimeNotUnderstoodError,
)
from services.domain.model import PersonKey
from services.platform.locale import Localizer
from services.slack.scopes import DIGESTS


async def read_digests(services: Services, key: PersonKey, l10n: Localizer) -> Section:
    """Return what an admin sees of the digests of their workspace."""
    return digest_section(l10n, await services.digests.of(key.team_id))


@dataclass(frozen=True, slots=True)
class DigestForms:
    """What makes and ends digests."""

    services: Services
    tab: HomeTab

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action(views.MAKE)(self.open_form)
        bolt.block_action(views.END)(self.end)
        bolt.view_submission(views.DIGEST)(self.submitted)

    async def typed(self, who: Requester, text: str, channel_id: str) -> Reply:
        """Return the answer to `/quo digest …`, typed in that channel."""
        digests, l10n = self.services.digests, who.l10n
        try:
            if not text:
                return views.stand(l10n, await digests.of(who.key.team_id, channel_id))
            if is_off(text):
                return views.ended(l10n, await digests.end(who.key, channel_id))
            asked = schedule(text, who.speaker)
            made = await digests.make(who.key, channel_id, asked, locale=who.view.locale, silent=True)
        except TimeNotUnderstoodError:
            return views.usage(l10n, misunderstood=True)
        except ChannelsNotReadableError as error:
            return views.refused(l10n, error, await self.services.permissions.install_link(who.key, DIGESTS))
        except (InputError, NotAllowedError) as error:
            return views.refused(l10n, error, "")
        return views.made(l10n, made)

    async def open_form(self, args: AsyncArgs) -> None:
        """Open the form of a digest."""
        await args.ack()
        who = await person(self.services, args.context)
        await open_view(args, views.digest_form(who.l10n))

    async def submitted(self, args: AsyncArgs) -> None:
        """Make the digest, or say on its block what has to be done first."""
        who = await person(self.services, args.context)
        channel, asked, silent, wrong = views.read_digest(Values.of(args.body["view"]), who.view.zone)
        errors: dict[str, StatusQuoError] = {**wrong}
        if asked is not None and not errors:
            try:
                await self.services.digests.make(who.key, channel, asked, locale=who.view.locale, silent=silent)
            except (InputError, NotAllowedError) as error:
                errors["channel"] = error
        if errors:
            await refuse(args, who, errors)
            return
        await args.ack()
        await self.tab.publish(args, who.key)

    async def end(self, args: AsyncArgs) -> None:
        """End a digest, from the Home tab or in the form of the workspace. Raises NotAnAdminError there."""
        await args.ack()
        who = await person(self.services, args.context)
        in_form = args.body.get("view", {}).get("type") == "modal"
        if in_form:  # which is shown again, with all that admins see
            await self.services.admins.require(who.key)
        channel, period = views.named_digest(chosen(args.body))
        await self.services.digests.end(who.key, channel, period)
        if in_form:
            form = await self.tab.workspace.form(who)
            await view_call(args.client, "views.update", view_id=args.body["view"]["id"], view=form)
        await self.tab.publish(args, who.key)
