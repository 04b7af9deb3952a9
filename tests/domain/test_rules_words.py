"""Which events a rule names: whole words of titles and places, `*` in them, organizers, guests' domains, and when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.lines import Match, Rule
from services.domain.model import Event, EventType, Kind, Location, ShowAs
from services.domain.rules import Viewpoint, first_match, has_word, is_organized_by, location_of, matches
from tests.support.costs import dearer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ANN = Viewpoint(BERLIN, frozenset({"corp.example"}))
MEETING = Event("c", "u", datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))


def test_places_by_title() -> None:
    titles = ("WFH", "在宅勤務", "Homer", "Office", "Im Büro", "Officer")
    home, office, elsewhere = Location.HOME, Location.OFFICE, Location.ELSEWHERE
    assert [location_of(Event("c", "u", NOW, NOW, title=title)) for title in titles] == [
        home, home, elsewhere, office, office, elsewhere,
    ]  # fmt: skip


# ── words ───────────────────────────────────────────────────────────────────────────────────────────


def test_words_of_a_person_are_whole_words_whatever_their_writing() -> None:
    assert has_word("The STAND-UP meeting", ("stand up",))
    assert has_word("c++ (advanced)", ("c++",))
    assert not has_word("standup", ("stand up",))
    assert not has_word("anything", ("", " - "))
    assert not has_word("x" * 600 + " late", ("late",))


@pytest.mark.parametrize(
    ("word", "found", "not_found"),
    [
        ("stand*", ["standup", "Stand", "daily STANDUP!", "standup-notes?", "stand - up", "standup会議"],
         ["stand-up", "stand_up", "stand‑up", "understand", "st and"]),
        ("*sync", ["resync", "sync", "Team ReSync", "会議sync", "async-call", "re-resync"], ["syncing", "team-sync"]),
        ("*sync*", ["sync", "resyncing", "async", "syncing-up"], ["sy nc", "s-ync", "sync-up", "re-sync"]),
        ("re*w", ["review", "rew", "REVIEW 2"], ["re-view w", "reviews", "preview", "re w"]),
        ("a*b*c", ["abc", "axxbyyc", "abcbc", "aabbcc"], ["acb", "abcd", "a b c", "ab-c"]),
        ("a**c", ["abc", "ac"], ["a c"]),
        ("1*:1", ["1:1", "1x:1", "with Bob 1:1"], ["1 :1"]),
        ("daily stand*", ["Daily standup", "daily  - standup"], ["daily stand-up", "daily x standup", "dailystandup"]),
        ("weekly * sync", ["weekly team sync", "Weekly-Team-Sync", "weekly 定例 sync"],
         ["weekly sync", "weekly x y sync", "weekly  sync"]),
        ("*, ＊", [], ["*", "a", ", ", "*, *"]), ("*", [], ["*", "anything", ""]), ("* *", [], ["a b", "* *"]),
        ("st＊up", ["standup"], ["stand-up"]),
        ("定*会", ["第3回定例会です", "定会", "定期的な会"], ["定 会", "例会", "定、会"]),
        ("会議*", ["会議", "会議室"], ["会"]), ("*会議*", ["会議", "大会議室"], ["会"]),
        ("a*z", ["a" + "b" * 40 + "z"], ["a" + "b" * 41 + "z"]),
        ("c*+", ["c++", "c+", "cpp+"], ["c", "c ++"]),
    ],
)  # fmt: skip
def test_star_is_any_run_of_letters_of_one_word(word: str, found: list[str], not_found: list[str]) -> None:
    texts = [*found, *not_found]
    assert [text for text in texts if has_word(text, (word,))] == found


def test_any_of_several_words_will_do() -> None:
    assert has_word("Team resync", ("lunch", "*sync", "会*"))
    assert not has_word("Team lunches", ("lunch", "*sync", "会*"))


@given(st.text("ab*", min_size=1, max_size=8), st.text("ab ", max_size=14))
def test_stars_mean_what_they_do_in_names_of_files(word: str, text: str) -> None:
    pattern = re.compile(word.replace("*", "[ab]*"))
    named = bool(word.strip("*")) and any(pattern.fullmatch(one) for one in text.split())
    assert has_word(text, (word,)) is named


_HOSTILE_WORDS = (
    "*a" * 200,
    "a*" * 200 + "b",
    "* " * 200 + "x",
    "(*" * 200 + ")",
    "会*" * 200 + "議",
    "* " * 99 + "議",
)
_HOSTILE_TEXTS = (
    "a" * 500,
    "a " * 250,
    "a-" * 250,
    "(" * 500,
    "会" * 500,
    "会a" * 250,
    "a_" * 250,
    "(a" * 250,
    "*" * 500,
)


def test_no_word_makes_a_search_long_whatever_the_title() -> None:
    def hostile() -> None:
        for text in _HOSTILE_TEXTS:
            for word in _HOSTILE_WORDS:
                has_word(text, (word,))
            is_organized_by(f"{text} <{'a' * 250}@{'b' * 60}>", ("*a" * 100 + "@", "a*" * 100 + "@b", "@*b*b*b*b*x"))

    def ordinary() -> None:
        for text in ("Weekly planning of the team in the large room " * 11, "team-sync " * 50):
            for number in range(75):
                has_word(text, (f"word{number}*ing", f"stand{number}*"))

    assert dearer(hostile, than=ordinary) < 15  # a pattern that goes back takes longer than the tests may


# ── organizers ──────────────────────────────────────────────────────────────────────────────────────

BOSS = "Boss Hog-Smith <big.boss@corp.example>"


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("boss", True), ("Hog", True), ("boss hog smith", True), ("smi*", True), ("*oss", True), ("big", True),
        ("hog big", False), ("corp", False), ("example", False), ("bos", False), ("<", False), ("*", False),
        ("big.boss@corp.example", True), ("BIG.Boss@Corp.Example", True), ("boss@corp.example", False),
        ("big.boss@corp.example.org", False), ("@corp.example", True), ("@CORP.example", True), ("@example", False),
        ("@corp.exam", False), ("@*.example", True), ("*@corp.example", True), ("big*@*", True), ("@*corp*", True),
        ("@", False), ("*@*", False), ("@*", False), ("big.boss@", False), ("@other.example", False),
    ],
)  # fmt: skip
def test_organizer_by_words_of_the_name_a_whole_address_or_a_domain(word: str, named: bool) -> None:
    assert is_organized_by(BOSS, (word,)) is named
    assert is_organized_by(BOSS, ("nobody", word, "@nowhere.example")) is named


@pytest.mark.parametrize(
    ("text", "words", "named"),
    [
        ("", ("boss", "@corp.example"), False), ("Boss", ("boss",), True), ("Boss", ("@boss",), False),
        ("big.boss@corp.example", ("boss",), True), ("big.boss@corp.example", ("@corp.example",), True),
        ("big.boss@corp.example", ("corp",), False), ("Ann @ Corp", ("corp",), True), ("Ann @ Corp", ("@corp",), False),
        ("ceo@corp.example <x@evil.example>", ("ceo@corp.example",), False),
        ("ceo@corp.example <x@evil.example>", ("@evil.example",), True),
        ("x" * 900 + " <boss@corp.example>", ("@corp.example",), True),
        ("x" * 900 + " <boss@corp.example>", ("boss",), True),
        ("部長 <bu@corp.example>", ("部長",), True),
    ],
)  # fmt: skip
def test_organizer_is_a_name_an_address_or_both(text: str, words: tuple[str, ...], named: bool) -> None:
    assert is_organized_by(text, words) is named


# ── conditions ──────────────────────────────────────────────────────────────────────────────────────


def test_words_that_must_not_be_there() -> None:
    match = Match(title_words=("review",), not_title_words=("code", "draft*"))
    titles = ("Review", "Code review", "Review of drafts", "Encode review", "Lunch")
    named = [title for title in titles if matches(match, replace(MEETING, title=title), Kind.MEETING, ANN)]
    assert named == ["Review", "Encode review"]
    assert matches(Match(not_title_words=("lunch",)), MEETING, Kind.MEETING, ANN)
    assert matches(Match(title_words=("x",), not_title_words=("*",)), replace(MEETING, title="x"), Kind.MEETING, ANN)


@pytest.mark.parametrize(
    ("own", "guests", "outside", "inside"),
    [
        ({"corp.example"}, {"corp.example"}, False, True),
        ({"corp.example"}, {"corp.example", "other.example"}, True, False),
        ({"corp.example"}, {"eu.corp.example"}, False, True),
        ({"eu.corp.example"}, {"corp.example"}, True, False),
        ({"corp.example"}, {"evilcorp.example"}, True, False),
        ({"corp.example", "other.example"}, {"other.example"}, False, True),
        ({"corp.example"}, set(), False, False),
        (set(), {"other.example"}, False, False),
    ],
)
def test_guests_outside_and_inside_of_the_persons_own_mail_domains(
    own: set[str], guests: set[str], outside: bool, inside: bool
) -> None:
    event = replace(MEETING, guests=3, guest_domains=frozenset(guests))
    seen = Viewpoint(BERLIN, frozenset(own))
    assert [matches(Match(external=one), event, Kind.MEETING, seen) for one in (True, False, None)] == [
        outside, inside, True,
    ]  # fmt: skip


def test_recurring_or_not() -> None:
    of = [(one, wanted) for one in (True, False) for wanted in (True, False, None)]
    assert [
        matches(Match(recurring=wanted), replace(MEETING, recurring=one), Kind.MEETING, ANN) for one, wanted in of
    ] == [True, False, True, False, True, True]


@pytest.mark.parametrize(
    ("zone", "start", "days", "named"),
    [
        ("Europe/Berlin", "2026-11-24T09:00", {1}, True), ("Europe/Berlin", "2026-11-24T09:00", {0, 2}, False),
        ("Europe/Berlin", "2026-11-24T23:30", {2}, True), ("America/New_York", "2026-11-24T02:00", {0}, True),
        ("Pacific/Kiritimati", "2026-11-24T10:00", {2}, True),
    ],
)  # fmt: skip
def test_weekday_is_that_of_the_start_where_the_person_is(zone: str, start: str, days: set[int], named: bool) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    event = replace(MEETING, start=at, end=at + timedelta(days=3))
    assert matches(Match(days=frozenset(days)), event, Kind.MEETING, Viewpoint(ZoneInfo(zone))) is named


@pytest.mark.parametrize(
    ("hours", "named"),
    [
        ("09:00-12:00", ["2026-11-24T08:00", "2026-11-24T10:59", "2026-03-29T07:00"]),
        ("22:00-02:00", ["2026-11-24T21:00", "2026-11-25T00:59"]),
        ("09:00-09:00", ["2026-11-24T08:00", "2026-11-24T07:59", "2026-11-24T10:59", "2026-11-24T11:00",
                         "2026-11-24T21:00", "2026-11-25T00:59", "2026-11-25T01:00", "2026-03-29T07:00"]),
        ("00:00-09:00", ["2026-11-24T07:59", "2026-11-25T00:59", "2026-11-25T01:00"]),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_persons_wall_clock_and_may_run_over_midnight(hours: str, named: list[str]) -> None:
    opens, closes = map(time.fromisoformat, hours.split("-"))
    starts = ("2026-11-24T08:00", "2026-11-24T07:59", "2026-11-24T10:59", "2026-11-24T11:00", "2026-11-24T21:00",
              "2026-11-25T00:59", "2026-11-25T01:00", "2026-03-29T07:00")  # fmt: skip
    found = []
    for start in starts:
        at = datetime.fromisoformat(start).replace(tzinfo=UTC)
        if matches(Match(hours=(opens, closes)), replace(MEETING, start=at, end=at), Kind.MEETING, ANN):
            found.append(start)
    assert found == named


def test_weekday_and_hours_must_both_fit() -> None:
    hours = (time(9), time(12))
    days = [frozenset(one) for one in ({1}, {2}, {1, 2})]
    assert [matches(Match(days=one, hours=hours), MEETING, Kind.MEETING, ANN) for one in days] == [True, False, True]
    assert not matches(Match(days=days[0], hours=(time(13), time(14))), MEETING, Kind.MEETING, ANN)


def test_event_at_the_very_ends_of_the_calendar_starts_on_no_weekday() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for at, zone in ((first, "America/New_York"), (last, "Asia/Tokyo")):
        event = replace(MEETING, start=at, end=at)
        assert not matches(Match(days=frozenset(range(7))), event, Kind.MEETING, Viewpoint(ZoneInfo(zone)))
        assert matches(Match(), event, Kind.MEETING, Viewpoint(ZoneInfo(zone)))


def test_organizer_is_a_condition_like_the_others() -> None:
    event = replace(MEETING, organizer_text=BOSS, title="Plan")
    assert matches(Match(organizer=("@corp.example",), title_words=("plan",)), event, Kind.MEETING, ANN)
    assert not matches(Match(organizer=("@corp.example",), title_words=("lunch",)), event, Kind.MEETING, ANN)
    assert not matches(Match(organizer=("@corp.example",)), MEETING, Kind.MEETING, ANN)


def test_first_enabled_rule_that_matches_is_the_one() -> None:
    rules = (
        Rule("off", "", enabled=False), Rule("later", "", Match(hours=(time(12), time(13)))),
        Rule("mornings", "", Match(hours=(time(9), time(12)))), Rule("all", ""),
    )  # fmt: skip
    assert first_match(rules, MEETING, Kind.MEETING, ANN) == 2
    assert first_match(rules[:2], MEETING, Kind.MEETING, ANN) is None


_WORDS = st.lists(st.text(max_size=12) | st.text("ab*@-. ", max_size=12), max_size=4).map(tuple)
_TIMES = st.datetimes().map(lambda at: at.replace(tzinfo=UTC))
_TEXTS = st.text(max_size=30) | st.text("ab*@-. <>", max_size=30)
_MATCHES = st.builds(
    Match,
    kinds=st.frozensets(st.sampled_from(Kind)),
    title_words=_WORDS,
    not_title_words=_WORDS,
    location_words=_WORDS,
    organizer=_WORDS,
    calendar_ids=st.frozensets(st.sampled_from(["c", "d"])),
    show_as=st.frozensets(st.sampled_from(ShowAs)),
    days=st.frozensets(st.integers(0, 6)),
    hours=st.none() | st.tuples(st.times(), st.times()),
)
_EVENTS = st.builds(
    Event,
    calendar_id=st.just("c"),
    uid=st.just("u"),
    start=_TIMES,
    end=_TIMES,
    type=st.sampled_from(EventType),
    title=_TEXTS,
    location=_TEXTS,
    organizer_text=_TEXTS,
    guest_domains=st.frozensets(_TEXTS),
)


@given(_MATCHES, _EVENTS, st.frozensets(_TEXTS), st.sampled_from(["Asia/Tokyo", "America/New_York"]))
def test_matching_never_raises(match: Match, event: Event, domains: frozenset[str], zone: str) -> None:
    found = matches(match, event, Kind.MEETING, Viewpoint(ZoneInfo(zone), domains))
    assert isinstance(found, bool)
    if found and match.title_words:
        assert has_word(event.title, match.title_words)
