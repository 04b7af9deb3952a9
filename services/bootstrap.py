"""The composition root: the program put together from settings and a clock, started and stopped.

Its layers are put together in `services/wiring/`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp.web import Application

import handlers
from handlers.web.application import QuietRunner, listen
from services.domain import times
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import MetricsListenError
from services.domain.titles.vocabulary import vocabulary
from services.engine.due import PACE, POLL, POLL_ALONE, Engine, LoopWakeSignal
from services.engine.effects import EffectSender
from services.engine.leases import AdvisoryLocks, Leases, OneProcess
from services.pictures.reader import PictureReader
from services.platform import locale, logs
from services.platform.clock import SystemClock
from services.platform.concurrency import off_loop
from services.platform.keys import keys_of
from services.platform.loop_watch import LoopWatch
from services.platform.metrics import Metrics
from services.platform.outbound import Outbound
from services.platform.settings import Settings
from services.ports import Clock
from services.store import schema
from services.store.connecting import locked_out_is_said
from services.store.moved import check_not_moved
from services.store.sole_worker import sole_worker
from services.store.stores import Stores
from services.usecases.own_profile import ANSWERED_WITHIN
from services.wiring.adapters import Adapters, slack_api
from services.wiring.calendars import Calendars, compose
from services.wiring.engine import Runs, engine
from services.wiring.listeners import Listening, listening, shared_services, workspace_listeners
from services.wiring.use_cases import UseCases, use_cases

WARM_AFTER = 1.0
"""Seconds after the start."""


@dataclass(slots=True)
class Service:
    """The program, put together. Whoever called `build` serves `web` between `start` and `stop`.

    `worker`: it does the due work; `listens`: it takes in what is sent.
    """

    adapters: Adapters
    calendars: Calendars
    cases: UseCases
    runs: Runs
    listening: Listening
    background: handlers.Background
    worker: bool
    listens: bool
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _who_is_out: asyncio.Task[None] | None = field(default=None, init=False)
    _warming: asyncio.TimerHandle | None = field(default=None, init=False)

    @property
    def web(self) -> Application:
        """What answers Slack, browsers, providers and agents."""
        return self.listening.web

    @property
    def operations(self) -> Application:
        """What answers the operator alone, at METRICS_PORT: health, readiness, metrics."""
        return self.listening.operations

    @property
    def metrics(self) -> Metrics:
        """What is counted."""
        return self.adapters.metrics

    @property
    def stores(self) -> Stores:
        """What is kept."""
        return self.adapters.stores

    @property
    def engine(self) -> Engine:
        """What runs when."""
        return self.runs.engine

    @property
    def effects(self) -> Sequence[EffectSender]:
        """Who carries out effects."""
        return self.runs.effects

    def at_rest(self) -> bool:
        """Return whether nothing that this process knows of is due or under way."""
        return self.engine.at_rest and not len(self.background)

    async def start(self) -> None:
        """Take up what another process had begun, and begin."""
        config, clock, out = self.adapters.config, self.adapters.clock, self.listening.out
        await self.runs.bot.adopt()
        if self.worker:
            if config.is_sqlite:  # the only process there is: what another one had begun is nobody's any more
                await self.stores.calendars.take_up(clock.now())
                await self.stores.accounts.take_up()
            waited = timedelta() if config.is_sqlite else ANSWERED_WITHIN
            await self.cases.agents.profile.take_back_unanswered(clock.now() - waited)
            await self.engine.start()
        if self.listens and out is not None:
            looking = out.run(self._stopping, self.adapters.wake_signal.listen())
            self._who_is_out = asyncio.create_task(looking, name="who_is_out")
        if self.listening.socket is not None:
            await self.listening.socket.start()
        self._warming = asyncio.get_running_loop().call_later(WARM_AFTER, self._warm)

    def _warm(self) -> None:
        """Have the words of every language ready before somebody waits for them, but not while the program starts."""
        for warm in (times.warm, vocabulary, locale.warm):
            self.background.leave(off_loop(warm), kind="warm")

    async def stop(self) -> None:
        """End what was begun, and close all connections."""
        if self._warming is not None:
            self._warming.cancel()
        if self.listening.socket is not None:
            await self.listening.socket.stop()
        self._stopping.set()
        if self._who_is_out is not None:
            await self._who_is_out
        await self.background.close()
        await self.engine.stop()
        for close in (
            *self.calendars.closing, self.adapters.pictures.close, self.cases.sent.close,
            *self.cases.workspace.closing, self.adapters.slack.clients.close, self.stores.database.close,
        ):  # fmt: skip
            await close()


async def serve(config: Settings, *, listens: bool, worker: bool) -> int:
    """Run until SIGINT or SIGTERM; calls in flight are finished and recorded. The exit status."""
    with sole_worker(config.database_file) if worker and config.is_sqlite else nullcontext():
        return await _run(config, listens=listens, worker=worker)


async def _run(config: Settings, *, listens: bool, worker: bool) -> int:
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
        with locked_out_is_said():
            await service.start()
        watch.start()
        await stop.wait()
    finally:
        await asyncio.gather(runner.cleanup(), operator.cleanup())
        await service.stop()
        watch.stop()
    return 0


def _in_address(host: str) -> str:
    """Return a host as an address has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


async def _opened(config: Settings, clock: Clock) -> Stores:
    """Return the database, brought up to date; it is closed where it is not one to start with."""
    stores = Stores.at(config.database_url, keys_of(config), clock)
    try:
        await check_not_moved(stores.database, config.database_file)
        await schema.upgrade(stores.database)
        await stores.workspaces.check_keys()
    except StatusQuoError:
        await stores.database.close()
        raise
    return stores


async def build(
    config: Settings, *, clock: Clock, worker: bool = True, listens: bool = True, pace: float = PACE
) -> Service:
    """Put the program together, its database brought up to date. Without `worker` it does no due work.

    `pace` is the engine's, in seconds of real time. Raises SettingsError for missing or malformed keys, SealError for
    those of another database, DatabaseError where there is no database to be had.
    """
    stores = await _opened(config, clock)
    leases: Leases = OneProcess() if config.is_sqlite else AdvisoryLocks(config.database_url)
    stores.database.sender = leases.tell
    metrics, background = Metrics(), handlers.Background()
    adapters = Adapters(
        config, clock, LoopWakeSignal(), metrics, stores, slack_api(config, metrics, Outbound.of(config)), leases,
        PictureReader(),
    )  # fmt: skip
    slack = adapters.slack
    calendars = compose(
        config, stores, slack.clients, slack.authority, clock=clock, wake_signal=adapters.wake_signal, metrics=metrics
    )
    cases = use_cases(adapters, calendars)
    shared = shared_services(adapters, calendars, cases, background)
    parts, more = workspace_listeners(shared)
    tab = handlers.HomeTab(shared, parts)
    runs = engine(adapters, calendars, cases, tab, poll=POLL if listens else POLL_ALONE, pace=pace)
    checks = {"bot": runs.bot.is_adopted} | ({"worker": runs.engine.works} if worker else {})
    listeners = listening(
        adapters, calendars, cases, handlers.HomeButtons(shared, tab), checks,
        measure=runs.measuring.measure, more=more, socket_mode=listens,
    )  # fmt: skip
    return Service(adapters, calendars, cases, runs, listeners, background, worker, listens)
