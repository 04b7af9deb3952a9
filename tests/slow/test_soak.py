"""The soak itself, of a few people and a day: the app as a process, stopped, killed and started again."""

from __future__ import annotations

from functools import cache

import pytest

from bench.soak.report import missed
from bench.soak.run import Figures, Options, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@cache
def soaked() -> Figures:
    return run(Options(people=40, days=1, minutes=12, seed=5, poll_hours=6, quiet=True))


def test_nothing_that_is_promised_is_missed() -> None:
    assert missed(soaked()) == []


def test_it_saw_all_that_it_was_to_see() -> None:
    found = soaked()
    assert found.until.day == 1
    assert {pause.what for pause in found.pauses} == {"deploy", "kill", "outage"}
    assert found.verdict.segments > 200
    assert found.done["command"]
    assert found.leaps
