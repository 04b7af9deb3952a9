"""Use cases around a person's calendars: connect, list, look now, disconnect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from yarl import URL

from services.calendars.accounts.disconnecting import Parter, PartingRows
from services.domain import errors
from services.domain.calendars import ICS, Health
from services.domain.model import PersonKey
from services.ports import Clock, WakeSignal

FEED_FIELD = "feed"
"""The block of the modal `connect_calendar` that holds a feed's address."""


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
        """What is wrong, in English, as the catalogues know it; empty where nothing is."""
        if not self.problem:
            return ""
        kind = getattr(errors, self.problem, errors.CalendarError)
        return (kind if issubclass(kind, errors.CalendarError) else errors.CalendarError).sentence()


class AddressCheck(Protocol):
    """Which addresses may be visited: `net.AddressRules`."""

    def parse(self, text: str) -> URL:
        """The address. Raises NotAnAddressError, AddressNotAllowedError."""
        ...


class ConnectedCalendars(Protocol):
    """The stored calendars: `store.calendars.CalendarStore`."""

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
    ) -> str:
        """The new calendar's id; due now. Raises AlreadyConnectedError, TooManyError."""
        ...

    async def of(self, key: PersonKey) -> Sequence[CalendarView]:
        """A person's calendars, oldest first."""
        ...

    async def remove(self, key: PersonKey, calendar_id: str, now: datetime) -> bool:
        """Delete a calendar with its events; False where there is none."""
        ...

    async def due_now(self, key: PersonKey, now: datetime) -> int:
        """Have all of a person's calendars fetched; how many there are."""
        ...


class Connections:
    """What the modals, the Home tab and the commands call."""

    def __init__(
        self,
        calendars: ConnectedCalendars,
        addresses: AddressCheck,
        clock: Clock,
        wake_signal: WakeSignal,
        *,
        accounts: PartingRows,
        parter: Parter,
    ) -> None:
        """`addresses` tells which may be visited; `wake_signal` wakes the loop that fetches; `parter` stops watches."""
        self._accounts = accounts
        self._parter = parter
        self._calendars = calendars
        self._addresses = addresses
        self._clock = clock
        self._wake_signal = wake_signal

    async def connect_feed(self, key: PersonKey, address: str) -> str:
        """Connect an ICS feed and have it fetched at once; its id.

        Raises NotAnAddressError, PlaceNotAllowedError, AlreadyConnectedError or TooManyError, each naming its field.
        """
        try:
            url = self._addresses.parse(address)
            calendar_id = await self._calendars.add(key, ICS, str(url), url.host or "", self._clock.now())
        except errors.AddressNotAllowedError as error:
            raise errors.PlaceNotAllowedError(error.reason, field=FEED_FIELD) from None
        except errors.InputError as error:
            error.field = FEED_FIELD
            raise
        self._wake_signal.wake()
        return calendar_id

    async def list(self, key: PersonKey) -> Sequence[CalendarView]:
        """A person's calendars with their health, oldest first."""
        return await self._calendars.of(key)

    async def disconnect(self, key: PersonKey, calendar_id: str) -> bool:
        """Forget a calendar and its events, and stop its watches; False where the person has none of that id."""
        partings = await self._accounts.partings(key.team_id, key.user_id, calendar_id=calendar_id)
        removed = await self._calendars.remove(key, calendar_id, self._clock.now())
        if removed:
            self._parter.begin(partings)
            self._wake_signal.wake()
        return removed

    async def sync_now(self, key: PersonKey) -> int:
        """Have all of a person's calendars fetched now; how many. A host that asked for peace keeps it."""
        count = await self._calendars.due_now(key, self._clock.now())
        self._wake_signal.wake()
        return count
