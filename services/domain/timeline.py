"""Events, rules and overrides of one person → a gap-free sequence of spans. Pure; input order is no matter."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.domain import absences
from services.domain.absences import Absence
from services.domain.candidates import (
    NEVER,
    Candidate,
    bridges,
    by_precedence,
    measure,
    of_event,
    of_override,
    of_routines,
    typed,
)
from services.domain.events import judge
from services.domain.lines import Line, Rule, complete
from services.domain.model import (
    NO_STATUS,
    Effect,
    Event,
    Kind,
    OverrideKind,
    OwnStatusPolicy,
    Photo,
    Span,
    Status,
    Stretch,
    Timeline,
    Verdict,
)
from services.domain.people import PersonFacts
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import ENGLISH, DefaultTexts, StatusTexts

Edge = tuple[datetime, Candidate | None]
"""From which instant on who is the highest."""

_Judged = tuple[Verdict, int | None]
"""A verdict on an event, and the position of its line, where it counts."""


def resolve(facts: PersonFacts, start: datetime, end: datetime, default_texts: DefaultTexts = ENGLISH) -> Timeline:
    """Return the person's timeline over `[start, end)` (aware, UTC), and a verdict on every event that overlaps it.

    All-day and floating events are placed in the person's zone here. Events outside of the window may be given and
    help: they tell where a span that runs into the window began, and until when an absence lasts. A span that the
    window's end cuts ends, and expires, there; absences go on behind it. The workspace's policy is the floor of all of
    it. Raises ValueError for a window that is empty.
    """
    if end <= start:
        raise ValueError("the window is empty")
    facts = replace(facts, lines=complete(facts.lines)).floored
    preferences, zone, lines = facts.preferences, facts.zone, facts.lines
    looks = {line.kind: line.look for line in lines if isinstance(line, Rule) and line.kind is not None}
    texts = StatusTexts(looks, preferences, zone, default_texts)
    judged = _judged(facts, facts.events, lines)
    candidates = [
        of_event(verdict, position, line, preferences.lead, texts)
        for verdict, position in judged
        if position is not None and isinstance(line := lines[position], Rule)
    ]
    candidates += bridges(candidates, preferences.bridge)
    asked = [of_override(one, lines, texts) for one in facts.overrides if one.end is None or one.end > one.start]
    mine_always_wins = preferences.own_status is OwnStatusPolicy.MINE_ALWAYS_WINS
    yielding = [one for one in asked if one.endless and not mine_always_wins]
    asked = _replaced(asked, yielding)
    away = [(one.since, one.end) for one in (*candidates, *asked) if one.kind is Kind.OUT_OF_OFFICE]
    candidates += of_routines(lines, away, (start, end), texts)
    measure([*asked, *candidates])
    firm = sorted((one for one in asked if not one.endless or mine_always_wins), key=_asked, reverse=True)
    edges = _with_yielding(_sweep([*firm, *by_precedence(candidates)]), yielding)
    idle = preferences.idle
    says_idle = ("", "") if idle is None else typed(idle.text, idle.emoji)
    spans = [_span(run, start, end) for run in _runs(edges, says_idle, start, end, mine_always_wins=mine_always_wins)]
    overlapping = [
        verdict
        for verdict, _ in judged
        if verdict.event.start < end and (verdict.event.end > start or verdict.event.start >= start)
    ]
    overlapping.sort(key=lambda verdict: (verdict.event.start, verdict.event.end, verdict.event.id))
    told: tuple[Absence, ...] = ()
    if away or facts.coming or any(one.kind is Kind.WORKING_LOCATION for one in candidates):
        told = _absences(facts, judged, candidates, edges, (start, end))
    return Timeline(start, end, tuple(spans), tuple(overlapping), tuple(_stretches(edges, start, end)), told)


def _judged(facts: PersonFacts, events: Iterable[Event], lines: Sequence[Line]) -> list[_Judged]:
    """Return each event, placed in the person's zone, with its verdict and the position of its line."""
    return [
        judge(event.placed(facts.zone), lines, facts.preferences, facts.zone, facts.names, domains=facts.domains)
        for event in events
    ]


def _absences(
    facts: PersonFacts, judged: Sequence[_Judged], candidates: Iterable[Candidate], edges: Sequence[Edge],
    window: tuple[datetime, datetime],
) -> tuple[Absence, ...]:  # fmt: skip
    """Return when others may be told that the person is out, and where they work. `judged`: `facts.events`."""
    start, end = window
    pieces = list(_pieces(edges))
    away = [(since, until) for since, until, one in pieces if one.kind is Kind.OUT_OF_OFFICE]
    back = [(since, until) for since, until, one in pieces if one.code is ReasonCode.BACK_EARLY]
    places = by_precedence(one for one in candidates if one.kind is Kind.WORKING_LOCATION)
    shown = {one.id for _, _, one in _pieces(_sweep(places))}
    coming = _judged(facts, facts.coming, complete(facts.lines)) if facts.coming else []
    counted = [verdict for verdict, at in (*judged, *coming) if at is not None and verdict.event.end > start]
    sources = [absences.of_event(one.event) for one in counted if one.kind is Kind.OUT_OF_OFFICE]
    sources += [
        absences.of_override(one.id, one.start, one.end)
        for one in facts.overrides
        if one.kind is OverrideKind.OUT_OF_OFFICE and (one.end is None or one.end > max(one.start, start))
    ]
    worked = [absences.of_event(one.event) for one in counted if one.event.id in shown]
    share = facts.preferences.share_absences
    told = absences.told(sources, away, back, worked, facts.zone, near_until=end, share=share)
    return tuple(one for one in told if one.end > start)


def _pieces(edges: Sequence[Edge]) -> Iterator[tuple[datetime, datetime, Candidate]]:
    """From when to when who wins."""
    for (since, candidate), (until, _) in pairwise([*edges, (NEVER, None)]):
        if candidate is not None:
            yield since, until, candidate


# ── who wins ────────────────────────────────────────────────────────────────────────────────────────


def _sweep(candidates: Sequence[Candidate]) -> list[Edge]:
    """Return who is the highest from which instant on.

    `candidates` highest first; n log n, also where everything overlaps.
    """
    waiting = sorted(range(len(candidates)), key=lambda index: candidates[index].start, reverse=True)
    running: list[int] = []
    edges: list[Edge] = []
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


def _with_yielding(edges: Sequence[Edge], yielding: Iterable[Candidate]) -> list[Edge]:
    """Return the same with overrides without an end, which yield to what begins later and show again in between."""
    starts, begun = dict(edges), sorted(yielding, key=lambda one: one.start, reverse=True)
    found: list[Edge] = []
    highest: Candidate | None = None
    newest: Candidate | None = None
    for instant in sorted(starts.keys() | {one.start for one in begun}):
        highest = starts.get(instant, highest)
        while begun and begun[-1].start <= instant:
            newest = max([begun.pop(), *([] if newest is None else [newest])], key=_asked)
        winner = newest if newest is not None and _stays(newest, highest) else highest
        if not found or winner is not found[-1][1]:
            found.append((instant, winner))
    return found


def _replaced(asked: Iterable[Candidate], yielding: Sequence[Candidate]) -> list[Candidate]:
    """Return the overrides, a typed one with an end cut where a newer one without an end took its place.

    Else it would go on keeping away the events that cover the newer one. Absences are not cut: they are above events.
    """
    found = []
    for one in asked:
        newer: list[datetime] = []
        if not one.endless and one.kind is None and one.code is ReasonCode.OVERRIDE:
            newer = [by.start for by in yielding if one.start <= by.start < one.end and _asked(by) > _asked(one)]
        found.append(replace(one, end=min(newer)) if newer else one)
    return [one for one in found if one.start < one.end]


def _asked(override: Candidate) -> tuple[datetime, str]:
    return override.asked_at or override.since, override.id


def _stays(endless: Candidate, other: Candidate | None) -> bool:
    """Return whether `other` does not hide an override without an end: it is older, or was taken back itself.

    One that was asked for before and begins later, such as an absence, hides it as an event does.
    """
    if other is None or other.code is ReasonCode.BACK_EARLY:
        return True
    return endless.start >= other.since and (other.asked_at is None or _asked(endless) > _asked(other))


def _stretches(edges: Sequence[Edge], start: datetime, end: datetime) -> list[Stretch]:
    """For how long each effect is on, of those that touch the window. A photo begins where another one was before."""
    found: list[Stretch] = []
    running: dict[Effect, Stretch] = {}
    for (edge, candidate), (until, _) in pairwise([*edges, (NEVER, None)]):
        if candidate is None:
            continue
        for effect in candidate.effects:
            photo = (candidate.photo or Photo()) if effect is Effect.PHOTO else None
            one = Stretch(effect, edge, end if until == NEVER else until, until != NEVER, candidate.rule, photo)
            before = running.get(effect)
            if before is not None and before.end == edge and before.photo == photo:
                one = replace(one, start=before.start, rule=before.rule)
            elif before is not None:
                found.append(before)
            running[effect] = one
    found += running.values()
    return sorted(
        (one for one in found if one.start < end and one.end > start), key=lambda one: (one.start, one.effect)
    )


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Run:
    """Neighbouring pieces that show the same. `candidate` is the winner where the run enters the window.

    What somebody asked for begins one of its own, whatever shows before it: it is written over what they have typed.
    """

    says: tuple[str, str]
    began: datetime | None
    end: datetime
    candidate: Candidate | None
    endless: bool = False
    asked_at: datetime | None = None
    by_hand: bool = False

    def ask(self, candidate: Candidate | None) -> None:
        """Take in when `candidate` was asked for, where it is what begins at once: what is yet to come says nothing."""
        asked_at = None if candidate is None else candidate.asked_at
        if candidate is not None and asked_at is not None and candidate.since <= asked_at:
            self.asked_at = max(self.asked_at or asked_at, asked_at)


def _runs(
    edges: Sequence[Edge], says_idle: tuple[str, str], start: datetime, end: datetime, *, mine_always_wins: bool
) -> Iterator[_Run]:
    """Yield the runs that overlap the window; what is before the first edge and after the last is nobody's.

    Where an event goes on with the same words, what was asked for goes on with it, unless what the person types
    always wins over events.
    """
    run = _Run(says_idle, None, edges[0][0] if edges else NEVER, None)
    for (edge, candidate), (until, _) in pairwise([*edges, (NEVER, None)]):
        if edge >= end:
            break
        says = says_idle if candidate is None else candidate.say(candidate.coverage)
        by_hand = candidate is not None and candidate.layer < 0 and says != ("", "")
        is_word = (by_hand and not run.by_hand) or (mine_always_wins and by_hand is not run.by_hand)
        if says == run.says and not is_word:
            run.candidate = candidate if run.end <= start else run.candidate
            run.end, run.by_hand = until, by_hand
        else:
            if run.end > start:
                yield run
            run = _Run(says, edge, until, candidate, by_hand=by_hand)
        # Nobody knows the end of an override without one; that of idle time is only not known yet.
        run.endless = until == NEVER and candidate is not None
        run.ask(candidate)
    yield run


def _span(run: _Run, start: datetime, end: datetime) -> Span:
    candidate, (text, emoji) = run.candidate, run.says
    begins, ends = max(run.began or start, start), min(run.end, end)
    known_end = None if run.endless else ends
    shows = bool(text or emoji)
    rule, code = ("idle", ReasonCode.IDLE) if shows else ("nothing", ReasonCode.NOTHING)
    if candidate is not None:
        rule, code = candidate.rule, candidate.code
    # The window's border is no end to tell anybody.
    said_end = known_end if run.end <= end else None if candidate is None or run.end == NEVER else run.end
    began = run.began
    if candidate is not None and candidate.endless and began is not None:
        began = min(began, candidate.since)  # it shows again: what was typed since it was asked for is newer
    asked_at = run.asked_at if candidate is not None and candidate.layer < 0 else None
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
        began=began if began is not None and began < begins else None,
        asked_at=asked_at if asked_at is not None and asked_at > (began or begins) else None,
    )


# ── a person's days ─────────────────────────────────────────────────────────────────────────────────


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when `day` begins in `zone`, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the day that holds `now` begins and ends in `zone`, in UTC."""
    day = now.astimezone(zone).date()
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def stored(facts: PersonFacts, spans: Sequence[Span], now: datetime) -> tuple[Span, Timeline] | None:
    """Find the span that holds `now`, and today's timeline without verdicts, in the stored spans of today.

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
