"""What a provider of calendars is to the rest of the program: Protocols that several classes, or tests, implement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from services.domain.calendars import Changes, Connection, Offer, Watch
from services.domain.entries import CalendarEntry
from services.domain.model import PersonKey


class Source(Protocol):
    """A provider of calendars: fetches what changed since `connection.state`."""

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return the changes. Raises a `CalendarError`; then nothing is changed."""
        ...


class Directory(Protocol):
    """A provider's list of calendars."""

    async def offer(self, credential: str) -> Offer:
        """Return the account of an access token, and its calendars. Raises a `CalendarError`."""
        ...


class AccessTokens(Protocol):
    """Access tokens of people's accounts, renewed when they have to be: what the providers know of the program."""

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        """Return a token that is good for a minute at least, and not the one that was `refused` by the provider.

        Raises AccountLostError where the account is to be connected anew, another `CalendarError` for what passes.
        """
        ...


class Watcher(Protocol):
    """A provider that pushes."""

    async def watch(self, connection: Connection, watch_id: str, secret: str, now: datetime) -> Watch:
        """Ask for pushes that carry the two. Raises a `CalendarError`; PushNotPossibleError where there are none."""
        ...

    async def renew(self, connection: Connection, watch: Watch, now: datetime) -> Watch | None:
        """Return the same watch for longer; None where there is no such thing, and a new one has to be made."""
        ...

    async def stop(self, credential: str, watch: Watch) -> None:
        """End a watch, with an access token of its account. One that is gone is well. Raises a `CalendarError`."""
        ...


class EntryWriter(Protocol):
    """A provider whose calendars we may write to, where a person allowed it."""

    def may(self, scopes: Collection[str]) -> bool:
        """Check whether these scopes let us."""
        ...

    async def put(self, token: str, entry: CalendarEntry, remote_id: str) -> str:
        """Make an entry in the account's main calendar, or change the one of `remote_id`; return its id there.

        Done twice it does no more than once. Raises a `CalendarError`; CalendarGoneError where there is no such entry.
        """
        ...

    async def delete(self, token: str, remote_id: str) -> None:
        """Delete an entry. One that is gone is well. Raises a `CalendarError`."""
        ...
