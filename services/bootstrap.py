"""The composition root: the program put together from settings and a clock, started and stopped.

Its layers are put together in `services/wiring/`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

import handlers
from handlers.web.application import QuietRunner, listen
from services.domain import times
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import MetricsListenError
from services.engine.due import POLL, POLL_ALONE, Engine, LoopWakeSignal
from services.engine.effects import EffectSender
from services.engine.leases import AdvisoryLocks, Leases, OneProcess
from services.engine.profile_writer import ProfileWriter
from services.pictures.reader import PictureReader
from services.platform import logs
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
from services.usecases.offboarding import Offboarding
from services.usecases.own_profile import ANSWERED_WITHIN
from services.usecases.people import People
from services.usecases.replies import WhoIsOut
from services.wiring.adapters import Adapters, slack_api
from services.wiring.calendars import compose
from services.wiring.engine import engine
from services.wiring.listeners import listening, shared_services, workspace_listeners
from services.wiring.use_cases import WorkspaceCases, use_cases

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
    calendars = compose(
        config, stores, slack.clients, slack.authority, clock=clock, wake_signal=wake_signal, metrics=metrics
    )  # fmt: skip
    cases = use_cases(adapters, calendars)
    shared = shared_services(adapters, calendars, cases, background)
    parts, more = workspace_listeners(shared)
    tab = handlers.HomeTab(shared, parts)
    runs = engine(adapters, calendars, cases, tab, poll=POLL if listens else POLL_ALONE)
    checks = {"worker": runs.engine.works} if worker else {}
    listener = listening(
        adapters, calendars, cases, handlers.HomeButtons(shared, tab), checks, measure=runs.measuring.measure,
        more=more, socket_mode=listens,
    )  # fmt: skip
    socket = listener.socket

    later: list[asyncio.TimerHandle] = []
    stopping, looking = asyncio.Event(), list[asyncio.Task[None]]()

    def warm() -> None:
        """Compile the words of every language before somebody waits for them, but not while the program starts."""
        background.leave(off_loop(times.warm), kind="warm")

    async def start() -> None:
        if token := plain(config.slack_bot_token):
            await listener.grants.adopt(token)
        if worker:
            if config.is_sqlite:  # the only process there is: what another one had begun is nobody's any more
                await stores.calendars.take_up(clock.now())
                await stores.accounts.take_up()
            waited = timedelta() if config.is_sqlite else ANSWERED_WITHIN
            await cases.agents.profile.take_back_unanswered(clock.now() - waited)
            await runs.engine.start()
        if listens and listener.out is not None:
            looking.append(asyncio.create_task(listener.out.run(stopping, wake_signal.listen()), name="who_is_out"))
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
        await runs.engine.stop()
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
        return runs.engine.at_rest and not len(background)

    return Service(
        listener.operations, listener.web, metrics, runs.engine, runs.writer, runs.effects, stores, cases.people,
        cases.leaving, cases.workspace, cases.agents.keys, listener.out, at_rest, start, stop,
    )  # fmt: skip
