"""Pieces of Block Kit: texts that are cut, lines that there is no room for, and values that come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.views import blocks as kit
from handlers.slack.views import replies, who
from handlers.slack.views.blocks import Values
from services.domain.errors import InputError
from services.domain.text import escape
from services.platform.locale import Localizer

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@given(st.lists(st.integers(1, 1500), max_size=80))
def test_lines_are_shown_whole_and_what_there_is_no_room_for_is_counted(lengths: list[int]) -> None:
    lines = [f"{index:02}" + "x" * length for index, length in enumerate(lengths)]
    parts = replies.paragraphs(Localizer("en-US", "Europe/Berlin"), lines)
    shown = [line for part in parts for line in part.split("\n") if line]
    left = len(lines) - len(lines[: len(shown)])
    if shown and shown[-1] not in lines:
        *shown, last = shown
        left = len(lines) - len(shown)
        assert last == f"… and {left} more."
    assert left == len(lines) - len(shown)
    assert shown == lines[: len(shown)]
    assert all(len(part) <= 3000 for part in parts)
    assert len(parts) <= 5


@given(st.text("ab&<>;", max_size=60), st.integers(9, 40))
def test_cut_text_is_short_enough_and_breaks_no_entity(text: str, most: int) -> None:
    cut = kit.cut(escape(text), most)
    assert len(cut) <= most
    rest = cut.removesuffix("…")
    assert escape(text).startswith(rest)
    for entity in ("&amp;", "&lt;", "&gt;"):
        rest = rest.replace(entity, "")
    assert "&" not in rest


@pytest.mark.parametrize("state", [{}, {"state": None}, {"state": {"values": []}}, {"state": {"values": {"b": 1}}}])
def test_values_that_are_missing_read_as_empty(state: dict[str, Any]) -> None:
    values = Values.of(state)
    assert (values.text("b"), values.date("b"), values.time("b"), values.one("b"), values.chosen("b")) == (
        "", None, None, "", [],
    )  # fmt: skip


def test_values_that_are_no_dates_name_their_field() -> None:
    values = Values({"d": {"date": {"selected_date": "soon"}}, "t": {"time": {"selected_time": "25:61"}}})
    for read in (lambda: values.date("d"), lambda: values.time("t")):
        with pytest.raises(InputError):
            read()


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1, 2, 3]", '["x", "y", "z"]', "null"])
def test_question_that_a_button_does_not_bring_back_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever its sentence
        who.WhoQuery.of(text)
    query = who.WhoQuery(NOW, NOW + timedelta(hours=1), "C1")
    assert who.WhoQuery.of(query.to_text()) == query
