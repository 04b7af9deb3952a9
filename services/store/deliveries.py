"""Which deliveries were taken in already: Slack sends one again whose answer it did not get within three seconds.

Every request waits for its claim to be durable, so requests that arrive together share one transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from services.store.engine import Database
from services.store.marks import insert_for
from services.store.models import Delivery

KEPT = timedelta(hours=25)
"""Slack retries for five minutes, and hourly for 24 hours where Delayed Events is on."""

_LONGEST_ID = 128
_AT_ONCE = 200


@dataclass(slots=True, eq=False)
class _Claim:
    """One request that waits; `first` once it is known."""

    team_id: str
    delivery_id: str
    seen_at: datetime
    first: bool | None = None


class DeliveryStore:
    """Tells a delivery from its repetition."""

    def __init__(self, database: Database) -> None:
        """`database` is where they are kept, so that all replicas agree."""
        self._database = database
        self._waiting: list[_Claim] = []
        self._writing = asyncio.Lock()

    async def claim(self, team_id: str, delivery_id: str, now: datetime) -> bool:
        """Whether this is the first time; from now on it is not."""
        mine = _Claim(team_id, delivery_id[:_LONGEST_ID], now)
        self._waiting.append(mine)
        try:
            async with self._writing:
                while mine.first is None:  # else somebody before us has written it along with theirs
                    await self._write_waiting(mine)
        finally:
            if mine in self._waiting:  # given up
                self._waiting.remove(mine)
        return mine.first

    async def _write_waiting(self, mine: _Claim) -> None:
        """Write those who wait. Where that fails, the others stay to try for themselves."""
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        try:
            fresh = {(claim.team_id, claim.delivery_id): claim for claim in reversed(batch)}
            rows = [
                {"team_id": claim.team_id, "delivery_id": claim.delivery_id, "seen_at": claim.seen_at}
                for _, claim in sorted(fresh.items())  # in one order everywhere, so that replicas never deadlock
            ]
            async with self._database.write() as connection:
                found = await connection.execute(
                    insert_for(connection, Delivery)
                    .on_conflict_do_nothing(index_elements=["team_id", "delivery_id"])
                    .returning(Delivery.team_id, Delivery.delivery_id),
                    rows,
                )
                written = {(row.team_id, row.delivery_id) for row in found}
            for claim in batch:
                place = (claim.team_id, claim.delivery_id)
                claim.first = place in written and fresh[place] is claim
        finally:
            self._waiting[:0] = [claim for claim in batch if claim.first is None and claim is not mine]

    async def release(self, team_id: str, delivery_id: str) -> None:
        """It was not dealt with after all: let it come again."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(Delivery).where(Delivery.team_id == team_id, Delivery.delivery_id == delivery_id[:_LONGEST_ID])
            )
