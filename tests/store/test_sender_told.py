"""What is stored for a chore of the sender has it look once that is committed: else it finds it seconds later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import time
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Changes, FetchOutcome, Health
from services.domain.digests import Schedule
from services.domain.keeper import KeeperState
from services.domain.model import Pause, Status
from services.domain.profile_state import Resolution
from services.domain.undo import Change
from services.platform.crypto import Encryptor
from services.store.db import Database, tell_sender
from services.store.digests import Digest
from services.store.keeper import mark_kept_due
from services.store.refusals import KEEPER
from services.store.stores import Stores
from services.store.tables import PEOPLE
from tests.support.clocks import ManualClock
from tests.support.stored_calendars import ANN, BERLIN, BOB, LATER, NOW, URL, claim_one

BROKEN = FetchOutcome(Health.BROKEN, due_at=LATER, problem="FeedGoneError", tell=True)
DIGEST = Digest("T1", "C1", Schedule(frozenset({0}), time(9), BERLIN), "en", "U1")
Stored = Callable[[Stores], Awaitable[object]]


async def notice(stores: Stores) -> None:
    async with stores.database.write() as connection:
        await stores.notices.tell(connection, ANN, "grant")


async def keeper(stores: Stores) -> None:
    await stores.keepers.consent(ANN, NOW)


async def kept(stores: Stores) -> None:
    """Bob is kept."""
    async with stores.database.write() as connection:
        await mark_kept_due(connection, BOB.team_id, [BOB.user_id], NOW)
    await keeper(stores)


async def undo(stores: Stores) -> None:
    await stores.undos.add(ANN, Change(pause=(None, Pause(NOW))), NOW)


async def calendar(stores: Stores) -> None:
    await stores.calendars.add(ANN, "ics", URL, "feeds.example", NOW)


async def breaks(stores: Stores) -> None:
    await stores.calendars.save(await claim_one(stores.calendars), Changes(), BROKEN, NOW)


TELLING: dict[str, tuple[Stored | None, Stored]] = {
    "a notice": (None, notice),
    "an admin who agrees to keep": (None, keeper),
    "a keeper who ends it": (keeper, lambda stores: stores.keepers.end("T1", NOW)),
    "a keeper who stops": (keeper, lambda stores: stores.keepers.stop(ANN, KeeperState.LOST, "token_revoked")),
    "a member who opts out": (kept, lambda stores: stores.refusals.put(BOB, KEEPER, NOW)),
    "a member who opts in": (kept, lambda stores: stores.refusals.delete(BOB, KEEPER, NOW)),
    "what a kept profile shows": (kept, lambda stores: stores.kept.see(BOB, Status("Typed", ":wave:"), NOW, NOW)),
    "an admin": (None, lambda stores: stores.people.set_admin(ANN, admin=True)),
    "what can be taken back": (None, undo),
    "a calendar": (None, calendar),
    "a calendar that breaks": (calendar, breaks),
    "a digest": (None, lambda stores: stores.digests.put(DIGEST, NOW)),
    "what effects depend on": (None, lambda stores: stores.preferences.pause(ANN, Pause(NOW), NOW)),
}


@pytest.fixture
def stores(database: Database, encryptor: Encryptor, clock: ManualClock, people: None) -> Stores:
    return Stores(database, encryptor, clock)


@pytest.fixture
def told(stores: Stores) -> list[str]:
    """Of what the sender was told, and when."""
    heard: list[str] = []
    pool: Any = stores.database.engine.pool

    def looks() -> None:
        heard.append("looks before the commit" if pool.checkedout() else "looks")

    async def sender(_: AsyncConnection, typed: bool) -> Callable[[], None]:
        heard.append("typed" if typed else "told")
        return looks

    stores.database.sender = sender
    return heard


@pytest.mark.parametrize("what", TELLING)
async def test_sender_looks_at_what_is_stored_for_it(stores: Stores, told: list[str], what: str) -> None:
    before, stored = TELLING[what]
    if before is not None:
        await before(stores)
    told.clear()
    await stored(stores)
    assert told == ["told", "looks"]


async def test_sender_looks_once_at_a_transaction_and_at_once_at_what_is_typed(stores: Stores, told: list[str]) -> None:
    async with stores.database.write() as connection:
        await stores.notices.tell(connection, ANN, "grant")
        tell_sender(connection, typed=True)
        tell_sender(connection)
        assert told == []
    assert told == ["typed", "looks"]


@pytest.mark.parametrize(("urgency", "heard"), [(0, ["typed", "looks"]), (2, ["told", "looks"]), (None, [])])
async def test_sender_looks_at_what_a_tick_leaves_to_it(
    stores: Stores, told: list[str], urgency: int | None, heard: list[str]
) -> None:
    async with stores.due.batch(NOW, 10) as batch:
        await batch.save([Resolution(ANN, LATER, urgency=urgency)])
    assert told == heard


async def test_sender_does_not_look_at_what_is_not_stored_or_was_before(stores: Stores, told: list[str]) -> None:
    for _ in range(2):
        told.clear()
        await notice(stores)
        await stores.people.set_admin(ANN, admin=True)
    await stores.database.execute(sa.update(PEOPLE).values(locale="de"))
    assert told == []


async def test_sender_does_not_look_at_what_is_taken_back(stores: Stores, told: list[str]) -> None:
    async def fails() -> None:
        async with stores.database.write() as connection:
            await stores.notices.tell(connection, BOB, "grant")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await fails()
    assert told == []
