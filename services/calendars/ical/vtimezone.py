"""VTIMEZONE components as zones (RFC 5545 §3.6.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ical.content import Component, Raw, RawCalendar
from services.calendars.ical.recurrence import ExpansionBudget, RuleProblemError, expanded, parsed
from services.calendars.ical.values import ValueProblemError, ZonedTime, moment, moments
from services.calendars.ical.zones import IanaZone, Reach, Zone, Zones, iana_name, rule_zone

_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_SINCE = datetime(1969, 1, 1)  # noqa: DTZ001 - a wall-clock time: rules are worked out in detail from here on


def zones_of(calendar: RawCalendar, person: ZoneInfo, until: datetime, budget: ExpansionBudget) -> Zones:
    """The zones that a calendar's components may name, with its own VTIMEZONEs good up to `until` (naive).

    What a VTIMEZONE takes is the file's to pay, in the series that is the first to name it.
    """
    own: dict[str, Callable[[], Zone | None]] = {}
    for raw in calendar.zones:
        component = Component(raw)
        own.setdefault(component.text("TZID"), _reader(raw, until, budget))
    properties = Component(Raw("VCALENDAR", calendar.lines))
    return Zones(person, own, properties.value("X-WR-TIMEZONE"))


def _reader(raw: Raw, until: datetime, budget: ExpansionBudget) -> Callable[[], Zone | None]:
    return lambda: own_zone(raw, until, budget)


def own_zone(raw: Raw, until: datetime, budget: ExpansionBudget) -> Zone | None:
    """The zone that a VTIMEZONE describes up to `until` (naive); None where no observance can be read."""
    onsets: list[tuple[datetime, timedelta, timedelta]] = []
    for child in raw.children:
        if child.name in {"STANDARD", "DAYLIGHT"}:
            onsets.extend(_onsets(Component(child), until, budget))
    zone = rule_zone(onsets)
    if zone is not None:
        return zone
    # libical's note of where a zone is: all that is left of one without rules.
    name = iana_name(Component(raw).value("X-LIC-LOCATION"))
    return None if name is None else IanaZone(ZoneInfo(name))


def _onsets(
    observance: Component, until: datetime, budget: ExpansionBudget
) -> list[tuple[datetime, timedelta, timedelta]]:
    old, new = _offset(observance.value("TZOFFSETFROM")), _offset(observance.value("TZOFFSETTO"))
    line = observance.first("DTSTART")
    if new is None or line is None:
        return []
    if old is None:
        old = new
    # The times of an observance are wall-clock times under the offset before it, in no zone.
    nowhere = Zones(ZoneInfo("UTC"), {})
    try:
        start = moment(line, nowhere).wall
        found = {start}
        for dates in observance.all("RDATE"):
            budget.spend(dates.value.count(","))
            for item in moments(dates, nowhere, nowhere.floating):
                found.add(item.wall if isinstance(item, ZonedTime) else item[0].wall)
        for text in observance.all("RRULE"):
            rule = parsed(text.value)
            last = _last(rule.until, old)
            found.update(expanded(rule, start, last, Reach(_SINCE, until), budget))
    except (ValueProblemError, RuleProblemError):
        return []
    return [(at, old, new) for at in found]


def _last(until: str, offset: timedelta) -> datetime | None:
    """UNTIL of an observance is UTC (RFC 5545 §3.6.5); as the wall clock of the offset before it."""
    if not until:
        return None
    digits = re.sub(r"[^0-9]", "", until)[:14].ljust(14, "0")
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall-clock time under `offset`
    except ValueError:
        return None
    return at + offset if until.endswith("Z") else at


def _offset(text: str) -> timedelta | None:
    """A UTC-OFFSET value (RFC 5545 §3.3.14)."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if size >= timedelta(hours=24):
        return None
    return -size if match[1] == "-" else size
