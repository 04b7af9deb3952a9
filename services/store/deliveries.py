"""Which deliveries were taken in already: Slack sends one again whose answer it did not get within three seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from services.store.engine import Database
from services.store.marks import insert_for
from services.store.models import Delivery

KEPT = timedelta(hours=25)
"""Slack retries for five minutes, and hourly for 24 hours where Delayed Events is on."""
_LONGEST_ID = 128


class DeliveryStore:
    """Tells a delivery from its repetition."""

    def __init__(self, database: Database) -> None:
        """`database` is where they are kept, so that all replicas agree."""
        self._database = database

    async def claim(self, team_id: str, delivery_id: str, now: datetime) -> bool:
        """Whether this is the first time; from now on it is not."""
        async with self._database.write() as connection:
            done = await connection.execute(
                insert_for(connection, Delivery)
                .values(team_id=team_id, delivery_id=delivery_id[:_LONGEST_ID], seen_at=now)
                .on_conflict_do_nothing(index_elements=["team_id", "delivery_id"])
            )
        return done.rowcount == 1

    async def release(self, team_id: str, delivery_id: str) -> None:
        """It was not dealt with after all: let it come again."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(Delivery).where(Delivery.team_id == team_id, Delivery.delivery_id == delivery_id[:_LONGEST_ID])
            )

    async def clean(self, now: datetime) -> int:
        """Forget those that cannot come again; how many those were."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(Delivery).where(Delivery.seen_at < now - KEPT))
        return done.rowcount
