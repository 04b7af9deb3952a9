"""Leave calendars of workspaces: whose leave is due to be found, and what came of it.

The calendars of a workspace hang on a row of `people` that is nobody's (`services.domain.people.LEAVE`), so that they
are read as everybody's are. A change of them makes that row due as it would a person; here it is claimed instead. What
is found is written by difference: whose leave is another than before becomes due, and nobody else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import TEAM
from services.domain.leave_spelling import folded_name
from services.domain.model import Event, PersonKey, WallTimes
from services.domain.people import LEAVE, GrantState, leave_key
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor
from services.store.calendar_tables import CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.digests import HOLIDAY
from services.store.events import EventStore
from services.store.keeper import mark_kept_due
from services.store.leave_choices import LeaveChoices, mark_leave_due
from services.store.leave_rows import leave_asked, leave_in, wall_of
from services.store.members import MemberStore
from services.store.person_rows import chunks, insert_for, lock_staying, mark_all_due, of_person
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import LEAVE_LINES, LEAVES

LEASE = timedelta(minutes=1)
"""How long a replica has for the leave of a workspace that it has claimed."""

BACK = timedelta(days=2)
AHEAD = timedelta(days=400)
"""What is looked at of the calendars. Most are not read that far; what a team hook was told may be that far away."""

AGAIN = timedelta(days=1)
"""Leave is looked at once a day without a change, too: what is over goes."""

UNREAD = timedelta(minutes=1)
"""How long it waits for the members of the workspace to be read."""

MOST_LINES = 500
"""Lines that fit nobody, or two people, that are kept: the next ones. A calendar with more is not one of leave."""

HALF = "half"
"""The result of a line that is a member's, and half a day of which it does not say which."""

OFF_LOOP = 200

_NOBODYS = PEOPLE.c.user_id == literal_column(f"'{LEAVE}'")  # as the index of these rows says it
_NEXT = select(func.min(PEOPLE.c.due_at)).where(_NOBODYS)
_DUE = (
    select(PEOPLE.c.team_id)
    .where(_NOBODYS, PEOPLE.c.due_at <= bindparam("now", type_=UtcInstant))
    .order_by(PEOPLE.c.due_at, PEOPLE.c.team_id)
    .limit(bindparam("most"))
)
_CONTENT = "leave_lines.content"


@dataclass(frozen=True, slots=True)
class LeaveClaim:
    """A workspace whose leave this process finds; `seq` is the fence that its result carries."""

    team_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class LeaveFacts:
    """What finding a workspace's leave needs besides its members and policy.

    `by_address`: the calendars whose lines name people by their address, which stands in place of the organizer.
    `refused`: those who said "this is not me", and those of whom nothing is to be kept. `ready`: the members were read.
    """

    events: tuple[Event, ...] = field(repr=False)
    by_address: frozenset[str]
    ties: Mapping[str, str] = field(repr=False)
    refused: frozenset[str]
    ready: bool


@dataclass(frozen=True, slots=True)
class FoundLeave:
    """An entry of a leave calendar that is somebody's; `zone` is theirs."""

    user_id: str
    event: Event = field(repr=False)
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class LostLine:
    """An entry that counts for nobody. It fits nobody ("unknown") or two people ("two"): `name` is to be tied, or "".

    Or it is a "holiday"; or half a day of the member `user_id`, and does not say which half (`HALF`).
    """

    event: Event = field(repr=False)
    result: str
    title: str = field(repr=False)
    name: str = field(repr=False)
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class ListedLine:
    """Such an entry as an admin sees it; one of whole days by `wall`, wherever who looks at it is."""

    line_id: str
    calendar_id: str
    result: str
    title: str = field(repr=False)
    name: str = field(repr=False)
    start: datetime
    end: datetime
    wall: WallTimes | None = None
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class ComingLeave:
    """Leave that was found: instants, and where it goes by days, the member's own."""

    user_id: str
    start: datetime
    end: datetime
    wall: WallTimes | None


@dataclass(frozen=True, slots=True)
class LeaveSummary:
    """What was found: `people` who have leave ahead, `entries` of theirs, and the next ones."""

    people: int
    entries: int
    coming: tuple[ComingLeave, ...]


class LeaveStore(Store):
    """Reads and writes `leave`, `leave_lines`, and the row that leave calendars hang on."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore, members: MemberStore) -> None:
        super().__init__(database, encryptor)
        self._events = events
        self._members = members
        self.choices = LeaveChoices(database, encryptor)

    async def begin(self, admin: PersonKey, now: datetime) -> PersonKey:
        """Make room for leave calendars of the admin's workspace; return their key.

        Days without a zone are in the admin's; in UTC where that is not known.
        """
        async with self._database.write() as connection:
            zone = await connection.scalar(select(PEOPLE.c.zone).where(of_person(PEOPLE, admin)))
            row = {
                "team_id": admin.team_id, "user_id": LEAVE, "created_at": now, "zone": zone or "UTC", "scopes": "",
                "locale": "en-US", "grant_state": GrantState.NONE.value, "preferences": "{}", "stale": False,
                "home_opened": False, "home_stale": False, "refresh_seq": 0,
            }  # fmt: skip
            adding = insert_for(connection, PEOPLE).values(**row)
            await connection.execute(adding.on_conflict_do_nothing(index_elements=["team_id", "user_id"]))
        return leave_key(admin.team_id)

    # ── the loop's side ─────────────────────────────────────────────────────────────────────────────

    async def next_due(self) -> datetime | None:
        """Return when the leave of the first workspace is to be found."""
        return await self._database.scalar(_NEXT)

    async def claim(self, now: datetime, limit: int) -> list[LeaveClaim]:
        """Claim at most `limit` workspaces whose leave is due at `now`, the longest due first."""
        if not await self._database.fetch(_DUE, {"now": now, "most": limit}):
            return []
        async with self._database.write() as connection:
            due = _DUE.with_for_update(key_share=True, skip_locked=True)
            teams = [row.team_id for row in await connection.execute(due, {"now": now, "most": limit})]
            claimed = (
                update(PEOPLE)
                .where(_NOBODYS, PEOPLE.c.team_id.in_(teams))
                .values(due_at=now + LEASE, facts_seq=PEOPLE.c.facts_seq + 1)
                .returning(PEOPLE.c.team_id, PEOPLE.c.facts_seq)
            )
            return [LeaveClaim(row.team_id, row.facts_seq) for row in await connection.execute(claimed)]

    async def facts(self, team_id: str, now: datetime) -> LeaveFacts:
        """Return what is known now. Raises SealError."""
        key = leave_key(team_id)
        calendars = select(CALENDARS.c.calendar_id, CALENDARS.c.provider).where(of_person(CALENDARS, key))
        async with self._database.read() as connection:
            its = (await connection.execute(calendars)).all()
            rows = (await connection.execute(*self._events.asked([key], now - BACK, now + AHEAD))).all()
            ready = select(WORKSPACES.c.members_read_at.is_not(None)).where(WORKSPACES.c.team_id == team_id)
            is_ready = bool(await connection.scalar(ready))
        events = (await self._events.open(rows)).get(key, ())
        return LeaveFacts(
            events=events,
            by_address=frozenset(row.calendar_id for row in its if row.provider == TEAM),
            ties={folded_name(tie.name): tie.user_id for tie in await self.choices.ties(team_id)},
            refused=await self.choices.refused(team_id),
            ready=is_ready,
        )

    async def look_again(self, team_id: str, now: datetime) -> None:
        """Have the leave of the workspace found anew."""
        async with self._database.write() as connection:
            await mark_leave_due(connection, team_id, now)

    async def put_off(self, claim: LeaveClaim, until: datetime) -> None:
        """Have it found at `until`; made due meanwhile, it stays due."""
        its = update(PEOPLE).where(of_person(PEOPLE, leave_key(claim.team_id)), PEOPLE.c.facts_seq == claim.seq)
        await self._database.execute(its.values(due_at=until))

    async def wait_for_members(self, claim: LeaveClaim, now: datetime) -> None:
        """Have the members of the workspace read first; that has it found again."""
        async with self._database.write() as connection:
            its = update(PEOPLE).where(of_person(PEOPLE, leave_key(claim.team_id)), PEOPLE.c.facts_seq == claim.seq)
            await connection.execute(its.values(due_at=now + UNREAD))
            await self._members.needed(connection, claim.team_id, now)

    async def save(
        self,
        claim: LeaveClaim,
        found: Sequence[FoundLeave],
        lost: Sequence[LostLine],
        now: datetime,
    ) -> frozenset[str] | None:
        """Make this the leave of the workspace; whose is another than before, and due. None where facts changed since.

        Rows that stay the same are not written.
        """
        stored = await self._database.fetch(select(LEAVES).where(LEAVES.c.team_id == claim.team_id))
        many = len(stored) + len(found) >= OFF_LOOP
        gone, new = await off_loop_if(many, _differences, claim.team_id, found, stored)
        changed = frozenset({user_id for user_id, _ in gone} | {row["user_id"] for row in new})
        lines = await off_loop_if(len(lost) >= OFF_LOOP, self._lines, claim.team_id, lost[:MOST_LINES])
        async with self._database.write() as connection:
            mine = leave_key(claim.team_id)
            theirs = [PersonKey(claim.team_id, user_id) for user_id in changed]
            staying = await lock_staying(connection, [mine, *theirs])
            fence = select(PEOPLE.c.facts_seq).where(of_person(PEOPLE, mine))
            if await connection.scalar(fence) != claim.seq:
                return None
            its = LEAVES.c.team_id == claim.team_id, LEAVES.c.user_id == bindparam("b_user")
            dropped = delete(LEAVES).where(*its, LEAVES.c.leave_id == bindparam("b_leave"))
            for some in chunks(gone):
                await connection.execute(dropped, [{"b_user": user, "b_leave": leave} for user, leave in some])
            before = {(row.user_id, row.leave_id): row.seq for row in stored}
            for rows in chunks(new):
                counted = [
                    row | {"seq": before.get((row["user_id"], row["leave_id"]), -1) + 1, "changed_at": now}
                    for row in rows
                ]
                await connection.execute(insert(LEAVES), counted)
            await self._replace_lines(connection, claim.team_id, lines)
            await mark_all_due(connection, {key: now for key in theirs if key in staying})
            await mark_kept_due(connection, claim.team_id, changed, now)
            done = {"due_at": now + AGAIN, "stale": False, "home_stale": False}
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, mine)).values(done))
            await self._members.no_longer_needed(connection, claim.team_id)
            if changed:
                tell_sender(connection)
        return changed

    def _lines(self, team_id: str, lost: Sequence[LostLine]) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the rows of lines, soonest first, sealed."""
        rows = {}
        for line in lost:
            event = line.event
            days = None if event.wall is None else [event.wall.start.isoformat(), event.wall.end.isoformat()]
            said = json.dumps([line.title, line.name, days, line.user_id])
            place = json.dumps([event.uid, event.occurrence, said, line.result, *map(str, (event.start, event.end))])
            line_id = self._encryptor.digest(place.encode())
            rows[event.calendar_id, line_id] = {
                "team_id": team_id,
                "calendar_id": event.calendar_id,
                "line_id": line_id,
                "result": line.result,
                "start_at": event.start,
                "end_at": event.end,
                "content": self._encryptor.seal(said, _CONTENT, team_id, event.calendar_id, line_id),
            }
        return rows

    async def _replace_lines(
        self, connection: AsyncConnection, team_id: str, rows: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> None:
        of_team = select(LEAVE_LINES.c.calendar_id, LEAVE_LINES.c.line_id).where(LEAVE_LINES.c.team_id == team_id)
        stored = {(row.calendar_id, row.line_id) for row in await connection.execute(of_team)}
        its = LEAVE_LINES.c.team_id == team_id, LEAVE_LINES.c.calendar_id == bindparam("b_calendar")
        dropped = delete(LEAVE_LINES).where(*its, LEAVE_LINES.c.line_id == bindparam("b_line"))
        gone = [{"b_calendar": calendar_id, "b_line": line_id} for calendar_id, line_id in stored - rows.keys()]
        if gone:
            await connection.execute(dropped, gone)
        new = [dict(row) for place, row in rows.items() if place not in stored]
        if new:
            await connection.execute(insert(LEAVE_LINES), new)

    # ── what others ask ─────────────────────────────────────────────────────────────────────────────

    async def of(self, keys: Collection[PersonKey], start: datetime, end: datetime) -> dict[PersonKey, list[Event]]:
        """Return the leave of members that overlaps `[start, end)`, those with a grant or without.

        Whole and half days are to be placed in the member's zone (`Event.placed`), as everybody's events are.
        """
        return leave_in(await self._database.fetch(*leave_asked(keys, start, end)))

    async def summary(self, team_id: str, now: datetime, until: datetime, most: int) -> LeaveSummary:
        """Return what was found that is not over; the first `most` that begin before `until`."""
        ahead = LEAVES.c.team_id == team_id, LEAVES.c.end_at > now
        counts = select(func.count(), func.count(func.distinct(LEAVES.c.user_id))).where(*ahead)
        coming = (
            select(LEAVES)
            .where(*ahead, LEAVES.c.start_at < until)
            .order_by(LEAVES.c.start_at, LEAVES.c.end_at, LEAVES.c.user_id)
            .limit(most)
        )
        async with self._database.read() as connection:
            entries, people = (await connection.execute(counts)).one()
            rows = (await connection.execute(coming)).all()
        found = [ComingLeave(row.user_id, row.start_at, row.end_at, wall_of(row)) for row in rows]
        return LeaveSummary(people, entries, tuple(found))

    async def lines(self, team_id: str, now: datetime) -> list[ListedLine]:
        """Return the lines of nobody that are not over, without holidays: soonest first, those that can be opened."""
        its = select(LEAVE_LINES).where(
            LEAVE_LINES.c.team_id == team_id, LEAVE_LINES.c.end_at > now, LEAVE_LINES.c.result != HOLIDAY
        )
        found = []
        for row in await self._database.fetch(its.order_by(LEAVE_LINES.c.start_at, LEAVE_LINES.c.line_id)):
            said = self._readable(row.content, _CONTENT, team_id, row.calendar_id, row.line_id)
            if said is not None:
                title, name, days, user_id = json.loads(said)
                wall = None if days is None else WallTimes(*map(datetime.fromisoformat, days))
                place = (row.line_id, row.calendar_id, row.result)
                found.append(ListedLine(*place, title, name, row.start_at, row.end_at, wall, user_id))
        return found


def _differences(
    team_id: str, found: Iterable[FoundLeave], stored: Iterable[Any]
) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Return what is stored and not found, by member and id; and the rows of what is found and not stored."""
    wanted = {(row["user_id"], row["leave_id"]): row for row in (_row(team_id, one) for one in found)}
    places = [((row.user_id, row.leave_id), row) for row in stored]
    same = {place for place, row in places if _said(wanted.get(place), row)}
    return [place for place, _ in places if place not in same], [wanted[one] for one in wanted if one not in same]


def _row(team_id: str, found: FoundLeave) -> dict[str, Any]:
    event, wall = found.event, found.event.wall
    placed = event.placed(found.zone)
    identity = f"{event.calendar_id}\x1f{event.uid}\x1f{event.occurrence}"
    return {
        "team_id": team_id,
        "user_id": found.user_id,
        "leave_id": hashlib.blake2b(identity.encode(), digest_size=20).hexdigest(),
        "calendar_id": event.calendar_id,
        "start_at": placed.start,
        "end_at": placed.end,
        "wall_start": wall and wall.start.isoformat(),
        "wall_end": wall and wall.end.isoformat(),
        "all_day": event.all_day,
    }


def _said(wanted: Mapping[str, Any] | None, row: Any) -> bool:
    """Return whether a stored row says what is wanted."""
    return wanted is not None and all(getattr(row, name) == value for name, value in wanted.items())
