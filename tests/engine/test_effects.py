"""What happens besides the status: each row of product.md, "Effects besides the status", against Slack's own rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from emulators.slack.state import APP
from services.domain.model import Effect, Pause
from services.domain.people import Member, Tokens
from services.slack import scopes
from services.store.people import PeopleStore
from tests.support.effects import EffectsOf, with_effects
from tests.support.engine import RunningEngine, meeting
from tests.support.stretches import ALL

INFO, SNOOZE, END_SNOOZE = "dnd.info", "dnd.setSnooze", "dnd.endSnooze"
PRESENCE, SET_PRESENCE = "users.getPresence", "users.setPresence"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# ── do not disturb ──────────────────────────────────────────────────────────────────────────────────


async def test_snooze_runs_for_the_stretch_and_ends_by_itself(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (10, 40))
    assert ann.snooze is None
    assert ann.calls(INFO, SNOOZE) == 0
    await ann.goes_on(10)
    assert ann.snooze == (40, APP)
    assert await ann.reason(Effect.DND) == "muted"
    await ann.goes_on(40)
    assert ann.snooze is None
    assert ann.calls(SNOOZE) == 1
    assert ann.calls(END_SNOOZE) == 0


async def test_minutes_are_rounded_up_and_at_least_one(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0.25, 3.3))
    await ann.goes_on(0.25)
    assert ann.snooze == (4.25, APP)
    await ann.goes_on(3.3)
    assert ann.snooze == (4.25, APP)  # not worth a call
    await ann.goes_on(4.25)
    assert ann.snooze is None
    await ann.carries(Effect.DND, (4.3, 5.0))
    await ann.goes_on(4.3)
    assert ann.snooze == pytest.approx((5.3, APP))


async def test_own_snooze_is_neither_shortened_nor_ended_and_ours_follows_it(ann: EffectsOf) -> None:
    ann.engine.slack.dnd.snooze("U1", 20)
    await ann.carries(Effect.DND, (5, 60))
    await ann.goes_on(5)
    assert ann.snooze == (20, "person")
    assert await ann.reason(Effect.DND) == "own_snooze"
    await ann.goes_on(20)
    assert ann.snooze == (60, APP)


async def test_own_snooze_that_outlasts_the_stretch_stays(ann: EffectsOf) -> None:
    ann.engine.slack.dnd.snooze("U1", 120)
    await ann.carries(Effect.DND, (5, 60))
    await ann.goes_on(5)
    await ann.goes_on(60)
    await ann.goes_on(61)
    assert ann.snooze == (120, "person")
    assert ann.calls(SNOOZE, END_SNOOZE) == 0


async def test_stretch_that_is_cut_short_ends_our_snooze(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0, 60))
    assert ann.snooze == (60, APP)
    await ann.goes_on(10)
    await ann.carries(Effect.DND)
    assert ann.snooze is None
    assert await ann.reason(Effect.DND) == "unmuted"


async def test_stretch_that_is_shortened_or_prolonged_has_our_snooze_follow(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0, 60))
    await ann.goes_on(10)
    await ann.carries(Effect.DND, (0, 30))
    assert ann.snooze == (30, APP)
    await ann.carries(Effect.DND, (0, 90))
    assert ann.snooze == (90, APP)


async def test_snooze_that_the_person_changed_is_theirs_when_the_stretch_is_cut_short(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0, 60))
    ann.engine.slack.dnd.snooze("U1", 62)
    await ann.goes_on(1)
    await ann.carries(Effect.DND)
    assert ann.snooze == (62, "person")


async def test_snooze_that_the_person_ended_is_not_set_again_in_that_stretch_but_in_the_next(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0, 60), (90, 120))
    ann.engine.slack.dnd.end("U1")
    await ann.goes_on(10)
    await ann.carries(Effect.DND, (0, 70), (90, 120))  # it is still the same one
    assert ann.snooze is None
    assert await ann.reason(Effect.DND) == "unmuted_by_hand"
    await ann.carries(Effect.DND, (0, 80), (90, 120))
    assert ann.snooze is None
    await ann.goes_on(90)
    assert ann.snooze == (120, APP)


async def test_snooze_that_replaced_ours_is_not_followed_by_ours(ann: EffectsOf) -> None:
    await ann.carries(Effect.DND, (0, 60))
    ann.engine.slack.dnd.snooze("U1", 20)
    await ann.carries(Effect.DND, (0, 61))
    assert ann.snooze == (20, "person")
    await ann.goes_on(20)
    assert ann.snooze is None
    assert ann.calls(SNOOZE) == 1


async def test_nightly_hours_are_no_snooze(ann: EffectsOf) -> None:
    now = ann.engine.clock.now()
    ann.engine.slack.dnd.nightly("U1", (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time())
    await ann.carries(Effect.DND, (0, 30))
    assert ann.snooze == (30, APP)


async def test_snooze_of_days_is_renewed_before_it_runs_out(ann: EffectsOf) -> None:
    day = 24 * 60
    await ann.carries(Effect.DND, (0, 2.5 * day))
    assert ann.snooze == (day, APP)
    await ann.goes_on(day - 60)
    assert ann.snooze == (2 * day - 60, APP)
    await ann.carries(Effect.DND, (0, 2.5 * day))  # as each day, when the timeline is resolved anew
    await ann.goes_on(2 * day - 120)
    assert ann.snooze == (2.5 * day, APP)


async def test_too_long_a_snooze_is_halved_and_the_ceiling_remembered(ann: EffectsOf) -> None:
    ann.engine.slack.workspaces[ann.key.team_id].snooze_ceiling = 400
    await ann.carries(Effect.DND, (0, 1000))
    assert ann.snooze == (250, APP)
    assert ann.calls(SNOOZE) == 3
    renewed = 250 - 60
    await ann.goes_on(renewed)
    assert ann.snooze == (renewed + 250, APP)
    assert ann.calls(SNOOZE) == 4


async def test_ceiling_that_one_person_has_found_is_known_for_all_of_their_workspace(ann: EffectsOf) -> None:
    ann.engine.slack.workspaces[ann.key.team_id].snooze_ceiling = 400
    await ann.carries(Effect.DND, (0, 1000))
    assert ann.calls(SNOOZE) == 3
    ben = EffectsOf(ann.engine, await ann.engine.person("U0BEN", allows=ALL), ann.replica)
    await ben.carries(Effect.DND, (0, 1000))
    assert ben.snooze == (250, APP)
    assert ben.calls(SNOOZE) == 1


async def test_snooze_that_ran_out_while_we_were_away_is_set_again(ann: EffectsOf) -> None:
    day = 24 * 60
    await ann.carries(Effect.DND, (0, 3 * day))
    await ann.replica.stop()
    ann.engine.clock.move_to(ann.at(day + 5))
    await ann.engine.replica().start()
    await ann.engine.rests()
    assert ann.snooze is None or ann.snooze[1] == APP
    await ann.carries(Effect.DND, (0, 3 * day))
    assert ann.snooze == (2 * day + 5, APP)


@pytest.mark.parametrize("code", ["snooze_not_active", "not_in_dnd"])
async def test_ending_what_has_ended_is_a_success(ann: EffectsOf, code: str) -> None:
    await ann.carries(Effect.DND, (0, 60))
    ann.engine.slack.faults.add(Fault(END_SNOOZE, error=code))
    await ann.carries(Effect.DND)
    assert ann.calls(END_SNOOZE) == 1
    assert await ann.reason(Effect.DND) == "unmuted"


# ── presence ────────────────────────────────────────────────────────────────────────────────────────


async def test_away_for_the_stretch_and_auto_after_it(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (10, 40))
    await ann.goes_on(10)
    assert ann.away == APP
    assert await ann.reason(Effect.AWAY) == "away"
    await ann.goes_on(40)
    assert ann.away == ""
    assert ann.calls(SET_PRESENCE) == 2


async def test_person_who_was_away_by_hand_is_left_alone_for_that_stretch(ann: EffectsOf) -> None:
    ann.engine.slack.presence.toggle("U1", away=True)
    await ann.carries(Effect.AWAY, (10, 40), (60, 70))
    await ann.goes_on(10)
    assert await ann.reason(Effect.AWAY) == "own_away"
    ann.engine.slack.presence.toggle("U1", away=False)
    await ann.carries(Effect.AWAY, (10, 41), (60, 70))
    assert ann.away == ""
    ann.engine.slack.presence.toggle("U1", away=True)
    await ann.goes_on(41)
    assert ann.away == "person"
    assert ann.calls(SET_PRESENCE) == 0


async def test_person_who_set_themselves_active_is_not_set_away_again_in_that_stretch(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (0, 40), (60, 70))
    ann.engine.slack.presence.toggle("U1", away=False)
    await ann.carries(Effect.AWAY, (0, 41), (60, 70))
    assert ann.away == ""
    assert await ann.reason(Effect.AWAY) == "active_by_hand"
    ann.engine.slack.presence.toggle("U1", away=True)
    await ann.goes_on(41)
    assert ann.away == "person"
    ann.engine.slack.presence.toggle("U1", away=False)
    await ann.goes_on(60)
    assert ann.away == APP
    await ann.goes_on(70)
    assert ann.away == ""


async def test_away_by_slack_itself_is_not_away_by_hand(ann: EffectsOf) -> None:
    ann.engine.slack.presence.connects("U1", 0)
    await ann.carries(Effect.AWAY, (0, 40))
    assert ann.away == APP
    await ann.goes_on(40)
    assert ann.away == ""


@pytest.mark.parametrize("seconds", [0, 300])
async def test_debt_is_paid_at_the_start_up_after_the_end(ann: EffectsOf, seconds: int) -> None:
    await ann.carries(Effect.AWAY, (0, 40))
    await ann.replica.stop()
    ann.engine.clock.move_to(ann.at(40) + timedelta(seconds=seconds))
    await ann.engine.replica().start()
    await ann.engine.rests()
    assert ann.away == ""


async def test_effect_that_is_turned_off_is_taken_back(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (0, 40))
    assert ann.away == APP
    await ann.carries(Effect.AWAY)
    assert ann.away == ""


# ── of both ─────────────────────────────────────────────────────────────────────────────────────────


async def test_pause_takes_back_what_was_put_on_and_leaves_the_status(ann: EffectsOf) -> None:
    await ann.engine.has(ann.key, meeting(ann.start, 60))
    await ann.engine.rests()
    await ann.carries_both((0, 60))
    assert (ann.snooze, ann.away) == ((60, APP), APP)
    await ann.pauses(Pause(ann.engine.clock.now()))
    assert (ann.snooze, ann.away) == (None, "")
    assert ann.engine.status()[0] == "In a meeting"
    await ann.carries(Effect.DND, (0, 60), (70, 80))
    await ann.goes_on(20)
    assert ann.snooze is None
    await ann.pauses(None)
    assert ann.snooze == (60, APP)


async def test_pause_that_begins_and_ends_by_itself(ann: EffectsOf) -> None:
    await ann.carries_both((0, 60))
    await ann.pauses(Pause(ann.at(10), ann.at(20)))
    assert (ann.snooze, ann.away) == ((60, APP), APP)
    await ann.goes_on(10)
    assert (ann.snooze, ann.away) == (None, "")
    await ann.goes_on(20)
    assert (ann.snooze, ann.away) == ((60, APP), APP)


async def test_own_presence_and_snooze_survive_a_pause(ann: EffectsOf) -> None:
    ann.engine.slack.dnd.snooze("U1", 90)
    ann.engine.slack.presence.toggle("U1", away=True)
    await ann.carries_both((0, 60))
    await ann.pauses(Pause(ann.engine.clock.now()))
    await ann.pauses(None)
    await ann.goes_on(60)
    assert (ann.snooze, ann.away) == ((90, "person"), "person")
    assert ann.engine.slack.trespasses() == []


async def test_effect_without_its_permission_costs_no_call_and_is_done_once_that_is_given(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await with_effects(engine, monkeypatch, scopes.USER)
    await engine.has(ann.key, meeting(ann.start, 60))
    await engine.rests()
    await ann.carries_both((0, 60))
    assert ann.calls(INFO, SNOOZE, PRESENCE, SET_PRESENCE) == 0
    assert [await ann.reason(effect) for effect in (Effect.DND, Effect.AWAY)] == ["not_permitted"] * 2
    assert engine.status()[0] == "In a meeting"
    await granted(ann, ALL)
    assert (ann.snooze, ann.away) == ((60, APP), APP)


async def granted(ann: EffectsOf, allowed: frozenset[str]) -> None:
    token = ann.engine.slack.grant("U1", allowed)
    stores = ann.replica
    people = PeopleStore(
        ann.engine.database, ann.engine.encryptor, notices=stores.notices, profile_states=stores.profile_states,
        events=stores.events,
    )  # fmt: skip
    await people.grant(ann.key, Tokens(token.value, allowed), Member(), ann.engine.clock.now())
    ann.engine.ring()
    await ann.engine.rests()


async def test_missing_scope_loses_no_grant_and_holds_up_nothing_else(ann: EffectsOf) -> None:
    ann.engine.slack.faults.add(Fault(SNOOZE, error="missing_scope", times=None))
    await ann.engine.has(ann.key, meeting(ann.start, 60))
    await ann.engine.rests()
    await ann.carries_both((0, 60))
    assert (ann.snooze, ann.away) == (None, APP)
    assert ann.engine.status()[0] == "In a meeting"
    assert await ann.engine.column(ann.key, "grant_state") == "ok"
    assert await ann.reason(Effect.DND) == "not_permitted"
    await ann.goes_on(30)
    assert ann.calls(SNOOZE) == 1


async def test_limit_of_one_effect_holds_up_no_other(ann: EffectsOf) -> None:
    ann.engine.slack.faults.add(Fault(SNOOZE, retry_after=30))
    await ann.engine.has(ann.key, meeting(ann.start, 60))
    await ann.engine.rests()
    await ann.carries_both((0, 60))
    assert (ann.snooze, ann.away) == (None, APP)
    assert ann.engine.status()[0] == "In a meeting"
    await ann.goes_on(0.5)
    assert ann.snooze == (60.5, APP)


async def test_outage_is_got_over(ann: EffectsOf) -> None:
    ann.engine.slack.faults.add(Fault(SNOOZE, status=503, times=2))
    ann.engine.slack.faults.add(Fault(SET_PRESENCE, status=500, after=True))
    await ann.carries_both((0, 60))
    for minute in (0.1, 0.2, 0.3, 0.5):
        await ann.goes_on(minute)
    assert ann.snooze is not None
    assert ann.away == APP
    await ann.goes_on(61)
    assert ann.engine.slack.left_behind() == []


async def test_token_that_is_gone_loses_the_grant_and_what_is_owed_is_paid_with_the_next(ann: EffectsOf) -> None:
    await ann.carries_both((0, 60))
    token = ann.engine.slack.tokens.user("U1")
    assert token is not None
    ann.engine.slack.revoke(token)
    await ann.goes_on(60)
    assert await ann.engine.column(ann.key, "grant_state") == "lost"
    assert ann.away == APP
    memory = await ann.engine.effect(ann.key, Effect.AWAY)
    assert memory.kept_until is not None
    ann.engine.clock.move(minutes=30)
    await granted(ann, ALL)
    assert ann.away == ""


async def test_debt_of_a_lost_grant_is_kept_thirty_days(ann: EffectsOf) -> None:
    await ann.carries_both((0, 60))
    await ann.engine.change(ann.key, grant_state="lost", token=None)
    await ann.goes_on(60)
    assert (await ann.engine.effect(ann.key, Effect.AWAY)).owed
    ann.engine.clock.move(days=30)
    await ann.engine.rests()
    assert not (await ann.engine.effect(ann.key, Effect.AWAY)).owed


@pytest.mark.parametrize("effect", [Effect.DND, Effect.AWAY])
async def test_stretch_that_ends_while_slack_is_called_is_not_forgotten(ann: EffectsOf, effect: Effect) -> None:
    name = {Effect.DND: "snooze", Effect.AWAY: "set_presence"}[effect]
    whole: Callable[..., Awaitable[Any]] = getattr(ann.replica.presence, name)

    async def slow(*given: Any, **more: Any) -> Any:
        answer = await whole(*given, **more)
        setattr(ann.replica.presence, name, whole)
        ann.engine.clock.move_to(ann.at(11))
        return answer

    setattr(ann.replica.presence, name, slow)
    await ann.carries(effect, (0, 10))
    assert ann.engine.slack.left_behind() == []
