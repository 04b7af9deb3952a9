"""Submitted modals: each is checked field by field, done once, and loses nothing that was typed.

The same submission delivered twice counts once: what it makes is named after its view and what was filled in.
Slack wants an answer within three seconds: where another server has a say in it, the form is answered twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.errors import sheltered, within
from handlers.slack import asks
from handlers.slack.context import (
    Body,
    Requester,
    Services,
    answer_beside,
    connect_form,
    person,
    read_list,
    refuse,
    text_of,
    view_call,
)
from handlers.slack.views import modals, replies, settings
from handlers.slack.views.blocks import Block, NoDateError, Values, actions, cut, emoji_option
from handlers.slack.views.fixed import allowed_effects
from handlers.slack.views.line_answers import Errors, effects_of
from handlers.slack.views.list_modal import mute_while
from handlers.slack.views.modals import Typed, View
from services.domain import command_parser, times
from services.domain.asks import AskedAbsence, AskedStatus
from services.domain.errors import (
    AlreadyConnectedError,
    CalendarError,
    InputError,
    NoSuchEmojiError,
    NotAPersonError,
    ServerSilentError,
    StandInError,
    StatusQuoError,
    TextMissingError,
)
from services.domain.model import Effect, PersonKey
from services.domain.text import escape
from services.domain.undo import AccountChoice, Change
from services.slack.members import SLACKBOT

PATIENCE = 2.0
"""Seconds that an answer waits for what asks another server."""

SETTLES = 0.5
"""Seconds from our answer until Slack has surely worked it in: a `views.update` before that would be undone by it."""

CALDAV = ("caldav_url", "caldav_user", "caldav_password")

_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_LONGEST_NAMES = 1000


class NothingFilledError(InputError):
    """Fill in an address, or use one of the buttons."""


class FieldMissingError(InputError):
    """CalDAV needs an address, a user and a password. Fill in this one too."""


def read_connect(values: Values) -> tuple[str, tuple[str, str, str], dict[str, InputError]]:
    """Return a feed's address, a CalDAV server with user and password, and what is missing, by block."""
    feed = values.text("feed")
    server = values.text("caldav_url"), values.text("caldav_user"), values.secret("caldav_password")
    errors: dict[str, InputError] = {}
    if any(server):
        parts = zip(CALDAV, server, strict=True)
        errors.update({block: FieldMissingError(block) for block, value in parts if not value})
    elif not feed:
        errors["feed"] = NothingFilledError("empty")
    return feed, server, errors


@dataclass(frozen=True, slots=True)
class Modals:
    """The submissions, and the buttons inside of modals. `patience` is for what may take longer than Slack waits."""

    services: Services
    patience: float = PATIENCE

    async def connect_calendar(self, args: AsyncArgs) -> None:
        """Connect a feed's address, a CalDAV server, or both."""
        who = await person(self.services, args.context)
        feed, server, errors = read_connect(Values.of(args.body["view"]))
        lines: list[str] = []
        undo_id = ""
        if feed and not errors:
            try:
                calendar_id = await self.services.calendars.connect_feed(who.key, feed)
                undo_id = await self.services.undos.record(who.key, Change(calendar_id=calendar_id))
            except InputError as error:
                if not (any(server) and isinstance(error, AlreadyConnectedError)):  # connected by a try before
                    errors[error.field or "feed"] = error
            lines.append(who.l10n.say("Connected. I am reading it now; your Home tab shows how it goes."))
        if errors:
            await refuse(args, who, errors)
            return
        if not any(server):
            await args.ack(response_action="update", view=await self._connected(who, lines, undo_id))
            return
        url, user, password = server

        async def again(sentence: str) -> View:
            return await connect_form(self.services, who, problem=sentence, before=Typed(url, user))

        await self.answer(args, who, self._caldav(who, url, user, password, lines), again)

    async def choose_calendars(self, args: AsyncArgs) -> None:
        """Connect exactly those calendars of an account that were chosen."""
        who = await person(self.services, args.context)
        account_id = text_of(args.body["view"], "private_metadata")
        values = Values.of(args.body["view"])

        async def again(sentence: str) -> View:
            choice = await self.services.accounts.choice(who.key, account_id)
            lines = [f":warning: {sentence}"]
            return modals.account_gone(who.l10n) if choice is None else modals.choose_calendars(who.l10n, choice, lines)

        await self.answer(args, who, self._choose(who, account_id, values), again)

    async def out_of_office(self, args: AsyncArgs) -> None:
        """From a day to a day, both included, or from a time to a time."""
        who = await person(self.services, args.context)
        values = Values.of(args.body["view"])
        note = values.text("note")
        try:
            first, last = values.date("from"), values.date("to")
            if first is None:
                raise NoDateError("from", field="from")
            if last is None:
                raise NoDateError("to", field="to")
            start, end = times.by_form(first, values.time("from_time"), last, values.time("to_time"), who.speaker)
            note = command_parser.shown(note)
            chosen = values.chosen(modals.IN_CALENDAR)
            stand_in = values.user("stand_in")
            if stand_in == who.key.user_id:
                raise StandInError("oneself", field="stand_in")
            if stand_in in {args.context.bot_user_id, SLACKBOT} or not _USER.fullmatch(stand_in or "U0"):
                raise NotAPersonError("no person", field="stand_in")
        except InputError as error:
            field = "note" if error.field == "text" else error.field or "to"
            await refuse(args, who, {field: error})
            return
        in_calendar = modals.IN_CALENDAR in chosen
        await self._do(args, who, AskedAbsence(note, start, end, stand_in, in_calendar), who.l10n.say("Out of office"))

    async def override(self, args: AsyncArgs) -> None:
        """Set a status of one's own."""
        who = await person(self.services, args.context)
        values = Values.of(args.body["view"])
        errors: dict[str, InputError] = {}
        emoji, text, end = "", values.text("text"), None
        try:
            emoji = command_parser.emoji_of(values.said(modals.EMOJI_BLOCK))
        except InputError as error:
            errors["emoji"] = error
        try:
            text = command_parser.shown(text)
            if not text and not errors:
                raise TextMissingError("no text")
        except InputError as error:
            errors["text"] = error
        try:
            at = values.time("until")
            end = None if at is None else times.until_time(at, who.speaker)
        except InputError as error:
            errors["until"] = error
        policy = await self.services.policies.of(who.key.team_id)
        effects = allowed_effects(effects_of(values, errors), frozenset(), policy, errors)
        await check_emoji(self.services, who.key, {"emoji": emoji}, errors)
        if errors:
            await refuse(args, who, errors)
            return
        ask = AskedStatus(text, emoji, self.services.clock.now(), end, effects)
        await self._do(args, who, ask, who.l10n.say("Set a status"), [who.l10n.say("Saved.")])

    async def _do(
        self,
        args: AsyncArgs,
        who: Requester,
        ask: AskedStatus | AskedAbsence,
        title: str,
        said: Sequence[str] = (),
    ) -> None:
        """Do what a form asks for, or keep it and show the link that grants; `said` where something waits."""
        if not who.view.granted:
            await self.services.people.ask(who.key, ask)
            await args.ack(response_action="update", view=await self._grant_view(who, title, []))
            return
        made, more = await asks.do(self.services, who, ask, submission_id(args.body))
        await close(args, who, title, more, said)
        answer = replies.override(who.l10n, made, self.services.clock.now(), who.view.pause)
        answer_beside(self.services, args.body["view"], replies.posted(answer))

    async def suggest_emoji(self, args: AsyncArgs) -> None:
        """Offer the emoji that what is typed in a form's menu may mean."""
        key, found = args.context.get("person"), list[str]()
        if isinstance(key, PersonKey) and text_of(args.body, "block_id").endswith(modals.EMOJI_BLOCK):
            found = await self.services.emoji.search(key.team_id, text_of(args.body, "value"))
        await args.ack(options=[emoji_option(one) for one in found])

    async def settings(self, args: AsyncArgs) -> None:
        """Save everything that a person chose, at once or not at all."""
        who = await person(self.services, args.context)
        before = await self.services.settings.preferences(who.key)
        try:
            policy = await self.services.policies.of(who.key.team_id)
            chosen_now, errors = settings.read_settings(Values.of(args.body["view"]), before, policy)
        except InputError as error:
            chosen_now, errors = before, {error.field or "day_from": error}
        if chosen_now.idle is not None and (before.idle is None or chosen_now.idle.emoji != before.idle.emoji):
            await check_emoji(self.services, who.key, {"idle_emoji": chosen_now.idle.emoji}, errors)
        if errors:
            await refuse(args, who, errors)
            return
        undo_id = await self.services.settings.save_preferences(who.key, chosen_now)
        await args.ack()
        answer_beside(self.services, args.body["view"], replies.posted(replies.saved(who.l10n, undo_id)))

    async def _caldav(self, who: Requester, url: str, user: str, password: str, lines: Sequence[str]) -> View:
        """Connect what a CalDAV server has. Raises InputError."""
        known = {account.account_id for account in await self.services.accounts.list(who.key)}
        try:
            found = await self.services.accounts.connect_caldav(who.key, url, user, password)
        except CalendarError as error:
            raise ServerSilentError(error.reason, field="caldav_url") from error
        except InputError as error:
            error.field = error.field if error.field in CALDAV else "caldav_url"
            raise
        if found.calendars:
            names = escape(cut(", ".join(found.calendars), _LONGEST_NAMES))
            said = who.l10n.say(
                "Connected: {calendars}. I am reading now; your Home tab shows how it goes.", calendars=names
            )
            lines = [*lines, said]
        undo_id = ""
        if found.account_id not in known:
            undo_id = await self.services.undos.record(who.key, Change(account_id=found.account_id))
        choice = await self.services.accounts.choice(who.key, found.account_id) if found.more else None
        if choice is None:
            return await self._connected(who, lines, undo_id)
        return modals.choose_calendars(who.l10n, choice, lines)

    async def _choose(self, who: Requester, account_id: str, values: Values) -> View:
        """Connect what was chosen. Raises InputError."""
        accounts = self.services.accounts
        choice = await accounts.choice(who.key, account_id)
        before = await accounts.addresses(who.key, account_id)
        try:
            known = choice is not None and await self.services.accounts.choose(
                who.key, account_id, modals.chosen_calendars(values, choice)
            )
        except InputError as error:
            error.field = modals.CALENDARS_BLOCK
            raise
        if not known:
            return modals.account_gone(who.l10n)
        after, undo_id = await accounts.addresses(who.key, account_id), ""
        if after != before:
            undo_id = await self.services.undos.record(
                who.key, Change(account=AccountChoice(account_id, before, after))
            )
        said = who.l10n.say("Saved. I am reading now; your Home tab shows how it goes.")
        return await self._connected(who, [said], undo_id)

    async def _connected(self, who: Requester, lines: Sequence[str], undo_id: str = "") -> View:
        """Say that it is done; where we may not set the status yet, with the link that grants."""
        title = who.l10n.say("Connect a calendar")
        said = list(lines) or [who.l10n.say("Connected.")]
        if not who.view.granted:
            return await self._grant_view(who, title, said)
        listed = await self.services.calendars.list(who.key)
        is_first = len({line.account_id or line.calendar_id for line in listed}) == 1
        undo = [actions(replies.undo_button(who.l10n, undo_id))] if undo_id else []
        view = await read_list(self.services, who)
        if is_first and not view.chosen and Effect.DND in view.policy.allowed:
            return mute_while(who.l10n, said, *undo)
        return modals.done(who.l10n, title, said, *undo)

    async def _grant_view(self, who: Requester, title: str, lines: list[str]) -> View:
        link = await self.services.people.grant_link(who.key)
        reply = replies.grant(who.l10n, link, kept=not lines)
        return modals.done(who.l10n, title, [*lines, reply["text"]], *reply["blocks"][1:])

    async def answer(
        self,
        args: AsyncArgs,
        who: Requester,
        work: Coroutine[Any, Any, View],
        again: Callable[[str], Awaitable[View]],
    ) -> None:
        """Answer with the view that `work` gives; where it takes long, at once, and show that view when it is there.

        What goes wrong is said at its block; later on, by the view that `again` makes of the sentence.
        """
        working = self.services.background.start(work)
        if await within(working, self.patience):
            try:
                done = working.result()
            except InputError as error:
                await refuse(args, who, {error.field or "feed": error})
            else:
                await args.ack(response_action="update", view=done)
            return
        await args.ack(response_action="update", view=modals.looking(who.l10n))
        form = args.body["view"]

        async def outcome() -> View:
            try:
                return await working
            except InputError as error:
                return await again(who.l10n.say(error.sentence()))

        async def show() -> None:
            found = await sheltered(outcome(), form=form["callback_id"])
            found = found or await again(who.l10n.say(StatusQuoError.sentence()))
            await asyncio.sleep(SETTLES)
            await view_call(args.client, "views.update", view_id=form["id"], view=found)

        self.services.background.leave(show(), form=form["callback_id"])


async def close(args: AsyncArgs, who: Requester, title: str, blocks: Sequence[Block], said: Sequence[str] = ()) -> None:
    """Close a form; where there are `blocks`, there is something more to say, and it becomes a view that says so."""
    if blocks:
        await args.ack(response_action="update", view=modals.done(who.l10n, title, said, *blocks))
    else:
        await args.ack()


async def check_emoji(services: Services, key: PersonKey, emoji: Mapping[str, str], errors: Errors) -> None:
    """Say at its block which of these emoji the workspace does not have, as far as that can be told."""
    gone = await services.emoji.gone(key.team_id, emoji.values())
    errors.update({block: NoSuchEmojiError("emoji", field=block) for block, one in emoji.items() if one in gone})


def submission_id(body: Body) -> str:
    """Return what tells one submission from another: the form, and what was filled in. Sent twice, it counts once."""
    view = body["view"]
    facts = json.dumps([view.get("id"), view.get("hash"), view.get("state")], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()
