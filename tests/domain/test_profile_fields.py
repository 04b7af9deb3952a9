"""What users.profile.set is asked for, as far as it is a status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.domain.errors import (
    InputError,
    MentionInStatusError,
    NotAnEmojiError,
    TextMissingError,
    TextTooLongError,
    TimeInThePastError,
    TooFarAwayError,
)
from services.domain.model import NO_STATUS, Status
from services.domain.profile_fields import HalfClearedError, NotAStatusError, ProfileFields, profile_fields

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
SHOWN = Status("Own", ":house:", LATER)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, ProfileFields()),
        ({"status_text": " Lunch \n today "}, ProfileFields(text="Lunch today")),
        ({"status_text": "a &amp; b"}, ProfileFields(text="a & b")),
        ({"status_text": "&amp;lt; &lt;@ you&gt;"}, ProfileFields(text="&lt; <@ you>")),
        ({"status_text": "in <#C1|R&amp;D>"}, ProfileFields(text="in #R&D")),
        ({"status_text": "x" * 100}, ProfileFields(text="x" * 100)),
        ({"status_text": None, "status_emoji": None}, ProfileFields(text="", emoji="")),
        ({"status_emoji": "pizza"}, ProfileFields(emoji=":pizza:")),
        ({"status_expiration": 0}, ProfileFields(expiration=0)),
        ({"status_expiration": None}, ProfileFields(expiration=0)),
        ({"status_expiration": "0"}, ProfileFields(expiration=0)),
        ({"status_expiration": LATER.timestamp()}, ProfileFields(expiration=int(LATER.timestamp()))),
        (
            {"status_expiration": str(int(LATER.timestamp()))},
            ProfileFields(expiration=int(LATER.timestamp())),
        ),
    ],
)
def test_fields_are_read_as_slack_reads_them(profile: dict[str, Any], expected: ProfileFields) -> None:
    assert profile_fields(profile, NOW) == expected


@pytest.mark.parametrize(
    ("profile", "error"),
    [
        ({"real_name": "Ben"}, NotAStatusError),
        ({f"Xf{number}": "" for number in range(51)}, NotAStatusError),
        ({"x" * 256: ""}, NotAStatusError),
        ({"status_text": 7}, NotAStatusError),
        ({"status_text": "a\0b"}, NotAStatusError),
        ({"status_text": "Tea \ud83d"}, NotAStatusError),
        ({"status_emoji": ":tea\udc00:"}, NotAStatusError),
        ({"status_emoji": ":a\u200bb:"}, NotAnEmojiError),
        ({"status_emoji": [":pizza:"]}, NotAStatusError),
        ({"status_expiration": True}, NotAStatusError),
        ({"status_expiration": 1.5}, NotAStatusError),
        ({"status_expiration": "１２"}, NotAStatusError),
        ({"status_expiration": "9" * 5000}, NotAStatusError),
        ({"status_text": "x" * 101}, TextTooLongError),
        ({"status_text": "<#C1>", "status_emoji": ""}, MentionInStatusError),
        ({"status_text": "\u202e", "status_emoji": ""}, TextMissingError),
        ({"status_text": "🍕" * 51}, TextTooLongError),
        ({"status_emoji": ":no such:"}, NotAnEmojiError),
        ({"status_expiration": -1}, TimeInThePastError),
        ({"status_expiration": int(NOW.timestamp())}, TimeInThePastError),
        ({"status_expiration": 10**15}, TooFarAwayError),
        ({"status_expiration": 1e300}, TooFarAwayError),
        ({"status_expiration": float("inf")}, NotAStatusError),
    ],
)
def test_anything_else_is_refused(profile: dict[str, Any], error: type[InputError]) -> None:
    with pytest.raises(error):
        profile_fields(profile, NOW)


@pytest.mark.parametrize(
    ("fields", "shown", "expected"),
    [
        (ProfileFields("Tea", ":tea:", 0), SHOWN, Status("Tea", ":tea:", None)),
        (ProfileFields("Tea"), SHOWN, Status("Tea", ":house:", LATER)),
        (ProfileFields(emoji=":tea:"), SHOWN, Status("Own", ":tea:", LATER)),
        (ProfileFields(expiration=0), SHOWN, Status("Own", ":house:", None)),
        (ProfileFields("Tea", expiration=int(LATER.timestamp())), NO_STATUS, Status("Tea", "", LATER)),
        (ProfileFields("Tea"), Status("Old", ":x:", NOW), Status("Tea", "", None)),  # it has ended
        (ProfileFields(), SHOWN, None),
        (ProfileFields(expiration=0), NO_STATUS, None),
        (ProfileFields("", "", 0), SHOWN, NO_STATUS),
        (ProfileFields(""), NO_STATUS, NO_STATUS),
    ],
)
def test_what_is_left_out_stays_as_it_shows(fields: ProfileFields, shown: Status, expected: Status | None) -> None:
    assert fields.over(shown, NOW) == expected


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (ProfileFields(""), SHOWN),
        (ProfileFields(emoji=""), SHOWN),
        (ProfileFields("Tea", ""), SHOWN),
        (ProfileFields("", ":tea:"), SHOWN),
        (ProfileFields(emoji=":tea:"), NO_STATUS),
    ],
)
def test_half_a_status_is_not_cleared(fields: ProfileFields, shown: Status) -> None:
    with pytest.raises(HalfClearedError):
        fields.over(shown, NOW)


def test_what_shows_matters_only_where_something_was_left_out() -> None:
    assert ProfileFields("Tea", ":tea:").partial
    assert not ProfileFields("Tea", ":tea:", 0).partial
    assert not ProfileFields("", "").partial
