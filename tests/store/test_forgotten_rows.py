"""Who was forgotten is known by keyed digests, as long as there may be backups from before."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.platform.crypto import Encryptor, new_key
from services.platform.settings import Settings
from services.store.db import Database
from services.store.forgotten import Forgotten, all_forgotten, note
from services.store.leavers import LeaverStore
from services.store.retention import KeptFor, RetentionStore
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspaces import WorkspaceStore
from tests.support.clocks import ManualClock
from tests.support.subscriptions import ANN

KEPT = KeptFor.of(Settings())


async def test_forget_and_uninstall_leave_a_keyed_digest_until_no_backup_from_before_is_left(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    now = clock.now()
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id=ANN.team_id, installed_at=now))
        await connection.execute(sa.insert(PEOPLE).values(team_id=ANN.team_id, user_id=ANN.user_id, created_at=now))
    assert await LeaverStore(database, encryptor).begin(ANN, now, now + timedelta(minutes=1))
    later = now + timedelta(hours=1)
    assert await WorkspaceStore(database, encryptor).delete(ANN.team_id, later)
    key_id, person = encryptor.pseudonyms(ANN.team_id, ANN.user_id)[0]
    assert await all_forgotten(database) == [
        Forgotten(person, key_id, now), Forgotten(encryptor.pseudonyms(ANN.team_id, "")[0][1], key_id, later)
    ]  # fmt: skip
    rows = RetentionStore(database)
    for at, left in ((now + KEPT.backups, 2), (later + KEPT.backups, 1), (later + KEPT.backups * 1.01, 0)):
        await rows.delete_old(at, KEPT)
        assert len(await all_forgotten(database)) == left


async def test_whoever_is_forgotten_twice_counts_from_the_last_time(database: Database, clock: ManualClock) -> None:
    first, last = clock.now(), clock.now() + timedelta(days=1)
    for at in (first, last, first):
        async with database.write() as connection:
            await note(connection, [Forgotten("d" * 64, "k", at)])
    assert await all_forgotten(database) == [Forgotten("d" * 64, "k", last)]


def test_pseudonym_is_there_for_each_key_and_tells_ids_apart() -> None:
    old, new = new_key(), new_key()
    both = Encryptor([new, old]).pseudonyms("T1", "U1")
    assert both == Encryptor([new]).pseudonyms("T1", "U1") + Encryptor([old]).pseudonyms("T1", "U1")
    assert len({digest for _, digest in both} | {key_id for key_id, _ in both}) == 4
    assert Encryptor([new]).pseudonyms("T1", "U2") != Encryptor([new]).pseudonyms("T1U", "2")
