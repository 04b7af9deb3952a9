"""A process that reads what strangers sent: one question after the other from its standard input, until that ends.

It has a limit on its memory, no secret in its environment and no connection to anything; whoever asked kills it when
an answer takes too long. What it can be asked is in `done`.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import read
from services.domain.calendars import Changes, Problem
from services.domain.errors import CalendarTooCostlyError, CalendarTooLargeError, NotACalendarError
from services.domain.model import Event

COUNT = struct.Struct(">Q")
READY = b"\x06"
"""What a process says once it can be asked."""

ERRORS = {error.__name__: error for error in (NotACalendarError, CalendarTooLargeError, CalendarTooCostlyError)}
"""What an answer's error is called, and is."""

_TOGETHER = 500
"""Entries of a part of an answer's lists: reading one never holds the interpreter for long."""

_EVENTS = msgspec.msgpack.Decoder(list[Event])
_PROBLEMS = msgspec.msgpack.Decoder(list[Problem])
_UIDS = msgspec.msgpack.Decoder(list[str])

Answer = tuple[dict[str, Any], list[bytes]]


# ── what goes between the app and a process: parts with their lengths in front, of which the first is JSON ──


def packed(head: dict[str, Any], blobs: Sequence[bytes] = ()) -> Iterator[bytes]:
    """One message, in pieces: nothing is copied."""
    parts = (json.dumps(head).encode(), *blobs)
    yield COUNT.pack(len(parts))
    yield b"".join(COUNT.pack(len(part)) for part in parts)
    yield from parts


def lengths(packed_lengths: bytes) -> list[int]:
    """The lengths of a message's parts."""
    return [length for (length,) in COUNT.iter_unpack(packed_lengths)]


def changes_to_parts(changes: Changes) -> Answer:
    """The answer: its head, then its state and its lists."""
    lists = (changes.events, changes.problems, sorted(changes.replaced))
    parts = [
        [msgspec.msgpack.encode(entries[at : at + _TOGETHER]) for at in range(0, len(entries), _TOGETHER)]
        for entries in lists
    ]
    rest = replace(changes, state=None, events=(), problems=(), replaced=frozenset())
    head = {"changes": msgspec.to_builtins(rest), "parts": [len(pieces) for pieces in parts]}
    return head, [changes.state or b"", *chain(*parts)]


def changes_from_parts(head: dict[str, Any], blobs: Sequence[bytes], calendar_id: str) -> Changes:
    """The reverse of `changes_to_parts`. Not for the loop."""
    state, *parts = blobs
    events, problems, _ = head["parts"]
    found = tuple(event for part in parts[:events] for event in _EVENTS.decode(part))
    if any(event.calendar_id != calendar_id for event in found):  # who reads strangers' bytes is not trusted in this
        raise ValueError("events of another calendar")
    return replace(
        msgspec.convert(head["changes"], Changes),
        state=state,
        events=found,
        problems=tuple(one for part in parts[events : events + problems] for one in _PROBLEMS.decode(part)),
        replaced=frozenset(uid for part in parts[events + problems :] for uid in _UIDS.decode(part)),
        taken=0,  # nor in what is taken out of an inbox
    )


# ── the process ─────────────────────────────────────────────────────────────────────────────────────


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
        return {"error": CalendarTooCostlyError.__name__, "reason": "memory"}, []


def answered(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """The answer to a question: what was asked for, or {"error", "reason"}."""
    try:
        return done(head, blobs)
    except tuple(ERRORS.values()) as error:
        return {"error": type(error).__name__, "reason": error.reason}, []


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """What the task in `head` gives. Raises a `CalendarError`.

    `read`: a feed. `look`: at what somebody sent. `arrivals`, `members`: worked into the files that a calendar has.
    """
    # Who reads feeds begins sooner without what the other tasks need.
    if head["task"] == "look":
        from services.calendars.ical.itip import look  # noqa: PLC0415 - see above

        return look(blobs[0], ReadRequest.of_json(head), strict=head["strict"]), []
    if head["task"] == "arrivals":
        from services.calendars.ical.itip import arrivals  # noqa: PLC0415 - see above

        return changes_to_parts(arrivals(head, blobs))
    if head["task"] == "members":
        from services.calendars.providers.caldav.collection import members  # noqa: PLC0415 - see above

        return changes_to_parts(members(head, blobs))
    data, state = blobs
    return changes_to_parts(read(data, ReadRequest.of_json(head), state or None))


if __name__ == "__main__":
    main(int(sys.argv[1]))
