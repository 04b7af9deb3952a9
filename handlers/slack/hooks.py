"""A person's inbound hooks: the modals in which they get an address, or a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.context import Body, Requester, Services, person, text_of, view_call
from handlers.slack.views import modals, replies
from handlers.slack.views.modals import shown_once
from services.domain.errors import InputError, NothingToDoError


@dataclass(frozen=True, slots=True)
class HookModals:
    """The buttons."""

    services: Services

    async def create_hook(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """A new hook, its address in the place of the modal that the button is in."""
        await ack()
        who = await person(self.services, context)
        try:
            address = await self.services.hooks.create(who.key)
        except InputError as error:
            view = modals.done(who.l10n, who.l10n.say("Your hook"), [who.l10n.say(error.sentence())])
        else:
            view = shown_once(who.l10n, address, *await self._grant(who))
        await _show(client, body, view)

    async def _grant(self, who: Requester) -> list[dict[str, Any]]:
        """The link for somebody whose status we may not set yet: until then nothing is shown."""
        if who.view.granted:
            return []
        blocks: list[dict[str, Any]] = replies.grant(
            who.l10n, await self.services.people.grant_link(who.key), kept=False
        )["blocks"]
        return blocks


async def show_rotated(
    services: Services, who: Requester, client: AsyncWebClient, body: Body, calendar_id: str
) -> None:
    """Give a hook a new address and show it in a modal. Raises NothingToDoError where there is no such hook."""
    address = await services.hooks.rotate(who.key, calendar_id)
    if address is None:
        raise NothingToDoError("no such hook")
    await _show(client, body, shown_once(who.l10n, address))


async def _show(client: AsyncWebClient, body: Body, view: dict[str, Any]) -> None:
    """In the place of the modal that was clicked in, else in a new one."""
    clicked = body.get("view")
    if isinstance(clicked, dict) and clicked.get("type") == "modal" and isinstance(clicked.get("id"), str):
        await view_call(client, "views.update", view_id=clicked["id"], view=view)
    else:
        await view_call(client, "views.open", trigger_id=text_of(body, "trigger_id"), view=view)
