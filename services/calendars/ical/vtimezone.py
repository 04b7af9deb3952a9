"""A file's own VTIMEZONEs as zones (RFC 5545 §3.6.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from services.calendars.ical.content import Component, Raw, RawCalendar
from services.calendars.ical.recurrence import ExpansionBudget, Reach, RuleProblemError, expanded, parsed
from services.calendars.ical.values import ValueProblemError, ZonedTime, moment, moments
from services.calendars.ical.zone_names import iana_name
from services.calendars.ical.zones import EARLIEST, IanaZone, RuleZone, Zone, Zones

_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_SINCE = datetime(1969, 1, 1)  # noqa: DTZ001 - a wall-clock time: rules are worked out in detail from here on


def zones_of(calendar: RawCalendar, person: ZoneInfo, until: datetime, budget: ExpansionBudget) -> Zones:
    """The zones that a calendar's components may name, with its own VTIMEZONEs good up to `until` (naive).

    What a VTIMEZONE takes is the file's to pay, in the series that is the first to name it.
    """
    own: dict[str, partial[Zone | None]] = {}
    for raw in calendar.zones:
        own.setdefault(Component(raw).text("TZID"), partial(_own_zone, raw, until, budget))
    return Zones(person, own, Component(Raw("VCALENDAR", calendar.lines)).value("X-WR-TIMEZONE"))


def _own_zone(raw: Raw, until: datetime, budget: ExpansionBudget) -> Zone | None:
    """The zone that a VTIMEZONE describes up to `until` (naive); None where no observance can be read."""
    onsets: list[tuple[datetime, timedelta, timedelta]] = []
    for child in raw.children:
        if child.name in {"STANDARD", "DAYLIGHT"}:
            observance = Component(child)
            new = _offset(observance.value("TZOFFSETTO"))
            if new is None:
                continue
            old = _offset(observance.value("TZOFFSETFROM"))
            old = new if old is None else old
            try:
                # In UTC. Within a day of the calendar's first day there is no such instant; nothing is before it.
                onsets += [(max(at, EARLIEST) - old, old, new) for at in set(_onsets(observance, old, until, budget))]
            except (ValueProblemError, RuleProblemError):
                continue
    if not onsets:
        # libical's note of where a zone is: all that is left of one without rules.
        name = iana_name(Component(raw).value("X-LIC-LOCATION"))
        return None if name is None else IanaZone(ZoneInfo(name))
    onsets.sort()
    return RuleZone(
        onsets=tuple(onset for onset, _, _ in onsets),
        walls=tuple(sorted(onset + max(old, new) for onset, old, new in onsets)),
        offsets=(onsets[0][1], *(new for _, _, new in onsets)),
    )


def _onsets(observance: Component, old: timedelta, until: datetime, budget: ExpansionBudget) -> Iterator[datetime]:
    """When an observance begins: wall-clock times under the offset `old` before it, in no zone."""
    line = observance.first("DTSTART")
    if line is None:
        return
    nowhere = Zones(ZoneInfo("UTC"), {})
    start = moment(line, nowhere).wall
    yield start
    for dates in observance.all("RDATE"):
        budget.spend(dates.value.count(","))
        for item in moments(dates, nowhere, nowhere.floating):
            yield item.wall if isinstance(item, ZonedTime) else item[0].wall
    for text in observance.all("RRULE"):
        rule = parsed(text.value)
        yield from expanded(rule, start, _last(rule.until, old), Reach(_SINCE, until), budget)


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
