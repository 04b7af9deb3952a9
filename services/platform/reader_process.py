"""The inside of a process that reads what strangers sent: one question after the other, until its input ends.

It has a limit on its memory, no secret in its environment and no connection to anything; whoever asked
(`services.platform.readers`) kills it when an answer takes too long. What it can be asked is for its module to say.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from services.domain.errors import StatusQuoError

COUNT = struct.Struct(">Q")
READY = b"\x06"
"""What a process says once it can be asked."""

Answer = tuple[dict[str, Any], list[bytes]]
Done = Callable[[dict[str, Any], Sequence[bytes]], Answer]
"""What makes an answer of a question's head, whose `task` says what is asked, and its blobs."""

ErrorsByName = Mapping[str, type[StatusQuoError]]
"""What an answer's error is called, and is."""


def packed(head: dict[str, Any], blobs: Sequence[bytes] = ()) -> Iterator[bytes]:
    """Yield one message, in pieces: nothing is copied.

    Parts with their lengths in front, of which the first is JSON.
    """
    parts = (json.dumps(head).encode(), *blobs)
    yield COUNT.pack(len(parts))
    yield b"".join(COUNT.pack(len(part)) for part in parts)
    yield from parts


def lengths(packed_lengths: bytes) -> list[int]:
    """Return the lengths of a message's parts."""
    return [length for (length,) in COUNT.iter_unpack(packed_lengths)]


def answered(done: Done, errors: ErrorsByName, head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Return the answer to a question: what was asked for, or {"error", "reason"}."""
    try:
        return done(head, blobs)
    except tuple(errors.values()) as error:
        return {"error": type(error).__name__, "reason": error.reason}, []


def serve(done: Done, errors: ErrorsByName, costly: type[StatusQuoError], memory: int) -> None:
    """Answer questions with at most `memory` bytes of address space; `costly` is what needs more."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while count := questions.read(COUNT.size):
        for piece in packed(*_answer(done, errors, costly, questions, *COUNT.unpack(count))):
            answers.write(piece)
        answers.flush()


def _answer(done: Done, errors: ErrorsByName, costly: type[StatusQuoError], questions: BinaryIO, count: int) -> Answer:
    sizes = lengths(questions.read(count * COUNT.size))
    try:
        head, *blobs = [questions.read(size) for size in sizes]
        return answered(done, errors, json.loads(head), blobs)
    except MemoryError:
        return {"error": costly.__name__, "reason": "memory"}, []
