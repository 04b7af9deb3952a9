"""Leave kept on the profiles of members who have no grant, with an admin's token: whose turn it is.

A chore of the sender. Like everybody's status: within the workspaces that this process owns, within their budgets. Of a
workspace's calls members' own statuses come first, and at least `KEEPER_FLOOR` a minute are left to the keeper while
anybody waits; what is to be taken off is first among those, then the longest absence.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from services.domain import keeper
from services.domain.keeper import KeeperState, Plan
from services.domain.model import Kind, Look
from services.domain.people import Preferences
from services.domain.policy import Policy
from services.domain.text import ENGLISH, Coverage, DefaultTexts, StatusTexts
from services.engine.failures import back_off
from services.engine.kept_writer import FIRST, KeptTurn, KeptWriter
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock
from services.slack.calls import Calls
from services.slack.limits import KEEPER, KEEPER_FLOOR, KEPT, Budget
from services.slack.profile import SET
from services.store.keeper import KeeperStore
from services.store.kept import KeptMember, KeptStore, Placed

MANY, MOST_PLACED = 100, 500
"""How many are looked for at once: for whom something is to be done, and for whom it is to be found out."""

AT_ONCE, AT_ONCE_OF_A_WORKSPACE = 16, 4

NOT_NOW = timedelta(hours=1)
"""How long those wait who cannot be read, or whose workspace has no bot."""


class KeeperSender:
    """Finds out what the leave of kept members means, and has their profiles looked at as far as there is room."""

    def __init__(
        self,
        writer: KeptWriter,
        kept: KeptStore,
        keepers: KeeperStore,
        workspaces: OwnedWorkspaces,
        *,
        policy_of: Callable[[str], Awaitable[Policy]],
        clock: Clock,
        default_texts: Callable[[str], DefaultTexts] = lambda locale: ENGLISH,
        allowed: bool = True,
    ) -> None:
        """Take whether the operator wants keepers at all (`allowed`); else what stands of ours is taken off."""
        self._writer = writer
        self._kept = kept
        self._keepers = keepers
        self._workspaces = workspaces
        self._policy_of = policy_of
        self._clock = clock
        self._default_texts = default_texts
        self._allowed = allowed
        self._forbidden = not allowed  # what stands from before is still to be looked at
        self._full: dict[str, datetime] = {}  # workspaces without room, and until when

    async def run(self) -> datetime | None:
        """Do what may be done now; when there is more to do."""
        news = await self._keepers.news()
        for key, problem in news.worthless:
            await self._writer.stop(key, KeeperState.LOST, problem)
        for key in news.over:
            await self._keepers.finish(key)
        if not news.working:
            await self._tell_budgets(news.working, frozenset())
            return None
        for team_id in news.working if self._forbidden else ():
            await self._keepers.look_at_all(team_id, self._clock.now())
        self._forbidden = False
        placed = await self._place()
        now = self._clock.now()
        self._full = {team_id: at for team_id, at in self._full.items() if at > now}
        due = await self._kept.due(now, MANY, others=self._workspaces.without_bot | self._full.keys())
        teams = {one.key.team_id for one in due}
        bots = {one.team_id: token for one, token in await self._workspaces.with_tokens(teams)}
        await self._tell_budgets(news.working, teams | self._full.keys())
        known = len(self._full)
        done = await self._do(due, bots, await self._policies(due))
        more = len(due) == MANY and len(self._full) > known  # without those there are others
        if placed or done or more or news.over or news.worthless:
            return self._clock.now()
        waits = (await self._kept.next_due(now), *self._full.values())
        return min((at for at in waits if at is not None), default=None)

    async def _tell_budgets(self, working: Mapping[str, str], waiting: Collection[str]) -> None:
        """Tell the budgets whose token sets others' profiles, stored before it does, and whether somebody waits."""
        new = False
        for workspace in self._workspaces.owned:
            owner = working.get(workspace.team_id, "")
            workspace.budget.keeper_waits = bool(owner) and workspace.team_id in waiting
            if workspace.budget.keeper != owner:
                workspace.budget.keeper = owner
                self._workspaces.use(workspace)
                new |= bool(owner)
        if new:
            await self._workspaces.store()

    # ── what is to be done ──────────────────────────────────────────────────────────────────────────

    async def _policies(self, members: Sequence[KeptMember]) -> dict[str, Policy]:
        """Return what their workspaces allow."""
        return {team_id: await self._policy_of(team_id) for team_id in {one.key.team_id for one in members}}

    async def _place(self) -> int:
        """Find out what is to be done for those who were made due; how many there were."""
        now = self._clock.now()
        members = await self._kept.unplaced(now, MOST_PLACED, others=self._workspaces.others)
        if members:
            policies = await self._policies(members)
            await self._kept.place([self._placed(one, policies, now) for one in members])
        return len(members)

    def _placed(self, member: KeptMember, policies: Mapping[str, Policy], now: datetime) -> Placed:
        if member.granted:
            return Placed(member, None, None)
        plan = self._plan(member, policies, now)
        if plan.span.shows:
            return Placed(member, now, plan.until)
        if not member.owed:
            return Placed(member, plan.next_at, plan.until)
        standing = member.memory.standing
        lasts = any(one is not None and one.lasts(now) for one in (standing.applied, standing.pending))
        return Placed(member, now, FIRST if lasts or standing.covered is not None else now)

    def _plan(self, member: KeptMember, policies: Mapping[str, Policy], now: datetime) -> Plan:
        policy = policies.get(member.key.team_id, Policy())
        may = member.may and self._allowed and policy.keeper
        plan = keeper.plan(member.leave, now, partial(self._says, member, policy), zone=member.zone, may=may)
        return replace(plan, span=keeper.continued(plan.span, member.memory.decided))

    def _says(self, member: KeptMember, policy: Policy, start: datetime, end: datetime) -> tuple[str, str]:
        """Text and emoji of an absence: what the workspace fixes, else the neutral text in the member's language."""
        looks = {Kind.OUT_OF_OFFICE: policy.looks.get(Kind.OUT_OF_OFFICE, Look())}
        texts = self._default_texts(member.locale)
        said = StatusTexts(looks, Preferences(), zone=member.zone or ZoneInfo("UTC"), default_texts=texts)
        return said.absence("", "", Coverage(start, end))

    # ── whose turn it is ────────────────────────────────────────────────────────────────────────────

    async def _do(
        self, due: Sequence[KeptMember], bots: Mapping[str, str | None], policies: Mapping[str, Policy]
    ) -> int:
        """Do what there is room for; for how many that was."""
        teams = {one.key.team_id for one in due}
        busy = await self._kept.busy(self._clock.now(), teams) if teams else set()
        places: Counter[str] = Counter()
        turns: list[Awaitable[None]] = []
        settled = 0
        for member in due:
            team_id, now = member.key.team_id, self._clock.now()
            workspace, bot = self._workspaces.get(team_id), bots.get(team_id)
            if len(turns) >= AT_ONCE:
                break
            if workspace is None or team_id in self._full:
                continue
            plan = self._plan(member, policies, now)
            if member.granted or not (plan.span.shows or member.owed):
                settled += 1
                await self._kept.place([self._placed(member, policies, now)])
            elif not member.readable or bot is None or member.token is None:
                settled += 1
                await self._kept.put_off(member, now + NOT_NOW)
            elif places[team_id] < AT_ONCE_OF_A_WORKSPACE:
                until = self._room_at(member, workspace.budget, now, busy=team_id in busy)
                if until is not None:
                    self._full[team_id] = until
                elif self._workspaces.may_take(workspace, member.key.user_id, KEEPER):
                    places[team_id] += 1
                    turns.append(self._turn(workspace, member, plan, bot))
        await asyncio.gather(*turns)
        return settled + len(turns)

    def _room_at(self, member: KeptMember, budget: Budget, now: datetime, *, busy: bool) -> datetime | None:
        """Return when the calls for that member can be made; None for now.

        Beyond its ten calls in a minute the keeper leaves room for what people type, and waits for members' own.
        """
        keep = budget.kept_for_typed(now) if budget.made(KEPT, now) >= KEEPER_FLOOR else 0
        waits = [
            budget.ready_at(KEPT, now, most=KEEPER_FLOOR if busy else None),
            budget.ready_at(SET, now, member.key.user_id, keep=keep, kept=True),
        ]
        others = (method for method in self._writer.methods(member) if method not in {KEPT, SET})
        waits += [budget.ready_at(method, now, keep=keep) for method in others]
        return max((at for at in waits if at is not None), default=None)

    def _turn(self, workspace: OwnedWorkspace, member: KeptMember, plan: Plan, bot: str) -> Awaitable[None]:
        methods = dict.fromkeys(self._writer.methods(member), "") | {SET: member.key.user_id}
        calls = Calls(
            workspace.budget, self._clock, member.token, methods, partial(self._workspaces.still_has, workspace)
        )
        self._workspaces.take(workspace, member.key.user_id, KEEPER)
        workspace.kept.add(member.key.user_id)
        return self._taken(workspace, KeptTurn(member, plan, bot, calls, member.memory))

    async def _taken(self, workspace: OwnedWorkspace, turn: KeptTurn) -> None:
        try:
            with guarded("kept_status_failed", **turn.ids) as result:
                await self._writer.carry_out(turn)
            if result.failed:
                with guarded("kept_status_not_put_off", **turn.ids):
                    await self._kept.put_off(turn.member, self._clock.now() + back_off(turn.member.failures))
        finally:
            workspace.kept.discard(turn.member.key.user_id)
            self._workspaces.ended(workspace, KEEPER)
