"""The tick: everybody who is due, a batch a transaction.

It decides whose profile is worth a look, and when somebody is due next; the look itself, and the write, are the
sender's (`services.engine.sender`). It decides by the stored timeline; whose is to be resolved anew waits for that
(`services.engine.resolve`).

Level-triggered: doing it twice does no harm, and a crash leaves everybody due.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.model import Kind, OwnStatusPolicy, Span, Standing
from services.domain.profile_state import DuePerson, ProfileState, Resolution
from services.engine.leases import Leases
from services.ports import Clock, Report
from services.store.due import DueStore

BATCH = 100
"""How many one transaction takes: what others write waits for it."""

KEEP_AHEAD = timedelta(days=7)
"""A stored timeline that reaches less far is resolved anew, so at least daily."""


class Urgency:
    """Who goes first: what was done by hand just now, then absences and the rest of what was typed."""

    TYPED = 0
    OUT_OF_OFFICE = 1
    MEETING = 2
    REST = 3
    CHECK = 8


class Reconciler:
    """DueWork "people"."""

    name = "people"

    def __init__(self, due: DueStore, leases: Leases, clock: Clock) -> None:
        """`leases` tell the senders of those whose profile is worth a look."""
        self._due = due
        self._leases = leases
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """When the first person is due."""
        return await self._due.next_due()

    async def run_due(self) -> Report:
        """One batch of those due now. `changed` counts those whose profile is worth a look."""
        now = self._clock.now()
        async with self._due.batch(now, BATCH) as batch:
            outcomes = [_stored(person, now) for person in batch.people]
            await batch.save(outcomes)
            await tell(self._leases, batch.transaction, outcomes)
        return Report(done=len(outcomes), changed=sum(outcome.urgency is not None for outcome in outcomes))


async def tell(leases: Leases, transaction: AsyncConnection, outcomes: Iterable[Resolution]) -> None:
    """Have the senders look, once `transaction` is committed, if `outcomes` give them something to do."""
    news = [one for one in outcomes if one.urgency is not None or one.home_stale]
    if news:
        await leases.tell(transaction, typed=any(one.urgency == Urgency.TYPED for one in news))


def _stored(person: DuePerson, now: datetime) -> Resolution:
    """What is due by the stored timeline; where that runs short, it is resolved anew right after."""
    until = person.resolved_until
    if person.span is None or until is None:
        return Resolution(person.key, now, stale=True)
    outcome = decide(person, person.span, now, until=until)
    return outcome if until > now + KEEP_AHEAD else replace(outcome, due_at=now, stale=True)


def decide(person: DuePerson, span: Span, now: datetime, *, until: datetime) -> Resolution:
    """What is to be done for somebody whose timeline says `span` now, and reaches `until`; when they are due next."""
    due_at = min(span.end, until - KEEP_AHEAD)
    outcome = Resolution(key=person.key, due_at=due_at, since=person.due_at, home_stale=person.looks_at_home)
    if person.memory is None:
        return outcome
    if not person.granted:
        return replace(outcome, memory=_undecided(person.memory))
    outcome = _look(outcome, person, person.memory, span, now)
    return outcome if outcome.urgency is None or not person.typed else replace(outcome, urgency=Urgency.TYPED)


def _look(outcome: Resolution, person: DuePerson, memory: ProfileState, span: Span, now: datetime) -> Resolution:
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
    outcome = replace(outcome, due_at=due_at, urgency=_urgency(memory, span, check))
    if person.waits:  # what is under way may be something else: that, too, must be known to be ours
        return outcome
    foreseen = ownership.foresee(standing, span, now)
    return outcome if foreseen == standing else replace(outcome, memory=replace(memory, standing=foreseen))


def _undecided(memory: ProfileState) -> ProfileState | None:
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


def _urgency(memory: ProfileState, span: Span, check: datetime | None) -> int:
    if check is not None:
        return Urgency.CHECK
    if span.override or memory.override:
        return Urgency.OUT_OF_OFFICE
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
