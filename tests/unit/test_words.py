"""Titles that say what an entry is about, in five languages, as whole words."""

from __future__ import annotations

import pytest

from services.words import (
    has_word,
    says_focus,
    says_home,
    says_office,
    says_out_of_office,
    starts_out_of_office,
)


@pytest.mark.parametrize(
    "title",
    [
        "OOO", "ooo - back Monday", "Out of Office", "out-of-office", "Out_of_office", "Ann OOO", "vacation",
        "Holiday", "Annual leave",
        "PTO", "pto policy review meeting", "Sick", "sick day", "Parental leave", "ＯＯＯ", "明日OOO", "Day off",
        "on leave",
        "Urlaub", "URLAUB!", "krank", "außer Haus", "AUSSER HAUS", "Nicht im Büro", "Nicht im Bu\u0308ro", "Elternzeit",
        "Vacances", "en congé", "Conge\u0301s", "Arrêt maladie", "Absente", "RTT",
        "Vacaciones", "Fuera de la oficina", "Baja médica", "Día libre",
        "休暇", "夏季休暇のため", "有給休暇", "本日お休みします", "午後半休", "育休",
    ],
)  # fmt: skip
def test_title_that_names_an_absence(title: str) -> None:
    assert says_out_of_office(title)


@pytest.mark.parametrize(
    "title",
    [
        "", "Sync", "Woooo", "oooo", "cooool", "Sickle cell review", "Ptolemy", "Vacationers",
        "Holidaymaker survey", "homesick", "Leave for airport",
        "Urlaubsplanung", "Ferienhausprojekt", "Krankenkasse", "Absentees", "昼休み", "Office move", "Offsite",
        "out of officers",
    ],
)  # fmt: skip
def test_title_that_names_no_absence(title: str) -> None:
    assert not says_out_of_office(title)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Vacation in Spain", True), ("  🌴 vacation", True), ("[OOO] Ann", True), ("__OOO__", True),
         ("On vacation", True),
        ("Im Urlaub", True), ("休暇", True), ("Ann: vacation", False), ("Ann OOO", False), ("My holiday", False),
         ("", False), ("🌴", False),
        ("Holidaymakers", False),
    ],
)  # fmt: skip
def test_title_that_starts_with_an_absence(title: str, expected: bool) -> None:
    assert starts_out_of_office(title) is expected


@pytest.mark.parametrize(
    "title", ["Focus", "focus-time", "Deep Work", "Fokuszeit", "Temps de concentration", "Concentración", "集中作業"]
)
def test_title_that_names_focus(title: str) -> None:
    assert says_focus(title)


@pytest.mark.parametrize("title", ["Focus group", "Focused questions", "Autofocus", "Hocus pocus", "集中講義", "Sync"])
def test_title_that_names_no_focus(title: str) -> None:
    assert not says_focus(title)


def test_places_by_title() -> None:
    assert [title for title in ("WFH", "在宅勤務", "Homer", "Office") if says_home(title)] == ["WFH", "在宅勤務"]
    assert [title for title in ("Im Büro", "Officer", "WFH") if says_office(title)] == ["Im Büro"]


def test_words_of_a_person_are_whole_words_whatever_their_writing() -> None:
    assert has_word("The STAND-UP meeting", ("stand up",))
    assert has_word("c++ (advanced)", ("c++",))
    assert not has_word("standup", ("stand up",))
    assert not has_word("anything", ("", " - "))
    assert not has_word("x" * 600 + " late", ("late",))
