"""Whose leave the entries of leave calendars are: found anew where calendars, members, ties, types or refusals changed.

A calendar that cannot be read keeps its entries, so its leave stays as it is. What is found is written while the facts
that it was found from stand; a change meanwhile wins, and has it found again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult, counted
from services.domain.members import WorkspaceMember
from services.domain.model import Event, EventType, Response, ShowAs
from services.domain.people import zone_or
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.store.digests import HOLIDAY
from services.store.leave import HALF, FoundLeave, LeaveClaim, LeaveFacts, LeaveStore, LostLine
from services.store.members import MemberStore
from services.usecases.leave_matcher import MOST_LINES, LeaveMatcher
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Workspaces whose leave is found one after the other before the next look at what is due."""

AGAIN = timedelta(minutes=15)
"""When it is tried again after it failed."""

MOST_HOLIDAYS = 100
"""Company holidays that are kept, for digests."""

_UTC = ZoneInfo("UTC")
_NO_LEAVE = frozenset({EventType.BIRTHDAY, EventType.FOCUS, EventType.WORKING_LOCATION})
_UNSURE = frozenset({Response.DECLINED, Response.TENTATIVE})


class LeaveMatching:
    """DueWork "leave"."""

    name = "leave"

    def __init__(
        self,
        leave: LeaveStore,
        members: MemberStore,
        policies: WorkspacePolicy,
        matcher: LeaveMatcher,
        *,
        clock: Clock,
    ) -> None:
        """`policies` tell what a workspace added to the types of leave; `matcher` works in a process of its own."""
        self._leave = leave
        self._members = members
        self._policies = policies
        self._matcher = matcher
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """Return when the leave of the first workspace is to be found."""
        return await self._leave.next_due()

    async def run_due(self) -> Report:
        """Find the leave of some workspaces. `changed` counts those where it is another than before."""
        claims = await self._leave.claim(self._clock.now(), AT_ONCE)
        changed = failed = 0
        for claim in claims:
            with guarded("leave_not_found", team_id=claim.team_id) as result:
                changed += await self._find(claim)
            if result.failed:  # what was found before stays
                await self._leave.put_off(claim, self._clock.now() + AGAIN)
            failed += result.failed
        return Report(len(claims), changed, failed)

    async def _find(self, claim: LeaveClaim) -> bool:
        now = self._clock.now()
        facts = await self._leave.facts(claim.team_id, now)
        if facts.events and not facts.ready:
            await self._leave.wait_for_members(claim, now)
            return False
        possible = [event for event in facts.events if may_be_leave(event)][:MOST_LINES]  # the first ones
        entries = {str(number): event for number, event in enumerate(possible)}
        members = {one.user_id: one for one in await self._members.all(claim.team_id) if one.is_colleague}
        policy = await self._policies.of(claim.team_id)
        known = {one.address.casefold() for one in members.values()} - {""}
        lines = [line_of(line_id, event, facts.by_address, known) for line_id, event in entries.items()]
        matched = await self._matcher.match(
            claim.team_id, lines, [leave_member(one) for one in members.values()], facts.ties, policy.leave_types
        )
        found, halves = _found(matched, entries, members, facts)
        lost = halves + [
            LostLine(event, one.result, _shown(event, facts.by_address), one.name)
            for one in matched
            if one.result in {MatchResult.UNKNOWN, MatchResult.TWO} and (event := entries[one.line_id])
        ]
        lost.sort(key=lambda line: (line.event.end <= now, line.event.start))
        holidays = [LostLine(entries[one.line_id], HOLIDAY, "", "") for one in matched if one.holiday]
        shown = [*holidays[:MOST_HOLIDAYS], *lost]
        changed = await self._leave.save(claim, found, shown, self._clock.now())
        if changed:
            log.info("leave_found", team_id=claim.team_id, entries=len(found), lost=len(lost), changed=len(changed))
        return bool(changed)


def _found(
    matched: Sequence[Matched],
    entries: dict[str, Event],
    members: dict[str, WorkspaceMember],
    facts: LeaveFacts,
) -> tuple[list[FoundLeave], list[LostLine]]:
    """Return the leave of members, and their entries that do not count, because nobody says which half is meant."""
    found, halves = [], []
    for one in matched:
        if one.result is not MatchResult.MATCHED or one.user_id not in members or one.user_id in facts.refused:
            continue
        event, zone = entries[one.line_id], zone_or(members[one.user_id].zone, _UTC)
        by_address = event.calendar_id in facts.by_address  # there halves are told besides
        leave = event if by_address else counted(event, one.half, zone, partly=one.partly)
        if leave is None:
            halves.append(LostLine(event, HALF, "", "", one.user_id))
        else:
            found.append(FoundLeave(one.user_id, leave, zone))
    return found, halves


def leave_member(member: WorkspaceMember) -> LeaveMember:
    """Return a member as leave is matched with."""
    return LeaveMember(member.user_id, member.names, member.address)


def line_of(line_id: str, event: Event, by_address: frozenset[str], known: Collection[str]) -> LeaveLine:
    """Return an entry as it is matched. `known` are the members' addresses, in lower case.

    In a calendar among `by_address` the address stands in place of the organizer. In another one it is that of the
    only guest, where that is a member: whoever else is invited says nothing about whose leave it is.
    """
    if event.calendar_id in by_address:
        return LeaveLine(line_id, event.title, event.organizer_text, event.categories)
    guest = event.guest if event.guest.casefold() in known else ""
    return LeaveLine(line_id, event.title, guest, event.categories)


def _shown(event: Event, by_address: frozenset[str]) -> str:
    """Return an entry as the admins are shown it."""
    return f"{event.organizer_text} {event.title}".strip() if event.calendar_id in by_address else event.title


def may_be_leave(event: Event) -> bool:
    """Return whether an entry can be leave at all: sure, of some length, and of no other type.

    Free or busy is the same.
    """
    unsure = event.cancelled or event.tentative or event.show_as is ShowAs.TENTATIVE or event.response in _UNSURE
    return not unsure and event.type not in _NO_LEAVE and event.end > event.start
