from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from services.crypto import Sealer, new_key
from services.errors import SealError
from services.ports import Report
from services.store import rotation
from services.store.columns import Vault
from services.store.engine import Database
from services.store.models import Workspace
from services.store.rotation import Rotation, sealed_columns

INSTALLED = datetime(2026, 11, 24, tzinfo=UTC)


async def add(database: Database, vault: Vault, team_id: str, token: str) -> None:
    sealed = vault.seal(token, "workspaces.bot_token", team_id)
    async with database.write() as connection:
        await connection.execute(sa.insert(Workspace).values(team_id=team_id, bot_token=sealed, installed_at=INSTALLED))


async def test_rotation_makes_the_old_key_superfluous(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    old, new = new_key(), new_key()
    for number in range(5):
        await add(database, Vault(Sealer([old])), f"T{number}", f"xoxb-{number}")
    job = Rotation(database, Sealer([new, old]))
    assert await job.count() == 5
    reports = [report async for report in job.run() if report.done]
    assert reports == [Report(2, 2), Report(2, 2), Report(1, 1)]
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(Workspace.team_id, Workspace.bot_token))).all()
    only_new = Vault(Sealer([new]))
    opened = {team: only_new.open(sealed, "workspaces.bot_token", team) for team, sealed in rows}
    assert opened == {f"T{number}": f"xoxb-{number}" for number in range(5)}


async def test_rotation_leaves_and_counts_what_no_key_opens(database: Database) -> None:
    await add(database, Vault(Sealer([new_key()])), "T1", "xoxb-1")
    job = Rotation(database, Sealer([new_key()]))
    assert [report async for report in job.run() if report.done] == [Report(1, 0, 1)]


def test_sealed_columns_are_all_that_may_hold_a_secret() -> None:
    assert {column.name for column in sealed_columns()} == {
        "accounts.credentials", "accounts.name", "accounts.offer", "accounts.subject", "asks.content",
        "calendars.address", "calendars.credentials", "calendars.name", "calendars.state", "events.detail",
        "inbox.content", "oauth_states.verifier", "overrides.content", "people.addresses",
        "people.refresh_token", "people.token", "rules.body", "spans.content", "standings.memory",
        "workspaces.bot_refresh_token", "workspaces.bot_token", "writes.content",
    }  # fmt: skip


def test_sealed_value_moved_to_another_row_does_not_open() -> None:
    vault = Vault(Sealer([new_key()]))
    sealed = vault.seal("xoxp-ann", "people.token", "T1", "U1")
    assert vault.open(sealed, "people.token", "T1", "U1") == "xoxp-ann"
    with pytest.raises(SealError):
        vault.open(sealed, "people.token", "T1", "U2")
