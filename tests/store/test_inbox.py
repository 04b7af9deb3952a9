"""Inboxes and hooks as both databases keep them: nothing lost, nothing doubled, nothing of anybody else's."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.calendars import FILE, Saved
from services.domain.errors import AlreadyConnectedError, NotGrantedError, TooManyError
from services.domain.model import PersonKey
from services.domain.request_errors import TooManyRequestsError
from services.platform.crypto import Encryptor, SealedBytes, digest_of
from services.store import watches as module
from services.store.calendar_rows import MOST
from services.store.calendar_tables import CALENDARS, INBOX
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.watches import HookStore, InboxStore
from tests.support.stored_calendars import ANN, BOB, CAT, LATER, NOW, WORKED, claim_one, full, meeting, view


@pytest.fixture
def inbox(database: Database, encryptor: Encryptor, people: None) -> InboxStore:
    return InboxStore(database, encryptor)


@pytest.fixture
def hooks(database: Database, encryptor: Encryptor, people: None) -> HookStore:
    return HookStore(database, encryptor)


async def seqs(inbox: InboxStore, calendar_id: str, key: PersonKey = ANN) -> list[tuple[int, bytes | None]]:
    return [(one.seq, one.content) for one in await inbox.waiting(key, calendar_id)]


async def test_what_arrives_waits_in_its_order_and_makes_the_calendar_due(
    store: CalendarStore, inbox: InboxStore, hooks: HookStore
) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    assert (await view(store)).due_at is None
    for content in (b"one", b"two"):
        assert await inbox.put(ANN, hook, content, NOW)
    assert await seqs(inbox, hook) == [(1, b"one"), (2, b"two")]
    assert (await view(store)).due_at == NOW
    assert not await inbox.put(BOB, hook, b"x", NOW)
    assert not await inbox.put(CAT, hook, b"x", NOW)


async def test_what_is_saved_leaves_the_inbox_with_it_and_what_came_meanwhile_stays(
    store: CalendarStore, inbox: InboxStore, hooks: HookStore
) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    await inbox.put(ANN, hook, b"one", NOW)
    claimed = await claim_one(store)
    await inbox.put(ANN, hook, b"two", NOW + timedelta(seconds=1))
    assert await store.save(claimed, full([meeting(1)], taken=1), WORKED, NOW) is Saved.CHANGED
    assert await seqs(inbox, hook) == [(2, b"two")]
    assert (await view(store)).due_at == NOW + timedelta(seconds=1)
    again = await claim_one(store, LATER)
    assert await store.save(again, full([meeting(1)], taken=2, unchanged=True), WORKED, LATER) is Saved.UNCHANGED
    assert await seqs(inbox, hook) == []


async def test_stale_claim_takes_nothing_out(store: CalendarStore, inbox: InboxStore, hooks: HookStore) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    await inbox.put(ANN, hook, b"one", NOW)
    slow = await claim_one(store)
    await claim_one(store, slow.lease)
    assert await store.save(slow, full([meeting(1)], taken=1), WORKED, NOW) is Saved.STALE
    assert await seqs(inbox, hook) == [(1, b"one")]


async def test_whole_file_takes_the_place_of_what_waits(inbox: InboxStore, store: CalendarStore) -> None:
    calendar_id = await inbox.connect(ANN, "work", "Work", b"one", now=NOW, whole=True)
    await inbox.put(ANN, calendar_id, b"two", NOW)
    await inbox.put(ANN, calendar_id, b"three", NOW, whole=True)
    assert await seqs(inbox, calendar_id) == [(3, b"three")]
    shown = await view(store)
    assert (shown.provider, shown.name, shown.due_at) == (FILE, "Work", NOW)


async def test_whole_file_that_comes_while_another_is_worked_in_is_not_taken_for_it(
    inbox: InboxStore, store: CalendarStore
) -> None:
    calendar_id = await inbox.connect(ANN, "work", "Work", b"one", now=NOW, whole=True)
    claimed = await claim_one(store)
    await inbox.put(ANN, calendar_id, b"two", NOW + timedelta(seconds=1), whole=True)
    assert await store.save(claimed, full([meeting(1)], taken=1), WORKED, NOW) is Saved.CHANGED
    assert [content for _, content in await seqs(inbox, calendar_id)] == [b"two"]
    assert (await view(store)).due_at == NOW + timedelta(seconds=1)


async def test_file_is_known_by_its_name_to_its_person_alone(inbox: InboxStore) -> None:
    calendar_id = await inbox.connect(ANN, "work", "Ann's", b"one", now=NOW, whole=True)
    with pytest.raises(AlreadyConnectedError):
        await inbox.connect(ANN, "work", "Ann's", b"one", now=NOW, whole=True)
    assert await inbox.named(ANN, "work") == (calendar_id, "Ann's")
    assert await inbox.named(ANN, "home") is None
    assert [await inbox.named(key, "work") for key in (BOB, CAT)] == [None, None]
    with pytest.raises(NotGrantedError):
        await inbox.connect(PersonKey("T1", "nobody"), "work", "x", b"one", now=NOW, whole=True)


async def test_so_much_waits_and_no_more(inbox: InboxStore, hooks: HookStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    assert await inbox.put(ANN, hook, b"x" * 5000, NOW)
    with pytest.raises(TooManyRequestsError):
        await inbox.put(ANN, hook, b"x", NOW)
    assert len(await seqs(inbox, hook)) == 1


async def test_arrivals_at_the_same_time_get_numbers_of_their_own(
    database: Database, encryptor: Encryptor, hooks: HookStore
) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    inbox = InboxStore(database, encryptor)
    await asyncio.gather(*(inbox.put(ANN, hook, str(number).encode(), NOW) for number in range(8)))
    found = await seqs(inbox, hook)
    assert [seq for seq, _ in found] == list(range(1, 9))
    assert sorted(content or b"" for _, content in found) == [str(number).encode() for number in range(8)]


async def test_content_is_sealed_to_its_row_and_one_that_does_not_open_is_told_apart(
    database: Database, inbox: InboxStore, hooks: HookStore
) -> None:
    hook = await hooks.create(ANN, "d", NOW)
    await inbox.put(ANN, hook, b"one", NOW)
    await inbox.put(ANN, hook, b"two", NOW)
    async with database.write() as connection:
        first = await connection.scalar(sa.select(INBOX.c.content).where(INBOX.c.seq == 1))
        assert b"one" not in bytes(first or b"")
        await connection.execute(sa.update(INBOX).where(INBOX.c.seq == 2).values(content=SealedBytes(first or b"")))
    assert await seqs(inbox, hook) == [(1, b"one"), (2, None)]


async def test_hook_is_found_by_its_digest_alone_and_by_the_newest(hooks: HookStore, database: Database) -> None:
    first, other = digest_of("first"), digest_of("other")
    calendar_id = await hooks.create(ANN, first, NOW)
    found = await hooks.find(first)
    assert found is not None
    assert (found.key, found.calendar_id) == (ANN, calendar_id)
    assert not await hooks.rotate(BOB, calendar_id, other)
    assert not await hooks.rotate(ANN, "C0", other)
    assert await hooks.rotate(ANN, calendar_id, other)
    assert await hooks.find(first) is None
    assert dataclasses.replace(found) == await hooks.find(other)
    async with database.read() as connection:
        assert await connection.scalar(sa.select(CALENDARS.c.secret)) == other


async def test_hooks_are_numbered_and_count_as_calendars(hooks: HookStore, store: CalendarStore) -> None:
    for number in range(MOST):
        await hooks.create(ANN, f"d{number}", NOW + timedelta(seconds=number))
    assert [one.name for one in await store.of(ANN)][:3] == ["Hook", "Hook 2", "Hook 3"]
    with pytest.raises(TooManyError):
        await hooks.create(ANN, "one more", NOW)
    with pytest.raises(NotGrantedError):
        await hooks.create(PersonKey("T1", "nobody"), "x", NOW)
