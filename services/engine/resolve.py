"""Timelines resolved anew, where facts have changed or what is stored runs short: read, resolve, write back.

Resolving takes milliseconds to seconds, so it is done outside of any transaction. What is read is numbered, and
written back only while that number stands: a change meanwhile wins, and leaves its person due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from services.domain import days
from services.domain.default_texts import ENGLISH, DefaultTexts
from services.domain.facts import PersonFacts
from services.domain.model import PersonKey, Span, Timeline
from services.domain.profile_state import DuePerson, Resolution
from services.engine.leases import Leases
from services.engine.tick import decide, tell
from services.platform.guard import guarded
from services.platform.threads import off_loop_if
from services.ports import Clock, Report
from services.store.due import DueStore

log = structlog.get_logger(__name__)

BATCH = 32
"""How many are read, resolved and written back together."""

BACK = timedelta(days=1)
AHEAD = timedelta(days=8)
LONGER = (timedelta(days=40), timedelta(days=400))
"""How far to look for the end of a span that the window cuts off: its end is what Slack is told."""

OFF_LOOP = 100
"""Of more events than this, a timeline is resolved in a thread."""

RETRY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A timeline's spans from the day on which it was resolved, and how far they reach."""

    spans: tuple[Span, ...]
    until: datetime

    def at(self, instant: datetime) -> Span:
        return next(span for span in self.spans if span.end > instant)


class Timelines:
    """DueWork "typed", the timelines of people who did something by hand, or "timelines", those of the others."""

    def __init__(
        self,
        due: DueStore,
        leases: Leases,
        clock: Clock,
        *,
        typed: bool,
        default_texts: Callable[[str], DefaultTexts] = lambda locale: ENGLISH,
    ) -> None:
        """`default_texts` gives the default texts of a locale."""
        self.name = "typed" if typed else "timelines"
        self._due = due
        self._leases = leases
        self._clock = clock
        self._typed = typed
        self._default_texts = default_texts

    async def next_due(self) -> datetime | None:
        """When the first timeline is to be resolved anew."""
        return await self._due.next_stale(typed=self._typed)

    async def run_due(self) -> Report:
        """Some of those that are due now. `changed` counts those whose profile is worth a look."""
        claimed = await self._due.claim_stale(self._clock.now(), BATCH, typed=self._typed)
        if not claimed:
            return Report()
        resolved = await self._resolve(list(claimed), self._clock.now())
        sealed = await self._due.sealed({key: found.spans for key, found in resolved.items()})
        now = self._clock.now()
        async with self._due.unchanged(claimed, now) as batch:
            outcomes = [_outcome(person, resolved.get(person.key), now) for person in batch.people]
            await batch.save(outcomes, sealed)
            await tell(self._leases, batch.transaction, outcomes)
        changed = sum(outcome.urgency is not None for outcome in outcomes)
        return Report(done=len(claimed), changed=changed, failed=len(claimed) - len(resolved))

    async def _resolve(self, keys: Sequence[PersonKey], now: datetime) -> dict[PersonKey, _Resolved]:
        start = now - BACK
        facts = await self._due.facts(keys, start, now + AHEAD)
        before = await self._due.spans_at(keys, start)
        resolved: dict[PersonKey, _Resolved] = {}
        for key in keys:
            if key not in facts:
                log.error("person_not_readable", team_id=key.team_id, user_id=key.user_id)
                continue
            with guarded("person_not_resolved", team_id=key.team_id, user_id=key.user_id):
                resolved[key] = await self._timeline(facts[key], before.get(key), start, now)
            await asyncio.sleep(0)  # other people's work goes on between two timelines
        return resolved

    async def _timeline(self, facts: PersonFacts, before: Span | None, start: datetime, now: datetime) -> _Resolved:
        end = now + AHEAD
        found = await self._resolve_one(facts, start, end)
        for further in LONGER:
            if found.at(now).end < end or found.at(now).status.expiration is None:  # Slack is told of no end
                break
            end = _coarse(now + further)
            longer = await self._due.facts([facts.key], start, end)
            found = await self._resolve_one(longer[facts.key], start, end)
        # What was shown earlier today is kept too: the Home tab shows the whole day.
        midnight, _ = days.today(now, facts.zone)
        spans = [span for span in found.spans if span.end > midnight]
        # Where the window cuts the span off it goes on from where it began, so that "typed during" stays true.
        if spans[0].began is not None:
            spans[0] = replace(spans[0], start=spans[0].began, began=None)
        elif before is not None and spans[0].start == start and _continues(before, spans[0]):
            spans[0] = replace(spans[0], start=before.start)
        return _Resolved(tuple(spans), min(end, now + AHEAD))

    async def _resolve_one(self, facts: PersonFacts, start: datetime, end: datetime) -> Timeline:
        default_texts = self._default_texts(facts.locale)
        return await off_loop_if(len(facts.events) >= OFF_LOOP, days.resolve, facts, start, end, default_texts)


def _outcome(person: DuePerson, resolved: _Resolved | None, now: datetime) -> Resolution:
    if resolved is None:
        return Resolution(person.key, now + RETRY, stale=True)
    outcome = decide(person, resolved.at(now), now, until=resolved.until)
    return replace(outcome, resolved_until=resolved.until)


def _coarse(instant: datetime) -> datetime:
    """A far end that stays the same for weeks, so that what is open-ended is not written anew each day."""
    return datetime.fromtimestamp((int(instant.timestamp()) // (32 * 86_400) + 1) * 32 * 86_400, UTC)


def _continues(before: Span, span: Span) -> bool:
    return (before.rule, before.uid, before.override, before.shows) == (span.rule, span.uid, span.override, span.shows)
