"""Commands that may come again without having been claimed first, and the memory of this process for them.

A claim is a transaction of its own before anything is done. Most commands need none: they only read, or what they
store counts once by the id of its request. Slack does not send commands again; a copy is somebody else's doing, and
good for no longer than its signature.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from handlers.slack.payloads import Payload
from services.domain import command_parser
from services.domain.command_parser import Name, UnknownCommandError

QUO = "/quo"

_UNCLAIMED = frozenset({Name.STATUS, Name.WHY, Name.PREVIEW, Name.CALENDARS, Name.WHO, Name.HELP})
_LIVES = timedelta(minutes=10)
"""Signatures are taken five minutes before and after their time."""

_MOST = 20_000


def needs_no_claim(payload: Payload) -> bool:
    """Whether what was delivered is a command that does no harm when it is done twice."""
    if payload.get("command") != QUO:
        return False
    try:
        return command_parser.read(str(payload.get("text", ""))).name in _UNCLAIMED
    except UnknownCommandError:
        return True  # is told so, and nothing else


class Recent:
    """The deliveries of the last minutes, as far as this process took them in."""

    def __init__(self, most: int = _MOST) -> None:
        """`most` are remembered."""
        self._most = most
        self._seen: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def claim(self, home: str, delivery_id: str, now: datetime) -> bool:
        """Whether this is the first time; from now on it is not."""
        while self._seen and next(iter(self._seen.values())) < now - _LIVES:
            self._seen.popitem(last=False)
        if (home, delivery_id) in self._seen:
            return False
        if len(self._seen) >= self._most:
            self._seen.popitem(last=False)
        self._seen[home, delivery_id] = now
        return True

    def release(self, home: str, delivery_id: str) -> None:
        """It was not dealt with after all: let it come again."""
        self._seen.pop((home, delivery_id), None)
