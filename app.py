"""The command line, `python app.py COMMAND`: arguments in, one call, exit status out.

It alone reads the environment. The program is put together in `services/bootstrap.py`; imports are made where they are
used, so that each command loads no more than it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from services import VERSION
from services.commands import TROUBLE
from services.domain.errors import InputError, StatusQuoError
from services.domain.operator_errors import SettingsError
from services.platform.clock import SystemClock

if TYPE_CHECKING:
    from services.platform.settings import Settings

BAD_OPTION = 2  # argparse's, too

PROJECT = Path(__file__).resolve().parent

YOUNG = 5_000
"""Objects that are made before garbage is looked for among them: by then nearly all of a request or a write are gone.
By Python's own 700 it takes a tenth of what a write does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status. Every error that is ours is one line, never a traceback."""
    args = parser().parse_args(arguments)
    try:
        status = int(args.run(args))
        sys.stdout.flush()
    except SettingsError as error:
        print("The settings need mending:", *error.reason.splitlines(), sep="\n  ", file=sys.stderr)
    except InputError as error:
        print(error.reason, file=sys.stderr)
        return BAD_OPTION
    except StatusQuoError as error:
        print(f"{error.for_operator()} ({error.reason})", file=sys.stderr)
    except ModuleNotFoundError as error:
        if error.name is None or (PROJECT / error.name.partition(".")[0]).exists():
            raise  # ours, which is not for the operator to mend
        print(f"This Python has no {error.name}: `make run` installs it for .venv/bin/python app.py …", file=sys.stderr)
    except BrokenPipeError:  # whoever reads it has seen enough, such as `head`
        _print_no_more()
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        print(f"{error.filename or 'What is printed'}: {os.strerror(error.errno).lower()}", file=sys.stderr)
        _print_no_more()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    else:
        return status
    return TROUBLE


def _print_no_more() -> None:
    """Let what is left to print go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    warnings.simplefilter("ignore")  # of what was not looked at any more


def _open_streams() -> None:
    """Have whoever starts it without one of the three streams read nothing there, and print nowhere.

    Else the next file that is opened, such as the database, would get the stream's number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # as long as the program


_OF_A_PERSON = {
    "export": "print a person's data as JSON",
    "forget": "delete a person's data and revoke their token",
    "why": "why a person's status is what it is, as `/quo why` tells them; no title is printed",
}


def parser() -> argparse.ArgumentParser:
    """Return every command with its options."""
    made = argparse.ArgumentParser(prog="app.py", description="Keeps people's Slack statuses true.")
    made.add_argument("--version", action="version", version=f"Status Quo {VERSION}")
    commands = made.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(run=run)
        return one

    command("run", _run, "the app where there are Slack credentials, the demo where there are none")
    serve = command("serve", _serve, "the app for a real Slack: Socket Mode with SLACK_APP_TOKEN, else HTTP")
    serve.set_defaults(listens=True)
    serve.add_argument("--no-worker", action="store_true", help="only listen; another process does the due work")
    worker = command("worker", _serve, "only the worker: a replica more")
    worker.set_defaults(no_worker=False, listens=False)
    demo = command("demo", _demo, "a local Slack with people, calendars and a clock, and the app running in it")
    demo.add_argument("--host", default="127.0.0.1", help="where its page listens (default 127.0.0.1)")
    demo.add_argument("--port", type=_port, default=None, help="where its page listens (default PORT, or 3000)")

    preview = command("preview", _preview, "resolve ICS files into a timeline; no server, no database")
    preview.add_argument("files", nargs="+", metavar="FILE", help="an iCalendar file (.ics)")
    preview.add_argument("--timezone", default="UTC", metavar="ZONE", help="the person's IANA zone (default UTC)")
    preview.add_argument("--from", dest="start", metavar="ISO", help="first day, or instant (default: today)")
    preview.add_argument("--to", dest="end", metavar="ISO", help="day or instant after the last (default: 8 days on)")
    preview.add_argument("--email", action="append", default=[], metavar="ADDRESS", help="who `me` is; repeatable")
    preview.add_argument("--name", action="append", default=[], metavar="NAME", help="what `me` is called; repeatable")
    preview.add_argument("--rules", metavar="FILE", help="the person's rules, as exported")
    preview.add_argument("--now", metavar="ISO", help="take this as the current time")
    preview.add_argument("--json", action="store_true", help="one line of JSON per file instead of tables")

    understand = command("understand", _understand, "what a line that somebody typed is taken for")
    understand.add_argument("text", metavar="TEXT", help="what somebody typed")
    understand.add_argument(
        "--as", dest="kind", default="quo", metavar="KIND", help="ooo, quo, pause, preview (default quo)"
    )
    understand.add_argument(
        "--locale", default="en-US", metavar="LOCALE", help="their Slack locale, such as de-DE (default en-US)"
    )
    understand.add_argument("--timezone", default="UTC", metavar="ZONE", help="their IANA zone (default UTC)")
    understand.add_argument("--now", metavar="ISO", help="take this as the current time")

    manifest = command("manifest", _manifest, "print the Slack app's manifest as JSON, for this installation")
    manifest.add_argument("--url", metavar="URL", help="where it is reached (default PUBLIC_URL)")
    manifest.add_argument("--socket", action="store_true", help="with Socket Mode, which needs no public address")
    manifest.add_argument("--mcp", action="store_true", help="let Slackbot call it; needs https")

    migrate = command("migrate", _migrate, "bring the database up to date")
    migrate.add_argument("--sql", action="store_true", help="print the steps instead")
    migrate.add_argument(
        "--check", action="store_true", help="only tell whether the steps lead to the tables of this version"
    )
    setup = command("setup", _setup, "ask for what is missing, try it, and write .env")
    for name, provider in (("google", "Google"), ("microsoft", "Microsoft")):
        text = f"ask for {provider}'s client id and secret, also where they are set"
        setup.add_argument(f"--{name}", action="append_const", dest="also", const=name, help=text)
    move = command(
        "move", _move, "copy an SQLite installation into PostgreSQL; killed halfway, the same command goes on"
    )
    move.add_argument(
        "--to", required=True, metavar="URL", help="an empty database: postgresql+asyncpg://user@host/name"
    )
    command("doctor", _doctor, "check settings, database, keys, clock, Slack's scopes, calendars")
    _backup_commands(command)
    command("rotate-keys", _rotate_keys, "re-seal every secret with the newest key, while the app runs")
    for name, text in _OF_A_PERSON.items():
        of_person = command(name, _person, text)
        of_person.add_argument("--team", required=True, metavar="T", help="the workspace's id")
        of_person.add_argument("--user", required=True, metavar="U", help="the member's id")
    return made


def _backup_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    backup = command("backup", _backup, "the embedded database and its keys as one file, while the app runs")
    backup.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a new file; it is as secret as the keys")
    backup.add_argument("--forgotten", action="store_true", help="print instead who was forgotten, for a restore")
    restore = command("restore", _restore, "a backup back into an empty installation; the app is stopped")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE", help="what `backup` has made")
    restore.add_argument(
        "--loaded", action="store_true", help="instead of a FILE: what pg_restore has put back is there"
    )
    restore.add_argument("--keep-keys", action="store_true", help="leave agents' keys as they are in the backup")
    restore.add_argument(
        "--forgotten", type=Path, metavar="LIST", help="delete the people that `backup --forgotten` told"
    )
    for of_file in (backup, restore):
        of_file.add_argument(
            "--passphrase", action="store_true", help="it is sealed; asks for it, or takes the first line of its input"
        )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 1 << 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port: a number from 0 to 65535")


def _settings(*, serving: bool = False, quiet: bool = False) -> Settings:
    """Return the settings; from now on what is worth it is logged, with `quiet` warnings alone unless more is set."""
    from services.platform import logs, settings

    config = settings.load(os.environ, serving=serving)
    logs.configure("WARNING" if quiet and config.log_level == "INFO" else config.log_level, config.log_format)
    return config


def _run(args: argparse.Namespace) -> int:
    from services.platform import settings

    args.no_worker, args.listens, args.host, args.port = False, True, "127.0.0.1", None
    return _serve(args) if settings.load(os.environ).has_slack else _demo(args)


def _serve(args: argparse.Namespace) -> int:
    gc.disable()  # what is imported stays: to look for garbage in it takes a sixth of the start
    try:
        config = _settings(serving=args.listens)
        from services import bootstrap

        gc.freeze()
        gc.set_threshold(YOUNG)
    finally:
        gc.enable()
    return asyncio.run(bootstrap.serve(config, listens=args.listens, worker=not args.no_worker))


def _demo(args: argparse.Namespace) -> int:
    config = _settings(quiet=True)
    from demo import serving
    from services import bootstrap

    return asyncio.run(serving.run(bootstrap.build, args.host, config.port if args.port is None else args.port))


def _preview(args: argparse.Namespace) -> int:
    from services.commands import preview

    return preview.run(args, sys.stdout)


def _understand(args: argparse.Namespace) -> int:
    from services.commands import understand

    return understand.run(args, sys.stdout)


def _manifest(args: argparse.Namespace) -> int:
    from services.commands import manifest
    from services.platform import settings

    try:
        config = settings.load({"PUBLIC_URL": args.url}, dotenv=None) if args.url else settings.load(os.environ)
    except SettingsError as error:
        raise InputError(error.reason.replace("PUBLIC_URL", "--url")) if args.url else error from None
    return manifest.run(args, _manifest_text(), config.base_url, sys.stdout, sys.stderr)


def _manifest_text() -> str:
    return (PROJECT / "manifest.yml").read_text("utf-8")


def _setup(args: argparse.Namespace) -> int:
    from services.commands import setup
    from services.platform import logs

    logs.configure("WARNING")
    return setup.run(os.environ, _manifest_text(), also=args.also or ())


def _migrate(args: argparse.Namespace) -> int:
    config = _settings()
    from services.commands import migrate

    return migrate.steps(config) if args.sql else asyncio.run(migrate.migrate(config, check=args.check))


def _move(args: argparse.Namespace) -> int:
    config = _settings()
    from services.commands import move

    return asyncio.run(move.move(config, args.to, SystemClock()))


def _doctor(_args: argparse.Namespace) -> int:
    config = _settings()
    from services.commands import doctor

    return asyncio.run(doctor.examine(config, SystemClock()))


def _backup(args: argparse.Namespace) -> int:
    if (args.file is None) != args.forgotten:
        raise InputError("name a FILE to make, or --forgotten alone")
    config = _settings(quiet=True)
    from services.commands import backup

    if args.forgotten:
        return asyncio.run(backup.forgotten(config, SystemClock()))
    return backup.make(config, args.file, SystemClock(), sealed=args.passphrase)


def _restore(args: argparse.Namespace) -> int:
    if (args.file is None) != args.loaded:
        raise InputError("name the FILE of a backup, or --loaded for a database that pg_restore has filled")
    config = _settings(quiet=True)
    from services.commands import restore

    options = restore.Options(keep_keys=args.keep_keys, forgotten=args.forgotten, sealed=args.passphrase)
    if args.loaded:
        return restore.loaded(config, options, SystemClock())
    return restore.restore(config, args.file, options, SystemClock())


def _rotate_keys(_args: argparse.Namespace) -> int:
    config = _settings()
    from services.commands import keys

    return asyncio.run(keys.rotate_keys(config, SystemClock()))


def _person(args: argparse.Namespace) -> int:
    """Return a command about one person."""
    config = _settings()
    from services.commands import person, why
    from services.domain.model import PersonKey

    asked = {"export": person.export, "forget": person.forget, "why": why.why}[args.command]
    return asyncio.run(asked(config, PersonKey(args.team, args.user), SystemClock()))


if __name__ == "__main__":
    _open_streams()
    os.umask(0o077)  # the database and whatever else is made belongs to this user alone
    sys.exit(main())
