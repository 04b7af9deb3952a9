"""What is due for people: the tick, and timelines resolved anew.

The tick takes everybody who is due, a batch a transaction, and decides by the stored timeline whose profile is worth a
look, and when somebody is due next; the look itself, and the write, are the sender's (`services.engine.sender`).
Level-triggered: doing it twice does no harm, and a crash leaves everybody due.

Where facts have changed, or what is stored runs short, a timeline is resolved anew. That takes milliseconds to seconds,
so it is done outside of any transaction: what is read is numbered, and written back only while that number stands. A
change meanwhile wins, and leaves its person due.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from services.domain import calendars, ownership, timeline
from services.domain.decisions import GRACE
from services.domain.model import Kind, OwnStatusPolicy, PersonKey, Span, Stretch, Timeline
from services.domain.people import PersonFacts
from services.domain.profile_state import DuePerson, ProfileState, Resolution, Urgency
from services.domain.text import ENGLISH, DefaultTexts
from services.platform.concurrency import off_loop_if
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.store.absence_rows import ResolvedAbsences
from services.store.due import DueStore

log = structlog.get_logger(__name__)

PEOPLE_AT_ONCE = 100
"""How many one transaction takes: what others write waits for it."""

KEEP_AHEAD = timedelta(days=7)
"""A stored timeline that reaches less far is resolved anew, so at least daily."""

TIMELINES_AT_ONCE = 32
"""How many are read, resolved and written back together."""

BACK = timedelta(days=1)
AHEAD = timedelta(days=8)
LONGER = (timedelta(days=40), timedelta(days=400))
"""How far to look for the end of a span that the window cuts off: its end is what Slack is told."""

TOLD_AHEAD = calendars.AHEAD
"""How far ahead absences are told: as far as calendars are read."""

OFF_LOOP = 100
"""Of more events than this, a timeline is resolved in a thread."""

RETRY = timedelta(minutes=15)


class Reconciler:
    """DueWork "people"."""

    name = "people"

    def __init__(self, due: DueStore, clock: Clock) -> None:
        self._due = due
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """Return when the first person is due."""
        return await self._due.next_due()

    async def run_due(self) -> Report:
        """Do one batch of those due now. `changed` counts those whose profile is worth a look."""
        now = self._clock.now()
        async with self._due.batch(now, PEOPLE_AT_ONCE) as batch:
            outcomes = [self._decided(person, now) for person in batch.people]
            await batch.save(outcomes)
        return Report(done=len(outcomes), changed=sum(outcome.urgency is not None for outcome in outcomes))

    def _decided(self, person: DuePerson, now: datetime) -> Resolution:
        """Return what is due by the stored timeline; where that runs short, it is resolved anew right after."""
        until = person.resolved_until
        if person.span is None or until is None:
            return Resolution(person.key, now, stale=True)
        outcome = decide(person, person.span, now, until=until)
        return outcome if until > now + KEEP_AHEAD else replace(outcome, due_at=now, stale=True)


def decide(person: DuePerson, span: Span, now: datetime, *, until: datetime) -> Resolution:
    """Say what is to be done for whose timeline says `span` now, and reaches `until`; and when they are due next."""
    memory, pause, due_at = person.memory, person.pause, min(span.end, until - KEEP_AHEAD)
    outcome = Resolution(key=person.key, due_at=due_at, since=person.due_at, home_stale=person.looks_at_home)
    if memory is None:
        return outcome
    # whenever they may be written to again, the profile is looked at
    undecided = replace(memory, decided="", look=None) if memory.decided or memory.look else None
    if not person.granted:
        return replace(outcome, memory=undecided)
    if pause is not None and pause.holds(now):
        return replace(outcome, memory=undecided, due_at=min(due_at, pause.end or due_at))
    if pause is not None and pause.start > now:
        outcome = replace(outcome, due_at=min(due_at, pause.start))
    return _look(outcome, person, memory, span, now)


def _look(outcome: Resolution, person: DuePerson, memory: ProfileState, span: Span, now: datetime) -> Resolution:
    """Return whether the profile is worth a look now, and when it will be."""
    due_at, standing, applied = outcome.due_at or now, memory.standing, memory.standing.applied
    if memory.decided == digest(span, person.policy) and (memory.look is None or memory.look > now):
        return replace(outcome, due_at=min(due_at, memory.look or due_at))
    urgency = _urgency(memory, span)
    if not span.shows and standing.covered is None and standing.pending is None:
        if applied is None:
            return outcome
        if applied.expiration is not None and applied.expiration <= now:
            # nothing comes after our status, which Slack clears at its end by itself: that is checked
            check, urgency = applied.expiration + GRACE, Urgency.CHECK
            if now < check:
                return replace(outcome, due_at=min(due_at, check))
    # where something waits, what is under way may be something else: that, too, must be known to be ours
    foreseen = standing if person.waits else ownership.foresee(standing, span, now)
    changed = None if foreseen == standing else replace(memory, standing=foreseen)
    return replace(outcome, urgency=Urgency.TYPED if person.typed else urgency, memory=changed)


def _urgency(memory: ProfileState, span: Span) -> int:
    if span.override or memory.override or span.kind is Kind.OUT_OF_OFFICE:
        return Urgency.OUT_OF_OFFICE
    return Urgency.MEETING if span.kind is Kind.MEETING else Urgency.REST


def digest(span: Span, policy: OwnStatusPolicy) -> str:
    """Return what a decision is about: as long as it stays the same, the profile needs no other look."""
    expiration = span.status.expiration
    facts = [
        span.start.isoformat(), span.status.text, span.status.emoji,
        None if expiration is None else expiration.isoformat(), span.override, span.rule, policy.value,
    ]  # fmt: skip
    if span.asked_at is not None:
        facts.append(span.asked_at.isoformat())
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A timeline's spans and stretches from the day on which it was resolved, and how far the spans reach.

    `absences` reach further.
    """

    spans: tuple[Span, ...]
    stretches: tuple[Stretch, ...]
    until: datetime
    absences: ResolvedAbsences

    def at(self, instant: datetime) -> Span:
        return next(span for span in self.spans if span.end > instant)


class Timelines:
    """DueWork "typed", the timelines of people who did something by hand, or "timelines", those of the others."""

    def __init__(
        self,
        due: DueStore,
        clock: Clock,
        *,
        typed: bool,
        default_texts: Callable[[str], DefaultTexts] = lambda locale: ENGLISH,
    ) -> None:
        """`default_texts` gives the default texts of a locale."""
        self.name = "typed" if typed else "timelines"
        self._due = due
        self._clock = clock
        self._typed = typed
        self._default_texts = default_texts

    async def next_due(self) -> datetime | None:
        """Return when the first timeline is to be resolved anew."""
        return await self._due.next_stale(typed=self._typed)

    async def run_due(self) -> Report:
        """Do some of those that are due now. `changed` counts those whose profile is worth a look."""
        claimed = await self._due.claim_stale(self._clock.now(), TIMELINES_AT_ONCE, typed=self._typed)
        if not claimed:
            return Report()
        now = self._clock.now()
        facts = await self._due.facts(list(claimed), now - BACK, now + AHEAD, ahead=now + TOLD_AHEAD)
        resolved = await self._resolve(facts, now)
        sealed = await self._due.spans.sealed({key: found.spans for key, found in resolved.items()})
        now = self._clock.now()
        async with self._due.unchanged(claimed, now) as batch:
            outcomes = []
            for person in batch.people:
                found = resolved.get(person.key)
                if person.key not in facts:  # and is there: whoever was forgotten meanwhile is not
                    log.error("person_not_readable", team_id=person.key.team_id, user_id=person.key.user_id)
                if found is None:
                    outcomes.append(Resolution(person.key, now + RETRY, stale=True))
                else:
                    outcome = decide(person, found.at(now), now, until=found.until)
                    outcomes.append(replace(outcome, resolved_until=found.until))
            stretches = {key: found.stretches for key, found in resolved.items()}
            await batch.save(outcomes, sealed, stretches, {key: one.absences for key, one in resolved.items()})
        changed = sum(outcome.urgency is not None for outcome in outcomes)
        failed = sum(person.key not in resolved for person in batch.people)
        return Report(done=len(claimed), changed=changed, failed=failed)

    async def _resolve(self, facts: Mapping[PersonKey, PersonFacts], now: datetime) -> dict[PersonKey, _Resolved]:
        start = now - BACK
        before = await self._due.spans_at(list(facts), start)
        resolved: dict[PersonKey, _Resolved] = {}
        for key, known in facts.items():
            with guarded("person_not_resolved", team_id=key.team_id, user_id=key.user_id):
                resolved[key] = await self._timeline(known, before.get(key), start, now)
            await asyncio.sleep(0)  # other people's work goes on between two timelines
        return resolved

    async def _timeline(self, facts: PersonFacts, before: Span | None, start: datetime, now: datetime) -> _Resolved:
        end = now + AHEAD
        found = await self._resolve_one(facts, start, end)
        for further in LONGER:
            if found.at(now).end < end or found.at(now).status.expiration is None:  # Slack is told of no end
                break
            end = _coarse(now + further)
            longer = await self._due.facts([facts.key], start, end, ahead=now + TOLD_AHEAD)
            found = await self._resolve_one(longer[facts.key], start, end)
        # What was shown earlier today is kept too: the Home tab shows the whole day.
        midnight, _ = timeline.today(now, facts.zone)
        spans = [span for span in found.spans if span.end > midnight]
        # Where the window cuts the span off it goes on from where it began, so that "typed during" stays true: what was
        # shown when the window begins began as it is stored, however much of it is before all that is read now.
        began = [spans[0].began or spans[0].start]
        if before is not None and spans[0].start == start and _goes_on(before, spans[0]):
            began.append(before.start)
            asked_at = before.asked_at
            if asked_at is not None and asked_at <= start:  # what was asked for later is read now, or was taken back
                spans[0] = replace(spans[0], asked_at=max(asked_at, spans[0].asked_at or asked_at))
        spans[0] = replace(spans[0], start=min(began), began=None)
        told = [one for one in found.absences if one.start < now + (AHEAD if one.place else TOLD_AHEAD)]
        return _Resolved(tuple(spans), found.stretches, min(end, now + AHEAD), ResolvedAbsences(start, told))

    async def _resolve_one(self, facts: PersonFacts, start: datetime, end: datetime) -> Timeline:
        default_texts = self._default_texts(facts.locale)
        return await off_loop_if(
            len(facts.events) + len(facts.coming) >= OFF_LOOP, timeline.resolve, facts, start, end, default_texts
        )


def _coarse(instant: datetime) -> datetime:
    """Return a far end that stays the same for weeks, so that what is open-ended is not written anew each day."""
    return datetime.fromtimestamp((int(instant.timestamp()) // (32 * 86_400) + 1) * 32 * 86_400, UTC)


def _goes_on(before: Span, span: Span) -> bool:
    """Say whether two spans with an instant in common, resolved at different times, are one for what is typed."""
    is_same = (before.rule, before.uid, before.shows) == (span.rule, span.uid, span.shows)
    shows_same = (before.status.text, before.status.emoji) == (span.status.text, span.status.emoji)
    return before.override is span.override and (is_same or shows_same)
