"""Forms that earlier releases kept as the line that could have been typed."""

from __future__ import annotations

import pytest

from services.domain.asks import Ask, AskedAbsence, AskedLine, AskedStatus
from services.domain.model import Effect
from tests.support.speaker import at, speaker

AWAY = frozenset({Effect.AWAY})


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (
            AskedLine("/quo", ":tea: Tea until 2026-11-23 15:00", AWAY),
            AskedStatus("Tea", ":tea:", speaker().now, at("2026-11-23 15:00"), AWAY),
        ),
        (
            AskedLine("/ooo", "2026-11-24 00:00 - 2026-11-25 00:00 Ill", stand_in="U2"),
            AskedAbsence("Ill", at("2026-11-24 00:00"), at("2026-11-25 00:00"), "U2"),
        ),
        (AskedLine("/quo", "pause 2h"), AskedLine("/quo", "pause 2h")),
    ],
)
def test_form_that_was_kept_as_a_line_is_read(kept: AskedLine, read: Ask) -> None:
    assert kept.of_form(speaker()) == read
