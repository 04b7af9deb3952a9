"""`app.py why`: what `/quo why` tells a person, for whoever supports them, without what is private.

When, which rule and which reason; what a title, a place, a note or a status says, how an event's organizer or a
calendar is called, is not printed, and neither is a rule's name. Nothing is written: it may be asked beside a program
of another version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.commands import NOBODY, refused
from services.commands.installation import installed
from services.domain import faults
from services.domain.calendars import named
from services.domain.faults import OperatorFault
from services.domain.model import Event, Override, PersonKey, Status
from services.domain.people import LEAVE
from services.domain.profile_state import AuditEntry
from services.domain.reasons import Reason, ReasonCode, english
from services.engine.workspaces import LONGEST_CALL
from services.platform import locale
from services.platform.settings import Settings
from services.ports import Clock
from services.slack.limits import LIMITS, Budget
from services.slack.profile import GET, SET
from services.store import schema
from services.store.calendars import CalendarView
from services.store.line_file import RESERVED
from services.store.measures import Condition
from services.store.stores import Stores
from services.usecases.status_reader import StatusReader, Why

_OURS = re.compile(r"(?:rule|routine)-[0-9]+|[0-9a-f]{24,}")


async def why(config: Settings, key: PersonKey, clock: Clock) -> int:
    """Print how a person's status came about; TROUBLE where they are not one of ours, or nothing can be read."""
    if key.user_id == LEAVE:  # a workspace's leave calendars, and nobody
        return refused(NOBODY)
    async with installed(config, clock) as stores:
        if not schema.serves(await schema.current(stores.database)):
            return refused("The database is from before this version. Start the app of this version first, then ask.")
        condition = await stores.measures.condition(key)
        if condition is None:
            return await _of_member(stores, key)
        reader = StatusReader(
            stores.facts, stores.overrides, stores.absences, stores.writes, stores.effects, stores.kept,
            default_texts=locale.default_texts, clock=clock,
        )  # fmt: skip
        try:
            found = await reader.why(key)
        except LookupError:  # they have gone since
            return refused(NOBODY)
        budget = Budget()
        budget.restore((await stores.budgets.budgets([key.team_id])).get(key.team_id, ""), clock.now(), LONGEST_CALL)
        accounts = await stores.accounts.of(key)
        told = Told(found, condition, budget, await stores.calendars.of(key))
        lines = list(told.lines())
        lines += [
            f"  account {one.account_id} ({named(one.provider)}): permission lost" for one in accounts if one.lost
        ]
        homes = {OperatorFault.SLACK_TOKENS: key.team_id}  # the others stand once for all workspaces, too
        lines += [
            f"Yours to mend: {one.fault.value}: {faults.sentence(one)}"
            for one in await stores.faults.look()
            if one.team_id == homes.get(one.fault, "")
        ]
        kept = await stores.kept.recent(key, 1)
        lines += [f"Keeper: last {told.entry(one.entry)}" for one in kept]
    print("\n".join(lines))
    return 0


async def _of_member(stores: Stores, key: PersonKey) -> int:
    """Of somebody who has not connected there is what a keeper does for them."""
    kept = await stores.kept.recent(key, 1)
    if await stores.members.one(key) is None and not kept:
        return refused(NOBODY)
    print("This member has not connected: only their leave can be shown, by a keeper.")
    for one in kept:
        print(f"Keeper: last {_entry(one.entry, ZoneInfo('UTC'))}")
    return 0


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a person, as lines; times are in their zone."""

    why: Why
    condition: Condition
    budget: Budget
    calendars: Sequence[CalendarView]

    def lines(self) -> Iterator[str]:
        """Yield all of them."""
        now = self.why.now
        key = now.facts.key
        yield f"{key.team_id} {key.user_id}, at {self.stamp(now.at)} in {self.zone.key}"
        yield from self._permission()
        yield from self._status()
        yield from self._overrides()
        yield from self._events()
        yield from self._writing()
        yield "Calendars:" if self.calendars else "Calendars: none"
        yield from map(self._calendar, self.calendars)

    @property
    def zone(self) -> ZoneInfo:
        """Theirs."""
        return self.why.now.facts.zone

    def stamp(self, instant: datetime | None) -> str:
        """Return a day and a time; "never" where there is none."""
        return "never" if instant is None else f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def entry(self, entry: AuditEntry) -> str:
        """Return what was done to their profile, or left."""
        return _entry(entry, self.zone)

    def _permission(self) -> Iterator[str]:
        condition = self.condition
        since = self.stamp(condition.granted_at)
        yield f"Permission: {condition.grant_state}, since {since}; scopes: {condition.scopes or '-'}"
        if condition.token_expires_at is not None:
            yield f"  token: ends {self.stamp(condition.token_expires_at)}"
        if condition.deactivated_at is not None:
            yield f"  deactivated in Slack since {self.stamp(condition.deactivated_at)}"
        if condition.leave_by is not None:
            yield f"  being forgotten, by {self.stamp(condition.leave_by)}"

    def _status(self) -> Iterator[str]:
        now, span = self.why.now, self.why.now.span
        until = "without an end" if now.until is None else f"until {self.stamp(now.until)}"
        kind = "none" if span.kind is None else span.kind.value
        what = _masked(span.status) if span.shows else "nothing"
        yield f"Should show: {what}, {until} (kind {kind}, rule {_named(span.rule)})"
        yield f"  because: {english(span.reason, self.zone)}"
        yield f"Shows, as far as known: {'nothing of ours' if now.ours is None else 'ours, ' + _masked(now.ours)}"
        if now.own is not None:
            yield f"  a status of their own is left alone: {_masked(now.own)}"
        if now.left_empty and now.own is None:
            yield f"  {english(Reason(ReasonCode.CLEARED_BY_HAND), self.zone)}"
        if now.covered is not None:
            yield f"  a status of their own comes back after ours: {_masked(now.covered)}"
        if now.not_set is not None:
            yield f"  not set: {english(now.not_set, self.zone)}"
        if now.unknown_emoji:
            yield "  Slack does not know the emoji that was chosen: another one stands in its place"
        if now.paused is not None:
            end = now.paused.end
            yield f"Paused since {self.stamp(now.paused.start)}, until {'resumed' if end is None else self.stamp(end)}"
        for effect, reason in now.effects:
            yield f"Effect {effect.value}: {english(reason, self.zone)}"
        for effect in sorted(now.still_on):
            yield f"Effect {effect.value}: over, and cannot be taken back without permission"
        if self.why.last is not None:
            yield f"Last: {self.entry(self.why.last)}"

    def _overrides(self) -> Iterator[str]:
        now = self.why.now
        for one in (*([] if now.override is None else [now.override]), *now.coming):
            yield self._override(one, is_on=one is now.override)

    def _override(self, one: Override, *, is_on: bool) -> str:
        end = "until they clear it" if one.end is None else f"until {self.stamp(one.end)}"
        status = "" if one.kind.value == "back" else f", {_masked(Status(one.text, one.emoji))}"
        effects = f", effects {', '.join(sorted(one.effects))}" if one.effects else ""
        what = "Asked for by hand, on" if is_on else "Asked for by hand, to come"
        asked = f"asked at {self.stamp(one.created_at)}"
        return f"{what}: {one.kind.value} from {self.stamp(one.start)} {end}{status}{effects}; {asked}"

    def _events(self) -> Iterator[str]:
        yield f"Today's events: {len(self.why.verdicts)}"
        for verdict in self.why.verdicts:
            mark = "+" if verdict.counted else "-"
            rule = f", rule {_named(verdict.rule)}" if verdict.rule else ""
            what = f"{verdict.kind.value}{rule}: {english(verdict.reason, self.zone)}"
            yield f"  {mark} {self._event(verdict.event)}: {what}"

    def _event(self, event: Event) -> str:
        times = f"{self.stamp(event.start)} - {self.stamp(event.end)}"
        facts = [event.type.value, event.show_as.value, f"answer {event.response.value}", event.visibility.value]
        facts += ["all day"] if event.all_day else []
        facts += ["recurring"] if event.recurring else []
        facts += ["cancelled"] if event.cancelled else []
        facts += ["tentative"] if event.tentative else []
        facts.append(f"{event.guests} guests")
        source = "workspace's leave" if event.calendar_id == LEAVE else f"calendar {event.calendar_id}"
        return f"{times}, {source} ({', '.join(facts)})"

    def _writing(self) -> Iterator[str]:
        now, condition = self.why.now.at, self.condition
        if condition.waits_since is None:
            yield "Waiting to be written: nothing"
        else:
            again = "" if condition.not_before is None else f", not before {self.stamp(condition.not_before)}"
            tries = f"urgency {condition.urgency}, {condition.failures} failures in a row{again}"
            yield f"Waiting to be written: since {self.stamp(condition.waits_since)} ({tries})"
        resolved = (
            "to be resolved anew" if condition.stale else f"resolved until {self.stamp(condition.resolved_until)}"
        )
        yield f"Timeline: {resolved}; looked at next: {self.stamp(condition.due_at)}"
        used = [f"{method} {self.budget.made(method, now)} of {LIMITS[method]}" for method in (GET, SET)]
        yield f"The workspace's calls that count in the last minute (some are set aside ahead): {', '.join(used)}"

    def _calendar(self, one: CalendarView) -> str:
        problem = f", {one.problem}" if one.problem else ""
        unread = f", {one.problems} entries not readable" if one.problems else ""
        pushes = ", tells of changes" if one.watched else ""
        read = f"read {self.stamp(one.synced_at)}, tried {self.stamp(one.tried_at)}, next {self.stamp(one.due_at)}"
        where = f"{one.calendar_id} ({named(one.provider)})"
        return f"  {where}: {one.health.value}{problem}, {one.events} events{unread}{pushes}; {read}"


def _entry(entry: AuditEntry, zone: ZoneInfo) -> str:
    at = f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return f"at {at}: {entry.action.value}, {entry.outcome}: {english(entry.reason, zone)}"


def _named(rule: str) -> str:
    """Return a rule's id where it is one that we give.

    In a file that is imported people may call their rules anything.
    """
    return rule if rule in RESERVED or _OURS.fullmatch(rule) else "of their own (hidden)"


def _masked(status: Status) -> str:
    """Say that there is a text and an emoji, never which."""
    parts = [name for name, value in (("a text", status.text), ("an emoji", status.emoji)) if value]
    return f"{' and '.join(parts)} (hidden)" if parts else "nothing"
