"""The end of a grant: Slack does not honour a person's token any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.faults import ACCOUNT_INACTIVE
from services.domain.model import PersonKey
from services.domain.people import GrantState
from services.store.agents import end_keys
from services.store.deactivated import deactivate
from services.store.keeper import look_at_kept
from services.store.person_rows import NoticeStore, mark_effects_due, of_person
from services.store.tables import PEOPLE


async def end_grant(
    connection: AsyncConnection, notices: NoticeStore, key: PersonKey, now: datetime, *, said: str = ""
) -> None:
    """Make no call with a person's token any more, and have them told once. The person is locked.

    Their agents' keys are gone: they would let in somebody whom nothing is done for. Where Slack `said` that they were
    deactivated, they are taken for that instead, and told nothing; Slack is asked whether it is so, before keys go.
    """
    if said == ACCOUNT_INACTIVE:
        await deactivate(connection, [key], now, now, check_at=now)
        return
    lost = {"grant_state": GrantState.LOST.value, "refresh_due_at": None, "home_stale": True}
    await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(lost))
    await mark_effects_due(connection, [key], now)
    await look_at_kept(connection, [key], now)
    await end_keys(connection, [key])
    await notices.tell(connection, key, "grant")
