"""Which deliveries were taken in already: Slack sends one again whose answer it did not get within three seconds.

Every request waits for its claim to be durable, so requests that arrive together share one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.db import Database
from services.store.group_commit import Grouped, in_one_transaction
from services.store.marks import insert_for
from services.store.models import Delivery

KEPT = timedelta(hours=25)
"""Slack retries for five minutes, and hourly for 24 hours where Delayed Events is on."""

_LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """A delivery that somebody wants to have taken in first."""

    team_id: str
    delivery_id: str
    seen_at: datetime


class DeliveryStore:
    """Tells a delivery from its repetition."""

    def __init__(self, database: Database) -> None:
        """`database` is where they are kept, so that all replicas agree."""
        self._database = database
        self._claims: Grouped[DeliveryClaim, bool] = Grouped(in_one_transaction(database, claim_all))

    async def claim(self, team_id: str, delivery_id: str, now: datetime) -> bool:
        """Whether this is the first time; from now on it is not."""
        return await self._claims.put(DeliveryClaim(team_id, delivery_id, now))

    async def claimed(self, team_id: str, delivery_id: str) -> bool:
        """Whether it was claimed already."""
        found = select(Delivery.seen_at).where(
            Delivery.team_id == team_id, Delivery.delivery_id == delivery_id[:_LONGEST_ID]
        )
        async with self._database.read() as connection:
            return await connection.scalar(found) is not None

    async def release(self, team_id: str, delivery_id: str) -> None:
        """It was not dealt with after all: let it come again."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(Delivery).where(Delivery.team_id == team_id, Delivery.delivery_id == delivery_id[:_LONGEST_ID])
            )


async def claim_all(connection: AsyncConnection, claims: Sequence[DeliveryClaim]) -> list[bool]:
    """Of each claim whether it is the first, within a transaction; of several alike the first of them is."""
    fresh: dict[tuple[str, str], DeliveryClaim] = {}
    for claim in claims:
        fresh.setdefault((claim.team_id, claim.delivery_id[:_LONGEST_ID]), claim)
    if not fresh:
        return []
    rows = [
        {"team_id": team_id, "delivery_id": delivery_id, "seen_at": claim.seen_at}
        for (team_id, delivery_id), claim in sorted(fresh.items(), key=lambda one: one[0])
    ]  # in one order everywhere, so that replicas never deadlock
    found = await connection.execute(
        insert_for(connection, Delivery)
        .on_conflict_do_nothing(index_elements=["team_id", "delivery_id"])
        .returning(Delivery.team_id, Delivery.delivery_id),
        rows,
    )
    first = {id(fresh[row.team_id, row.delivery_id]) for row in found}
    return [id(claim) in first for claim in claims]
