"""What the use cases need from outside, as small Protocols, and the values that pass through them.

Adapters (`services.store`, `services.slack`, `services.calendars` clients, `services.platform.net`) implement these;
only `app.py`, `services.admin_commands` and `services.calendars.wiring` name the adapters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from services.domain.model import Event, PersonKey


class Clock(Protocol):
    """The time, as the app sees it."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return at `until` or once `wake` is set; None waits for `wake` alone. Does not clear `wake`."""
        ...


class WakeSignal(Protocol):
    """Tells the engine that something may be due now. Wake after the commit, never before."""

    def wake(self) -> None:
        """Have the loop look at what is due. Cheap, never blocks, may be lost: the sweep looks anyway."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of a job did."""

    done: int = 0
    changed: int = 0
    failed: int = 0


class DueWork(Protocol):
    """One kind of periodic work: rows with a due time. The engine runs each kind in a loop of its own."""

    name: str

    async def next_due(self) -> datetime | None:
        """When the earliest row is due; None when there is none."""
        ...

    async def run_due(self) -> Report:
        """Do a batch of what is due now. One row's failure never stops the batch."""
        ...


# ── calendars ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Connection:
    """What a source needs to fetch one calendar. `address`, `credentials` and `state` are opened secrets.

    `address` is a feed's URL, or the calendar's id at its provider; `account_id` names the account that it is of,
    "" where it needs none.
    """

    key: PersonKey
    calendar_id: str
    provider: str
    address: str
    zone: ZoneInfo
    addresses: tuple[str, ...] = ()
    account_id: str = ""
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    state: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """One component that could not be read, and why, in a sentence without its title."""

    uid: str
    problem: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a fetch found.

    `full`: the calendar's events are exactly `events`; else only those of the entries in `replaced` (uids) are
    replaced by `events`. `unchanged`: nothing is to be written but `state`. `floor` is the shortest time until the
    next fetch that the source asked for. `taken` is the last row of the calendar's inbox that is worked in: what is
    written and what is taken out go together.
    """

    state: bytes | None = field(default=None, repr=False)
    unchanged: bool = False
    full: bool = True
    replaced: frozenset[str] = frozenset()
    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()
    name: str | None = None
    floor: timedelta | None = None
    credentials: Mapping[str, Any] | None = field(default=None, repr=False)
    taken: int = 0


class Source(Protocol):
    """A provider of calendars: fetches what changed since `connection.state`."""

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """The changes. Raises a `CalendarError`; then nothing is changed."""
        ...


class Expander(Protocol):
    """Who reads what strangers sent, in processes of their own: `calendars.ics.Expander`."""

    async def read(
        self,
        data: bytes,
        *,
        calendar_id: str,
        addresses: tuple[str, ...],
        zone: ZoneInfo,
        start: datetime,
        end: datetime,
        memory: bytes | None,
    ) -> Changes:
        """The occurrences in `[start, end)`; with `memory`, only what differs from when it was made."""
        ...

    async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
        """What a task of `calendars.ics.worker` makes of `head` (JSON) and `blobs`. Raises a `CalendarError`."""
        ...

    async def ask(
        self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The answer of a task as it is. Raises a `CalendarError`."""
        ...


# ── accounts at providers ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OfferedCalendar:
    """A calendar that an account has, as its provider names it. `main`: connected unless the person says otherwise."""

    address: str
    name: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Whose account it is and what it has. `subject` tells accounts apart and never changes; `name` is for people.

    `address` is its owner's e-mail address where the provider itself says so, "" where anybody could have chosen it.
    """

    subject: str
    name: str
    calendars: tuple[OfferedCalendar, ...]
    address: str = ""


class Directory(Protocol):
    """A provider's list of calendars."""

    async def offer(self, credential: str) -> Offer:
        """The account of an access token, and its calendars. Raises a `CalendarError`."""
        ...


class AccessTokens(Protocol):
    """Access tokens for people's accounts, renewed when they have to be, by one replica at a time."""

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        """A token that is good for a minute at least, and another one than `refused`, which the provider turned down.

        Raises AccountLostError where the account is to be connected anew, another `CalendarError` for what passes.
        """
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """A provider's promise to tell of changes of a calendar.

    `watch_id` is ours and travels to the provider; `remote_id` is the provider's own name of it (Google: the resource's
    id, Microsoft: the subscription's); `expires_at` is what the provider said.
    """

    watch_id: str
    remote_id: str
    expires_at: datetime


class Watcher(Protocol):
    """A provider that pushes."""

    async def watch(self, connection: Connection, watch_id: str, secret: str, now: datetime) -> Watch:
        """Ask for pushes that carry `watch_id` and `secret`, which are url-safe.

        Raises a `CalendarError`: PushNotPossibleError where this calendar will never have any.
        """
        ...

    async def renew(self, connection: Connection, watch: Watch, now: datetime) -> Watch | None:
        """The same watch for longer; None where there is no such thing, and a new one has to be made."""
        ...

    async def stop(self, credential: str, watch: Watch) -> None:
        """End a watch, with an access token of its account. One that is gone is well. Raises a `CalendarError`."""
        ...


# ── Slack's surface ─────────────────────────────────────────────────────────────────────────────────


class HomeRenderer(Protocol):
    """Builds a person's Home tab."""

    async def home(self, key: PersonKey) -> dict[str, Any]:
        """The view as Block Kit, ready for views.publish."""
        ...
