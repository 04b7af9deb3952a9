"""Connected calendars: who has which, when each is due, and the claim that lets one process at a time fetch it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import String, and_, case, delete, func, literal, not_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import errors
from services.domain.calendars import (
    PUSHING,
    Changes,
    Claimed,
    Connection,
    FetchOutcome,
    Health,
    Saved,
    hook_override_id,
)
from services.domain.host_limits import HostLimits
from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import LEAVE
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.crypto import Encryptor
from services.store.calendar_rows import (
    BEHIND_THE_FENCE,
    CANDIDATES,
    CLAIM,
    CLAIMED,
    FREE,
    HELD,
    KEY,
    NEXT_DUE,
    CalendarRows,
    bound,
    candidates,
    mark_home_stale,
    of_calendar,
    of_its_calendar,
    open_to,
    promised_until,
    subject,
    tried,
    tried_columns,
)
from services.store.calendar_tables import CALENDARS, EVENTS, INBOX
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.events import EventPlan, EventStore
from services.store.group_commit import Grouped
from services.store.person_rows import NoticeStore, lock_people, mark_all_due, mark_due, of_person, tuples
from services.store.tables import NOTICES, OVERRIDES

log = structlog.get_logger(__name__)

_UNREADABLE_FOR = timedelta(hours=6)
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A connected calendar as its owner sees it. Instants are UTC.

    `name` is the calendar's own, or its host; `problem` the name of the error of the last try, or empty;
    `problems` counts entries that could not be read; `events` what is stored of it. `account_id` is "" where it is of
    no account; `watched`: its provider tells of changes.
    """

    calendar_id: str
    provider: str
    name: str
    host: str
    health: Health
    problem: str
    synced_at: datetime | None
    tried_at: datetime | None
    due_at: datetime | None
    events: int
    problems: int
    account_id: str = ""
    watched: bool = False

    @property
    def sentence(self) -> str:
        """Say what is wrong, in English, as the catalogues know it; empty where nothing is."""
        if not self.problem:
            return ""
        kind = getattr(errors, self.problem, errors.CalendarError)
        return (kind if issubclass(kind, errors.CalendarError) else errors.CalendarError).sentence()


_SMALL = 100
"""Rows of events up to which a fetch is saved along with others; people wait for more than that by themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """What a fetch found, ready to be saved: `values` of its calendar's row, `taken` of its inbox."""

    claimed: Claimed
    plan: EventPlan
    values: Mapping[str, Any]
    taken: int
    now: datetime


def _place(fetched: _Fetched) -> tuple[str, str, str]:
    return fetched.plan.key.team_id, fetched.plan.key.user_id, fetched.plan.calendar_id


class CalendarStore(CalendarRows):
    """Reads and writes `calendars`. Each method is one short transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._events = events
        self._notices = notices
        self._saves = Grouped(database, self._save)

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────

    async def add(
        self,
        key: PersonKey,
        provider: str,
        address: str,
        host: str,
        now: datetime,
        *,
        credentials: Mapping[str, Any] | None = None,
        name: str | None = None,
        account_id: str | None = None,
        connected_by: str | None = None,
    ) -> str:
        """Connect `address`, due at `now`; return its id. Raises AlreadyConnectedError, TooManyError, NotGrantedError.

        `connected_by` is the admin, where it is a leave calendar.
        Where an account's provider can be asked to tell of changes, that is due at `now`, too.
        """
        watched = account_id is not None and provider in PUSHING
        async with self._database.write() as connection:
            return await self._add(
                connection, key, provider, address=address, host=host,
                pace=account_id or host if watched else host, name=name, account_id=account_id,
                credentials=credentials, connected_by=connected_by, now=now, due_at=now,
                watch_due_at=now if watched else None,
            )  # fmt: skip

    async def of_account(self, key: PersonKey, account_id: str) -> Mapping[str, str]:
        """Map the address of each connected calendar of an account to its id."""
        its = and_(of_person(CALENDARS, key), CALENDARS.c.account_id == account_id)
        rows = await self._database.fetch(select(CALENDARS.c.calendar_id, CALENDARS.c.address).where(its))
        opened = [(self._address(key, row), row.calendar_id) for row in rows]
        return {address: calendar_id for address, calendar_id in opened if address is not None}

    async def of(self, key: PersonKey) -> Sequence[CalendarView]:
        """List a person's calendars with their health, oldest first."""
        count = select(func.count()).select_from(EVENTS).where(of_its_calendar(EVENTS)).scalar_subquery()
        views = select(*CALENDARS.columns, count.label("events"), promised_until().label("promised_until"))
        theirs = views.where(of_person(CALENDARS, key)).order_by(CALENDARS.c.created_at, CALENDARS.c.calendar_id)
        return [self._view(row) for row in await self._database.fetch(theirs)]

    def _view(self, row: Any) -> CalendarView:
        name = self._readable(row.name, "calendars.name", row.team_id, row.user_id, row.calendar_id)
        return CalendarView(
            calendar_id=row.calendar_id,
            provider=row.provider,
            name=name or row.host,  # where its key is gone, too: the list shows it, so that it can be removed
            host=row.host,
            health=Health(row.health),
            problem=row.problem,
            synced_at=row.synced_at,
            tried_at=row.tried_at,
            due_at=row.due_at,
            events=row.events,
            problems=row.problems,
            account_id=row.account_id or "",
            watched=row.promised_until is not None,
        )

    async def trouble(self, key: PersonKey, calendar_id: str) -> tuple[str, str] | None:
        """Return a calendar's name and the class name of its last error; None where it is gone or well."""
        found = next((view for view in await self.of(key) if view.calendar_id == calendar_id), None)
        return (found.name, found.problem) if found is not None and found.problem else None

    async def remove(self, key: PersonKey, calendar_id: str, now: datetime) -> bool:
        """Delete a calendar with its events, its notice, and the status that a hook shows; the person becomes due.

        False where there is none.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            gone = await connection.execute(delete(CALENDARS).where(of_calendar(CALENDARS, key, calendar_id)))
            if not gone.rowcount:
                return False
            shown = OVERRIDES.c.override_id == hook_override_id(key, calendar_id)
            await connection.execute(delete(OVERRIDES).where(of_person(OVERRIDES, key), shown))
            await self._notices.worked(connection, subject(calendar_id), key)
            await mark_due(connection, key, now)
        return True

    async def due_now(self, key: PersonKey, now: datetime) -> int:
        """Make every calendar of a person due that is ever fetched; return how many there are."""
        return await self._database.execute(
            update(CALENDARS)
            .where(of_person(CALENDARS, key), CALENDARS.c.due_at.is_not(None))
            .values(due_at=case((CALENDARS.c.due_at > now, literal(now, UtcInstant)), else_=CALENDARS.c.due_at))
        )

    # ── the loop's side ─────────────────────────────────────────────────────────────────────────────

    async def next_due(self, shut: Collection[str]) -> datetime | None:
        """Return when the first calendar is due that none of the paces `shut` holds back."""
        if shut:
            rows: Sequence[Any] = await self._database.fetch(NEXT_DUE.where(open_to(shut)))
        else:
            (rows,) = await self._database.rows((NEXT_DUE, {}))
        return min((max(due, lease or due) for due, lease in rows), default=None)

    async def claim(self, now: datetime, lease: datetime, limits: HostLimits) -> Sequence[Claimed]:
        """Claim due calendars that nobody fetches, as many as `limits` let begin; they are due again at `lease`."""
        chosen = await self._candidates(now, limits)
        if not chosen:
            return ()
        async with self._database.write() as connection:
            ours = (await connection.execute(FREE, {"of_calendars": tuples(chosen), "b_now": now})).all()
            # read once they are ours: see `lock_people`
            rows = (await connection.execute(CLAIMED, {"of_calendars": tuples(ours), "b_now": now})).all()
            if rows:
                places = [bound(PersonKey(row.team_id, row.user_id), row.calendar_id) for row in rows]
                await connection.execute(CLAIM, [place | {"b_lease": lease} for place in places])
        claimed = []
        for row in rows:
            try:
                large = len(row.state or b"") >= LARGE
                claimed.append(await off_loop_if(large, self._claimed, row, lease, now))
            except (SealError, ValueError):  # ValueError: a health that is none
                await self._unreadable(row, now)
        return claimed

    def _claimed(self, row: Any, lease: datetime, now: datetime) -> Claimed:
        """Open a row as it was before the claim at `now`. Raises SealError, and ValueError for an unknown health."""
        return Claimed(
            connection=self._connection(row),
            claim=row.claim + 1,
            lease=lease,
            host=row.host,
            pace=row.pace,
            watched=row.promised_until is not None and now < row.promised_until,
            next_edge=row.next_edge,
            health=Health(row.health),
            failures=row.failures,
            problem=row.problem,
            worked_at=row.synced_at or row.created_at,
            ever_worked=row.synced_at is not None,
        )

    async def save(self, claimed: Claimed, changes: Changes, outcome: FetchOutcome, now: datetime) -> Saved:
        """Write events, state, health and next due in one transaction; nothing at all where the claim is stale."""
        plan = EventPlan(claimed.connection.key, claimed.connection.calendar_id)
        if not changes.unchanged:
            plan = await self._events.prepare(plan.key, plan.calendar_id, changes)
        large = len(changes.state or b"") >= LARGE and changes.state is not claimed.connection.state
        values = tried_columns(outcome, now) | await off_loop_if(large, self._found, claimed, changes)
        fetched = _Fetched(claimed, plan, values | {"synced_at": now}, changes.taken, now)
        if len(plan.drop) + len(plan.rows) > _SMALL:
            return (await self._save([fetched]))[0]
        return await self._saves.put(fetched)

    async def _save(self, fetched: Sequence[_Fetched]) -> Sequence[Saved]:
        """Save what several fetches found."""
        saved = dict.fromkeys(fetched, Saved.STALE)
        due: dict[PersonKey, datetime] = {}
        async with self._database.write() as connection:
            await lock_people(connection, {one.plan.key for one in fetched})
            rows = await connection.execute(HELD, {"of_calendars": tuples(map(_place, fetched))})
            claims = {(row.team_id, row.user_id, row.calendar_id): row.claim for row in rows}
            held = sorted((one for one in fetched if claims.get(_place(one)) == one.claimed.claim), key=_place)
            values: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
            for one in held:
                values[tuple(one.values)].append(_behind_the_fence(one.claimed, one.values))
            for columns, theirs in values.items():
                await connection.execute(tried(columns), theirs)
            await self._events.apply(connection, [one.plan for one in held])
            for one in held:
                key, calendar_id = one.plan.key, one.plan.calendar_id
                if one.taken:
                    worked_in = of_calendar(INBOX, key, calendar_id), INBOX.c.seq <= one.taken
                    await connection.execute(delete(INBOX).where(*worked_in))
                if one.claimed.health is not Health.OK:
                    await self._notices.worked(connection, subject(calendar_id), key)
                    await mark_home_stale(connection, key)
                if not one.plan.empty:
                    due[key] = min(one.now, due.get(key, one.now))
                saved[one] = Saved.UNCHANGED if one.plan.empty else Saved.CHANGED
            await mark_all_due(connection, due)
        return [saved[one] for one in fetched]

    def _found(self, claimed: Claimed, changes: Changes) -> dict[str, Any]:
        """Return the columns that a fetch fills with what it found."""
        there, values = claimed.connection, dict[str, Any]()
        place = (there.key.team_id, there.key.user_id, there.calendar_id)
        if changes.state != there.state:
            values["state"] = self._encryptor.seal(changes.state, "calendars.state", *place)
        if changes.name:
            values["name"] = self._encryptor.seal(changes.name[:_LONGEST_NAME], "calendars.name", *place)
        if not changes.unchanged:
            values["problems"] = len(changes.problems)
        return values

    async def fail(self, claimed: Claimed, outcome: FetchOutcome, now: datetime) -> bool:
        """Write health and next due; the events stay. False, and nothing written, where the claim is stale."""
        key = claimed.connection.key
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            values = tried_columns(outcome, now)
            done = await connection.execute(tried(tuple(values)), _behind_the_fence(claimed, values))
            if not done.rowcount:
                return False
            if outcome.tell and not await self._told_of_account(connection, claimed.connection):
                await self._notices.tell(connection, key, subject(claimed.connection.calendar_id))
            if outcome.health is not claimed.health:
                await mark_home_stale(connection, key)
        return True

    async def prolong(self, claimed: Claimed, until: datetime) -> bool:
        """Leave it to who fetches it until then; made due meanwhile, it stays due. False where the claim is stale."""
        same_due = case(
            (CALENDARS.c.due_at == CALENDARS.c.leased_until, literal(until, UtcInstant)), else_=CALENDARS.c.due_at
        )
        prolonged = BEHIND_THE_FENCE.values(due_at=same_due, leased_until=until)
        return bool(await self._database.execute(prolonged, _behind_the_fence(claimed, {})))

    async def take_up(self, now: datetime) -> int:
        """Make due what a process was fetching that is gone; return how many. Only for who has the database alone."""
        return await self._database.execute(
            update(CALENDARS).where(CALENDARS.c.leased_until.is_not(None)).values(leased_until=None, due_at=now)
        )

    async def postpone(self, pace: str, until: datetime) -> None:
        """Leave every calendar of `pace` alone until then, in every process; rows being written are not waited for."""
        held = not_(open_to((pace,)))
        sooner = select(*KEY).where(held, CALENDARS.c.due_at < until).with_for_update(skip_locked=True)
        await self._database.execute(update(CALENDARS).where(tuple_(*KEY).in_(sooner)).values(due_at=until))

    async def _candidates(self, now: datetime, limits: HostLimits) -> list[tuple[str, str, str]]:
        """Return the keys of what is due, as many as may begin."""
        shut = limits.shut(now)
        statement = candidates(open_to(shut)) if shut else CANDIDATES
        given = {"b_now": now, "per_host": limits.per_host, "per_person": limits.per_person, "free": limits.free}
        rows = await self._database.fetch(statement, given)
        may = limits.may_begin((row.pace, PersonKey(row.team_id, row.user_id), row.provider) for row in rows)
        return [(row.team_id, row.user_id, row.calendar_id) for row, begins in zip(rows, may, strict=True) if begins]

    async def _told_of_account(self, connection: AsyncConnection, there: Connection) -> bool:
        """Check whether its owner was told of another calendar of the account: one refusal is one message."""
        if not there.account_id:
            return False
        others = select(literal("calendar/", String) + CALENDARS.c.calendar_id).where(
            of_person(CALENDARS, there.key),
            CALENDARS.c.account_id == there.account_id,
            CALENDARS.c.calendar_id != there.calendar_id,
        )
        # of leave calendars an admin was told
        whose = NOTICES.c.user_id != LEAVE if there.key.user_id == LEAVE else NOTICES.c.user_id == there.key.user_id
        told = select(NOTICES.c.subject).where(
            NOTICES.c.team_id == there.key.team_id, whose, NOTICES.c.subject.in_(others)
        )
        return (await connection.execute(told.limit(1))).first() is not None

    async def _unreadable(self, row: Any, now: datetime) -> None:
        """Mark a calendar whose row cannot be read; the others go on."""
        log.error("calendar_not_opened", team_id=row.team_id, user_id=row.user_id, calendar_id=row.calendar_id)
        broken = {"health": Health.BROKEN, "problem": SealError.__name__, "tried_at": now, "leased_until": None}
        place = bound(PersonKey(row.team_id, row.user_id), row.calendar_id) | {"b_claim": row.claim + 1}
        await self._database.execute(BEHIND_THE_FENCE.values(due_at=now + _UNREADABLE_FOR, **broken), place)


def _behind_the_fence(claimed: Claimed, values: Mapping[str, Any]) -> dict[str, Any]:
    """Name the calendar, while its claim holds, and what to write."""
    there = claimed.connection
    given = {f"tried_{name}": value for name, value in values.items()}
    return bound(there.key, there.calendar_id) | {"b_claim": claimed.claim} | given
