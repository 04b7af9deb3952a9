"""What to do about a snooze and about presence: each line of the table, and what is to be remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import effects
from services.domain.effects import DueEffect, EffectAction, PresenceMemory, SnoozeMemory
from services.domain.model import Effect, Pause, PersonKey, Stretch
from services.domain.reasons import ReasonCode

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEAVE, PUT_ON, TAKE_BACK = EffectAction.LEAVE, EffectAction.PUT_ON, EffectAction.TAKE_BACK


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def stretch(begin: float = 0, end: float = 60) -> Stretch:
    return Stretch(Effect.DND, at(begin), at(end), rule="meeting")


def remembered(ours: float | None = None, **more: object) -> SnoozeMemory:
    """A snooze of ours that ends at a minute, for the stretch of an hour."""
    return replace(SnoozeMemory(until=at(60), ours=None if ours is None else at(ours)), **more)  # type: ignore[arg-type]  # any of its fields


NEW, MUTED = SnoozeMemory(), remembered(60)
PENDING = replace(NEW, pending=at(60))


@pytest.mark.parametrize(
    ("memory", "seen", "wanted", "action", "reason"),
    [
        (NEW, None, stretch(), PUT_ON, None),
        (NEW, at(-1), stretch(), PUT_ON, None),  # one that has run out, as Slack may still show it
        (PENDING, None, stretch(), PUT_ON, None),
        (NEW, at(30), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),
        (NEW, at(60), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),
        (PENDING, at(61), stretch(), LEAVE, ReasonCode.MUTED),
        (PENDING, at(62), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),
        (MUTED, at(60), stretch(), LEAVE, ReasonCode.MUTED),
        (MUTED, at(61.5), stretch(), LEAVE, ReasonCode.MUTED),
        (MUTED, at(61.6), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),
        (MUTED, None, stretch(), LEAVE, ReasonCode.UNMUTED_BY_HAND),
        (MUTED, None, stretch(60, 90), PUT_ON, None),  # another one
        (MUTED, None, stretch(59, 90), LEAVE, ReasonCode.UNMUTED_BY_HAND),  # the same one
        (MUTED, at(60), stretch(0, 90), PUT_ON, None),
        (MUTED, at(60), stretch(0, 30), PUT_ON, None),
        (MUTED, at(60), stretch(0, 59.5), LEAVE, ReasonCode.MUTED),
        (NEW, None, stretch(-60, 0.5), LEAVE, None),
        (remembered(over=True), None, stretch(), LEAVE, ReasonCode.UNMUTED_BY_HAND),
        (remembered(over=True), at(20), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),
        (remembered(-5), None, stretch(), PUT_ON, None),  # ours ran out while we were away
        (remembered(-5), at(0.5), stretch(), LEAVE, ReasonCode.OWN_SNOOZE),  # what ran out is no more ours
        (MUTED, at(60), None, TAKE_BACK, None),
        (PENDING, at(60), None, TAKE_BACK, None),
        (MUTED, at(70), None, LEAVE, None),
        (MUTED, None, None, LEAVE, None),
        (NEW, at(60), None, LEAVE, None),
        (remembered(1), at(1), None, LEAVE, None),  # ends by itself
    ],
)
def test_snooze_is_put_on_left_or_taken_back(
    memory: SnoozeMemory, seen: datetime | None, wanted: Stretch | None, action: EffectAction, reason: ReasonCode | None
) -> None:
    decision = effects.decide_snooze(memory, seen, wanted, NINE)
    assert decision.action is action
    told = decision.memory.reason
    if action is LEAVE:
        assert (None if told is None else told.code) == reason
        assert decision.before == decision.memory
        assert decision.memory.pending is None
    elif action is PUT_ON and wanted is not None:
        assert decision.before.pending == NINE + timedelta(minutes=decision.minutes)
        assert decision.memory.until == wanted.end
    else:
        assert told is not None
        assert told.code is ReasonCode.UNMUTED
        assert (decision.before.ours, decision.memory.ours) == (seen, None)


def test_own_snooze_that_ends_within_the_stretch_is_looked_at_again_then() -> None:
    again = effects.decide_snooze(NEW, at(30), stretch(), NINE).look_again
    assert again == at(30)
    assert effects.decide_snooze(NEW, at(90), stretch(), NINE).look_again is None
    replaced = effects.decide_snooze(MUTED, at(30), stretch(), NINE)
    assert replaced.memory.over
    assert replaced.look_again is None


def test_snooze_of_at_most_a_day_is_renewed_an_hour_before_it_ends() -> None:
    decision = effects.decide_snooze(NEW, None, stretch(0, 3000), NINE)
    assert decision.minutes == effects.LONGEST_SNOOZE
    done = effects.snoozed(decision, at(1440), stretch(0, 3000))
    assert (done.memory.ours, done.look_again) == (at(1440), at(1380))
    left = effects.decide_snooze(done.memory, at(1440), stretch(0, 3000), at(60))
    assert (left.action, left.look_again) == (LEAVE, at(1380))
    assert effects.snoozed(decision, at(60), stretch()).look_again is None


@given(seconds=st.floats(31, 3_000_000), ceiling=st.integers(1, 1440))
def test_minutes_cover_the_stretch_or_are_all_that_slack_takes(seconds: float, ceiling: int) -> None:
    decision = effects.decide_snooze(replace(NEW, ceiling=ceiling), None, stretch(0, seconds / 60), NINE)
    assert 1 <= decision.minutes <= ceiling
    assert decision.minutes == ceiling or timedelta() <= timedelta(minutes=decision.minutes) - timedelta(
        seconds=seconds
    ) < timedelta(minutes=1)


@given(ceiling=st.integers(1, 1440), days=st.integers(6, 20))
def test_snooze_is_renewed_before_it_runs_out_and_not_sooner(ceiling: int, days: int) -> None:
    wanted, memory, now = stretch(0, days * 24 * 60), replace(NEW, ceiling=ceiling), NINE
    for _ in range(5):
        decision = effects.decide_snooze(memory, memory.ours, wanted, now)
        assert decision.action is PUT_ON
        ends = now + timedelta(minutes=decision.minutes)
        done = effects.snoozed(decision, ends, wanted)
        memory = done.memory
        assert done.look_again is not None
        assert now < done.look_again < ends
        seen = effects.decide_snooze(memory, ends, wanted, now + (done.look_again - now) / 2)
        assert (seen.action, seen.look_again) == (LEAVE, done.look_again)
        now = done.look_again


def test_too_long_halves_what_was_asked() -> None:
    decision = effects.decide_snooze(NEW, None, stretch(0, 50), NINE)
    memory = effects.too_long(decision)
    assert (memory.ceiling, memory.pending, memory.ours) == (25, None, None)
    assert effects.decide_snooze(memory, None, stretch(0, 50), NINE).minutes == 25
    assert effects.too_long(replace(decision, minutes=1)).ceiling == 1


OWN = effects.decide_snooze(NEW, at(30), stretch(), NINE).memory


@pytest.mark.parametrize(
    ("memory", "seen", "news"),
    [
        (MUTED, at(60), False),  # our own echo
        (PENDING, at(61), False),
        (MUTED, at(70), True),
        (MUTED, None, True),
        (MUTED, at(-1), True),
        (NEW, None, False),
        (remembered(-1), None, False),
        (NEW, at(30), True),
        (OWN, None, True),
    ],
)
def test_event_of_a_snooze_is_news_where_it_is_no_echo(
    memory: SnoozeMemory, seen: datetime | None, *, news: bool
) -> None:
    assert effects.is_news(memory, seen, NINE) is news


AWAY = PresenceMemory(until=at(60), owed=True, sent=True)


@pytest.mark.parametrize(
    ("memory", "away", "wanted", "action", "reason"),
    [
        (PresenceMemory(), False, stretch(), PUT_ON, ReasonCode.AWAY),
        (PresenceMemory(), True, stretch(), LEAVE, ReasonCode.OWN_AWAY),
        (PresenceMemory(), False, stretch(-60, 0.5), LEAVE, None),
        (replace(AWAY, sent=False), False, stretch(), PUT_ON, ReasonCode.AWAY),
        (replace(AWAY, sent=False), False, stretch(-60, 0.5), PUT_ON, ReasonCode.AWAY),
        (replace(AWAY, sent=False), True, stretch(), LEAVE, ReasonCode.AWAY),
        (AWAY, True, stretch(), LEAVE, ReasonCode.AWAY),
        (AWAY, False, stretch(), LEAVE, ReasonCode.ACTIVE_BY_HAND),
        (AWAY, False, stretch(60, 90), PUT_ON, ReasonCode.AWAY),
        (AWAY, True, stretch(60, 90), LEAVE, ReasonCode.AWAY),
        (PresenceMemory(until=at(60), over=True), False, stretch(), LEAVE, ReasonCode.ACTIVE_BY_HAND),
        (PresenceMemory(until=at(60), over=True), True, stretch(), LEAVE, ReasonCode.OWN_AWAY),
        (PresenceMemory(), True, None, LEAVE, None),
        (PresenceMemory(), False, None, LEAVE, None),
        (AWAY, True, None, TAKE_BACK, ReasonCode.NOT_AWAY),
        (AWAY, False, None, LEAVE, None),
        (replace(AWAY, sent=False), False, None, TAKE_BACK, ReasonCode.NOT_AWAY),  # it may still be on its way
        (replace(AWAY, sent=False), True, None, TAKE_BACK, ReasonCode.NOT_AWAY),
    ],
)
def test_presence_is_put_on_left_or_taken_back(
    memory: PresenceMemory, wanted: Stretch | None, action: EffectAction, reason: ReasonCode | None, *, away: bool
) -> None:
    decision = effects.decide_presence(memory, wanted, NINE, away=away)
    told = decision.memory.reason
    assert (decision.action, None if told is None else told.code) == (action, reason)
    if action is PUT_ON:
        assert decision.before.owed
        assert not decision.before.sent
        assert decision.memory.owed
        assert decision.memory.sent
    if action is TAKE_BACK:
        assert decision.before.owed
        assert not decision.memory.owed


# ── what is known without a look ────────────────────────────────────────────────────────────────────

DUE = DueEffect(
    PersonKey("T1", "U1"), Effect.AWAY, read_at=NINE, seq=1, turn=0, failures=0, granted=True, granted_at=NINE,
    token="xoxp", scopes=frozenset(), pause=None, leaving=False, memory=PresenceMemory(), stretch=None,
)  # fmt: skip
PAUSED = Pause(at(-10), at(20))


@pytest.mark.parametrize(
    ("due", "looked_at"),
    [
        (DUE, False),
        (replace(DUE, stretch=stretch()), True),
        (replace(DUE, stretch=stretch(), memory=AWAY), True),
        (replace(DUE, memory=AWAY), True),
        (replace(DUE, stretch=stretch(), pause=PAUSED), False),
        (replace(DUE, asked=True), True),
        (replace(DUE, asked=True, pause=PAUSED), False),
        (replace(DUE, asked=True, leaving=True), False),
        (replace(DUE, asked=True, token=None), False),
        (replace(DUE, stretch=stretch(), pause=PAUSED, memory=AWAY), True),
        (replace(DUE, stretch=stretch(), pause=Pause(at(-10), at(0))), True),
        (replace(DUE, stretch=stretch(), leaving=True), False),
        (replace(DUE, stretch=stretch(), leaving=True, memory=AWAY), True),
        (replace(DUE, stretch=stretch(), granted=False), False),
        (replace(DUE, memory=AWAY, granted=False), False),
        (replace(DUE, memory=AWAY, token=None), False),
        (replace(DUE, stretch=stretch(), memory=PresenceMemory(until=at(60), over=True)), False),
        (replace(DUE, stretch=stretch(60, 90), memory=PresenceMemory(until=at(60), over=True)), True),
        (replace(DUE, memory=SnoozeMemory(ours=at(1))), False),
        (replace(DUE, memory=SnoozeMemory(ours=at(1.1))), True),
    ],
)
def test_slack_is_asked_only_where_something_is_wanted_or_owed(due: DueEffect, *, looked_at: bool) -> None:
    assert (effects.without_look(due, NINE) is None) is looked_at


def test_what_is_owed_is_remembered_for_thirty_days_without_a_grant() -> None:
    lost = replace(DUE, memory=AWAY, granted=False)
    kept = effects.without_look(lost, NINE)
    assert kept == replace(AWAY, until=NINE, kept_until=NINE + timedelta(days=30))
    later = replace(lost, memory=kept)
    assert effects.without_look(later, NINE + timedelta(days=29)) == kept
    assert later.next_look(kept, None) == NINE + timedelta(days=30)
    assert effects.without_look(later, NINE + timedelta(days=30)) == PresenceMemory()
    assert effects.without_look(replace(later, granted=True, memory=PresenceMemory()), NINE) == PresenceMemory()


def test_stretch_that_is_gone_makes_what_comes_another_one() -> None:
    over = PresenceMemory(until=at(60), over=True)
    assert effects.brought_up(over, None, wanted=False, now=NINE) == PresenceMemory(until=NINE)
    ended = effects.brought_up(over, None, wanted=False, now=at(70))
    assert ended == over
    assert effects.brought_up(ended, stretch(0, 90), wanted=True, now=at(70)).over  # it was prolonged after its end
    assert effects.brought_up(over, stretch(), wanted=False, now=NINE) == over  # in a pause


@pytest.mark.parametrize(
    ("due", "look", "expected"),
    [
        (DUE, None, None),
        (DUE, at(5), at(5)),
        (replace(DUE, stretch=stretch()), None, at(60)),
        (replace(DUE, stretch=stretch(), next_at=at(90)), at(70), at(60)),
        (replace(DUE, next_at=at(90)), None, at(90)),
        (replace(DUE, pause=Pause(at(-5))), None, None),
        (replace(DUE, pause=PAUSED, next_at=at(90)), None, at(20)),
        (replace(DUE, pause=Pause(at(10), at(20))), None, at(10)),
        (replace(DUE, stretch=stretch(-60, 0)), None, None),
        (DUE, NINE, NINE),
    ],
)
def test_it_is_looked_at_again_where_something_begins_or_ends(
    due: DueEffect, look: datetime | None, expected: datetime | None
) -> None:
    assert due.next_look(due.memory, look) == expected


def test_what_slack_does_not_do_has_its_reason() -> None:
    memory = effects.refused(AWAY, ReasonCode.NOT_PERMITTED, stretch())
    assert memory.reason is not None
    assert (memory.reason.code, memory.reason.rule) == (ReasonCode.NOT_PERMITTED, "meeting")
    assert effects.refused(AWAY, ReasonCode.BLOCKED, None).reason == replace(
        memory.reason, code=ReasonCode.BLOCKED, rule=""
    )
    assert not effects.EffectMemory().owes(NINE)
