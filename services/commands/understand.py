"""`app.py understand`: what a line is taken for, as one line of JSON; no server, no database."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time, timedelta
from typing import TextIO
from zoneinfo import ZoneInfo

from services.domain import command_parser, times
from services.domain.command_parser import Name, UnknownCommandError
from services.domain.errors import InputError
from services.domain.times import Asked, Speaker
from services.platform import locale
from services.platform.clock import SystemClock


def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone of that name. Raises InputError."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise InputError(f"--timezone: {name!r} is no IANA zone, such as Europe/Berlin") from None


def instant_of(text: str, zone: ZoneInfo, option: str) -> datetime:
    """Return an ISO date (its midnight in `zone`) or datetime (in `zone` unless it says where), as UTC.

    Raises InputError.
    """
    at = None
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    if at is None or not MINYEAR < at.year < MAXYEAR:  # days before and after it are asked for, too
        raise InputError(f"{option}: {text!r} is no ISO date or datetime, such as 2026-11-24")
    return at


KINDS = ("ooo", "quo", "pause", "preview")

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


class CommandError(InputError):
    """That is a command, not a status."""


class NothingTypedError(InputError):
    """Type `/quo [emoji] [text] [for or until when]`, for example `/quo :pizza: Lunch for 45m`."""


def run(args: Namespace, out: TextIO) -> int:
    """Print what `args.text` is taken for to `out`; 0. Raises InputError for a bad option."""
    speaker = _speaker(args)
    text = args.text.encode(errors="replace").decode()  # what a shell passes need not be text
    try:
        said = understand(text, args.kind, speaker)
    except UnknownCommandError as error:
        question = locale.say(
            args.locale, "I do not know that. Did you mean `{command}`?", command=f"/quo {error.meant}"
        )
        answer: dict[str, str | None] = {"asks": question}
    except InputError as error:
        answer = {"asks": locale.say(args.locale, error.sentence())}
    else:
        start, end = (None if at is None else at.astimezone(speaker.zone).isoformat() for at in (said.start, said.end))
        answer = {"text": said.text, "emoji": said.emoji, "start": start, "end": end}
    out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0


def _speaker(args: Namespace) -> Speaker:
    """Return who types, by the options. Raises an InputError for a bad one."""
    if args.kind not in KINDS:
        raise InputError(f"--as: {args.kind!r} is none of {', '.join(KINDS)}")
    if not _LOCALE.fullmatch(args.locale):
        raise InputError(f"--locale: {args.locale!r} is no locale, such as de-DE")
    zone = zone_of(args.timezone)
    now = SystemClock().now() if args.now is None else instant_of(args.now, zone, "--now")
    return Speaker(now, zone, locale.language(args.locale), locale.month_first(args.locale))


def understand(text: str, kind: str, speaker: Speaker) -> Asked:
    """Return what a line says as one of `KINDS`; of a preview, the day or the instant.

    Raises an InputError: it asks back.
    """
    if kind == "quo":
        if not text.strip():
            raise NothingTypedError("no text")
        command = command_parser.read(text)
        if command.name is Name.STATUS:
            return command_parser.status(command.rest, speaker)
        if command.name not in {Name.PAUSE, Name.PREVIEW}:
            raise CommandError(command.name.value)
        text, kind = command.rest, command.name.value
    if kind == "ooo":
        return command_parser.absence(text, speaker)
    if kind == "pause":
        return times.pause(command_parser.plain(text), speaker)
    look = times.look(command_parser.plain(text), speaker)
    if look.instant is not None:
        return Asked("", look.instant, None)
    midnight = datetime.combine(look.day, time(), speaker.zone)
    return Asked("", midnight, midnight + timedelta(days=1))
