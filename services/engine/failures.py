"""What Slack did not do: when it is tried again, and how the audit names it. The same for statuses and effects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.domain.errors import (
    BadEmojiError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRefusedError,
    TokenExpiredError,
    WorkspaceBlockedError,
    WrongPersonError,
)
from services.domain.model import PersonKey
from services.domain.reasons import ReasonCode

Judge = Callable[[PersonKey, str | None, SlackError], Awaitable[SlackError]]
"""`judge(whose, token, error)`: what a refusal of that token means (`services.engine.faults.TokenFaults.judged`)."""

FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(minutes=5)

REFUSED_BACK_OFFS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""When to try again what Slack has refused; after the last one not before something else is wished for."""

OUTAGE = 3
"""The failure in a row, counted from 0, at which a person is told why they wait."""

_MOST_OUTCOME = 64


def back_off(failures: int) -> timedelta:
    """Return how long to wait after the `failures`-th failure in a row, counted from 0.

    Doubling, up to five minutes.
    """
    return min(FIRST_BACK_OFF * (1 << min(failures, 10)), LONGEST_BACK_OFF)


def blocked_back_off(failures: int) -> timedelta:
    """Return the same where a workspace does not let us: an hour at first, doubling, up to sixteen."""
    return timedelta(hours=1) * (1 << min(failures, 4))


def again_in(error: SlackError, failures: int) -> timedelta | None:
    """Return how long to wait after the `failures`-th error in a row, counted from 0.

    None where another try is in vain.
    """
    if isinstance(error, SlackRefusedError | BadEmojiError):
        return REFUSED_BACK_OFFS[failures] if failures < len(REFUSED_BACK_OFFS) else None
    return blocked_back_off(failures) if isinstance(error, WorkspaceBlockedError) else back_off(failures)


def reason_of(error: SlackError) -> ReasonCode:
    """Return the reason for the person; UNREACHABLE where nobody knows whether it was done."""
    if isinstance(error, WorkspaceBlockedError):
        return ReasonCode.BLOCKED
    if isinstance(error, BadEmojiError | SlackRefusedError):
        return ReasonCode.REFUSED
    without_grant = isinstance(error, GrantLostError | TokenExpiredError | ScopeMissingError | WrongPersonError)
    return ReasonCode.NO_GRANT if without_grant else ReasonCode.UNREACHABLE


def word_of(error: SlackError) -> str:
    """Return Slack's own name for what it refused."""
    return error.reason[:_MOST_OUTCOME]


def outcome_of(error: SlackError) -> str:
    """Return what the audit says of an error: the name of its class, a colon, and Slack's word."""
    return f"{type(error).__name__}:{error.reason}"[:_MOST_OUTCOME]
