"""What was shown held against what is to be shown: lost, late, wrong; and how late Slack's limits force one to be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.soak.oracle import NOTHING, Segment, Shown

ALLOWED = timedelta(seconds=5)
"""How much later than limits force, and how long something else may show."""

WINDOW = timedelta(seconds=60)
SLACKS, OURS = 50, 42
"""Calls of users.profile.set in a minute and workspace: what Slack promises; what the app leaves to calendars at least,
which is all but 8 that are kept for what people type (`services/slack/limits.py`)."""

AFTER_A_KILL = OURS - 16
"""The same in the minute after a kill: what the process had called and not stored counts as called, up to eight, and
what was under way, up to eight, as having just ended; else Slack's limit could be passed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A profile became another: from `at` on it shows this, until `ends` at most (None: without an end)."""

    at: datetime
    shows: Shown
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing could be written: the app was down (`what` "restart" or "kill"), or Slack was ("outage")."""

    what: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with somebody's segment, which showed from `came` on (where it never did: its end)."""

    what: str
    who: str
    segment: Segment
    came: datetime
    more: str = ""

    def __str__(self) -> str:
        text, emoji = self.segment.shows
        when = f"{self.segment.start:%a %H:%M:%S}-{self.segment.end:%a %H:%M:%S}"
        return f"{self.what}: {self.who} {when} {emoji} {text!r} {self.more}"


@dataclass(slots=True)
class Verdict:
    """Seconds by which each segment was late: since it was due, and beyond what limits force (Slack's, the app's).

    After restarts and outages of Slack they count from when these were over, and stand apart; `passed_over` are those
    of which nothing was left by then.
    """

    segments: int = 0
    passed_over: int = 0
    late: list[float] = field(default_factory=list)
    beyond_slacks: list[float] = field(default_factory=list)
    beyond_ours: list[float] = field(default_factory=list)
    after: dict[str, list[float]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def of(self, what: str) -> list[Fault]:
        return [one for one in self.faults if one.what == what]


@dataclass(slots=True)
class Judge:
    """`writes`: when users.profile.set was carried out, by workspace, in order. `pauses` in order."""

    writes: Mapping[str, Sequence[datetime]]
    pauses: Sequence[Pause]
    until: datetime
    verdict: Verdict = field(default_factory=Verdict)

    def person(self, who: str, team: str, segments: Sequence[Segment], changes: Sequence[Change]) -> None:
        """Hold somebody's history against their segments. It starts with what showed before the first."""
        shown = pieces(changes)
        for number, segment in enumerate(segments):
            if segment.end - segment.start < 2 * ALLOWED or segment.start > self.until - 2 * WINDOW:
                continue
            self.verdict.segments += 1
            self._one(who, team, segment, shown, first=number == 0)

    def _one(self, who: str, team: str, segment: Segment, shown: Sequence[Segment], *, first: bool) -> None:
        inside = [one for one in shown if one.end > segment.start and one.start < segment.end]
        right = next((one for one in inside if one.shows == segment.shows), None)
        came = segment.end if right is None else max(right.start, segment.start)
        due, what = segment.start, ""
        for pause in self.pauses:
            if due < pause.end and came >= pause.start and pause.start - due <= ALLOWED:
                due, what = max(due, pause.end), pause.what
        if right is None:
            if due >= segment.end:
                self.verdict.passed_over += 1
            elif self._forced(team, segment.end, due, OURS) < segment.end:
                showed = ", ".join(f"{one.start:%H:%M:%S} {one.shows[0]!r}" for one in inside)
                self.verdict.faults.append(Fault("lost", who, segment, came, f"showed {showed}"))
            return
        late = max(0.0, (came - due).total_seconds())
        wrong = sum(
            ((min(one.end, segment.end) - one.start).total_seconds() for one in inside
             if one.start > came and one.shows != segment.shows), 0.0,
        )  # fmt: skip
        if wrong > ALLOWED.total_seconds():
            showed = ", ".join(f"{one.start:%H:%M:%S} {one.shows[0]!r}" for one in inside)
            self.verdict.faults.append(Fault("wrong", who, segment, came, f"for {wrong:.0f} s: showed {showed}"))
        if first:
            return  # when that was due was before all this
        if what:
            beyond = self._beyond(team, came, due, AFTER_A_KILL if what == "kill" else OURS)
            self.verdict.after.setdefault(what, []).append(beyond)
            if beyond > ALLOWED.total_seconds():
                self.verdict.faults.append(
                    Fault(f"late after {what}", who, segment, came, f"by {late:.1f} s from its end")
                )
            return
        beyond = self._beyond(team, came, due, OURS)
        self.verdict.late.append(late)
        self.verdict.beyond_ours.append(beyond)
        self.verdict.beyond_slacks.append(self._beyond(team, came, due, SLACKS))
        if beyond > ALLOWED.total_seconds():
            self.verdict.faults.append(
                Fault("late", who, segment, came, f"by {late:.1f} s, {beyond:.1f} s beyond limits")
            )

    def _beyond(self, team: str, came: datetime, due: datetime, limit: int) -> float:
        return max(0.0, (came - max(due, self._forced(team, came, due, limit))).total_seconds())

    def _forced(self, team: str, came: datetime, due: datetime, limit: int) -> datetime:
        """Before when the write that came at `came` could not be: a minute after the `limit`-th one before it."""
        writes = self.writes.get(team, ())
        before = bisect_left(writes, came) - limit
        return due if before < 0 else max(due, writes[before] + WINDOW)


def pieces(changes: Sequence[Change]) -> list[Segment]:
    """What showed from when to when, with what ended by itself."""
    found: list[Segment] = []
    for change, after in zip(changes, [*changes[1:], None], strict=True):
        until = after.at if after is not None else datetime.max.replace(tzinfo=change.at.tzinfo)
        ends = until if change.ends is None else min(until, max(change.ends, change.at))
        for start, end, shows in ((change.at, ends, change.shows), (ends, until, NOTHING)):
            if start < end:
                found.append(Segment(start, end, shows))
    merged: list[Segment] = []
    for one in found:
        if merged and merged[-1].shows == one.shows:
            merged[-1] = Segment(merged[-1].start, one.end, one.shows)
        else:
            merged.append(one)
    return merged
