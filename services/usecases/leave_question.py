"""What the process that matches leave is asked, and what it may answer but matches."""

from __future__ import annotations

import msgspec

from services.domain.errors import CalendarTooCostlyError
from services.domain.leave_lines import LeaveLine
from services.platform.reader_process import ErrorsByName

ERRORS: ErrorsByName = {CalendarTooCostlyError.__name__: CalendarTooCostlyError}
"""What an answer's error is called, and is."""


class LeaveQuestion(msgspec.Struct, array_like=True):
    """Lines, and what they are matched with besides the members, who come in blobs of their own."""

    lines: list[LeaveLine]
    ties: dict[str, str]
    types: list[str]
