"""`/quo who`, and the modal that shows everybody: its buttons stand in the answer, in the modal and on the Home tab."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import Requester, Services, chosen, open_view, person, text_of, view_call
from handlers.slack.views import replies
from handlers.slack.views import who as view
from handlers.slack.views.blocks import Block
from services.domain import command_parser, timeline
from services.domain.command_parser import Command
from services.domain.errors import InputError, NothingToDoError
from services.usecases.who import NotToldError


class NobodyNamedError(InputError):
    """Slack did not tell me who that is. Choose the person from the list that opens while you type their name."""


async def answer(services: Services, who: Requester, command: Command) -> replies.Reply:
    """Return the answer to one line."""
    try:
        if command.user_id:
            span = command_parser.period(command.rest, who.speaker) if command.rest else None
            found = await services.who.of_person(who.key, who.channel_id, command.user_id, span)
            return view.of_person(who.l10n, found, found.name or command.label)
        if command.rest.startswith("@"):
            raise NobodyNamedError("a name that Slack did not escape")
        now = services.clock.now()
        start, end = timeline.today(now, who.view.zone)
        start, end = command_parser.period(command.rest, who.speaker) if command.rest else (now, end)
        return view.message(who.l10n, await services.who.of_channel(who.key, who.channel_id, start, end))
    except NotToldError as error:
        return replies.sentence(who.l10n, error)
    except InputError as error:
        return replies.usage(who.l10n, error, "/quo who")


@dataclass(frozen=True, slots=True)
class WhoModal:
    """The modal that shows everybody, page by page."""

    services: Services

    def register(self, bolt: AsyncApp) -> None:
        """Wire its buttons."""
        bolt.block_action(view.SHOW_ALL)(self.show)
        bolt.block_action(view.BEFORE)(self.turn)
        bolt.block_action(view.AFTER)(self.turn)

    async def show(self, args: AsyncArgs) -> None:
        """Show all that an answer or the Home tab had no room for."""
        await args.ack()
        await open_view(args, await self._view(args, chosen(args.body), 0))

    async def turn(self, args: AsyncArgs) -> None:
        """Show another page."""
        await args.ack()
        modal, page = args.body["view"], chosen(args.body)
        number = int(page) if page.isdigit() else 0
        shown = await self._view(args, text_of(modal, "private_metadata"), number)
        await view_call(args.client, "views.update", view_id=modal["id"], view=shown)

    async def _view(self, args: AsyncArgs, asked: str, page: int) -> Block:
        who = await person(self.services, args.context)
        try:
            query = view.WhoQuery.of(asked)
            found = await self.services.who.of_channel(who.key, query.channel_id, query.start, query.end)
        except NotToldError as error:
            return view.failed(who.l10n, who.l10n.say(error.sentence()))
        except ValueError:
            return view.failed(who.l10n, who.l10n.say(NothingToDoError.sentence()))
        return view.modal(who.l10n, found, page)
