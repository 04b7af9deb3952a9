"""Which events count, as what, and why: product.md, "Which events count" and "Kinds", line by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.model import (
    Event,
    EventType,
    Kind,
    Preferences,
    Reason,
    ReasonCode,
    Response,
    Rule,
    ShowAs,
    Verdict,
    WorkingHours,
)
from services.rules import first_match
from services.words import says_focus, says_out_of_office, starts_out_of_office

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_BY_TYPE = {
    EventType.OUT_OF_OFFICE: Kind.OUT_OF_OFFICE,
    EventType.FOCUS: Kind.FOCUS,
    EventType.WORKING_LOCATION: Kind.WORKING_LOCATION,
    EventType.BIRTHDAY: Kind.MEETING,
}
_UNCONFIRMED = frozenset({Response.TENTATIVE, Response.NEEDS_ACTION})
_COUNTED = frozenset({ReasonCode.COUNTED, ReasonCode.COUNTED_BY_RULE, ReasonCode.COUNTED_OWN_ALL_DAY_ABSENCE})


def kind_of(event: Event) -> Kind:
    """What an event is about. What its source says outright goes before what its title says."""
    by_type = _BY_TYPE.get(event.type)
    if by_type is not None:
        return by_type
    if event.show_as is ShowAs.OUT_OF_OFFICE or says_out_of_office(event.title):
        return Kind.OUT_OF_OFFICE
    if says_focus(event.title):
        return Kind.FOCUS
    return Kind.WORKING_LOCATION if event.show_as is ShowAs.WORKING_ELSEWHERE else Kind.MEETING


def judge(event: Event, rules: Sequence[Rule], preferences: Preferences, zone: ZoneInfo) -> tuple[Verdict, int | None]:
    """The verdict on an event placed in `zone`, and the position of the rule that names it if it counts by one."""
    kind = kind_of(event)
    position = first_match(rules, event, kind)
    code = _first_line(event, kind, preferences, zone, named=position is not None)
    if code in _COUNTED:
        if event.end <= event.start:
            code = ReasonCode.NO_LENGTH
        elif position is not None:
            code = ReasonCode.IGNORED_BY_RULE if rules[position].ignore else ReasonCode.COUNTED_BY_RULE
    counted = code in _COUNTED
    by_rule = code in {ReasonCode.IGNORED_BY_RULE, ReasonCode.COUNTED_BY_RULE}
    rule = rules[position].id if by_rule and position is not None else (kind.value if counted else "")
    return Verdict(event, counted, kind, rule, Reason(code, rule)), position if counted else None


def _first_line(  # noqa: PLR0911  # one return for each line of the table, in its order
    event: Event, kind: Kind, preferences: Preferences, zone: ZoneInfo, *, named: bool
) -> ReasonCode:
    if event.cancelled:
        return ReasonCode.CANCELLED
    if event.response is Response.DECLINED:
        return ReasonCode.DECLINED
    if kind is Kind.WORKING_LOCATION:
        return ReasonCode.COUNTED
    if event.show_as is ShowAs.FREE:
        own_absence = event.all_day and event.response is Response.NONE and starts_out_of_office(event.title)
        return ReasonCode.COUNTED_OWN_ALL_DAY_ABSENCE if own_absence else ReasonCode.FREE
    if event.type is EventType.BIRTHDAY:
        return ReasonCode.BIRTHDAY
    if _is_unconfirmed(event) and not preferences.count_unconfirmed:
        return ReasonCode.UNCONFIRMED
    if event.all_day and kind is Kind.MEETING and not named:
        return ReasonCode.ALL_DAY_NOTE
    hours = preferences.working_hours
    if hours is not None and kind is not Kind.OUT_OF_OFFICE and not touches(hours, event.start, event.end, zone):
        return ReasonCode.OUTSIDE_WORKING_HOURS
    return ReasonCode.COUNTED


def _is_unconfirmed(event: Event) -> bool:
    return event.tentative or event.show_as is ShowAs.TENTATIVE or event.response in _UNCONFIRMED


def touches(hours: WorkingHours, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether any working time lies in `[start, end)`, UTC. Hours that do not end after they start run overnight."""
    if end - start >= _WEEK + _DAY:
        return bool(hours.days)
    day = start.astimezone(zone).date() - _DAY
    last = end.astimezone(zone).date()
    while day <= last:
        if _overlaps(hours, day, start, end, zone):
            return True
        day += _DAY
    return False


def _overlaps(hours: WorkingHours, day: date, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    times = hours.days.get(day.weekday())
    if times is None:
        return False
    opens = datetime.combine(day, times[0], zone).astimezone(UTC)
    closes = datetime.combine(day if times[0] < times[1] else day + _DAY, times[1], zone).astimezone(UTC)
    return start < closes and opens < max(end, start + timedelta.resolution)
