"""What `app.py doctor` and `app.py setup` find, one line each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

SECONDS = 5.0
"""How long one look may take. Whatever is beyond this machine is looked at side by side."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and a sentence.

    `warns`: well enough to run, but worth a look. `mend`: the settings that are wrong.
    """

    subject: str
    well: bool
    sentence: str
    warns: bool = False
    mend: tuple[str, ...] = field(default=(), compare=False)


async def in_time(subject: str, look: Awaitable[Finding]) -> Finding:
    """What `look` finds; that nobody answers in time is a finding, too."""
    try:
        async with asyncio.timeout(SECONDS):
            return await look
    except TimeoutError:
        return Finding(subject, False, f"no answer within {SECONDS:.0f} s")
