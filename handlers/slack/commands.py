"""`/quo` and `/ooo`: one line in, one ephemeral answer (or a form) out, within three seconds.

The answer travels in the acknowledgement itself; only a form needs a call to Slack.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack import asks
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
from handlers.slack.payloads import instant_of
from handlers.slack.views import digests as digest_views
from handlers.slack.views import leaving, modals, replies, settings
from handlers.slack.views.keys import asked_by
from handlers.slack.views.list_modal import list_modal
from handlers.slack.views.modals import View
from handlers.slack.views.replies import Reply
from handlers.slack.who import answer as who_is_out
from services.domain import command_parser, times
from services.domain.asks import Ask, AskedAbsence, AskedLine, AskedStatus, begins_at
from services.domain.command_parser import Name, UnknownCommandError
from services.domain.errors import InputError, NothingToDoError, TextMissingError
from services.domain.model import PersonKey
from services.usecases.teller import Teller

QUO = "/quo"
OOO = "/ooo"

LONG = timedelta(days=183)
"""Half a year. An absence that was typed and is longer is asked back: two dates in the wrong order are most of one."""


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
        reply = await self._status(who, line, request_of(args.context))
        await args.respond(**replies.posted(reply), replace_original=True)

    async def be_out_so_long(self, args: AsyncArgs) -> None:
        """Take the long absence as the question named it; its answer stands in the question's place."""
        await args.ack()
        who, line = await person(self.services, args.context), chosen(args.body)
        asked_at = instant_of(text_of(args.body.get("container") or {}, "message_ts"))
        if asked_at is not None:
            who = who.as_of(asked_at)
        reply = await self.answer(who, OOO, line, request_of(args.context), sure=True)
        await args.respond(**replies.posted(reply), replace_original=True)

    async def perform(self, key: PersonKey, ask: Ask, asked_at: datetime) -> bool:
        """Do what somebody had asked for before they granted, and tell them; whether it was done. Raises SlackError."""
        who, request = (await by_key(self.services, key)).as_of(asked_at), secrets.token_hex(8)
        command = OOO if isinstance(ask, AskedAbsence) else QUO
        try:
            if isinstance(ask, AskedLine):
                command, ask = ask.command, ask.of_form(who.speaker)
            if isinstance(ask, AskedLine):
                reply = await self._read(who, command, ask.text, request)
            else:
                reply = await self._do(who, ask, request)
            done = True
        except InputError as error:
            reply, done = _refusal(who, error, command), False
        await self.teller.tell(key, replies.posted(reply))
        return done

    async def answer(self, who: Requester, command: str, text: str, request: str, *, sure: bool = False) -> Reply:
        """Return the answer to one line. The same `request` counts once; `sure`: however long it is, it was meant."""
        try:
            return await self._read(who, command, text, request, sure=sure)
        except InputError as error:
            return _refusal(who, error, command)

    async def _read(self, who: Requester, command: str, text: str, request: str, *, sure: bool = False) -> Reply:
        if command == OOO:
            return await self._out_of_office(who, text, request, sure=sure)
        return await self._quo(who, text, request)

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

    async def _quo(self, who: Requester, text: str, request: str) -> Reply:
        services, l10n = self.services, who.l10n
        command = command_parser.read(text)
        match command.name:
            case Name.STATUS:
                reply = await self._status(who, command.rest, request)
            case Name.PAUSE:
                reply = await self._pause(who, command.rest, text)
            case Name.CLEAR | Name.RESUME if not who.view.granted:
                reply = await self._grant_first(who, AskedLine(QUO, command.name.value))
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

    async def _status(self, who: Requester, line: str, request: str) -> Reply:
        asked = command_parser.status(line, who.speaker)
        if not asked.text:
            raise TextMissingError("an emoji alone")
        return await self._do(who, AskedStatus(asked.text, asked.emoji, asked.start, asked.end), request)

    async def _out_of_office(self, who: Requester, text: str, request: str, *, sure: bool = False) -> Reply:
        now = self.services.clock.now()
        if times.is_off(command_parser.plain(text), who.speaker):
            try:
                return replies.off(who.l10n, await self.services.statuses.off(who.key), now)
            except NothingToDoError:
                if who.view.granted:
                    raise
                # an absence may wait for the grant: what is kept last takes its place
                return await self._grant_first(who, AskedLine(OOO, text))
        asked = command_parser.absence(text, who.speaker)
        if not sure and asked.end is not None and asked.end - asked.start > LONG:
            return replies.is_it_so_long(who.l10n, asked.start, asked.end, text, now)
        return await self._do(who, AskedAbsence(asked.text, asked.start, asked.end), request)

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
            return await self._grant_first(who, AskedLine(QUO, text))
        now = self.services.clock.now()
        start = begins_at(asked.start, asked.end, now)
        made, undo_id = await self.services.statuses.pause(who.key, start, asked.end)
        return replies.pausing(who.l10n, made, now, undo_id)

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

    async def _do(self, who: Requester, ask: AskedStatus | AskedAbsence, request: str) -> Reply:
        if not who.view.granted:
            return await self._grant_first(who, ask)
        made, more = await asks.do(self.services, who, ask, request)
        reply = replies.override(who.l10n, made, self.services.clock.now(), who.view.pause)
        return {**reply, "blocks": [*reply["blocks"], *more]}

    async def _grant_first(self, who: Requester, ask: Ask) -> Reply:
        await self.services.people.ask(who.key, ask)
        return replies.grant(who.l10n, await self.services.people.grant_link(who.key), kept=True)


def _refusal(who: Requester, error: InputError, command: str) -> Reply:
    """Say why a line, or what was kept, was not done."""
    if isinstance(error, UnknownCommandError):
        return replies.did_you_mean(who.l10n, error.meant, error.status)
    if isinstance(error, NothingToDoError):
        return replies.sentence(who.l10n, error)
    return replies.usage(who.l10n, error, command)


def _answering(args: AsyncArgs, form: View) -> View:
    """Return the form, which is answered beside the command that opens it once it is saved: there it can be undone."""
    if form["callback_id"] not in {modals.OUT_OF_OFFICE, settings.SETTINGS}:
        return form
    return with_metadata(form, answer_at=text_of(args.body, "response_url"))
