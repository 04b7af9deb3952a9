"""Lists survive JSON and files, and nothing that is wrong gets in."""

from __future__ import annotations

import json
from datetime import date, time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.lines import Line, Match, Routine, Rule, complete
from services.domain.model import Effect, Kind, Look, Photo, Picture, ShowAs
from services.domain.text import tidy
from services.store.line_file import RESERVED, lines_from_file, lines_to_file
from services.store.line_json import line_from_json, line_to_json
from services.store.list_mistakes import ListMistakeError, Mistake
from tests.support.json_samples import MINUTE_OF_DAY, NO_OBJECTS

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
SHORT = st.none() | TEXT.map(tidy)  # as the form makes it
LEAST, MOST = st.none() | st.integers(0, 500), st.none() | st.integers(500, 1000)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
MAYBE = st.none() | st.booleans()
MATCH = st.builds(
    Match, kinds=st.frozensets(st.sampled_from(Kind)), title_words=WORDS, not_title_words=WORDS, location_words=WORDS,
    organizer=WORDS, calendar_ids=st.frozensets(TEXT, max_size=3), show_as=st.frozensets(st.sampled_from(ShowAs)),
    all_day=MAYBE, external=MAYBE, recurring=MAYBE, days=st.frozensets(st.integers(0, 6)),
    hours=st.none() | st.tuples(MINUTE_OF_DAY, MINUTE_OF_DAY),
    min_guests=LEAST, max_guests=MOST, min_minutes=LEAST, max_minutes=MOST,
)  # fmt: skip
PHOTO = st.builds(Photo, st.sampled_from(Picture), st.sampled_from(["centre", "top", "0,10,600"]))
EMOJI = st.sampled_from([None, "", ":pizza:", ":+1::skin-tone-2:"])
ID = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda name: name not in RESERVED
)
EFFECTS = st.frozensets(st.sampled_from(Effect))
RULES = st.builds(
    Rule, id=ID, name=TEXT, match=MATCH, look=st.builds(Look, SHORT, EMOJI), ignore=st.booleans(),
    enabled=st.booleans(), kind=st.none(), effects=EFFECTS, photo=st.none() | PHOTO,
)  # fmt: skip
FIRST, LAST = st.none() | st.dates(max_value=date(2026, 11, 24)), st.none() | st.dates(min_value=date(2026, 11, 24))
ROUTINES = st.builds(
    Routine, id=ID, look=st.builds(Look, st.just("Lunch"), EMOJI), days=st.frozensets(st.integers(0, 6), min_size=1),
    start=MINUTE_OF_DAY, end=MINUTE_OF_DAY, first=FIRST, last=LAST, not_when_absent=st.booleans(),
    enabled=st.booleans(), effects=EFFECTS, photo=st.none() | PHOTO,
)  # fmt: skip


@given(st.lists(RULES | ROUTINES, max_size=5, unique_by=lambda line: line.id), st.randoms(use_true_random=False))
def test_lists_survive(lines: list[Line], random: Random) -> None:
    assert [line_from_json(line_to_json(line)) for line in lines] == lines
    whole = list(complete(lines))
    random.shuffle(whole)
    assert lines_from_file(json.loads(json.dumps(lines_to_file(whole)))) == tuple(whole)


# What releases before this one stored, byte for byte.
RULES_STORED = {
    '{"id": "r1", "name": "Standup", "match": {"kinds": ["focus", "meeting"], "title_words": ["standup",'
    ' "t\\u00e4glich"], "location_words": ["Room"], "calendar_ids": ["c0", "c1"], "show_as": ["busy"],'
    ' "all_day": false, "min_guests": 1, "max_guests": 5, "min_minutes": 10, "max_minutes": 60},'
    ' "show": {"text": "S", "emoji": ":s:"}, "ignore": true, "enabled": false}': Rule(
        "r1", "Standup",
        Match(kinds=frozenset({Kind.MEETING, Kind.FOCUS}), title_words=("standup", "täglich"), location_words=("Room",),
              calendar_ids=frozenset({"c1", "c0"}), show_as=frozenset({ShowAs.BUSY}), all_day=False,
              min_guests=1, max_guests=5, min_minutes=10, max_minutes=60),
        Look("S", ":s:"), True, False,
    ),
    '{"id": "r2", "name": "", "match": {}, "show": {}, "ignore": false, "enabled": true}': Rule("r2", ""),
}  # fmt: skip


def test_rule_that_was_stored_is_read_back_equal() -> None:
    for text, value in RULES_STORED.items():
        assert line_from_json(text) == line_from_json(text.encode()) == value


def test_half_a_surrogate_pair_in_a_name_survives() -> None:
    rule = Rule("r", "half \ud83d", Match(frozenset({Kind.FOCUS, Kind.MEETING})))
    assert line_from_json(line_to_json(rule)) == rule


def test_sets_are_stored_in_order() -> None:
    kinds = json.loads(line_to_json(Rule("r", "", Match(frozenset(Kind)))))["match"]["kinds"]
    assert kinds == sorted(Kind)


LUNCH = {"days": ["mon"], "from": "12:30", "to": "13:30", "show": {"text": "Lunch"}}


def own(value: object) -> tuple[Rule, ...]:
    return tuple(line for line in lines_from_file(value) if isinstance(line, Rule) and line.kind is None)


def test_nothing_chosen_is_the_default() -> None:
    assert own([{}]) == (Rule("rule-1", ""),)
    assert lines_from_file([]) == complete(())
    assert lines_from_file({"version": 2}) == complete(())
    nothing = {"id": None, "match": None, "show": [], "enabled": None}
    assert own([{}, nothing]) == (Rule("rule-1", ""), Rule("rule-2", ""))


def test_rules_read_as_they_are_written_by_hand() -> None:
    written = [
        {"name": "Standup", "match": {"title_words": ["standup"], "days": ["mon", 4], "external": "outside",
                                      "hours": ["09:00", "17:30"]},
         "show": {"text": "Standing", "emoji": ":chair:"}}
    ]  # fmt: skip
    match = Match(title_words=("standup",), days=frozenset({0, 4}), external=True, hours=(time(9), time(17, 30)))
    assert own(written) == (Rule("rule-1", "Standup", match, Look("Standing", ":chair:")),)


def test_file_of_version_2_is_read_with_its_order() -> None:
    lines = lines_from_file(
        {
            "version": 2,
            "lines": [
                {"kind": "meeting", "show": {"text": "Busy"}, "effects": ["dnd"]},
                {"id": "oncall", "name": "On call", "match": {"title_words": ["on call"]}},
            ],
            "routines": [{"from": "12:30", "to": "13:30", "days": ["mon", "fri"], "show": {"text": "Lunch"}}],
        }
    )
    expected = ["out_of_office", "meeting", "focus", "routine-1", "working_location", "oncall"]
    assert sorted(line.id for line in lines) == sorted(expected)
    meeting = next(line for line in lines if line.id == "meeting")
    assert (meeting.look, meeting.effects) == (Look("Busy"), frozenset({Effect.DND}))
    ids = [line.id for line in lines]
    assert ids.index("meeting") < ids.index("oncall")
    assert ids.index("focus") < ids.index("routine-1") < ids.index("working_location")


def test_id_that_is_missing_or_means_something_else_is_one_that_no_line_has() -> None:
    lines = lines_from_file(
        {
            "version": 2,
            "lines": [{"id": "rule-2"}, {}, {"id": "idle"}, {"id": " "}, {"id": "meeting"}],
            "routines": [LUNCH | {"id": "focus"}, LUNCH | {"id": "routine-1", "below": "meeting"}],
        }
    )
    expected = ["rule-2", "rule-3", "rule-4", "rule-5", "rule-6", "out_of_office", "routine-1", "meeting", "focus"]
    assert [line.id for line in lines] == [*expected, "routine-2", "working_location"]
    assert lines_from_file(lines_to_file(lines)) == lines


def test_emoji_that_is_a_character_is_read_by_its_name() -> None:
    shows = [{"emoji": "🍕"}, {"emoji": "pizza"}, {"emoji": ":pizza:"}, {"emoji": ""}]
    assert [line.look.emoji for line in own([{"show": show} for show in shows])] == [*[":pizza:"] * 3, ""]


def test_file_that_is_nested_deeply_is_refused() -> None:
    value: list[object] = []
    for _ in range(5000):
        value = [value]
    for whole in (value, {"version": 2, "lines": [{"match": value}]}):
        with pytest.raises(InputError):
            lines_from_file(whole)


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_line_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        line_from_json(text)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "rules.version"),
        ({"version": 3, "lines": []}, "rules.version"),
        ({"version": True}, "rules.version"),
        ({"version": 2, "liness": [{}]}, "rules"),
        ({"version": 2, "lines": [{"effects": ["party"]}]}, "rules.lines.0.effects.0"),
        ({"version": 2, "lines": [{"show": {"text": "x" * 101}}]}, "rules.lines.0.show.text"),
        ({"version": 2, "lines": [{"show": {"text": "{name}"}}]}, "rules.lines.0.show.text"),
        ({"version": 2, "lines": [{}, {"show": {"text": "Ask <@U1>"}}]}, "rules.lines.1.show.text"),
        ({"version": 2, "routines": [LUNCH | {"show": {"text": "<#C1>"}}]}, "rules.routines.0.show.text"),
        ([{"show": {"text": "\u202e"}}], "rules.0.show.text"),
        ({"version": 2, "lines": [{"kind": "focus"}, {"kind": "focus"}]}, "rules.lines.1.kind"),
        ({"version": 2, "lines": [{"kind": "focus", "match": {"title_words": ["x"]}}]}, "rules.lines.0.match"),
        ({"version": 2, "lines": [{"id": "a"}], "routines": [LUNCH | {"id": "a"}]}, "rules.routines.0.id"),
        ({"version": 2, "routines": [LUNCH, LUNCH | {"below": "gone"}]}, "rules.routines.1.below"),
        ({"version": 2, "routines": [LUNCH | {"first": "2026-12-02", "last": "2026-12-01"}]}, "rules.routines.0.last"),
        ({"version": 2, "routines": [LUNCH | {"show": {"text": "{title}"}}]}, "rules.routines.0.show.text"),
        ({"version": 2, "routines": [LUNCH | {"to": "13:30\n"}]}, "rules.routines.0.to"),
        ({"version": 2, "routines": [{"from": "1:00", "to": "02:00", "days": [0]}]}, "rules.routines.0.from"),
        ({"version": 2, "routines": [{"from": "01:00", "to": "02:00", "days": [0]}]}, "rules.routines.0.show"),
        ({"version": 2, "routines": [LUNCH | {"show": {"emoji": ":sandwich:"}}]}, "rules.routines.0.show"),
        (
            {"version": 2, "routines": [{"from": "01:00", "to": "02:00", "days": [], "show": {"text": "x"}}]},
            "rules.routines.0",
        ),
        (["x"], "rules.0"),
        ([{"idd": "x"}], "rules.0"),
        ([{"id": "x" * 65}], "rules.0.id"),
        ([{"id": "a"}, {"id": "a"}], "rules.1.id"),
        ([{"id": "a\0"}], "rules.0.id"),
        ([{"name": "a\0"}], "rules.0.name"),
        ([{"show": {"text": "half \ud83d"}}], "rules.0.show.text"),
        ([{"show": {"emoji": ":a\ud83d:"}}], "rules.0.show.emoji"),
        ([{"match": {"title_words": ["plan", "a\0b"]}}], "rules.0.match.title_words.1"),
        ([{"match": {"calendar_ids": ["\udc00"]}}], "rules.0.match.calendar_ids.0"),
        ([{"match": {"kinds": ["\ud800"]}}], "rules.0.match.kinds.0"),
        ([{"match": {"\ud800": 1}}], "rules.0.match"),
        ({"version": 2, "\0": 1}, "rules"),
        ({"version": 2, "routines": [LUNCH | {"below": "\0"}]}, "rules.routines.0.below"),
        ({"version": 2, "lines": [{"show": {"text": "until {until"}}]}, "rules.lines.0.show.text"),
        ([{"id": "\ud800"}], "rules.0.id"),
        ([{"show": {"emoji": "no emoji"}}], "rules.0.show.emoji"),
        ([{"photo": {"crop": "left"}}], "rules.0.photo.crop"),
        ([{"match": {"min_guests": 3, "max_guests": 2}}], "rules.0.match.max_guests"),
        ([{"match": {"min_minutes": 3, "max_minutes": 2}}], "rules.0.match.max_minutes"),
        ([{"show": {}}] * 1000, "rules"),
        ([{"match": {"title": "x"}}], "rules.0.match"),
        ([{"match": {"title_words": "x"}}], "rules.0.match.title_words"),
        ([{"match": {"title_words": ["x"] * 51}}], "rules.0.match.title_words"),
        ([{"match": {"title_words": [1]}}], "rules.0.match.title_words.0"),
        ([{"match": {"kinds": ["party"]}}], "rules.0.match.kinds.0"),
        ([{"match": {"show_as": ["gone"]}}], "rules.0.match.show_as.0"),
        ([{"match": {"all_day": "yes"}}], "rules.0.match.all_day"),
        ([{"match": {"min_guests": "2"}}], "rules.0.match.min_guests"),
        ([{"match": []}, {"match": "x"}], "rules.1.match"),
        ([{"enabled": None, "ignore": "no"}], "rules.0.ignore"),
    ],
)
def test_wrong_rule_is_named(value: object, field: str) -> None:
    with pytest.raises(InputError) as refused:
        lines_from_file(value)
    assert refused.value.field == field


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(ListMistakeError) as refused:
        lines_from_file([{"id": str(index)} for index in range(51)])
    assert (refused.value.mistake, refused.value.reason) == (Mistake.TOO_MANY, "These are more than 50.")
