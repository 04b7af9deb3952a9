"""What `doctor` and `/readyz` ask the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from services.domain.errors import AppRefusedError
from services.platform.crypto import Encryptor
from services.store import schema
from services.store.db import Database
from services.store.models import Calendar, Person, ProfileStateRow, Workspace


@dataclass(frozen=True, slots=True)
class StoredHealth:
    """What the database knows of the calendars: how many there are, and how many cannot be read."""

    calendars: int
    broken: int
    people: int
    lost_grants: int
    refusing: tuple[str, ...] = ()
    """Providers that do not take us: our own secret is worth nothing there, or their API is turned off for us."""


class HealthStore:
    """Implements `services.usecases.doctor.Database`, and the checks of `/readyz`."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` opens the bot tokens."""
        self._database = database
        self._encryptor = encryptor

    async def revision(self) -> tuple[str | None, str]:
        """The step the database is at, and the newest one."""
        return await schema.current(self._database), schema.head()

    async def reachable(self) -> bool:
        """Whether the database answers."""
        async with self._database.read() as connection:
            return await connection.scalar(select(1)) == 1

    async def up_to_date(self) -> bool:
        """Whether every migration has run."""
        return schema.serves(await schema.current(self._database))

    async def pending(self) -> int:
        """How many profiles wait to be written to."""
        async with self._database.read() as connection:
            waiting = select(func.count()).where(ProfileStateRow.seq > ProfileStateRow.sent)
            return await connection.scalar(waiting) or 0

    async def drift(self) -> list[object]:
        """What differs from the models."""
        return await schema.drift(self._database)

    async def sealed_sample(self) -> bool:
        """Whether a stored secret can be opened. Raises SealError; False where nothing is stored yet."""
        return bool(await self.bots())

    async def health(self) -> StoredHealth:
        """Counts of people and calendars, and of those in trouble."""
        async with self._database.read() as connection:

            async def count(*where: object) -> int:
                statement = select(func.count()).where(*where)  # type: ignore[arg-type]  # column expressions all
                return await connection.scalar(statement) or 0

            refusing = select(Calendar.provider).where(Calendar.problem == AppRefusedError.__name__).distinct()
            return StoredHealth(
                calendars=await count(Calendar.team_id.is_not(None)),
                broken=await count(Calendar.health == "broken"),
                people=await count(Person.team_id.is_not(None)),
                lost_grants=await count(Person.grant_state == "lost"),
                refusing=tuple(sorted(await connection.scalars(refusing))),
            )

    async def bots(self) -> Sequence[tuple[str, str, str | None]]:
        """(team id, name, bot token) of each workspace. Raises SealError."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Workspace.team_id, Workspace.name, Workspace.bot_token).order_by(Workspace.team_id)
            )
            return [
                (team_id, name, self._encryptor.open(sealed, "workspaces.bot_token", team_id))
                for team_id, name, sealed in rows
            ]
