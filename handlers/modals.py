"""Submitted modals: each is checked field by field, done once, and loses nothing that was typed.

The same submission delivered twice counts once: what it makes is named after its view and what was filled in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.calls import view_call
from handlers.commands import OOO, QUO
from handlers.home import chosen
from handlers.surface import Person, Surface, person, text_of
from handlers.views import modals, replies, rules, settings
from handlers.views.state import Values
from services import typed, when
from services.errors import InputError, NotAnAddressError, TextTooLongError
from services.status import request_id

Body = dict[str, Any]


class EmptyStatusError(InputError):
    """Write a text or choose an emoji."""


class NoDateError(InputError):
    """Choose a day."""


@dataclass(frozen=True, slots=True)
class Modals:
    """The submissions, and the buttons inside of modals."""

    surface: Surface

    async def connect_calendar(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """An ICS feed's address."""
        who = await person(self.surface, context)
        address = Values.of(body["view"]).text("feed")
        try:
            if not address:
                raise NotAnAddressError("empty", field="feed")
            await self.surface.calendars.connect_feed(who.key, address)
        except InputError as error:
            await _refuse(ack, who, {error.field or "feed": error})
            return
        title = who.voice.say("Connect a calendar")
        lines = [who.voice.say("Connected. I am reading it now; your Home tab shows how it goes.")]
        if who.view.granted:
            await ack(response_action="update", view=modals.done(who.voice, title, lines))
        else:
            await self._grant_first(ack, who, title, lines)

    async def out_of_office(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """From a day to a day, both included, or from a time to a time."""
        who = await person(self.surface, context)
        values = Values.of(body["view"])
        try:
            first, last = values.date("from"), values.date("to")
            if first is None:
                raise NoDateError("from", field="from")
            if last is None:
                raise NoDateError("to", field="to")
            times = values.time("from_time"), values.time("to_time")
            start, end = when.by_form(first, times[0], last, times[1], who.speaker)
            note = _note(values.text("note"))
        except InputError as error:
            await _refuse(ack, who, {error.field or "to": error})
            return
        if not who.view.granted:
            said = f"{_typed(start, who)} - {_typed(end, who)} {note}".strip()
            await self.surface.people.ask(who.key, OOO, said)
            await self._grant_first(ack, who, who.voice.say("Out of office"), [])
            return
        await self.surface.statuses.out_of_office(who.key, start=start, end=end, note=note, request=_request(body))
        await ack()

    async def override(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """A status of one's own."""
        who = await person(self.surface, context)
        values = Values.of(body["view"])
        errors: dict[str, InputError] = {}
        emoji, text, end = "", values.text("text"), None
        try:
            emoji = typed.emoji_of(values.text("emoji"))
        except InputError as error:
            errors["emoji"] = error
        try:
            typed.status_text(text)
            if not text and not emoji and not errors:
                raise EmptyStatusError("empty")
        except InputError as error:
            errors["text"] = error
        try:
            at = values.time("until")
            end = None if at is None else when.until_time(at, who.speaker)
        except InputError as error:
            errors["until"] = error
        if errors:
            await _refuse(ack, who, errors)
            return
        if not who.view.granted:
            said = f"{emoji} {text}".strip() + ("" if end is None else f" until {_typed(end, who)}")
            await self.surface.people.ask(who.key, QUO, said)
            await self._grant_first(ack, who, who.voice.say("Set a status"), [])
            return
        now = self.surface.clock.now()
        await self.surface.statuses.override(
            who.key, text=text, emoji=emoji, start=now, end=end, request=_request(body)
        )
        await ack()

    async def settings(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """Everything that a person chose, at once or not at all."""
        who = await person(self.surface, context)
        before = await self.surface.statuses.preferences(who.key)
        try:
            chosen_now, errors = settings.read(Values.of(body["view"]), before)
        except InputError as error:
            chosen_now, errors = before, {error.field or "day_from": error}
        if errors:
            await _refuse(ack, who, errors)
            return
        await self.surface.statuses.save_preferences(who.key, chosen_now)
        await ack()

    async def rule(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """A new rule; the list beneath the form shows it."""
        who = await person(self.surface, context)
        known = [line.calendar_id for line in await self.surface.calendars.list(who.key)]
        try:
            made = rules.read(Values.of(body["view"]), request_id(who.key, _request(body)), known)
            await self.surface.statuses.add_rule(who.key, made)
        except InputError as error:
            await _refuse(ack, who, {error.field or "words": error})
            return
        await ack()
        beneath = body["view"].get("previous_view_id")
        if beneath:
            listed = await self.surface.statuses.rules(who.key)
            await view_call(client, "views.update", view_id=beneath, view=rules.rules(who.voice, listed))

    async def add_rule(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """The form of a rule, on top of the list."""
        await ack()
        who = await person(self.surface, context)
        form = rules.rule(who.voice, await self.surface.calendars.list(who.key))
        await view_call(client, "views.push", trigger_id=text_of(body, "trigger_id"), view=form)

    async def rule_menu(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Move a rule up, or delete it."""
        await ack()
        who = await person(self.surface, context)
        what, _, rule_id = chosen(body).rpartition(":")
        if what == "up":
            await self.surface.statuses.raise_rule(who.key, rule_id)
        else:
            await self.surface.statuses.remove_rule(who.key, rule_id)
        listed = await self.surface.statuses.rules(who.key)
        await view_call(client, "views.update", view_id=body["view"]["id"], view=rules.rules(who.voice, listed))

    async def _grant_first(self, ack: AsyncAck, who: Person, title: str, lines: list[str]) -> None:
        """The form gives way to the link that grants; what was asked for is kept."""
        link = await self.surface.people.grant_link(who.key)
        reply = replies.grant(who.voice, link, kept=not lines)
        view = modals.done(who.voice, title, [*lines, reply["text"]], *reply["blocks"][1:])
        await ack(response_action="update", view=view)


async def _refuse(ack: AsyncAck, who: Person, errors: Mapping[str, InputError]) -> None:
    await ack(
        response_action="errors",
        errors={block: who.voice.say(error.sentence()) for block, error in errors.items()},
    )


def _note(note: str) -> str:
    try:
        return typed.status_text(note)
    except TextTooLongError as error:
        error.field = "note"
        raise


def _typed(instant: Any, who: Person) -> str:
    """An instant as it could have been typed."""
    return f"{instant.astimezone(who.view.zone):%Y-%m-%d %H:%M}"


def _request(body: Body) -> str:
    """What tells one submission from another: the form, and what was filled in. Sent twice, it counts once."""
    view = body["view"]
    facts = json.dumps([view.get("id"), view.get("hash"), view.get("state")], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()
