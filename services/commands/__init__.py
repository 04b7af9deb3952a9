"""What the operator's commands do, one module a command or two: an installation need not be running for them.

They print for whoever typed the command, and give the exit status. `app.py` alone calls them.
"""

from __future__ import annotations

import sys

TROUBLE = 1
"""The exit status of a command that found something amiss."""

NOBODY = "Nobody of that team and user is known."


def refused(sentence: str) -> int:
    """Say at stderr why there is nothing else to print; TROUBLE."""
    print(sentence, file=sys.stderr)
    return TROUBLE
