"""`/quo` and `/ooo`: one line in, one ephemeral answer (or a form) out, within three seconds.

The answer travels in the acknowledgement itself; only a form needs a call to Slack.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.context import (
    Requester,
    Services,
    by_key,
    chosen,
    connect_form,
    person,
    request_of,
    text_of,
    view_call,
)
from handlers.slack.views import modals, replies, settings
from services.domain import command_parser, times
from services.domain.command_parser import Command, Name, UnknownCommandError
from services.domain.errors import InputError, NothingToDoError
from services.domain.model import PersonKey
from services.engine.notifications import Teller

QUO = "/quo"
OOO = "/ooo"

Reply = dict[str, Any]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Commands:
    """The two slash commands."""

    services: Services
    teller: Teller

    async def quo(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """`/quo …`."""
        await self._run(QUO, ack, body, client, context)

    async def ooo(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """`/ooo …`."""
        await self._run(OOO, ack, body, client, context)

    async def _run(
        self, command: str, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        who = await person(self.services, context)
        text = text_of(body, "text")
        form = await self._form(who, command, text)
        if form is not None:
            await view_call(client, "views.open", trigger_id=text_of(body, "trigger_id"), view=form)
            await ack()
            return
        await ack(await self.answer(who, command, text, request_of(context)))

    async def run_meant(
        self,
        ack: AsyncAck,
        body: dict[str, Any],
        respond: AsyncRespond,
        client: AsyncWebClient,
        context: AsyncBoltContext,
    ) -> None:
        """The command that a slip of the finger meant; its answer stands in the question's place."""
        await ack()
        who, line = await person(self.services, context), chosen(body)
        if (form := await self._form(who, QUO, line)) is not None:
            await view_call(client, "views.open", trigger_id=text_of(body, "trigger_id"), view=form)
            return
        await respond(**replies.in_place(await self.answer(who, QUO, line, request_of(context))))

    async def set_as_typed(
        self, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, context: AsyncBoltContext
    ) -> None:
        """No slip: the status as it was typed."""
        await ack()
        who, line = await person(self.services, context), chosen(body)
        await respond(**replies.in_place(await self._status(who, line, line, request_of(context))))

    async def perform(self, key: PersonKey, command: str, text: str) -> None:
        """Do what somebody had asked for before they granted, and tell them. Raises SlackError."""
        who = await by_key(self.services, key)
        reply = await self.answer(who, command, text, secrets.token_hex(8))
        await self.teller.tell(key, {"text": reply["text"], "blocks": reply["blocks"]})

    async def answer(self, who: Requester, command: str, text: str, request: str) -> Reply:
        """The answer to one line. The same `request` counts once."""
        try:
            if command == OOO:
                return await self._out_of_office(who, text, request)
            return await self._quo(who, command_parser.read(text), text, request)
        except UnknownCommandError as error:
            return replies.did_you_mean(who.l10n, error.meant, error.status)
        except NothingToDoError as error:
            return replies.sentence(who.l10n, error)
        except InputError as error:
            return replies.usage(who.l10n, error, command)

    async def _form(self, who: Requester, command: str, text: str) -> View | None:
        """The form that a line opens, where it opens one."""
        first = text.strip().casefold()
        if command == OOO:
            today = self.services.clock.now().astimezone(who.view.zone).date()
            return None if first else modals.out_of_office(who.l10n, today)
        if first == Name.CONNECT:
            return await connect_form(self.services, who)
        if first == Name.SETTINGS:
            return settings.settings(who.l10n, await self.services.settings.preferences(who.key))
        return None

    async def _quo(self, who: Requester, command: Command, text: str, request: str) -> Reply:
        match command.name:
            case Name.STATUS:
                return await self._status(who, command.rest, text, request)
            case Name.PAUSE:
                return await self._pause(who, command.rest, text)
            case Name.PREVIEW:
                return await self._preview(who, command.rest)
            case Name.WHO:
                away = await self.services.reader.who(who.key.team_id, command.user_id)
                return replies.who(who.l10n, away, command.user_id, self.services.clock.now())
            case _:
                simple: dict[Name, Callable[[Requester, str], Awaitable[Reply]]] = {
                    Name.HELP: self._help,
                    Name.CLEAR: self._clear,
                    Name.RESUME: self._resume,
                    Name.WHY: self._why,
                    Name.CALENDARS: self._calendars,
                    Name.FORGET: self._forget,
                }
                return await simple[command.name](who, request)

    async def _status(self, who: Requester, line: str, text: str, request: str) -> Reply:
        asked = command_parser.status(line, who.speaker)
        if not who.view.granted:
            return await self._grant_first(who, QUO, text)
        made = await self.services.statuses.override(
            who.key, text=asked.text, emoji=asked.emoji, start=asked.start, end=asked.end, request=request
        )
        return replies.override(who.l10n, made, self.services.clock.now(), who.view.pause)

    async def _out_of_office(self, who: Requester, text: str, request: str) -> Reply:
        now = self.services.clock.now()
        if times.is_off(command_parser.plain(text), who.speaker):
            return replies.off(who.l10n, await self.services.statuses.off(who.key), now)
        asked = command_parser.absence(text, who.speaker)
        if not who.view.granted:
            return await self._grant_first(who, OOO, text)
        made = await self.services.statuses.out_of_office(
            who.key, start=asked.start, end=asked.end, note=asked.text, request=request
        )
        return replies.override(who.l10n, made, now, who.view.pause)

    async def _pause(self, who: Requester, rest: str, text: str) -> Reply:
        asked = times.pause(command_parser.plain(rest), who.speaker)
        if not who.view.granted:
            return await self._grant_first(who, QUO, text)
        made = await self.services.statuses.pause(who.key, asked.start, asked.end)
        return replies.pausing(who.l10n, made, self.services.clock.now())

    async def _preview(self, who: Requester, rest: str) -> Reply:
        look = times.look(command_parser.plain(rest), who.speaker)
        now = self.services.clock.now()
        if look.instant is None:
            timeline = await self.services.reader.preview(who.key, look.day)
            return replies.preview(who.l10n, timeline, look.day, now.astimezone(who.view.zone).date())
        span = await self.services.reader.preview_at(who.key, look.instant)
        return replies.preview_at(who.l10n, span, look.instant, now, await self.services.settings.rules(who.key))

    async def _help(self, who: Requester, _: str) -> Reply:
        now = await self.services.reader.now(who.key) if who.view.granted else None
        reply = replies.help_(who.l10n, now)
        if not who.view.granted:
            link = await self.services.people.grant_link(who.key)
            reply["blocks"] += replies.grant(who.l10n, link, kept=False)["blocks"]
        return reply

    async def _clear(self, who: Requester, request: str) -> Reply:
        if not who.view.granted:
            return await self._grant_first(who, QUO, Name.CLEAR)
        done = await self.services.statuses.clear(who.key, request=request)
        return replies.cleared(who.l10n, done, self.services.clock.now())

    async def _resume(self, who: Requester, _: str) -> Reply:
        if not who.view.granted:
            return await self._grant_first(who, QUO, Name.RESUME)
        await self.services.statuses.resume(who.key)
        return replies.resumed(who.l10n)

    async def _why(self, who: Requester, _: str) -> Reply:
        return replies.why(who.l10n, await self.services.reader.why(who.key))

    async def _calendars(self, who: Requester, _: str) -> Reply:
        lines = await self.services.calendars.list(who.key)
        accounts = await self.services.accounts.list(who.key)
        return replies.calendars(who.l10n, lines, accounts, self.services.clock.now())

    async def _forget(self, who: Requester, _: str) -> Reply:
        return replies.forget(who.l10n)

    async def _grant_first(self, who: Requester, command: str, text: str) -> Reply:
        await self.services.people.ask(who.key, command, text)
        return replies.grant(who.l10n, await self.services.people.grant_link(who.key), kept=True)
