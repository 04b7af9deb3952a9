"""A process that reads calendars: one question after the other from its standard input, until that ends.

It has a limit on its memory, no secret in its environment and no connection to anything; whoever asked kills it when
an answer takes too long.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import BinaryIO

from services.calendars.ics.incremental import read
from services.calendars.ics.wire import LENGTHS, asked_from_json, changes_to_json, packed
from services.errors import NotACalendarError


def main(memory: int) -> None:
    """Answer questions with at most `memory` bytes of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while (question := _question(questions)) is not None:
        answers.write(_answer(*question))
        answers.flush()


def _question(stream: BinaryIO) -> tuple[bytes, bytes, bytes] | None:
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, data, state = (stream.read(length) for length in LENGTHS.unpack(lengths))
    return head, data, state


def _answer(head: bytes, data: bytes, state: bytes) -> bytes:
    try:
        changes = read(data, asked_from_json(json.loads(head)), state or None)
        return packed(changes_to_json(changes), changes.state or b"")
    except NotACalendarError as error:
        return packed({"error": "not_a_calendar", "reason": error.reason})
    except MemoryError:
        return packed({"error": "memory"})


if __name__ == "__main__":
    main(int(sys.argv[1]))
