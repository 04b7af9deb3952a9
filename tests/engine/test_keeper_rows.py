"""The keeper's tables on both databases: what is remembered, told, exported, and deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.platform.settings import Settings
from services.store.retention import KeptFor, RetentionStore
from services.store.stores import Stores
from services.store.workspace_tables import KEPT, KEPT_WRITES, LEAVES
from tests.support.databases import SQLITE_FIRST
from tests.support.engine import TEAM, RunningEngine
from tests.support.keeper import ADMIN, KeptWorkspace, a_kept_workspace

pytestmark = SQLITE_FIRST


KEEP = KeptFor.of(Settings())


@pytest.fixture
async def kept(engine: RunningEngine) -> KeptWorkspace:
    made = await a_kept_workspace(engine)
    await made.member("UBOB")
    return made


async def count(kept: KeptWorkspace, table: sa.Table) -> int:
    async with kept.engine.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def test_leave_is_set_typed_over_and_let_be(kept: KeptWorkspace) -> None:
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Out of office until 10:00"
    now = kept.engine.clock.move(minutes=3)
    kept.engine.slack.type_status("UBOB", "Here", ":wave:")
    assert await kept.replica.kept.see(kept.key("UBOB"), kept.status_of("UBOB"), now, now)
    assert not await kept.replica.kept.see(kept.key("UBOB"), kept.status_of("UBOB"), now, now)
    await kept.engine.rests()
    await kept.goes_on(61)
    assert kept.text("UBOB") == "Here"
    assert kept.writes("UBOB") == ["Out of office until 10:00"]


async def test_what_is_over_is_deleted_and_the_audit_after_a_month(kept: KeptWorkspace) -> None:
    retention = RetentionStore(kept.engine.database)
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    await kept.goes_on(61)
    async with kept.engine.database.write() as connection:
        await connection.execute(sa.delete(LEAVES))
    kept.engine.clock.move(days=2)
    now = kept.engine.clock.now()
    await retention.delete_old(now, KEEP)
    assert (await count(kept, KEPT), await count(kept, KEPT_WRITES)) == (0, 2)
    now += KEEP.audit
    await retention.delete_old(now, KEEP)
    assert await count(kept, KEPT_WRITES) == 0


async def test_what_a_keeper_that_is_gone_has_set_is_remembered_while_it_stands(kept: KeptWorkspace) -> None:
    retention = RetentionStore(kept.engine.database)
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    kept.engine.slack.revoke_of(ADMIN)
    now = kept.engine.clock.now()
    await retention.delete_old(now + timedelta(minutes=5), KEEP)
    assert await count(kept, KEPT) == 1


async def test_export_has_what_was_done_with_whose_permission(kept: KeptWorkspace) -> None:
    bob = await kept.engine.person("UBOB", granted=False)
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    kept.engine.clock.move(minutes=1)
    await kept.replica.refusals.put(bob, "keeper", kept.engine.clock.now())
    await kept.engine.rests()
    stores = Stores(kept.engine.database, kept.engine.encryptor, kept.engine.clock)
    found = await stores.export.export(bob)
    assert [(one["action"], one["keeper_id"]) for one in found["kept"]] == [("clear", ADMIN), ("write", ADMIN)]
    assert found["kept"][1]["status"]["text"] == "Out of office until 10:00"
    assert found["refusals"] == ["keeper"]


async def test_admins_are_told_in_words_why_nothing_is_kept_any_more(kept: KeptWorkspace) -> None:
    kept.engine.slack.workspaces[TEAM].paid = False
    await kept.has_leave("UBOB", ends=60)
    for _ in range(2):  # it is found, then told
        await kept.engine.rests()
    assert kept.engine.slack.direct_messages(ADMIN)
    kept.engine.slack.workspaces[TEAM].paid = True
    await kept.replica.keepers.consent(kept.admin, kept.engine.clock.now())
    await kept.engine.rests()
    kept.engine.slack.membership.set_role(ADMIN, "member")
    kept.engine.clock.move(minutes=1)
    await kept.slack_tells(ADMIN)
    for _ in range(2):
        await kept.engine.rests()
    first, second = (message.text for message in kept.engine.slack.direct_messages(ADMIN))
    assert "it needs a paid plan" in first
    assert "Another admin can take over" in second


async def test_memory_that_no_key_opens_is_never_written_over(kept: KeptWorkspace) -> None:
    await kept.has_leave("UBOB", begins=5, ends=60)
    await kept.engine.rests()
    async with kept.engine.database.write() as connection:
        broken = kept.engine.encryptor.seal(b"{", "kept.memory", TEAM, "UBOB")
        await connection.execute(sa.update(KEPT).values(memory=broken))
    await kept.goes_on(5)
    await kept.goes_on(30)
    assert kept.writes("UBOB") == []


async def test_nothing_is_remembered_of_profiles_where_nobody_is_a_keeper(kept: KeptWorkspace) -> None:
    await kept.replica.keepers.end(TEAM, kept.engine.clock.now())
    await kept.engine.rests()
    await kept.has_leave("UBOB", ends=60)
    now = kept.engine.clock.move(minutes=1)
    kept.engine.slack.type_status("UBOB", "Here", ":wave:")
    assert not await kept.replica.kept.see(kept.key("UBOB"), kept.status_of("UBOB"), now, now)
    assert (await kept.row(kept.key("UBOB"))).memory is None
    await kept.replica.keepers.consent(kept.admin, now)  # then it is found
    await kept.engine.rests()
    assert (await kept.row(kept.key("UBOB"))).memory is not None
