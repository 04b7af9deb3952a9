"""A calendar that is connected: its row, within whoever's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Health
from services.domain.errors import AlreadyConnectedError, NotGrantedError, TooManyError
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.calendar_rows import CalendarRows, owned_by, the_person
from services.store.marks import lock_one
from services.store.models import Calendar, Person

MOST = 20
"""Calendars that one person may connect."""

_LONGEST_HOST = 255


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
    """The id of a new calendar of the person, which nobody has fetched yet.

    One that is known by no `address` is known by its id, and one that names no `pace` has one of its own. `secret` is
    the digest of a hook's; `due_at` None: not before something arrives.

    Raises AlreadyConnectedError where they have one of that provider and address, TooManyError, and NotGrantedError for
    somebody unknown.
    """
    calendar_id = "C" + secrets.token_hex(8)
    place = (key.team_id, key.user_id, calendar_id)
    rows, address = CalendarRows(encryptor), address or calendar_id
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
            **rows.fresh(place, address, name, credentials),
        )
    )
    await connection.execute(update(Person).where(the_person(key)).values(home_stale=True))
    return calendar_id
