"""A workspace in numbers, for its admins: its own rows alone, one query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from services.domain.model import Kind
from services.domain.people import LEAVE
from services.slack import scopes
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.db import Database
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_numbers import NumberStore, WorkspaceNumbers
from services.store.workspace_tables import ABSENCES, LEAVES
from tests.support.databases import BOTH

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = (NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=1))


def absence(user: str, start: int, end: int, kind: Kind = Kind.OUT_OF_OFFICE, team: str = "T1") -> dict[str, object]:
    """Hours from the beginning of the day."""
    return {
        "team_id": team, "user_id": user, "absence_id": f"{start}{kind}", "kind": kind.value,
        "start_at": DAY[0] + timedelta(hours=start), "end_at": DAY[0] + timedelta(hours=end), "changed_at": NOW,
    }  # fmt: skip


@BOTH
async def test_numbers_count_the_rows_of_the_workspace_alone(database: Database) -> None:
    people = {
        "ANN": {"grant_state": "ok"}, "BEN": {"grant_state": "ok"}, "CID": {"grant_state": "lost"}, "DAN": {},
        "EVE": {"grant_state": "ok", "leave_by": NOW}, LEAVE: {"grant_state": "ok"},
    }  # fmt: skip
    row = {"created_at": NOW, "address_digest": ""}
    async with database.write() as connection:
        for team, granted in (("T1", [*scopes.BOT][1:]), ("T2", [*scopes.BOT, "emoji:read"])):
            values = {"team_id": team, "installed_at": NOW, "bot_scopes": scopes.joined(granted)}
            await connection.execute(sa.insert(WORKSPACES).values(values))
            for user, columns in people.items():
                values = {"team_id": team, "user_id": user, "created_at": NOW, **columns}
                await connection.execute(sa.insert(PEOPLE).values(values))
        for user, calendar, health in (
            ("ANN", "c1", "ok"), ("ANN", "c2", "broken"), ("BEN", "c1", "failing"), (LEAVE, "c1", "broken"),
        ):  # fmt: skip
            values = {"team_id": "T1", "user_id": user, "calendar_id": calendar, "provider": "ics", "health": health}
            await connection.execute(sa.insert(CALENDARS).values(**values, **row | {"address_digest": calendar}))
        for user, state in (("ANN", "ok"), ("BEN", "lost"), ("CID", "consent"), (LEAVE, "lost")):
            values = {"team_id": "T1", "user_id": user, "account_id": "a", "provider": "google", "state": state}
            await connection.execute(sa.insert(ACCOUNTS).values(**values, created_at=NOW, subject_digest=""))
        for one in (
            absence("ANN", 0, 24), absence("ANN", 3, 4), absence("BEN", 20, 40), absence("CID", -24, 0),
            absence("DAN", 24, 48), absence("DAN", 1, 2, Kind.WORKING_LOCATION), absence("BEN", 0, 24, team="T2"),
        ):  # fmt: skip
            await connection.execute(sa.insert(ABSENCES).values(one))
        for user, start in (("ANN", 0), ("FAY", 8), ("GUS", 24)):  # the last two have not connected
            leave = {"team_id": "T1", "user_id": user, "leave_id": "l", "calendar_id": "c"}
            times = {"start_at": DAY[0] + timedelta(hours=start), "end_at": DAY[0] + timedelta(hours=start + 8)}
            await connection.execute(sa.insert(LEAVES).values(**leave, **times))
    store = NumberStore(database)
    assert await store.of("T1", *DAY) == WorkspaceNumbers(
        people=4, granted=2, calendars=3, out_today=3, lost_grants=1, broken_calendars=3,
        missing_scopes=(next(iter(scopes.BOT)),),
    )  # fmt: skip
    assert await store.of("T2", *DAY) == WorkspaceNumbers(people=4, granted=2, out_today=1, lost_grants=1)
    assert await store.of("T3", *DAY) == WorkspaceNumbers(missing_scopes=tuple(sorted(scopes.BOT)))
