"""Somebody who types: on Monday 23 November 2026, 13:00 in Berlin unless said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.domain import times

BERLIN = ZoneInfo("Europe/Berlin")
NOW = "2026-11-23 13:00"


def at(wall: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.strptime(wall, "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)


def speaker(
    language: str = "en", now: str = NOW, *, month_first: bool = False, zone: ZoneInfo = BERLIN
) -> times.Speaker:
    return times.Speaker(at(now, zone), zone, language, month_first)


def wall(instant: datetime | None, zone: ZoneInfo = BERLIN) -> str | None:
    return None if instant is None else instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def read(asked: times.Asked) -> tuple[str, str | None, str | None]:
    """Text, start (None: now) and end."""
    return asked.text, None if wall(asked.start) == NOW else wall(asked.start), wall(asked.end)
