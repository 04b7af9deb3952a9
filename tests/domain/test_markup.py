"""What in a text is Slack's markup, and what is not: nothing that somebody wrote is left out of a status."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.domain.command_parser import plain, shown
from services.domain.errors import MentionInStatusError, TextTooLongError
from services.domain.markup import as_read, is_nameless
from services.domain.text import escape, one_line

ID = st.text("ABCUW0123456789", min_size=1, max_size=10)
SIGNS = st.text("<>@#!|^&;:/ UCS1aé\u3000\u202e\0", max_size=40) | st.text(max_size=40)
LABEL = st.text(st.characters(exclude_characters="<>|", exclude_categories=["C", "Z"]), min_size=1, max_size=10)
NAMELESS = st.one_of(
    st.builds("@{}{}".format, st.sampled_from("UW"), ID), st.builds("#C{}".format, ID),
    st.builds("!subteam^S{}".format, ID), st.just("!date^1392734382^{date_short} at {time}^https://x.example"),
)  # fmt: skip
WORDS = st.sampled_from(["!here", "!channel", "!everyone", "https://x.example/a?b", "http://x", "mailto:ann@x.example"])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@U1|ann> <@W1|@ben>", "@ann @ben"),
        ("<#C1|general> <#G1|board>", "#general #board"),
        ("<!subteam^S1|@team>", "@team"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<!here> <!channel|@channel> <!everyone|>", "here @channel everyone"),
        (
            "<https://x.example/a|notes> <http://x.example> <https://x.example|>",
            "notes http://x.example https://x.example",
        ),
        ("<mailto:ann@x.example> <tel:+49301234|+49 30 1234>", "ann@x.example +49 30 1234"),
    ],
)
def test_markup_is_read_by_its_label(written: str, read: str) -> None:
    assert not is_nameless(written)
    assert as_read(written) == shown(written) == read


@given(SIGNS)
@example("<@ you>")
@example("<@U1|\0>")
@example("<@U\u202e1>")
@example("<<@>!here|>")
def test_text_is_shown_as_it_is_or_refused_and_never_lost(text: str) -> None:
    seen = one_line(text)
    assume(seen)
    try:
        taken = shown(text)
    except MentionInStatusError:
        assert is_nameless(seen)
    else:
        assert taken
        assert shown(taken) == taken  # as a form that is opened again gives it back
        if as_read(seen) == seen:  # no markup in it
            assert taken == seen == shown(escape(text), escaped=True) == plain(escape(text))


@given(SIGNS)
def test_read_text_has_no_markup(text: str) -> None:
    assert not is_nameless(as_read(text))
    assert as_read(as_read(text)) == as_read(text)


@given(SIGNS, NAMELESS, st.sampled_from(["", "|", "| "]), SIGNS)
def test_what_slack_gave_no_name_of_is_refused(before: str, what: str, label: str, after: str) -> None:
    with pytest.raises(MentionInStatusError):
        shown(f"{before} <{what}{label}> {after}")


@given(NAMELESS | WORDS, LABEL)
def test_label_is_shown(what: str, label: str) -> None:
    assert shown(f"see <{what}|{label}> today").removeprefix("see ").lstrip("@#") == f"{label.lstrip('@#')} today"


@given(st.text(min_size=101, max_size=200))
def test_text_is_never_cut_without_a_word(text: str) -> None:
    try:
        assert len(shown(text)) == len(as_read(one_line(text)))
    except (MentionInStatusError, TextTooLongError):
        return
