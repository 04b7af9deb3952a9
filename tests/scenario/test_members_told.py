"""The member list follows what Slack tells: who joins, is renamed, changes role or is deactivated."""

from __future__ import annotations

import sqlalchemy as sa

from services.domain.members import Role
from services.domain.model import PersonKey
from services.store.workspace_tables import KEEPERS, MEMBERS
from tests.support.running_app import ANN, BEN, TEAM, RunningApp

LIST = "users.list"


async def test_member_list_is_kept_fresh_by_events_and_read_once(running_app: RunningApp) -> None:
    app = running_app
    await app.joins(ANN)
    assert app.service is not None
    members, now = app.service.stores.members, app.clock.now()
    async with app.service.stores.database.write() as connection:
        await connection.execute(sa.insert(KEEPERS).values(team_id=TEAM, user_id=ANN, consented_at=now))
        await members.needed(connection, TEAM, now)
    app.service.engine.wake_signal.wake()
    await app.settle()
    membership = app.slack.membership
    membership.join(BEN, "ben", "Ben Hall", team_id=TEAM)
    await app.settle()
    ben = await members.one(PersonKey(TEAM, BEN))
    assert ben is not None
    assert (ben.name, ben.role) == ("Ben Hall", Role.MEMBER)
    membership.set_role(BEN, "admin")
    membership.rename(BEN, "Benedict Hall")
    await app.settle()
    ben = await members.one(PersonKey(TEAM, BEN))
    assert ben is not None
    assert (ben.name, ben.role) == ("Benedict Hall", Role.ADMIN)
    membership.deactivate(BEN)
    await app.settle()
    ben = await members.one(PersonKey(TEAM, BEN))
    assert ben is not None
    assert not ben.is_colleague
    assert len(app.slack.calls.all(LIST)) == 1


async def test_nothing_is_kept_of_members_whom_nobody_needs_to_know(running_app: RunningApp) -> None:
    await running_app.joins(ANN)
    running_app.slack.membership.join(BEN, "ben", "Ben Hall", team_id=TEAM)
    running_app.slack.membership.rename(ANN, "Ann Lee-Hall")
    await running_app.settle()
    assert await running_app.rows(sa.select(MEMBERS.c.user_id)) == []
