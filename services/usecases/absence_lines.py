"""Who is out, or works where, in one line: for answers and digests. Plain text, in which nobody is mentioned."""

from __future__ import annotations

from datetime import datetime

from services.platform.locale import Localizer
from services.store.absences import Absent


def absence_line(l10n: Localizer, one: Absent, now: datetime) -> str:
    """Who, from when where that is to come, and until when.

    A day of the absent person's zone is said as it is, a time in the reader's zone.
    """
    name, today = one.name, now.astimezone(l10n.zone).date()
    if one.start <= now:
        return _begun_line(l10n, one, now)
    start = l10n.moment(one.start, now) if one.first_day is None else l10n.day(one.first_day, today)
    if one.place:
        return l10n.say("{absence}, on {day}", absence=place_line(l10n, one), day=start)
    if one.until is None:
        return l10n.say("{name}: from {start}, no end is known", name=name, start=start)
    if one.return_day is not None:
        return l10n.say(
            "{name}: from {start}, back on {day}", name=name, start=start, day=l10n.day(one.return_day, today)
        )
    is_one_day = one.start.astimezone(l10n.zone).date() == one.until.astimezone(l10n.zone).date()
    until = l10n.time(one.until) if is_one_day else l10n.until(one.until, now)
    return l10n.say("{name}: from {start} until {until}", name=name, start=start, until=until)


def _begun_line(l10n: Localizer, one: Absent, now: datetime) -> str:
    if one.place:
        return place_line(l10n, one)
    if one.until is None:
        return l10n.say("{name}: away", name=one.name)
    if one.return_day is not None:
        today = now.astimezone(l10n.zone).date()
        return l10n.say("{name}: back on {day}", name=one.name, day=l10n.day(one.return_day, today))
    return l10n.say("{name}: until {time}", name=one.name, time=l10n.until(one.until, now))


def place_line(l10n: Localizer, one: Absent) -> str:
    """Return who works where, whenever."""
    match one.place:
        case "home":
            return l10n.say("{name}: from home", name=one.name)
        case "office":
            return l10n.say("{name}: at the office", name=one.name)
        case _:
            return l10n.say("{name}: elsewhere", name=one.name)
