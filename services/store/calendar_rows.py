"""Calendars' rows: which are meant, how they are claimed and written, and what every store of calendars shares."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import CALDAV, MICROSOFT, POLLED, Connection, FetchOutcome, Health
from services.domain.errors import AlreadyConnectedError, NotGrantedError, TooManyError
from services.domain.host_limits import PERSON, POLLED_OF, PROVIDER
from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import zone_or
from services.store.calendar_tables import ACCOUNTS, CALENDARS, EVENTS, WATCHES
from services.store.columns import UtcInstant
from services.store.db import Store, tell_sender
from services.store.person_rows import lock_one, of_person, one_of
from services.store.tables import PEOPLE

MOST = 20
"""Calendars that one person may connect."""

_LONGEST_HOST = 255
_T = TypeVar("_T")


class CalendarRows(Store):
    """What every store of what calendars have needs."""

    def _connection(self, row: Any) -> Connection:
        """Open a row of `claimed_rows`. Raises SealError, also where what was sealed is not what it should be."""
        place = (row.team_id, row.user_id, row.calendar_id)
        addresses = self._encryptor.open(row.addresses, "people.addresses", row.team_id, row.user_id)
        credentials = self._encryptor.open(row.credentials, "calendars.credentials", *place)
        whose = (row.team_id, row.user_id, row.account_id)
        if row.password is not None:
            credentials = self._encryptor.open(row.password, "accounts.credentials", *whose)
        theirs = _found(addresses or "[]", tuple[str, ...], "people.addresses")
        if row.mailbox is not None:
            theirs += (self._encryptor.open(row.mailbox, "accounts.subject", *whose) or "",)
        return Connection(
            key=PersonKey(row.team_id, row.user_id),
            calendar_id=row.calendar_id,
            provider=row.provider,
            address=self._encryptor.open(row.address, "calendars.address", *place) or "",
            zone=zone_or(row.zone, ZoneInfo("UTC")),
            addresses=tuple(dict.fromkeys(theirs)),
            account_id=row.account_id or "",
            credentials=_found(credentials or "{}", dict[str, Any], "calendars.credentials"),
            state=self._encryptor.open_bytes(row.state, "calendars.state", *place),
        )

    async def _add(
        self,
        connection: AsyncConnection,
        key: PersonKey,
        provider: str,
        *,
        now: datetime,
        address: str = "",
        host: str = "",
        pace: str = "",
        name: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> str:
        """Insert a calendar of the person, which nobody has fetched yet; return its id.

        One that is known by no `address` is known by its id, and one that names no `pace` has one of its own. Other
        `columns` are stored as they are.

        Raises AlreadyConnectedError where they have one of that provider and address, TooManyError, and NotGrantedError
        for somebody unknown.
        """
        calendar_id = "C" + secrets.token_hex(8)
        place = (key.team_id, key.user_id, calendar_id)
        address = address or calendar_id
        secrets_json = None if credentials is None else json.dumps(dict(credentials))
        if not await lock_one(connection, key):
            raise NotGrantedError("unknown person")
        theirs = select(CALENDARS.c.calendar_id, CALENDARS.c.provider, CALENDARS.c.address).where(
            of_person(CALENDARS, key)
        )
        stored = (await connection.execute(theirs)).all()
        alike = [one for one in stored if one.provider == provider]
        # Opened one by one: the digest of an address is another one after the keys were rotated.
        if any(self._address(key, one) == address for one in alike):
            raise AlreadyConnectedError(host or provider)
        if len(stored) >= MOST:
            raise TooManyError("calendars", most=MOST)
        await connection.execute(
            insert(CALENDARS).values(
                team_id=key.team_id,
                user_id=key.user_id,
                calendar_id=calendar_id,
                provider=provider,
                host=host[:_LONGEST_HOST],
                pace=(pace or calendar_id)[:_LONGEST_HOST],
                address_digest=self._encryptor.digest(f"{provider}\n{address}".encode()),
                health=Health.NEW,
                created_at=now,
                name=self._encryptor.seal(name, "calendars.name", *place),
                address=self._encryptor.seal(address, "calendars.address", *place),
                credentials=self._encryptor.seal(secrets_json, "calendars.credentials", *place),
                **columns,
            )
        )
        await mark_home_stale(connection, key)
        return calendar_id

    def _address(self, key: PersonKey, row: Any) -> str | None:
        """Return the address in a calendar's row; None where its key is gone."""
        return self._readable(row.address, "calendars.address", key.team_id, key.user_id, row.calendar_id)


def _found(text: str, kind: type[_T], place: str) -> _T:
    """Return what a sealed text holds. Raises SealError where that is something else."""
    try:
        return msgspec.convert(json.loads(text), kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise SealError("holds something else", place=place) from error


def promised_until() -> ScalarSelect[Any]:
    """Select until when the provider promised to tell of a calendar's changes; NULL where it has not."""
    return (
        select(func.max(WATCHES.c.expires_at, type_=UtcInstant))
        .where(of_its_calendar(WATCHES))
        .correlate(CALENDARS)
        .scalar_subquery()
    )


def open_to(shut: Collection[str]) -> ColumnElement[bool]:
    """Match what none of the paces `shut` holds back, as `HostLimits.shut` names them."""
    if not shut:
        return true()

    def named(kind: str) -> list[str]:
        return sorted(one.removeprefix(kind) for one in shut if one.startswith(kind))

    def of_none(people: Iterable[str]) -> ColumnElement[bool]:
        keys = [one.split("/", 1) for one in people]
        return not_(
            or_(false(), *(and_(CALENDARS.c.team_id == team, CALENDARS.c.user_id == user) for team, user in keys))
        )

    return and_(
        CALENDARS.c.pace.not_in(sorted(shut)),
        CALENDARS.c.provider.not_in(named(PROVIDER)),
        of_none(named(PERSON)),
        or_(CALENDARS.c.provider.not_in(sorted(POLLED)), of_none(named(POLLED_OF))),
    )


def of_calendar(table: FromClause, key: PersonKey, calendar_id: str) -> ColumnElement[bool]:
    """Match the rows of `table` (with a calendar's key) that belong to one calendar."""
    return and_(of_person(table, key), table.c.calendar_id == calendar_id)


def of_its_calendar(table: FromClause) -> ColumnElement[bool]:
    """Match the rows of `table` that belong to the calendar in the same row of a join, or around a subquery."""
    return and_(of_person(table, CALENDARS), table.c.calendar_id == CALENDARS.c.calendar_id)


def subject(calendar_id: str) -> str:
    """Name the notice about this calendar."""
    return f"calendar/{calendar_id}"


KEY = (CALENDARS.c.team_id, CALENDARS.c.user_id, CALENDARS.c.calendar_id)
BOUND = tuple(column == bindparam(name) for column, name in zip(KEY, ("b_team", "b_user", "b_calendar"), strict=True))
"""Match the one calendar that the parameters `bound(…)` name."""

AMONG = one_of(KEY, "of_calendars")
"""Match the calendars whose keys that parameter has, as `tuples(…)`."""


def bound(key: PersonKey, calendar_id: str) -> dict[str, Any]:
    """Name a calendar to a statement that is built once, with `BOUND`."""
    return {"b_team": key.team_id, "b_user": key.user_id, "b_calendar": calendar_id}


def claimed_rows(*more: Any) -> Select[*tuple[Any, ...]]:
    """Select calendars by `AMONG`, with what a connection needs besides, and `more`."""
    # of an account with a password that alone: tokens are nobody's business here; Microsoft's are known by their
    # mailbox, as which the person is among the guests, whatever address Slack knows
    needed = and_(ACCOUNTS.c.account_id == CALENDARS.c.account_id, ACCOUNTS.c.provider.in_((CALDAV, MICROSOFT)))
    password = case((ACCOUNTS.c.provider == CALDAV, ACCOUNTS.c.credentials)).label("password")
    mailbox = case((ACCOUNTS.c.provider == MICROSOFT, ACCOUNTS.c.subject)).label("mailbox")
    promised = promised_until().label("promised_until")
    return (
        select(*CALENDARS.columns, PEOPLE.c.zone, PEOPLE.c.addresses, password, mailbox, promised, *more)
        .join(PEOPLE, of_person(PEOPLE, CALENDARS))
        .outerjoin(ACCOUNTS, and_(of_person(ACCOUNTS, CALENDARS), needed))
        .where(AMONG)
    )


_FIRST = 100
NEXT_DUE = (
    select(CALENDARS.c.due_at, CALENDARS.c.leased_until)
    .where(CALENDARS.c.due_at.is_not(None))
    .order_by(CALENDARS.c.due_at)
    .limit(_FIRST)
)
"""Rows looked at for the next due time: more than are being fetched at once and wanted again meanwhile."""

_LEASE = bindparam("b_lease", type_=UtcInstant)
CLAIM = update(CALENDARS).where(*BOUND).values(claim=CALENDARS.c.claim + 1, due_at=_LEASE, leased_until=_LEASE)
BEHIND_THE_FENCE = update(CALENDARS).where(*BOUND, CALENDARS.c.claim == bindparam("b_claim"))
HELD = select(*KEY, CALENDARS.c.claim).where(AMONG).order_by(*KEY).with_for_update()

_NOW = bindparam("b_now", type_=UtcInstant)
_CLAIMABLE = and_(CALENDARS.c.due_at <= _NOW, or_(CALENDARS.c.leased_until.is_(None), CALENDARS.c.leased_until <= _NOW))
"""What is due, and fetched by nobody."""

FREE = select(*KEY).where(AMONG, _CLAIMABLE).order_by(*KEY).with_for_update(skip_locked=True)
_NEXT_EDGE = (
    select(func.min(case((EVENTS.c.start_at > _NOW, EVENTS.c.start_at), else_=EVENTS.c.end_at), type_=UtcInstant))
    .where(of_its_calendar(EVENTS), or_(EVENTS.c.start_at > _NOW, EVENTS.c.end_at > _NOW))
    .correlate(CALENDARS)
    .scalar_subquery()
)
"""The next instant at which an event of a calendar starts or ends; NULL for none."""

CLAIMED = claimed_rows(_NEXT_EDGE.label("next_edge")).order_by(CALENDARS.c.due_at, *KEY)


def candidates(may: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select what is due where `may` holds, oldest first, of each host and person not more than may begin."""

    def place(calendars: Any, *within: Any) -> Any:
        return func.row_number().over(partition_by=within, order_by=calendars.due_at).label("place")

    due = select(*KEY, CALENDARS.c.pace, CALENDARS.c.provider, CALENDARS.c.due_at, place(CALENDARS.c, CALENDARS.c.pace))
    at_host = due.where(_CLAIMABLE, may).subquery().c
    own = place(at_host, at_host.team_id, at_host.user_id, at_host.provider.in_(sorted(POLLED)))
    key = at_host.team_id, at_host.user_id, at_host.calendar_id
    ranked = (
        select(*key, at_host.pace, at_host.provider, at_host.due_at, own)
        .where(at_host.place <= bindparam("per_host"))
        .subquery()
    )
    return (
        select(ranked)
        .where(ranked.c.place <= bindparam("per_person"))
        .order_by(ranked.c.due_at, ranked.c.team_id, ranked.c.user_id, ranked.c.calendar_id)
        .limit(bindparam("free"))
    )


CANDIDATES = candidates(true())


@cache
def tried(columns: tuple[str, ...]) -> Any:
    """Write these columns after a try, given as `tried_…`. Made due meanwhile (somebody wants it now), it stays due."""
    values: dict[str, Any] = {name: bindparam(f"tried_{name}", type_=CALENDARS.c[name].type) for name in columns}
    sooner = CALENDARS.c.due_at < CALENDARS.c.leased_until
    return BEHIND_THE_FENCE.values(
        {
            **values,
            "leased_until": None,
            "pace": case(
                (CALENDARS.c.pace == "", CALENDARS.c.host), else_=CALENDARS.c.pace
            ),  # made by the code before 0002
            "due_at": case((sooner, CALENDARS.c.due_at), else_=values["due_at"]),
        }
    )


def tried_columns(outcome: FetchOutcome, now: datetime) -> dict[str, Any]:
    """Return the columns that every try writes."""
    return {
        "health": outcome.health,
        "problem": outcome.problem,
        "failures": outcome.failures,
        "tried_at": now,
        "due_at": outcome.due_at,
    }


async def mark_home_stale(connection: AsyncConnection, key: PersonKey) -> None:
    """Have the person's Home tab shown anew: what it says of their calendars changed."""
    await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(home_stale=True))
    tell_sender(connection)
