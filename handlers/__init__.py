"""What came in → one service call → what we answer. `register` is the complete list of what is wired."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slack_bolt.app.async_app import AsyncApp

from handlers.errors import Background, Errors
from handlers.slack.commands import OOO, QUO, Commands
from handlers.slack.context import Services
from handlers.slack.digests import DigestForms, read_digests
from handlers.slack.events import Events, FileMessages
from handlers.slack.feeds import FeedForms, read_feeds
from handlers.slack.home import HomeButtons, HomeTab
from handlers.slack.intake import Authorize, Intake, bolt_app
from handlers.slack.keeper import KeeperButtons, read_keeper
from handlers.slack.keys import KeyForms
from handlers.slack.leave import LeaveButtons, LeaveForms, read_leave
from handlers.slack.lines import ListForms
from handlers.slack.mentions import Mentions
from handlers.slack.modals import Modals
from handlers.slack.socket import SocketMode
from handlers.slack.views.file_replies import IMPORT
from handlers.slack.views.modals import CHOOSE_CALENDARS, CONNECT, DROP_ACCOUNT, OUT_OF_OFFICE, OVERRIDE
from handlers.slack.views.settings import SETTINGS
from handlers.slack.who import WhoModal
from handlers.slack.workspace import ReadSection, WorkspaceForms, WorkspaceParts
from handlers.web.agents import AgentRoutes, refusing
from handlers.web.application import Operations, Signatures, application
from handlers.web.feeds import FeedRoutes
from handlers.web.keeper import KeeperPage
from handlers.web.oauth import Connect, OAuth
from handlers.web.pages import Browsers
from handlers.web.team_hooks import TeamHookRoutes
from handlers.web.webhooks import HookRoutes, Webhooks

__all__ = [
    "AgentRoutes",
    "Authorize",
    "Background",
    "Browsers",
    "Commands",
    "Connect",
    "DigestForms",
    "Errors",
    "Events",
    "FeedForms",
    "FeedRoutes",
    "FileMessages",
    "HomeButtons",
    "HomeTab",
    "HookRoutes",
    "Intake",
    "KeeperButtons",
    "KeeperPage",
    "KeyForms",
    "LeaveButtons",
    "LeaveForms",
    "ListForms",
    "Mentions",
    "Modals",
    "OAuth",
    "Operations",
    "ReadSection",
    "Services",
    "Signatures",
    "SocketMode",
    "TeamHookRoutes",
    "Webhooks",
    "WorkspaceForms",
    "WorkspaceParts",
    "application",
    "bolt_app",
    "read_digests",
    "read_feeds",
    "read_keeper",
    "read_leave",
    "refusing",
    "register",
]  # fmt: skip


def register(
    bolt: AsyncApp,
    *,
    commands: Commands,
    home: HomeButtons,
    modals: Modals,
    lists: ListForms,
    files: FileMessages,
    events: Events,
    more: Sequence[Callable[[AsyncApp], None]] = (),
) -> None:
    """Wire every listener. Bolt tries them in this order: those for whom somebody waits and the busiest first.

    `more` bind those of the parts that a workspace has as a whole.
    """
    bolt.command(QUO)(commands.typed)
    bolt.command(OOO)(commands.typed)
    events.register(bolt)
    bolt.block_action("open_override")(home.open_override)
    bolt.block_action("open_out_of_office")(home.open_out_of_office)
    bolt.block_action("open_connect")(home.open_connect)
    bolt.block_action("open_settings")(home.open_settings)
    bolt.block_action("pause")(home.pause)
    bolt.block_action("resume")(home.resume)
    bolt.block_action("clear_override")(home.clear_override)
    bolt.block_action("run_meant")(commands.run_meant)
    bolt.block_action("set_as_typed")(commands.set_as_typed)
    bolt.block_action("be_out_so_long")(commands.be_out_so_long)
    bolt.block_action("calendar_menu")(home.calendar_menu)
    bolt.block_action("account_menu")(home.account_menu)
    bolt.block_action("forget_me")(home.forget_me)
    bolt.block_action("create_hook")(home.create_hook)
    bolt.block_action(IMPORT)(files.import_file)
    bolt.event("message")(files.message)
    bolt.event("file_shared")(files.file_shared)
    bolt.options("value")(modals.suggest_emoji)
    bolt.view_submission(OVERRIDE)(modals.override)
    bolt.view_submission(OUT_OF_OFFICE)(modals.out_of_office)
    bolt.view_submission(CONNECT)(modals.connect_calendar)
    bolt.view_submission(CHOOSE_CALENDARS)(modals.choose_calendars)
    bolt.view_submission(DROP_ACCOUNT)(home.drop_account)
    bolt.view_submission(SETTINGS)(modals.settings)
    lists.register(bolt)
    for bind in more:
        bind(bolt)
    WhoModal(home.services).register(bolt)
    bolt.global_shortcut("set_out_of_office")(home.open_out_of_office)
    bolt.global_shortcut("set_status")(home.open_override)
    events.register_rest(bolt)
