"""How a person's status stands and why, and what it will be: from what is stored, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from services.domain import ownership, profile_state, timeline
from services.domain.decisions import Action, Standing
from services.domain.differences import Difference, differences
from services.domain.lines import Line
from services.domain.model import (
    NO_STATUS,
    Effect,
    Override,
    OwnStatusPolicy,
    Pause,
    PersonKey,
    Span,
    Status,
    Timeline,
    Verdict,
)
from services.domain.operator_errors import SealError
from services.domain.people import PersonFacts
from services.domain.profile_state import AuditEntry
from services.domain.reasons import NOT_SET, Reason, ReasonCode
from services.domain.text import DefaultTexts, same, whole_seconds
from services.ports import Clock
from services.slack import scopes
from services.store.absences import AbsenceStore
from services.store.effects import EffectStore
from services.store.facts import FactStore
from services.store.kept import KeptStore
from services.store.overrides import OverrideStore
from services.store.timeline import AuditStore

_AHEAD = timedelta(days=40)
_BACK = timedelta(days=2)


_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand. `span` is what the timeline says at `at`; `day` the timeline of today, midnight to midnight.

    By the stored timeline, `facts` has no events and no overrides, and `day` no verdicts; a span may begin before `at`.

    `own` is a status of the person's own that we leave alone; `left_empty` says that they cleared what `span` shows by
    hand, or that what they did by hand is newer: it does not show, nor would it without `own`. `until` is the end of
    the span, None where it has none within sight; `override` the one that runs, of several the one that shows or else
    the newest, `coming` those that have not begun. `not_set` tells why Slack does not show what it should;
    `unknown_emoji` is the one that Slack does not know and in whose place `span` has another. `effects` tell what is
    done besides the status now, or why it is not; `still_on` are those that are over, and cannot be taken back before
    the person allows it. `ours` is what the profile shows of ours, as far as we know, and `covered` the status of their
    own that comes back after it.
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
    unknown_emoji: str = ""
    effects: tuple[tuple[Effect, Reason], ...] = ()
    still_on: frozenset[Effect] = frozenset()
    ours: Status | None = None
    covered: Status | None = None
    left_empty: bool = False

    @property
    def not_permitted(self) -> bool:
        """Whether the person has to allow something, so that what is done besides the status is right."""
        codes = {reason.code for _, reason in self.effects}
        return bool(self.still_on) or ReasonCode.NOT_PERMITTED in codes

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
    effects: EffectStore
    kept: KeptStore
    default_texts: Callable[[str], DefaultTexts]
    clock: Clock

    async def now(self, key: PersonKey) -> Now:
        """Return how things stand, by the stored timeline where that stands and reaches. Raises LookupError."""
        now = self.clock.now()
        facts = await self.facts.without_events(key)
        if facts is None:
            raise LookupError(key)
        spans = await self.facts.spans(key, *timeline.today(now, facts.zone)) if facts.resolved_until else ()
        found = timeline.stored(facts, spans, now)
        # Meetings back to back are one span: when the first is over, another one is the reason.
        if found is None or (found[0].uid and not await self.facts.lasts(key, found[0], now)):
            return await self._resolved_now(key, now)
        span, day = found
        return await self._now(facts, now, span, span.end, day)

    async def _resolved_now(self, key: PersonKey, now: datetime, lines: Sequence[AuditEntry] | None = None) -> Now:
        facts = await self._load(key, now - _BACK, now + _AHEAD)
        resolved = self._resolve(facts, now, now + _AHEAD)
        span = resolved.at(now)
        until = span.end if span.end < resolved.end else None
        day = self._resolve(facts, *timeline.today(now, facts.zone))
        return await self._now(facts, now, span, until, day, lines=lines)

    async def _now(
        self,
        facts: PersonFacts,
        now: datetime,
        span: Span,
        until: datetime | None,
        day: Timeline,
        *,
        lines: Sequence[AuditEntry] | None = None,
    ) -> Now:
        """`lines` are the newest of the audit, where they are read already."""
        key = facts.key
        standing = await self.absences.standing(key)
        stored = await self.overrides.standing(key, now)
        running = [override for override in stored if override.start <= now]
        own, not_set = standing.own, None
        instead = profile_state.instead(standing, span.status, now)
        unknown = "" if instead is None else span.status.emoji
        if instead is not None:
            span = replace(span, status=replace(span.status, emoji=instead.emoji))
        if own is not None and (own.empty or not own.lasts(now) or await self._is_keepers(facts, own, now)):
            own = None
        if standing.applied is None or not same(standing.applied, span.status):  # the last try may tell why
            if lines is None:
                with suppress(SealError):  # a line under a lost key says nothing
                    lines = await self.writes.recent(key, 1)
            began = span.began or (span.start if span.start < now else span.start - _BACK)
            for line in (lines or ())[:1]:
                not_set = line.reason if line.reason.code in NOT_SET and line.at >= began else None
        carried = await self.effects.of(key, now)
        ours = profile_state.shown(standing, now)
        return Now(
            at=now,
            facts=facts,
            span=span,
            until=until,
            day=day,
            own=own,
            override=span.which_of(running),
            coming=tuple(override for override in stored if override.start > now),
            not_set=not_set,
            unknown_emoji=unknown,
            effects=tuple(
                (one.effect, one.memory.reason) for one in carried if one.stretch is not None and one.memory.reason
            ),
            still_on=frozenset(
                one.effect
                for one in carried
                if one.granted
                and one.wanted(now) is None
                and one.memory.owes(now)
                and not scopes.FOR_EFFECT[one.effect] <= one.scopes
            ),
            ours=ours,
            covered=standing.covered if standing.covered is not None and standing.covered.lasts(now) else None,
            left_empty=ours is None and _is_left_empty(standing, span, facts.preferences.own_status, now),
        )

    async def _is_keepers(self, facts: PersonFacts, own: Status, now: datetime) -> bool:
        """Return whether a keeper has set `own`, which to Slack's events is a status like one typed by hand."""
        memory = None if facts.granted else await self.kept.standing(facts.key)
        ours = None if memory is None else profile_state.shown(memory.standing, now)
        return ours is not None and same(ours, own)

    async def why(self, key: PersonKey) -> Why:
        """Return the span, the rule and the event behind the status, and what was ignored today. Raises LookupError."""
        lines = await self.writes.recent(key, 1)
        now = await self._resolved_now(key, self.clock.now(), lines)
        return Why(now, now.day.verdicts, lines[0] if lines else None)

    async def preview(self, key: PersonKey, day: date) -> Timeline:
        """Return the timeline of a day in the person's zone, midnight to midnight. Raises LookupError."""
        around = datetime.combine(day, time(), tzinfo=UTC)
        facts = await self._load(key, around - _BACK, around + 2 * _BACK)
        return self._resolve(facts, timeline.midnight(day, facts.zone), timeline.midnight(day + _DAY, facts.zone))

    async def preview_at(self, key: PersonKey, instant: datetime) -> Span:
        """Return what the timeline says at `instant` (UTC). Raises LookupError."""
        facts = await self._load(key, instant - _BACK, instant + _AHEAD)
        return self._resolve(facts, instant, instant + _AHEAD).at(instant)

    async def list_facts(self, key: PersonKey) -> PersonFacts:
        """Return the person with their list, without events and overrides. Raises LookupError."""
        found = await self.facts.without_events(key)
        if found is None:
            raise LookupError(key)
        return found

    async def would_change(
        self, key: PersonKey, edit: Callable[[tuple[Line, ...]], tuple[Line, ...]]
    ) -> tuple[Difference, ...]:
        """Return where the coming week would be another, if the list were what `edit` makes of it.

        Raises what that raises.
        """
        now = self.clock.now()
        facts = await self._load(key, now - _BACK, now + _WEEK + _AHEAD)
        edited = replace(facts, lines=edit(facts.lines))
        return differences(*(self._resolve(one, now, now + _WEEK) for one in (facts, edited)))

    async def _load(self, key: PersonKey, start: datetime, end: datetime) -> PersonFacts:
        found = await self.facts.load([key], start, end)
        if key not in found:
            raise LookupError(key)
        return found[key]

    def _resolve(self, facts: PersonFacts, start: datetime, end: datetime) -> Timeline:
        return timeline.resolve(facts, start, end, self.default_texts(facts.locale))


def _is_left_empty(standing: Standing, span: Span, policy: OwnStatusPolicy, now: datetime) -> bool:
    """Return whether nothing of a span that shows something would be written, if the profile were empty."""
    target = whole_seconds(span.status.expiration)
    if not span.shows or (target is not None and target <= now):
        return False
    return ownership.decide(NO_STATUS, standing, span, policy=policy, pause=None, now=now).action is Action.LEAVE
