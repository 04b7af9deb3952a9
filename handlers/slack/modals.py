"""Submitted modals: each is checked field by field, done once, and loses nothing that was typed.

The same submission delivered twice counts once: what it makes is named after its view and what was filled in.
Slack wants an answer within three seconds: where another server has a say in it, the form is answered twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.errors import Background, sheltered, within
from handlers.slack.commands import OOO, QUO
from handlers.slack.context import Body, Requester, Services, chosen, connect_form, person, text_of, view_call
from handlers.slack.home import gone
from handlers.slack.views import modals, replies, settings
from handlers.slack.views.blocks import Values, cut, escape
from handlers.slack.views.modals import Typed, View
from services.domain import command_parser, times
from services.domain.errors import (
    AlreadyConnectedError,
    CalendarError,
    InputError,
    ServerSilentError,
    StatusQuoError,
    TextTooLongError,
)
from services.usecases.statuses import request_id

PATIENCE = 2.0
"""Seconds that an answer waits for what asks another server."""

SETTLES = 0.5
"""Seconds from our answer until Slack has surely worked it in: a `views.update` before that would be undone by it."""

CALDAV = ("caldav_url", "caldav_user", "caldav_password")

_LONGEST_NAMES = 1000


class EmptyStatusError(InputError):
    """Write a text or choose an emoji."""


class NoDateError(InputError):
    """Choose a day."""


class NothingFilledError(InputError):
    """Fill in an address, or use one of the buttons."""


class FieldMissingError(InputError):
    """CalDAV needs an address, a user and a password. Fill in this one too."""


@dataclass(frozen=True, slots=True)
class Server:
    """A CalDAV server, as it was filled in."""

    url: str
    user: str
    password: str = field(repr=False)

    @property
    def asked(self) -> bool:
        """Whether anything was filled in."""
        return bool(self.url or self.user or self.password)

    def missing(self) -> dict[str, InputError]:
        """What is missing of it, by block; nothing where nothing was filled in."""
        parts = zip(CALDAV, (self.url, self.user, self.password), strict=True)
        return {block: FieldMissingError(block) for block, value in parts if self.asked and not value}


@dataclass(frozen=True, slots=True)
class Modals:
    """The submissions, and the buttons inside of modals. `patience` is for what may take longer than Slack waits."""

    services: Services
    patience: float = PATIENCE

    async def connect_calendar(
        self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """A feed's address, a CalDAV server, or both."""
        who = await person(self.services, context)
        values = Values.of(body["view"])
        address = values.text("feed")
        server = Server(values.text("caldav_url"), values.text("caldav_user"), values.secret("caldav_password"))
        errors = server.missing()
        if not address and not server.asked:
            errors["feed"] = NothingFilledError("empty")
        if errors:
            await refuse(ack, who, errors)
            return
        lines: list[str] = []
        if address:
            try:
                await self.services.calendars.connect_feed(who.key, address)
            except InputError as error:
                if not (server.asked and isinstance(error, AlreadyConnectedError)):  # connected by a try before
                    await refuse(ack, who, {error.field or "feed": error})
                    return
            lines.append(who.l10n.say("Connected. I am reading it now; your Home tab shows how it goes."))
        if not server.asked:
            await ack(response_action="update", view=await self._connected(who, lines))
            return

        async def again(sentence: str) -> View:
            return await connect_form(self.services, who, problem=sentence, before=Typed(server.url, server.user))

        await DeferredAnswer(self.services.background, self.patience).answer(
            Submitted(ack, who, body, client), self._caldav(who, server, lines), again
        )

    async def choose_calendars(
        self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """The calendars of an account: exactly those that were chosen are connected."""
        who = await person(self.services, context)
        account_id, values = text_of(body["view"], "private_metadata"), Values.of(body["view"])

        async def again(sentence: str) -> View:
            choice = await self.services.accounts.choice(who.key, account_id)
            return gone(who) if choice is None else modals.choose_calendars(who.l10n, choice, [f":warning: {sentence}"])

        await DeferredAnswer(self.services.background, self.patience).answer(
            Submitted(ack, who, body, client), self._choose(who, account_id, values), again
        )

    async def out_of_office(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """From a day to a day, both included, or from a time to a time."""
        who = await person(self.services, context)
        values = Values.of(body["view"])
        try:
            first, last = values.date("from"), values.date("to")
            if first is None:
                raise NoDateError("from", field="from")
            if last is None:
                raise NoDateError("to", field="to")
            first_time, last_time = values.time("from_time"), values.time("to_time")
            start, end = times.by_form(first, first_time, last, last_time, who.speaker)
            note = _note(values.text("note"))
        except InputError as error:
            await refuse(ack, who, {error.field or "to": error})
            return
        if not who.view.granted:
            said = f"{_typed(start, who)} - {_typed(end, who)} {note}".strip()
            await self.services.people.ask(who.key, OOO, said)
            await self._grant_first(ack, who, who.l10n.say("Out of office"), [])
            return
        await self.services.statuses.out_of_office(who.key, start=start, end=end, note=note, request=_request(body))
        await ack()

    async def override(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """A status of one's own."""
        who = await person(self.services, context)
        values = Values.of(body["view"])
        errors: dict[str, InputError] = {}
        emoji, text, end = "", values.text("text"), None
        try:
            emoji = command_parser.emoji_of(values.text("emoji"))
        except InputError as error:
            errors["emoji"] = error
        try:
            command_parser.status_text(text)
            if not text and not emoji and not errors:
                raise EmptyStatusError("empty")
        except InputError as error:
            errors["text"] = error
        try:
            at = values.time("until")
            end = None if at is None else times.until_time(at, who.speaker)
        except InputError as error:
            errors["until"] = error
        if errors:
            await refuse(ack, who, errors)
            return
        if not who.view.granted:
            said = f"{emoji} {text}".strip() + ("" if end is None else f" until {_typed(end, who)}")
            await self.services.people.ask(who.key, QUO, said)
            await self._grant_first(ack, who, who.l10n.say("Set a status"), [])
            return
        now = self.services.clock.now()
        await self.services.statuses.override(
            who.key, text=text, emoji=emoji, start=now, end=end, request=_request(body)
        )
        await ack()

    async def settings(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """Everything that a person chose, at once or not at all."""
        who = await person(self.services, context)
        before = await self.services.settings.preferences(who.key)
        try:
            chosen_now, errors = settings.read_settings(Values.of(body["view"]), before)
        except InputError as error:
            chosen_now, errors = before, {error.field or "day_from": error}
        if errors:
            await refuse(ack, who, errors)
            return
        await self.services.settings.save_preferences(who.key, chosen_now)
        await ack()

    async def rule(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """A new rule; the list beneath the form shows it."""
        who = await person(self.services, context)
        known = [line.calendar_id for line in await self.services.calendars.list(who.key)]
        try:
            made = settings.read_rule(Values.of(body["view"]), request_id(who.key, _request(body)), known)
            await self.services.settings.add_rule(who.key, made)
        except InputError as error:
            await refuse(ack, who, {error.field or "words": error})
            return
        await ack()
        beneath = body["view"].get("previous_view_id")
        if beneath:
            listed = await self.services.settings.rules(who.key)
            await view_call(client, "views.update", view_id=beneath, view=settings.rules(who.l10n, listed))

    async def add_rule(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The form of a rule, on top of the list."""
        await ack()
        who = await person(self.services, context)
        form = settings.rule(who.l10n, await self.services.calendars.list(who.key))
        await view_call(client, "views.push", trigger_id=text_of(body, "trigger_id"), view=form)

    async def rule_menu(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Move a rule up, or delete it."""
        await ack()
        who = await person(self.services, context)
        what, _, rule_id = chosen(body).rpartition(":")
        if what == "up":
            await self.services.settings.raise_rule(who.key, rule_id)
        else:
            await self.services.settings.remove_rule(who.key, rule_id)
        listed = await self.services.settings.rules(who.key)
        await view_call(client, "views.update", view_id=body["view"]["id"], view=settings.rules(who.l10n, listed))

    async def _caldav(self, who: Requester, server: Server, lines: Sequence[str]) -> View:
        """Connect what a CalDAV server has. Raises InputError."""
        try:
            found = await self.services.accounts.connect_caldav(who.key, server.url, server.user, server.password)
        except CalendarError as error:
            raise ServerSilentError(error.reason, field="caldav_url") from error
        except InputError as error:
            error.field = error.field if error.field in CALDAV else "caldav_url"
            raise
        names = ", ".join(found.calendars)
        said = who.l10n.say("Connected: {calendars}. I am reading now; your Home tab shows how it goes.",
                             calendars=escape(cut(names, _LONGEST_NAMES)))  # fmt: skip
        lines = [*lines, *([said] if names else [])]
        choice = await self.services.accounts.choice(who.key, found.account_id) if found.more else None
        return await self._connected(who, lines) if choice is None else modals.choose_calendars(who.l10n, choice, lines)

    async def _choose(self, who: Requester, account_id: str, values: Values) -> View:
        """Connect what was chosen. Raises InputError."""
        choice = await self.services.accounts.choice(who.key, account_id)
        if choice is None:
            return gone(who)
        try:
            known = await self.services.accounts.choose(who.key, account_id, modals.chosen_calendars(values, choice))
        except InputError as error:
            error.field = modals.CALENDARS_BLOCK
            raise
        if not known:
            return gone(who)
        return await self._connected(
            who, [who.l10n.say("Saved. I am reading now; your Home tab shows how it goes.")]
        )  # fmt: skip

    async def _connected(self, who: Requester, lines: Sequence[str]) -> View:
        """That it is done; where we may not set the status yet, with the link that grants."""
        title = who.l10n.say("Connect a calendar")
        said = list(lines) or [who.l10n.say("Connected.")]
        return modals.done(who.l10n, title, said) if who.view.granted else await self._grant_view(who, title, said)

    async def _grant_first(self, ack: AsyncAck, who: Requester, title: str, lines: list[str]) -> None:
        """The form gives way to the link that grants; what was asked for is kept."""
        await ack(response_action="update", view=await self._grant_view(who, title, lines))

    async def _grant_view(self, who: Requester, title: str, lines: list[str]) -> View:
        link = await self.services.people.grant_link(who.key)
        reply = replies.grant(who.l10n, link, kept=not lines)
        return modals.done(who.l10n, title, [*lines, reply["text"]], *reply["blocks"][1:])


def _note(note: str) -> str:
    try:
        return command_parser.status_text(note)
    except TextTooLongError as error:
        error.field = "note"
        raise


def _typed(instant: Any, who: Requester) -> str:
    """An instant as it could have been typed."""
    return f"{instant.astimezone(who.view.zone):%Y-%m-%d %H:%M}"


def _request(body: Body) -> str:
    """What tells one submission from another: the form, and what was filled in. Sent twice, it counts once."""
    view = body["view"]
    facts = json.dumps([view.get("id"), view.get("hash"), view.get("state")], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission that may have to be answered twice."""

    ack: AsyncAck
    who: Requester
    body: dict[str, Any]
    client: AsyncWebClient


@dataclass(frozen=True, slots=True)
class DeferredAnswer:
    """`background` owns what takes longer than `seconds`."""

    background: Background
    seconds: float = PATIENCE

    async def answer(
        self, form: Submitted, work: Coroutine[Any, Any, View], again: Callable[[str], Awaitable[View]]
    ) -> None:
        """Answer with the view that `work` gives; where it takes long, at once, and show that view when it is there.

        What goes wrong is said at its block; later on, by the view that `again` makes of the sentence.
        """
        working = self.background.start(work)
        if not await within(working, self.seconds):
            await form.ack(response_action="update", view=modals.looking(form.who.l10n))
            self.background.leave(_show(form, working, again), form=form.body["view"]["callback_id"])
            return
        try:
            done = working.result()
        except InputError as error:
            await refuse(form.ack, form.who, {error.field or "feed": error})
        else:
            await form.ack(response_action="update", view=done)


async def refuse(ack: AsyncAck, who: Requester, errors: Mapping[str, InputError]) -> None:
    """Say each error at its block; nothing that was typed is lost."""
    await ack(
        response_action="errors",
        errors={block: who.l10n.say(error.sentence()) for block, error in errors.items()},
    )


async def _show(form: Submitted, working: Awaitable[View], again: Callable[[str], Awaitable[View]]) -> None:
    view = form.body["view"]
    found = await sheltered(_outcome(form, working, again), form=view["callback_id"])
    found = found or await again(form.who.l10n.say(StatusQuoError.sentence()))
    await asyncio.sleep(SETTLES)
    await view_call(form.client, "views.update", view_id=view["id"], view=found)


async def _outcome(form: Submitted, working: Awaitable[View], again: Callable[[str], Awaitable[View]]) -> View:
    try:
        return await working
    except InputError as error:
        return await again(form.who.l10n.say(error.sentence()))
