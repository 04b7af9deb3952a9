from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handlers.slack.intake import Recent, needs_no_claim

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("command", "text", "expected"),
    [
        ("/quo", "why", True),
        ("/quo", "", True),
        ("/quo", ":pizza: Lunch for 45m", True),
        ("/quo", "preview friday", True),
        ("/quo", "wyh", True),
        ("/quo", "pause 2h", False),
        ("/quo", "clear", False),
        ("/quo", "resume", False),
        ("/quo", "forget", False),
        ("/ooo", "friday", False),
        ("/ooo", "off", False),
        (None, "why", False),
    ],
)
def test_command_needs_a_claim_where_doing_it_twice_would_do_more(
    command: str | None, text: str, *, expected: bool
) -> None:
    assert needs_no_claim({"text": text} if command is None else {"command": command, "text": text}) is expected


def test_recent_delivery_is_told_from_a_new_one_for_as_long_as_its_signature_is_good() -> None:
    recent = Recent()
    assert [recent.claim("T1", "v0=a", NOW), recent.claim("T1", "v0=a", NOW)] == [True, False]
    assert recent.claim("T2", "v0=a", NOW) is True
    assert recent.claim("T1", "v0=a", NOW + timedelta(minutes=10)) is False
    assert recent.claim("T1", "v0=a", NOW + timedelta(minutes=10, seconds=1)) is True


def test_delivery_that_failed_may_come_again() -> None:
    recent = Recent()
    assert recent.claim("T1", "v0=a", NOW) is True
    recent.release("T1", "v0=a")
    assert recent.claim("T1", "v0=a", NOW) is True


def test_memory_of_deliveries_has_a_limit() -> None:
    recent = Recent(most=2)
    assert [recent.claim("T1", name, NOW) for name in "abc"] == [True, True, True]
    assert [recent.claim("T1", name, NOW) for name in "cba"] == [False, False, True]
