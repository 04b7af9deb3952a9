"""What is remembered after a restore: nobody knows what was done since the copy was made."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.domain.decisions import Standing
from services.domain.effects import EffectMemory, PhotoMemory, PresenceMemory, SnoozeMemory, doubted
from services.domain.model import NO_STATUS, Effect, Status, Stretch
from services.domain.profile_state import ProfileState, recalled
from tests.support.profiles import at, shows

NOW = at(12, 30)
FISHING = Status("Gone fishing", ":fish:")
MEETING = shows(at(12), at(13))
OVER = shows(at(10), at(11))
STRETCH = Stretch(Effect.PHOTO, at(12), at(13))


@pytest.mark.parametrize(
    ("memory", "stretch", "expected"),
    [
        (PresenceMemory(), None, PresenceMemory(owed=True, sent=True)),
        (PresenceMemory(until=at(13), over=True), STRETCH, PresenceMemory(until=at(13), over=True)),
        (PresenceMemory(until=at(12), over=True), None, PresenceMemory(until=at(12), over=True, owed=True, sent=True)),
        (PresenceMemory(over=True), None, PresenceMemory(over=True, owed=True, sent=True)),
        (PhotoMemory(), STRETCH, PhotoMemory(until=at(13), over=True)),
        (PhotoMemory(ours="h"), STRETCH, PhotoMemory(ours="h")),
        (PhotoMemory(), None, PhotoMemory()),
        (SnoozeMemory(ours=at(13)), STRETCH, SnoozeMemory(ours=at(13))),
    ],
)
def test_effect_that_may_have_been_put_on_since(
    memory: EffectMemory, stretch: Stretch | None, expected: EffectMemory
) -> None:
    assert doubted(memory, stretch, NOW) == expected


@pytest.mark.parametrize(
    ("own", "looked_at", "known"),
    [(FISHING, None, True), (FISHING, at(9), True), (FISHING, at(10, 30), False), (None, None, False),
     (NO_STATUS, None, False), (Status("Gone fishing", expiration=at(18)), None, False)],
)  # fmt: skip
def test_status_of_ours_that_is_over_had_covered_an_own_one_without_an_end(
    own: Status | None, looked_at: datetime | None, known: bool
) -> None:
    standing = Standing(own=own, looked_at=looked_at)
    memory = recalled(ProfileState(standing, decided="d", look=NOW), OVER, NOW)
    assert (memory.standing.pending is not None, memory.decided, memory.look) == (known, "", None)


def test_status_of_ours_that_may_stand_is_known_beforehand_and_without_one_the_profile_is_only_looked_at() -> None:
    state = ProfileState(Standing(own=FISHING), decided="d", owner="o")
    assert recalled(state, MEETING, NOW).standing == Standing(own=FISHING, pending=MEETING.status)
    assert recalled(state, None, NOW) == ProfileState(Standing(own=FISHING), owner="o")
