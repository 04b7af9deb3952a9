"""When two statuses are the same to Slack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.domain.decisions import Standing
from services.domain.model import NO_STATUS, Status
from services.domain.profile_state import instead, shown
from services.domain.text import escape, same, same_write, unescape
from tests.support.profiles import at


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Status("a &amp; b &lt;3", ":x:"), Status("a & b <3", ":x:"), True),
        (Status("a", ":wave::skin-tone-3:"), Status("a", "wave"), True),
        (Status("a", ""), Status("a", ":speech_balloon:"), True),
        (Status("", ":x:"), Status("", ":y:"), False),
        (Status("a", ":x:"), Status("b", ":x:"), False),
        (Status("a", ":x:", at(10)), Status("a", ":x:", at(10) + timedelta(milliseconds=900)), True),
        (Status("a", ":x:", at(10)), Status("a", ":x:", at(10, 0, 1)), False),
        (Status("a", ":x:", at(10)), Status("a", ":x:"), False),
        (Status("", "", at(10)), NO_STATUS, True),
        (NO_STATUS, Status("a", ":x:"), False),
        (Status(" a ", ":x:"), Status("a", ":x:"), True),
    ],
)
def test_same_compares_as_slack_shows(one: Status, other: Status, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_same_write_forgives_only_the_emoji() -> None:
    wanted = Status("a", ":nope:", at(10))
    assert same_write(Status("a", ":x:", at(10)), wanted)
    assert not same_write(Status("a", ":x:", at(11)), wanted)
    assert not same_write(Status("b", ":x:", at(10)), wanted)
    assert not same_write(Status("a", ":x:"), Status("a", ":nope:"))
    assert not same_write(Status("", ":x:", at(10)), Status("", ":nope:", at(10)))


def test_unescape_undoes_slack_once() -> None:
    assert unescape("&amp;lt; &lt;b&gt; &amp;") == "&lt; <b> &"
    assert unescape(escape("&lt; <b> & <@U1>")) == "&lt; <b> & <@U1>"


SINCE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("applied", "unknown", "other"),
    [
        (Status("Lunch", ":speech_balloon:"), ":party:", Status("Lunch", ":speech_balloon:")),
        (Status("Lunch", ":speech_balloon:"), "", None),
        (Status("Lunch", ":speech_balloon:"), ":other:", None),
        (Status("Plan", ":speech_balloon:"), ":party:", None),
        (Status("Lunch", ":speech_balloon:", SINCE), ":party:", None),
        (None, ":party:", None),
    ],
)
def test_instead_is_what_stands_for_an_emoji_that_slack_does_not_know(
    applied: Status | None, unknown: str, other: Status | None
) -> None:
    standing = Standing(applied=applied, unknown_emoji=unknown)
    assert instead(standing, Status("Lunch", ":party:"), SINCE) == other
    assert instead(standing, Status("Lunch", ""), SINCE) is None


def test_what_shows_of_ours_is_what_lasts_and_was_not_replaced_by_hand() -> None:
    lunch = Status("Lunch", ":pizza:", SINCE + timedelta(hours=1))
    assert shown(Standing(applied=lunch), SINCE) == lunch
    assert shown(Standing(applied=lunch), SINCE + timedelta(hours=1)) is None
    assert shown(Standing(applied=lunch, own=NO_STATUS), SINCE) is None
    assert shown(Standing(), SINCE) is None
