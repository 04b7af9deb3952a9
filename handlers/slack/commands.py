"""`/quo` and `/ooo`: one line in, one ephemeral answer (or a form) out, within three seconds.

The answer travels in the acknowledgement itself; only a form needs a call to Slack.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import (
    Requester,
    Services,
    by_key,
    chosen,
    connect_form,
    list_view,
    open_view,
    out_of_office_form,
    person,
    request_of,
    settings_form,
    text_of,
    with_metadata,
)
from handlers.slack.digests import DigestForms
from handlers.slack.keys import keys_form
from handlers.slack.views import digests as digest_views
from handlers.slack.views import leaving, modals, replies, settings
from handlers.slack.views.keys import asked_by
from handlers.slack.views.list_modal import list_modal
from handlers.slack.views.modals import View
from handlers.slack.views.replies import Reply
from handlers.slack.who import answer as who_is_out
from services.domain import command_parser, times
from services.domain.command_parser import Name, UnknownCommandError
from services.domain.errors import InputError, NothingToDoError, TextMissingError
from services.domain.model import Effect, PersonKey
from services.usecases.teller import Teller

QUO = "/quo"
OOO = "/ooo"

LONG = timedelta(days=183)
"""Half a year. An absence that was typed and is longer is asked back: two dates in the wrong order are most of one."""


@dataclass(frozen=True, slots=True)
class Besides:
    """What a form asks for that cannot be typed. `sure`: however long it is, it was meant."""

    effects: frozenset[Effect] = frozenset()
    stand_in: str = ""
    sure: bool = False

    def beside(self, line: str) -> str:
        """Return it and what could be typed, which is one line, as one text to be kept."""
        return f"{line}\n{json.dumps({'effects': sorted(self.effects), 'stand_in': self.stand_in})}"

    @classmethod
    def taken_from(cls, kept: str) -> tuple[str, Besides]:
        """Return the line of such a text, or of one that was typed, and what is beside it."""
        line, _, more = kept.rpartition("\n")
        try:
            found = json.loads(more)
            return line, cls(frozenset(map(Effect, found["effects"])), str(found["stand_in"]), sure=True)
        except (ValueError, TypeError, KeyError):  # it was typed, whatever it is
            return kept, cls()


TYPED = Besides()


@dataclass(frozen=True, slots=True)
class Commands:
    """The two slash commands."""

    services: Services
    digests: DigestForms
    teller: Teller

    async def typed(self, args: AsyncArgs) -> None:
        """`/quo …` or `/ooo …`."""
        who = await person(self.services, args.context)
        command, text = text_of(args.body, "command"), text_of(args.body, "text")
        form = await self._form(who, command, text)
        first, rest = ([*text.split(maxsplit=1), "", ""])[:2]
        if form is not None:
            await open_view(args, _answering(args, form))
            await args.ack()
        elif command == QUO and first.casefold() == Name.DIGEST:
            await args.ack(await self.digests.typed(who, rest.strip(), text_of(args.body, "channel_id")))
        else:
            await args.ack(await self.answer(who, command, text, request_of(args.context)))

    async def run_meant(self, args: AsyncArgs) -> None:
        """Do the command that a slip of the finger meant; its answer stands in the question's place."""
        await args.ack()
        who, line = await person(self.services, args.context), chosen(args.body)
        form = await self._form(who, QUO, line)
        if form is not None:
            await open_view(args, _answering(args, form))
        else:
            reply = await self.answer(who, QUO, line, request_of(args.context))
            await args.respond(**replies.posted(reply), replace_original=True)

    async def set_as_typed(self, args: AsyncArgs) -> None:
        """Set the status as it was typed: it was no slip."""
        await args.ack()
        who, line = await person(self.services, args.context), chosen(args.body)
        reply = await self._status(who, line, line, request_of(args.context))
        await args.respond(**replies.posted(reply), replace_original=True)

    async def be_out_so_long(self, args: AsyncArgs) -> None:
        """Take the long absence as it is meant; its answer stands in the question's place."""
        await args.ack()
        who, line = await person(self.services, args.context), chosen(args.body)
        reply = await self.answer(who, OOO, line, request_of(args.context), replace(TYPED, sure=True))
        await args.respond(**replies.posted(reply), replace_original=True)

    async def perform(self, key: PersonKey, command: str, text: str) -> None:
        """Do what somebody had asked for before they granted, and tell them. Raises SlackError."""
        who = await by_key(self.services, key)
        line, besides = Besides.taken_from(text)
        reply = await self.answer(who, command, line, secrets.token_hex(8), besides)
        await self.teller.tell(key, replies.posted(reply))

    async def answer(self, who: Requester, command: str, text: str, request: str, besides: Besides = TYPED) -> Reply:
        """Return the answer to one line, and to what a form asked for besides. The same `request` counts once."""
        try:
            return await (self._out_of_office if command == OOO else self._quo)(who, text, request, besides)
        except UnknownCommandError as error:
            return replies.did_you_mean(who.l10n, error.meant, error.status)
        except NothingToDoError as error:
            return replies.sentence(who.l10n, error)
        except InputError as error:
            return replies.usage(who.l10n, error, command)

    async def _form(self, who: Requester, command: str, text: str) -> View | None:
        """Return the form that a line opens, where it opens one."""
        first = text.strip().casefold()
        if command == OOO:
            return None if first else await out_of_office_form(self.services, who)
        if first == Name.CONNECT:
            return await connect_form(self.services, who)
        if first == Name.RULES:
            return list_modal(await list_view(self.services, who, ask_slack=True))
        if first == Name.KEYS:
            return await keys_form(self.services, who)
        if first == Name.SETTINGS:
            return await settings_form(self.services, who)
        return None

    async def _quo(self, who: Requester, text: str, request: str, besides: Besides = TYPED) -> Reply:
        services, l10n = self.services, who.l10n
        command = command_parser.read(text)
        match command.name:
            case Name.STATUS:
                reply = await self._status(who, command.rest, text, request, besides)
            case Name.PAUSE:
                reply = await self._pause(who, command.rest, text)
            case Name.CLEAR | Name.RESUME if not who.view.granted:
                reply = await self._grant_first(who, QUO, command.name)
            case Name.CLEAR:
                done = await services.statuses.clear(who.key, request=request)
                reply = replies.cleared(l10n, done, services.clock.now())
            case Name.RESUME:
                reply = replies.resumed(l10n, await services.statuses.resume(who.key))
            case Name.WHY:
                found = await services.reader.why(who.key)
                kept = None if who.view.granted else await services.keeping.of(who.key)
                allows = who.view.granted and not found.now.not_permitted
                link = "" if allows else await services.people.grant_link(who.key)
                standing = [] if found.now.override is None else [found.now.override]
                asked = await services.keys.asked(who.key, standing, found.now.paused)
                reply = replies.why(l10n, found, kept, link, asked_by(l10n, asked, found.now))
            case Name.PREVIEW:
                reply = await self._preview(who, command.rest)
            case Name.CALENDARS:
                lines, accounts = await services.calendars.list(who.key), await services.accounts.list(who.key)
                reply = replies.calendars(l10n, lines, accounts, services.clock.now())
            case Name.WHO:
                reply = await who_is_out(services, who, command)
            case Name.DIGEST:  # not typed in a channel: the answer to "did you mean"
                reply = digest_views.usage(l10n)
            case Name.FORGET | Name.OPT_OUT | Name.OPT_IN:
                reply = await self._leave_alone(who, command.name)
            case _:
                reply = await self._help(who)
        return reply

    async def _status(self, who: Requester, line: str, text: str, request: str, besides: Besides = TYPED) -> Reply:
        asked = command_parser.status(line, who.speaker)
        if not asked.text:
            raise TextMissingError("an emoji alone")
        if not who.view.granted:
            return await self._grant_first(who, QUO, text)
        made = await self.services.statuses.override(
            who.key, text=asked.text, emoji=asked.emoji, start=asked.start, end=asked.end, request=request,
            effects=besides.effects,
        )  # fmt: skip
        return replies.override(who.l10n, made, self.services.clock.now(), who.view.pause)

    async def _out_of_office(self, who: Requester, text: str, request: str, besides: Besides = TYPED) -> Reply:
        now = self.services.clock.now()
        if times.is_off(command_parser.plain(text), who.speaker):
            return replies.off(who.l10n, await self.services.statuses.off(who.key), now)
        asked = command_parser.absence(text, who.speaker)
        if not who.view.granted:
            return await self._grant_first(who, OOO, text)
        if not besides.sure and asked.end is not None and asked.end - asked.start > LONG:
            return replies.is_it_so_long(who.l10n, asked.start, asked.end, text, now)
        made = await self.services.statuses.out_of_office(
            who.key, start=asked.start, end=asked.end, note=asked.text, request=request, stand_in=besides.stand_in
        )
        return replies.override(who.l10n, made, now, who.view.pause)

    async def _leave_alone(self, who: Requester, name: Name) -> Reply:
        if name is Name.FORGET:
            return leaving.forget(who.l10n, is_keeper=await self.services.keeping.is_keeper(who.key))
        if name is Name.OPT_OUT:
            await self.services.keeping.opt_out(who.key)
            return leaving.opted_out(who.l10n, granted=who.view.granted)
        await self.services.keeping.opt_in(who.key)
        return leaving.opted_in(who.l10n)

    async def _pause(self, who: Requester, rest: str, text: str) -> Reply:
        asked = times.pause(command_parser.plain(rest), who.speaker)
        if not who.view.granted:
            return await self._grant_first(who, QUO, text)
        made, undo_id = await self.services.statuses.pause(who.key, asked.start, asked.end)
        return replies.pausing(who.l10n, made, self.services.clock.now(), undo_id)

    async def _preview(self, who: Requester, rest: str) -> Reply:
        look = times.look(command_parser.plain(rest), who.speaker)
        now = self.services.clock.now()
        if look.instant is None:
            timeline = await self.services.reader.preview(who.key, look.day)
            return replies.preview(who.l10n, timeline, look.day, now.astimezone(who.view.zone).date())
        span = await self.services.reader.preview_at(who.key, look.instant)
        return replies.preview_at(who.l10n, span, look.instant, now, await self.services.settings.lines(who.key))

    async def _help(self, who: Requester) -> Reply:
        if who.view.granted:
            return replies.help_(who.l10n, await self.services.reader.now(who.key))
        reply = replies.help_(who.l10n, None)
        link = await self.services.people.grant_link(who.key)
        reply["blocks"] += replies.grant(who.l10n, link, kept=False)["blocks"]
        return reply

    async def _grant_first(self, who: Requester, command: str, text: str) -> Reply:
        await self.services.people.ask(who.key, command, text)
        return replies.grant(who.l10n, await self.services.people.grant_link(who.key), kept=True)


def _answering(args: AsyncArgs, form: View) -> View:
    """Return the form, which is answered beside the command that opens it once it is saved: there it can be undone."""
    if form["callback_id"] not in {modals.OUT_OF_OFFICE, settings.SETTINGS}:
        return form
    return with_metadata(form, answer_at=text_of(args.body, "response_url"))
