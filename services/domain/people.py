"""What is known of a person: by Slack, by us, the zone they are in, and the tokens that Slack gave for them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.lines import Line
from services.domain.model import Event, Override, OwnStatusPolicy, Pause, PersonKey, Status
from services.domain.policy import FixedError, Policy


@dataclass(frozen=True, slots=True)
class Member:
    """What users.info says of a person. `zone` is an IANA name, "" where Slack gives none that exists.

    `names` are what they are called, for telling their absences from other people's. `admin`: whether they manage the
    workspace, `status`: what their profile shows; None where nothing is said of it.
    """

    zone: str = ""
    locale: str = ""
    address: str = field(default="", repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    admin: bool | None = None
    status: Status | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What Slack shows them as; "" where that is not known."""
        return self.names[0] if self.names else ""


LEAVE = "leave"
"""The user id of a workspace's leave calendars: they are of nobody in it. Slack's ids are in capital letters."""


def leave_key(team_id: str) -> PersonKey:
    """Return the key under which a workspace's leave calendars are kept."""
    return PersonKey(team_id, LEAVE)


def homes_of(team_id: str, enterprise_id: str | None) -> frozenset[str]:
    """Return the ids whose members are of an install: the workspace's, and its organisation's.

    Of an org's the org's alone.
    """
    return frozenset({team_id, enterprise_id or team_id})


class GrantState(StrEnum):
    """Whether we may set the person's status."""

    NONE = "none"
    OK = "ok"
    LOST = "lost"
    DEACTIVATED = "deactivated"  # in Slack; what they had allowed waits for them


@dataclass(frozen=True, slots=True)
class PersonView:
    """What is known of a person. `admin`: whether they manage the workspace, by what Slack said last: to be drawn by.

    None where Slack was not asked yet. What needs the right asks Slack anew.
    """

    key: PersonKey
    zone: ZoneInfo
    locale: str
    grant_state: GrantState
    pause: Pause | None
    created_at: datetime
    admin: bool | None = None

    @property
    def granted(self) -> bool:
        """Whether we may set their status."""
        return self.grant_state is GrantState.OK


def zone_or(name: str, other: ZoneInfo) -> ZoneInfo:
    """Return the IANA zone of that name, `other` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError: "../x"; OSError: the name of a directory
        return other


def zone_name(name: str) -> str:
    """`name`, where it is an IANA zone's; else ""."""
    return name if name and zone_or(name, _NOWHERE) is not _NOWHERE else ""


_NOWHERE = ZoneInfo.no_cache("UTC")


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When the person works: weekday (0 = Monday) → wall-clock start and end, in their zone."""

    days: Mapping[int, tuple[time, time]] = field(
        default_factory=lambda: MappingProxyType({day: (time(9), time(18)) for day in range(5)})
    )


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose; the defaults are what a person who chose nothing gets."""

    idle: Status | None = None
    count_unconfirmed: bool = False
    working_hours: WorkingHours | None = None
    own_status: OwnStatusPolicy = OwnStatusPolicy.COVER_AND_RESTORE
    lead: timedelta = timedelta()
    bridge: timedelta = timedelta()
    titles: bool = False
    share_absences: bool = True


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All that deciding needs to know of one person, as stored. `lines` is their list, highest first.

    `domains`: the mail domains of their own addresses, in lower case. `coming`: events further ahead than `events` that
    may be absences. `resolved_until`: how far their stored timeline reaches; None where it is to be resolved anew.
    """

    key: PersonKey
    zone: ZoneInfo
    locale: str = "en-US"
    names: tuple[str, ...] = field(default=(), repr=False)
    domains: frozenset[str] = field(default=frozenset(), repr=False)
    granted: bool = True
    preferences: Preferences = field(default_factory=Preferences)
    policy: Policy = field(default_factory=Policy)
    pause: Pause | None = None
    lines: tuple[Line, ...] = ()
    overrides: tuple[Override, ...] = ()
    events: tuple[Event, ...] = ()
    coming: tuple[Event, ...] = ()
    resolved_until: datetime | None = None

    @property
    def floored(self) -> PersonFacts:
        """These facts as they count under the workspace's policy."""
        policy = self.policy
        if policy.is_open:
            return self
        chosen = self.preferences
        return replace(
            self,
            preferences=replace(
                chosen, titles=chosen.titles and policy.titles, idle=chosen.idle if policy.texts else None
            ),
            lines=tuple(map(policy.floored, self.lines)),
            overrides=tuple(map(policy.floored_override, self.overrides)),
        )


def check_preferences(policy: Policy, before: Preferences, after: Preferences) -> None:
    """Refuse a change by which the person would have what the workspace does not let them have. Raises FixedError."""
    if after.titles and not before.titles and not policy.titles:
        raise FixedError("titles", field="options")
    if after.idle not in {None, before.idle} and not policy.texts:
        raise FixedError("idle", field="idle_text")


# ── Slack's tokens as its OAuth gives them ─────────────────────────────────────────────────────────

RENEWED_AHEAD = timedelta(hours=2)
"""A token is renewed this long before it expires, and up to `RENEWAL_SPREAD` earlier, so that not all come at once."""

RENEWAL_SPREAD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token as Slack gave it; `refresh` and `expires_at` only where the app rotates its tokens."""

    access: str = field(repr=False)
    scopes: frozenset[str] = frozenset()
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def refresh_due_at(self, team_id: str, user_id: str = "") -> datetime | None:
        """Return when it is to be renewed; None where it does not expire."""
        if self.expires_at is None or self.refresh is None:
            return None
        return refresh_due(self.expires_at, team_id, user_id)


@dataclass(frozen=True, slots=True)
class OAuthAnswer:
    """What oauth.v2.access gave: the bot's tokens, the user's tokens, or both."""

    team_id: str
    enterprise_id: str
    org_wide: bool
    name: str
    app_id: str
    user_id: str
    bot_user_id: str = ""
    bot_id: str = ""
    bot: Tokens | None = None
    user: Tokens | None = None

    @property
    def home(self) -> str:
        """The id that the workspace is kept under: the team's, the org's for an org-wide install."""
        return self.enterprise_id if self.org_wide or not self.team_id else self.team_id


@dataclass(frozen=True, slots=True)
class Renewed:
    """A fresh pair; `seconds` is how long the access token lives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


def refresh_due(expires_at: datetime, team_id: str, user_id: str) -> datetime:
    """Return when a token that expires at `expires_at` is to be renewed; spread by its owner, the same each time."""
    spread = int.from_bytes(hashlib.sha256(f"{team_id}/{user_id}".encode()).digest()[:4], "big") / 2**32
    return expires_at - RENEWED_AHEAD - RENEWAL_SPREAD * spread
