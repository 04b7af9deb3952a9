"""A herd: everybody of one workspace has a meeting that begins in the same minute, and Slack's limits hold.

The engine on a clock that goes on as soon as nothing is left to do at an instant, so that half an hour takes seconds;
the local Slack counts its limits by the same clock.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.table import Row
from demo.clock import DemoClock
from emulators.slack import LocalSlack
from services.domain.model import PersonKey, Span, Status
from services.domain.profile_state import ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.platform.crypto import Encryptor, new_key
from services.slack.calls import token_digest
from services.slack.limits import KEPT_FOR_TYPED, LIMITS
from services.slack.profile import GET, SET, TEST
from services.store import schema
from services.store.db import Database
from services.store.tables import PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.timeline import SpanStore
from tests.support.engine import TEAM
from tests.support.replica import Replica

PERSONS, NEW_TOKENS = 1_000, 500
A_MINUTE = 50
"""How often Slack lets an app call users.profile.set in a workspace (docs.slack.dev, "Rate limits", Tier 3)."""

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LASTS = timedelta(hours=2)


def rows() -> list[Row]:
    calls, late = asyncio.run(_herd())
    best = sum(60.0 * (person // A_MINUTE) for person in range(PERSONS))
    each = ", ".join(f"{method} {calls[method]:,}" for method in (GET, SET, TEST))
    herd = f"herd of {PERSONS:,} in one workspace and minute"
    return [
        Row(f"{herd}: calls", calls.total(), "calls", 2 * PERSONS + NEW_TOKENS, "get and set each, new tokens", each),
        Row(f"{herd}: wrong status", sum(late), "person-s", best, f"best order under {A_MINUTE} a minute",
            f"{LIMITS[SET]} a minute less what is kept for typed ones: {KEPT_FOR_TYPED}, halved each minute"),
    ]  # fmt: skip


async def _herd() -> tuple[Counter[str], list[float]]:
    """The calls that were made, by method, and by how many seconds each person's status was late."""
    clock = DemoClock(START - timedelta(minutes=1))
    slack = LocalSlack(clock)
    await slack.start()
    clock.start()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}")
        await schema.upgrade(database)
        replica = Replica(database, Encryptor([new_key()]), clock, slack.api_url, poll=1.0)
        await _seed(replica, slack)
        clock.busy = lambda: bool(slack.busy) or not replica.engine.at_rest
        await replica.start()
        calls = slack.calls.all
        while sum(call.ok for call in calls(SET)) < PERSONS:
            assert clock.now() < START + LASTS, "somebody's status was not set"
            await clock.jump(clock.now() + timedelta(minutes=1))
        late = [(call.at - START).total_seconds() for call in calls(SET) if call.ok]
        made = Counter(call.method for call in calls())
        await replica.stop()
        await database.close()
    await clock.stop()
    await slack.stop()
    return made, late


async def _seed(replica: Replica, slack: LocalSlack) -> None:
    """People whose timeline is stored: nothing until the meeting. Of some the token's owner is known already."""
    states, people, spans = [], [], {}
    meeting = Status("In a meeting", ":spiral_calendar_pad:", START + LASTS)
    for key in (PersonKey(TEAM, f"U{number}") for number in range(PERSONS)):
        slack.add_person(key.user_id, key.user_id.lower(), team_id=TEAM)
        token = slack.grant(key.user_id).value
        owner = token_digest(token) if len(people) >= NEW_TOKENS else ""
        people.append(
            {"team_id": TEAM, "user_id": key.user_id, "created_at": START, "granted_at": START, "grant_state": "ok",
             "token": replica.encryptor.seal(token, "people.token", TEAM, key.user_id), "stale": False, "due_at": START,
             "resolved_until": START + timedelta(days=8)}
        )  # fmt: skip
        states.append(
            {"team_id": TEAM, "user_id": key.user_id, "seq": 0, "sent": 0, "urgency": 9, "failures": 0,
             "memory": replica.profile_states.seal(ProfileState(owner=owner), key)}
        )  # fmt: skip
        ends = (START - timedelta(hours=8), START, START + LASTS, START + timedelta(days=9))
        shown = [
            (Status(), "nothing", Reason(ReasonCode.NOTHING)), (meeting, "meeting", Reason(ReasonCode.EVENT)),
            (Status(), "nothing", Reason(ReasonCode.NOTHING)),
        ]  # fmt: skip
        spans[key] = [Span(*when, *what) for when, what in zip(itertools.pairwise(ends), shown, strict=True)]
    async with replica.database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES), [{"team_id": TEAM, "name": "", "installed_at": START}])
        await connection.execute(sa.insert(PEOPLE), people)
        await connection.execute(sa.insert(PROFILE_STATES), states)
        await SpanStore(replica.encryptor).replace(connection, spans)
