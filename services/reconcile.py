"""The tick: everybody who is due, a batch a transaction.

It decides whose profile is worth a look, and when somebody is due next; the look itself, and the write, are the
lane's (`services.keeping`).

Level-triggered: doing it twice does no harm, and a crash leaves everybody due.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from services import ownership, timeline
from services.engine.guard import guarded
from services.model import Kind, OwnStatusPolicy, PersonKey, Span, Standing, Timeline
from services.ports import Clock, PersonFacts, Report
from services.wishes import DuePerson, Memory, Outcome
from services.wording import ENGLISH, Wording

log = structlog.get_logger(__name__)

BATCH = 500
STALE_BATCH = 64
"""How many timelines one transaction may resolve: it holds SQLite's only writer lock meanwhile."""

BACK = timedelta(days=1)
AHEAD = timedelta(days=8)
KEEP_AHEAD = timedelta(days=7)
"""A stored timeline that reaches less far is resolved anew, so at least daily."""

LONGER = (timedelta(days=40), timedelta(days=400))
"""How far to look for the end of a span that the window cuts off: its end is what Slack is told."""

RETRY = timedelta(minutes=15)


class Urgency:
    """Who goes first in a lane."""

    TYPED = 0
    OUT_OF_OFFICE = 1
    MEETING = 2
    REST = 3
    CHECK = 8


class Batch(Protocol):
    """People claimed by one transaction: `store.due.Batch`."""

    @property
    def transaction(self) -> Any: ...  # noqa: D102  # what the runner enqueues in

    @property
    def people(self) -> Sequence[DuePerson]: ...  # noqa: D102  # see the store

    async def facts(self, keys: Sequence[PersonKey], start: datetime, end: datetime) -> Mapping[PersonKey, PersonFacts]:
        """What deciding needs of `keys`, without those that cannot be read."""
        ...

    async def spans_at(self, keys: Sequence[PersonKey], instant: datetime) -> Mapping[PersonKey, Span]:
        """The stored spans that hold `instant`."""
        ...

    async def save(self, outcomes: Sequence[Outcome]) -> None:
        """Write everything down."""
        ...


class DuePeople(Protocol):
    """Where due people are claimed: `store.due.DueStore`."""

    async def next_due(self) -> datetime | None:
        """When the first person is due."""
        ...

    def batch(self, now: datetime, limit: int) -> AbstractAsyncContextManager[Batch]:
        """Claim at most `limit` of those due at `now`."""
        ...


class Lanes(Protocol):
    """Who runs the lanes: a runner of `services.engine`."""

    async def wake(self, transaction: Any, lanes: Iterable[str]) -> None:
        """Have these workspaces' lanes drained once `transaction` is committed."""
        ...


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A timeline's spans from the one that holds now, and how far they reach."""

    spans: tuple[Span, ...]
    until: datetime


class Reconciler:
    """DueWork "people"."""

    name = "people"

    def __init__(
        self,
        due: DuePeople,
        lanes: Lanes,
        clock: Clock,
        *,
        wording: Callable[[str], Wording] = lambda locale: ENGLISH,
        batch: int = BATCH,
    ) -> None:
        """`wording` gives the default texts of a locale; `batch` is the most people one transaction takes."""
        self._due = due
        self._lanes = lanes
        self._clock = clock
        self._wording = wording
        self._batch = batch

    async def next_due(self) -> datetime | None:
        """When the first person is due."""
        return await self._due.next_due()

    async def run_due(self) -> Report:
        """One batch of those due now. `changed` counts those whose profile is worth a look."""
        now = self._clock.now()
        async with self._due.batch(now, self._batch) as batch:
            taken, failed = _taken(batch.people, now), 0
            resolved = await self._resolve(batch, [person for person in taken if _runs_short(person, now)], now)
            outcomes: list[Outcome] = []
            for person in taken:
                if person.key in resolved or not _runs_short(person, now):
                    outcomes.append(_outcome(person, resolved.get(person.key), now))
                else:
                    failed += 1
                    outcomes.append(Outcome(person.key, now + RETRY, stale=True))
            await batch.save(outcomes)
            lanes = {outcome.key.team_id for outcome in outcomes if outcome.urgency is not None or outcome.home_stale}
            await self._lanes.wake(batch.transaction, sorted(lanes))
        changed = sum(outcome.urgency is not None for outcome in outcomes)
        return Report(done=len(outcomes), changed=changed, failed=failed)

    async def _resolve(self, batch: Batch, people: Sequence[DuePerson], now: datetime) -> dict[PersonKey, _Resolved]:
        if not people:
            return {}
        start = now - BACK
        keys = [person.key for person in people]
        facts = await batch.facts(keys, start, now + AHEAD)
        before = await batch.spans_at(keys, start)
        resolved: dict[PersonKey, _Resolved] = {}
        for key in keys:
            if key not in facts:
                log.error("person_not_readable", team_id=key.team_id, user_id=key.user_id)
                continue
            with guarded("person_not_resolved", team_id=key.team_id, user_id=key.user_id):
                resolved[key] = await self._timeline(batch, facts[key], before.get(key), start, now)
            await asyncio.sleep(0)  # other people's work goes on between two timelines
        return resolved

    async def _timeline(
        self, batch: Batch, facts: PersonFacts, before: Span | None, start: datetime, now: datetime
    ) -> _Resolved:
        end = now + AHEAD
        found = self._resolve_one(facts, start, end)
        for further in LONGER:
            if found.at(now).end < end or not found.at(now).shows:
                break
            end = _coarse(now + further)
            longer = await batch.facts([facts.key], start, end)
            found = self._resolve_one(longer[facts.key], start, end)
        spans = [span for span in found.spans if span.end > now]
        # Where the window cuts the span off it goes on from where it began, so that "typed during" stays true.
        if spans[0].began is not None:
            spans[0] = replace(spans[0], start=spans[0].began, began=None)
        elif before is not None and spans[0].start == start and _continues(before, spans[0]):
            spans[0] = replace(spans[0], start=before.start)
        return _Resolved(tuple(spans), min(end, now + AHEAD))

    def _resolve_one(self, facts: PersonFacts, start: datetime, end: datetime) -> Timeline:
        return timeline.resolve(
            facts.events,
            rules=facts.rules,
            overrides=facts.overrides,
            preferences=facts.preferences,
            policy=facts.policy,
            zone=facts.zone,
            start=start,
            end=end,
            wording=self._wording(facts.locale),
            names=facts.names,
        )


def _taken(people: Sequence[DuePerson], now: datetime) -> list[DuePerson]:
    taken: list[DuePerson] = []
    short = 0
    for person in people:
        if _runs_short(person, now):
            short += 1
            if short > STALE_BATCH:
                continue  # stays due, for the next batch
        taken.append(person)
    return taken


def _runs_short(person: DuePerson, now: datetime) -> bool:
    return (
        person.stale
        or person.span is None
        or person.resolved_until is None
        or person.resolved_until <= now + KEEP_AHEAD
    )


def _coarse(instant: datetime) -> datetime:
    """A far end that stays the same for weeks, so that what is open-ended is not written anew each day."""
    return datetime.fromtimestamp((int(instant.timestamp()) // (32 * 86_400) + 1) * 32 * 86_400, UTC)


def _continues(before: Span, span: Span) -> bool:
    return (before.rule, before.uid, before.override, before.shows) == (span.rule, span.uid, span.override, span.shows)


def _outcome(person: DuePerson, resolved: _Resolved | None, now: datetime) -> Outcome:
    span = person.span if resolved is None else resolved.spans[0]
    if span is None:  # cannot be: whoever has no stored span is resolved
        raise LookupError("no span")
    until = person.resolved_until if resolved is None else resolved.until
    refresh = now if until is None else until - KEEP_AHEAD
    outcome = Outcome(
        key=person.key,
        due_at=min(span.end, refresh),
        spans=None if resolved is None else resolved.spans,
        resolved_until=None if resolved is None else resolved.until,
        home_stale=person.home_opened,
    )
    if person.memory is None:
        return outcome
    if not person.granted:
        return replace(outcome, memory=_undecided(person.memory))
    return _look(outcome, person, person.memory, span, now)


def _look(outcome: Outcome, person: DuePerson, memory: Memory, span: Span, now: datetime) -> Outcome:
    """Whether the profile is worth a look now, and when it will be."""
    due_at = outcome.due_at or now
    if person.pause is not None and person.pause.holds(now):
        if person.pause.end is not None:
            due_at = min(due_at, person.pause.end)
        return replace(outcome, due_at=due_at, memory=_undecided(memory))
    if person.pause is not None and person.pause.start > now:
        due_at = min(due_at, person.pause.start)
    standing = memory.standing
    if memory.decided == digest(span, person.policy) and (memory.look is None or memory.look > now):
        return replace(outcome, due_at=due_at if memory.look is None else min(due_at, memory.look))
    if not span.shows and _nothing_stands(standing):
        return replace(outcome, due_at=due_at)
    check = _expires_by_itself(standing, span, now)
    if check is not None and now < check:
        return replace(outcome, due_at=min(due_at, check))
    return replace(outcome, due_at=due_at, urgency=_urgency(memory, span, check))


def _undecided(memory: Memory) -> Memory | None:
    """The memory of somebody who may not be written to now: whenever they may again, the profile is looked at."""
    return replace(memory, decided="", look=None) if memory.decided or memory.look else None


def _nothing_stands(standing: Standing) -> bool:
    return standing.applied is None and standing.covered is None and standing.pending is None


def _expires_by_itself(standing: Standing, span: Span, now: datetime) -> datetime | None:
    """When to check that Slack has cleared our status at its end, where nothing comes after it."""
    applied = standing.applied
    if span.shows or standing.covered is not None or standing.pending is not None or applied is None:
        return None
    if applied.expiration is None or applied.expiration > now:
        return None
    return applied.expiration + ownership.GRACE


def _urgency(memory: Memory, span: Span, check: datetime | None) -> int:
    if span.override or memory.override:
        return Urgency.TYPED
    if check is not None:
        return Urgency.CHECK
    return {Kind.OUT_OF_OFFICE: Urgency.OUT_OF_OFFICE, Kind.MEETING: Urgency.MEETING}.get(
        span.kind or Kind.WORKING_LOCATION, Urgency.REST
    )


def digest(span: Span, policy: OwnStatusPolicy) -> str:
    """What a decision is about: as long as it stays the same, the profile needs no other look."""
    expiration = span.status.expiration
    facts = [
        span.start.isoformat(), span.status.text, span.status.emoji,
        None if expiration is None else expiration.isoformat(), span.override, span.rule, policy.value,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]
