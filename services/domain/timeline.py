"""Events, rules and overrides of one person → a gap-free sequence of spans. Pure; input order is no matter."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.domain.events import judge
from services.domain.lines import Rule
from services.domain.model import NO_STATUS, Kind, Override, OverrideKind, Span, Status, Timeline, Verdict
from services.domain.people import PersonFacts
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import DEFAULT_EMOJI, ENGLISH, Coverage, DefaultTexts, StatusTexts, tidy, tidy_emoji

PRECEDENCE = (Kind.OUT_OF_OFFICE, Kind.MEETING, Kind.FOCUS, Kind.WORKING_LOCATION)
"""The defaults, highest first. A person's own rules come before them, an override before everything."""

NEVER = datetime.max.replace(tzinfo=UTC)
_LAYER = {kind: layer for layer, kind in enumerate(PRECEDENCE)}


@dataclass(slots=True)
class Candidate:
    """Wants `say(coverage)` to be shown during `[start, end)`. `since` is its start without the person's lead."""

    start: datetime
    end: datetime
    since: datetime
    layer: int
    rule: str
    code: ReasonCode
    say: Callable[[Coverage], tuple[str, str]]
    kind: Kind | None = None
    id: str = ""
    uid: str = ""
    title: str = ""
    coverage: Coverage = field(init=False)


def of_event(
    verdict: Verdict, position: int | None, rules: Sequence[Rule], lead: timedelta, texts: StatusTexts
) -> Candidate:
    """The candidate of an event that counts, by the rule at `position` or by its kind."""
    event = verdict.event
    rule = None if position is None else rules[position]
    return Candidate(
        # A day does not start early: only what has a time of day does.
        start=event.start if event.all_day else event.start - lead,
        end=event.end,
        since=event.start,
        layer=len(rules) + _LAYER[verdict.kind] if position is None else position,
        rule=verdict.rule,
        code=ReasonCode.EVENT,
        say=partial(texts.event, event, verdict.kind, rule),
        kind=verdict.kind,
        id=event.id,
        uid=event.uid,
        title=event.title,
    )


def of_override(override: Override, texts: StatusTexts) -> Candidate:
    """The candidate of what the person asked for; "I'm back" wants nothing shown."""
    start, end = override.start, override.end or NEVER
    if override.kind is OverrideKind.BACK:
        return Candidate(start, end, start, -1, "back", ReasonCode.BACK_EARLY, lambda _: ("", ""))
    if override.kind is OverrideKind.OUT_OF_OFFICE:
        say, kind = partial(texts.absence, override.text, override.emoji), Kind.OUT_OF_OFFICE
        return Candidate(start, end, start, -1, "override", ReasonCode.OVERRIDE, say, kind)
    said = typed(override.text, override.emoji)
    return Candidate(start, end, start, -1, "override", ReasonCode.OVERRIDE, lambda _: said)


def typed(text: str, emoji: str) -> tuple[str, str]:
    """What a person typed, tidy, with the emoji that Slack would give a text without one."""
    text, emoji = tidy(text), tidy_emoji(emoji)
    return text, emoji or (DEFAULT_EMOJI if text else "")


def bridges(candidates: Iterable[Candidate], bridge: timedelta) -> list[Candidate]:
    """Claims for the gaps of at most `bridge` between meetings: the one that ended last goes on until the next."""
    if not bridge:
        return []
    found: list[Candidate] = []
    last: Candidate | None = None
    meetings = (candidate for candidate in candidates if candidate.kind is Kind.MEETING)
    for meeting in sorted(meetings, key=lambda one: (one.start, one.end, one.layer, one.id)):
        if last is not None and last.end < meeting.start <= last.end + bridge:
            found.append(replace(last, start=last.end, end=meeting.start, code=ReasonCode.BRIDGED))
        if last is None or meeting.end > last.end or (meeting.end == last.end and _wins(meeting, last)):
            last = meeting
    return found


def _wins(one: Candidate, other: Candidate) -> bool:
    return (one.layer, other.since, one.id) < (other.layer, one.since, other.id)


def by_precedence(
    overrides: Iterable[Override], candidates: Sequence[Candidate], texts: StatusTexts
) -> list[Candidate]:
    """All candidates, highest first: overrides, newest first; then by layer, later start, later end, smaller id."""
    newest = sorted(overrides, key=lambda override: (override.created_at, override.id), reverse=True)
    asked = [of_override(one, texts) for one in newest if one.end is None or one.end > one.start]
    ordered = sorted(candidates, key=lambda candidate: candidate.id)
    ordered.sort(key=lambda candidate: (candidate.since, candidate.end), reverse=True)
    ordered.sort(key=lambda candidate: candidate.layer)
    return asked + ordered


def measure(candidates: Iterable[Candidate]) -> None:
    """Give each candidate the coverage it belongs to: the contiguous or overlapping coverage of its group.

    All absences are one group, or all of one rule.
    """
    coverages: dict[str, Coverage] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.since):
        group = Kind.OUT_OF_OFFICE.value if candidate.kind is Kind.OUT_OF_OFFICE else candidate.rule
        end = None if candidate.end == NEVER else candidate.end
        coverage = coverages.get(group)
        if coverage is None or (coverage.end is not None and candidate.since > coverage.end):
            coverage = coverages[group] = Coverage(candidate.since, end)
        else:
            coverage.end = None if coverage.end is None or end is None else max(coverage.end, end)
        candidate.coverage = coverage


def resolve(facts: PersonFacts, start: datetime, end: datetime, default_texts: DefaultTexts = ENGLISH) -> Timeline:
    """The person's timeline over `[start, end)` (aware, UTC), and a verdict on every event that overlaps it.

    All-day and floating events are placed in the person's zone here. Events outside of the window may be given and
    help: they tell where a span that runs into the window began, and until when an absence lasts. A span that the
    window's end cuts ends, and expires, there. Raises ValueError for a window that is empty.
    """
    if end <= start:
        raise ValueError("the window is empty")
    preferences, zone = facts.preferences, facts.zone
    texts = StatusTexts(preferences, facts.policy, zone, default_texts)
    judged = [judge(event.placed(zone), facts.rules, preferences, zone, facts.names) for event in facts.events]
    candidates = [
        of_event(verdict, position, facts.rules, preferences.lead, texts)
        for verdict, position in judged
        if verdict.counted
    ]
    candidates += bridges(candidates, preferences.bridge)
    ordered = by_precedence(facts.overrides, candidates, texts)
    measure(ordered)
    idle = preferences.idle
    says_idle = ("", "") if idle is None else typed(idle.text, idle.emoji)
    spans = [_span(run, start, end) for run in _runs(_sweep(ordered), says_idle, start, end)]
    overlapping = [
        verdict
        for verdict, _ in judged
        if verdict.event.start < end and (verdict.event.end > start or verdict.event.start >= start)
    ]
    overlapping.sort(key=lambda verdict: (verdict.event.start, verdict.event.end, verdict.event.id))
    return Timeline(start, end, tuple(spans), tuple(overlapping))


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
        says = says_idle if candidate is None else candidate.say(candidate.coverage)
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


# ── a person's days ─────────────────────────────────────────────────────────────────────────────────


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins in `zone`, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the day that holds `now` begins and ends in `zone`, in UTC."""
    day = now.astimezone(zone).date()
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def stored(facts: PersonFacts, spans: Sequence[Span], now: datetime) -> tuple[Span, Timeline] | None:
    """The span that holds `now`, and today's timeline without verdicts, from the stored spans of today, in order.

    None where these are not the whole truth: facts have changed, a part of the day is not stored, or the span ends
    where what is resolved does, which is no end to tell anybody.
    """
    start, end = today(now, facts.zone)
    until = facts.resolved_until
    span = next((span for span in spans if span.end > now), None)
    if until is None or until < end or span is None or span.end >= until or spans[0].start > start:
        return None
    day = [replace(one, start=max(one.start, start), end=min(one.end, end)) for one in spans]
    return span, Timeline(start, end, tuple(day), ())
