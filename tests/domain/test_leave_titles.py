"""Whose leave a line is: the table of titles, and that docs/leave.md shows it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.domain.leave import match
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult
from services.domain.leave_spelling import folded_name
from tests.domain.leave_titles import ROWS, TEAM, Row, shown

EVERY = [row for rows in ROWS.values() for row in rows]


def members_of(row: Row) -> Iterator[LeaveMember]:
    for at, name in enumerate((*TEAM, *row.besides)):
        again = name in (*TEAM, *row.besides)[:at]
        yield LeaveMember(f"{name}, again" if again else name, tuple(filter(None, (name, row.aliases.get(name)))))


def matched(row: Row) -> Matched:
    ties = {folded_name(name): user for name, user in row.ties.items()}
    (found,) = match([LeaveLine("L", row.title, categories=row.categories)], members_of(row), ties, row.types)
    return found


@pytest.mark.parametrize("row", EVERY, ids=lambda row: row.title)
def test_a_line_is_its_members_or_nobodys(row: Row) -> None:
    found = matched(row)

    if isinstance(row.expected, MatchResult):
        assert (found.result, found.user_id) == (row.expected, "")
    else:
        assert (found.result, found.user_id) == (MatchResult.MATCHED, row.expected)


def test_the_table_is_long() -> None:
    assert len(EVERY) >= 150


def test_the_documentation_shows_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "leave.md").read_text()
    begin, end = "<!-- titles -->\n", "<!-- /titles -->"

    assert text.split(begin)[1].split(end)[0] == shown()
    for member in TEAM:
        assert member in text.split(begin)[0], "the members that the table is about are named before it"
