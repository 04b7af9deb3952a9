"""A workspace with leave calendars in the whole app: who is in it, what was found, what was not."""

from __future__ import annotations

import sqlalchemy as sa

from services.domain.model import PersonKey
from services.store.workspace_tables import LEAVES
from tests.support.running_app import ANN, BEN, TEAM, RunningApp

OUT = ("Out of office until 26 November", ":palm_tree:")


async def workspace(app: RunningApp) -> None:
    """Ann Lee, who granted, and Ben Sørensen, who has not, among others."""
    app.slack.add_person(ANN, "ann", "Ann Lee", team_id=TEAM, tz="Etc/UTC", locale="en-GB")
    app.slack.add_person(BEN, "ben", "Ben Sørensen", team_id=TEAM, tz="Asia/Tokyo", locale="en-GB")
    await app.joins(ANN)


async def connects_leave(app: RunningApp, feed: str = "hr") -> str:
    """The workspace's leave calendar is connected, read and matched; its id."""
    assert app.service is not None
    stores, now = app.service.stores, app.clock.now()
    key = await stores.leave.begin(PersonKey(TEAM, "UADMIN"), now)
    calendar_id = await stores.calendars.add(key, "ics", app.feeds.address(feed), "127.0.0.1", now, connected_by=ANN)
    app.wake()
    await app.settle()
    return calendar_id


async def of_leave(app: RunningApp) -> list[tuple[str, str, str]]:
    """Whose leave is found, from when to when (UTC)."""
    rows = await app.rows(sa.select(LEAVES.c.user_id, LEAVES.c.start_at, LEAVES.c.end_at).order_by(LEAVES.c.start_at))
    return [(row.user_id, f"{row.start_at:%d %H:%M}", f"{row.end_at:%d %H:%M}") for row in rows]


async def lost(app: RunningApp) -> list[tuple[str, str, str]]:
    """The lines that fit nobody, or two."""
    assert app.service is not None
    return [(one.result, one.title, one.name) for one in await app.service.stores.leave.lines(TEAM, app.clock.now())]
