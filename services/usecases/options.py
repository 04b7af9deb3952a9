"""What options of the command line have in common: zones and instants. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.domain.errors import InputError


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises InputError."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise InputError(f"--timezone: {name!r} is no IANA zone, such as Europe/Berlin") from None


def instant_of(text: str, zone: ZoneInfo, option: str) -> datetime:
    """An ISO date (its midnight in `zone`) or datetime (in `zone` unless it says where), as UTC. Raises InputError."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{option}: {text!r} is no ISO date or datetime, such as 2026-11-24") from None
