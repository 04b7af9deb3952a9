"""The ends of the calendar as wall-clock times, and stretches between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - a wall-clock time
LAST = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a wall-clock time
EARLIEST = datetime(1, 1, 3)  # noqa: DTZ001 - from here on every zone has an instant for it
LATEST = datetime(9999, 12, 29)  # noqa: DTZ001 - up to here every zone has an instant for it


@dataclass(frozen=True, slots=True)
class Reach:
    """The wall-clock times that matter, both inclusive."""

    lower: datetime
    upper: datetime


def plus(wall: datetime, length: timedelta) -> datetime:
    """`wall` and `length` later (or earlier), at the end of the calendar where that would be beyond it."""
    if length >= timedelta():
        return wall + length if LAST - wall > length else LAST
    return wall + length if wall - FIRST > -length else FIRST
