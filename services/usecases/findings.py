"""What `app.py doctor` and `app.py setup` find, one line each."""

from __future__ import annotations

from dataclasses import dataclass, field

SECONDS = 10.0
"""How long one look may take."""


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
