"""What is known of a person: by Slack, by us, and the zone they are in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.model import Pause, PersonKey


@dataclass(frozen=True, slots=True)
class Member:
    """What users.info says of a person. `zone` is an IANA name, "" where Slack gives none that exists.

    `names` are what they are called, for telling their absences from other people's.
    """

    zone: str = ""
    locale: str = ""
    address: str = field(default="", repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """What Slack shows them as; "" where that is not known."""
        return self.names[0] if self.names else ""


class GrantState(StrEnum):
    """Whether we may set the person's status."""

    NONE = "none"
    OK = "ok"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class PersonView:
    """What is known of a person."""

    key: PersonKey
    zone: ZoneInfo
    locale: str
    grant_state: GrantState
    pause: Pause | None
    created_at: datetime

    @property
    def granted(self) -> bool:
        """Whether we may set their status."""
        return self.grant_state is GrantState.OK


def zone_or(name: str, other: ZoneInfo) -> ZoneInfo:
    """The IANA zone of that name, `other` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError: "../x"; OSError: the name of a directory
        return other


def zone_name(name: str) -> str:
    """`name`, where it is an IANA zone's; else ""."""
    return name if name and zone_or(name, _NOWHERE) is not _NOWHERE else ""


_NOWHERE = ZoneInfo.no_cache("UTC")
