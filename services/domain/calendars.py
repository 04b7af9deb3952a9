"""The calendars that people connect: providers, what sources and stores exchange, and how fast hosts may be asked."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from services.domain.model import LONGEST_TEXT, Event, PersonKey

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
    is when the next of its events starts or ends.
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


# ── whose an address is ─────────────────────────────────────────────────────────────────────────────

_LISTED = """
    absence absences abwesenheit abwesenheiten automail automailer bot calendar calendars conge conges hr hris holiday
    holidays humanresources jinji kintai leave leaves mailer mailerdaemon notification notifications notify payroll
    people peopleops peopleteam personal personalabteilung pto rh robot rrhh system timeoff unattended urlaub vacaciones
    vacation vacations
"""
_NOBODYS = frozenset(_LISTED.split())


def is_no_persons(address: str) -> bool:
    """Whether nobody waits for an answer at an address, as far as the part before its @ tells."""
    local = re.sub(r"[._-]", "", address.partition("@")[0].partition("+")[0].casefold())
    return local in _NOBODYS or "noreply" in local or "donotreply" in local


MOST_DOMAINS = 50
"""Mail domains of an event's guests that are kept."""

_LONGEST_ADDRESS = 320  # RFC 5321 §4.5.3.1: 64 characters, the @ and 255
_ADDRESS = re.compile(r"[^\s@<>]{1,255}@[^\s@<>\[\]()/\\,;:\"]{1,255}")
_NO_MAILBOX = re.compile(r"(?:[^@]*\.)?(?:calendar\.google\.com|imip\.me\.com)")
"""Domains under which calendars and rooms have addresses: of Google's (`group.…`, `resource.…`), and of iCloud's."""


def mail_domain(address: str) -> str:
    """Return the lower-case domain of a mail address; "" for what is none, and for a calendar's or a room's own."""
    address = address.strip().lower()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        return ""
    domain = address.rpartition("@")[2].rstrip(".")
    return "" if _NO_MAILBOX.fullmatch(domain) else domain


def mail_domains(addresses: Iterable[str]) -> frozenset[str]:
    """Return the domains of mail addresses, of very many the first in alphabetical order."""
    return frozenset(sorted({mail_domain(address) for address in addresses} - {""})[:MOST_DOMAINS])


_MAIL_SERVICES = re.compile(
    r"(?:gmail|googlemail|icloud|me|mac|msn|aol|ymail|mail|zoho|qq|163|126|naver|hey|fastmail|protonmail)\.com"
    r"|(?:hotmail|live|outlook|yahoo|gmx)\.[a-z.]+"
    r"|(?:proton|pm)\.me|(?:web|t-online|freenet|posteo|mailbox)\.(?:de|org)|(?:mail|yandex|bk|inbox|list)\.ru"
    r"|(?:orange|wanadoo|free|sfr|laposte|bbox)\.fr|(?:docomo|ezweb|au)\.(?:ne\.jp|com)|(?:i\.)?softbank\.(?:ne\.)?jp"
    r"|(?:telefonica|movistar)\.(?:net|es)"
)


def is_anybodys(domain: str) -> bool:
    """Return whether a domain is that of a service at which anybody has a mailbox: its people are no colleagues."""
    return _MAIL_SERVICES.fullmatch(domain) is not None


def organizer_text(name: str, address: str) -> str:
    """Return who organizes as rules see it: `Name <address>`, or the one of both that is said; at most LONGEST_TEXT.

    What is no mail address is left out: a URN (RFC 5545 lets an ORGANIZER be any URI), Exchange's own `/o=…/cn=…`.
    """
    address = address.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        address = ""
    name = " ".join(name[:LONGEST_TEXT].split())[: LONGEST_TEXT - len(address) - len(" <>")]
    if not name or not address or name.casefold() == address.casefold():
        return address or name
    return f"{name} <{address}>"


# ── how fast hosts may be asked ────────────────────────────────────────────────────────────────────

TOTAL = 32
KEPT = 8
PER_HOST = 2
PER_PERSON = 4
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
PROVIDER = "provider:"
"""Before a provider's name: the pace of all its calendars. No host is called so."""

PERSON = "person:"
POLLED_OF = "polled:"
"""Before a person: what counts all of their fetches, and those of `POLLED` providers."""

_ALL = "all:"
_ALL_POLLED = "all polled:"


class HostLimits:
    """Rate limits of hosts: so many requests at once in all, few at once to one host, none to one that said wait.

    What counts as one host is a calendar's pace: a feed's host, at the large providers the person's own account, and
    all of a provider where it asks everybody for peace. One host serves thousands of people's feeds, and it sees one
    visitor: whoever answers 429 to one calendar is left alone by all of them (Google has refused whole services for
    polling many private addresses).

    Hosts that people name themselves may be as slow as they like. So a person has few requests at once, and some of
    all places, one of each person's among them, are kept for calendars whose providers push, and for what was sent
    to us. Times are aware; nothing here waits.
    """

    def __init__(
        self, total: int = TOTAL, per_host: int = PER_HOST, per_person: int = PER_PERSON, kept: int = KEPT
    ) -> None:
        """All are requests at the same time; `kept` are those of `total` that `POLLED` providers never take."""
        self.per_host = per_host
        self.per_person = per_person
        self._total = total
        self._kept = kept
        self._running: Counter[str] = Counter()
        self._closed: dict[str, datetime] = {}
        self._refusals: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """Return how many requests may be started in all."""
        return self._total - self._running[_ALL]

    def may_begin(self, fetches: Iterable[tuple[str, PersonKey, str]]) -> list[bool]:
        """Say which of `fetches` (pace, person, provider; none shut) may begin together, the first ones first."""
        running, may = self._running.copy(), []
        for fetch in fetches:
            places = _places(*fetch)
            may.append(all(running[place] < self._most(place) for place in places))
            if may[-1]:
                running.update(places)
        return may

    def shut(self, now: datetime) -> frozenset[str]:
        """Return the paces that may not be asked at `now`: hosts busy with us or to be left alone, people, providers.

        A person whose places are taken is `PERSON` or `POLLED_OF` with their key, a provider `PROVIDER` with its name.
        """
        self._closed = {host: until for host, until in self._closed.items() if now < until}
        full = {place for place, running in self._running.items() if running >= self._most(place)}
        polled = {PROVIDER + provider for provider in POLLED} if _ALL_POLLED in full else set()
        return frozenset(full - {_ALL, _ALL_POLLED} | polled | self._closed.keys())

    def opens(self, now: datetime) -> datetime | None:
        """Return when the next host that is left alone may be asked again."""
        return min((until for until in self._closed.values() if now < until), default=None)

    def begin(self, pace: str, person: PersonKey, provider: str) -> None:
        """Count a fetch of one of the person's calendars that starts."""
        self._running.update(_places(pace, person, provider))

    def end(self, pace: str, person: PersonKey, provider: str) -> None:
        """Count it as over."""
        self._running -= Counter(_places(pace, person, provider))

    def answered(self, host: str) -> None:
        """Note that `host` gave what it was asked for; the peace that it asked for otherwise still holds."""
        self._refusals.pop(host, None)

    def refused(self, host: str, now: datetime, wait: float | None, first: timedelta = FIRST_WAIT) -> datetime:
        """Note that `host` asked for `wait` seconds of peace; return when they are over.

        None: it named no time, so it is `first`, and twice as long each time.
        """
        asked = first * 2 ** min(self._refusals[host], 9) if wait is None else timedelta(seconds=wait)
        self._refusals[host] += 1
        until = now + (min(asked, LONGEST_WAIT) if wait is None else asked)
        self._closed[host] = max(until, self._closed.get(host, until))
        return self._closed[host]

    def _most(self, place: str) -> int:
        if place.startswith(PERSON):
            return self.per_person
        if place.startswith(POLLED_OF):
            return max(1, self.per_person - 1)
        return {_ALL: self._total, _ALL_POLLED: self._total - self._kept}.get(place, self.per_host)


def person_place(kind: str, person: PersonKey) -> str:
    """Name what counts a person's fetches: `kind` is `PERSON` or `POLLED_OF`."""
    return f"{kind}{person.team_id}/{person.user_id}"


def _places(pace: str, person: PersonKey, provider: str) -> tuple[str, ...]:
    """Return what a fetch takes a place of."""
    polled = (_ALL_POLLED, person_place(POLLED_OF, person)) if provider in POLLED else ()
    return (_ALL, pace, person_place(PERSON, person), *polled)
