"""What is left to do at providers when somebody leaves: theirs alone, and soon told however many they are."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa

from services.calendars.oauth import Credentials
from services.platform.crypto import Encryptor
from services.store.accounts import AccountStore, Cleanup
from services.store.calendar_tables import ACCOUNTS, CALENDARS, WATCHES
from services.store.db import Database
from services.store.person_rows import NoticeStore
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.stored_calendars import LATER, NOW

FEW, MANY = 50, 1500
"""Of what compares everybody with everybody, the many take 900 times as long as the few."""


@BOTH
async def test_everybody_of_a_large_workspace_leaves_with_their_own_watch_and_is_compared_with_no_other(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    async with database.write() as connection:
        for team_id, people in (("T1", MANY), ("T2", FEW)):
            await connection.execute(sa.insert(WORKSPACES), [{"team_id": team_id, "installed_at": NOW}])
            for table in (PEOPLE, ACCOUNTS, CALENDARS, WATCHES):
                rows = [_row(table, encryptor, team_id, number) for number in range(people)]
                await connection.execute(sa.insert(table), rows)
    store = AccountStore(database, encryptor, NoticeStore(database, clock))
    few, _ = await _told(store, "T2")
    many, found = await _told(store, "T1")
    assert many < 5 * (MANY / FEW) * few
    assert sorted((one.credentials["access"], one.watches[0].watch_id) for one in found) == sorted(
        (f"token {number}", f"w{number}") for number in range(MANY)
    )
    assert {len(one.watches) for one in found} == {1}


async def _told(store: AccountStore, team_id: str) -> tuple[float, list[Cleanup]]:
    """The processor time of this thread, in seconds, that it takes to say what is left to do; and that."""
    began = time.thread_time()
    found = await store.cleanups(team_id)
    return time.thread_time() - began, found


def _row(table: sa.FromClause, encryptor: Encryptor, team_id: str, number: int) -> dict[str, object]:
    place = {"team_id": team_id, "user_id": f"U{number}"}
    account, calendar = (
        {"account_id": "A0"},
        {"calendar_id": f"C{number}"},
    )  # an account's id is told apart by its owner
    match table:
        case _ if table is PEOPLE:
            return {**place, "created_at": NOW}
        case _ if table is ACCOUNTS:
            held = json.dumps(Credentials(f"token {number}", "r", LATER).to_json())
            sealed = encryptor.seal(held, "accounts.credentials", *place.values(), "A0")
            return {
                **place,
                **account,
                "provider": "google",
                "credentials": sealed,
                "subject_digest": str(number),
                "created_at": NOW,
            }
        case _ if table is CALENDARS:
            digest = {"address_digest": str(number)}
            return {**place, **account, **calendar, **digest, "provider": "google", "health": "ok", "created_at": NOW}
    watch = {"watch_id": f"w{number}", "secret": "s", "remote_id": "r", "created_at": NOW, "expires_at": LATER}
    return {**place, **calendar, **watch}
