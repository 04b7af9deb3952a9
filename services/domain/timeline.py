"""Events, rules and overrides of one person → a gap-free sequence of spans. Pure; input order is no matter."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.domain.candidates import NEVER, PRECEDENCE, Candidate, bridges, by_precedence, measure, of_event, typed
from services.domain.default_texts import ENGLISH, DefaultTexts
from services.domain.events import judge
from services.domain.model import (
    NO_STATUS,
    Event,
    Override,
    Policy,
    Preferences,
    Reason,
    ReasonCode,
    Rule,
    Span,
    Status,
    Timeline,
)
from services.domain.rules import StatusTexts

__all__ = ["PRECEDENCE", "resolve"]


def resolve(
    events: Iterable[Event],
    *,
    rules: Sequence[Rule] = (),
    overrides: Iterable[Override] = (),
    preferences: Preferences = Preferences(),  # noqa: B008  # frozen
    policy: Policy = Policy(),  # noqa: B008  # frozen
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    default_texts: DefaultTexts = ENGLISH,
    names: tuple[str, ...] = (),
) -> Timeline:
    """The person's timeline over `[start, end)` (aware, UTC), and a verdict on every event that overlaps it.

    All-day and floating events are placed in `zone` here. Events outside of the window may be given and help: they
    tell where a span that runs into the window began, and until when an absence lasts. A span that the window's end
    cuts ends, and expires, there. `names` are what the person is called in titles. Raises ValueError for a window that
    is empty.
    """
    if end <= start:
        raise ValueError("the window is empty")
    texts = StatusTexts(preferences, policy, zone, default_texts)
    judged = [judge(event.placed(zone), rules, preferences, zone, names) for event in events]
    candidates = [
        of_event(verdict, position, rules, preferences.lead, texts) for verdict, position in judged if verdict.counted
    ]
    candidates += bridges(candidates, preferences.bridge)
    ordered = by_precedence(overrides, candidates, texts)
    measure(ordered)
    idle = preferences.idle
    says_idle = ("", "") if idle is None else typed(idle.text, idle.emoji)
    spans = [_span(run, start, end) for run in _runs(_sweep(ordered), says_idle, start, end)]
    verdicts = sorted(
        (verdict for verdict, _ in judged if _overlaps(verdict.event, start, end)),
        key=lambda verdict: (verdict.event.start, verdict.event.end, verdict.event.id),
    )
    return Timeline(start, end, tuple(spans), tuple(verdicts))


def _overlaps(event: Event, start: datetime, end: datetime) -> bool:
    return event.start < end and (event.end > start or event.start >= start)


# ── who wins ────────────────────────────────────────────────────────────────────────────────────────


def _sweep(candidates: Sequence[Candidate]) -> list[tuple[datetime, Candidate | None]]:
    """Who is the highest from which instant on. `candidates` highest first; n log n, also where everything overlaps."""
    waiting = sorted(range(len(candidates)), key=lambda index: candidates[index].start, reverse=True)
    running: list[int] = []
    edges: list[tuple[datetime, Candidate | None]] = []
    winner: Candidate | None = None
    for instant in sorted({candidate.start for candidate in candidates} | {candidate.end for candidate in candidates}):
        while waiting and candidates[waiting[-1]].start <= instant:
            heapq.heappush(running, waiting.pop())
        while running and candidates[running[0]].end <= instant:
            heapq.heappop(running)
        highest = candidates[running[0]] if running else None
        if highest is not winner:
            winner = highest
            edges.append((instant, winner))
    return edges


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Run:
    """Neighbouring pieces that show the same. `candidate` is the winner where the run enters the window."""

    says: tuple[str, str]
    began: datetime | None
    end: datetime
    candidate: Candidate | None
    endless: bool = False


def _runs(
    edges: Sequence[tuple[datetime, Candidate | None]], says_idle: tuple[str, str], start: datetime, end: datetime
) -> Iterator[_Run]:
    """The runs that overlap the window; what is before the first edge and after the last is nobody's."""
    run = _Run(says_idle, None, edges[0][0] if edges else NEVER, None)
    for (edge, candidate), (until, _) in pairwise([*edges, (NEVER, None)]):
        if edge >= end:
            break
        says = says_idle if candidate is None else candidate.say(candidate.stretch)
        if says == run.says:
            run.candidate = candidate if run.end <= start else run.candidate
            run.end = until
        else:
            if run.end > start:
                yield run
            run = _Run(says, edge, until, candidate)
        # Nobody knows the end of an override without one; that of idle time is only not known yet.
        run.endless = until == NEVER and candidate is not None
    yield run


def _span(run: _Run, start: datetime, end: datetime) -> Span:
    candidate, (text, emoji) = run.candidate, run.says
    begins, ends = max(run.began or start, start), min(run.end, end)
    known_end = None if run.endless else ends
    shows = bool(text or emoji)
    rule, code = ("idle", ReasonCode.IDLE) if shows else ("nothing", ReasonCode.NOTHING)
    if candidate is not None:
        rule, code = candidate.rule, candidate.code
    # Where nothing is on as far as the window goes, its border is no end to tell anybody.
    said_end = None if candidate is None and run.end > end else known_end
    return Span(
        start=begins,
        end=ends,
        status=Status(text, emoji, known_end) if shows else NO_STATUS,
        rule=rule,
        reason=Reason(code, rule, said_end),
        uid="" if candidate is None else candidate.uid,
        title="" if candidate is None else candidate.title,
        kind=None if candidate is None else candidate.kind,
        override=candidate is not None and candidate.layer < 0,
        began=run.began if run.began is not None and run.began < start else None,
    )
