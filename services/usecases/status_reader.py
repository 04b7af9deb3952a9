"""How a person's status stands, why, and what it will be; and who of a workspace is out. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.domain import days
from services.domain.default_texts import DefaultTexts
from services.domain.errors import SealError
from services.domain.facts import PersonFacts
from services.domain.model import Override, Pause, PersonKey, Reason, Span, Standing, Status, Timeline, Verdict
from services.domain.profile_state import AuditEntry
from services.domain.reasons import NOT_SET
from services.domain.status_comparison import same
from services.ports import Clock
from services.store.absences import AbsenceStore, Away
from services.store.facts import FactStore
from services.store.overrides import OverrideStore
from services.store.writes import AuditStore

_AHEAD = timedelta(days=40)
_BACK = timedelta(days=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand. `span` is what the timeline says at `at`; `day` the timeline of today, midnight to midnight.

    By the stored timeline, `facts` has no events and no overrides, and `day` no verdicts; a span may begin before `at`.

    `own` is a status of the person's own that we leave alone; `until` the end of the span, None where it has none
    within sight; `override` the one that runs, `coming` those that have not begun. `not_set` tells why Slack does not
    show what it should.
    """

    at: datetime
    facts: PersonFacts
    span: Span
    until: datetime | None
    day: Timeline
    own: Status | None
    override: Override | None
    coming: tuple[Override, ...]
    not_set: Reason | None = None

    @property
    def paused(self) -> Pause | None:
        """The pause, where it holds now."""
        pause = self.facts.pause
        return pause if pause is not None and pause.holds(self.at) else None


@dataclass(frozen=True, slots=True)
class Why:
    """`verdicts`: today's events, counted or not; `last`: the last thing done to the profile, or left."""

    now: Now
    verdicts: tuple[Verdict, ...]
    last: AuditEntry | None


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Answers out of what is stored. `default_texts` gives the default texts for a locale."""

    facts: FactStore
    overrides: OverrideStore
    absences: AbsenceStore
    writes: AuditStore
    default_texts: Callable[[str], DefaultTexts]
    clock: Clock

    async def now(self, key: PersonKey) -> Now:
        """How things stand, by the stored timeline where that stands and reaches. Raises LookupError."""
        now = self.clock.now()
        facts = await self.facts.without_events(key)
        if facts is None:
            raise LookupError(key)
        spans = await self.facts.spans(key, *days.today(now, facts.zone)) if facts.resolved_until else ()
        found = days.stored(facts, spans, now)
        # Meetings back to back are one span: when the first is over, another one is the reason.
        if found is None or (found[0].uid and not await self.facts.lasts(key, found[0], now)):
            return await self._resolved_now(key, now)
        span, day = found
        return await self._now(facts, now, span, span.end, day)

    async def _resolved_now(self, key: PersonKey, now: datetime) -> Now:
        facts = await self._load(key, now - _BACK, now + _AHEAD)
        resolved = self._resolve(facts, now, now + _AHEAD)
        span = resolved.at(now)
        until = span.end if span.end < resolved.end else None
        day = self._resolve(facts, *days.today(now, facts.zone))
        return await self._now(facts, now, span, until, day)

    async def _now(self, facts: PersonFacts, now: datetime, span: Span, until: datetime | None, day: Timeline) -> Now:
        key = facts.key
        standing = await self.absences.standing(key)
        stored = await self.overrides.standing(key, now)
        running = [override for override in stored if override.start <= now]
        return Now(
            at=now,
            facts=facts,
            span=span,
            until=until,
            day=day,
            own=_own(standing, now),
            override=running[-1] if running else None,
            coming=tuple(override for override in stored if override.start > now),
            not_set=await self._not_set(key, span, standing),
        )

    async def _not_set(self, key: PersonKey, span: Span, standing: Standing) -> Reason | None:
        """Why Slack does not show what `span` says, where the last try of it came to nothing."""
        if standing.applied is not None and same(standing.applied, span.status):
            return None
        last = None
        with suppress(SealError):  # a line under a lost key says nothing
            last = next(iter(await self.writes.recent(key, 1)), None)
        began = span.began or (span.start if span.start < self.clock.now() else span.start - _BACK)
        return last.reason if last is not None and last.reason.code in NOT_SET and last.at >= began else None

    async def why(self, key: PersonKey) -> Why:
        """The span, the rule and the event behind the status, and what was ignored today. Raises LookupError."""
        now = await self._resolved_now(key, self.clock.now())
        lines = await self.writes.recent(key, 1)
        return Why(now, now.day.verdicts, lines[0] if lines else None)

    async def preview(self, key: PersonKey, day: date) -> Timeline:
        """The timeline of a day in the person's zone, midnight to midnight. Raises LookupError."""
        around = datetime.combine(day, time(), tzinfo=UTC)
        facts = await self._load(key, around - _BACK, around + 2 * _BACK)
        return self._resolve(facts, days.midnight(day, facts.zone), days.midnight(day + _DAY, facts.zone))

    async def preview_at(self, key: PersonKey, instant: datetime) -> Span:
        """What the timeline says at `instant` (UTC). Raises LookupError."""
        return (await self._timeline(key, instant, instant + _AHEAD)).at(instant)

    async def who(self, team_id: str, user_id: str = "") -> Sequence[Away]:
        """Who of a workspace is out by what their profile shows; of one person, where given."""
        return await self.absences.away(team_id, self.clock.now(), [user_id] if user_id else [])

    async def _timeline(self, key: PersonKey, start: datetime, end: datetime) -> Timeline:
        return self._resolve(await self._load(key, start - _BACK, end), start, end)

    async def _load(self, key: PersonKey, start: datetime, end: datetime) -> PersonFacts:
        found = await self.facts.load([key], start, end)
        if key not in found:
            raise LookupError(key)
        return found[key]

    def _resolve(self, facts: PersonFacts, start: datetime, end: datetime) -> Timeline:
        return days.resolve(facts, start, end, self.default_texts(facts.locale))


def _own(standing: Standing, now: datetime) -> Status | None:
    own = standing.own
    if own is None or own.empty or (own.expiration is not None and own.expiration <= now):
        return None
    return own
