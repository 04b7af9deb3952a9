"""The week: who does what when, what goes wrong when, and what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bench.http import free_port
from bench.soak.acts import DAY, HOUR, MINUTE, Hands
from bench.soak.clock import SoakClock
from bench.soak.course import Course
from bench.soak.judge import Fault, Judge, Pause, Verdict
from bench.soak.oracle import NOTHING, expected, planned
from bench.soak.people import FEED, Soaker, thought_up
from bench.soak.process import AppProcess
from bench.soak.seeding import seed
from bench.soak.story import told
from bench.soak.world import World
from services.domain.model import PersonKey
from services.platform.crypto import new_key
from services.store.stores import Stores

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
BEFORE = 6 * HOUR
"""Everybody connects so long before the week begins."""

JUDGING = 30.0
"""Seconds of real time that are kept for the end."""

CATCHES_UP = 3 * MINUTE
"""So long after something was down nobody does anything by hand."""

OUTAGE, PROVIDER_OUTAGE, GARBAGE = 10 * MINUTE, HOUR, 6 * HOUR
GARBAGE_FEEDS = 10
STORIES = 5
"""Of so many faults what is known is told."""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for: `minutes` of real time, `poll_hours` between two looks at a calendar."""

    people: int
    days: int
    minutes: float
    seed: int
    poll_hours: float
    quiet: bool = False


@dataclass(slots=True)
class Figures:
    """What came of it. `memory`: when, the number of the process, and its resident KiB after a garbage collection."""

    options: Options
    people: list[Soaker]
    verdict: Verdict
    pauses: list[Pause]
    memory: list[tuple[datetime, int, int]]
    until: datetime
    minutes: float
    processor: float
    leaps: int
    at_pace: timedelta
    done: dict[str, int]
    lost_pushes: int
    counts: dict[str, int]
    refused: list[str]
    needless: list[str]
    left_behind: list[str]
    trespasses: int
    errors: list[str]
    stories: list[str] = field(default_factory=list)


async def soaked(options: Options) -> Figures:
    """Run it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        week = Week(options, Path(folder), began)
        return await week.run()


@dataclass
class Week:
    """One run."""

    options: Options
    folder: Path
    began: float
    pauses: list[Pause] = field(default_factory=list)
    memory: list[tuple[datetime, int, int]] = field(default_factory=list)
    quiet_from: datetime = MONDAY
    processor: float = 0.0
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = self.options
        self.chance = Random(options.seed)  # noqa: S311 - days thought up, the same for the same seed
        self.clock = SoakClock(MONDAY - BEFORE, time.monotonic())
        self.world = World(self.clock)
        self.people = thought_up(options.people, MONDAY.date(), options.days, self.chance)
        self.poll = options.poll_hours * HOUR
        self.end = MONDAY + options.days * DAY

    async def run(self) -> Figures:
        options, world, clock = self.options, self.world, self.clock
        await world.start()
        key, port = new_key(), free_port()
        url = f"http://127.0.0.1:{port}"
        world.slack.app.request_url = f"{url}/slack/events"
        world.people(self.people)
        database = f"sqlite+aiosqlite:///{self.folder}/soak.db"
        await seed(world, self.people, database, key)
        self.say(f"{len(self.people)} people in {len(world.slack.workspaces)} workspaces are there")
        settings = {
            "SLACK_SIGNING_SECRET": world.slack.app.signing_secret, "SLACK_CLIENT_ID": world.slack.app.client_id,
            "SLACK_CLIENT_SECRET": world.slack.app.client_secret, "SLACK_API_URL": world.slack.api_url,
            "SLACK_AUTHORIZE_URL": world.slack.authorize_url, **world.google.settings, **world.microsoft.settings,
            "DATABASE_URL": database, "ENCRYPTION_KEYS": key, "PUBLIC_URL": url, "PORT": str(port),
            "ALLOW_PRIVATE_ADDRESSES": "true", "FEED_INTERVAL": str(int(self.poll.total_seconds())),
        }  # fmt: skip
        log_path = self.folder / "app.log"
        with log_path.open("wb") as log:
            app = self.app = AppProcess(self.folder, settings, clock, log)
            self.course = Course(clock, world, app, self.began + 60 * options.minutes - JUDGING)
            self.hands = Hands(world, self.chance, self.course.at, self.quiet, self.poll)
            try:
                await app.start()
                await self.course.settled(60 * options.minutes)
                self.say("all calendars are read")
                self._plan()
                await self.course.until(MONDAY)
                self.begin = clock.now()
                for number in range(options.days):
                    await self.course.until(MONDAY + (number + 1) * DAY)
                    world.slack.forget_the_past()
                    self.say(f"day {number + 1}: {self._minutes():.1f} minutes")
                    if self.course.out_of_time:
                        break
                if app.up:
                    await self._measure()
                    self._count_processor()
                    await app.stop()
            finally:
                await app.kill()
                await world.stop()
        self.until = min(clock.now(), self.end)
        self.errors += self.hands.wrong
        log = _log_of(log_path)
        figures = self._figures(log)
        figures.stories = await self._stories(figures.verdict.faults, log, database, key)
        return figures

    def say(self, text: str) -> None:
        if not self.options.quiet:
            sys.stderr.write(f"… {self.clock.now():%a %H:%M:%S}  {text}\n")
            sys.stderr.flush()

    def quiet(self) -> bool:
        """Whether nothing is down, or was a moment ago."""
        return self.app.up and self.clock.now() >= self.quiet_from

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

    def _plan(self) -> None:
        """Put the week on the agenda. Restarts end early in it, so that one process lives through the rest."""
        days, at, chance = self.options.days, self.course.at, self.chance
        for number in range(days):
            day = MONDAY + number * DAY
            for one in self.people:
                self.hands.plan(one, day)
            at(day + (7 + number % 3) * HOUR - 3 * MINUTE, self._slack_is_out)
            at(day + 11.5 * HOUR, self._google_is_out)
            at(day + 12 * HOUR, self._feeds_are_garbage)
            for hour in range(0, 24, 4):
                at(day + hour * HOUR + 40 * MINUTE, self._measure)
            if number < restless(days):
                for hour in (8, 10 + number % 3):  # right at an edge, where most is under way
                    at(day + hour * HOUR + timedelta(seconds=chance.uniform(0.1, 1.5)), self._deploy)
                for hour in (9, 13 + number % 3):
                    at(day + hour * HOUR + timedelta(seconds=chance.uniform(0.1, 1.5)), self._crash)
                at(day + chance.uniform(14, 20) * HOUR, self._crash)

    async def _deploy(self) -> None:
        if not self.app.up:
            return
        since = self.clock.now()
        self._count_processor()
        await self.app.stop()
        await self._starts("deploy", since)

    async def _crash(self) -> None:
        if not self.app.up:
            return
        self._count_processor()
        await self.app.kill()
        since = self.clock.now()
        self.course.at(since + timedelta(seconds=self.chance.uniform(1, 90)), self._after_a_crash(since))

    def _after_a_crash(self, since: datetime) -> Callable[[], Awaitable[None]]:
        return lambda: self._starts("kill", since)

    async def _starts(self, what: str, since: datetime) -> None:
        await self.app.start()
        self.pauses.append(Pause(what, since, self.clock.now()))
        self.quiet_from = max(self.quiet_from, self.clock.now() + CATCHES_UP)

    async def _slack_is_out(self) -> None:
        since = self.clock.now()
        fault = self.world.slack.faults.add("*", status=503, times=None)
        self.quiet_from = since + OUTAGE + CATCHES_UP

        async def over() -> None:
            self.world.slack.faults.remove(fault)
            self.pauses.append(Pause("outage", since, self.clock.now()))
            self.quiet_from = max(self.quiet_from, self.clock.now() + CATCHES_UP)

        self.course.at(since + OUTAGE, over)

    async def _google_is_out(self) -> None:
        fault = self.world.google.faults.add("*", status=503, times=None)
        self.quiet_from = max(self.quiet_from, self.clock.now() + PROVIDER_OUTAGE + CATCHES_UP)

        async def over() -> None:
            self.world.google.faults.remove(fault)

        self.course.at(self.clock.now() + PROVIDER_OUTAGE, over)

    async def _feeds_are_garbage(self) -> None:
        feeds = [one.user for one in self.people if one.source == FEED]
        self.world.feeds.garbage.update(self.chance.sample(feeds, min(GARBAGE_FEEDS, len(feeds))))

        async def over() -> None:
            self.world.feeds.garbage.clear()

        self.course.at(self.clock.now() + GARBAGE, over)

    # ── what is measured ────────────────────────────────────────────────────────────────────────────

    async def _measure(self) -> None:
        if self.app.up:
            told = await self.app.tell(measure=True)
            self.memory.append((self.clock.now(), self.app.starts, told["kib"]))

    def _count_processor(self) -> None:
        """Add what the process has used of the processor (seconds): it is about to end."""
        if (number := self.app.number) is not None:
            fields = Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            self.processor += (int(fields[11]) + int(fields[12])) / TICKS

    def _minutes(self) -> float:
        return (time.monotonic() - self.began) / 60

    def _figures(self, log: Sequence[str]) -> Figures:
        slack, course = self.world.slack, self.course
        self.pauses.sort(key=lambda one: one.start)
        judge = Judge(slack.written, self.pauses, self.until)
        left = []
        behind = dict(slack.left_behind())
        for one in self.people:
            self._as_understood(one)
            segments = expected(one.days, self.begin, self.until)
            judge.person(str(one), one.team, segments, slack.shown[one.user])
            lately = planned(one.days.wishes, self.until - 2 * MINUTE, self.until + 2 * MINUTE)
            if one.user in behind and all(span.shows == NOTHING for span in lately):
                left.append(f"{one}: {behind[one.user]}")
        self.errors += [
            line for line in log if '"level": "error"' in line or '"level":"error"' in line or "Traceback" in line
        ]
        return Figures(
            self.options, self.people, judge.verdict, self.pauses, self.memory, self.until, self._minutes(),
            self.processor, len(course.leaps), self.until - MONDAY + BEFORE - course.leapt, self.hands.done,
            self.hands.lost_pushes, dict(slack.counts), _lines(slack.refused), _lines(slack.needless), left,
            len(slack.trespasses()), self.errors,
        )  # fmt: skip

    async def _stories(self, faults: Sequence[Fault], log: Sequence[str], database: str, key: str) -> list[str]:
        """What is known of the first faults."""
        found: list[str] = []
        people = {str(one): PersonKey(one.team, one.user) for one in self.people}
        async with Stores.at(database, [key], self.clock) as stores:
            for fault in faults[:STORIES]:
                lines = await told(
                    fault, people[fault.who], leaps=self.course.leaps, calls=self.world.slack.of_profiles, log=log,
                    audit=stores.writes,
                )  # fmt: skip
                found += [f"{fault.what} {fault.who}", *lines]
        return found

    def _as_understood(self, one: Soaker) -> None:
        """Let what was asked for end when the app said that it ends, where that is within a minute: it rounds."""
        for act in one.days.acts:
            if act.what == "command":
                ends = [change.ends for change in self.world.slack.shown[one.user] if change.shows == act.shows]
                found = next((end for end in ends if end is not None and abs(end - act.end) <= MINUTE), None)
                act.end = found or act.end


def _log_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _lines(noted: Sequence[tuple[datetime, str, str]]) -> list[str]:
    return [f"{at:%a %H:%M:%S} {whose} {what}" for at, whose, what in noted]


def restless(days: int) -> int:
    """On how many of the first days the app is restarted and killed."""
    return max(1, round(days * 0.4))


def run(options: Options) -> Figures:
    """Run it in a loop of its own."""
    return asyncio.run(soaked(options))
