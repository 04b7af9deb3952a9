"""A workspace's policy holds at once: what it forbids is off the profile within the minute, of everybody, by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from emulators.slack.state import APP
from services.domain.lines import Line
from services.domain.model import Effect, Look, PersonKey
from services.domain.policy import Policy
from services.store.policies import PolicyStore
from services.store.preferences import LineStore
from services.store.tables import PEOPLE
from tests.support.engine import RunningEngine, meeting, until
from tests.support.few import few
from tests.support.stretches import ALL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERD, SHOWING = 300, 36


async def fixes(engine: RunningEngine, key: PersonKey, policy: Policy) -> None:
    """An admin sets the policy."""
    store = PolicyStore(engine.database)
    await store.change(key, engine.clock.now(), lambda _: policy)
    engine.ring()


async def says(engine: RunningEngine, key: PersonKey, **fields: object) -> None:
    """The person's line for meetings is changed."""

    def edit(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(replace(one, **fields) if one.id == "meeting" else one for one in lines)  # type: ignore[arg-type]

    await LineStore(engine.database, engine.encryptor).change(key, engine.clock.now(), edit)


def texts(engine: RunningEngine, users: list[str]) -> set[str]:
    return {engine.status(user)[0] for user in users}


async def stale(engine: RunningEngine) -> int:
    async with engine.database.read() as connection:
        count = sa.select(sa.func.count()).select_from(PEOPLE).where(PEOPLE.c.stale)
        return await connection.scalar(count) or 0


async def test_titles_of_everybody_are_off_within_a_minute_and_those_who_show_one_go_first(
    engine: RunningEngine,
) -> None:
    showing = [f"U{number:03}" for number in range(HERD - SHOWING, HERD)]  # the last ones by their ids
    start = engine.clock.now()
    for user in showing:
        key = await engine.person(user, preferences='{"titles":true}')
        await says(engine, key, look=Look("{title}"))
        await engine.has(key, meeting(start - timedelta(minutes=5), 180))
    others = [f"U{number:03}" for number in range(HERD - SHOWING)]
    async with engine.database.write() as connection:
        rows = [
            {"team_id": key.team_id, "user_id": user, "created_at": start, "due_at": start, "stale": True}
            for user in others
        ]
        await connection.execute(sa.insert(PEOPLE), rows)
    replica = engine.replica()
    await replica.start()
    await until(lambda: texts(engine, showing) == {"Plan"}, 60)
    await engine.settled(60)
    await replica.stop()
    engine.clock.move(hours=1)  # the app is down for an hour, and an admin of another replica forbids titles
    await fixes(engine, key, Policy(titles=False))
    assert await stale(engine) == HERD
    first = await replica.due.claim_stale(engine.clock.now(), SHOWING, typed=False)
    assert sorted(one.user_id for one in first) == showing
    again = engine.replica()
    forbidden_at = engine.clock.now()
    await again.start()
    await until(lambda: texts(engine, showing) == {"In a meeting"}, 60)
    await until(partial(_none_stale, engine), 60)
    assert engine.clock.now() == forbidden_at
    assert all("Plan" not in text for text in engine.written()[SHOWING:])


async def _none_stale(engine: RunningEngine) -> bool:
    return await stale(engine) == 0


@pytest.mark.parametrize(
    ("policy", "muted", "away"),
    few(
        [
            (Policy(effects=frozenset({Effect.AWAY})), None, APP),
            (Policy(effects=frozenset({Effect.DND})), APP, ""),
            (Policy(effects=frozenset()), None, ""),
            (Policy(titles=False), APP, APP),
        ],
        quick=2,
    ),
)
async def test_effect_that_is_on_is_taken_off_at_once_where_it_is_forbidden(
    engine: RunningEngine, policy: Policy, muted: str | None, away: str
) -> None:
    await engine.replica().start()
    key = await engine.person(allows=ALL)
    await says(engine, key, effects=frozenset({Effect.DND, Effect.AWAY}))
    await engine.has(key, meeting(engine.clock.now(), 60))

    def on() -> tuple[str | None, str]:
        snooze = engine.slack.dnd.running("U1")
        return None if snooze is None else snooze.by, engine.slack.presence.away_by("U1")

    await until(lambda: on() == (APP, APP))
    engine.clock.move(minutes=5)
    await engine.rests()
    await fixes(engine, key, policy)
    await until(lambda: on() == (muted, away))
    await engine.rests()
    assert on() == (muted, away)
    assert engine.status()[0] == "In a meeting"


async def test_what_somebody_typed_stays_as_it_was_typed(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person(preferences='{"titles":true}')
    await engine.says(key, "Lunch with {title}", until=engine.clock.now() + timedelta(hours=1))
    await until(lambda: engine.status()[0] == "Lunch with {title}")
    await engine.settled()
    await fixes(engine, key, Policy(titles=False, members_may=frozenset()))
    await engine.settled()
    assert engine.written() == ["Lunch with {title}"]
