"""What somebody asked for a while ago: when it begins, and forms that earlier releases kept as a line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.asks import Ask, AskedAbsence, AskedLine, AskedStatus, begins_at
from services.domain.errors import TimeInThePastError
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


@pytest.mark.parametrize("ends", [True, False])
def test_what_has_not_begun_begins_when_it_was_to_and_what_has_begins_now(ends: bool) -> None:
    now = speaker().now
    end = now + timedelta(hours=1) if ends else None
    assert begins_at(now + timedelta(minutes=1), end, now) == now + timedelta(minutes=1)
    assert begins_at(now - timedelta(minutes=1), end, now) == now


def test_what_is_over_does_not_begin() -> None:
    now = speaker().now
    with pytest.raises(TimeInThePastError):
        begins_at(now - timedelta(hours=1), now, now)
