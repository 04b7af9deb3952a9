"""A calendar's row: how it becomes what the use cases know, and which rows are meant."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import errors
from services.domain.calendars import (
    CALDAV,
    PERSON,
    POLLED,
    POLLED_OF,
    PROVIDER,
    Changes,
    Claimed,
    Connection,
    FetchOutcome,
    Health,
)
from services.domain.errors import AlreadyConnectedError, NotGrantedError, SealError, TooManyError
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.models import Account, Calendar, EventRow, Person, UtcInstant, WatchRow
from services.store.person_rows import lock_one, one_of

MOST = 20
"""Calendars that one person may connect."""

_LONGEST_HOST = 255
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


class CalendarRows:
    """Opens and seals what a row holds."""

    def __init__(self, encryptor: Encryptor) -> None:
        """`encryptor` has the keys."""
        self._encryptor = encryptor

    def connection(self, row: Any) -> Connection:
        """Open a row with the columns `CLAIMED`. Raises SealError."""
        place = (row.team_id, row.user_id, row.calendar_id)
        addresses = self._encryptor.open(row.addresses, "people.addresses", row.team_id, row.user_id)
        credentials = self._encryptor.open(row.credentials, "calendars.credentials", *place)
        if row.password is not None:
            whose = (row.team_id, row.user_id, row.account_id)
            credentials = self._encryptor.open(row.password, "accounts.credentials", *whose)
        return Connection(
            key=PersonKey(row.team_id, row.user_id),
            calendar_id=row.calendar_id,
            provider=row.provider,
            address=self._encryptor.open(row.address, "calendars.address", *place) or "",
            zone=ZoneInfo(row.zone),
            addresses=tuple(json.loads(addresses or "[]")),
            account_id=row.account_id or "",
            credentials=json.loads(credentials or "{}"),
            state=self._encryptor.open_bytes(row.state, "calendars.state", *place),
        )

    def claimed(self, row: Any, lease: datetime, now: datetime) -> Claimed:
        """Open a row as it was before the claim at `now`, with the columns `CLAIMED`. Raises SealError."""
        return Claimed(
            connection=self.connection(row),
            claim=row.claim + 1,
            lease=lease,
            host=row.host,
            pace=row.pace,
            watched=row.promised_until is not None and now < row.promised_until,
            next_edge=row.next_edge,
            health=Health(row.health),
            failures=row.failures,
            worked_at=row.synced_at or row.created_at,
            ever_worked=row.synced_at is not None,
        )

    def view(self, row: Any) -> CalendarView:
        """Open a row with the number of its `events`."""
        name = self.text(row.name, "calendars.name", row.team_id, row.user_id, row.calendar_id)
        return CalendarView(
            calendar_id=row.calendar_id,
            provider=row.provider,
            name=name or row.host,
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

    def text(self, sealed: bytes | None, column: str, *place: str) -> str | None:
        """Open a text; None where its key is gone: the list shows such a calendar, so that it can be removed."""
        try:
            return self._encryptor.open(sealed, column, *place)
        except SealError:
            return None

    def found(self, claimed: Claimed, changes: Changes, now: datetime) -> dict[str, Any]:
        """Return the columns that a fetch fills which worked."""
        key, calendar_id = claimed.connection.key, claimed.connection.calendar_id
        place = (key.team_id, key.user_id, calendar_id)
        values: dict[str, Any] = {"synced_at": now}
        if changes.state != claimed.connection.state:
            values["state"] = self._encryptor.seal(changes.state, "calendars.state", *place)
        if changes.name:
            values["name"] = self._encryptor.seal(changes.name[:_LONGEST_NAME], "calendars.name", *place)
        if not changes.unchanged:
            values["problems"] = len(changes.problems)
        return values


def promised_until() -> ScalarSelect[Any]:
    """Select until when the provider promised to tell of a calendar's changes; NULL where it has not."""
    return (
        select(func.max(WatchRow.expires_at, type_=UtcInstant))
        .where(of_its_calendar(WatchRow))
        .correlate(Calendar)
        .scalar_subquery()
    )


def next_edge(now: datetime) -> ScalarSelect[Any]:
    """Select the next instant after `now` at which an event of a calendar starts or ends; NULL for none."""
    starts, at = EventRow.start_at > now, literal(now, UtcInstant)
    edge = case((EventRow.start_at > at, EventRow.start_at), else_=EventRow.end_at)
    return (
        select(func.min(edge, type_=UtcInstant))
        .where(of_its_calendar(EventRow), or_(starts, EventRow.end_at > now))
        .correlate(Calendar)
        .scalar_subquery()
    )


def of_the_account() -> ColumnElement[bool]:
    """Match a calendar's account, where that is one with a password: tokens are nobody's business here."""
    return and_(
        Account.team_id == Calendar.team_id,
        Account.user_id == Calendar.user_id,
        Account.account_id == Calendar.account_id,
        Account.provider == CALDAV,
    )


def open_to(shut: Collection[str]) -> ColumnElement[bool]:
    """Match what none of the paces `shut` holds back, as `HostLimits.shut` names them."""
    if not shut:
        return true()

    def named(kind: str) -> list[str]:
        return sorted(one.removeprefix(kind) for one in shut if one.startswith(kind))

    def of_none(people: Iterable[str]) -> ColumnElement[bool]:
        keys = [one.split("/", 1) for one in people]
        return not_(or_(false(), *(and_(Calendar.team_id == team, Calendar.user_id == user) for team, user in keys)))

    return and_(
        Calendar.pace.not_in(sorted(shut)),
        Calendar.provider.not_in(named(PROVIDER)),
        of_none(named(PERSON)),
        or_(Calendar.provider.not_in(sorted(POLLED)), of_none(named(POLLED_OF))),
    )


def of_calendar(table: Any, key: PersonKey, calendar_id: str) -> ColumnElement[bool]:
    """Match the rows of `table` (a model with a calendar's key) that belong to one calendar."""
    return and_(table.team_id == key.team_id, table.user_id == key.user_id, table.calendar_id == calendar_id)


def of_its_calendar(table: Any) -> ColumnElement[bool]:
    """Match the rows of `table` that belong to the calendar in the same row of a join, or around a subquery."""
    return and_(
        table.team_id == Calendar.team_id, table.user_id == Calendar.user_id, table.calendar_id == Calendar.calendar_id
    )


def its_person() -> ColumnElement[bool]:
    """Match the row of the person whose calendar it is, for a join."""
    return and_(Person.team_id == Calendar.team_id, Person.user_id == Calendar.user_id)


def the_person(key: PersonKey) -> ColumnElement[bool]:
    """Match the person's own row."""
    return and_(Person.team_id == key.team_id, Person.user_id == key.user_id)


def owned_by(key: PersonKey) -> ColumnElement[bool]:
    """Match the person's calendars."""
    return and_(Calendar.team_id == key.team_id, Calendar.user_id == key.user_id)


def same(row: Any) -> ColumnElement[bool]:
    """Match the calendar that `row` is of."""
    return of_calendar(Calendar, PersonKey(row.team_id, row.user_id), row.calendar_id)


def claimable(now: datetime) -> ColumnElement[bool]:
    """Match what is due, and fetched by nobody."""
    return and_(Calendar.due_at <= now, or_(Calendar.leased_until.is_(None), Calendar.leased_until <= now))


def subject(calendar_id: str) -> str:
    """Name the notice about this calendar."""
    return f"calendar/{calendar_id}"


def tried(outcome: FetchOutcome, now: datetime) -> dict[str, Any]:
    """Return the columns that every try writes. Made due meanwhile (somebody wants it now), it stays due."""
    return {
        "health": outcome.health,
        "problem": outcome.problem,
        "failures": outcome.failures,
        "tried_at": now,
        "leased_until": None,
        "pace": case((Calendar.pace == "", Calendar.host), else_=Calendar.pace),  # where the code before 0002 made it
        "due_at": case(
            (Calendar.due_at < Calendar.leased_until, Calendar.due_at), else_=literal(outcome.due_at, UtcInstant)
        ),
    }


CLAIMED = (
    Person.zone,
    Person.addresses,
    Account.credentials.label("password"),
    promised_until().label("promised_until"),
)
"""What a connection needs besides its calendar's own columns."""

KEY = (Calendar.team_id, Calendar.user_id, Calendar.calendar_id)
BOUND = tuple(column == bindparam(name) for column, name in zip(KEY, ("b_team", "b_user", "b_calendar"), strict=True))
"""Match the one calendar that the parameters `bound(…)` name."""

AMONG = one_of(KEY, "of_calendars")
"""Match the calendars whose keys that parameter has, as `tuples(…)`."""


def bound(key: PersonKey, calendar_id: str) -> dict[str, Any]:
    """Name a calendar to a statement that is built once, with `BOUND`."""
    return {"b_team": key.team_id, "b_user": key.user_id, "b_calendar": calendar_id}


async def add_calendar(
    connection: AsyncConnection,
    encryptor: Encryptor,
    key: PersonKey,
    provider: str,
    *,
    address: str = "",
    host: str = "",
    pace: str = "",
    name: str | None = None,
    account_id: str | None = None,
    credentials: Mapping[str, Any] | None = None,
    secret: str | None = None,
    now: datetime,
    due_at: datetime | None,
    watch_due_at: datetime | None = None,
) -> str:
    """Insert a calendar of the person, which nobody has fetched yet; return its id.

    One that is known by no `address` is known by its id, and one that names no `pace` has one of its own. `secret` is
    the digest of a hook's; `due_at` None: not before something arrives.

    Raises AlreadyConnectedError where they have one of that provider and address, TooManyError, and NotGrantedError for
    somebody unknown.
    """
    calendar_id = "C" + secrets.token_hex(8)
    place = (key.team_id, key.user_id, calendar_id)
    rows, address = CalendarRows(encryptor), address or calendar_id
    secrets_json = None if credentials is None else json.dumps(dict(credentials))
    if not await lock_one(connection, key):
        raise NotGrantedError("unknown person")
    theirs = select(Calendar.calendar_id, Calendar.provider, Calendar.address).where(owned_by(key))
    stored = (await connection.execute(theirs)).all()
    alike = [one for one in stored if one.provider == provider]
    # Opened one by one: the digest of an address is another one after the keys were rotated.
    if any(rows.text(one.address, "calendars.address", *place[:2], one.calendar_id) == address for one in alike):
        raise AlreadyConnectedError(host or provider)
    if len(stored) >= MOST:
        raise TooManyError("calendars", most=MOST)
    await connection.execute(
        insert(Calendar).values(
            team_id=key.team_id,
            user_id=key.user_id,
            calendar_id=calendar_id,
            provider=provider,
            account_id=account_id,
            host=host[:_LONGEST_HOST],
            pace=(pace or calendar_id)[:_LONGEST_HOST],
            secret=secret,
            address_digest=encryptor.digest(f"{provider}\n{address}".encode()),
            health=Health.NEW,
            created_at=now,
            due_at=due_at,
            watch_due_at=watch_due_at,
            name=encryptor.seal(name, "calendars.name", *place),
            address=encryptor.seal(address, "calendars.address", *place),
            credentials=encryptor.seal(secrets_json, "calendars.credentials", *place),
        )
    )
    await mark_home_stale(connection, key)
    return calendar_id


async def mark_home_stale(connection: AsyncConnection, key: PersonKey) -> None:
    """Have the person's Home tab shown anew: what it says of their calendars changed."""
    await connection.execute(update(Person).where(the_person(key)).values(home_stale=True))
