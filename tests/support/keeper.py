"""A workspace whose admin keeps the statuses of members who never connected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.domain.members import Role
from services.domain.model import PersonKey, Status
from services.slack.members import parse_workspace_member
from services.slack.profile import status_of
from services.store.keeper import mark_kept_due
from services.store.workspace_tables import KEPT, LEAVES
from tests.support.engine import SET, TEAM, RunningEngine
from tests.support.replica import Replica

ADMIN = "UADMIN"
ROLES = {Role.GUEST: "guest", Role.ADMIN: "admin", Role.OWNER: "owner", Role.PRIMARY_OWNER: "primary_owner"}


@dataclass
class KeptWorkspace:
    """Its keeper, a replica that runs, and members with leave. Times are in minutes from the start."""

    engine: RunningEngine
    replica: Replica
    admin: PersonKey
    start: datetime
    _leave: int = 0

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    async def goes_on(self, minutes: float) -> None:
        """Time passes until so many minutes from the start."""
        self.engine.clock.move_to(self.at(minutes))
        await self.engine.rests()

    async def member(
        self, user_id: str, *, role: Role = Role.MEMBER, zone: str = "UTC", known: bool = True
    ) -> PersonKey:
        """A member who has granted nothing; `known`: Slack has told of them."""
        if user_id not in self.engine.slack.members:
            self.engine.slack.add_person(user_id, user_id.lower(), tz=zone)
        if role in ROLES:
            self.engine.slack.membership.set_role(user_id, ROLES[role])
        if known:
            await self.slack_tells(user_id)
        return PersonKey(TEAM, user_id)

    async def slack_tells(self, *user_ids: str) -> None:
        """What users.list or an event says of these members is taken in."""
        now = self.engine.clock.now()
        slack = self.engine.slack
        shown = (slack.membership.shown(slack.member(one), TEAM, locale=True) for one in user_ids)
        members = [one for user in shown if (one := parse_workspace_member(user, {TEAM})) is not None]
        await self.replica.members.put(TEAM, members, read_at=now, now=now)

    async def has_leave(self, *user_ids: str, begins: float = 0, ends: float = 60) -> None:
        """These members have leave; the leave calendar tells so now."""
        await self._insert(user_ids, start_at=self.at(begins), end_at=self.at(ends))

    async def has_days(self, user_id: str, first: date, after: date) -> None:
        """The same, whole days in the member's zone."""
        wall = {"wall_start": f"{first}T00:00:00", "wall_end": f"{after}T00:00:00", "all_day": True}
        utc = {name: datetime(day.year, day.month, day.day, tzinfo=self.start.tzinfo) for name, day in
               (("start_at", first), ("end_at", after))}  # fmt: skip
        await self._insert([user_id], **wall, **utc)

    async def has_no_leave(self, *user_ids: str) -> None:
        """What leave they had is cancelled."""
        async with self.engine.database.write() as connection:
            await connection.execute(sa.delete(LEAVES).where(LEAVES.c.user_id.in_(user_ids)))
            await mark_kept_due(connection, TEAM, user_ids, self.engine.clock.now())

    async def _insert(self, user_ids: Any, **times: Any) -> None:
        self._leave += 1
        rows = [
            {"team_id": TEAM, "user_id": one, "leave_id": f"l{self._leave}", "calendar_id": "c", "all_day": False}
            | times
            for one in user_ids
        ]  # fmt: skip
        async with self.engine.database.write() as connection:
            await connection.execute(sa.insert(LEAVES), rows)
            await mark_kept_due(connection, TEAM, user_ids, self.engine.clock.now())

    async def row(self, key: PersonKey) -> Any:
        async with self.engine.database.read() as connection:
            theirs = sa.select(KEPT).where(KEPT.c.team_id == key.team_id, KEPT.c.user_id == key.user_id)
            return (await connection.execute(theirs)).one_or_none()

    async def problem(self, key: PersonKey) -> str:
        row = await self.row(key)
        return "" if row is None else str(row.problem)

    async def state(self) -> str:
        found = await self.replica.keepers.of(TEAM)
        return "" if found is None else f"{found.state}:{found.problem}".rstrip(":")

    def writes(self, user_id: str) -> list[str]:
        """The texts that were set for a member, in order; "" where it was cleared."""
        calls = [call for call in self.engine.calls(SET) if call.ok and call.arguments.get("user") == user_id]
        return [call.arguments["profile"]["status_text"] for call in calls]

    def key(self, user_id: str) -> PersonKey:
        return PersonKey(TEAM, user_id)

    def status_of(self, user_id: str) -> Status:
        """What the profile shows, as an event tells it."""
        member = self.engine.slack.member(user_id)
        said = {"text": member.text, "emoji": member.emoji, "expiration": member.expiration}
        return status_of({f"status_{name}": value for name, value in said.items()})

    def text(self, user_id: str) -> str:
        return self.engine.status(user_id)[0]


async def a_kept_workspace(engine: RunningEngine, *, role: str = "admin", **options: Any) -> KeptWorkspace:
    """A workspace whose keeper has consented; its replica runs."""
    engine.slack.add_person(ADMIN, "admin", "Ada Admin")
    engine.slack.membership.set_role(ADMIN, role)
    admin = await engine.person(ADMIN, admin=True)
    replica = engine.replica(**options)
    made = KeptWorkspace(engine, replica, admin, engine.clock.now())
    await replica.keepers.consent(admin, engine.clock.now())
    await made.slack_tells(ADMIN)
    await replica.start()
    await engine.rests()
    return made
