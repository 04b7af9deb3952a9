"""How often something may be asked for in a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.platform import minute_limits
from services.platform.minute_limits import MinuteLimits

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_minute_slides_and_is_each_names_own() -> None:
    limits = MinuteLimits(most=3)
    assert [limits.wait("a", NOW + timedelta(seconds=20 * number)) for number in range(6)] == [0] * 6
    assert [limits.wait("b", NOW) for _ in range(4)] == [0, 0, 0, 60]
    assert limits.wait("b", NOW + timedelta(seconds=59.5)) == 1
    assert limits.wait("b", NOW + timedelta(seconds=60)) == 0


def test_only_the_latest_names_are_remembered_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute_limits, "_REMEMBERED", 100)
    limits = MinuteLimits(most=1)
    for number in range(1000):
        assert limits.wait(f"2001:db8:0:{number:x}::/64", NOW) == 0
    assert limits.wait("2001:db8:0:3e7::/64", NOW) > 0  # the newest is known still
    assert limits.wait("2001:db8:0:0::/64", NOW) == 0  # the oldest is forgotten
