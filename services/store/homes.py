"""Whose Home tab no longer shows what is stored: every change marks it stale, and it is published anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, update

from services.domain.model import PersonKey
from services.domain.profile_state import HOME_LIVES
from services.store.columns import UtcInstant
from services.store.db import Store
from services.store.models import Person
from services.store.person_rows import named, names, of_person

_HOMES = (
    select(Person.team_id, Person.user_id)
    .where(
        Person.home_opened_at > bindparam("since", type_=UtcInstant),
        Person.home_stale,
        ~named(Person.team_id, "others"),
    )
    .order_by(Person.home_opened_at, Person.team_id, Person.user_id)
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
        await self._database.execute(update(Person).where(of_person(Person, key)).values(home_stale=stale))
