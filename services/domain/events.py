"""Which events count, as what, and why: product.md, "Which events count" and "Kinds", line by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.lines import Line, Rule, kind_line
from services.domain.model import Event, EventType, Kind, Organizer, Response, ShowAs, Verdict
from services.domain.people import Preferences, WorkingHours
from services.domain.reasons import Reason, ReasonCode
from services.domain.rules import Viewpoint, first_match
from services.domain.titles import Whose, absence, is_focus

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_BY_TYPE = {
    EventType.OUT_OF_OFFICE: Kind.OUT_OF_OFFICE,
    EventType.FOCUS: Kind.FOCUS,
    EventType.WORKING_LOCATION: Kind.WORKING_LOCATION,
    EventType.BIRTHDAY: Kind.MEETING,
}
_DAY_BEGINS, _DAY_ENDS = time(0, 1), time(23, 59)
_COUNTED = frozenset({ReasonCode.COUNTED, ReasonCode.COUNTED_BY_RULE, ReasonCode.COUNTED_OWN_ALL_DAY_ABSENCE})


def judge(
    event: Event,
    lines: Sequence[Line],
    preferences: Preferences,
    zone: ZoneInfo,
    names: tuple[str, ...] = (),
    *,
    domains: frozenset[str] = frozenset(),
) -> tuple[Verdict, int | None]:
    """Return the verdict on an event placed in `zone`, and the position of its line in the whole list, if it counts.

    Its line is the first rule of the person's own that names it, wherever that stands, else its kind's. `names` are
    what the person is called: a title that names somebody else is not about them. `domains` are the mail domains that
    are their own.
    """
    whose = whose_absence(event, names)
    kind = kind_of(event, whose, names)
    position = first_match(lines, event, kind, Viewpoint(zone, domains))
    code = _first_line(event, kind, whose, preferences, zone, named=position is not None)
    rule = ""
    if code in _COUNTED and event.end <= event.start:
        code = ReasonCode.NO_LENGTH
    elif code in _COUNTED:
        at = kind_line(lines, kind) if position is None else position
        line = lines[at]
        is_off = not line.enabled or (isinstance(line, Rule) and line.ignore)
        if position is None:
            code = ReasonCode.LINE_OFF if is_off else code
        else:
            code = ReasonCode.IGNORED_BY_RULE if is_off else ReasonCode.COUNTED_BY_RULE
        position, rule = at, line.id
    counted = code in _COUNTED
    return Verdict(event, counted, kind, rule, Reason(code, rule)), position if counted else None


def whose_absence(event: Event, names: tuple[str, ...] = ()) -> Whose:
    """Return whose absence an event is by its title, its guests and who asked for it.

    Where others are invited it is the person's only if they organize it; an only guest who is not the person is absent.
    """
    whose = absence(event.title, names)
    if event.type in _BY_TYPE:  # the source says that it is the person's
        return whose if whose is Whose.OWN and event.type is EventType.OUT_OF_OFFICE else Whose.NOBODYS
    if whose is Whose.NOBODYS or event.organizer is Organizer.PUBLIC:
        return Whose.NOBODYS
    if _is_published(event) and not names:
        return Whose.OWN  # whoever it names has to be the one it is sent to
    if whose is Whose.ANOTHERS or event.organizer is Organizer.PERSON or _is_published(event):
        return whose
    if event.response is Response.NONE and event.guests <= 1:
        return Whose.ANOTHERS if event.guests else Whose.OWN
    return Whose.NOBODYS


def kind_of(event: Event, whose: Whose, names: tuple[str, ...] = ()) -> Kind:
    """Return what an event is about. What its source says outright goes before what its title says."""
    by_type = _BY_TYPE.get(event.type)
    if by_type is not None:
        return by_type
    if whose is Whose.OWN or (event.show_as is ShowAs.OUT_OF_OFFICE and whose is Whose.NOBODYS):
        return Kind.OUT_OF_OFFICE
    if (not event.guests or event.organizer is Organizer.PERSON) and is_focus(event.title, names):
        return Kind.FOCUS
    return Kind.WORKING_LOCATION if event.show_as is ShowAs.WORKING_ELSEWHERE else Kind.MEETING


def _first_line(  # noqa: PLR0911  # one return for each line of the table, in its order
    event: Event, kind: Kind, whose: Whose, preferences: Preferences, zone: ZoneInfo, *, named: bool
) -> ReasonCode:
    if event.cancelled:
        return ReasonCode.CANCELLED
    if event.response is Response.DECLINED:
        return ReasonCode.DECLINED
    if whose is Whose.ANOTHERS:
        return ReasonCode.SOMEBODY_ELSES
    if kind is Kind.WORKING_LOCATION:
        return ReasonCode.COUNTED
    if event.show_as is ShowAs.FREE:
        is_own_absence = whose is Whose.OWN and _lasts_all_day(event, zone)
        return ReasonCode.COUNTED_OWN_ALL_DAY_ABSENCE if is_own_absence else ReasonCode.FREE
    if event.type is EventType.BIRTHDAY:
        return ReasonCode.BIRTHDAY
    tentative = event.tentative or event.show_as is ShowAs.TENTATIVE or event.response is Response.TENTATIVE
    waits = event.response is Response.NEEDS_ACTION and not (whose is Whose.OWN and _is_published(event))
    if (tentative or waits) and not preferences.count_unconfirmed:
        return ReasonCode.UNCONFIRMED
    if event.all_day and kind is Kind.MEETING and not named:
        return ReasonCode.ALL_DAY_NOTE
    hours = preferences.working_hours
    if hours is not None and kind is not Kind.OUT_OF_OFFICE and not touches(hours, event.start, event.end, zone):
        return ReasonCode.OUTSIDE_WORKING_HOURS
    return ReasonCode.COUNTED


def _is_published(event: Event) -> bool:
    """Return whether the person is the only one whom an entry names, by a program that waits for no answer."""
    invited = event.response is not Response.NONE
    return invited and not event.guests and event.organizer in {Organizer.NOBODY, Organizer.SYSTEM}


def _lasts_all_day(event: Event, zone: ZoneInfo) -> bool:
    """Return whether an event takes whole days; leave systems that know no all-day entries write 00:01–23:59."""
    if event.all_day:
        return True
    start, end = event.start.astimezone(zone), event.end.astimezone(zone)
    return start.time() <= _DAY_BEGINS and (end.time() >= _DAY_ENDS or end.time() == time()) and start < end


def touches(hours: WorkingHours, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Return whether any working time lies in `[start, end)`, UTC.

    Hours that do not end after they start run overnight.
    """
    if end - start >= _WEEK + _DAY:
        return bool(hours.days)
    day = start.astimezone(zone).date() - _DAY
    last = end.astimezone(zone).date()
    while day <= last:
        if (times := hours.days.get(day.weekday())) is not None:
            opens = datetime.combine(day, times[0], zone).astimezone(UTC)
            closes = datetime.combine(day if times[0] < times[1] else day + _DAY, times[1], zone).astimezone(UTC)
            if start < closes and opens < max(end, start + timedelta.resolution):
                return True
        day += _DAY
    return False
