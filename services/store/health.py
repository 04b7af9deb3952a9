"""What `doctor` and `/readyz` ask of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import distinct, exists, func, select

from services.domain.faults import StandingFault
from services.domain.people import LEAVE, GrantState
from services.store import schema
from services.store.calendar_tables import CALENDARS
from services.store.db import Store
from services.store.effect_tables import STRETCHES
from services.store.faults import STANDING, fault_of
from services.store.person_rows import of_person
from services.store.tables import DELIVERIES, PEOPLE, WORKSPACES

_IS_READ = exists().where(of_person(PEOPLE, CALENDARS), PEOPLE.c.deactivated_at.is_(None))
"""That a calendar is nobody's who was deactivated: how reading theirs went last says nothing any more."""


@dataclass(frozen=True, slots=True)
class StoredHealth:
    """What the database knows of the calendars: how many there are, and how many cannot be read."""

    calendars: int
    broken: int
    people: int
    lost_grants: int
    faults: tuple[StandingFault, ...] = ()
    """What the operator has to mend."""


class HealthStore(Store):
    """What `doctor` and `/readyz` ask."""

    async def revision(self) -> tuple[str | None, str]:
        """Return the step the database is at, and the newest one."""
        return await schema.current(self._database), schema.head()

    async def reachable(self) -> bool:
        """Return whether the database answers."""
        async with self._database.read() as connection:
            return await connection.scalar(select(1)) == 1

    async def writable(self) -> bool:
        """Return whether what was changed last has reached SQLite's disk, or reaches it now that it is tried again."""
        return not await self._database.writable()

    async def not_written(self) -> str:
        """SQLite's name for why nothing can be written, "" where it can: tried now, without changing anything."""
        await self._database.try_to_write()
        return await self._database.writable()

    async def up_to_date(self) -> bool:
        """Return whether every migration has run."""
        return schema.serves(await schema.current(self._database))

    async def drift(self) -> list[object]:
        """Return in what the database differs from `tables`."""
        return await schema.drift(self._database)

    async def health(self) -> StoredHealth:
        """Return counts of people and calendars, and of those in trouble."""
        async with self._database.read() as connection:

            async def count(*where: object) -> int:
                statement = select(func.count()).where(*where)  # type: ignore[arg-type]  # column expressions all
                return await connection.scalar(statement) or 0

            return StoredHealth(
                calendars=await count(CALENDARS.c.team_id.is_not(None)),
                broken=await count(CALENDARS.c.health == "broken", _IS_READ),
                people=await count(PEOPLE.c.user_id != LEAVE),
                lost_grants=await count(
                    PEOPLE.c.grant_state == GrantState.LOST.value, PEOPLE.c.deactivated_at.is_(None)
                ),
                faults=tuple(fault_of(row) for row in await connection.execute(STANDING)),
            )

    async def last_delivery(self) -> datetime | None:
        """Return when the newest request of Slack's was taken in, of those that are remembered."""
        async with self._database.read() as connection:
            return await connection.scalar(select(func.max(DELIVERIES.c.seen_at)))

    async def effects_chosen(self) -> Sequence[tuple[str, str, int]]:
        """(effect, scopes, people) of those who have allowed something and have an effect ahead by their list."""
        of_person = (STRETCHES.c.team_id == PEOPLE.c.team_id) & (STRETCHES.c.user_id == PEOPLE.c.user_id)
        statement = (
            select(STRETCHES.c.effect, PEOPLE.c.scopes, func.count(distinct(PEOPLE.c.team_id + "/" + PEOPLE.c.user_id)))
            .join_from(STRETCHES, PEOPLE, of_person)
            .where(PEOPLE.c.grant_state == GrantState.OK.value)
            .group_by(STRETCHES.c.effect, PEOPLE.c.scopes)
        )
        return [(effect, scopes, people) for effect, scopes, people in await self._database.fetch(statement)]

    async def bots(self) -> Sequence[tuple[str, str, str | None]]:
        """(team id, name, bot token) of each workspace. Raises SealError."""
        workspaces = select(WORKSPACES.c.team_id, WORKSPACES.c.name, WORKSPACES.c.bot_token).order_by(
            WORKSPACES.c.team_id
        )
        return [
            (team_id, name, self._encryptor.open(sealed, "workspaces.bot_token", team_id))
            for team_id, name, sealed in await self._database.fetch(workspaces)
        ]
