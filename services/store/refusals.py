"""What members do not want: to be kept, and that a leave calendar's lines are about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import PersonKey
from services.store.person_rows import insert_for
from services.store.workspace_tables import REFUSALS

KEEPER, LEAVE = "keeper", "leave"
"""The kinds of refusals."""


async def refuse(connection: AsyncConnection, key: PersonKey, what: str, now: datetime) -> None:
    """Remember that a member does not want `what`; said again it stays as it is."""
    row = {"team_id": key.team_id, "user_id": key.user_id, "what": what, "at": now}
    refusing = insert_for(connection, REFUSALS).values(row)
    await connection.execute(refusing.on_conflict_do_nothing(index_elements=["team_id", "user_id", "what"]))
