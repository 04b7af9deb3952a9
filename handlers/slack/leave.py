"""Leave calendars in Slack: their section of the form of the workspace, the forms that add one, and a member's word.

Whether somebody is an admin is asked of Slack at each click and each submission.
"""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import Requester, Services, admin, chosen, person, refuse, show_on_top, text_of, view_call
from handlers.slack.home import HomeTab
from handlers.slack.modals import CALDAV, Modals, read_connect
from handlers.slack.views import modals
from handlers.slack.views.blocks import Values
from handlers.slack.views.leave_section import TIE, leave_section, team_hook
from handlers.slack.views.modals import Typed, View
from handlers.slack.views.workspace import Section
from handlers.slack.workspace import WorkspaceForms
from services.domain.errors import CalendarError, InputError, NothingToDoError, ServerSilentError
from services.domain.model import PersonKey
from services.platform.locale import Localizer


async def read_leave(services: Services, key: PersonKey, l10n: Localizer) -> Section:
    """Return what an admin sees of the leave calendars of the workspace."""
    return leave_section(l10n, await services.leave.overview(key.team_id), services.clock.now())


@dataclass(frozen=True, slots=True)
class LeaveForms:
    """The listeners. `forms` show the form of the workspace again, `modals` answer where another server is slow."""

    services: Services
    forms: WorkspaceForms
    modals: Modals

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action("add_leave_calendar")(self.open)
        bolt.block_action("create_team_hook")(self.create_hook)
        bolt.block_action("leave_calendar_menu")(self.menu)
        bolt.block_action("tie_name")(self.tie)
        bolt.block_action("untie_name")(self.untie)
        bolt.view_submission(modals.ADD_LEAVE)(self.add)
        bolt.view_submission(modals.CHOOSE_LEAVE)(self.choose)

    async def open(self, args: AsyncArgs) -> None:
        """Open the form that adds one. Raises NotAnAdminError, SlackError."""
        who = await self._clicked(args)
        await show_on_top(args, await self._form(who))

    async def create_hook(self, args: AsyncArgs) -> None:
        """Make a team hook, whose address is shown in the place of the form. Raises NotAnAdminError, SlackError."""
        who = await self._clicked(args)
        try:
            view = team_hook(who.l10n, await self.services.leave.hooks.create(who.key))
        except InputError as error:
            view = modals.done(who.l10n, who.l10n.say("Your team hook"), [who.l10n.say(error.sentence())])
        await view_call(args.client, "views.update", view_id=args.body["view"]["id"], view=view)
        await self._show_root(args)

    async def menu(self, args: AsyncArgs) -> None:
        """Read the calendars now, give a hook a new address, remove one; choose an account's, or disconnect it.

        Raises NotAnAdminError, NothingToDoError, SlackError.
        """
        who = await self._clicked(args)
        what, _, about = chosen(args.body).partition(":")
        leave = self.services.leave
        if what == "rotate":
            address = await leave.hooks.rotate(who.key.team_id, about)
            if address is None:
                raise NothingToDoError("no such hook")
            await show_on_top(args, team_hook(who.l10n, address))
        elif what == "choose":
            choice = await leave.choice(who.key.team_id, about)
            gone = modals.account_gone(who.l10n)
            view = gone if choice is None else modals.choose_calendars(who.l10n, choice, of_workspace=True)
            await show_on_top(args, view)
        elif what == "sync":
            await leave.read_now(who.key.team_id)
            said = who.l10n.say(
                "I am reading the leave calendars now. Open the form of the workspace again in a minute: it shows what "
                "was found."
            )
            await show_on_top(args, modals.done(who.l10n, who.l10n.say("Leave calendars"), [said]))
        elif what == "remove":
            await leave.remove(who.key, about)
            await self._show(args)
        elif what == "drop":
            await leave.drop_account(who.key, about)
            await self._show(args)

    async def tie(self, args: AsyncArgs) -> None:
        """Tie the name in a line to the member who was chosen. Raises NotAnAdminError, NothingToDoError, SlackError."""
        who = await self._clicked(args)
        action = (args.body.get("actions") or [{}])[0]
        user, block = text_of(action, "selected_user"), text_of(action, "block_id")
        if user and block.startswith(TIE):
            await self.services.leave.tie(who.key, block.removeprefix(TIE), user)
            await self._show(args)

    async def untie(self, args: AsyncArgs) -> None:
        """Untie a name. Raises NotAnAdminError, NothingToDoError, SlackError."""
        who = await self._clicked(args)
        await self.services.leave.untie(who.key, chosen(args.body))
        await self._show(args)

    async def add(self, args: AsyncArgs) -> None:
        """Connect a feed's address, or a CalDAV server. Raises NotAnAdminError."""
        who = await admin(self.services, args.context)
        feed, server, errors = read_connect(Values.of(args.body["view"]))
        if feed and not errors:
            try:
                await self.services.leave.connect_feed(who.key, feed)
            except InputError as error:
                errors[error.field or "feed"] = error
        if errors:
            await refuse(args, who, errors)
            return
        if any(server):
            url, user, password = server

            async def again(sentence: str) -> View:
                return await self._form(who, problem=sentence, before=Typed(url, user))

            await self.modals.answer(args, who, self._caldav(who, url, user, password), again)
        else:
            await args.ack(response_action="update", view=_done(who))
        await self._show_root(args)

    async def choose(self, args: AsyncArgs) -> None:
        """Of an account's calendars those that are leave calendars. Raises NotAnAdminError."""
        who = await admin(self.services, args.context)
        account_id = text_of(args.body["view"], "private_metadata")
        choice = await self.services.leave.choice(who.key.team_id, account_id)
        known = False
        if choice is not None:
            addresses = modals.chosen_calendars(Values.of(args.body["view"]), choice)
            try:
                known = await self.services.leave.choose(who.key, account_id, addresses)
            except InputError as error:
                await refuse(args, who, {modals.CALENDARS_BLOCK: error})
                return
        await args.ack(response_action="update", view=_done(who) if known else modals.account_gone(who.l10n))
        await self._show_root(args)

    async def _caldav(self, who: Requester, url: str, user: str, password: str) -> View:
        """Let us in at a CalDAV server, and ask which of its calendars it is. Raises InputError."""
        try:
            found = await self.services.leave.connect_caldav(who.key, url, user, password)
        except CalendarError as error:
            raise ServerSilentError(error.reason, field="caldav_url") from error
        except InputError as error:
            error.field = error.field if error.field in CALDAV else "caldav_url"
            raise
        choice = await self.services.leave.choice(who.key.team_id, found.account_id)
        if choice is None:
            return modals.account_gone(who.l10n)
        return modals.choose_calendars(who.l10n, choice, of_workspace=True)

    async def _form(self, who: Requester, *, problem: str = "", before: Typed | None = None) -> View:
        links = await self.services.leave.links(who.key)
        return modals.connect(who.l10n, accounts=links, problem=problem, before=before, of_workspace=True)

    async def _clicked(self, args: AsyncArgs) -> Requester:
        await args.ack()
        return await admin(self.services, args.context)

    async def _show(self, args: AsyncArgs) -> None:
        """Show the form that was clicked in as everything stands now."""
        await self.forms.show_again(args, args.body["view"]["id"])

    async def _show_root(self, args: AsyncArgs) -> None:
        """Do the same to the form below the one that was clicked in."""
        root = args.body["view"].get("root_view_id")
        if isinstance(root, str) and root and root != args.body["view"]["id"]:
            await self.forms.show_again(args, root)


def _done(who: Requester) -> View:
    said = who.l10n.say(
        "Connected. I am reading it now. Open the form of the workspace again in a minute: it shows what was found."
    )
    return modals.done(who.l10n, who.l10n.say("Add a leave calendar"), [said])


@dataclass(frozen=True, slots=True)
class LeaveButtons:
    """What a member says on their Home tab about leave that was found."""

    services: Services
    tab: HomeTab

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action("leave_not_me")(self.not_me)
        bolt.block_action("leave_is_me")(self.is_me)

    async def not_me(self, args: AsyncArgs) -> None:
        """Take it that this is not me. Raises SlackError."""
        await args.ack()
        who = await person(self.services, args.context)
        await self.services.leave.not_me(who.key)
        await self.tab.publish(args, who.key)

    async def is_me(self, args: AsyncArgs) -> None:
        """Note that it is me after all. Raises SlackError."""
        await args.ack()
        who = await person(self.services, args.context)
        await self.services.leave.me_again(who.key)
        await self.tab.publish(args, who.key)
