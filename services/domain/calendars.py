"""The calendars that people connect: providers, and what sources and stores exchange."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from services.domain.model import Event, PersonKey

# ── providers ───────────────────────────────────────────────────────────────────────────────────────

GOOGLE = "google"
MICROSOFT = "microsoft"
CALDAV = "caldav"
ICS = "ics"
HOOK = "hook"
FILE = "file"
TEAM = "team"

PUSHING = frozenset({GOOGLE, MICROSOFT})
"""Those that tell of changes when they are asked to."""

POLLED = frozenset({CALDAV, ICS})
"""Those whose hosts people name themselves, and that never tell of a change."""

NAMES: Mapping[str, str] = MappingProxyType(
    {GOOGLE: "Google Calendar", MICROSOFT: "Microsoft 365", CALDAV: "CalDAV", ICS: "ICS"}
)
"""Names of products, the same in every language. What comes to a hook or as a file is of no provider."""

# ── how far around now calendars are expanded ───────────────────────────────────────────────────────

BEHIND = timedelta(days=1)
AHEAD = timedelta(days=60)
SHORT = timedelta(days=30)
"""With less of an expanded window left than this, it is moved: the calendar is read anew."""


class Health(StrEnum):
    """How a calendar is: not read yet, read, not read lately, or not to be read without its owner."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    BROKEN = "broken"


# ── fetching ────────────────────────────────────────────────────────────────────────────────────────


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
    written and what is taken out go together. `told`: the provider, asked what is new since the last look, named
    something; events may also be other ones because the window has moved on.
    """

    state: bytes | None = field(default=None, repr=False)
    unchanged: bool = False
    full: bool = True
    replaced: frozenset[str] = frozenset()
    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()
    name: str | None = None
    floor: timedelta | None = None
    taken: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """What waits in a calendar's inbox: a file that a hook or a person sent.

    `content` is None where it can no longer be opened; one that is `whole` is all there is.
    """

    seq: int
    received_at: datetime
    content: bytes | None = field(repr=False)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A calendar that this process may fetch until `lease`; `claim` is the fence that its writes carry.

    `pace` names what it shares limits with (see `HostLimits`). `watched`: its provider tells of changes; `next_edge`
    is when the next of its events starts or ends. `problem` names the error of the last try, where it failed.
    """

    connection: Connection
    claim: int
    lease: datetime
    host: str
    health: Health
    failures: int
    worked_at: datetime
    """When it was read last, or connected, if it never was."""
    ever_worked: bool
    pace: str = ""
    watched: bool = False
    next_edge: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """What is written down about a try: `tell` the person, unless they were told since it last worked.

    `due_at` None: not before somebody mends it.
    """

    health: Health
    due_at: datetime | None
    problem: str = ""
    failures: int = 0
    tell: bool = False


class Saved(StrEnum):
    """What became of a result: not ours to write any more, nothing differed, or events changed."""

    STALE = "stale"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


# ── accounts and push subscriptions ─────────────────────────────────────────────────────────────────


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


@dataclass(frozen=True, slots=True)
class Watch:
    """A push subscription: a provider's promise to tell of changes of a calendar.

    `watch_id` is ours and travels to the provider; `remote_id` is the provider's own name of it (Google: the resource's
    id, Microsoft: the subscription's); `expires_at` is what the provider said.
    """

    watch_id: str
    remote_id: str
    expires_at: datetime


def hook_override_id(key: PersonKey, calendar_id: str) -> str:
    """Return the id of the override that a hook shows: one at a time, so that the next replaces the last."""
    return hashlib.sha256(f"{key.team_id}/{key.user_id}/hook/{calendar_id}".encode()).hexdigest()[:24]


def named(provider: str) -> str:
    """Return the provider's name; what has none is called what it is."""
    return NAMES.get(provider, provider)
