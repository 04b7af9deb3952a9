"""What is promised, what came of it, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from bench.soak.judge import ALLOWED
from bench.soak.run import MONDAY, Figures
from bench.table import percentile

FLAT, SPARE_KIB = 1.1, 8 * 1024
"""Memory is flat where the last figure is at most so much of the first day's largest, and so much more."""

AFTER = {
    "deploy": "after a deploy, from when it is up",
    "kill": "after a SIGKILL, from when it is up",
    "outage": "after ten minutes' outage of Slack, from its end",
}
ONE_DAY = 86_400.0
PEOPLE, DAYS = 2_000, 7
"""What the soak would be with all the time that it likes."""

MOST_MEASURED = 14
Measured = tuple[datetime, int, int]
SHOWN_FAULTS = 40


@dataclass(frozen=True, slots=True)
class Promise:
    """A figure with a target: `good` tells whether it is met, None where nothing can be said."""

    name: str
    figure: str
    target: str
    good: bool | None


def promises(found: Figures) -> list[Promise]:
    """All of them."""
    verdict, allowed = found.verdict, ALLOWED.total_seconds()
    most = max(verdict.beyond_ours, default=0.0)
    rows = [
        _none("statuses lost (never shown)", len(verdict.of("lost"))),
        _none("something else shown for more than 5 s", len(verdict.of("wrong"))),
        Promise("latest, beyond what limits force", f"{most:.1f} s", f"≤ {allowed:.0f} s", most <= allowed),
    ]
    for what, name in AFTER.items():
        late = max(verdict.after.get(what, []), default=None)
        good = None if late is None else late <= allowed
        rows.append(
            Promise(f"the same {name}", "none" if late is None else f"{late:.1f} s", f"≤ {allowed:.0f} s", good)
        )
    return [
        *rows,
        _none("calls that Slack refused with 429", len(found.refused)),
        _none("writes that changed nothing", len(found.needless)),
        _none("snoozes or aways of ours left behind", len(found.left_behind)),
        _none("somebody's own snooze or away touched", found.trespasses),
        _none("errors in the app's log, commands unanswered", len(found.errors)),
        _memory(found),
    ]


def missed(found: Figures) -> list[Promise]:
    """Those that were not met."""
    return [one for one in promises(found) if one.good is False]


def show(found: Figures) -> None:
    """Print it all."""
    console = Console(width=150)
    table = Table(title="Status Quo, soaked: what is promised")
    for name, justify in (("what", "left"), ("figure", "right"), ("target", "right"), ("met", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # a literal, told apart by its value
    for one in promises(found):
        table.add_row(one.name, one.figure, one.target, {True: "yes", False: "NO", None: "not measured"}[one.good])
    console.print(table)
    facts = Table(title="and what happened", show_header=False)
    for row in _facts(found):
        facts.add_row(*row)
    console.print(facts)
    console.print("Left out:", *(f"  · {line}" for line in _left_out(found)), sep="\n", highlight=False)
    for title, lines in (
        ("faults", [str(one) for one in found.verdict.faults]), ("429", found.refused), ("needless", found.needless),
        ("left behind", found.left_behind), ("errors", found.errors),
    ):  # fmt: skip
        for line in lines[:SHOWN_FAULTS]:
            print(f"{title}: {line}")
    for line in found.stories:
        print(line)


def _none(name: str, number: int) -> Promise:
    return Promise(name, f"{number:,}", "0", number == 0)


def _memory(found: Figures) -> Promise:
    name = "the app's memory: end against first day of the longest-lived process"
    last = found.memory[-1][1] if found.memory else 0
    its = [(at, kib) for at, number, kib in found.memory if number == last]
    early = [kib for at, kib in its if (at - its[0][0]).total_seconds() <= ONE_DAY]
    if not its or (its[-1][0] - its[0][0]).total_seconds() < 1.5 * ONE_DAY:
        return Promise(name, f"{its[-1][1] / 1024:.0f} MiB" if its else "none", "flat", None)
    end, most = its[-1][1], FLAT * max(early) + SPARE_KIB
    figure = f"{end / 1024:.0f} MiB, {max(early) / 1024:.0f} at first"
    return Promise(name, figure, f"≤ {most / 1024:.0f} MiB", end <= most)


def _facts(found: Figures) -> list[tuple[str, str]]:
    verdict, pace = found.verdict, found.at_pace.total_seconds() / 60
    simulated = f"{_days(found):.2f} days from a Monday on, {found.minutes:.1f} minutes; seed {found.options.seed}"
    pauses = (f"{what} {sum(one.what == what for one in found.pauses)}" for what in ("deploy", "kill", "outage"))
    called = sorted(found.counts.items(), key=lambda one: -one[1])[:8]
    memory = (f"{at:%a %H}h {kib / 1024:.0f} ({number})" for at, number, kib in _some(found.memory))
    return [
        ("people, workspaces", f"{len(found.people):,}, {len({one.team for one in found.people}):,}"),
        ("simulated, real", simulated),
        ("the clock", f"{found.leaps:,} leaps; at the world's own pace {pace:.1f} minutes"),
        (
            "statuses looked at",
            f"{verdict.segments:,}; over before the app, or Slack, was back {verdict.passed_over:,}",
        ),
        ("late: p50, p99, most", _three(verdict.late)),
        ("beyond what the app's own limit of 40 a minute forces", _three(verdict.beyond_ours)),
        ("beyond what Slack's limit of 50 a minute forces", _three(verdict.beyond_slacks)),
        *((name, _three(verdict.after.get(what, []))) for what, name in AFTER.items()),
        ("what went wrong", ", ".join(pauses)),
        ("done by hand", ", ".join(f"{name} {number:,}" for name, number in sorted(found.done.items()))),
        ("pushes lost on purpose", f"{found.lost_pushes:,}"),
        ("Slack's methods called", ", ".join(f"{name} {number:,}" for name, number in called)),
        ("the app's processor time", f"{found.processor:.0f} s"),
        ("the app's memory, MiB (which process)", ", ".join(memory)),
    ]


def _days(found: Figures) -> float:
    return (found.until - MONDAY).total_seconds() / ONE_DAY


def _some(memory: Sequence[Measured]) -> Sequence[Measured]:
    return [*memory[: -1 : len(memory) // MOST_MEASURED + 1], *memory[-1:]]


def _three(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"{percentile(values, 0.5):.2f}, {percentile(values, 0.99):.2f}, {max(values):.1f} s, of {len(values):,}"


def _left_out(found: Figures) -> list[str]:
    asked, people, days = found.options, max(0, PEOPLE - len(found.people)), max(0.0, DAYS - _days(found))
    return [
        f"of {PEOPLE:,} people {people:,}, of {DAYS} days {days:.2f} (asked for: {asked.people:,}, {asked.days})",
        f"calendars are looked at every {asked.poll_hours:g} hours besides pushes, not every 15 minutes",
        "polls and renewals begin at the next five minutes of the clock, so that many are done together",
        "the tenths of a second that effects and quiet loops leave to others; looks every few seconds of real time",
        "statuses of less than 10 s, those of the last 2 minutes, and what was to show before the week began",
        "one replica on SQLite; one language; photos, replies, digests, leave calendars, keepers and agents",
    ]  # fmt: skip
