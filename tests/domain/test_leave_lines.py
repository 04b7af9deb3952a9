"""Lines by e-mail, halves of days, names to tie, and what is too long to be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.domain.leave import match
from services.domain.leave_halves import half_in, is_partly
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult, counted
from services.domain.leave_spelling import Words, folded_name, written
from services.domain.leave_types import types_of
from services.domain.model import Event, WallTimes
from tests.support.costs import dearer

DAY = timedelta(days=1)
MATCHED, UNKNOWN, TWO, NOT_LEAVE = MatchResult
ANN = LeaveMember("ANN", ("Ann Lee", "Annie"), "ann@corp.example")
BOB = LeaveMember("BOB", ("Bob Ray",), "bob@corp.example")
MAY = LeaveMember("MAY", ("Teresa May",))


def whose(line: LeaveLine, *members: LeaveMember, ties: dict[str, str] | None = None) -> Matched:
    (found,) = match([line], members or (ANN, BOB, MAY), ties or {})
    return found


def words(title: str) -> Words:
    return types_of(frozenset()).words_of(written(title))


@pytest.mark.parametrize(
    ("address", "title", "result", "user"),
    [
        ("ann@corp.example", "", MATCHED, "ANN"),
        ("Ann@Corp.Example", "vacation", MATCHED, "ANN"),
        ("ann@corp.example", "sick_leave", MATCHED, "ANN"),
        ("ann@corp.example", "SICK", MATCHED, "ANN"),
        ("ann@corp.example", "half day", MATCHED, "ANN"),
        ("ann@corp.example", "remote", NOT_LEAVE, ""),
        ("ann@corp.example", "🏠", NOT_LEAVE, ""),
        ("ann@corp.example", "Birthday", NOT_LEAVE, ""),
        ("ann@corp.example", "Ann Lee (Paid Vacation - 9 days)", MATCHED, "ANN"),
        ("ann@corp.example", "Ann – vacation", MATCHED, "ANN"),  # the e-mail says who: one word is enough
        ("ann@corp.example", "Annie: PTO", MATCHED, "ANN"),
        ("ann@corp.example", "Lee – vacation – Ann", NOT_LEAVE, ""),
        ("ann@corp.example", "Antonia – vacation", NOT_LEAVE, ""),
        ("ann@corp.example", "Bob Ray – vacation", TWO, ""),  # the e-mail says one, the title another
        ("ann@corp.example", "Ann Lee and Bob Ray – vacation", TWO, ""),
        ("somebody@else.example", "Ann Lee – vacation", UNKNOWN, ""),  # whose the e-mail is, Ann Lee is not
    ],
)
def test_an_address_says_who(address: str, title: str, result: MatchResult, user: str) -> None:
    assert replace(whose(LeaveLine("L", title, address)), partly=False) == Matched("L", result, user)


def test_an_address_of_two_is_nobodys() -> None:
    twin = LeaveMember("TWIN", ("Somebody Else",), "ANN@corp.example")

    assert whose(LeaveLine("L", "vacation", "ann@corp.example"), ANN, twin).result is TWO
    assert whose(
        LeaveLine("L", "Vacation May Teresa", "may@x.example"), LeaveMember("M", MAY.names, "may@x.example")
    ) == (
        Matched("L", MATCHED, "M")  # by e-mail no month is taken for a name
    )


def test_what_is_too_long_is_nobodys() -> None:
    assert whose(LeaveLine("L", "Ann Lee vacation" + " " * 1000)).result is NOT_LEAVE
    assert whose(LeaveLine("L", "Ann Lee" + " vacation -" * 50)).result is NOT_LEAVE
    assert whose(
        LeaveLine("L", "vacation", "ann@corp.example"), LeaveMember("ANN", ("Ann " * 300,), "ann@corp.example")
    ) == (Matched("L", MATCHED, "ANN"))
    assert (
        whose(LeaveLine("L", "a b c d e f g h i j k – PTO"), LeaveMember("X", ("a b c d e f g h i j k",))).user_id == ""
    )
    long = "Pablo Diego José Francisco de Paula Juan Nepomuceno Cipriano de la Santísima"
    assert whose(LeaveLine("L", f"{long} – PTO"), LeaveMember("P", (long,))).result is UNKNOWN  # too many words


def test_a_name_has_a_word_and_no_type() -> None:
    member = LeaveMember(
        "X", ("", "🌴", "Ann & Bob", "Ann Vacation", "Dr. Lee", "李 さん", "Holi Day Off", "Ann ( Lee")
    )

    for title in ("🌴", "Ann & Bob: PTO", "Ann Vacation", "Dr. Lee – PTO", "李 さん 休暇", "Lee – PTO"):
        assert whose(LeaveLine("L", title), member).user_id == ""
    assert whose(LeaveLine("L", "Ann Lee – PTO"), member).user_id == "X"


@pytest.mark.parametrize(
    ("title", "half"),
    [
        ("Ann Lee (half day AM)", "am"), ("Ann Lee – PTO (PM)", "pm"), ("Vacation AM", "am"), ("PTO a.m.", "am"),
        ("Urlaub vormittags", "am"), ("Urlaub am Vormittag", "am"), ("Urlaub (Nachmittag)", "pm"),
        ("Congé matin", "am"), ("Congés (après-midi)", "pm"), ("Vacaciones por la tarde", "pm"),
        ("午前休 田中", "am"), ("午後半休", "pm"), ("PTO 1st half", "am"), ("Urlop po południu", "pm"),
        ("Ann Lee (half day)", ""), ("Urlaub am 3.5.", ""), ("Urlaub am Montag", ""), ("PTO 9 am - 1 pm", ""),
        ("PTO 9am", ""), ("Morning and afternoon off", ""), ("Vacation", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_half_counts_where_the_title_names_it(title: str, half: str) -> None:
    assert half_in(words(title)) == half


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Ann Lee (half day)", True), ("Urlaub halbtags", True), ("Congé (demi-journée)", True), ("半休", True),
        ("Urlaub 0,5 Tage", True), ("PTO 0.5 d", True), ("½ day PTO", True), ("1/2 Tag Urlaub", True),
        ("PTO - 4 hours", True), ("PTO - 30 min", True), ("0 days", False),
        ("Ann Lee (half day PM)", False), ("PTO 8 hours", False), ("PTO 1 day", False), ("1,5 Tage", False),
        ("1 1/2 days", False), ("PTO 2/3", False), ("Vacation", False), ("PTO 1/2 week", False),
    ],
)  # fmt: skip
def test_a_part_of_a_day_is_told_from_a_day(title: str, part: bool) -> None:
    assert is_partly(words(title)) is part


def test_of_a_whole_day_the_half_counts_that_its_title_says() -> None:
    day = datetime(2026, 5, 4)
    berlin = ZoneInfo("Europe/Berlin")
    event = Event(
        "c", "e", day.replace(tzinfo=UTC), day.replace(tzinfo=UTC), all_day=True, wall=WallTimes(day, day + DAY)
    )
    morning = counted(event, "am", berlin, partly=False)
    afternoon = counted(event, "pm", berlin, partly=False)

    assert morning is not None
    assert afternoon is not None
    assert (morning.all_day, morning.wall) == (False, WallTimes(day, datetime(2026, 5, 4, 12)))
    assert (afternoon.start, afternoon.end) == (
        datetime(2026, 5, 4, 10, tzinfo=UTC),
        datetime(2026, 5, 4, 22, tzinfo=UTC),
    )
    assert counted(event, "", berlin, partly=False) is event
    assert counted(event, "", berlin, partly=True) is None
    several = replace(event, wall=WallTimes(day, day + 3 * DAY))
    assert counted(several, "am", berlin, partly=True) is several
    timed = replace(event, all_day=False, wall=None)
    assert counted(timed, "am", berlin, partly=True) is timed


def test_a_match_says_what_its_title_says_of_the_day() -> None:
    found = match([LeaveLine("0", "Ann Lee (PTO, half day PM)"), LeaveLine("1", "Ann Lee (PTO - 0.5 days)")], [ANN], {})

    assert [(one.half, one.partly) for one in found] == [("pm", False), ("", True)]


@pytest.mark.parametrize(
    ("line", "holiday"),
    [
        (LeaveLine("L", "Company Holiday - New Year"), True), (LeaveLine("L", "[Holidays] Good Friday"), True),
        (LeaveLine("L", "Karfreitag"), True), (LeaveLine("L", "Tag der Arbeit (Feiertag)"), True),
        (LeaveLine("L", "Founders' Day", categories=("Company Holidays",)), True),
        (LeaveLine("L", "Ann Lee", categories=("Company Holidays",)), True), (LeaveLine("L", "King's Birthday"), True),
        (LeaveLine("L", "Betriebsferien 24.12.–2.1."), True), (LeaveLine("L", "Teambuilding: office closed"), True),
        (LeaveLine("L", "Ann Lee - Bank Holiday"), False), (LeaveLine("L", "Christmas party"), False),
        (LeaveLine("L", "Bank Holiday", "ann@corp.example"), False), (LeaveLine("L", "Holiday"), False),
        (LeaveLine("L", "Ann Lee - Betriebsurlaub"), False),
        (LeaveLine("L", "About company holidays in May"), False),
        (LeaveLine("L", "Ann Lee", categories=("Birthdays",)), False), (LeaveLine("L", ""), False),
    ],
)  # fmt: skip
def test_a_company_holiday_is_told_from_leave(line: LeaveLine, holiday: bool) -> None:
    assert whose(line).holiday is holiday


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Bob Smithson (Paid Vacation - 9 days)", "Bob Smithson"), ("[Urlaub] Smithson, Bob", "Smithson, Bob"),
        ("Absence - Bob", "Bob"), ("Bob Smithson", "Bob Smithson"), ("Bob May – vacation", "Bob May"),
        ("Anna Lena Frei", "Anna Lena Frei"), ("Vacation Teresa May", "Teresa May"), ("花子 有給", "花子"),
        ("Vacation", ""), ("", ""), ("9 days", ""), ("Bob – vacation – sales", ""), ("Bob & Ann: vacation", ""),
        ("Bob Smithson - Birthday", ""), ("Bob Smithson (3 yrs)", ""), ("Cover for Bob (vacation)", ""),
        ("Vacation policy", ""), ("a b c d e f g h i j k – PTO", ""), ("Bob " * 300, ""), ("🏠 Bob Smithson", ""),
    ],
)  # fmt: skip
def test_a_name_to_tie_is_what_no_type_is(title: str, name: str) -> None:
    assert whose(LeaveLine("L", title)).name == name


def test_a_name_is_tied_whatever_its_case_order_and_accents() -> None:
    assert folded_name("Jörg MÜLLER") == folded_name("Müller, Jorg") == "jorg muller"
    assert folded_name("田中 太郎") == folded_name("田中太郎") == "田中太郎"
    assert folded_name("🌴 ?") == ""


def test_a_workspace_adds_types_but_no_birthdays() -> None:
    lines = [
        LeaveLine("0", "Ann Lee: Workation"),
        LeaveLine("1", "Ann Lee: Birthday"),
        LeaveLine("2", "Ann Lee: Übungstag"),
    ]
    found = match(lines, [ANN], {}, ["workation", "BIRTHDAY", "Uebungstag", ""])

    assert [one.result for one in found] == [MATCHED, NOT_LEAVE, MATCHED]
    assert [one.result for one in match(lines, [ANN], {})] == [NOT_LEAVE, NOT_LEAVE, NOT_LEAVE]


@pytest.mark.parametrize(
    "title",
    ["Ann Lee " * 120, "((((((((((" * 100, "Lee, " * 200, "9 " * 40, "until " * 40, "." * 1000, "田中太郎の" * 200,
     "休" * 1000, "\u0301" * 1000, ":a:" * 300, "3.5." * 250, "ﷺ" * 1000, "vacation " * 40],
)  # fmt: skip
def test_hostile_titles_and_names_cost_no_more_than_others(title: str) -> None:
    members = [ANN, BOB, LeaveMember("X", (title, title[:200], "Ann Lee " * 20, *("Ann Lee",) * 100))]
    hostile = [LeaveLine(str(number), title) for number in range(50)]
    ordinary = [LeaveLine(str(number), f"Ann Lee: vacation until {1 + number % 28}.3.") for number in range(2000)]

    assert dearer(
        lambda: match(hostile, members, {folded_name(title): "ANN"}), than=lambda: match(ordinary, [ANN, BOB], {})
    ) < 20  # fmt: skip
