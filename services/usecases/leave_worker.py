"""What the process that matches leave with members can be asked: see `done`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from services.domain.errors import CalendarTooCostlyError
from services.domain.leave import LeaveLine, LeaveMember, match
from services.platform.reader_process import Answer, ErrorsByName, serve

ERRORS: ErrorsByName = {CalendarTooCostlyError.__name__: CalendarTooCostlyError}
"""What an answer's error is called, and is."""


class LeaveQuestion(msgspec.Struct, array_like=True):
    """Lines, and what they are matched with besides the members, who come in blobs of their own."""

    lines: list[LeaveLine]
    ties: dict[str, str]
    types: list[str]


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Say whose the lines of the `LeaveQuestion` in the first blob are, as `Matched`; the other blobs are members."""
    asked = msgspec.json.decode(blobs[0], type=LeaveQuestion)
    members = [member for blob in blobs[1:] for member in msgspec.json.decode(blob, type=list[LeaveMember])]
    return {}, [msgspec.json.encode(match(asked.lines, members, asked.ties, asked.types))]


if __name__ == "__main__":
    serve(done, ERRORS, CalendarTooCostlyError, int(sys.argv[1]))
