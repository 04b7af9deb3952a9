"""`app.py preview`: ICS files resolved into a timeline, with no server and no database. The output is contract.md's."""

from __future__ import annotations

import json
import signal
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from services.calendars.ical.content import calendars
from services.calendars.ical.entry import Readout, ReadRequest
from services.calendars.ical.reading import read_all
from services.commands.understand import instant_of, zone_of
from services.domain.errors import (
    CalendarError,
    CalendarTooCostlyError,
    CalendarTooLargeError,
    InputError,
    NotACalendarError,
)
from services.domain.lines import Line, Routine
from services.domain.mail_addresses import mail_domains
from services.domain.model import Kind, PersonKey, Timeline, Verdict
from services.domain.people import PersonFacts
from services.domain.reasons import english
from services.domain.timeline import resolve
from services.platform.clock import SystemClock
from services.store.line_file import MOST_BYTES as MOST_LIST_BYTES
from services.store.line_file import lines_from_file, problems_of

DAYS = 8
"""Today and the seven days after it."""

MOST_BYTES = 25 * 2**20
MOST_SECONDS = 20.0


def run(args: Namespace, out: TextIO) -> int:
    """Print each file's timeline to `out`; 0 when all could be read. Raises InputError for a bad option."""
    zone = zone_of(args.timezone)
    now = SystemClock().now() if args.now is None else instant_of(args.now, zone, "--now")
    midnight = datetime.combine(now.astimezone(zone), time(), tzinfo=zone)
    start = midnight.astimezone(UTC) if args.start is None else instant_of(args.start, zone, "--from")
    if args.end is not None:
        end = instant_of(args.end, zone, "--to")
    else:
        last = start.astimezone(zone).date() + timedelta(days=DAYS)
        end = datetime.combine(last, time(), tzinfo=zone).astimezone(UTC)
    if end <= start:
        raise InputError("--to must be later than --from")
    rules = () if args.rules is None else _rules(Path(args.rules))
    failed = False
    for name in args.files:
        asked = ReadRequest("file", tuple(args.email), zone, start - _before(rules), end)
        try:
            reading, timeline = _resolved(Path(name), asked, rules, tuple(args.name), start)
        except (CalendarError, OSError) as error:
            failed = True
            if isinstance(error, NotACalendarError):
                sentence = "This file is not a calendar."
            elif isinstance(error, CalendarError):
                sentence = error.sentence()
            else:
                sentence = f"{error.strerror or type(error).__name__}."
            as_json = json.dumps({"file": name, "error": sentence}, ensure_ascii=False)
            out.write(f"{as_json}\n" if args.json else f"{name}: {sentence}\n")
            continue
        if args.json:
            out.write(json.dumps(_as_json(name, reading, timeline, zone), ensure_ascii=False) + "\n")
        else:
            _say(name, reading, timeline, zone, out)
    return int(failed)


def _rules(path: Path) -> tuple[Line, ...]:
    try:
        if path.stat().st_size > MOST_LIST_BYTES:
            raise InputError("--rules: the file is larger than 1 MB")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"--rules: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InputError("--rules: the file is not JSON") from None
    try:
        return lines_from_file(found)
    except InputError:
        wrong = [f"{error.reason.removesuffix('.')} ({error.field})" for error in problems_of(found)]
        raise InputError(f"--rules: {'; '.join(wrong)}") from None


def _before(rules: Sequence[Line]) -> timedelta:
    """Return how much earlier events matter: a routine of the night before is not on where that day has an absence."""
    return timedelta(days=2 * any(isinstance(line, Routine) and line.not_when_absent for line in rules))


def _resolved(
    path: Path, asked: ReadRequest, rules: tuple[Line, ...], names: tuple[str, ...], start: datetime
) -> tuple[Readout, Timeline]:
    if path.stat().st_size > MOST_BYTES:
        raise CalendarTooLargeError("file", bytes=path.stat().st_size)
    found = calendars(path.read_bytes())
    if not found:
        raise NotACalendarError("no BEGIN:VCALENDAR")
    with _at_most(MOST_SECONDS):
        reading = read_all(found, asked)
        facts = PersonFacts(
            PersonKey("", ""), asked.zone, names=names, domains=mail_domains(asked.addresses), lines=rules,
            events=tuple(reading.events),
        )  # fmt: skip
        return reading, resolve(facts, start, asked.end)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Give up after `seconds` of wall-clock time, by the process' own alarm."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise CalendarTooCostlyError("time", seconds=seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _as_json(name: str, reading: Readout, timeline: Timeline, zone: ZoneInfo) -> dict[str, Any]:
    events = []
    for verdict in _listed(timeline.verdicts):
        event = verdict.event
        start, end = _zulu(event.start), _zulu(event.end)
        if event.all_day and event.wall is not None:
            start, end = event.wall.start.date().isoformat(), event.wall.end.date().isoformat()
        events.append(
            {"uid": event.uid, "start": start, "end": end, "all_day": event.all_day, "kind": str(verdict.kind),
             "counted": verdict.counted, "reason": english(verdict.reason, zone)}
        )  # fmt: skip
    spans = []
    for span in timeline.spans:
        if span.shows:
            expiration = span.status.expiration
            spans.append(
                {"start": _zulu(span.start), "end": _zulu(span.end), "status_text": span.status.text,
                 "status_emoji": span.status.emoji,
                 "status_expiration": 0 if expiration is None else int(expiration.timestamp()),
                 "effects": sorted(
                     {one.effect.value for one in timeline.stretches if one.start < span.end and one.end > span.start}
                 ),
                 "rule": span.rule, "uid": span.uid, "reason": english(span.reason, zone)}
            )  # fmt: skip
    problems = [{"uid": problem.uid, "problem": problem.problem} for problem in reading.problems]
    return {"file": name, "events": events, "timeline": spans, "problems": problems}


def _listed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda said: (said.event.start, said.event.end, said.event.uid, said.event.occurrence))


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _say(name: str, reading: Readout, timeline: Timeline, zone: ZoneInfo, out: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - only people need tables
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    width = None if out.isatty() else 120
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    console.print(Text(name))
    status = Table("When", "Status", "Why")
    for span in timeline.spans:
        if span.shows:
            when = _between(span.start.astimezone(zone), span.end.astimezone(zone))
            status.add_row(when, Text(f"{span.status.emoji} {span.status.text}"), Text(english(span.reason, zone)))
    events = Table("When", "What", "Counts", "Why")
    for verdict in _listed(timeline.verdicts):
        event = verdict.event
        if event.all_day and event.wall is not None:
            when = _days(event.wall.start.date(), event.wall.end.date())
        else:
            when = _between(event.start.astimezone(zone), event.end.astimezone(zone))
        kind = str(Kind(verdict.kind)).replace("_", " ")
        events.add_row(
            when,
            Text(f"{event.title} ({kind})"),
            "yes" if verdict.counted else "no",
            Text(english(verdict.reason, zone)),
        )
    console.print(status, events)
    for problem in reading.problems:
        console.print(Text(f"{problem.uid or name}: {problem.problem}"))


def _between(start: datetime, end: datetime) -> str:
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%a %d %b %H:%M}"
    return f"{start:%a %d %b %H:%M} – {last}"


def _days(first: date, after: date) -> str:
    last = after - timedelta(days=1)
    return f"{first:%a %d %b}" if last <= first else f"{first:%a %d %b} – {last:%a %d %b}"
