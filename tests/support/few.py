"""Which of a test's parameters run each time, and which in the slow run alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def few(cases: Sequence[Any], quick: int = 1) -> list[Any]:
    """All of `cases`, which go the same way through the code: the first `quick` of them each time, the others where
    there is time."""
    slow = (one if isinstance(one, tuple) else (one,) for one in cases[quick:])
    return [*cases[:quick], *(pytest.param(*one, marks=pytest.mark.slow) for one in slow)]
