"""What agents say: the kinds of arguments, and what a status, its end, and a person mean."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from services.domain import command_parser
from services.domain.errors import NotAColleagueError, OneTimeTooManyError, TextMissingError
from services.domain.text import escape
from services.domain.times import Asked, Speaker, fields
from services.domain.times.fields import LONGEST_MINUTES

_LONGEST_WORDS = 100
_TEXT_IN_ALL = 1_000  # more than Slack's 100 is told of in a sentence, and more than this is not looked at

Text = Annotated[
    str,
    Meta(
        max_length=_TEXT_IN_ALL,
        extra_json_schema={"maxLength": command_parser.STATUS_TEXT_LIMIT},
        examples=["At the dentist"],
    ),
]
Emoji = Annotated[
    str, Meta(max_length=command_parser.LONGEST_EMOJI + 20, description="`:pizza:` or 🍕", examples=[":pizza:"])
]
Until = Annotated[
    str,
    Meta(
        max_length=_LONGEST_WORDS,
        description="When it ends: ISO 8601 (in my zone unless it has an offset; a date alone ends it when that day "
        "begins), or words in my language or English, such as `3pm`, `tomorrow 9:00`, `45m`",
        examples=["2026-11-27T15:00", "3pm"],
    ),
]
Minutes = Annotated[
    int, Meta(ge=1, le=LONGEST_MINUTES, description="How long it lasts, in place of `until`", examples=[45])
]
From = Annotated[
    str,
    Meta(
        max_length=_LONGEST_WORDS,
        description="When it begins, now if left out: ISO 8601 (in my zone unless it has an offset), or words in my "
        "language or English",
        examples=["2026-12-24", "tomorrow"],
    ),
]
To = Annotated[
    str,
    Meta(
        max_length=_LONGEST_WORDS,
        description="The last day of it where it is a day (`2027-01-02`, `friday`), else the instant at which it ends "
        "(`2027-01-04T09:00`, `monday 9am`, `until friday`)",
        examples=["2027-01-02", "monday 9am"],
    ),
]
Day = Annotated[
    str,
    Meta(
        max_length=_LONGEST_WORDS,
        description="ISO 8601, or words in my language or English, such as `tuesday`; today if left out",
        examples=["2026-11-27", "tuesday"],
    ),
]
At = Annotated[
    str,
    Meta(
        max_length=_LONGEST_WORDS,
        description="An instant in place of a day: ISO 8601, or words such as `tuesday 10:15`",
        examples=["2026-11-27T10:15"],
    ),
]
UserId = Annotated[str, Meta(max_length=64, description="A Slack user id, such as `U024BE7LH`")]
UndoId = Annotated[str, Meta(max_length=64, description="The `undo_id` of a change; the newest if left out")]

_USER = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
_MENTION = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>", re.ASCII)


def status(text: str, emoji: str, until: str, minutes: int | UnsetType, speaker: Speaker) -> Asked:
    """Read a status and its end, of which one at most is given; where none is, the text is read as behind `/quo`.

    Raises an InputError, as what is typed does.
    """
    named = command_parser.emoji_of(emoji)
    if until.strip() and minutes is not UNSET:
        raise OneTimeTooManyError("until and minutes")
    words = command_parser.named(text)
    if not words:
        raise TextMissingError("no text", field="text")
    if not until.strip() and minutes is UNSET:
        said = command_parser.status(escape(words), speaker, named)
    else:
        end = fields.until(until, speaker) if minutes is UNSET else fields.minutes(minutes, speaker)
        said = command_parser.status_with_end(text, named, end, speaker)
    if not said.text:  # an emoji alone: Slack's must_clear_both_status_text_and_status_emoji
        raise TextMissingError("an emoji alone", field="text")
    return said


def until_or_none(until: str, speaker: Speaker) -> datetime | None:
    """Return when something ends; None where nothing is said of it."""
    return fields.until(until, speaker) if until.strip() else None


def user_id(said: str) -> str:
    """Return a Slack user id, also from a mention; "" where nothing is said. Raises NotAColleagueError."""
    said = said.strip()
    found = _MENTION.fullmatch(said)
    user = found[1] if found else said
    if user and not _USER.fullmatch(user):
        raise NotAColleagueError("no user id", field="stand_in")
    return user
