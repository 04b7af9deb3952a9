"""The command line, `python app.py COMMAND`: arguments in, one call, exit status out.

It alone reads the environment. The program is put together in `services/bootstrap.py`; imports are made where they are
used, so that `preview`, `understand` and `--help` answer at once and load no database library.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from services.domain.errors import InputError, SettingsError, StatusQuoError
from services.domain.model import PersonKey
from services.platform import logs, settings
from services.platform.clock import SystemClock

if TYPE_CHECKING:
    from services.platform.settings import Settings

TROUBLE = 1


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
    gc.disable()  # what is imported stays: to look for garbage in it takes a sixth of the start
    from services import bootstrap

    gc.freeze()
    gc.enable()
    return asyncio.run(bootstrap.serve(config, listens=args.listens, worker=not args.no_worker))


def _demo(args: argparse.Namespace) -> int:
    config = settings.load(os.environ)
    logs.configure("WARNING" if config.log_level == "INFO" else config.log_level, config.log_format)
    from demo import world
    from services import bootstrap

    return asyncio.run(world.run(bootstrap.build, args.host, config.port if args.port is None else args.port))


def _migrate(args: argparse.Namespace) -> int:
    config = _settings()
    from services import admin_commands

    return admin_commands.steps(config) if args.sql else asyncio.run(admin_commands.migrate(config, check=args.check))


def _doctor(_args: argparse.Namespace) -> int:
    config = _settings()
    from services import admin_commands

    return asyncio.run(admin_commands.examine(config, SystemClock()))


def _rotate_keys(_args: argparse.Namespace) -> int:
    config = _settings()
    from services import admin_commands

    return asyncio.run(admin_commands.rotate_keys(config, SystemClock()))


def _export(args: argparse.Namespace) -> int:
    config = _settings()
    from services import admin_commands

    return asyncio.run(admin_commands.export(config, PersonKey(args.team, args.user), SystemClock()))


def _forget(args: argparse.Namespace) -> int:
    config = _settings()
    from services import admin_commands

    return asyncio.run(admin_commands.forget(config, PersonKey(args.team, args.user), SystemClock()))


if __name__ == "__main__":
    sys.exit(main())
