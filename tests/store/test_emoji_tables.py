"""A workspace's own emoji as both databases keep them, and when they are to be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.emoji import EVERY, MOST_NAMES, EmojiTable
from services.domain.people import OAuthAnswer, Tokens
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.emoji import EmojiStore
from services.store.workspaces import WorkspaceStore
from tests.support.clocks import ManualClock

LEASE = timedelta(minutes=2)


@pytest.fixture
def emoji(database: Database) -> EmojiStore:
    return EmojiStore(database)


@pytest.fixture
def workspaces(database: Database, encryptor: Encryptor) -> WorkspaceStore:
    return WorkspaceStore(database, encryptor)


async def install(
    workspaces: WorkspaceStore, clock: ManualClock, team: str = "T1", *, scope: str = "emoji:read"
) -> None:
    bot = Tokens("xoxb-1", frozenset({"commands", scope}))
    await workspaces.install(OAuthAnswer(team, "", False, "", "A1", "U1", "UBOT", bot=bot), clock.now())


async def keep(emoji: EmojiStore, clock: ManualClock, found: dict[str, str], team: str = "T1") -> bool:
    """Read the table as the engine does: claim it, then keep what was found."""
    due_at = (await emoji.table(team)).due_at
    now = clock.now()
    assert due_at is not None
    assert await emoji.put_off(team, due_at, now + LEASE)
    return await emoji.save(team, found, read_at=now, due_at=now + LEASE, until=now + EVERY)


async def test_table_is_due_after_an_install_that_may_read_it_and_daily(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    await install(workspaces, clock, "T2", scope="chat:write")
    assert await emoji.next_due() == clock.now()
    assert await emoji.due(clock.now(), 10) == {"T1": clock.now()}
    assert await keep(emoji, clock, {"party": ""})
    assert await emoji.due(clock.now(), 10) == {}
    assert await emoji.next_due() == clock.now() + EVERY
    clock.move(hours=24)
    assert list(await emoji.due(clock.now(), 10)) == ["T1"]
    await install(workspaces, clock, "T2")
    assert list(await emoji.due(clock.now(), 10)) == ["T1", "T2"]
    assert list(await emoji.due(clock.now(), 1)) == ["T1"]


async def test_tables_of_other_processes_are_left_to_them(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    assert await emoji.next_due(["T1"]) is None
    assert await emoji.due(clock.now(), 10, ["T1"]) == {}


async def test_what_is_kept_is_exactly_what_was_read_last(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    await install(workspaces, clock, "T2")
    assert await emoji.table("T1") == EmojiTable(due_at=clock.now())
    await keep(emoji, clock, {"other": "party"}, "T2")
    assert await keep(emoji, clock, {"party": "", "fiesta": "party", "bye": "", "日本": ""})
    first = await emoji.table("T1")
    assert (first.read_at, first.due_at, first.cut) == (clock.now(), clock.now() + EVERY, False)
    assert await emoji.names("T1") == {"party": "", "fiesta": "party", "bye": "", "日本": ""}
    clock.move(hours=24)
    assert not await keep(emoji, clock, {"bye": "", "fiesta": "party", "party": "", "日本": ""})
    assert (await emoji.table("T1")).digest == first.digest
    assert await keep(emoji, clock, {"party": "tada", "new": ""})
    assert (await emoji.table("T1")).digest != first.digest
    assert await emoji.names("T1") == {"party": "tada", "new": ""}
    assert await emoji.names("T2") == {"other": "party"}
    assert [await emoji.look("T1", name) for name in ("party", "bye")] == [
        (await emoji.table("T1"), True), (await emoji.table("T1"), False),
    ]  # fmt: skip


async def test_change_that_is_told_of_has_it_due_sooner_and_never_later(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    await keep(emoji, clock, {"party": ""})
    soon = clock.now() + timedelta(seconds=15)
    assert await emoji.mark("T1", soon)
    assert not await emoji.mark("T1", soon + timedelta(seconds=1))
    assert (await emoji.table("T1")).due_at == soon
    await install(workspaces, clock, "T2", scope="chat:write")
    assert [await emoji.mark(team, soon) for team in ("T2", "T3")] == [False, False]


async def test_change_during_a_read_is_read_after_it(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    now = clock.now()
    assert await emoji.put_off("T1", now, now + LEASE)
    assert not await emoji.put_off("T1", now, now + LEASE)  # another process was first
    soon = now + timedelta(seconds=15)
    assert await emoji.mark("T1", soon)
    assert await emoji.save("T1", {"party": ""}, read_at=now, due_at=now + LEASE, until=now + EVERY)
    table = await emoji.table("T1")
    assert (table.due_at, table.is_complete(now)) == (soon, False)


async def test_uninstalled_workspace_leaves_no_emoji_and_takes_none(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    await keep(emoji, clock, {"party": ""})
    await workspaces.delete("T1", clock.now())
    assert await emoji.names("T1") == {}
    now = clock.now()
    assert not await emoji.save("T1", {"party": ""}, read_at=now, due_at=now, until=now + EVERY)
    assert (await emoji.names("T1"), await emoji.look("T1", "party")) == ({}, (EmojiTable(), False))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_as_many_names_as_are_kept_are_no_complete_table(
    emoji: EmojiStore, workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await install(workspaces, clock)
    many = {f"team_face_{number:05}": "" for number in range(MOST_NAMES)}
    await keep(emoji, clock, many)
    assert await emoji.names("T1") == many
    assert not (await emoji.table("T1")).is_complete(clock.now())
    clock.move(hours=24)
    del many["team_face_00000"]
    await keep(emoji, clock, many)
    assert len(await emoji.names("T1")) == MOST_NAMES - 1
    assert (await emoji.table("T1")).is_complete(clock.now())
