"""Whole words in titles, and the words of places to work at."""

from __future__ import annotations

from datetime import UTC, datetime

from services.domain.model import Event, Location
from services.domain.rules import has_word, location_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_places_by_title() -> None:
    titles = ("WFH", "在宅勤務", "Homer", "Office", "Im Büro", "Officer")
    home, office, elsewhere = Location.HOME, Location.OFFICE, Location.ELSEWHERE
    assert [location_of(Event("c", "u", NOW, NOW, title=title)) for title in titles] == [
        home, home, elsewhere, office, office, elsewhere,
    ]  # fmt: skip


def test_words_of_a_person_are_whole_words_whatever_their_writing() -> None:
    assert has_word("The STAND-UP meeting", ("stand up",))
    assert has_word("c++ (advanced)", ("c++",))
    assert not has_word("standup", ("stand up",))
    assert not has_word("anything", ("", " - "))
    assert not has_word("x" * 600 + " late", ("late",))
