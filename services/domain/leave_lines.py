"""Lines of leave calendars, members, and whose the lines are: what is asked of `services.domain.leave`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from services.domain.model import Event, WallTimes

Half = Literal["am", "pm", ""]


@dataclass(frozen=True, slots=True)
class LeaveMember:
    """A member as leave is matched with: their `names` (real, displayed, first and last), their `address` or ""."""

    user_id: str
    names: tuple[str, ...]
    address: str = ""


class MatchResult(StrEnum):
    """What became of a line. The team hook answers with these, but `two` (contract.md)."""

    MATCHED = "matched"
    UNKNOWN = "unknown"  # it fits nobody
    TWO = "two"  # it fits two people
    NOT_LEAVE = "not_leave"  # a type that is not on the list, a birthday, an anniversary, a company's holiday


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """One entry of a leave calendar, or of the team hook: then `address` is given, and `title` is its kind."""

    id: str
    title: str = ""
    address: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """Whose a line is. `name` is what was taken for a name in it, or could be tied to a member.

    `half` and `partly` are what the title says of the day (`leave_halves`); `holiday`: that nobody works on it.
    """

    line_id: str
    result: MatchResult
    user_id: str = ""
    name: str = ""
    half: Half = ""
    partly: bool = False
    holiday: bool = False


def counted(event: Event, half: Half, zone: ZoneInfo, *, partly: bool) -> Event | None:
    """Return what of an entry is leave in its member's `zone`: all, or of a whole day the `half` in its title.

    None of a whole day of which it says that only a part is meant, and not which (`partly`). Of several days it is
    not said which one is meant: they count.
    """
    wall = event.wall
    if not event.all_day or wall is None or wall.end - wall.start > timedelta(days=1):
        return event
    if partly:
        return None
    if not half:
        return event
    noon = datetime.combine(wall.start.date(), time(12))
    told = WallTimes(wall.start, noon) if half == "am" else WallTimes(noon, wall.end)
    return replace(event, all_day=False, wall=told).placed(zone)
