"""What users.profile.set was asked for, as far as it is a status: its fields, and what they make of what shows. Pure.

docs.slack.dev, users.profile.set: `profile` has at most 50 fields, whose names have at most 255 characters;
`status_expiration` is in seconds, 0 means never; a status is cleared by both texts empty. Of a profile nothing but the
three fields of a status can be set here, and one that is left out stays as it shows: whoever sets a text is not to take
the end away by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.domain.command_parser import emoji_of, shown
from services.domain.errors import InputError, TimeInThePastError, TooFarAwayError
from services.domain.model import NO_STATUS, Status
from services.domain.text import is_storable
from services.domain.times.place import MOST

MOST_FIELDS, LONGEST_NAME = 50, 255
TEXT, EMOJI, EXPIRATION = "status_text", "status_emoji", "status_expiration"

_MOST_DIGITS = 15


class NotAStatusError(InputError):
    """Only `status_text`, `status_emoji` and `status_expiration` of your own profile can be set here."""


class HalfClearedError(InputError):
    """A status is cleared by an empty `status_text` and an empty `status_emoji` together, not by one of them."""


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """The fields of a status that were given; None: left out. `expiration` is 0 for never, else seconds since 1970."""

    text: str | None = None
    emoji: str | None = None
    expiration: int | None = None

    @property
    def partial(self) -> bool:
        """Whether what shows has to be known for those that were left out."""
        return None in (self.text, self.emoji, self.expiration) and (self.text, self.emoji) != ("", "")

    def over(self, shown: Status, now: datetime) -> Status | None:
        """Return the status that is asked for where `shown` is on the profile at `now`: empty clears, None is nothing.

        Raises HalfClearedError where one of the two would be empty without the other.
        """
        if not shown.lasts(now):
            shown = NO_STATUS
        text = shown.text if self.text is None else self.text
        emoji = shown.emoji if self.emoji is None else self.emoji
        if self == ProfileFields() or (not text and not emoji and self.text is None and self.emoji is None):
            return None
        if not text and not emoji:
            return NO_STATUS
        if not text or self.emoji == "":
            raise HalfClearedError("half")
        end = shown.expiration
        if self.expiration is not None:
            end = datetime.fromtimestamp(self.expiration, UTC) if self.expiration else None
        return Status(text, emoji, end)


def profile_fields(profile: Mapping[str, object], now: datetime) -> ProfileFields:
    """Return the fields in `profile`, as they were sent at `now`.

    Raises NotAStatusError for any other field and for what is no text or number, TextTooLongError, TextMissingError,
    MentionInStatusError, NotAnEmojiError, TimeInThePastError, TooFarAwayError.
    """
    if len(profile) > MOST_FIELDS or any(len(name) > LONGEST_NAME for name in profile):
        raise NotAStatusError("too many fields, or too long a name")
    if not profile.keys() <= {TEXT, EMOJI, EXPIRATION}:
        raise NotAStatusError("other fields")
    text = shown(_text(profile[TEXT]), escaped=True) if TEXT in profile else None
    emoji = emoji_of(_text(profile[EMOJI])) if EMOJI in profile else None
    expiration = _seconds(profile[EXPIRATION], now) if EXPIRATION in profile else None
    return ProfileFields(text, emoji, expiration)


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise NotAStatusError("no text")
    text = value or ""
    if not is_storable(text):
        raise NotAStatusError("text that is no text")
    return text


def _seconds(value: object, now: datetime) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS:
        value = int(value)
    if isinstance(value, float) and value.is_integer():  # as some agents send all numbers
        value = int(value)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotAStatusError("no number of seconds")
    if value and value <= now.timestamp():
        raise TimeInThePastError("the expiration has passed")
    if value > (now + MOST).timestamp():
        raise TooFarAwayError("the expiration is too far off")
    return value
