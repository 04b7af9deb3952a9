"""The composition root: the program put together from settings and a clock, one function a subsystem.

Concrete adapters are named here, in the modules called wiring, and in `services/commands/`, nowhere else.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from aiohttp import web

import handlers
from handlers.web.application import Check, QuietRunner, listen
from services.adapters import Adapters, slack_api
from services.agent_wiring import agent_routes
from services.calendars import wiring
from services.calendars.wiring import Calendars
from services.case_wiring import UseCases, use_cases
from services.domain import times
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import MetricsListenError
from services.domain.request_errors import NotInstalledError
from services.engine.due import POLL, POLL_ALONE, Engine, LoopWakeSignal
from services.engine.effects import EffectSender
from services.engine.leases import AdvisoryLocks, Leases, OneProcess
from services.engine.profile_writer import ProfileWriter
from services.engine_wiring import engine
from services.pictures.reader import PictureReader
from services.platform import locale, logs
from services.platform.clock import SystemClock
from services.platform.concurrency import off_loop
from services.platform.loop_watch import LoopWatch
from services.platform.metrics import Metrics
from services.platform.outbound import Outbound
from services.platform.settings import Settings, plain
from services.ports import Clock
from services.store import schema
from services.store.moved import check_not_moved
from services.store.stores import Stores
from services.usecases.agents import AgentKeys
from services.usecases.grants import Grants, SlackApp
from services.usecases.identity import BrowserIdentities
from services.usecases.offboarding import Offboarding
from services.usecases.own_profile import ANSWERED_WITHIN
from services.usecases.people import People
from services.usecases.replies import Replies, WhoIsOut
from services.workspace_wiring import (
    Bind,
    WorkspaceCases,
    keeper_page,
    workspace_listeners,
)

WARM_AFTER = 1.0
"""Seconds after the start."""


@dataclass(frozen=True, slots=True)
class Service:
    """The program, put together. Whoever called `build` serves `web` between `start` and `stop`.

    `operations` answers the operator alone, at METRICS_PORT: health, readiness, metrics.
    `out` is who is out as far as it is known in memory, None where the operator allows no replies.
    `at_rest` tells whether nothing that this process knows of is due or under way.
    """

    operations: web.Application
    web: web.Application
    metrics: Metrics
    engine: Engine
    writer: ProfileWriter
    effects: Sequence[EffectSender]
    stores: Stores
    people: People
    leaving: Offboarding
    workspace: WorkspaceCases
    keys: AgentKeys
    out: WhoIsOut | None
    at_rest: Callable[[], bool]
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Listening:
    """What takes in what Slack, browsers, calendar providers and operators send."""

    operations: web.Application
    web: web.Application
    socket: handlers.SocketMode | None
    grants: Grants
    out: WhoIsOut | None


async def serve(config: Settings, *, listens: bool, worker: bool) -> int:
    """Run until SIGINT or SIGTERM; calls in flight are finished and recorded. The exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if way := Outbound.of(config).shown:
        sys.stderr.write(f"Slack, Google and Microsoft are reached through {way}\n")
    service = await build(config, clock=SystemClock(), worker=worker, listens=listens)
    logs.count_errors(service.metrics.errors)
    watch = LoopWatch(service.metrics.loop_lag.observe)
    runner, operator = QuietRunner(service.web), QuietRunner(service.operations)
    await runner.setup()
    await operator.setup()
    try:
        if config.metrics_port is not None:
            port = await listen(operator, config.metrics_host, config.metrics_port, refused=MetricsListenError)
            sys.stderr.write(f"Metrics are at http://{_in_address(config.metrics_host)}:{port}/metrics\n")
        if listens:
            port = await listen(runner, config.host, config.port)
            sys.stderr.write(f"Status Quo listens on http://{_in_address(config.host)}:{port}\n")
        await service.start()
        watch.start()
        await stop.wait()
    finally:
        await asyncio.gather(runner.cleanup(), operator.cleanup())
        await service.stop()
        watch.stop()
    return 0


def _in_address(host: str) -> str:
    """A host as an address has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


async def _opened(config: Settings, clock: Clock) -> Stores:
    """The database, brought up to date; it is closed where it is not one to start with."""
    stores = Stores.at(config.database_url, config.keys(), clock)
    try:
        await check_not_moved(stores.database, config.database_file)
        await schema.upgrade(stores.database)
        await stores.workspaces.check_keys()
    except StatusQuoError:
        await stores.database.close()
        raise
    return stores


async def build(config: Settings, *, clock: Clock, worker: bool = True, listens: bool = True) -> Service:
    """Put the program together, its database brought up to date. Without `worker` it does no due work.

    Raises SettingsError for missing or malformed keys, SealError for those of another database, DatabaseError where
    there is no database to be had.
    """
    stores = await _opened(config, clock)
    metrics, wake_signal, background = Metrics(), LoopWakeSignal(), handlers.Background()
    pictures = PictureReader()
    leases: Leases = OneProcess() if config.is_sqlite else AdvisoryLocks(config.database_url)
    slack = slack_api(config, metrics, Outbound.of(config))
    adapters = Adapters(config, clock, wake_signal, metrics, stores, slack, leases, pictures)
    calendars = wiring.compose(
        config, stores, slack.clients, slack.authority, clock=clock, wake_signal=wake_signal, metrics=metrics
    )  # fmt: skip
    cases = use_cases(adapters, calendars)
    shared = handlers.Services(
        statuses=cases.statuses, reader=cases.reader, settings=cases.settings, people=cases.people,
        permissions=cases.permissions, undos=cases.undos, admins=cases.workspace.admins,
        policies=cases.workspace.policies, keeping=cases.workspace.keeping,
        calendars=calendars.connections, accounts=calendars.accounts, hooks=calendars.hooks, own=calendars.own,
        emoji=cases.emoji,
        sent=cases.sent, digests=cases.workspace.digests, feeds=cases.workspace.feeds, who=cases.workspace.who,
        leave=cases.workspace.leave, keys=cases.agents.keys, profile=cases.agents.profile, photos=cases.agents.photos,
        clock=clock, background=background,
    )  # fmt: skip
    parts, more = workspace_listeners(adapters, cases.workspace, shared)
    tab = handlers.HomeTab(shared, parts)
    works, writer, carried, measuring = engine(adapters, calendars, cases, tab, poll=POLL if listens else POLL_ALONE)
    checks = {"worker": works.works} if worker else {}
    listening = _listening(
        adapters,
        calendars,
        cases,
        handlers.HomeButtons(shared, tab),
        checks,
        measure=measuring.measure,
        more=more,
        socket_mode=listens,
    )
    socket = listening.socket

    later: list[asyncio.TimerHandle] = []
    stopping, looking = asyncio.Event(), list[asyncio.Task[None]]()

    def warm() -> None:
        """Compile the words of every language before somebody waits for them, but not while the program starts."""
        background.leave(off_loop(times.warm), kind="warm")

    async def start() -> None:
        if token := plain(config.slack_bot_token):
            await listening.grants.adopt(token)
        if worker:
            if config.is_sqlite:  # the only process there is: what another one had begun is nobody's any more
                await stores.calendars.take_up(clock.now())
                await stores.accounts.take_up()
            waited = timedelta() if config.is_sqlite else ANSWERED_WITHIN
            await cases.agents.profile.take_back_unanswered(clock.now() - waited)
            await works.start()
        if listens and listening.out is not None:
            looking.append(asyncio.create_task(listening.out.run(stopping, wake_signal.listen()), name="who_is_out"))
        if socket is not None:
            await socket.start()
        later.append(asyncio.get_running_loop().call_later(WARM_AFTER, warm))

    async def stop() -> None:
        for timer in later:
            timer.cancel()
        if socket is not None:
            await socket.stop()
        stopping.set()
        await asyncio.gather(*looking)
        await background.close()
        await works.stop()
        for close in (
            *calendars.closing,
            pictures.close,
            cases.sent.close,
            *cases.workspace.closing,
            adapters.slack.clients.close,
            stores.database.close,
        ):
            await close()

    def at_rest() -> bool:
        return works.at_rest and not len(background)

    return Service(
        listening.operations, listening.web, metrics, works, writer, carried, stores, cases.people, cases.leaving,
        cases.workspace, cases.agents.keys, listening.out, at_rest, start, stop,
    )  # fmt: skip


def _listening(
    of: Adapters,
    calendars: Calendars,
    cases: UseCases,
    home: handlers.HomeButtons,
    checks: Mapping[str, Check],
    *,
    measure: Callable[[], Awaitable[None]],
    more: Sequence[Bind],
    socket_mode: bool,
) -> Listening:
    """`checks` are those of `/readyz` that are not about what is put together here, `measure` is for `/metrics`.

    `socket_mode` allows that.

    `more` bind the listeners of a workspace's parts.
    """
    config, clock, stores, slack, shared = of.config, of.clock, of.stores, of.slack, home.services
    digests = handlers.DigestForms(shared, home.tab)
    commands = handlers.Commands(shared, digests, cases.teller)
    grants = Grants(
        SlackApp(config.slack_client_id or "", config.slack_authorize_url, f"{config.base_url}/slack/oauth_redirect"),
        states=stores.oauth_states, workspaces=stores.workspaces, people=stores.people, permissions=cases.permissions,
        authority=slack.authority, perform_ask=commands.perform, faults=stores.faults, clock=clock,
        wake_signal=of.wake_signal,
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
        events=handlers.Events(cases.people, cases.leaving, cases.emoji, cases.agents.keys, cases.deactivated),
        files=handlers.FileMessages(
            shared, calendars.files, cases.teller, stores.deliveries
        ),
    )  # fmt: skip
    replies = None
    if config.replies_allowed:
        tell = partial(of.leases.tell, typed=False)
        replies = Replies(
            WhoIsOut(stores.replies, clock), stores.replies, stores.workspaces, slack.authority, clock, tell
        )
    intake = handlers.Intake(
        bolt, stores.deliveries, cases.people, cases.workspace.members, handlers.Mentions(replies), clock=clock,
        metrics=of.metrics,
    )  # fmt: skip
    app_token, secret = plain(config.slack_app_token), plain(config.slack_signing_secret)
    socket = handlers.SocketMode(intake, slack.clients, app_token) if app_token and socket_mode else None
    operations = handlers.Operations(
        {"database": stores.health.reachable, "migrations": stores.health.up_to_date, **checks}
        | ({"socket": socket.works} if socket else {}),
        of.metrics, measure, apart=config.metrics_port is not None,
    )  # fmt: skip
    secure = config.base_url.startswith("https:")
    browsers = handlers.Browsers(BrowserIdentities(stores.encryptor), clock, secure=secure)
    connect = handlers.Connect(
        calendars.accounts, browsers, locale.say, grant_link=cases.people.grant_link, identify=grants.start_identity
    )
    page = keeper_page(of, cases.workspace, browsers, cases.people.grant_link, grants.start_identity)
    routes = (
        handlers.OAuth(grants, browsers, locale.say, finish_held=page.or_else(connect.finish_held)),
        connect,
        page,
        handlers.Webhooks(calendars.push_receiver, of.metrics, shared.background),
        handlers.HookRoutes(calendars.hooks, clock),
        handlers.TeamHookRoutes(cases.workspace.leave.hooks),
        handlers.FeedRoutes(cases.workspace.feeds),
        operations,
    )
    signatures = handlers.Signatures(secret, clock) if secret else None
    agents, large = agent_routes(of, shared, signatures)
    application = handlers.application(
        [*(route for group in routes for route in group.routes()), *agents],
        errors=errors, metrics=of.metrics, signatures=signatures,
        intake=intake if secret else None, more=[handlers.refusing], large=large,
    )  # fmt: skip
    for_operator = handlers.application(
        operations.own_routes(), errors=errors, metrics=of.metrics, signatures=None, intake=None
    )
    return Listening(for_operator, application, socket, grants, None if replies is None else replies.out)
