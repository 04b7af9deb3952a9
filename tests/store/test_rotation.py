from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from services.domain.operator_errors import SealError
from services.platform.crypto import Encryptor, SealedBytes, new_key
from services.ports import Report
from services.store import rotation
from services.store.calendar_tables import CALENDARS, INBOX
from services.store.db import Database
from services.store.rotation import Rotation, Swap, sealed_columns
from services.store.tables import PEOPLE, WORKSPACES

INSTALLED = datetime(2026, 11, 24, tzinfo=UTC)


async def add(database: Database, encryptor: Encryptor, team_id: str, token: str) -> None:
    sealed = encryptor.seal(token, "workspaces.bot_token", team_id)
    async with database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES).values(team_id=team_id, bot_token=sealed, installed_at=INSTALLED)
        )


async def test_rotation_makes_the_old_key_superfluous(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    old, new = new_key(), new_key()
    for number in range(5):
        await add(database, Encryptor([old]), f"T{number}", f"xoxb-{number}")
    job = Rotation(database, Encryptor([new, old]))
    assert await job.count() == 5
    reports = [report async for report in job.run() if report.done]
    assert reports == [Report(2, 2), Report(2, 2), Report(1, 1)]
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token))).all()
    only_new = Encryptor([new])
    opened = {team: only_new.open(sealed, "workspaces.bot_token", team) for team, sealed in rows}
    assert opened == {f"T{number}": f"xoxb-{number}" for number in range(5)}


async def test_values_of_a_release_before_are_resealed_as_aes_gcm(database: Database) -> None:
    key, older = new_key(), new_key()
    for team, with_key in (("T1", key), ("T2", older)):
        stored = Fernet(with_key).encrypt(f"workspaces.bot_token/{team}\0xoxb-{team}".encode())
        async with database.write() as connection:
            row = {"team_id": team, "bot_token": SealedBytes(stored), "installed_at": INSTALLED}
            await connection.execute(sa.insert(WORKSPACES).values(row))
    job = Rotation(database, Encryptor([key, older]))
    assert [report async for report in job.run() if report.done] == [Report(2, 2)]
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token))).all()
    assert {sealed[:1] for _, sealed in rows} == {b"\x01"}
    opened = {team: Encryptor([key]).open(sealed, "workspaces.bot_token", team) for team, sealed in rows}
    assert opened == {"T1": "xoxb-T1", "T2": "xoxb-T2"}
    assert [report async for report in job.run() if report.done] == [Report(2, 0)]


async def test_rotation_leaves_and_counts_what_no_key_opens(database: Database) -> None:
    await add(database, Encryptor([new_key()]), "T1", "xoxb-1")
    job = Rotation(database, Encryptor([new_key()]))
    assert [report async for report in job.run() if report.done] == [Report(1, 0, 1)]


async def add_files(database: Database, encryptor: Encryptor, sizes: list[int]) -> None:
    """Calendar files that wait in the inbox, of so many bytes."""
    await add(database, encryptor, "T1", "xoxb-1")
    of = {"team_id": "T1", "user_id": "U1"}
    async with database.write() as connection:
        await connection.execute(sa.insert(PEOPLE).values(**of, created_at=INSTALLED))
        await connection.execute(
            sa.insert(CALENDARS).values(
                **of, calendar_id="c1", provider="file", address_digest="d", created_at=INSTALLED
            )
        )
        for seq, size in enumerate(sizes):
            content = encryptor.seal(b"x" * size, "inbox.content", "T1", "U1", "c1", str(seq))
            await connection.execute(
                sa.insert(INBOX).values(**of, calendar_id="c1", seq=seq, received_at=INSTALLED, content=content)
            )


async def test_rotation_takes_up_so_many_bytes_at_a_time_and_at_least_one_value(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BYTES", 50_000)
    old, new = new_key(), new_key()
    await add_files(database, Encryptor([old]), [20, 30_000, 100, 90_000, 5_000, 5_000])
    reports = [report.done async for report in Rotation(database, Encryptor([new, old])).run() if report.done]
    assert reports == [1, 3, 1, 2]  # the workspace's token, and the files
    only_new = Encryptor([new])
    async with database.read() as connection:
        for seq, sealed in await connection.execute(sa.select(INBOX.c.seq, INBOX.c.content)):
            assert only_new.open_bytes(sealed, "inbox.content", "T1", "U1", "c1", str(seq))


@pytest.mark.slow
async def test_memory_of_a_rotation_is_bounded_however_much_there_is(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BYTES", 1 << 20)
    old, new = new_key(), new_key()
    database = Database(sqlite_url)
    await add_files(database, Encryptor([old]), [300_000] * 40)  # 16 MiB, sealed
    tracemalloc.start()
    try:
        reports = [report async for report in Rotation(database, Encryptor([new, old])).run()]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await database.close()
    assert sum(report.changed for report in reports) == 41
    assert most < 8 << 20


class Watching(Encryptor):
    """Tells of each value that is re-sealed."""

    watch: Callable[[], None] = staticmethod(lambda: None)

    def reseal(self, sealed: bytes, column: str, *row: str) -> SealedBytes | None:
        self.watch()
        return super().reseal(sealed, column, *row)


async def test_database_can_be_written_to_while_values_are_resealed(sqlite_url: str) -> None:
    old, new = new_key(), new_key()
    database = Database(sqlite_url)
    await add_files(database, Encryptor([old]), [1000] * 3)
    encryptor = Watching([new, old])
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), timeout=0)) as another:

        def write() -> None:
            another.execute("UPDATE people SET locale = locale || 'x'")
            another.commit()

        encryptor.watch = write
        assert sum([report.changed async for report in Rotation(database, encryptor).run()]) == 4
        assert another.execute("SELECT locale FROM people").fetchone() == ("en-USxxxx",)
    await database.close()


async def test_what_the_app_writes_meanwhile_is_not_overwritten(database: Database) -> None:
    old, new = new_key(), new_key()
    await add(database, Encryptor([old]), "T1", "xoxb-old")
    await add(database, Encryptor([old]), "T2", "xoxb-2")
    fresh = Encryptor([new]).seal("xoxb-new", "workspaces.bot_token", "T1")

    class Meanwhile(Rotation):
        async def _swap(self, sealed: sa.Column[Any], found: Sequence[Swap]) -> int:
            async with database.write() as connection:
                await connection.execute(
                    sa.update(WORKSPACES).where(WORKSPACES.c.team_id == "T1").values(bot_token=fresh)
                )
            return await super()._swap(sealed, found)

    reports = [report async for report in Meanwhile(database, Encryptor([new, old])).run() if report.done]
    assert reports == [Report(2, 1)]
    only_new = Encryptor([new])
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token))).all()
    opened = {team: only_new.open(sealed, "workspaces.bot_token", team) for team, sealed in rows}
    assert opened == {"T1": "xoxb-new", "T2": "xoxb-2"}


def test_sealed_columns_are_all_that_may_hold_a_secret() -> None:
    assert {str(column) for column in sealed_columns()} == {
        "accounts.credentials", "accounts.name", "accounts.offer", "accounts.subject", "agent_changes.agent",
        "agent_keys.name", "asked_photos.answer", "asked_photos.content", "asks.content",
        "calendars.address", "calendars.credentials", "calendars.name", "calendars.state", "effects.memory",
        "events.detail", "inbox.content", "kept.memory", "kept_writes.content", "leave_lines.content",
        "leave_ties.name", "members.detail", "oauth_states.verifier", "overrides.content", "people.addresses",
        "people.names", "people.refresh_token", "people.token", "pictures.content", "rules.body", "spans.content",
        "standings.memory", "undos.content", "workspaces.bot_refresh_token", "workspaces.bot_token",
        "writes.content",
    }  # fmt: skip


def test_sealed_value_moved_to_another_row_does_not_open() -> None:
    encryptor = Encryptor([new_key()])
    sealed = encryptor.seal("xoxp-ann", "people.token", "T1", "U1")
    assert encryptor.open(sealed, "people.token", "T1", "U1") == "xoxp-ann"
    with pytest.raises(SealError):
        encryptor.open(sealed, "people.token", "T1", "U2")
