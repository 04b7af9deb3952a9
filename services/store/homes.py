"""Whose Home tab no longer shows what is stored: every change marks it stale, and it is published anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, update

from services.domain.model import PersonKey
from services.domain.profile_state import HOME_LIVES
from services.store.columns import UtcInstant
from services.store.db import Store
from services.store.person_rows import named, names, of_person
from services.store.tables import PEOPLE

_HOMES = (
    select(PEOPLE.c.team_id, PEOPLE.c.user_id)
    .where(
        PEOPLE.c.home_opened_at > bindparam("since", type_=UtcInstant),
        PEOPLE.c.home_stale,
        ~named(PEOPLE.c.team_id, "others"),
    )
    .order_by(PEOPLE.c.home_opened_at, PEOPLE.c.team_id, PEOPLE.c.user_id)
    .limit(bindparam("most"))
)


class HomeStore(Store):
    """Home tabs that are to be published."""

    async def stale(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[PersonKey]:
        """People whose Home tab is stale, and who have opened it within `HOME_LIVES`; none of `others`' workspaces."""
        given = {"since": now - HOME_LIVES, "most": limit, "others": names(others)}
        (rows,) = await self._database.rows((_HOMES, given))
        return [PersonKey(*row) for row in rows]

    async def taken(self, key: PersonKey, *, stale: bool) -> None:
        """Note that its Home tab is being made from what is stored now (`stale` False), or was not published (True)."""
        await self._database.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(home_stale=stale))
