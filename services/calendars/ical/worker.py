"""A process that reads what strangers sent: one question after the other from its standard input, until that ends.

It has a limit on its memory, no secret in its environment and no connection to anything; whoever asked kills it when
an answer takes too long. What it can be asked: `read` (a feed), `look` (at what somebody sent), `arrivals` and
`members` (worked into the files that a calendar has).
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from services.calendars.ical.incremental import read
from services.calendars.ical.wire import COUNT, READY, changes_to_parts, lengths, packed, request_from_json
from services.domain.errors import CalendarTooCostlyError, CalendarTooLargeError, NotACalendarError

Answer = tuple[dict[str, Any], list[bytes]]


def _read(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    data, state = blobs
    return changes_to_parts(read(data, request_from_json(head), state or None))


def _look(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    from services.calendars.ical.arrivals import look  # noqa: PLC0415 - who reads feeds begins sooner without

    return look(head, blobs)


def _arrivals(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    from services.calendars.ical.arrivals import arrivals  # noqa: PLC0415 - see `_look`

    return arrivals(head, blobs)


def _members(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    from services.calendars.providers.caldav.collection_state import members  # noqa: PLC0415 - see `_look`

    return members(head, blobs)


TASKS: Mapping[str, Callable[[dict[str, Any], Sequence[bytes]], Answer]] = {
    "read": _read,
    "look": _look,
    "arrivals": _arrivals,
    "members": _members,
}


def main(memory: int) -> None:
    """Answer questions with at most `memory` bytes of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while count := questions.read(COUNT.size):
        for piece in packed(*_answer(questions, *COUNT.unpack(count))):
            answers.write(piece)
        answers.flush()


def _answer(questions: BinaryIO, count: int) -> Answer:
    sizes = lengths(questions.read(count * COUNT.size))
    try:
        head, *blobs = [questions.read(size) for size in sizes]
        return answered(json.loads(head), blobs)
    except MemoryError:
        return {"error": "memory"}, []


def answered(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """The answer to a question: what was asked for, or {"error", "reason"}."""
    try:
        return TASKS[head["task"]](head, blobs)
    except NotACalendarError as error:
        return {"error": "not_a_calendar", "reason": error.reason}, []
    except CalendarTooLargeError as error:
        return {"error": "too_large", "reason": error.reason}, []
    except CalendarTooCostlyError as error:
        return {"error": "costly", "reason": error.reason}, []


if __name__ == "__main__":
    main(int(sys.argv[1]))
