from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.grants import Ticket
from services.housekeeping import Housekeeping
from services.ports import Report
from services.store.closet import ClosetStore
from services.store.deliveries import DeliveryStore
from services.store.engine import Database
from services.store.models import Delivery, OAuthState
from services.store.states import StateStore
from tests.clocks import ManualClock


async def left(database: Database) -> tuple[int, int]:
    async with database.read() as connection:
        states = await connection.scalar(sa.select(sa.func.count()).select_from(OAuthState))
        deliveries = await connection.scalar(sa.select(sa.func.count()).select_from(Delivery))
    return states or 0, deliveries or 0


async def test_housekeeping_keeps_what_may_still_be_needed_and_deletes_the_rest(
    database: Database, clock: ManualClock
) -> None:
    work = Housekeeping(ClosetStore(database), clock)
    await StateStore(database).issue(Ticket("state"), clock.now() + timedelta(minutes=10))
    await DeliveryStore(database).claim("T1", "Ev1", clock.now())
    assert await work.next_due() == clock.now()
    assert await work.run_due() == Report(done=1, changed=0)
    assert await left(database) == (1, 1)
    assert await work.next_due() == clock.now() + timedelta(hours=1)
    clock.move(hours=1)
    assert await work.run_due() == Report(done=1, changed=1)
    assert await left(database) == (0, 1)
    clock.move(hours=25)
    assert await work.run_due() == Report(done=1, changed=1)
    assert await left(database) == (0, 0)
