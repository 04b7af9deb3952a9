"""What is left to do at providers when somebody leaves: theirs alone, and soon told however many they are."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa

from services.calendars.oauth import Credentials
from services.platform.crypto import Encryptor
from services.store.accounts import AccountStore
from services.store.calendar_models import Account, Calendar, WatchRow
from services.store.db import Database
from services.store.models import Person, Workspace
from services.store.person_rows import NoticeStore
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.stored_calendars import LATER, NOW

MANY = 1500


@BOTH
async def test_everybody_of_a_large_workspace_leaves_with_their_own_watch_and_in_a_moment(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    async with database.write() as connection:
        await connection.execute(sa.insert(Workspace), [{"team_id": "T1", "installed_at": NOW}])
        for model in (Person, Account, Calendar, WatchRow):
            await connection.execute(sa.insert(model), [_row(model, encryptor, number) for number in range(MANY)])
    store = AccountStore(database, encryptor, NoticeStore(database, clock))
    before = time.process_time()
    found = await store.cleanups("T1")
    assert time.process_time() - before < 1.5
    assert sorted((one.credentials["access"], one.watches[0].watch_id) for one in found) == sorted(
        (f"token {number}", f"w{number}") for number in range(MANY)
    )
    assert {len(one.watches) for one in found} == {1}


def _row(model: type, encryptor: Encryptor, number: int) -> dict[str, object]:
    place = {"team_id": "T1", "user_id": f"U{number}"}
    account, calendar = (
        {"account_id": "A0"},
        {"calendar_id": f"C{number}"},
    )  # an account's id is told apart by its owner
    match model:
        case _ if model is Person:
            return {**place, "created_at": NOW}
        case _ if model is Account:
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
        case _ if model is Calendar:
            digest = {"address_digest": str(number)}
            return {**place, **account, **calendar, **digest, "provider": "google", "health": "ok", "created_at": NOW}
    watch = {"watch_id": f"w{number}", "secret": "s", "remote_id": "r", "created_at": NOW, "expires_at": LATER}
    return {**place, **calendar, **watch}
