"""What takes in what Slack, browsers, calendar providers, agents and operators send, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

import handlers
from handlers.agents.calls import Agents
from handlers.agents.mcp import McpRoutes
from handlers.agents.slackbot import Slackbot
from handlers.web.application import Check, LargeBody
from handlers.web.registry import RegistryRoutes
from handlers.web.slack_api import Photos
from services.access.identity import BrowserIdentities, Introductions
from services.domain.request_errors import NotInstalledError
from services.platform import locale
from services.platform.settings import plain
from services.usecases.grants import Grants, SlackApp
from services.usecases.replies import Replies, WhoIsOut
from services.usecases.slack_askers import SlackAskers
from services.wiring.adapters import Adapters
from services.wiring.calendars import Calendars
from services.wiring.use_cases import UseCases

Bind = Callable[[AsyncApp], None]
"""Binds listeners to Bolt's app."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What takes in what Slack, browsers, calendar providers and operators send."""

    operations: web.Application
    web: web.Application
    socket: handlers.SocketMode | None
    out: WhoIsOut | None


def shared_services(
    adapters: Adapters, calendars: Calendars, cases: UseCases, background: handlers.Background
) -> handlers.Services:
    """Return what all listeners share."""
    workspace, agents = cases.workspace, cases.agents
    return handlers.Services(
        statuses=cases.statuses, reader=cases.reader, settings=cases.settings, people=cases.people,
        permissions=cases.permissions, undos=cases.undos, admins=workspace.admins, policies=workspace.policies,
        keeping=workspace.keeping, calendars=calendars.connections, accounts=calendars.accounts, hooks=calendars.hooks,
        own=calendars.own, emoji=cases.emoji, sent=cases.sent, digests=workspace.digests, feeds=workspace.feeds,
        who=workspace.who, leave=workspace.leave, keys=agents.keys, profile=agents.profile, photos=agents.photos,
        clock=adapters.clock, background=background,
    )  # fmt: skip


def workspace_listeners(shared: handlers.Services) -> tuple[handlers.WorkspaceParts, tuple[Bind, ...]]:
    """Return what the admins of a workspace see, and what binds the listeners of its parts.

    A part adds what reads its section to `read`, in the order of the form, and what binds its buttons to the listeners.
    """
    read: tuple[handlers.ReadSection, ...] = (
        partial(handlers.read_leave, shared),
        partial(handlers.read_keeper, shared),
        partial(handlers.read_digests, shared),
        partial(handlers.read_feeds, shared),
    )
    parts = handlers.WorkspaceParts(shared, read)
    forms = handlers.WorkspaceForms(shared, parts)
    feeds = handlers.FeedForms(shared, forms, handlers.HomeTab(shared, parts))
    leave = handlers.LeaveForms(shared, forms, handlers.Modals(shared))
    keeper = handlers.KeeperButtons(shared, forms)
    return parts, (forms.register, leave.register, keeper.register, feeds.register)


def listening(
    adapters: Adapters,
    calendars: Calendars,
    cases: UseCases,
    home: handlers.HomeButtons,
    checks: Mapping[str, Check],
    *,
    measure: Callable[[], Awaitable[None]],
    more: Sequence[Bind],
    socket_mode: bool,
) -> Listening:
    """Return everything that listens, beside the `home` tab's buttons.

    `checks` are those of `/readyz` that are not about what is put together here, `measure` brings `/metrics` up to
    date, `more` bind the listeners of a workspace's parts; `socket_mode` allows that.
    """
    config, clock, stores, slack = adapters.config, adapters.clock, adapters.stores, adapters.slack
    shared, digests = home.services, handlers.DigestForms(home.services, home.tab)
    commands = handlers.Commands(shared, digests, cases.teller)
    grants = Grants(
        SlackApp(config.slack_client_id or "", config.slack_authorize_url, f"{config.base_url}/slack/oauth_redirect"),
        states=stores.oauth_states, workspaces=stores.workspaces, people=stores.people, permissions=cases.permissions,
        authority=slack.authority, perform_ask=commands.perform, faults=stores.faults, clock=clock,
        wake_signal=adapters.wake_signal,
    )  # fmt: skip
    errors = handlers.Errors(locale.say, cases.people, slack.views, slack.messages)
    authorize, refusal = handlers.Authorize(stores.workspaces), NotInstalledError.sentence()
    bolt = handlers.bolt_app(authorize, errors, slack.clients.client(), not_installed=refusal)
    handlers.register(
        bolt, commands=commands, home=home, modals=handlers.Modals(shared),
        lists=handlers.ListForms(shared, home.tab, cases.teller),
        more=[
            digests.register, handlers.LeaveButtons(shared, home.tab).register,
            handlers.KeyForms(shared, home.tab, config.base_url).register, *more,
        ],
        events=handlers.Events(cases.people, cases.leaving, cases.emoji, cases.deactivated),
        files=handlers.FileMessages(shared, calendars.files, cases.teller, stores.deliveries),
    )  # fmt: skip
    replies = _replies(adapters)
    intake = handlers.Intake(
        bolt, stores.deliveries, cases.people, cases.workspace.members, handlers.Mentions(replies), errors=errors,
        clock=clock, metrics=adapters.metrics,
    )  # fmt: skip
    app_token, secret = plain(config.slack_app_token), plain(config.slack_signing_secret)
    socket = handlers.SocketMode(intake, slack.clients, app_token) if app_token and socket_mode else None
    signatures = handlers.Signatures(secret, clock) if secret else None
    health = stores.health
    every = {"database": health.reachable, "disk": health.writable, "migrations": health.up_to_date, **checks}
    operations = handlers.Operations(
        every | ({"socket": socket.works} if socket else {}), adapters.metrics, measure,
        apart=config.metrics_port is not None,
    )  # fmt: skip
    agents, large = _agent_routes(adapters, shared, signatures)
    application = handlers.application(
        [*_routes(adapters, calendars, cases, grants, shared.background), *operations.routes(), *agents],
        errors=errors, metrics=adapters.metrics, signatures=signatures,
        intake=intake if secret else None, more=[handlers.refusing], large=large,
    )  # fmt: skip
    for_operator = handlers.application(
        operations.own_routes(), errors=errors, metrics=adapters.metrics, signatures=None, intake=None
    )
    return Listening(for_operator, application, socket, None if replies is None else replies.out)


def _replies(adapters: Adapters) -> Replies | None:
    """Return what tells whoever mentions a person who is out; None where the operator allows none."""
    if not adapters.config.replies_allowed:
        return None
    stores, clock = adapters.stores, adapters.clock
    out = WhoIsOut(stores.replies, clock)
    return Replies(out, stores.replies, stores.workspaces, adapters.slack.authority, clock)


def _routes(
    adapters: Adapters, calendars: Calendars, cases: UseCases, grants: Grants, background: handlers.Background
) -> list[web.RouteDef]:
    """Return the addresses that browsers, calendar providers and hooks come to."""
    clock, secure = adapters.clock, adapters.config.base_url.startswith("https:")
    browsers = handlers.Browsers(BrowserIdentities(adapters.stores.encryptor), clock, secure=secure)
    connect = handlers.Connect(
        calendars.accounts, browsers, locale.say, grant_link=cases.people.grant_link, identify=grants.start_identity
    )
    page = handlers.KeeperPage(
        cases.workspace.keeping, Introductions(adapters.stores.workspaces, adapters.slack.authority),
        adapters.stores.workspaces, browsers, locale.say, grant_link=cases.people.grant_link,
        identify=grants.start_identity,
    )  # fmt: skip
    groups = (
        handlers.OAuth(grants, browsers, locale.say, finish_held=page.or_else(connect.finish_held)),
        connect,
        page,
        handlers.Webhooks(calendars.push_receiver, adapters.metrics, background),
        handlers.HookRoutes(calendars.hooks, clock),
        handlers.TeamHookRoutes(cases.workspace.leave.hooks),
        handlers.FeedRoutes(cases.workspace.feeds),
    )
    return [route for group in groups for route in group.routes()]


def _agent_routes(
    adapters: Adapters, services: handlers.Services, signatures: handlers.Signatures | None
) -> tuple[Sequence[web.RouteDef], Mapping[str, LargeBody]]:
    """Return the addresses that agents call, and which of them take large bodies.

    Slackbot is let in where there are `signatures`.
    """
    agents = Agents(services, adapters.config.proxies)
    slackbot = None
    if signatures is not None:
        askers = SlackAskers(adapters.stores.workspaces, adapters.slack.members, adapters.clock)
        slackbot = Slackbot(agents, askers, signatures, adapters.stores.deliveries, adapters.clock)
    mcp = McpRoutes(agents, slackbot, locale.say, adapters.config.base_url)
    rest = handlers.AgentRoutes(agents, adapters.config.base_url)
    registry = RegistryRoutes(adapters.config.base_url)
    return [*mcp.routes(), *registry.routes(), *rest.routes()], Photos(agents).large()
