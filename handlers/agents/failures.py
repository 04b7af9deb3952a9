"""Why something was not done, as agents are told it: our own names of errors, Slack's, and the sentence beside them."""

from __future__ import annotations

import re

import msgspec

from handlers.agents.answers import plain
from handlers.agents.slack_methods import NotAPictureError, SomebodyElsesProfileError, UserNotFoundError
from services.domain.errors import (
    BadEmojiError,
    BadPictureError,
    CropOutsideError,
    GrantLostError,
    InputError,
    NoSuchEmojiError,
    NotAnEmojiError,
    NotGrantedError,
    PictureMovesError,
    PictureTooLargeError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackUnavailableError,
    StatusQuoError,
    TextTooLongError,
    TimeInThePastError,
    TokenExpiredError,
    TooFarAwayError,
    WrongPersonError,
)
from services.domain.profile_fields import HalfClearedError, NotAStatusError
from services.domain.request_errors import (
    AgentsNotAllowedError,
    BodyTooLargeError,
    NotInstalledError,
    OverloadedError,
    ReadOnlyKeyError,
    RequestError,
    TooManyRequestsError,
    WrongKeyError,
)
from services.domain.text import cleaned
from services.platform.locale import Localizer
from services.usecases.own_profile import OwnStatusError
from services.usecases.waiting import NotWrittenError, PausedError

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # NotAColleague: not, a, colleague
_SLACK_WORD = re.compile(r"[a-z][a-z0-9_]{2,63}")
_LONGEST_DETAIL = 200

_Codes = tuple[tuple[type[StatusQuoError], str], ...]
_OF_CALLERS: _Codes = (
    (SlackRateLimitedError, "ratelimited"),
    (WrongKeyError, "invalid_auth"),
    (ReadOnlyKeyError, "no_permission"),
    (TooManyRequestsError, "ratelimited"),
)
"""What is called by another name than the class's; Slack's methods call it the same."""

_OURS: _Codes = (*_OF_CALLERS, (NotGrantedError, "not_granted"))

_OF_SLACK: _Codes = (
    *_OF_CALLERS,
    (AgentsNotAllowedError, "no_permission"),
    (NotAStatusError, "invalid_profile"),
    (TimeInThePastError, "invalid_profile"),
    (TooFarAwayError, "invalid_profile"),
    (HalfClearedError, "must_clear_both_status_text_and_status_emoji"),
    (TextTooLongError, "too_long"),
    (NoSuchEmojiError, "invalid_emoji_not_allowed"),
    (NotAnEmojiError, "invalid_emoji_not_allowed"),
    (BadEmojiError, "invalid_emoji_not_allowed"),
    (SomebodyElsesProfileError, "not_admin"),
    (UserNotFoundError, "user_not_found"),
    (PausedError, "profile_set_failed"),
    (OwnStatusError, "profile_set_failed"),
    (NotWrittenError, "request_timeout"),
    (NotAPictureError, "bad_image"),
    (CropOutsideError, "invalid_arguments"),
    (BadPictureError, "bad_image"),
    (PictureTooLargeError, "too_large"),
    (PictureMovesError, "too_many_frames"),
    (BodyTooLargeError, "too_large"),
    (NotGrantedError, "token_revoked"),
    (GrantLostError, "token_revoked"),
    (TokenExpiredError, "token_expired"),
    (WrongPersonError, "token_revoked"),
    (ScopeMissingError, "missing_scope"),
    (NotInstalledError, "account_inactive"),
    (SlackUnavailableError, "service_unavailable"),
    (OverloadedError, "service_unavailable"),
    (InputError, "invalid_arguments"),
    (RequestError, "invalid_arguments"),
)
"""What Slack calls it in the answers of its methods (docs.slack.dev): the first that fits, the special ones first."""

_SENTENCES: tuple[tuple[type[StatusQuoError], type[StatusQuoError]], ...] = (
    (SlackRateLimitedError, TooManyRequestsError),
    (SlackUnavailableError, SlackError),
)
"""Errors that promise people that it will be done, and whose sentence an agent gets in their place: nothing of its call
is tried again."""


class InvalidArgumentsError(InputError):
    """The arguments are not those that this operation takes."""

    def __init__(self, detail: str) -> None:
        """`detail` says in English what is wrong with which of them, and repeats none."""
        super().__init__("arguments")
        self.detail = detail


class Failure(msgspec.Struct, omit_defaults=True):
    """That nothing was done: `error` tells it from others, `sentence` says it in my language, `detail` in English."""

    ok: bool
    error: str
    sentence: str
    detail: str = ""


def failure_of(error: StatusQuoError, l10n: Localizer) -> Failure:
    """Return what an agent is answered that asked for something that was not done."""
    detail = error.detail if isinstance(error, InvalidArgumentsError) else ""
    said = next((other for kind, other in _SENTENCES if isinstance(error, kind)), type(error)).sentence()
    sentence = plain(l10n.say(said))
    return Failure(ok=False, error=error_code(error), sentence=sentence, detail=cleaned(detail, _LONGEST_DETAIL))


def error_code(error: StatusQuoError) -> str:
    """Return what an agent is told of an error, to tell it from others: the class's name, in snake case."""
    for kind, code in _OURS:
        if isinstance(error, kind):
            return code
    return _WORD.sub("_", type(error).__name__.removesuffix("Error")).lower()


def slack_code(error: StatusQuoError) -> str:
    """Return what Slack calls an error: its own word, where it is Slack that refused."""
    for kind, code in _OF_SLACK:
        if isinstance(error, kind):
            return code
    if isinstance(error, SlackError) and _SLACK_WORD.fullmatch(error.reason):
        return error.reason
    return "internal_error"
