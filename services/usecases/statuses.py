"""A person's status: what they ask of it, how it stands and why, what it will be; and who of a workspace is out.

Nothing here writes to a Slack profile. A wish is a fact that is stored, its person is marked due in the same
transaction, and the engine is woken after it; the engine does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import structlog

from services.domain import profile_state, timeline
from services.domain.differences import Difference, differences
from services.domain.errors import NothingToDoError, OutByCalendarError
from services.domain.lines import Line
from services.domain.model import (
    Effect,
    Kind,
    Override,
    OverrideKind,
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
from services.domain.undo import Change
from services.ports import Clock, WakeSignal
from services.slack import scopes
from services.store.absences import AbsenceStore
from services.store.effects import EffectStore
from services.store.facts import FactStore
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from services.store.timeline import AuditStore
from services.usecases.undo import Undos

log = structlog.get_logger(__name__)

_BY_HAND = frozenset({OverrideKind.STATUS, OverrideKind.OUT_OF_OFFICE})
_AHEAD = timedelta(days=40)
_BACK = timedelta(days=2)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand. `span` is what the timeline says at `at`; `day` the timeline of today, midnight to midnight.

    By the stored timeline, `facts` has no events and no overrides, and `day` no verdicts; a span may begin before `at`.

    `own` is a status of the person's own that we leave alone; `until` the end of the span, None where it has none
    within sight; `override` the one that runs, `coming` those that have not begun. `not_set` tells why Slack does not
    show what it should; `unknown_emoji` is the one that Slack does not know and in whose place `span` has another.
    `effects` tell what is done besides the status now, or why it is not; `still_on` are those that are over, and cannot
    be taken back before the person allows it. `ours` is what the profile shows of ours, as far as we know, and
    `covered` the status of their own that comes back after it.
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
    default_texts: Callable[[str], DefaultTexts]
    clock: Clock

    async def now(self, key: PersonKey) -> Now:
        """How things stand, by the stored timeline where that stands and reaches. Raises LookupError."""
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
        if own is not None and (own.empty or not own.lasts(now)):
            own = None
        if standing.applied is None or not same(standing.applied, span.status):  # the last try may tell why
            if lines is None:
                with suppress(SealError):  # a line under a lost key says nothing
                    lines = await self.writes.recent(key, 1)
            began = span.began or (span.start if span.start < now else span.start - _BACK)
            for line in (lines or ())[:1]:
                not_set = line.reason if line.reason.code in NOT_SET and line.at >= began else None
        carried = await self.effects.of(key, now)
        return Now(
            at=now,
            facts=facts,
            span=span,
            until=until,
            day=day,
            own=own,
            override=running[-1] if running else None,
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
            ours=profile_state.shown(standing, now),
            covered=standing.covered if standing.covered is not None and standing.covered.lasts(now) else None,
        )

    async def why(self, key: PersonKey) -> Why:
        """The span, the rule and the event behind the status, and what was ignored today. Raises LookupError."""
        lines = await self.writes.recent(key, 1)
        now = await self._resolved_now(key, self.clock.now(), lines)
        return Why(now, now.day.verdicts, lines[0] if lines else None)

    async def preview(self, key: PersonKey, day: date) -> Timeline:
        """The timeline of a day in the person's zone, midnight to midnight. Raises LookupError."""
        around = datetime.combine(day, time(), tzinfo=UTC)
        facts = await self._load(key, around - _BACK, around + 2 * _BACK)
        return self._resolve(facts, timeline.midnight(day, facts.zone), timeline.midnight(day + _DAY, facts.zone))

    async def preview_at(self, key: PersonKey, instant: datetime) -> Span:
        """What the timeline says at `instant` (UTC). Raises LookupError."""
        facts = await self._load(key, instant - _BACK, instant + _AHEAD)
        return self._resolve(facts, instant, instant + _AHEAD).at(instant)

    async def list_facts(self, key: PersonKey) -> PersonFacts:
        """The person with their list, without events and overrides. Raises LookupError."""
        found = await self.facts.without_events(key)
        if found is None:
            raise LookupError(key)
        return found

    async def would_change(
        self, key: PersonKey, edit: Callable[[tuple[Line, ...]], tuple[Line, ...]]
    ) -> tuple[Difference, ...]:
        """Where the coming week would be another, if the list were what `edit` makes of it. Raises what that raises."""
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


@dataclass(frozen=True, slots=True)
class Cleared:
    """What `clear` did: ended overrides, or "I am back" until `back_until`, or what was left is taken off.

    `undo_id` takes it back; "" where there is nothing to take back. `changes` are the overrides as they were before it,
    and as they are after it; None where there is none. `still_out`: a calendar has the person out of office besides.
    """

    ended: tuple[Override, ...] = ()
    back_until: datetime | None = None
    undo_id: str = ""
    changes: tuple[tuple[Override | None, Override | None], ...] = ()
    still_out: bool = False


@dataclass(frozen=True, slots=True)
class Statuses:
    """Takes in what people ask for. Instants are UTC."""

    overrides: OverrideStore
    preferences: PreferenceStore
    reader: StatusReader
    undos: Undos
    clock: Clock
    wake_signal: WakeSignal

    async def override(
        self,
        key: PersonKey,
        *,
        text: str,
        emoji: str,
        start: datetime,
        end: datetime | None,
        request: str,
        effects: frozenset[Effect] = frozenset(),
    ) -> Override:
        """Show `text` and `emoji` from `start` to `end` (UTC; None: until cleared). The same `request` counts once.

        It ends at its whole second, as Slack ends it. The id of the override takes it back.
        """
        made = Override(
            request_id(key, request), start, whole_seconds(end), self.clock.now(), text=text, emoji=emoji,
            effects=effects,
        )  # fmt: skip
        return await self._add(key, made)

    async def prolong(self, key: PersonKey, running: Override, end: datetime | None) -> Override:
        """Have a status that runs be one that was asked for now and lasts until `end`: longer, shorter, or for good."""
        now = self.clock.now()
        made = replace(running, start=now, end=whole_seconds(end), created_at=now)
        await self.overrides.put(key, made, now)
        self.wake_signal.wake()
        return made

    async def out_of_office(
        self, key: PersonKey, *, start: datetime, end: datetime | None, note: str, request: str, stand_in: str = ""
    ) -> Override:
        """Be out of office; `note` stands in place of the default text. The same `request` counts once.

        `stand_in` is the user id of whom replies name. The id of the override takes it back.
        """
        made = Override(
            request_id(key, request), start, whole_seconds(end), self.clock.now(), kind=OverrideKind.OUT_OF_OFFICE,
            text=note, stand_in=stand_in,
        )  # fmt: skip
        return await self._add(key, made)

    async def clear(self, key: PersonKey, *, request: str) -> Cleared:
        """End what the person asked for and shows; where an event or a routine shows, be back until that is over.

        What it has covered stays. Where neither shows, what is left of one on the profile is taken off. Raises
        NothingToDoError.
        """
        now = self.clock.now()
        span = await self.reader.preview_at(key, now)
        if not span.planned:  # else what was asked for without an end is covered, and stays
            running = [one for one in await self.overrides.standing(key, now) if one.start <= now]
            shown = next((one for one in reversed(running) if one.kind in _BY_HAND), None)
            ended = await self.overrides.end(key, now, kinds=_BY_HAND, override_id=shown.id) if shown else []
            if ended:
                changes = _changes(ended, now)
                return Cleared(tuple(ended), undo_id=await self._ended(key, changes), changes=changes)
            if not profile_state.stands(await self.reader.absences.standing(key), span.status, now):
                raise NothingToDoError("nothing of ours stands")
            await self.overrides.look_again(key, now)
            self.wake_signal.wake()
            return Cleared()
        back = await self._add(key, Override(request_id(key, request), now, span.end, now, kind=OverrideKind.BACK))
        return Cleared(back_until=span.end, undo_id=back.id, changes=((None, back),))

    async def off(self, key: PersonKey) -> Cleared:
        """Be back: end the absence that runs, or else take back those to come.

        That of a calendar goes on. Raises NothingToDoError; OutByCalendarError where there is that one alone.
        """
        now = self.clock.now()
        kinds = frozenset({OverrideKind.OUT_OF_OFFICE})
        ended = await self.overrides.end(key, now, kinds=kinds)
        if not ended:
            ended = await self.overrides.cancel_coming(key, now, kind=OverrideKind.OUT_OF_OFFICE)
        span = await self.reader.preview_at(key, now)
        still_out = span.planned and span.kind is Kind.OUT_OF_OFFICE
        if not ended:
            raise OutByCalendarError("a calendar's alone") if still_out else NothingToDoError("no absence")
        changes = _changes(ended, now)
        undo_id = await self._ended(key, changes)
        return Cleared(tuple(ended), undo_id=undo_id, changes=changes, still_out=still_out)

    async def pause(self, key: PersonKey, start: datetime, end: datetime | None) -> tuple[Pause, str]:
        """Leave the status alone from `start` until `end` (UTC), or until resumed; and what takes that back."""
        pause = Pause(start, end)
        before = await self.preferences.pause(key, pause, self.clock.now())
        log.info("paused", team_id=key.team_id, user_id=key.user_id)
        return pause, await self.undos.record(key, Change(pause=(before, pause)))

    async def resume(self, key: PersonKey) -> str:
        """Keep the status again; what takes that back. Raises NothingToDoError where nothing was paused."""
        now = self.clock.now()
        before = await self.preferences.pause(key, None, now)
        self.wake_signal.wake()
        if before is None or (before.end is not None and before.end <= now):
            raise NothingToDoError("not paused")
        return await self.undos.record(key, Change(pause=(before, None)))

    async def _add(self, key: PersonKey, override: Override) -> Override:
        if await self.overrides.add(key, override, override.created_at):
            log.info("override_added", team_id=key.team_id, user_id=key.user_id, kind=override.kind.value)
        self.wake_signal.wake()
        return override

    async def _ended(self, key: PersonKey, changes: tuple[tuple[Override, Override | None], ...]) -> str:
        """What takes back that these were ended."""
        return await self.undos.record(key, Change(overrides=changes))


def _changes(ended: Sequence[Override], now: datetime) -> tuple[tuple[Override, Override | None], ...]:
    """Overrides as they were before they were ended at `now`, and are after it: those that had not begun are gone."""
    return tuple((one, None if one.start >= now else replace(one, end=now)) for one in ended)


def request_id(key: PersonKey, request: str) -> str:
    """The id of what `request` (a trigger or view id, unique within the workspace) asks for."""
    return hashlib.sha256(f"{key.team_id}/{key.user_id}/{request}".encode()).hexdigest()[:24]
