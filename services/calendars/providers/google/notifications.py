"""What the messages of Google's push channels say. Pure.

developers.google.com/workspace/calendar/api/guides/push. A message says that something changed, never what, and may be
lost, doubled, or late: it is a hint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.domain.errors import RequestError

LONGEST_WATCH_ID = 64
LONGEST_SECRET = 256
LONGEST_RESOURCE_ID = 256
MOST_MESSAGES = 2**63


class PushState(StrEnum):
    """`sync`: the channel is open. `exists`: something changed. `not_exists`: the calendar is gone."""

    SYNC = "sync"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


@dataclass(frozen=True, slots=True)
class GooglePush:
    """A message of a channel. `number` grows from 1, with gaps. `secret` is what the channel was made with."""

    watch_id: str
    secret: str = field(repr=False)
    state: PushState
    resource_id: str
    number: int


def read_push(headers: Mapping[str, str]) -> GooglePush:
    """The message in the headers of a request; there is no body. Raises RequestError.

    Whether `secret` is the right one is for the caller to compare, in constant time.
    """
    found = {name.lower(): value for name, value in headers.items()}
    number = _header(found, "x-goog-message-number", len(str(MOST_MESSAGES)))
    if not number.isdigit() or not 0 < int(number) < MOST_MESSAGES:
        raise RequestError("x-goog-message-number")
    state = _header(found, "x-goog-resource-state", LONGEST_WATCH_ID)
    if state not in frozenset(PushState):
        raise RequestError("x-goog-resource-state")
    return GooglePush(
        _header(found, "x-goog-channel-id", LONGEST_WATCH_ID),
        _header(found, "x-goog-channel-token", LONGEST_SECRET),
        PushState(state),
        _header(found, "x-goog-resource-id", LONGEST_RESOURCE_ID),
        int(number),
    )


def _header(headers: Mapping[str, str], name: str, longest: int) -> str:
    value = headers.get(name, "")
    if not 0 < len(value) <= longest or not value.isascii() or not value.isprintable():
        raise RequestError(name)
    return value
