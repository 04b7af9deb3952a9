"""RRULE against RFC 5545's own examples and against python-dateutil."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from services.calendars.ical.recurrence import ExpansionBudget, Reach, RuleProblemError, expanded, parsed, week_number

START = datetime(1997, 9, 2, 9)  # RFC 5545 §3.8.5.3: all examples, a Tuesday


def times(rule: str, start: datetime = START, days: int = 1500, most: int = 12) -> str:
    reach = Reach(start, start + timedelta(days=days))
    found = list(expanded(parsed(rule), start, None, reach, ExpansionBudget()))[:most]
    return " ".join(f"{at:%y%m%d}" for at in found)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=4", "970902 970903 970904 970905"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "970902 970912 970922 971002 971012"),
        ("FREQ=WEEKLY;COUNT=4", "970902 970909 970916 970923"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;COUNT=3", "970902 970916 970930"),
        ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
         "970902 970904 970909 970911 970916 970918 970923 970925 970930 971002"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
         "970902 970904 970916 970918 970930 971002 971014 971016"),
        ("FREQ=MONTHLY;BYMONTHDAY=2,15;COUNT=10",
         "970902 970915 971002 971015 971102 971115 971202 971215 980102 980115"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU;COUNT=8", "970902 970909 970916 970923 970930 971104 971111 971118"),
        ("FREQ=YEARLY;INTERVAL=2;COUNT=3;BYMONTH=9", "970902 990902 010902"),
        ("FREQ=YEARLY;BYMONTH=9,10;COUNT=4", "970902 971002 980902 981002"),
    ],
)  # fmt: skip
def test_a_rule_gives_the_dates_of_the_rfcs_example(rule: str, expected: str) -> None:
    assert times(rule) == expected


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY;COUNT=5;BYDAY=1FR", datetime(1997, 9, 5), "970905 971003 971107 971205 980102"),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", datetime(1997, 9, 7), "970907 970928 971102 971130"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", datetime(1997, 9, 22), "970922 971020 971117"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", datetime(1997, 9, 28), "970928 971029 971128"),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", datetime(1997, 9, 30), "970930 971001 971031 971101"),
        # without BYMONTH the month is DTSTART's, as libical and ical.js have it; a weekday is looked for in every month
        ("FREQ=YEARLY;BYMONTHDAY=15,20;COUNT=3", datetime(2015, 8, 15), "150815 150820 160815"),
        ("FREQ=YEARLY;BYMONTHDAY=-1;COUNT=3", datetime(2014, 2, 28), "140228 150228 160229"),
        ("FREQ=YEARLY;BYMONTHDAY=29;COUNT=2", datetime(2024, 2, 29), "240229 280229"),
        ("FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", datetime(1998, 2, 13), "980213 980313 981113"),
        ("FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11", datetime(1997, 9, 10), "970910 970911 990310"),
        ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", datetime(1997, 6, 10), "970610 970710 980610 980710"),
        ("FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", datetime(1997, 1, 1), "970101 970410 970719 000101"),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", datetime(1997, 5, 19), "970519 980518 990517"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", datetime(1997, 5, 12), "970512 980511 990517"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4", datetime(1997, 3, 13), "970313 970320 970327 980305"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", datetime(1998, 2, 13), "980213 980313 981113"),
        ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=3", datetime(1997, 9, 13), "970913 971011 971108"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=2",
         datetime(1996, 11, 5), "961105 001107"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", datetime(1997, 9, 4), "970904 971007 971106"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", datetime(1997, 9, 29), "970929 971030 971127"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", datetime(1997, 8, 5), "970805 970810 970819 970824"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", datetime(1997, 8, 5), "970805 970817 970819 970831"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", datetime(2007, 1, 15), "070115 070130 070215 070315 070330"),
        ("FREQ=YEARLY;COUNT=3", datetime(2000, 2, 29), "000229 040229 080229"),
        ("FREQ=MONTHLY;COUNT=4", datetime(2026, 1, 31), "260131 260331 260531 260731"),
    ],
)  # fmt: skip
def test_a_rule_with_a_start_of_its_own_gives_the_expected_dates(rule: str, start: datetime, expected: str) -> None:
    assert times(rule, start, days=5000) == expected


def test_an_hourly_rule_ends_with_its_day() -> None:
    found = expanded(parsed("FREQ=HOURLY;INTERVAL=3"), START, datetime(1997, 9, 2, 17), _span(1), ExpansionBudget())
    assert [at.hour for at in found] == [9, 12, 15]


def test_a_minutely_rule_within_hours_equals_the_daily_rule_that_the_rfc_names() -> None:
    by_minute = "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16"
    by_day = "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40"
    assert list(_all(by_minute, 3)) == list(_all(by_day, 3))


def test_a_start_that_does_not_fit_is_the_first_and_is_counted() -> None:
    assert times("FREQ=WEEKLY;BYDAY=FR;COUNT=3") == "970902 970905 970912"


def test_by_set_position_in_the_first_week_counts_from_that_weeks_begin() -> None:
    # Tuesday 2 September: the week's second workday is the start itself. python-dateutil says Wednesday.
    assert times("FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=2;COUNT=2") == "970902 970909"


def test_a_week_without_a_weekday_takes_the_starts_own() -> None:
    # python-dateutil takes all seven days.
    assert times("FREQ=YEARLY;BYWEEKNO=40;COUNT=2") == "970902 970930"


def test_nth_and_plain_weekdays_in_one_rule_are_both_meant() -> None:
    # python-dateutil wants both at once and finds nothing.
    assert times("FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=3", datetime(2026, 1, 5)) == "260105 260130 260202"
    assert times("FREQ=MONTHLY;BYMONTHDAY=1,2,3;BYDAY=1MO,TU;COUNT=3", datetime(2026, 2, 2)) == "260202 260203 260302"


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"])
def test_a_rule_that_never_matches_costs_little(rule: str) -> None:
    assert list(expanded(parsed(rule), START, None, _span(400), ExpansionBudget(5000, 5000))) == [START]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;COUNT=99999;BYMONTH=2;BYMONTHDAY=30"])
def test_a_rule_beyond_its_budget_is_a_problem(rule: str) -> None:
    with pytest.raises(RuleProblemError, match="takes too long"):
        list(expanded(parsed(rule), START, None, _span(4000), ExpansionBudget(1000, 1000)))


def test_an_ancient_start_costs_nothing() -> None:
    reach = Reach(datetime(2026, 1, 1), datetime(2026, 1, 2))
    found = list(expanded(parsed("FREQ=DAILY;COUNT=900000"), datetime(1, 1, 1), None, reach, ExpansionBudget(100, 100)))
    assert found[-2:] == [datetime(2026, 1, 1), datetime(2026, 1, 2)]


@pytest.mark.parametrize(
    "text", ["", "FREQ=SOMETIMES", "BYDAY=MO", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-5",
             "FREQ=DAILY;COUNT=x", "FREQ=WEEKLY;BYDAY=XX",
             "FREQ=YEARLY;BYMONTH=13", "FREQ=DAILY;RSCALE=HEBREW", "FREQ=DAILY;SKIP=FORWARD"],
)  # fmt: skip
def test_a_rule_without_sense_is_a_problem(text: str) -> None:
    with pytest.raises(RuleProblemError):
        parsed(text)


@pytest.mark.parametrize(
    "text", ["freq=daily;", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=-1;X-A=1;BYMONTH=", " FREQ = DAILY"]
)
def test_a_rule_written_carelessly_is_understood(text: str) -> None:
    assert parsed(text) == parsed("FREQ=DAILY")


@pytest.mark.parametrize(
    ("day", "start", "week"),
    [
        ((2026, 1, 1), 0, (1, 53)),
        ((2027, 1, 1), 0, (53, 53)),
        ((1998, 12, 31), 6, (52, 52)),
        ((2024, 12, 30), 0, (1, 52)),
    ],
)
def test_the_week_of_the_year_follows_iso_8601(day: tuple[int, int, int], start: int, week: tuple[int, int]) -> None:
    assert week_number(datetime(*day).date(), start) == week


WEEKDAYS = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])


def _list(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(lambda items: ",".join(map(str, items)))


def _signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules on which the RFC and python-dateutil agree: no BYSETPOS in weeks, no mixture of nth and plain weekdays, and
    no days of a month alone in years, where dateutil takes every month."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}", f"WKST={draw(WEEKDAYS)}"]

    def maybe(name: str, values: st.SearchStrategy[str]) -> bool:
        if draw(st.integers(0, 3)):
            return False
        parts.append(f"{name}={draw(values)}")
        return True

    by_month = maybe("BYMONTH", _list(st.integers(1, 12)))
    by_month_day = maybe("BYMONTHDAY", _list(_signed(31)))
    by_year_day = maybe("BYYEARDAY", _list(_signed(366)))
    if frequency in {"YEARLY", "MONTHLY"} and draw(st.booleans()):
        maybe("BYDAY", st.tuples(_signed(4), WEEKDAYS).map(lambda pair: f"{pair[0]}{pair[1]}"))
    elif maybe("BYDAY", _list(WEEKDAYS)) and frequency == "YEARLY" and not by_year_day:
        maybe("BYWEEKNO", _list(_signed(53)))
    maybe("BYHOUR", _list(st.integers(0, 23)))
    maybe("BYMINUTE", _list(st.integers(0, 59)))
    others = by_year_day or any(part.startswith(("BYDAY", "BYWEEKNO")) for part in parts)
    assume(frequency != "YEARLY" or not by_month_day or by_month or others)
    if frequency in {"YEARLY", "MONTHLY", "DAILY"}:
        maybe("BYSETPOS", _list(_signed(4)))
    maybe("COUNT", st.integers(1, 20).map(str))
    return ";".join(parts)


@given(
    rule=rules(),
    start=st.datetimes(datetime(1990, 1, 1), datetime(2024, 12, 31)).map(lambda at: at.replace(microsecond=0)),
    skipped=st.integers(0, 700),
)
def test_any_rule_agrees_with_dateutil(rule: str, start: datetime, skipped: int) -> None:
    lower, upper = start + timedelta(days=skipped), start + timedelta(days=skipped + 60)
    try:
        peer = rrulestr(f"{rule};UNTIL={upper:%Y%m%dT%H%M%S}" if "COUNT" not in rule else rule, dtstart=start)
    except ValueError:
        assume(False)  # an interval that never meets its BYHOUR: refused there
    reach = Reach(lower, upper)
    ours = [
        at
        for at in expanded(parsed(rule), start, None, reach, ExpansionBudget(10**6, 10**6), first=False)
        if at >= lower
    ]
    with patch("dateutil.rrule.datetime.MAXYEAR", upper.year):  # else it looks until 9999 where nothing ever matches
        assert ours == _bounded(peer, lower, upper)


def _bounded(peer: object, lower: datetime, upper: datetime) -> list[datetime]:
    found = []
    for at in peer:  # type: ignore[attr-defined]  # dateutil is untyped
        if at > upper:
            break
        if at >= lower:
            found.append(at)
    return found


def _span(days: int) -> Reach:
    return Reach(START, START + timedelta(days=days))


def _all(rule: str, days: int) -> list[datetime]:
    return list(expanded(parsed(rule), START, None, _span(days), ExpansionBudget()))
