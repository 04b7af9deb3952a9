"""Members without a grant whose leave a keeper keeps: told of by what Slack shows, and by the leave that is to come."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.decisions import Standing
from services.domain.keeper import KeeperState
from services.domain.members import WorkspaceMember
from services.domain.model import NO_STATUS, PersonKey, Status
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.absences import AbsenceStore
from services.store.db import Database
from services.store.keeper import seal_kept
from services.store.members import MemberStore
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import KEEPERS, KEPT, LEAVES, REFUSALS
from tests.support.databases import BOTH

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY, TOMORROW, FRIDAY = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27)
LOOKED = "2026-11-23T23:00:00+00:00 2026-11-26T23:00:00+00:00"
"""Of the leave that was decided about when the profile was looked at."""
SHOWN = Status("Out of office until 27 November", ":palm_tree:", datetime(2026, 11, 26, 23, tzinfo=UTC))

pytestmark = BOTH


@pytest.fixture
async def store(database: Database, encryptor: Encryptor) -> AbsenceStore:
    """A workspace with a keeper, and two members who never connected: Dan, who is on leave until Friday, and Eve."""
    members = MemberStore(database, encryptor)
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=NOW))
        await connection.execute(
            sa.insert(PEOPLE).values(team_id="T1", user_id="UADMIN", created_at=NOW, grant_state="ok", token=None)
        )
        await connection.execute(
            sa.insert(KEEPERS).values(team_id="T1", user_id="UADMIN", consented_at=NOW, state=KeeperState.OK.value)
        )
        await members.needed(connection, "T1", NOW)
    named = {"U1": "Dan Fox", "U2": "Eve Sato", "U3": "Zed Gone"}
    people = [
        WorkspaceMember(user, (name,), zone="Europe/Berlin", deleted=user == "U3") for user, name in named.items()
    ]
    await members.put("T1", people, read_at=NOW, now=NOW)
    await has_leave(database, "U1", TODAY, FRIDAY)
    await keeps(database, encryptor, "U1", SHOWN)
    return AbsenceStore(database, encryptor)


async def has_leave(database: Database, user_id: str, first: date, after: date, name: str = "l") -> None:
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) - HOUR for day in (first, after))
    row = {"team_id": "T1", "user_id": user_id, "leave_id": name, "calendar_id": "c", "start_at": start, "end_at": end,
           "wall_start": f"{first}T00:00:00", "wall_end": f"{after}T00:00:00", "all_day": True}  # fmt: skip
    await database.execute(sa.insert(LEAVES).values(row))


async def keeps(
    database: Database, encryptor: Encryptor, user_id: str, status: Status | None, *, decided: str = LOOKED, **more: Any
) -> None:
    """The keeper has written `status` on the profile."""
    state = ProfileState(Standing(applied=status, **more), decided=decided)
    memory = seal_kept(encryptor, state, PersonKey("T1", user_id))
    async with database.write() as connection:
        await connection.execute(sa.delete(KEPT).where(KEPT.c.user_id == user_id))
        await connection.execute(sa.insert(KEPT).values(team_id="T1", user_id=user_id, memory=memory, owed=True))


async def told(store: AbsenceStore, end: datetime = NOW + DAY, **more: Any) -> list[tuple[str, date | None]]:
    return [(one.name, one.return_day) for one in await store.out("T1", NOW, end, now=NOW, **more)]


async def test_kept_member_who_is_out_is_told_as_slack_shows_it(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    assert await told(store) == [("Dan Fox", FRIDAY)]
    assert await told(store, among=["U2"]) == []
    assert await told(store, among=["U1"]) == [("Dan Fox", FRIDAY)]
    await keeps(database, encryptor, "U1", SHOWN, own=NO_STATUS)
    assert await told(store) == []
    await keeps(database, encryptor, "U1", SHOWN, own=Status("Back", ":wave:"))
    assert await told(store) == []
    await keeps(database, encryptor, "U1", None)
    assert await told(store) == []


async def test_leave_that_has_begun_is_told_until_the_profile_is_looked_at(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    await keeps(database, encryptor, "U1", None, decided="")
    await has_leave(database, "U2", TODAY, FRIDAY)
    assert await told(store) == [("Dan Fox", FRIDAY), ("Eve Sato", FRIDAY)]
    paused = {"team_id": "T1", "created_at": NOW, "paused_from": NOW, "grant_state": "none"}
    away = json.dumps({"share_absences": False})
    await database.execute(sa.insert(PEOPLE).values(**paused, user_id="U1", preferences="{}"))
    await database.execute(sa.insert(PEOPLE).values(**paused | {"paused_from": None}, user_id="U2", preferences=away))
    assert await told(store) == []


async def test_leave_to_come_is_told_and_leave_that_follows_is_one_with_it(
    store: AbsenceStore, database: Database
) -> None:
    await has_leave(database, "U1", FRIDAY, date(2026, 11, 28), name="m")
    assert await told(store) == [("Dan Fox", date(2026, 11, 28))]
    await has_leave(database, "U2", TOMORROW, FRIDAY)
    assert await told(store) == [("Dan Fox", date(2026, 11, 28)), ("Eve Sato", FRIDAY)]
    found = {one.name: one for one in await store.out("T1", NOW + DAY, NOW + 2 * DAY, now=NOW)}
    assert (found["Eve Sato"].first_day, found["Eve Sato"].told_ahead, found["Eve Sato"].place) == (TOMORROW, True, "")
    assert await told(store, end=NOW + HOUR) == [("Dan Fox", date(2026, 11, 28))]


@pytest.mark.parametrize("state", [KeeperState.ENDING, KeeperState.LOST, KeeperState.IMPOSSIBLE, None])
async def test_without_a_keeper_nobody_is_told_of(
    store: AbsenceStore, database: Database, state: KeeperState | None
) -> None:
    if state is None:
        await database.execute(sa.delete(KEEPERS))
    else:
        await database.execute(sa.update(KEEPERS).values(state=state.value))
    await has_leave(database, "U2", TOMORROW, FRIDAY)
    assert await told(store) == []


@pytest.mark.parametrize("what", ["keeper", "leave"])
async def test_who_does_not_want_that_is_not_told_of(store: AbsenceStore, database: Database, what: str) -> None:
    for user_id in ("U1", "U2"):
        refused = {"team_id": "T1", "user_id": user_id, "what": what, "at": NOW}
        await database.execute(sa.insert(REFUSALS).values(refused))
    await has_leave(database, "U2", TOMORROW, FRIDAY)
    assert await told(store) == []


async def test_who_has_a_grant_is_told_of_by_their_own_timeline_and_who_is_gone_not_at_all(
    store: AbsenceStore, database: Database
) -> None:
    await has_leave(database, "U3", TOMORROW, FRIDAY)  # deactivated
    for user_id, more in (
        ("U1", {"grant_state": "ok"}),
        ("U2", {"preferences": json.dumps({"share_absences": False})}),
    ):
        row = {"team_id": "T1", "user_id": user_id, "created_at": NOW, "grant_state": "lost", **more}
        await database.execute(sa.insert(PEOPLE).values(row))
    await has_leave(database, "U2", TOMORROW, FRIDAY)
    assert await told(store) == []


async def test_workspace_that_forbids_the_keeper_tells_of_none(store: AbsenceStore, database: Database) -> None:
    await database.execute(sa.update(WORKSPACES).values(policy='{"keeper": false}'))
    assert await told(store) == []


async def test_paused_member_is_not_told_of_now_but_ahead(store: AbsenceStore, database: Database) -> None:
    await database.execute(
        sa.insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=NOW, grant_state="none", paused_from=NOW - HOUR)
    )
    await has_leave(database, "U1", date(2026, 12, 7), date(2026, 12, 9), name="m")
    assert await told(store, end=NOW + 30 * DAY) == [("Dan Fox", date(2026, 12, 9))]
