"""The emoji of workspaces: read from Slack where they are due, and which names Slack does not know.

They are due after an install, daily, and soon after a change that Slack tells of. A read that fails leaves what was
read before. A name that Slack has refused is not tried again until the workspace's emoji are others, for a day at most.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

import structlog

from services.domain.emoji import EVERY, name_of, standard_names
from services.domain.errors import ScopeMissingError, SlackRateLimitedError
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.concurrency import remember
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.emoji import LIST, SlackEmoji
from services.store.emoji import EmojiStore

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Lists that are read at the same time: each may have some megabytes."""

LEASE = timedelta(minutes=2)
"""How long one that is being read is left to its process: longer than the call and what is stored of it."""

AGAIN = timedelta(minutes=15)
"""When a read that failed is tried again."""

_MOST_REFUSED = 10_000


class EmojiReading:
    """Reads the tables that are due. DueWork "emoji"."""

    name = "emoji"

    def __init__(self, store: EmojiStore, workspaces: OwnedWorkspaces, slack: SlackEmoji, clock: Clock) -> None:
        self._store = store
        self._workspaces = workspaces
        self._slack = slack
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """Return when the next table is to be read, of those that another process does not read."""
        return await self._store.next_due(self._workspaces.without_bot)

    async def run_due(self) -> Report:
        """Read some of the tables that are due, each within its workspace's budget."""
        due = await self._store.due(self._clock.now(), AT_ONCE, self._workspaces.without_bot)
        mine = await self._workspaces.with_tokens(due)
        done = await asyncio.gather(*(self._one(one, due[one.team_id], token) for one, token in mine))
        return Report(done=len(done), changed=done.count("changed"), failed=done.count("failed"))

    async def _one(self, workspace: OwnedWorkspace, due_at: datetime, token: str | None) -> str:
        """Read one table; what came of it."""
        team_id, now = workspace.team_id, self._clock.now()
        ready, leased = workspace.budget.ready_at(LIST, now), now + LEASE
        if ready is not None or token is None:
            await self._store.put_off(team_id, due_at, ready or now + EVERY)
            return "waits"
        if not await self._store.put_off(team_id, due_at, leased):
            return "waits"  # another process was first, or a change was told of just now
        self._workspaces.use(workspace)
        until: datetime | None = now + AGAIN
        outcome = "failed"
        with guarded("emoji_not_read", team_id=team_id) as result:
            try:
                async with self._workspaces.calling(workspace, LIST):
                    found = await self._slack.read(token)
            except ScopeMissingError:
                until = None  # until it is allowed, by an install
                raise
            except SlackRateLimitedError:
                until = workspace.budget.ready_at(LIST, self._clock.now()) or until
                raise
            changed = await self._store.save(team_id, found, read_at=now, due_at=leased, until=now + EVERY)
            log.info("emoji_read", team_id=team_id, names=len(found), changed=changed)
            outcome = "changed" if changed else "same"
        if result.failed:
            await self._store.put_off(team_id, leased, until)
        return outcome


class UnknownEmoji:
    """Which emoji Slack does not know, by workspace: by the table where it is fresh, else by what Slack has refused."""

    def __init__(self, store: EmojiStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._refused: OrderedDict[tuple[str, str], tuple[datetime, str]] = OrderedDict()

    async def holds(self, team_id: str, emoji: str) -> bool:
        """Return whether `emoji` (`:name:`, with or without a skin tone) need not be tried."""
        name, refused = name_of(emoji), self._refused.get((team_id, emoji))
        if not name or (refused is None and name in standard_names()):
            return False
        now = self._clock.now()
        table, has = await self._store.look(team_id, name)
        if refused is not None and refused[1] == table.digest and now < refused[0]:
            return True
        self._refused.pop((team_id, emoji), None)
        return not has and name not in standard_names() and table.is_complete(now)

    async def refused(self, team_id: str, emoji: str) -> None:
        """Slack has refused `emoji`."""
        table = await self._store.table(team_id)
        remember(self._refused, (team_id, emoji), (self._clock.now() + EVERY, table.digest), _MOST_REFUSED)
