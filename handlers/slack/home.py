"""The Home tab: what it shows, and what its buttons do. The same buttons stand in answers to commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.context import (
    Body,
    Requester,
    Services,
    chosen,
    connect_form,
    known,
    person,
    request_of,
    text_of,
    view_call,
)
from handlers.slack.views import home as home_view
from handlers.slack.views import modals, replies, settings
from handlers.slack.views.modals import shown_once
from services.domain.errors import InputError, NothingToDoError, NotOfferedError
from services.domain.model import PersonKey
from services.platform import locale


@dataclass(frozen=True, slots=True)
class HomeTab:
    """Renders Home tabs: the `ports.HomeRenderer` of the engine."""

    services: Services

    async def home(self, key: PersonKey) -> dict[str, Any]:
        """The view of the person, ready for views.publish; of a stranger too."""
        view = await self.services.people.get(key)
        if view is None:
            return home_view.stranger(locale.localizer("en-US", "UTC"), await self.services.people.grant_link(key))
        who = known(view, self.services.clock)
        link = "" if view.granted else await self.services.people.grant_link(key)
        now = await self.services.reader.now(key)
        calendars, known_accounts = await self.services.calendars.list(key), await self.services.accounts.list(key)
        again = {one.account_id: await self._again(key, one.provider) for one in known_accounts if one.lost}
        return home_view.home(who.l10n, now, calendars, link, accounts=known_accounts, again=again)

    async def _again(self, key: PersonKey, provider: str) -> str:
        """A fresh link that mends an account; "" where the form of a calendar does it."""
        try:
            return await self.services.accounts.flow.link(key, provider)
        except NotOfferedError:
            return ""


@dataclass(frozen=True, slots=True)
class HomeButtons:
    """The buttons, and the global shortcuts that open the same forms."""

    services: Services
    tab: HomeTab

    async def open_override(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The form of a status."""
        await ack()
        who = await person(self.services, context)
        await _open(client, body, modals.override(who.l10n))

    async def open_out_of_office(
        self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """The out-of-office form."""
        await ack()
        who = await person(self.services, context)
        today = self.services.clock.now().astimezone(who.view.zone).date()
        await _open(client, body, modals.out_of_office(who.l10n, today))

    async def open_connect(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The form of a calendar."""
        await ack()
        who = await person(self.services, context)
        await _open(client, body, await connect_form(self.services, who))

    async def open_rules(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The list of rules."""
        await ack()
        who = await person(self.services, context)
        await _open(client, body, settings.rules(who.l10n, await self.services.settings.rules(who.key)))

    async def open_settings(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The settings."""
        await ack()
        who = await person(self.services, context)
        await _open(client, body, settings.settings(who.l10n, await self.services.settings.preferences(who.key)))

    async def pause(
        self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """Leave the status alone until resumed."""
        await ack()
        who = await person(self.services, context)
        now = self.services.clock.now()
        made = await self.services.statuses.pause(who.key, now, None)
        await self._show(who, replies.pausing(who.l10n, made, now), body, respond, client)

    async def resume(
        self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """Keep the status again."""
        await ack()
        who = await person(self.services, context)
        reply = replies.resumed(who.l10n)
        try:
            await self.services.statuses.resume(who.key)
        except NothingToDoError as error:
            reply = replies.sentence(who.l10n, error)
        await self._show(who, reply, body, respond, client)

    async def clear_override(
        self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """End what was asked for, or be back early."""
        await ack()
        who = await person(self.services, context)
        try:
            done = await self.services.statuses.clear(who.key, request=request_of(context))
            reply = replies.cleared(who.l10n, done, self.services.clock.now())
        except NothingToDoError as error:
            reply = replies.sentence(who.l10n, error)
        await self._show(who, reply, body, respond, client)

    async def undo_override(
        self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """Take back what a command did; its answer says so from then on."""
        await ack()
        who = await person(self.services, context)
        try:
            removed = await self.services.statuses.undo(who.key, chosen(body))
            reply = replies.undone(who.l10n, removed, self.services.clock.now())
        except NothingToDoError as error:
            reply = replies.sentence(who.l10n, error)
        await self._show(who, reply, body, respond, client)

    async def calendar_menu(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Read a calendar now, disconnect it, or give a hook a new address."""
        await ack()
        who = await person(self.services, context)
        what, _, calendar_id = chosen(body).partition(":")
        if what == "rotate":
            await show_rotated(self.services, who, client, body, calendar_id)
            return
        if what == "disconnect":
            await self.services.calendars.disconnect(who.key, calendar_id)
        else:
            await self.services.calendars.sync_now(who.key)
        await view_call(client, "views.publish", user_id=who.key.user_id, view=await self.tab.home(who.key))

    async def account_menu(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The form that chooses an account's calendars, or the question before it is disconnected."""
        await ack()
        who = await person(self.services, context)
        what, _, account_id = chosen(body).partition(":")
        view = await (self._drop(who, account_id) if what == "drop" else self._choose(who, account_id))
        await _open(client, body, view or gone(who))

    async def drop_account(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Disconnect an account; the question was asked before."""
        who = await person(self.services, context)
        await self.services.accounts.disconnect(who.key, text_of(body["view"], "private_metadata"))
        await ack()
        await view_call(client, "views.publish", user_id=who.key.user_id, view=await self.tab.home(who.key))

    async def _choose(self, who: Requester, account_id: str) -> dict[str, Any] | None:
        choice = await self.services.accounts.choice(who.key, account_id)
        return None if choice is None else modals.choose_calendars(who.l10n, choice)

    async def _drop(self, who: Requester, account_id: str) -> dict[str, Any] | None:
        account = next(
            (one for one in await self.services.accounts.list(who.key) if one.account_id == account_id), None
        )
        if account is None:
            return None
        lines = await self.services.calendars.list(who.key)
        return modals.ask_before_drop(who.l10n, account, sum(line.account_id == account_id for line in lines))

    async def forget_me(
        self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """Delete everything; the question was asked before."""
        await ack()
        who = await person(self.services, context)
        await self.services.people.forget(who.key)
        if text_of(body, "response_url"):
            await respond(**replies.in_place(replies.forgotten(who.l10n)))
        await view_call(client, "views.publish", user_id=who.key.user_id, view=home_view.stranger(who.l10n, ""))

    async def _show(
        self, who: Requester, reply: dict[str, Any], body: Body, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        """In the place of the answer whose button was clicked; else in the Home tab, at once."""
        if text_of(body, "response_url"):
            await respond(**replies.in_place(reply))
        else:
            await view_call(client, "views.publish", user_id=who.key.user_id, view=await self.tab.home(who.key))


def gone(who: Requester) -> dict[str, Any]:
    """Instead of a form about an account that was disconnected meanwhile."""
    title = who.l10n.say("Choose calendars")
    return modals.done(who.l10n, title, [who.l10n.say("That account is not connected any more.")])


async def _open(client: AsyncWebClient, body: Body, view: dict[str, Any]) -> None:
    await view_call(client, "views.open", trigger_id=text_of(body, "trigger_id"), view=view)


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
