"""What holds for whatever stands in titles and names: nothing is guessed, and nothing depends on the order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.leave import match
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult
from services.domain.leave_spelling import folded_name

MATCHED, UNKNOWN, TWO, NOT_LEAVE = MatchResult
GIVEN = ["Ann", "Bob", "Jörg", "Joerg", "Anne-Marie", "太郎", "May", "Jan van", "Mary Ann", "J.", "Carlos"]
SURNAMES = ["Lee", "Müller", "Mueller", "Ray", "O'Brien", "田中", "Reyes", "der Berg", "Holiday"]
NAMES = st.one_of(
    st.tuples(st.sampled_from(GIVEN), st.sampled_from(SURNAMES)).map(" ".join),
    st.tuples(st.sampled_from(SURNAMES), st.sampled_from(GIVEN)).map(", ".join),
    st.tuples(st.sampled_from(GIVEN), st.sampled_from(SURNAMES), st.sampled_from(SURNAMES)).map(" ".join),
    st.sampled_from(["Ann", "Anne-Marie", "田中太郎", "佐藤花子", "長谷川", "van der Berg", "Ann (she/her)", "Lee 2"]),
)
LEAVE = ["vacation", "Urlaub", "PTO", "sick", "Sick leave", "休暇", "Congés payés", "on vacation", "off"]
NOISE = [
    "9 days", "(half day)", "0,5 Tage", "3 May", "until Friday", "3.5.", "am", "(PM)", "approved", "さん", "3 yrs",
    "is", "'s", "Dr.", "von", "2026", "birthday", "May", "2", "-", "|", "&", "?", "Ann", "Lee", "Müller", "Reyes", "の",
]  # fmt: skip
SIGNS = [" ", " ", " ", " ", ", ", " - ", " – ", ": ", " (", ") ", "-", "", " | ", "】"]


@dataclass(frozen=True)
class Case:
    """A line, and members and ties that have to do with it."""

    line: LeaveLine
    members: list[LeaveMember]
    ties: dict[str, str]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    pool = draw(st.lists(NAMES, min_size=1, max_size=4))
    some = st.lists(st.sampled_from(pool), min_size=1, max_size=2).map(tuple)
    mail = st.sampled_from(["", "", "a@x.example", "b@x.example"])
    members = draw(st.lists(st.builds(LeaveMember, st.sampled_from("ABCDEF"), some, mail), max_size=4))
    ties = draw(st.dictionaries(st.sampled_from(pool).map(folded_name), st.sampled_from("ABCDEF"), max_size=1))
    named = draw(
        st.lists(st.sampled_from(pool), min_size=1, max_size=2).map(lambda names: names[: draw(st.integers(1, 2))])
    )
    parts = [*named[:1], *draw(st.lists(st.sampled_from(LEAVE), max_size=2)), *named[1:]]
    for noise in draw(st.lists(st.sampled_from(NOISE), max_size=2)):
        parts.insert(draw(st.integers(0, len(parts))), noise)
    signs = draw(st.lists(st.sampled_from(SIGNS), min_size=len(parts), max_size=len(parts)))
    title = "".join(part + sign for part, sign in zip(parts, signs, strict=True))
    return Case(LeaveLine("L", title, draw(st.sampled_from(["", "", "", "a@x.example"]))), members, ties)


def whose(line: LeaveLine, members: list[LeaveMember], ties: dict[str, str], types: tuple[str, ...] = ()) -> Matched:
    (found,) = match([line], members, ties, types)
    return found


def one(title: str, *names: str, ties: dict[str, str] | None = None, types: tuple[str, ...] = ()) -> Matched:
    return whose(LeaveLine("L", title), [LeaveMember(name, (name,)) for name in names], ties or {}, types)


@given(cases(), st.lists(NAMES, min_size=1, max_size=3))
def test_another_member_changes_nobodys_match_but_to_two(case: Case, names: list[str]) -> None:
    before = whose(case.line, case.members, case.ties)
    after = whose(case.line, [*case.members, LeaveMember("NEW", tuple(names), "new@x.example")], case.ties)

    if before.result is MATCHED:
        assert after.result is TWO or (after.result, after.user_id) == (MATCHED, before.user_id)
    else:
        assert after.user_id in {"", "NEW"}


@given(cases())
def test_order_and_repetition_do_not_matter(case: Case) -> None:
    turned = [LeaveMember(each.user_id, each.names[::-1], each.address) for each in reversed(case.members)]
    expected = whose(case.line, case.members, case.ties)

    assert whose(case.line, [*turned, *case.members], case.ties) == expected
    assert match([case.line, case.line], turned, case.ties) == [expected, expected]


@given(cases(), st.integers(0, 60), st.sampled_from(["Zzyx", "zzyx", "Zzyx-", " Zzyx ", "不明な"]))
def test_a_word_that_is_neither_name_nor_type_makes_a_line_nobodys(case: Case, at: int, word: str) -> None:
    title = case.line.title[:at] + word + case.line.title[at:]

    assert whose(LeaveLine("L", title, case.line.address), case.members, case.ties).result is not MATCHED


@given(cases())
def test_fewer_than_two_words_are_nobody(case: Case) -> None:
    found = whose(LeaveLine("L", case.line.title), case.members, {})

    if found.result is MATCHED:
        assert len(found.name.replace(",", " ").split()) > 1 or found.name in {"田中太郎", "太郎田中", "佐藤花子"}


@given(cases())
def test_what_is_suggested_can_be_tied(case: Case) -> None:
    name = whose(LeaveLine("L", case.line.title), [], {}).name
    found = whose(LeaveLine("L", case.line.title), [LeaveMember("U", ())], {folded_name(name): "U"} if name else {})

    assert (found.user_id == "U") == bool(name)


SHAPES = [
    "[Vacation] {}", "{} (Paid Vacation - 9 days)", "Absence - {}", "{}", "{} - Urlaub", "{}: PTO", "{} vacation",
    "vacation {}", "Urlaub {} 3.5.", "{} 3.5. Urlaub", "{} 3 days PTO", "PTO {} (half day)", "{} is on vacation",
    "{}'s vacation", "Dr. {} – PTO", "{}, PTO", "PTO, {}", "{} | PTO | 2 days", "{} until Friday PTO", "2 days {}",
    "3 May {} PTO", "{} 2026 PTO", "approved: {} PTO", "{} approved PTO", "🌴 {}",
]  # fmt: skip
MORE_THAN_WORDS = [
    "Reyes", "May", "Frei", "Holiday", "Baja", "Sommer", "Till", "Morgen", "Matin", "Day", "Sick", "Kur", "Lee-Ray",
    "van der Berg", "Paid", "Half", "March", "Noël", "Domingo", "Friday", "Sonntag", "Ledig", "Week", "Year", "Abend",
    "Winter", "Tag", "Sun", "Mon", "Bis", "From", "On", "Is", "Est", "Du", "Al", "El", "Und", "Jr", "II", "2", "First",
    "Full", "Tarde", "Mai", "Abril", "Juni", "Sat", "Do", "So", "Di", "Mo", "Rano", "Lat", "An", "Rok", "Min", "Std",
]  # fmt: skip


@pytest.mark.uncounted
def test_whose_surname_is_a_word_of_leave_or_time_is_not_taken_for_a_member_without() -> None:
    names = [f"Carlos Alberto {surname}" for surname in MORE_THAN_WORDS]
    names += [f"{surname}, Carlos Alberto" for surname in MORE_THAN_WORDS]
    names += [f"{surname.upper()} Carlos Alberto" for surname in MORE_THAN_WORDS]
    lines = [LeaveLine(shape.format(name), shape.format(name)) for name in names for shape in SHAPES]
    found = match(lines, [LeaveMember("U", ("Carlos Alberto",))], {})

    # What is left is natural to read as leave: "vacation day", "on PTO", "3 May".
    natural = {"vacation DAY", "ON PTO", "On PTO", "3 May 2 ", "vacation Day"}
    wrong = [one.line_id for one in found if one.result is MATCHED and not any(part in one.line_id for part in natural)]
    assert wrong == []


@given(st.text(max_size=1200), st.lists(st.text(max_size=60), max_size=3))
def test_whatever_is_written_is_read(title: str, names: list[str]) -> None:
    found = whose(
        LeaveLine("L", title), [LeaveMember("U", (*names, title), title)], {folded_name(title): "U"}, (title,)
    )

    assert found.line_id == "L"
    assert not (found.half and found.partly)
