"""What the process that matches leave with members can be asked: see `done`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from services.domain.errors import CalendarTooCostlyError
from services.domain.leave import match
from services.domain.leave_lines import LeaveMember
from services.platform.reader_process import Answer, serve
from services.usecases.leave_question import ERRORS, LeaveQuestion


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Say whose the lines of the `LeaveQuestion` in the first blob are, as `Matched`; the other blobs are members."""
    asked = msgspec.json.decode(blobs[0], type=LeaveQuestion)
    members = [member for blob in blobs[1:] for member in msgspec.json.decode(blob, type=list[LeaveMember])]
    return {}, [msgspec.json.encode(match(asked.lines, members, asked.ties, asked.types))]


if __name__ == "__main__":
    serve(done, ERRORS, CalendarTooCostlyError, int(sys.argv[1]))
