"""What can be taken back: kept sealed, for ten minutes, whole, and its owner's alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from services.domain.errors import ChangedSinceError
from services.domain.lines import Match, Routine, Rule, complete
from services.domain.model import Effect, Look, Override, OverrideKind, Pause, PersonKey, Status
from services.domain.people import Preferences
from services.domain.undo import AccountChoice, Change
from services.platform.crypto import Encryptor, new_key
from services.store.db import Database
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from services.store.stores import Stores
from services.store.tables import PEOPLE, WORKSPACES
from services.store.undo_tables import UNDOS
from services.store.undos import MOST_UNDOS, UNDO_LIVES, UndoStore
from tests.support.clocks import ManualClock

ANN, BEN = PersonKey("T1", "U1"), PersonKey("T1", "U2")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ABSENCE = Override(
    "o1", NOW, NOW + timedelta(days=1), NOW, OverrideKind.OUT_OF_OFFICE, "Secret skiing", ":ski:",
    frozenset({Effect.DND}), "U2",
)  # fmt: skip
LINES = complete((Rule("r1", "Talks", Match(title_words=("salary",)), Look("Talking")),))
WHOLE = Change(
    lines=(LINES, (*LINES, Routine("l", Look("Lunch"), frozenset({0}), time(12), time(13)))),
    preferences=(Preferences(), Preferences(titles=True, idle=Status("Here", ":wave:"))),
    pause=(None, Pause(NOW, NOW + timedelta(hours=1))),
    overrides=((ABSENCE, None), (None, replace(ABSENCE, id="o2", end=None))),
    account=AccountChoice("a1", frozenset({"secret-1", "b"}), frozenset({"c"})),
    calendar_id="c1",
)


@pytest.fixture
async def people(database: Database) -> Database:
    ids = [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BEN)]
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", name="", installed_at=NOW))
        await connection.execute(sa.insert(PEOPLE), ids)
    return database


async def test_change_comes_back_whole_for_ten_minutes_to_its_owner_alone(
    people: Database, encryptor: Encryptor
) -> None:
    store = UndoStore(people, encryptor)
    undo_id = await store.add(ANN, WHOLE, NOW)
    found = await store.get(ANN, undo_id, NOW + UNDO_LIVES - timedelta(seconds=1))
    assert found is not None
    assert (found.undo_id, found.change, found.expires_at) == (undo_id, WHOLE, NOW + UNDO_LIVES)
    assert await store.get(ANN, undo_id, NOW + UNDO_LIVES) is None
    assert await store.get(BEN, undo_id, NOW) is None
    assert await store.list(BEN, NOW) == []


async def test_newest_comes_first_and_the_oldest_give_way(people: Database, encryptor: Encryptor) -> None:
    store = UndoStore(people, encryptor)
    change = Change(pause=(None, Pause(NOW)))
    ids = [await store.add(ANN, change, NOW + timedelta(seconds=index)) for index in range(MOST_UNDOS + 3)]
    newest, *others = await store.list(ANN, NOW + timedelta(minutes=1))
    assert [one.undo_id for one in (newest, *others)] == ids[:2:-1]
    kept = {row.undo_id for row in await people.fetch(sa.select(UNDOS.c.undo_id))}
    assert kept == set(ids[3:])
    assert await store.drop(ANN, newest.undo_id)
    assert not await store.drop(ANN, newest.undo_id)


async def test_nothing_of_a_change_is_stored_in_clear(people: Database, encryptor: Encryptor) -> None:
    await UndoStore(people, encryptor).add(ANN, WHOLE, NOW)
    (row,) = await people.fetch(sa.select(UNDOS.c.content))
    for secret in (b"skiing", b"salary", b"secret-1"):
        assert secret not in row.content


async def test_change_under_a_lost_key_cannot_be_taken_back(people: Database, encryptor: Encryptor) -> None:
    undo_id = await UndoStore(people, encryptor).add(ANN, WHOLE, NOW)
    store = UndoStore(people, Encryptor([new_key()]))
    assert await store.get(ANN, undo_id, NOW) is None
    assert await store.list(ANN, NOW) == []


async def test_change_of_somebody_who_is_gone_is_not_kept(people: Database, encryptor: Encryptor) -> None:
    await UndoStore(people, encryptor).add(PersonKey("T1", "U9"), WHOLE, NOW)
    assert await people.fetch(sa.select(UNDOS.c.undo_id)) == []


async def test_overrides_are_put_back_all_or_none(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    other = replace(ABSENCE, id="o2", effects=frozenset(), stand_in="")
    for one in (ABSENCE, other):
        await store.add(ANN, one, NOW)
    later = NOW + timedelta(hours=1)
    ended, _ = await store.end(ANN, later, kinds=frozenset({OverrideKind.OUT_OF_OFFICE}))
    assert ended == [ABSENCE, other]
    changes = tuple((one, replace(one, end=later)) for one in ended)
    with pytest.raises(ChangedSinceError):
        await store.put_back(ANN, (changes[0], (other, other)), later)
    assert await store.standing(ANN, later) == []
    await store.put_back(ANN, changes, later)
    assert await store.standing(ANN, later) == [ABSENCE, other]
    await store.put_back(ANN, ((None, ABSENCE),), later)
    assert await store.standing(ANN, later) == [other]
    with pytest.raises(ChangedSinceError):
        await store.put_back(ANN, ((None, ABSENCE),), later)


async def test_override_is_removed_while_it_is_new_and_lasts(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    await store.add(ANN, ABSENCE, NOW)
    assert await store.remove_new(BEN, "o1", NOW, NOW - UNDO_LIVES) is None
    assert await store.remove_new(ANN, "o1", NOW + UNDO_LIVES, NOW) is None
    assert await store.remove_new(ANN, "o1", NOW + timedelta(days=2), NOW - UNDO_LIVES) is None
    assert await store.remove_new(ANN, "o1", NOW, NOW - UNDO_LIVES) == ABSENCE
    assert await store.standing(ANN, NOW) == []


async def test_pause_is_put_back_where_it_is_still_the_one(people: Database, encryptor: Encryptor) -> None:
    store, undos = PreferenceStore(people), UndoStore(people, encryptor)
    first, second = Pause(NOW), Pause(NOW, NOW + timedelta(hours=1))
    await store.pause(ANN, first, NOW)
    await store.pause(ANN, second, NOW)
    await store.unpause(ANN, first, second, NOW)
    with pytest.raises(ChangedSinceError):
        await store.unpause(ANN, None, second, NOW)
    await store.pause(ANN, None, NOW, undos)
    assert [one.change for one in await undos.list(ANN, NOW)] == [Change(pause=(first, None))]


Changed = Callable[[Stores], Awaitable[object]]


async def absent(stores: Stores) -> None:
    await stores.overrides.add(ANN, ABSENCE, NOW)


async def absent_later(stores: Stores) -> None:
    await stores.overrides.add(ANN, replace(ABSENCE, start=NOW + timedelta(hours=1)), NOW)


CHANGES: dict[str, tuple[Changed | None, Changed]] = {
    "a pause": (None, lambda stores: stores.preferences.pause(ANN, Pause(NOW), NOW, stores.undos)),
    "its end": (
        lambda stores: stores.preferences.pause(ANN, Pause(NOW), NOW),
        lambda stores: stores.preferences.pause(ANN, None, NOW, stores.undos),
    ),
    "settings": (
        None, lambda stores: stores.preferences.change(ANN, NOW, lambda _: Preferences(titles=True), stores.undos),
    ),
    "a list": (None, lambda stores: stores.lines.change(ANN, NOW, lambda _: LINES, stores.undos)),
    "an absence's end": (
        absent, lambda stores: stores.overrides.end(ANN, NOW, kinds=frozenset(OverrideKind), undos=stores.undos),
    ),
    "an absence that is not to be": (
        absent_later,
        lambda stores: stores.overrides.cancel_coming(
            ANN, NOW, kind=OverrideKind.OUT_OF_OFFICE, undos=stores.undos
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
async def test_what_takes_a_change_back_is_kept_along_with_it_or_neither_is(
    people: Database, encryptor: Encryptor, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Whenever the process dies: a database's transactions are all or nothing, and there is one."""
    stores, (before, changed) = Stores(people, encryptor, clock), CHANGES[what]
    if before is not None:
        await before(stores)
    begun, write = [], people.write
    monkeypatch.setattr(people, "write", lambda: begun.append(1) or write())
    await changed(stores)
    assert (len(begun), len(await stores.undos.list(ANN, NOW))) == (1, 1)
    await changed(stores)
    assert len(await stores.undos.list(ANN, NOW)) == (2 if what == "a pause" else 1)  # the other ones are no change
