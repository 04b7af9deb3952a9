"""The members of workspaces: all of them read from Slack where that is due, page by page, once a day at most.

An org's are those of each of its workspaces, one after the other: users.list wants a `team_id` of an org's token.
They are due once a leave calendar or a keeper needs to know them. A reading that fails, or whose process dies, leaves
what was known; it begins anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackRateLimitedError
from services.domain.model import PersonKey
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.members import LIST, TEAMS, SlackMembers
from services.store.members import EVERY, MemberStore

log = structlog.get_logger(__name__)

CameBack = Callable[[PersonKey, datetime], Awaitable[None]]

AT_ONCE = 4
"""Workspaces whose members are read at the same time."""

LEASE = timedelta(minutes=5)
"""How long a reading is left to its process after each page."""

AGAIN = timedelta(minutes=15)
"""When a reading that failed is tried again."""


@dataclass(slots=True)
class _Reading:
    """One that is under way: the instant it began, and the page that is next.

    `teams`: the workspaces of an org that are still to be read; the workspace itself is one, with the name "".
    """

    began: datetime
    teams: deque[str] = field(default_factory=deque)
    all_teams: bool = False
    cursor: str = ""
    read: int = 0
    changed: int = 0


class MemberReading:
    """Reads the members that are due. DueWork "members"."""

    name = "members"

    def __init__(
        self, store: MemberStore, workspaces: OwnedWorkspaces, slack: SlackMembers, clock: Clock, came_back: CameBack
    ) -> None:
        """`came_back` is told of who is taken for deactivated here and is listed as a member."""
        self._store = store
        self._workspaces = workspaces
        self._slack = slack
        self._clock = clock
        self._came_back = came_back
        self._begun: dict[str, _Reading] = {}

    async def next_due(self) -> datetime | None:
        """Return when members are to be read next, of workspaces that another process does not own."""
        return await self._store.next_due(self._workspaces.without_bot)

    async def run_due(self) -> Report:
        """Read on in some of the workspaces that are due, as far as their budgets go."""
        due = await self._store.due(self._clock.now(), AT_ONCE, self._workspaces.without_bot)
        mine = await self._workspaces.with_tokens(due)
        done = await asyncio.gather(*(self._one(one, due[one.team_id], token) for one, token in mine))
        return Report(done=len(done), changed=done.count("read"), failed=done.count("failed"))

    async def _one(self, workspace: OwnedWorkspace, due_at: datetime, token: str | None) -> str:
        """Read on in one; what came of it."""
        team_id = workspace.team_id
        if token is None:
            await self._store.put_off(team_id, due_at, self._clock.now() + EVERY)
            return "waits"
        leased = self._clock.now() + LEASE
        if not await self._store.put_off(team_id, due_at, leased):
            return "waits"  # another process was first, or they are needed no more
        self._workspaces.use(workspace)
        reading = self._begun.pop(team_id, None) or _Reading(self._clock.now())
        again, outcome = self._clock.now() + AGAIN, "failed"
        with guarded("members_not_read", team_id=team_id) as result:
            try:
                ready = await self._pages(workspace, token, reading)
            except SlackRateLimitedError:
                ready = workspace.budget.ready_at(LIST, self._clock.now()) or again
            if ready is None:
                await self._bring_back(team_id, reading.began)
                outcome = "read" if await self._store.read(team_id, began=reading.began, due_at=leased) else "waits"
                log.info("members_read", team_id=team_id, members=reading.read, changed=reading.changed)
            elif await self._store.put_off(team_id, leased, ready):
                self._begun[team_id] = reading
                outcome = "waits"
        if result.failed:
            await self._store.put_off(team_id, leased, again)
        return outcome

    async def _bring_back(self, team_id: str, began: datetime) -> None:
        """Tell of who came back while nobody told, as of `began`; whom that fails for is tried at the next reading."""
        for key in await self._store.back(team_id, began):
            with guarded("not_brought_back", team_id=team_id, user_id=key.user_id):
                await self._came_back(key, began)

    async def _pages(self, workspace: OwnedWorkspace, token: str, reading: _Reading) -> datetime | None:
        """Read page after page; when the next one may be read, None where all are. Raises SlackError."""
        homes = await self._store.homes(workspace.team_id)
        if not reading.all_teams and not await self._store.is_org(workspace.team_id):
            reading.teams.append("")
            reading.all_teams = True
        while not reading.all_teams or reading.teams:
            method = LIST if reading.all_teams else TEAMS
            ready = workspace.budget.ready_at(method, self._clock.now())
            if ready is not None:
                return ready
            if method == TEAMS:
                async with self._workspaces.calling(workspace, TEAMS):
                    teams, reading.cursor = await self._slack.teams(token, reading.cursor)
                reading.teams.extend(teams)
                reading.all_teams = not reading.cursor
                continue
            async with self._workspaces.calling(workspace, LIST):
                page, reading.cursor = await self._slack.page(token, homes, reading.cursor, reading.teams[0])
            now = self._clock.now()
            changed = await self._store.put(workspace.team_id, page, read_at=reading.began, now=now)
            reading.read += len(page)
            reading.changed += len(changed)
            if not reading.cursor:
                reading.teams.popleft()
        return None
