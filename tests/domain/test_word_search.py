"""Whole words in titles, and the words of places to work at."""

from __future__ import annotations

from services.domain.rules import has_word, says_home, says_office


def test_places_by_title() -> None:
    assert [title for title in ("WFH", "在宅勤務", "Homer", "Office") if says_home(title)] == ["WFH", "在宅勤務"]
    assert [title for title in ("Im Büro", "Officer", "WFH") if says_office(title)] == ["Im Büro"]


def test_words_of_a_person_are_whole_words_whatever_their_writing() -> None:
    assert has_word("The STAND-UP meeting", ("stand up",))
    assert has_word("c++ (advanced)", ("c++",))
    assert not has_word("standup", ("stand up",))
    assert not has_word("anything", ("", " - "))
    assert not has_word("x" * 600 + " late", ("late",))
