"""Entries of overrides in people's own calendars: taken up once, due again when the override changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.model import Override, OverrideKind
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.entries import EntryStore, written_entries
from services.store.overrides import OverrideStore
from services.store.person_rows import NoticeStore
from tests.support.clocks import ManualClock
from tests.support.subscriptions import ANN, BOB, NOW

LEASE = NOW + timedelta(minutes=1)
OUT = Override("o1", NOW, NOW + timedelta(days=1), NOW, kind=OverrideKind.OUT_OF_OFFICE)


@pytest.fixture
async def entries(database: Database, encryptor: Encryptor, people: None) -> EntryStore:
    return EntryStore(database, encryptor, NoticeStore(database, ManualClock(NOW)))


@pytest.fixture
async def overrides(database: Database, encryptor: Encryptor, people: None) -> OverrideStore:
    store = OverrideStore(database, encryptor)
    await store.add(ANN, OUT, NOW)
    return store


async def test_row_is_wanted_once_and_taken_up_once(entries: EntryStore, overrides: OverrideStore) -> None:
    for _ in range(2):
        await entries.want(ANN, "o1", "a", NOW)
    assert await entries.next_due() == NOW
    (claim,) = await entries.claim(NOW, LEASE, 10)
    assert (claim.override, claim.zone.key, claim.remote_id) == (OUT, "Europe/Berlin", "")
    assert await entries.claim(NOW, LEASE, 10) == []
    assert await entries.next_due() == LEASE
    assert await entries.save(claim, None, remote_id="r", written="w")
    assert await entries.next_due() is None


async def test_override_that_changes_meanwhile_has_it_due_at_once(
    entries: EntryStore, overrides: OverrideStore, database: Database
) -> None:
    await entries.want(ANN, "o1", "a", NOW)
    (claim,) = await entries.claim(NOW, LEASE, 10)
    await overrides.remove(ANN, "o1", NOW)
    assert await entries.save(claim, None, remote_id="r")
    assert await entries.next_due() == NOW
    await entries.forget(claim)  # what it was about is another by now
    (again,) = await entries.claim(NOW, LEASE, 10)
    assert (again.override, again.remote_id) == (None, "r")
    assert not await entries.save(claim, None)
    assert await written_entries(database, "T1") == {("U1", "a"): ["r"]}
    await entries.forget(again)
    assert await entries.next_due() is None


async def test_another_override_that_changes_leaves_it_alone(entries: EntryStore, overrides: OverrideStore) -> None:
    await entries.want(ANN, "o1", "a", NOW)
    (claim,) = await entries.claim(NOW, LEASE, 10)
    await entries.save(claim, None, remote_id="r")
    await overrides.add(ANN, Override("o2", NOW, None, NOW), NOW)
    await overrides.remove(ANN, "o2", NOW)
    assert await entries.next_due() is None


async def test_permission_makes_what_waits_due_in_the_account_that_has_it(
    entries: EntryStore, overrides: OverrideStore
) -> None:
    for key in (ANN, BOB):
        await entries.want(key, "o1", "a", NOW)
    for claim in await entries.claim(NOW, LEASE, 10):
        await entries.save(claim, None)
    assert await entries.granted(ANN, "b", NOW) == 1
    (claim,) = await entries.claim(NOW, LEASE, 10)
    assert (claim.key, claim.account_id) == (ANN, "b")
