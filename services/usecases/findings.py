"""What `app.py doctor` and `app.py setup` find, one line each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

SECONDS = 5.0
"""How long one look may take. Whatever is beyond this machine is looked at side by side."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and a sentence; made by `ok`, `warn` or `fail`."""

    subject: str
    well: bool
    sentence: str
    warns: bool = False
    mend: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def ok(cls, subject: str, sentence: str) -> Finding:
        """Note that it is well."""
        return cls(subject, True, sentence)

    @classmethod
    def warn(cls, subject: str, sentence: str) -> Finding:
        """Well enough to run, but worth a look."""
        return cls(subject, True, sentence, warns=True)

    @classmethod
    def fail(cls, subject: str, sentence: str, *, mend: tuple[str, ...] = ()) -> Finding:
        """Note that it is to be mended; `mend` are the settings that are wrong."""
        return cls(subject, False, sentence, mend=mend)


async def in_time(subject: str, look: Awaitable[Finding]) -> Finding:
    """Return what `look` finds; that nobody answers in time is a finding, too."""
    try:
        async with asyncio.timeout(SECONDS):
            return await look
    except TimeoutError:
        return Finding.fail(subject, f"no answer within {SECONDS:.0f} s")
