"""Mail addresses that are no person's: nobody waits for an answer at them."""

from __future__ import annotations

import pytest

from services.domain.calendars import is_no_persons


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("no-reply@corp.example", True),
        ("DoNotReply+17@corp.example", True),
        ("time.off@hr.example", True),
        ("ann@corp.example", False),
        ("hr.ann@corp.example", False),
        ("", False),
    ],
)
def test_address_of_a_program_or_department_is_no_persons(address: str, expected: bool) -> None:
    assert is_no_persons(address) is expected
