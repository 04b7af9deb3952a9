"""What Slack's answers are taken for."""

from __future__ import annotations

import math

import pytest

from services.errors import SlackRateLimitedError
from services.slack.errors import error_for


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (30.0, 30.0), (1.5, 1.5), (None, 0.0), (0.0, 0.0), (-5.0, 0.0), (math.nan, 0.0), (math.inf, 900.0),
        (-math.inf, 0.0), (1e300, 900.0), (86_400.0, 900.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("code", "status"), [("ratelimited", 200), ("ratelimited", 429), ("", 429)])
def test_retry_after_of_any_size_is_bounded(asked: float | None, waits: float, code: str, status: int) -> None:
    error = error_for("users.profile.set", code, http_status=status, retry_after=asked)
    assert isinstance(error, SlackRateLimitedError)
    assert error.retry_after == waits
