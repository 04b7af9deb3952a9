"""The workspaces that this process owns, each with its budget of calls.

A budget is in memory as long as its workspace is owned, and stored once a second, or sooner where a workspace has
used up what it may use in between (`limits.ALLOWANCE`). Whoever takes over from an owner that did not release counts
that much as used: so no limit is broken, whenever it died.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.domain.errors import SlackError
from services.engine.leases import Leases
from services.platform.concurrency import first_of
from services.platform.logs import guarded
from services.ports import Clock
from services.slack.calls import SLOW_DOWN, calling
from services.slack.limits import STATUS, Budget
from services.store.budgets import BudgetStore

log = structlog.get_logger(__name__)

STORE_EVERY = 1.0
IDLE = 90.0
"""Seconds of real time after which a workspace in which nothing happens is released: longer than any window."""

OTHERS = 2.0
"""Seconds of real time until it is tried again to own what another process owns."""

LONGEST_CALL = timedelta(seconds=15)


@dataclass(slots=True)
class OwnedWorkspace:
    """One that this process owns: `under_way` counts, by work, people for whom calls are being made.

    `unsaved` are, by work, the ids of those whose calls are not stored; before that none are made twice for anybody.
    `kept` are those whose profile the keeper is setting: nobody else sets it meanwhile.
    """

    team_id: str
    budget: Budget
    under_way: Counter[str] = field(default_factory=Counter)
    unsaved: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    kept: set[str] = field(default_factory=set)
    changed: bool = False
    used_at: float = field(default_factory=time.monotonic)


class OwnedWorkspaces:
    """Acquires workspaces, stores their budgets, releases those that are idle."""

    def __init__(
        self, leases: Leases, budgets: BudgetStore, clock: Clock, *, new_budget: Callable[[], Budget] = Budget
    ) -> None:
        """`new_budget` makes an unused one."""
        self._leases = leases
        self._budgets = budgets
        self._clock = clock
        self._new_budget = new_budget
        self._owned: dict[str, OwnedWorkspace] = {}
        self._others: dict[str, float] = {}
        self._losses = 0
        self._acquiring = asyncio.Lock()
        self._store_soon, self._store_now = asyncio.Event(), asyncio.Event()
        self._awaited = False  # somebody's write waits until a budget is stored
        self._storing = asyncio.Lock()  # else the older of two states might be the one that stays
        self.shut: frozenset[str] = frozenset()
        """Those whose tokens Slack refuses, all of them: they are served as little as those of other processes."""
        self.mute: frozenset[str] = frozenset()
        """Those whose bot Slack refuses, and not all people's tokens."""
        self.judge_bot: Callable[[str, SlackError], Awaitable[SlackError]] = _as_it_is
        """`judge_bot(team_id, error)`: what a refusal of the bot's token means (`TokenFaults.bot_judged`)."""

    def get(self, team_id: str) -> OwnedWorkspace | None:
        """Return the workspace, where it is this process' own and Slack takes its tokens."""
        return self._owned.get(team_id) if self._leases.certain and team_id not in self.shut else None

    def still_has(self, workspace: OwnedWorkspace) -> bool:
        """Return whether it is this process' own, as it was without a break."""
        return self.get(workspace.team_id) is workspace

    @property
    def owned(self) -> Collection[OwnedWorkspace]:
        """All that are."""
        return self._owned.values()

    @property
    def others(self) -> set[str]:
        """Those that another process owned lately, and those that are shut."""
        now = time.monotonic()
        self._others = {team_id: until for team_id, until in self._others.items() if until > now}
        return self._others.keys() | self.shut

    @property
    def without_bot(self) -> set[str]:
        """Those in which nothing can be done with the bot's token now: `others`, and those whose bot is refused."""
        return self.others | self.mute

    def may_use_bot(self, workspace: OwnedWorkspace) -> bool:
        """Return whether the workspace is still this process' own, and Slack takes its bot."""
        return self.still_has(workspace) and workspace.team_id not in self.mute

    @asynccontextmanager
    async def calling(
        self, workspace: OwnedWorkspace, method: str, pausing: tuple[type[SlackError], ...] = SLOW_DOWN
    ) -> AsyncIterator[None]:
        """Take room for one call of `method` with the bot's token: the context of the call.

        After an error of `pausing` there is a pause. What is raised is what the error means: SlackShutError where the
        bot's token, or everybody's, is not taken for now.
        """
        try:
            with calling(workspace.budget, self._clock, method, pausing):
                yield
        except SlackError as error:
            means = await self.judge_bot(workspace.team_id, error)
            if means is error:
                raise
            raise means from error

    async def with_tokens(self, teams: Collection[str]) -> list[tuple[OwnedWorkspace, str | None]]:
        """Own those of `teams` that nobody else owns; those that are this process' own, in order, with bot tokens."""
        await self.own(teams)
        tokens = await self._budgets.bot_tokens(teams) if teams else {}
        return [(one, tokens.get(team_id)) for team_id in teams if (one := self.get(team_id)) is not None]

    async def own(self, teams: Collection[str]) -> None:
        """Own those of `teams` that nobody else owns."""
        async with self._acquiring:
            new = set(teams) - self._owned.keys()
            if not new:
                return
            losses = self._losses
            acquired = await self._leases.acquire(new)
            again = time.monotonic() + OTHERS
            self._others.update(dict.fromkeys(new - acquired, again))
            stored = await self._budgets.budgets(acquired)
            now, made = self._clock.now(), {}
            for team_id in acquired:
                budget = self._new_budget()
                if not budget.restore(stored.get(team_id, ""), now, LONGEST_CALL):
                    log.warning("budget_unreadable", team_id=team_id)
                made[team_id] = OwnedWorkspace(team_id, budget)
            await self._save(made.values(), owned=True)
            if losses == self._losses:  # else what was acquired is lost already
                self._owned |= made

    def lost(self) -> None:
        """Own none of them: another process may by now."""
        self._owned.clear()
        self._losses += 1

    def take(self, workspace: OwnedWorkspace, user_id: str, work: str = STATUS) -> None:
        """Count the calls of `work` for that person of the workspace, which are about to be made."""
        workspace.under_way[work] += 1
        workspace.unsaved[work].add(user_id)
        self.use(workspace)
        if 2 * len(workspace.unsaved[work]) >= workspace.budget.allowance(work):
            self._store_now.set()

    def may_take(self, workspace: OwnedWorkspace, user_id: str = "", work: str = STATUS) -> bool:
        """Return whether they may be for one person more, or for that one.

        Else it is told when budgets have been stored.
        """
        unsaved = workspace.unsaved[work]
        if len(unsaved) < workspace.budget.allowance(work) and user_id not in unsaved:
            return True
        self._awaited = True
        self._store_now.set()
        return False

    def ended(self, workspace: OwnedWorkspace, work: str = STATUS) -> None:
        """Note that the calls for one person have been made."""
        workspace.under_way[work] -= 1
        self.use(workspace)

    def use(self, workspace: OwnedWorkspace) -> None:
        """Note that the workspace's budget changes."""
        workspace.changed, workspace.used_at = True, time.monotonic()
        self._store_soon.set()

    async def run(self, stop: asyncio.Event, stored: Callable[[], None] = lambda: None) -> None:
        """Store what changes until `stop` is set, then release everything.

        `stored` is called where a write had to wait for it.
        """
        while not stop.is_set():
            await first_of(stop, self._store_soon, seconds=IDLE)
            await first_of(stop, self._store_now, seconds=STORE_EVERY)
            self._store_soon.clear()
            self._store_now.clear()
            with guarded("budgets_not_stored"):
                if await self.store():
                    stored()
                await self._release()
        with guarded("budgets_not_stored"):
            await self._release(every=True)

    async def store(self) -> bool:
        """Store the budgets that have changed; whether a write had to wait for that."""
        await self._save([one for one in self._owned.values() if one.changed], owned=True)
        awaited, self._awaited = self._awaited, False
        return awaited

    @property
    def awaited(self) -> bool:
        """Whether a write has to wait until budgets are stored."""
        return self._awaited

    async def _release(self, *, every: bool = False) -> None:
        """Release those that are idle, or every one."""
        async with self._acquiring:
            idle = time.monotonic() - IDLE
            released = {
                team_id: one
                for team_id, one in self._owned.items()
                if every or (not any(one.under_way.values()) and one.used_at < idle)
            }
            if released:
                self._owned = {team_id: one for team_id, one in self._owned.items() if team_id not in released}
                try:
                    await self._save(released.values(), owned=False)
                finally:  # what is stored says that it is owned: the next owner counts more calls than were made
                    await self._leases.release(released)

    async def _save(self, workspaces: Collection[OwnedWorkspace], *, owned: bool) -> None:
        async with self._storing:
            now, budgets = self._clock.now(), {}
            unsaved: dict[str, dict[str, set[str]]] = {}
            for one in workspaces:
                one.changed = False
                unsaved[one.team_id] = {work: set(theirs) for work, theirs in one.unsaved.items()}
                budgets[one.team_id] = one.budget.to_json(now, owned=owned)
            with ExitStack() as not_stored:
                for one in workspaces:
                    not_stored.callback(self.use, one)  # it is tried again
                await self._budgets.save_budgets(budgets)
                not_stored.pop_all()
            for one in workspaces:
                for work, theirs in unsaved[one.team_id].items():
                    one.unsaved[work] -= theirs


async def _as_it_is(team_id: str, error: SlackError) -> SlackError:
    return error
