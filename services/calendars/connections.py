"""Use cases around a person's calendars: connect, list, look now, disconnect."""

from __future__ import annotations

from collections.abc import Sequence

from services.calendars.accounts.disconnecting import ProviderCleanup
from services.domain import errors
from services.domain.calendars import ICS
from services.domain.model import PersonKey
from services.platform.net import AddressRules
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountStore
from services.store.calendar_rows import CalendarView
from services.store.calendars import CalendarStore

FEED_FIELD = "feed"
"""The block of the modal `connect_calendar` that holds a feed's address."""


class Connections:
    """What the modals, the Home tab and the commands call."""

    def __init__(
        self,
        calendars: CalendarStore,
        addresses: AddressRules,
        clock: Clock,
        wake_signal: WakeSignal,
        *,
        accounts: AccountStore,
        cleanup: ProviderCleanup,
    ) -> None:
        """`addresses` tells which may be visited; `cleanup` stops watches."""
        self._accounts = accounts
        self._cleanup = cleanup
        self._calendars = calendars
        self._addresses = addresses
        self._clock = clock
        self._wake_signal = wake_signal

    async def connect_feed(self, key: PersonKey, address: str) -> str:
        """Connect an ICS feed and have it fetched at once; return its id.

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
        """List a person's calendars with their health, oldest first."""
        return await self._calendars.of(key)

    async def disconnect(self, key: PersonKey, calendar_id: str) -> bool:
        """Forget a calendar and its events, and stop its watches; False where the person has none of that id."""
        cleanups = await self._accounts.cleanups(key.team_id, key.user_id, calendar_id=calendar_id)
        removed = await self._calendars.remove(key, calendar_id, self._clock.now())
        if removed:
            self._cleanup.begin(cleanups)
            self._wake_signal.wake()
        return removed

    async def sync_now(self, key: PersonKey) -> int:
        """Have all of a person's calendars fetched now; return how many. A host that asked for peace keeps it."""
        count = await self._calendars.due_now(key, self._clock.now())
        self._wake_signal.wake()
        return count
