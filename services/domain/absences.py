"""When somebody is out, and where they work: what colleagues may be told of it. Pure.

Told are times and a place that is home, the office or elsewhere; never a title, and never what kind of leave it is.
Near at hand an absence is what wins on the timeline, further ahead what has been asked for and what is in calendars.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.model import Event, Kind, Visibility
from services.domain.rules import location_of

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of an absence of which no end is known."""

MOST = 500
"""Absences and working places that are kept of one person."""

Interval = tuple[datetime, datetime]
"""`[start, end)` in UTC."""

_DAY = timedelta(days=1)
_FIRST_MINUTE, _LAST_MINUTE = time(0, 1), time(23, 59)
_OPEN = frozenset({Visibility.DEFAULT, Visibility.PUBLIC})


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is out, or works at `place` (`home`, `office`, `elsewhere`), during `[start, end)` in UTC.

    `id` stays the same as long as what it comes from does. `ends`: whether the end is known; else it is `FOREVER`.
    `first_day` and `return_day` (the day after the last one) are set where it begins or ends with a day of the person's
    zone. `told_ahead`: others may be told before it has begun.
    """

    id: str
    kind: Kind
    start: datetime
    end: datetime
    ends: bool = True
    first_day: date | None = None
    return_day: date | None = None
    place: str = ""
    told_ahead: bool = False


@dataclass(frozen=True, slots=True, order=True)
class AbsenceSource:
    """Something that an absence comes from: from when to when, what tells it from others, and who may be told of it.

    `event` is what it is, of somebody who works elsewhere.
    """

    start: datetime
    end: datetime
    name: str
    told: bool = False
    event: Event | None = field(default=None, compare=False)


def of_event(event: Event) -> AbsenceSource:
    """Return an event, placed in the person's zone.

    In two calendars it is the same one; a private one is told to nobody.
    """
    name = f"event\x1f{event.uid}\x1f{event.occurrence}"
    return AbsenceSource(event.start, event.end, name, event.visibility in _OPEN, event)


def of_override(override_id: str, start: datetime, end: datetime | None) -> AbsenceSource:
    """Return what the person asked for by hand."""
    return AbsenceSource(start, FOREVER if end is None else end, f"override\x1f{override_id}", told=True)


def told(
    sources: Collection[AbsenceSource], away: Sequence[Interval], back: Sequence[Interval],
    places: Iterable[AbsenceSource], zone: ZoneInfo, *, near_until: datetime, share: bool,
) -> tuple[Absence, ...]:  # fmt: skip
    """Return the absences that `sources` make, and the working `places`, by start; at most `MOST`.

    `away` is when the timeline says that the person is out, `back` when they came back early, by start, as far as
    `near_until`: what begins before that and never wins is none, what begins later is. What follows another one or
    overlaps it is one with it, however short the things on top of it; but what nobody may be told of ahead stays apart.
    `share`: whether the person lets others be told ahead. `zone` is theirs.
    """
    pieces = [
        (piece, source)
        for source in sources
        if source.start >= near_until or _touches(away, source)
        for piece in _without(source, back)
    ]
    found = [
        _absence(start, end, name, Kind.OUT_OF_OFFICE, zone, is_told=is_told and share)
        for is_told in (True, False)
        for start, end, name in _joined(piece for piece, source in pieces if source.told is is_told)
    ]
    for place in {source.name: source for source in places}.values():
        if place.event is not None and not _covers(away, place):
            made = _absence(
                place.start, place.end, place.name, Kind.WORKING_LOCATION, zone, is_told=place.told and share
            )
            found.append(replace(made, place=location_of(place.event).value))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.id))[:MOST])


def _touches(away: Sequence[Interval], source: AbsenceSource) -> bool:
    at = bisect_right(away, source.start, key=lambda one: one[1])
    return at < len(away) and away[at][0] < source.end


def _covers(away: Sequence[Interval], source: AbsenceSource) -> bool:
    """Say whether one of the times away, which follow one another where there are several reasons, holds it."""
    covered = source.start
    for start, end in away[bisect_right(away, source.start, key=lambda one: one[1]) :]:
        if start > covered or covered >= source.end:
            break
        covered = end
    return covered >= source.end


def same_again(before: Iterable[Absence], after: Iterable[Absence], since: datetime) -> list[Absence]:
    """`after`, where each absence that began before `since` keeps the id and the start that it had in `before`.

    What it began with may be too long ago to be read any more: then it would seem to be another one.
    """
    fresh = list(after)
    ids = {one.id for one in fresh}
    old = sorted((one for one in before if one.start < since and one.id not in ids), key=lambda one: one.start)
    for at, one in enumerate(fresh):
        for known in old:
            alike = (known.kind, known.told_ahead, known.place) == (one.kind, one.told_ahead, one.place)
            if alike and known.kind is Kind.OUT_OF_OFFICE and known.start <= one.start <= known.end:
                fresh[at] = replace(one, id=known.id, start=known.start, first_day=known.first_day)
                old.remove(known)
                break
    return fresh


def _without(source: AbsenceSource, back: Sequence[Interval]) -> Iterator[tuple[datetime, datetime, str]]:
    """Yield what is left of a source while the person is not back early, and the name of each piece."""
    start, number = source.start, 0
    for back_from, back_until in back:
        if back_until <= start or back_from >= source.end:
            continue
        if start < back_from:
            yield start, back_from, f"{source.name}\x1f{number}" if number else source.name
            number += 1
        start = max(start, back_until)
    if start < source.end:
        yield start, source.end, f"{source.name}\x1f{number}" if number else source.name


def _joined(pieces: Iterable[tuple[datetime, datetime, str]]) -> Iterator[tuple[datetime, datetime, str]]:
    """Pieces that overlap or follow one another as one, under the name of the first."""
    run: tuple[datetime, datetime, str] | None = None
    for start, end, name in sorted(pieces):
        if run is not None and start <= run[1]:
            run = run[0], max(run[1], end), run[2]
        else:
            if run is not None:
                yield run
            run = start, end, name
    if run is not None:
        yield run


def _absence(start: datetime, end: datetime, name: str, kind: Kind, zone: ZoneInfo, *, is_told: bool) -> Absence:
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=20).hexdigest()
    if end >= FOREVER:
        return Absence(digest, kind, start, FOREVER, ends=False, first_day=_first(start, zone), told_ahead=is_told)
    return Absence(
        digest, kind, start, end, first_day=_first(start, zone), return_day=day_after(end, zone), told_ahead=is_told
    )


def _first(start: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that begins at `start`; None where none does.

    Leave systems that know no whole days begin at 00:01.
    """
    wall = start.astimezone(zone)
    return wall.date() if _begins(wall.date(), start, zone) or wall.time() == _FIRST_MINUTE else None


def day_after(end: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that follows where something ends with the last of another; None where it does not.

    Leave systems that know no whole days end at 23:59.
    """
    wall = end.astimezone(zone)
    if wall.time().replace(second=0, microsecond=0) == _LAST_MINUTE:
        return wall.date() + _DAY
    return wall.date() if _begins(wall.date(), end, zone) else None


def _begins(day: date, instant: datetime, zone: ZoneInfo) -> bool:
    """Return whether `day` begins at `instant`: at midnight, or where the clock leaps over that."""
    return datetime.combine(day, time(), zone).astimezone(UTC) == instant
