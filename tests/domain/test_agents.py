"""How often an agent may call, and what a key can be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.agents import CALLS_PER, MOST_CALLS, SLACKBOT, Caller, May, key_name, lately, waits
from services.domain.model import PersonKey

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_sixty_calls_may_come_at_once_and_the_next_waits_for_the_first_of_them_to_be_a_minute_old() -> None:
    recent = [NOW + timedelta(milliseconds=number) for number in range(MOST_CALLS)]
    assert waits(recent[:-1], recent[-1]) == timedelta()
    assert waits(recent, NOW + timedelta(seconds=20)) == timedelta(seconds=40)
    assert waits(recent, NOW + CALLS_PER) == timedelta()
    assert waits([], NOW) == timedelta()


@given(st.lists(st.integers(0, 300_000), max_size=400))
def test_whoever_waits_as_told_makes_no_more_than_sixty_calls_in_any_minute(steps: list[int]) -> None:
    now, admitted = NOW, list[datetime]()
    for step in steps:
        now += timedelta(milliseconds=step % 1_500)
        if not (wait := waits(admitted, now)):
            admitted.append(now)
        else:
            assert waits(admitted, now + wait) == timedelta()
    for number, at in enumerate(admitted):
        assert sum(at - CALLS_PER < other <= at for other in admitted[: number + 1]) <= MOST_CALLS


def test_calls_of_a_clock_that_was_an_hour_ahead_do_not_count_once_it_is_right() -> None:
    ahead = [NOW + timedelta(hours=1)] * MOST_CALLS
    assert waits(ahead, ahead[0]) == CALLS_PER
    assert waits(ahead, NOW) == timedelta()
    assert lately([*ahead, NOW], NOW) == [NOW]
    a_little = [NOW + timedelta(seconds=1)] * MOST_CALLS  # another replica's clock
    assert waits(a_little, NOW) == CALLS_PER + timedelta(seconds=1)


def test_slackbot_is_told_from_keys() -> None:
    key = PersonKey("T1", "U1")
    assert Caller(key, "Slackbot", May.WRITE, SLACKBOT).slackbot
    assert not Caller(key, "Slackbot", May.WRITE, "0123456789abcdef").slackbot


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("  Claude \n Code\t", "Claude Code"),
        ("a\u202eb\u2066c\u200f\x00\x07d\u00ad", "abcd"),
        ("x" * 41, "x" * 41),  # whoever takes it says that it is too long
        ("👩\u200d💻 laptop", "👩\u200d💻 laptop"),
        ("*bold* <@U1> `x`", "*bold* <@U1> `x`"),
        ("\ud800a", "a"),
        ("\u200dZoe\u0308\u200c", "Zoe\u0308"),
        (" \u202e \u200d\x07\n", ""),
        ("", ""),
    ],
)
def test_name_of_a_key_is_one_line_without_what_is_not_seen(typed: str, called: str) -> None:
    assert key_name(typed) == called


@given(st.text(max_size=80))
def test_name_that_was_read_once_is_read_again_as_it_is_and_can_be_stored(typed: str) -> None:
    once = key_name(typed)
    assert key_name(once) == once
    assert once.encode().decode().strip() == once
