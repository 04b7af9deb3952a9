"""Free and busy time without entries: VFREEBUSY (RFC 5545 §3.6.4), where a calendar publishes nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.calendars.ical.content import Component
from services.calendars.ical.dates import Window
from services.calendars.ical.values import Duration, ValueProblemError, ZonedTime, added, basic, moments
from services.domain.model import Event, ShowAs

MOST_PERIODS = 10_000


def busy_events(
    component: Component, calendar_id: str, uid: str, window: Window, problems: list[str]
) -> Iterator[Event]:
    """The busy times of a VFREEBUSY that overlap the window, as meetings without a title; what is wrong to `problems`.

    An unknown FBTYPE is busy (RFC 5545 §3.2.9).
    """
    seen = 0
    for line in component.all("FREEBUSY"):
        kind = line.params.get("FBTYPE", "").upper()
        if kind == "FREE":
            continue
        for value in line.value.split(","):
            seen += 1
            if seen > MOST_PERIODS:
                problems.append(f"Only its first {MOST_PERIODS} busy times are read.")
                return
            try:
                found = moments(replace(line, value=value), window.zones, window.zones.floating)
            except ValueProblemError as problem:
                problems.append(str(problem))
                continue
            for period in found:
                if isinstance(period, ZonedTime):
                    problems.append("FREEBUSY is not a period.")
                    continue
                start = period[0].instant()
                end = _end(*period)
                if start < end and start < window.end and end > window.start:
                    show_as = ShowAs.TENTATIVE if kind == "BUSY-TENTATIVE" else ShowAs.BUSY
                    yield Event(calendar_id, uid, start, end, f"{basic(start)}/{basic(end)}", show_as=show_as)


def _end(start: ZonedTime, end: ZonedTime | Duration) -> datetime:
    return end.instant() if isinstance(end, ZonedTime) else added(start.wall, end, start.zone)
