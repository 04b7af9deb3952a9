"""The Home tab: what it shows, and what its buttons do. The same buttons stand in answers to commands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import (
    Requester,
    Services,
    chosen,
    connect_form,
    keys_view,
    known,
    list_view,
    open_view,
    out_of_office_form,
    person,
    request_of,
    settings_form,
    text_of,
    view_call,
)
from handlers.slack.views import blocks as kit
from handlers.slack.views import home as home_view
from handlers.slack.views import leaving, modals, replies
from handlers.slack.views.modals import View
from handlers.slack.workspace import WorkspaceParts
from services.domain import timeline
from services.domain.calendars import HOOK
from services.domain.errors import InputError, NothingToDoError
from services.domain.model import PersonKey
from services.domain.request_errors import NotOfferedError
from services.domain.undo import Change
from services.platform import locale

NEW = timedelta(days=7)
"""How long the Home tab asks what notifications are to be muted for."""


@dataclass(frozen=True, slots=True)
class HomeTab:
    """Renders Home tabs: the `ports.HomeRenderer` of the engine."""

    services: Services
    workspace: WorkspaceParts

    async def home(self, key: PersonKey) -> View:
        """Return the view of the person, ready for views.publish; of a stranger too."""
        view = await self.services.people.get(key)
        if view is None:
            return home_view.stranger(locale.Localizer("en-US", "UTC"), await self.services.people.grant_link(key))
        who = known(view, self.services.clock)
        now = await self.services.reader.now(key)
        calendars, accounts = await self.services.calendars.list(key), await self.services.accounts.list(key)
        again = {}
        for account in accounts:
            if account.lost:
                with suppress(NotOfferedError):  # then the form of a calendar mends it
                    again[account.account_id] = await self.services.accounts.flow.link(key, account.provider)
        listed = await list_view(self.services, who, now.facts, calendars, effects=now.still_on)
        link = "" if view.granted else listed.link or await self.services.people.grant_link(key)
        undo = await self.services.undos.newest(key, (*now.coming, *([now.override] if now.override else [])))
        digests = [one for one in await self.services.digests.of(key.team_id) if one.created_by == key.user_id]
        away = await self.services.who.today(key, timeline.today(now.at, view.zone)[1])
        return home_view.home(
            listed,
            now,
            calendars,
            link,
            accounts=accounts,
            again=again,
            digests=digests,
            feeds=await self.services.feeds.of_person(key),
            undo=undo,
            away=away,
            is_new=now.at - view.created_at < NEW,
            kept=None if view.granted else await self.services.keeping.of(key),
            leave=await self.services.leave.counts(key),
            agents=await keys_view(self.services, who),
            workspace=await self.workspace.home(who),
        )

    async def publish(self, args: AsyncArgs, key: PersonKey, view: View | None = None) -> None:
        """Show the person their tab as it is now, or `view`, at once. Raises SlackError."""
        view = view or await self.home(key)
        await view_call(args.client, "views.publish", user_id=key.user_id, view=view)


@dataclass(frozen=True, slots=True)
class HomeButtons:
    """The buttons, and the global shortcuts that open the same forms."""

    services: Services
    tab: HomeTab

    async def open_override(self, args: AsyncArgs) -> None:
        """Open the form of a status."""
        who = await self._clicked(args)
        await open_view(args, modals.override(who.l10n, await self.services.policies.of(who.key.team_id)))

    async def open_out_of_office(self, args: AsyncArgs) -> None:
        """Open the out-of-office form."""
        who = await self._clicked(args)
        await open_view(args, await out_of_office_form(self.services, who))

    async def open_connect(self, args: AsyncArgs) -> None:
        """Open the form of a calendar."""
        who = await self._clicked(args)
        await open_view(args, await connect_form(self.services, who))

    async def open_settings(self, args: AsyncArgs) -> None:
        """Open the settings."""
        who = await self._clicked(args)
        await open_view(args, await settings_form(self.services, who))

    async def pause(self, args: AsyncArgs) -> None:
        """Leave the status alone until resumed."""
        who = await self._clicked(args)
        now = self.services.clock.now()
        made, undo_id = await self.services.statuses.pause(who.key, now, None)
        await self._answer(args, who, replies.pausing(who.l10n, made, now, undo_id))

    async def resume(self, args: AsyncArgs) -> None:
        """Keep the status again."""
        who = await self._clicked(args)
        try:
            reply = replies.resumed(who.l10n, await self.services.statuses.resume(who.key))
        except NothingToDoError as error:
            reply = replies.sentence(who.l10n, error)
        await self._answer(args, who, reply)

    async def clear_override(self, args: AsyncArgs) -> None:
        """End what was asked for, or be back early."""
        who = await self._clicked(args)
        try:
            done = await self.services.statuses.clear(who.key, request=request_of(args.context))
            reply = replies.cleared(who.l10n, done, self.services.clock.now())
        except NothingToDoError as error:
            reply = replies.sentence(who.l10n, error)
        await self._answer(args, who, reply)

    async def calendar_menu(self, args: AsyncArgs) -> None:
        """Read a calendar now, disconnect it, or give a hook a new address, which a modal shows."""
        who = await self._clicked(args)
        what, _, calendar_id = chosen(args.body).partition(":")
        if what == "rotate":
            address = await self.services.hooks.rotate(who.key, calendar_id)
            if address is None:
                raise NothingToDoError("no such hook")
            await _show(args, modals.shown_once(who.l10n, address))
            return
        if what == "disconnect":
            await self.services.calendars.disconnect(who.key, calendar_id)
        else:
            await self.services.calendars.sync_now(who.key)
        await self.tab.publish(args, who.key)

    async def create_hook(self, args: AsyncArgs) -> None:
        """Make a hook; its address, and the link that grants where that is still to be done, are shown."""
        who = await self._clicked(args)
        known = {line.calendar_id for line in await self.services.calendars.list(who.key)}
        try:
            address = await self.services.hooks.create(who.key)
        except InputError as error:
            view = modals.done(who.l10n, who.l10n.say("Your hook"), [who.l10n.say(error.sentence())])
        else:
            more: list[dict[str, Any]] = []
            for line in await self.services.calendars.list(who.key):
                if line.provider == HOOK and line.calendar_id not in known:
                    undo_id = await self.services.undos.record(who.key, Change(calendar_id=line.calendar_id))
                    more.append(kit.actions(replies.undo_button(who.l10n, undo_id)))
            if not who.view.granted:  # until then nothing is shown
                link = await self.services.people.grant_link(who.key)
                more += replies.grant(who.l10n, link, kept=False)["blocks"]
            view = modals.shown_once(who.l10n, address, *more)
        await _show(args, view)

    async def account_menu(self, args: AsyncArgs) -> None:
        """Open the form that chooses an account's calendars, or the question before it is disconnected."""
        who = await self._clicked(args)
        what, _, account_id = chosen(args.body).partition(":")
        view = modals.account_gone(who.l10n)
        if what == "drop":
            accounts = {one.account_id: one for one in await self.services.accounts.list(who.key)}
            if account_id in accounts:
                lines = await self.services.calendars.list(who.key)
                count = sum(line.account_id == account_id for line in lines)
                view = modals.ask_before_drop(who.l10n, accounts[account_id], count)
        elif (choice := await self.services.accounts.choice(who.key, account_id)) is not None:
            view = modals.choose_calendars(who.l10n, choice)
        await open_view(args, view)

    async def drop_account(self, args: AsyncArgs) -> None:
        """Disconnect an account; the question was asked before."""
        who = await person(self.services, args.context)
        await self.services.accounts.disconnect(who.key, text_of(args.body["view"], "private_metadata"))
        await args.ack()
        await self.tab.publish(args, who.key)

    async def forget_me(self, args: AsyncArgs) -> None:
        """Delete everything; the question was asked before."""
        who = await self._clicked(args)
        await self.services.people.forget(who.key)
        if text_of(args.body, "response_url"):
            await args.respond(**replies.posted(leaving.forgotten(who.l10n)), replace_original=True)
        await self.tab.publish(args, who.key, home_view.stranger(who.l10n, ""))

    async def _clicked(self, args: AsyncArgs) -> Requester:
        await args.ack()
        return await person(self.services, args.context)

    async def _answer(self, args: AsyncArgs, who: Requester, reply: replies.Reply) -> None:
        """In the place of the answer whose button was clicked; else in the Home tab, at once."""
        if text_of(args.body, "response_url"):
            await args.respond(**replies.posted(reply), replace_original=True)
        else:
            await self.tab.publish(args, who.key)


async def _show(args: AsyncArgs, view: View) -> None:
    """In the place of the modal that was clicked in, else in a new one."""
    clicked = args.body.get("view")
    if isinstance(clicked, dict) and clicked.get("type") == "modal" and isinstance(clicked.get("id"), str):
        await view_call(args.client, "views.update", view_id=clicked["id"], view=view)
    else:
        await open_view(args, view)
