"""Which events count, as what, and why: a row for each line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from services.domain.events import judge, touches
from services.domain.lines import Match, Rule, complete, switched
from services.domain.model import Event, EventType, Kind, Location, Organizer, Response, ShowAs
from services.domain.people import Preferences, WorkingHours
from services.domain.reasons import ReasonCode

KINDS = complete(())

BERLIN = ZoneInfo("Europe/Berlin")
TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday, 11:00 in Berlin
HOUR = timedelta(hours=1)
MEETING = Event("c", "e", TEN, TEN + HOUR, title="Sync")
VACATION = Event("c", "e", TEN, TEN + 24 * HOUR, title="Vacation", all_day=True, show_as=ShowAs.FREE)
PUBLISHED = Event(
    "c", "e", TEN, TEN + 24 * HOUR, title="Vacation", all_day=True, response=Response.NEEDS_ACTION,
    organizer=Organizer.SYSTEM,
)  # fmt: skip
MINUTE_TO_MINUTE = Event(  # 00:01 to 23:59 in Berlin, three days on
    "c", "e", datetime(2026, 11, 23, 23, 1, tzinfo=UTC), datetime(2026, 11, 26, 22, 59, tzinfo=UTC), title="paid leave"
)
ANN = ("Ann Lee",)
HOME = Event("c", "e", TEN, TEN + HOUR, type=EventType.WORKING_LOCATION, working_location=Location.HOME)
NAMED = (Rule("r1", "Notes", Match(title_words=("release",))),)
IGNORED = (Rule("r1", "Not these", Match(title_words=("sync",)), ignore=True),)
OFF = Rule("r0", "Off", Match(), enabled=False)
UNCONFIRMED = Preferences(count_unconfirmed=True)
GUARD = Preferences(working_hours=WorkingHours())
NOTE = Event("c", "e", TEN, TEN + 24 * HOUR, title="Release 1.0", all_day=True)
NIGHT = Event("c", "e", TEN + 12 * HOUR, TEN + 13 * HOUR, title="Deploy")
NONE = Preferences()
Code = ReasonCode

LINES = [
    (replace(MEETING, cancelled=True, response=Response.DECLINED), NONE, (), Code.CANCELLED),
    (replace(MEETING, response=Response.DECLINED, show_as=ShowAs.FREE), NONE, (), Code.DECLINED),
    (replace(HOME, response=Response.DECLINED), NONE, (), Code.DECLINED),
    (HOME, NONE, (), Code.COUNTED),
    (replace(HOME, show_as=ShowAs.FREE), GUARD, (), Code.COUNTED),
    (replace(HOME, start=NIGHT.start, end=NIGHT.end), GUARD, (), Code.COUNTED),
    (replace(HOME, all_day=True), NONE, (), Code.COUNTED),
    (replace(MEETING, show_as=ShowAs.FREE), NONE, (), Code.FREE),
    (replace(MEETING, show_as=ShowAs.FREE, type=EventType.OUT_OF_OFFICE), NONE, (), Code.FREE),
    (replace(MEETING, show_as=ShowAs.FREE, title="Vacation"), NONE, (), Code.FREE),
    (VACATION, NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (replace(VACATION, title="🌴 [OOO] Ann"), NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (replace(VACATION, type=EventType.OUT_OF_OFFICE), NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (replace(VACATION, title="Holiday party"), NONE, (), Code.FREE),
    (replace(VACATION, title="Bob: vacation"), NONE, (), Code.SOMEBODY_ELSES),
    (replace(VACATION, title="Bob: vacation", cancelled=True), NONE, (), Code.CANCELLED),
    (replace(VACATION, guests=1), NONE, (), Code.SOMEBODY_ELSES),
    (replace(VACATION, guests=4), NONE, (), Code.FREE),
    (replace(VACATION, guests=4, organizer=Organizer.PERSON), NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (replace(VACATION, organizer=Organizer.PUBLIC), NONE, (), Code.FREE),
    (replace(VACATION, response=Response.ACCEPTED, organizer=Organizer.OTHER), NONE, (), Code.FREE),
    (replace(VACATION, response=Response.ACCEPTED, organizer=Organizer.PERSON), NONE, (),
     Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (PUBLISHED, NONE, (), Code.COUNTED),
    (replace(PUBLISHED, title="Ann Lee abwesend"), NONE, (), Code.COUNTED),
    (replace(PUBLISHED, title="Bob Roe abwesend"), NONE, (), Code.SOMEBODY_ELSES),
    (replace(PUBLISHED, title="Town hall"), NONE, (), Code.UNCONFIRMED),
    (replace(PUBLISHED, tentative=True), NONE, (), Code.UNCONFIRMED),
    (replace(PUBLISHED, organizer=Organizer.OTHER), NONE, (), Code.UNCONFIRMED),
    (replace(PUBLISHED, show_as=ShowAs.FREE), NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (replace(MINUTE_TO_MINUTE, show_as=ShowAs.FREE), NONE, (), Code.COUNTED_OWN_ALL_DAY_ABSENCE),
    (MINUTE_TO_MINUTE, NONE, (), Code.COUNTED),
    (replace(MINUTE_TO_MINUTE, end=MINUTE_TO_MINUTE.start, show_as=ShowAs.FREE), NONE, (), Code.FREE),
    (replace(VACATION, title="Team holiday party"), NONE, (), Code.FREE),
    (replace(VACATION, title="Vacationers' meetup"), NONE, (), Code.FREE),
    (replace(MEETING, type=EventType.BIRTHDAY), NONE, (), Code.BIRTHDAY),
    (replace(MEETING, type=EventType.BIRTHDAY, all_day=True, tentative=True), NONE, (), Code.BIRTHDAY),
    (replace(MEETING, tentative=True), NONE, (), Code.UNCONFIRMED),
    (replace(MEETING, show_as=ShowAs.TENTATIVE), NONE, (), Code.UNCONFIRMED),
    (replace(MEETING, response=Response.TENTATIVE), NONE, (), Code.UNCONFIRMED),
    (replace(MEETING, response=Response.NEEDS_ACTION), NONE, (), Code.UNCONFIRMED),
    (replace(MEETING, response=Response.NEEDS_ACTION), UNCONFIRMED, (), Code.COUNTED),
    (replace(NOTE, tentative=True), UNCONFIRMED, (), Code.ALL_DAY_NOTE),
    (NOTE, NONE, (), Code.ALL_DAY_NOTE),
    (NOTE, NONE, NAMED, Code.COUNTED_BY_RULE),
    (NOTE, NONE, (OFF,), Code.ALL_DAY_NOTE),
    (replace(NOTE, show_as=ShowAs.FREE), NONE, NAMED, Code.FREE),
    (replace(NOTE, title="Sick"), NONE, (), Code.COUNTED),
    (replace(NOTE, show_as=ShowAs.OUT_OF_OFFICE), NONE, (), Code.COUNTED),
    (NIGHT, GUARD, (), Code.OUTSIDE_WORKING_HOURS),
    (NIGHT, NONE, (), Code.COUNTED),
    (replace(NIGHT, title="Sick"), GUARD, (), Code.COUNTED),
    (MEETING, GUARD, (), Code.COUNTED),
    (replace(MEETING, response=Response.ACCEPTED), NONE, (), Code.COUNTED),
    (MEETING, NONE, IGNORED, Code.IGNORED_BY_RULE),
    (MEETING, NONE, (OFF, *IGNORED), Code.IGNORED_BY_RULE),
    (MEETING, NONE, (Rule("r0", "All"), *IGNORED), Code.COUNTED_BY_RULE),
    (replace(MEETING, cancelled=True), NONE, IGNORED, Code.CANCELLED),
    (replace(MEETING, end=TEN), NONE, (), Code.NO_LENGTH),
    (replace(MEETING, end=TEN - HOUR), NONE, (Rule("r0", "All"),), Code.NO_LENGTH),
    (replace(HOME, end=TEN), NONE, (), Code.NO_LENGTH),
    (replace(MEETING, end=TEN), GUARD, (), Code.NO_LENGTH),
]  # fmt: skip


@pytest.mark.parametrize(("event", "preferences", "rules", "code"), LINES)
def test_first_line_that_fits_gives_the_reason(
    event: Event, preferences: Preferences, rules: tuple[Rule, ...], code: ReasonCode
) -> None:
    verdict, _ = judge(event, complete(rules), preferences, BERLIN, ANN)
    assert verdict.reason.code is code
    assert verdict.counted is code.value.startswith("counted")


def test_verdict_names_the_rule_that_decided() -> None:
    by_rule, position = judge(NOTE, complete((OFF, *NAMED)), NONE, BERLIN)
    assert (by_rule.rule, by_rule.reason.rule, position) == ("r1", "r1", 1)
    ignored, position = judge(MEETING, complete(IGNORED), NONE, BERLIN)
    assert (ignored.rule, position) == ("r1", None)
    by_kind, position = judge(MEETING, KINDS, NONE, BERLIN)
    assert (by_kind.rule, by_kind.kind, position) == ("meeting", Kind.MEETING, 1)
    off = judge(MEETING, switched(KINDS, "meeting"), NONE, BERLIN)
    assert (off[0].counted, off[0].reason.code, off[1]) == (False, ReasonCode.LINE_OFF, None)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (replace(MEETING, type=EventType.OUT_OF_OFFICE), Kind.OUT_OF_OFFICE),
        (replace(MEETING, show_as=ShowAs.OUT_OF_OFFICE, title="Focus"), Kind.OUT_OF_OFFICE),
        (replace(MEETING, title="OOO: focus"), Kind.MEETING),
        (replace(MEETING, title="PTO policy review"), Kind.MEETING),
        (replace(MEETING, title="Vacation"), Kind.OUT_OF_OFFICE),
        (replace(MEETING, title="Ann – vacation"), Kind.OUT_OF_OFFICE),
        (replace(MEETING, title="Bob – vacation"), Kind.MEETING),
        (replace(MEETING, title="Bob – vacation", show_as=ShowAs.OUT_OF_OFFICE), Kind.MEETING),
        (replace(MEETING, title="Vacation", guests=4, response=Response.ACCEPTED), Kind.MEETING),
        (
            replace(MEETING, title="Vacation", guests=4, response=Response.ACCEPTED, organizer=Organizer.OTHER),
            Kind.MEETING,
        ),
        (replace(MEETING, title="Vacation", guests=4, organizer=Organizer.PERSON), Kind.OUT_OF_OFFICE),
        (replace(MEETING, title="Vacation", response=Response.ACCEPTED, organizer=Organizer.OTHER), Kind.MEETING),
        (replace(MEETING, title="Focus group"), Kind.MEETING),
        (replace(MEETING, title="Focus", guests=2), Kind.MEETING),
        (replace(MEETING, title="Focus", guests=2, organizer=Organizer.PERSON), Kind.FOCUS),
        (replace(MEETING, type=EventType.FOCUS, title="PTO planning"), Kind.FOCUS),
        (replace(MEETING, title="Deep work"), Kind.FOCUS),
        (replace(MEETING, type=EventType.WORKING_LOCATION, title="Holiday home"), Kind.WORKING_LOCATION),
        (replace(MEETING, show_as=ShowAs.WORKING_ELSEWHERE, title="Customer"), Kind.WORKING_LOCATION),
        (replace(MEETING, show_as=ShowAs.WORKING_ELSEWHERE, title="Vacation"), Kind.OUT_OF_OFFICE),
        (replace(MEETING, type=EventType.BIRTHDAY, title="Holiday"), Kind.MEETING),
        (MEETING, Kind.MEETING),
    ],
)
def test_kind_by_type_then_show_as_and_title(event: Event, kind: Kind) -> None:
    assert judge(event, KINDS, NONE, BERLIN, ANN)[0].kind is kind


def test_who_sends_a_leave_systems_entry_names_the_person_where_their_names_are_not_known() -> None:
    entry = replace(PUBLISHED, title="Ann Other abwesend")
    assert judge(entry, KINDS, NONE, BERLIN)[0].kind is Kind.OUT_OF_OFFICE
    assert judge(replace(entry, response=Response.NONE, guests=1), KINDS, NONE, BERLIN)[0].reason.code is (
        Code.SOMEBODY_ELSES
    )


NIGHT_SHIFT = WorkingHours(MappingProxyType({0: (time(22), time(6))}))


@pytest.mark.parametrize(
    ("hours", "start", "end", "expected"),
    [
        (WorkingHours(), datetime(2026, 11, 24, 7, 59), datetime(2026, 11, 24, 8, 0), False),  # until 09:00 in Berlin
        (WorkingHours(), datetime(2026, 11, 24, 7, 59), datetime(2026, 11, 24, 8, 1), True),
        (WorkingHours(), datetime(2026, 11, 24, 17, 0), datetime(2026, 11, 24, 18, 0), False),  # from 18:00
        (WorkingHours(), datetime(2026, 11, 28, 10), datetime(2026, 11, 28, 11), False),  # a Saturday
        (WorkingHours(), datetime(2026, 11, 28, 10), datetime(2026, 11, 30, 10), True),
        (WorkingHours(), datetime(2026, 7, 1, 7, 0), datetime(2026, 7, 1, 7, 1), True),  # summer: 09:00 is 07:00
        (NIGHT_SHIFT, datetime(2026, 11, 24, 4), datetime(2026, 11, 24, 4, 30), True),  # Tuesday 05:00, Monday's shift
        (NIGHT_SHIFT, datetime(2026, 11, 25, 4), datetime(2026, 11, 25, 4, 30), False),
        (WorkingHours(MappingProxyType({})), datetime(2026, 11, 1), datetime(2026, 12, 1), False),
        (WorkingHours(), datetime(2026, 11, 1), datetime(2026, 12, 1), True),
        (NIGHT_SHIFT, datetime(2026, 11, 23, 21, 30), datetime(2026, 11, 23, 21, 30), True),  # an instant within
    ],
)
def test_working_hours_are_wall_clock_in_the_persons_zone(
    hours: WorkingHours, start: datetime, end: datetime, expected: bool
) -> None:
    assert touches(hours, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), BERLIN) is expected
