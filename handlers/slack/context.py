"""What every listener needs: the services, who it is, how to speak with them, how to open a view."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.errors import Background
from handlers.slack.views import modals, settings
from handlers.slack.views.keys import KeysView
from handlers.slack.views.lines import ListView
from handlers.slack.views.modals import Typed, View
from handlers.slack.views.sentences import calendar_name
from services.access.admins import Admins
from services.calendars.accounts import Accounts
from services.calendars.connections import Connections, Hooks
from services.calendars.entries import OwnCalendars
from services.domain.errors import SlackUnavailableError, StatusQuoError
from services.domain.model import Effect, PersonKey, Picture
from services.domain.people import PersonFacts, PersonView
from services.domain.request_errors import NotInstalledError
from services.domain.times import Speaker
from services.platform import locale
from services.platform.locale import Localizer
from services.ports import Clock
from services.slack.client import error_for
from services.slack.scopes import REPLIES
from services.store.calendars import CalendarView
from services.usecases.agents import AgentKeys
from services.usecases.digests import Digests
from services.usecases.emoji import EmojiSearch
from services.usecases.feeds import AbsenceFeeds
from services.usecases.grants import Permissions
from services.usecases.keeper import Keeping
from services.usecases.leave import LeaveCalendars
from services.usecases.own_photo import OwnPhotos
from services.usecases.own_profile import OwnProfiles
from services.usecases.people import People, PersonalSettings
from services.usecases.sent_files import SentFiles
from services.usecases.status_reader import StatusReader
from services.usecases.statuses import Statuses
from services.usecases.undo import Undos
from services.usecases.who import WhoIsAway
from services.usecases.workspace import WorkspacePolicy

Body = dict[str, Any]
"""A payload of Slack's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that the listeners call. `background` owns what takes longer than Slack waits."""

    statuses: Statuses
    reader: StatusReader
    settings: PersonalSettings
    people: People
    permissions: Permissions
    undos: Undos
    admins: Admins
    policies: WorkspacePolicy
    keeping: Keeping
    calendars: Connections
    accounts: Accounts
    hooks: Hooks
    own: OwnCalendars
    emoji: EmojiSearch
    sent: SentFiles
    digests: Digests
    who: WhoIsAway
    feeds: AbsenceFeeds
    leave: LeaveCalendars
    keys: AgentKeys
    profile: OwnProfiles
    photos: OwnPhotos
    clock: Clock
    background: Background = field(default_factory=Background)


@dataclass(frozen=True, slots=True)
class Requester:
    """Somebody who typed or clicked, and how to speak with them; `channel_id`: where, "" in no channel."""

    view: PersonView
    l10n: Localizer
    speaker: Speaker
    channel_id: str = ""

    @property
    def key(self) -> PersonKey:
        """Who it is."""
        return self.view.key

    def as_of(self, asked_at: datetime) -> Requester:
        """Return the same, as they spoke at `asked_at` (UTC): "tomorrow" is the day after that."""
        return replace(self, speaker=replace(self.speaker, now=min(asked_at, self.speaker.now)))


async def person(services: Services, context: AsyncBoltContext) -> Requester:
    """Return who sent the request, taken in where they are new. Raises NotInstalledError where nobody can be named."""
    key = context.get("person")
    if not isinstance(key, PersonKey):
        raise NotInstalledError("no person in the request")
    view = context.get("view")
    who = known(view, services.clock) if isinstance(view, PersonView) else await by_key(services, key)
    return replace(who, channel_id=context.channel_id or "")


async def admin(services: Services, context: AsyncBoltContext) -> Requester:
    """Return the same, of whom Slack says now that they are an admin. Raises NotAnAdminError, SlackError."""
    who = await person(services, context)
    await services.admins.require(who.key)
    return who


async def by_key(services: Services, key: PersonKey) -> Requester:
    """Return the person of that key, taken in where they are new."""
    return known(await services.people.ensure(key), services.clock)


def known(view: PersonView, clock: Clock) -> Requester:
    """Somebody of whom everything is known already."""
    speaker = Speaker(clock.now(), view.zone, locale.language(view.locale), locale.month_first(view.locale))
    return Requester(view, locale.Localizer(view.locale, view.zone.key), speaker)


async def read_list(
    services: Services,
    who: Requester,
    facts: PersonFacts | None = None,
    calendars: Sequence[CalendarView] | None = None,
) -> ListView:
    """Return the person's list for a form of it.

    `facts` hold it, and `calendars` are theirs, where they are read already.
    """
    facts = facts or await services.reader.list_facts(who.key)
    calendars = await services.calendars.list(who.key) if calendars is None else calendars
    names = {line.calendar_id: calendar_name(who.l10n, line) for line in calendars}
    gone = await services.emoji.gone(who.key.team_id, [line.look.emoji for line in facts.lines if line.look.emoji])
    return ListView(who.l10n, facts, services.clock.now(), names, gone=gone)


async def list_view(
    services: Services,
    who: Requester,
    facts: PersonFacts | None = None,
    calendars: Sequence[CalendarView] | None = None,
    *,
    effects: frozenset[Effect] = frozenset(),
    ask_slack: bool = False,
) -> ListView:
    """Return the same, ready to be told, with what it and `effects` wait for.

    `ask_slack`: whether an admin is to get the link of an install, which Slack is asked for. Raises SlackError.
    """
    view = await read_list(services, who, facts, calendars)
    lines = view.facts.lines
    if any(line.photo is not None and line.photo.picture is Picture.OWN for line in lines if line.enabled):
        view = replace(view, lacks_picture=not await services.sent.has_picture(who.key))
    chosen_effects = view.chosen | effects
    if not chosen_effects:
        return view
    found = await services.permissions.waiting(who.key, chosen_effects)
    link = await services.people.grant_link(who.key) if found.person else ""
    install = await services.permissions.install_link(who.key, REPLIES) if found.workspace and ask_slack else ""
    return replace(view, missing=found.person, link=link, barred=found.workspace, install_link=install)


async def connect_form(services: Services, who: Requester, *, problem: str = "", before: Typed | None = None) -> View:
    """Return the form of a calendar, with fresh links; `problem` and `before` are of a try that went wrong."""
    links = await services.accounts.flow.links(who.key)
    return modals.connect(who.l10n, accounts=links, problem=problem, before=before)


async def settings_form(services: Services, who: Requester) -> View:
    """Return the settings, as they are chosen and as the workspace lets them be."""
    chosen = await services.settings.preferences(who.key)
    return settings.settings(who.l10n, chosen, await services.policies.of(who.key.team_id))


async def keys_view(services: Services, who: Requester) -> KeysView:
    """Return the person's keys for agents, and whether agents are allowed."""
    allowed = (await services.policies.of(who.key.team_id)).agents
    by_operator = "agents" in services.policies.operator.forbids
    return KeysView(await services.keys.list(who.key), services.clock.now(), allowed, by_operator)


async def out_of_office_form(services: Services, who: Requester) -> View:
    """Return the out-of-office form, with the person's own calendar where there is one to write to."""
    today = services.clock.now().astimezone(who.view.zone).date()
    account = await services.own.account(who.key) if who.view.granted else None
    return modals.out_of_office(who.l10n, today, account)


def request_of(context: AsyncBoltContext) -> str:
    """Return what tells this request from every other one; the same one delivered again has the same."""
    delivery = context.get("delivery")
    return delivery if isinstance(delivery, str) and delivery else secrets.token_hex(8)


def text_of(body: Body, name: str) -> str:
    """Return a text of a payload; "" where it is missing."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def chosen(body: Body) -> str:
    """Return the value of the button or option that was clicked."""
    action = (body.get("actions") or [{}])[0]
    option = action.get("selected_option")
    return text_of(option if isinstance(option, dict) else action, "value")


def metadata_of(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what we gave a view to bring back: names and texts."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def with_metadata(view: View, **more: str) -> View:
    """Return the view with more to bring back; what is empty is not added."""
    kept = metadata_of(view) | {name: value for name, value in more.items() if value}
    return {**view, "private_metadata": json.dumps(kept)} if kept else view


def answer_beside(services: Services, form: Mapping[str, Any], reply: dict[str, Any]) -> None:
    """Answer beside the command that opened `form`, where one did: it has what takes back what was done."""
    address = metadata_of(form).get("answer_at", "")
    if address:
        services.background.leave(_respond(address, reply), form=str(form.get("callback_id")))


async def _respond(address: str, reply: dict[str, Any]) -> None:
    try:
        await AsyncRespond(response_url=address)(**reply, response_type="ephemeral", replace_original=False)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SlackUnavailableError(type(error).__name__, method="response_url") from None


async def refuse(args: AsyncArgs, who: Requester, errors: Mapping[str, StatusQuoError]) -> None:
    """Say each error at its block, which shows plain text; nothing that was typed is lost."""
    said = {block: who.l10n.say(error.sentence()).replace("`", "") for block, error in errors.items()}
    await args.ack(response_action="errors", errors=said)


async def open_view(args: AsyncArgs, view: View) -> None:
    """Open a modal for what was just typed or clicked. Raises SlackError."""
    await view_call(args.client, "views.open", trigger_id=text_of(args.body, "trigger_id"), view=view)


async def show_on_top(args: AsyncArgs, view: View) -> None:
    """Show a modal on top of the one that was clicked in, or as a new one for a click elsewhere. Raises SlackError."""
    clicked = args.body.get("view")
    on_top = isinstance(clicked, dict) and clicked.get("type") == "modal"
    method = "views.push" if on_top else "views.open"
    await view_call(args.client, method, trigger_id=text_of(args.body, "trigger_id"), view=view)


async def view_call(client: AsyncWebClient, method: str, **arguments: Any) -> None:
    """`views.open`, `views.push`, `views.update` or `views.publish`. Raises SlackError."""
    try:
        await client.api_call(method, json=arguments)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SlackUnavailableError(type(error).__name__, method=method) from error
    except SlackApiError as error:
        code = error.response.get("error")
        raise error_for(method, code if isinstance(code, str) else "", http_status=error.response.status_code) from None
