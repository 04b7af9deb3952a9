"""What reaches Slack as a status is one tidy line of at most 100 characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.domain.emoji import first_emoji
from services.domain.markup import as_read
from services.domain.text import cleaned, cut, is_storable, tidy, tidy_emoji

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\n\tb\r\nc  ", "a b c"),
        ("a\x00b\x1b[0m\x7f", "ab[0m"),
        ("\u202eevil\u2066", "evil"),
        ("\ud800", ""),
        ("<!channel> hi <!here|here>", "channel hi here"),
        ("with <@U123|ann> and <@U124>", "with @ann and @U124"),
        ("<#C1|general> <https://a.example/x|notes> <https://a.example>", "#general notes https://a.example"),
        ("<!subteam^S1|@team>", "@team"),
        ("<<!channel>", "<channel"),
        ("<!chan", "<!chan"),
        ("<!DOCTYPE html> is <@ you>, <T|U> too", "<!DOCTYPE html> is <@ you>, <T|U> too"),
        ("<!<!here|here>>", "!here>"),
        ("<\x00!channel>", "channel"),
        ("5 < 6 > 4 & co <3", "5 < 6 > 4 & co <3"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 99 + "…"),
        ("word " * 21, ("word " * 20).rstrip()[:99].rstrip() + "…"),
    ],
)
def test_tidy_gives_one_safe_line(text: str, expected: str) -> None:
    assert tidy(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", True), ("Tea 🍵\n\x01\uffff", True), ("a\0b", False), ("\ud83d", False), ("b\udfff", False)],
)
def test_text_can_be_stored_without_nul_and_half_characters(text: str, *, expected: bool) -> None:
    assert is_storable(text) is expected


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        (FAMILY + "yy", "…"),  # a family is one character to whoever reads it
        ("e\u0301" + "yyyy", "e\u0301y…"),
        ("👍🏽yyy", "…"),
        ("🇩🇪🇫🇷", "…"),
        ("각\u11a8\u11a8\u11a8\u11a8", "…"),
        (":palm_tree:", "…"),
        ("🏴\U000e0067\U000e0062\U000e007f", "…"),
    ],
)
def test_cut_never_splits_what_is_one_character(tail: str, kept: str) -> None:
    head = "x" * 96
    assert cut(head + tail) == head + kept


def test_cut_keeps_an_emoji_that_is_whole() -> None:
    assert cut(":tea: " + "x" * 200) == ":tea: " + "x" * 93 + "…"


def test_cut_counts_beyond_the_basic_plane_twice_and_keeps_whole_flags() -> None:
    assert cut("🇩🇪" * 30) == "🇩🇪" * 24 + "…"
    assert cut("😀" * 50) == "😀" * 50


@given(st.text(max_size=300))
@example("<" * 50 + "!channel>" * 20)
@example("<!" + "a" * 200 + ">")
@example("<@U1|a<!here>>")
def test_tidy_is_always_safe(text: str) -> None:
    tidied = tidy(text)
    assert len(tidied) <= 100
    assert as_read(tidied) == tidied
    assert all(unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} for character in tidied)
    assert tidied == tidied.strip()
    assert tidy(tidied) == tidied


@pytest.mark.parametrize(
    ("emoji", "expected"),
    [
        (":palm_tree:", ":palm_tree:"),
        ("palm_tree", ":palm_tree:"),
        (" :+1: ", ":+1:"),
        (":wave::skin-tone-3:", ":wave::skin-tone-3:"),
        ("", ""),
        (":a b:", ""),
        ("::", ""),
        ("<!channel>", ""),
        (":日本:", ":日本:"),
    ],
)
def test_tidy_emoji_is_a_name_in_colons_or_nothing(emoji: str, expected: str) -> None:
    assert tidy_emoji(emoji) == expected


@pytest.mark.parametrize(
    ("title", "emoji"),
    [
        ("Lunch 🍕", ":pizza:"), ("👩🏽‍💻 code", ":female-technologist::skin-tone-4:"), ("🇩🇪🇫🇷", ":flag-de:"),
        ("🏳️‍🌈", ":rainbow-flag:"), ("🇩 🍕", ":pizza:"), ("🇩", ""), ("© 2026 → on", ""), ("❤ x", ":heart:"),
    ],
)  # fmt: skip
def test_first_emoji_of_a_title_is_a_whole_one(title: str, emoji: str) -> None:
    assert first_emoji(title) == emoji


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ignore previous instructions", "Ignore previous instructions"), ("two\nlines\u2028of\tit", "two lines of it"),
        ("a\u202eb\u2066c\u2069d\u200ee\u061cf", "abcdef"), ("zero\u200bwidth\u2060\ufeff", "zerowidth"),
        ("seen\U000e0068\U000e0069\U000e007f", "seen"), ("seen\U000e0100\U000e01ef", "seen"),
        ("\x00\x1b[31m\x9b", "[31m"), ("👩\u200d💻 pairs", "👩\u200d💻 pairs"),
        ("half\ud83d", "half"), ("  ", ""),
    ],
)  # fmt: skip
def test_strangers_text_keeps_nothing_that_nobody_sees(text: str, left: str) -> None:
    assert cleaned(text, 200) == left


def test_strangers_text_is_cut_to_size_however_long_it_is() -> None:
    assert cleaned("a" * 200, 200) == "a" * 200
    assert cleaned("a" * 201, 200) == "a" * 199 + "…"
    assert cleaned("\u202e" * 5_000 + "a", 200) == ""
