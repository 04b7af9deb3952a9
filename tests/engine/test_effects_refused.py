"""What Slack refuses, limits or takes away of an effect, and what cannot be read: of that effect alone, for a time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from emulators.slack.state import APP
from services.domain.model import Effect, PersonKey, Stretch
from services.engine.effects import MANY
from services.platform.crypto import SealedBytes
from services.slack import scopes
from services.slack.limits import LIMITS
from services.store.effect_tables import EFFECTS
from services.store.person_rows import lock_people
from services.store.stretches import replace_stretches
from tests.support.effects import EffectsOf, with_effects
from tests.support.engine import RunningEngine, meeting, open_engine, until
from tests.support.stretches import ALL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

INFO, SNOOZE, END_SNOOZE = "dnd.info", "dnd.setSnooze", "dnd.endSnooze"
PRESENCE, SET_PRESENCE = "users.getPresence", "users.setPresence"


async def test_what_is_refused_is_tried_a_few_times_and_then_left_for_the_stretch(ann: EffectsOf) -> None:
    refusal = ann.engine.slack.faults.add(Fault(SNOOZE, error="snooze_failed", times=None))
    await ann.carries(Effect.DND, (0, 200), (300, 330))
    for minute in (1, 11, 71, 72, 150):
        await ann.goes_on(minute)
    assert ann.calls(SNOOZE) == 4
    assert await ann.reason(Effect.DND) == "refused"
    await ann.goes_on(200)
    ann.engine.slack.faults.remove(refusal)
    await ann.goes_on(300)
    assert ann.snooze == (330, APP)


async def test_debt_whose_payment_is_refused_is_tried_until_it_is_paid(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (0, 10))
    refusal = ann.engine.slack.faults.add(Fault(SET_PRESENCE, error="not_now", times=None))
    for minute in (10, 11, 21, 81, 141, 201, 261):
        await ann.goes_on(minute)
    assert ann.away == APP
    ann.engine.slack.faults.remove(refusal)
    await ann.goes_on(330)
    assert ann.away == ""


async def test_debt_is_paid_within_half_a_minute_after_an_outage(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (0, 10))
    outage = ann.engine.slack.faults.add(Fault(PRESENCE, status=503, times=None))
    for second in range(0, 1800, 30):
        await ann.goes_on(10 + second / 60)
    assert ann.away == APP
    ann.engine.slack.faults.remove(outage)
    await ann.goes_on(40.5)
    assert ann.away == ""


async def test_workspace_that_blocks_it_is_asked_again_hours_later(ann: EffectsOf) -> None:
    block = ann.engine.slack.faults.add(Fault(SET_PRESENCE, error="restricted_action", times=None))
    await ann.engine.has(ann.key, meeting(ann.start, 300))
    await ann.carries_both((0, 300))
    assert ann.snooze == (300, APP)
    assert ann.engine.status()[0] == "In a meeting"
    for minute in range(1, 60):
        await ann.goes_on(minute)
    assert ann.calls(SET_PRESENCE) == 1
    assert await ann.reason(Effect.AWAY) == "blocked"
    ann.engine.slack.faults.remove(block)
    await ann.goes_on(61)
    assert ann.away == APP


async def test_permission_that_slack_does_not_know_of_is_asked_for_anew(ann: EffectsOf) -> None:
    ann.engine.slack.faults.add(Fault(SNOOZE, error="missing_scope"))
    await ann.carries_both((0, 30))
    assert (ann.snooze, ann.away) == (None, APP)
    assert await ann.reason(Effect.DND) == "not_permitted"
    allowed = scopes.parse(await ann.engine.column(ann.key, "scopes"))
    assert ALL - allowed == scopes.FOR_EFFECT[Effect.DND]
    assert await ann.engine.column(ann.key, "grant_state") == "ok"


async def test_missing_scope_of_a_debt_is_tried_hourly(ann: EffectsOf) -> None:
    await ann.carries(Effect.AWAY, (0, 10))
    ann.engine.slack.faults.add(Fault(SET_PRESENCE, error="missing_scope"))
    await ann.goes_on(10)
    assert ann.away == APP
    await ann.goes_on(70)
    assert ann.away == ""
    assert await ann.engine.column(ann.key, "grant_state") == "ok"


@pytest.mark.parametrize("effect", [Effect.DND, Effect.AWAY])
async def test_token_of_somebody_else_changes_nothing_of_theirs(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, effect: Effect
) -> None:
    ann = await with_effects(engine, monkeypatch, ALL)
    engine.slack.add_person("U2", "ben")
    other = engine.slack.grant("U2", ALL)
    sealed = engine.encryptor.seal(other.value, "people.token", ann.key.team_id, ann.key.user_id)
    await engine.change(ann.key, token=sealed)
    await ann.carries(effect, (0, 30))
    assert list(engine.slack.changes) == []
    assert await engine.column(ann.key, "grant_state") == "lost"


async def test_expired_token_is_renewed_and_the_effect_carried_out(
    database: Any, encryptor: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_engine(database, encryptor, clock, token_rotation=True) as engine:
        ann = await with_effects(engine, monkeypatch, ALL)
        engine.slack.faults.add(Fault(INFO, error="token_expired"))
        await ann.carries(Effect.DND, (0, 30))
        await ann.goes_on(0.1)
        assert ann.snooze == (30.1, APP)


async def test_memory_under_a_lost_key_is_left_as_it_is_and_holds_up_nobody(ann: EffectsOf) -> None:
    await ann.carries_both((0, 30))
    async with ann.engine.database.write() as connection:
        rotten = SealedBytes(b"\x01" + b"x" * 60)
        await connection.execute(sa.update(EFFECTS).where(EFFECTS.c.effect == Effect.AWAY.value).values(memory=rotten))
    await ann.goes_on(30)
    assert (ann.snooze, ann.away) == (None, APP)
    (stored,) = await ann.engine.database.fetch(
        sa.select(EFFECTS.c.memory).where(EFFECTS.c.effect == Effect.AWAY.value)
    )
    assert stored.memory == rotten


@pytest.mark.parametrize("method", [INFO, PRESENCE])
async def test_answer_that_shows_nothing_of_ones_own_is_no_answer(ann: EffectsOf, method: str) -> None:
    """Taken for "no snooze" or "not away", what is the person's own would be lost."""
    ann.engine.slack.dnd.snooze("U1", 10)
    ann.engine.slack.faults.add(Fault(method, status=200, body={"ok": True, "dnd_enabled": True, "presence": "away"}))
    await ann.carries_both((0, 30))
    assert ann.snooze == (10, "person")
    await ann.goes_on(0.1)
    assert (ann.snooze, ann.away) == ((10, "person"), APP)


async def herd(engine: RunningEngine, many: int, *effects: Effect) -> list[PersonKey]:
    """So many people of one workspace, whose effects begin now."""
    keys = [await engine.person(f"U{number}", allows=ALL) for number in range(many)]
    if engine.running:
        await engine.settled()
    now = engine.clock.now()
    carried = [Stretch(effect, now, now + timedelta(hours=2), rule="meeting") for effect in effects]
    async with engine.database.write() as connection:
        await lock_people(connection, keys)
        await replace_stretches(connection, dict.fromkeys(keys, carried), now)
    return keys


async def test_herd_keeps_to_slacks_limits_and_statuses_do_not_wait_for_it(engine: RunningEngine) -> None:
    replica = engine.replica()
    await replica.start()
    keys = await herd(engine, 40, Effect.DND, Effect.AWAY)
    await engine.rests()
    allowed = LIMITS[SNOOZE] - LIMITS[SNOOZE] // 6
    assert len(engine.calls(SNOOZE)) == len(engine.calls(SET_PRESENCE)) == allowed  # some are kept for taking back
    await engine.has(keys[-1], meeting(engine.clock.now(), 60))
    await until(lambda: engine.status(keys[-1].user_id)[0] == "In a meeting")
    for _ in range(4):
        engine.clock.move(seconds=61)
        await engine.rests()
    assert len(engine.slack.left_behind()) == 78  # but for the one whose meeting carries nothing
    assert [call for call in engine.calls(SNOOZE, SET_PRESENCE) if not call.ok] == []


async def test_debts_go_before_what_is_to_be_put_on(engine: RunningEngine) -> None:
    """Those of an owner that died are paid within a minute, whoever else waits for the method."""
    doomed = engine.replica()
    await doomed.start()
    keys = await herd(engine, 60, Effect.AWAY)
    await engine.rests()
    owing = [user_id for user_id, _ in engine.slack.left_behind()]
    assert 0 < len(owing) <= LIMITS[SET_PRESENCE]
    await doomed.stop()
    engine.clock.move(minutes=2)
    async with engine.database.write() as connection:
        await lock_people(connection, keys)
        over: dict[PersonKey, list[Stretch]] = {key: [] for key in keys if key.user_id in owing}
        await replace_stretches(connection, over, engine.clock.now())
    await engine.replica().start()
    await engine.rests()
    assert not {user_id for user_id, _ in engine.slack.left_behind()} & set(owing)


async def test_effect_that_slack_is_slow_at_holds_up_no_other_and_no_notice(ann: EffectsOf) -> None:
    go = asyncio.Event()
    ann.engine.slack.faults.add(Fault(SNOOZE, until=go))
    ann.stretches = tuple(
        Stretch(effect, ann.start, ann.at(60), rule="meeting") for effect in (Effect.DND, Effect.AWAY)
    )
    await ann.engine.has(ann.key, meeting(ann.start, 60))
    await until(lambda: ann.away == APP and ann.engine.status()[0] == "In a meeting")
    async with ann.engine.database.write() as connection:
        await ann.replica.notices.tell(connection, ann.key, "grant")
    ann.replica.sender.wake(typed=False)
    await until(lambda: ann.engine.slack.direct_messages("U1") != [])
    assert ann.snooze is None
    go.set()
    await ann.engine.rests()
    assert ann.snooze == (60, APP)


async def test_herd_of_one_workspace_holds_up_no_other(engine: RunningEngine) -> None:
    """However many of it wait for its limit: they are more than are looked at together."""
    keys = await herd(engine, MANY + 20, Effect.DND)
    other = await engine.person("V1", team_id="T2", allows=ALL)
    now = engine.clock.now()
    async with engine.database.write() as connection:
        await lock_people(connection, [other])
        await replace_stretches(connection, {other: [Stretch(Effect.DND, now, now + timedelta(hours=1))]}, now)
    replica = engine.replica()
    (sender,) = [one for one in replica.effect_senders if one._carrier.effect is Effect.DND]
    again: datetime | None = now
    while again is not None and again <= now:
        again = await sender.run()
        await replica.workspaces.store()
    assert engine.slack.dnd.running("V1") is not None
    assert len(engine.slack.left_behind()) < len(keys)
