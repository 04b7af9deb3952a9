"""The composition root and the command line.

The only reader of the environment: `build` puts the program together from settings and a clock, the rest of this file
is `python app.py COMMAND`. Adapters are named here, in `services/admin_commands.py` and in
`services/calendars/wiring.py`, and nowhere else. Imports of adapters are made where they are used, so that `preview`
and `--help` answer at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from services.domain.errors import InputError, SettingsError, StatusQuoError
from services.domain.model import PersonKey
from services.platform import logs, settings
from services.platform.clock import SystemClock

if TYPE_CHECKING:
    from aiohttp import web

    from services.engine.due import Engine
    from services.engine.leases import Runner
    from services.platform.settings import Settings
    from services.ports import Clock
    from services.usecases.people import People

TROUBLE = 1


@dataclass(frozen=True, slots=True)
class Service:
    """The program, put together. Whoever called `build` serves `web` between `start` and `stop`.

    `at_rest` tells whether nothing that this process knows of is due or under way.
    """

    web: web.Application
    engine: Engine
    people: People
    see_off: Callable[[PersonKey], Awaitable[None]]
    at_rest: Callable[[], bool]
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]


async def build(config: Settings, *, clock: Clock, worker: bool = True, listens: bool = True) -> Service:
    """Put the program together, its database brought up to date. Without `worker` it does no due work.

    Raises SettingsError for missing or wrong keys.
    """
    import handlers
    from services import admin_commands
    from services.calendars import wiring
    from services.domain import times
    from services.domain.errors import NotInstalledError
    from services.engine.due import POLL, POLL_ALONE, Engine, LoopWakeSignal
    from services.engine.instrumentation import CountedClients, CountedWriteQueue
    from services.engine.leases import EmbeddedRunner
    from services.engine.notifications import HomeChore, Links, NoticeChore, Teller
    from services.engine.profile_writer import ProfileWriter
    from services.engine.resolve import Timelines
    from services.engine.retention import Housekeeping
    from services.engine.sender import Lanes
    from services.engine.tick import Reconciler
    from services.engine.tokens import TokenRefresh
    from services.platform import locale
    from services.platform.metrics import Metrics
    from services.slack import SlackAuthority, SlackMessages, SlackProfiles, SlackRotation, SlackViews
    from services.usecases.grants import Grants, SlackApp
    from services.usecases.identity import BrowserIdentities
    from services.usecases.offboarding import Leaving
    from services.usecases.people import People
    from services.usecases.statuses import Statuses

    stores = await admin_commands.stores(config, clock)
    metrics = Metrics()
    wake_signal = LoopWakeSignal()
    clients = CountedClients(config.slack_api_url, metrics)
    client_id, client_secret = config.slack_client_id or "", settings.plain(config.slack_client_secret)
    authority = SlackAuthority(clients, client_id, client_secret)
    views, messages = SlackViews(clients), SlackMessages(clients)
    calendars = wiring.compose(config, stores, clients, clock=clock, wake_signal=wake_signal, metrics=metrics)

    # use cases
    profiles = SlackProfiles(clients)
    teller = Teller(stores.workspaces, messages)
    leaving = Leaving(
        stores.people, stores.workspaces, authority, leavers=stores.leavers, accounts=stores.accounts,
        parter=calendars.partings, teller=teller, say=locale.say, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    people = People(
        stores.people, workspaces=stores.workspaces, states=stores.states, members=authority, leaver=leaving,
        exporter=stores.export, clock=clock, wake_signal=wake_signal, base_url=config.base_url,
    )  # fmt: skip
    statuses = Statuses(
        clock=clock, wake_signal=wake_signal, facts=stores.facts, overrides=stores.overrides, rules=stores.rules,
        choices=stores.preferences, overview=stores.overview, writes=stores.writes, wording=locale.wording,
    )  # fmt: skip
    background = handlers.Background()
    surface = handlers.Surface(
        statuses, people, calendars.connections, clock, calendars.accounts, calendars.hooks,
        background=background,
    )  # fmt: skip
    home = handlers.Home(surface, handlers.HomeTab(surface))
    commands = handlers.Commands(surface, teller)
    grants = Grants(
        SlackApp(client_id, config.slack_authorize_url, f"{config.base_url}/slack/oauth_redirect"),
        states=stores.states, workspaces=stores.workspaces, people=stores.people, authority=authority,
        performer=commands, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip

    # the engine: what is due, and the lanes
    tokens = TokenRefresh(stores.tokens, SlackRotation(clients, client_id, client_secret), clock)
    keeper = ProfileWriter(profiles, CountedWriteQueue(stores.lanes, metrics), clock, tokens.refresh)
    links = Links(
        grant=people.grant_link, home=stores.workspaces.home_link, calendar=stores.calendars.trouble,
        account=calendars.accounts.mending,
    )  # fmt: skip
    chores = (
        leaving,
        NoticeChore(stores.lanes, stores.notices, messages, links=links, say=locale.say, clock=clock),
        HomeChore(stores.lanes, stores.lanes, home.tab, views, clock),
    )
    runner: Runner = EmbeddedRunner()
    if not config.is_sqlite:
        from services.engine.queue_leases import QueueRunner

        runner = QueueRunner(config.database_url)
    timelines = partial(Timelines, stores.due, runner, clock, wording=locale.wording)
    people_due = (timelines(typed=True), Reconciler(stores.due, runner, clock), timelines(typed=False))
    work = (*people_due, tokens, calendars.sync, calendars.watching, leaving, Housekeeping(stores.closet, clock))
    lanes = Lanes(stores.lanes, keeper, chores, clock)
    engine = Engine(
        work, runner, lanes, stores.lanes, clock, wake_signal=wake_signal, poll=POLL if listens else POLL_ALONE
    )

    # what listens
    errors = handlers.Errors(locale.say, people, views, messages)
    authorize, refusal = handlers.Authorize(stores.workspaces), NotInstalledError.sentence()
    bolt = handlers.bolt_app(authorize, errors, clients.client(), not_installed=refusal)
    news, shortcuts = handlers.Events(people, leaving), handlers.Shortcuts(home)
    handlers.register(
        bolt, commands=commands, home=home, modals=handlers.Modals(surface), shortcuts=shortcuts, events=news,
        hooks=handlers.HookModals(surface), files=handlers.Files(surface, calendars.files, teller, stores.deliveries),
    )  # fmt: skip
    intake = handlers.Intake(bolt, stores.deliveries, people, clock=clock, metrics=metrics)
    app_token = settings.plain(config.slack_app_token)
    socket = handlers.SocketMode(intake, clients, app_token) if app_token else None
    operations = handlers.Operations(
        {"database": stores.health.reachable, "migrations": stores.health.up_to_date}
        | ({"worker": engine.works} if worker else {})
        | ({"socket": socket.works} if socket and listens else {}),
        metrics, stores.health.pending,
    )  # fmt: skip
    secure = config.base_url.startswith("https:")
    browsers = handlers.Browsers(BrowserIdentities(stores.encryptor), clock, secure=secure)
    connect = handlers.Connect(
        calendars.accounts, browsers, locale.say, grant_link=people.grant_link, identify=grants.start_identity
    )  # fmt: skip
    oauth = handlers.OAuth(grants, browsers, locale.say, finish_held=connect.finish_held)
    webhooks = handlers.Webhooks(calendars.pushes, metrics, background)
    secret = settings.plain(config.slack_signing_secret)
    web_application = handlers.application(
        [*oauth.routes(), *connect.routes(), *webhooks.routes(), *handlers.HookRoutes(calendars.hooks, clock).routes(),
         *operations.routes()],
        errors=errors, metrics=metrics, signatures=handlers.Signatures(secret, clock) if secret else None,
        intake=intake if secret else None,
    )  # fmt: skip

    async def start() -> None:
        if token := settings.plain(config.slack_bot_token):
            await grants.adopt(token)
        times.warm()
        if worker:
            if config.is_sqlite:  # the only process there is: what another one had begun is nobody's any more
                await stores.calendars.take_up(clock.now())
                await stores.accounts.take_up()
            await engine.start()
        if socket is not None and listens:
            await socket.start()

    async def stop() -> None:
        if socket is not None:
            await socket.stop()
        await background.close()
        await engine.stop()
        for close in (*calendars.closing, clients.close, stores.database.close):
            await close()

    see_off = partial(admin_commands.see_off, leaving=leaving, wishes=stores.lanes, keeper=keeper, clock=clock)

    def at_rest() -> bool:
        return engine.at_rest and not len(background)

    return Service(web_application, engine, people, see_off, at_rest, start, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status. Every error that is ours is one line, never a traceback."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except SettingsError as error:
        print("The settings need mending:", *error.reason.splitlines(), sep="\n  ", file=sys.stderr)
    except InputError as error:
        print(error.reason, file=sys.stderr)
    except StatusQuoError as error:
        print(f"{error.sentence()} ({error.reason})", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return TROUBLE


def _parser() -> argparse.ArgumentParser:
    from services.usecases import preview, understand

    parser = argparse.ArgumentParser(prog="app.py", description="Keeps people's Slack statuses true.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    command("run", _run, "the app where there are Slack credentials, the demo where there are none")
    serve = command("serve", _serve, "the app for a real Slack: Socket Mode with SLACK_APP_TOKEN, else HTTP")
    serve.set_defaults(listens=True)
    serve.add_argument("--no-worker", action="store_true", help="only listen; another process does the due work")
    worker = command("worker", _serve, "only the worker: a replica more")
    worker.set_defaults(no_worker=False, listens=False)
    demo = command("demo", _demo, "a local Slack with people, calendars and a clock, and the app running in it")
    demo.add_argument("--host", default="127.0.0.1", help="where its page listens (default 127.0.0.1)")
    demo.add_argument("--port", type=_port, default=None, help="where its page listens (default PORT, or 3000)")
    resolve, text = partial(preview.run, out=sys.stdout), "resolve ICS files into a timeline; no server, no database"
    preview.add_arguments(command("preview", resolve, text))
    say, text = (
        partial(understand.run, out=sys.stdout, trouble=sys.stderr),
        "what a line that somebody typed is taken for",
    )
    understand.add_arguments(command("understand", say, text))
    migrate = command("migrate", _migrate, "bring the database up to date")
    migrate.add_argument("--sql", action="store_true", help="print the steps instead")
    migrate.add_argument("--check", action="store_true", help="only tell whether the steps agree with the models")
    command("doctor", _doctor, "check settings, database, keys, clock, Slack's scopes, calendars")
    command("rotate-keys", _rotate_keys, "re-seal every secret with the newest key, while the app runs")
    export = command("export", _export, "print a person's data as JSON")
    for of_person in (export, command("forget", _forget, "delete a person's data and revoke their token")):
        of_person.add_argument("--team", required=True, metavar="T", help="the workspace's id")
        of_person.add_argument("--user", required=True, metavar="U", help="the member's id")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 1 << 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port: a number from 0 to 65535")


def _settings(*, serving: bool = False) -> Settings:
    config = settings.load(os.environ, serving=serving)
    logs.configure(config.log_level, config.log_format)
    return config


def _run(args: argparse.Namespace) -> int:
    args.no_worker, args.listens, args.host, args.port = False, True, "127.0.0.1", None
    return _serve(args) if settings.load(os.environ).has_slack else _demo(args)


def _serve(args: argparse.Namespace) -> int:
    config = _settings(serving=args.listens)
    return asyncio.run(_until_stopped(config, listens=args.listens, worker=not args.no_worker))


def _demo(args: argparse.Namespace) -> int:
    from demo import world

    config = settings.load(os.environ)
    logs.configure("WARNING" if config.log_level == "INFO" else config.log_level, config.log_format)
    return asyncio.run(world.run(build, args.host, config.port if args.port is None else args.port))


def _migrate(args: argparse.Namespace) -> int:
    from services import admin_commands

    config = _settings()
    return admin_commands.steps(config) if args.sql else asyncio.run(admin_commands.migrate(config, check=args.check))


def _doctor(_args: argparse.Namespace) -> int:
    from services import admin_commands

    return asyncio.run(admin_commands.examine(_settings(), SystemClock()))


def _rotate_keys(_args: argparse.Namespace) -> int:
    from services import admin_commands

    return asyncio.run(admin_commands.rotate_keys(_settings(), SystemClock()))


def _export(args: argparse.Namespace) -> int:
    async def export(service: Service) -> int:
        found = await service.people.export(PersonKey(args.team, args.user))
        return _told(json.dumps(found, ensure_ascii=False, indent=2), known=bool(found))

    return asyncio.run(_once(export))


def _forget(args: argparse.Namespace) -> int:
    async def forget(service: Service) -> int:
        key = PersonKey(args.team, args.user)
        known = await service.people.forget(key)
        await service.see_off(key)
        return _told("Everything is deleted.", known=known)

    return asyncio.run(_once(forget))


def _told(text: str, *, known: bool) -> int:
    print(text if known else "Nobody of that team and user is known.", file=sys.stdout if known else sys.stderr)
    return 0 if known else TROUBLE


async def _once(run: Callable[[Service], Awaitable[int]]) -> int:
    """Do one thing with the program, neither listening nor working."""
    service = await build(_settings(), clock=SystemClock(), worker=False)
    try:
        return await run(service)
    finally:
        await service.stop()


async def _until_stopped(config: Settings, *, listens: bool, worker: bool) -> int:
    """Run until SIGINT or SIGTERM; calls in flight are finished and recorded."""
    from handlers.web.server import QuietRunner, listen

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = await build(config, clock=SystemClock(), worker=worker, listens=listens)
    runner = QuietRunner(service.web)
    await runner.setup()
    try:
        if listens:
            port = await listen(runner, config.host, config.port)
            print(f"Status Quo listens on http://{config.host}:{port}", file=sys.stderr)
        await service.start()
        await stop.wait()
    finally:
        await runner.cleanup()
        await service.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
