"""When Slack refuses a token: is it that person's alone, or everybody's, which is the operator's to mend?

Slack says `invalid_auth` to the token of somebody who has taken their permission back, and to all tokens of a
workspace where this machine's address is not on the app's list. So before a grant is taken for lost another token of
the workspace is asked (auth.test), the bot's first. Where none is taken nobody's grant is lost and nobody is told: the
workspace rests, what is wished for waits, and it is asked again and again, at most once a minute, until one is taken.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import (
    SlackError,
    SlackRateLimitedError,
    SlackShutError,
    SlackUnavailableError,
    StatusQuoError,
)
from services.domain.faults import IN_DOUBT, Fault
from services.domain.model import PersonKey
from services.engine.workspaces import OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.oauth import SlackAuthority
from services.store.faults import FIRST_LOOK, DueFault, FaultStore

log = structlog.get_logger(__name__)

LONGEST = timedelta(minutes=1)
"""Between two looks at a workspace whose tokens are refused."""

LEASE = timedelta(seconds=30)
"""How long a look is left to its process: longer than the calls of one."""

OTHERS = 2
"""So many other people's tokens are asked where the bot's is refused."""

TOLD, ASKED = 3, 20
"""So many admins of a workspace are told of a fault, and so many people are looked up for that."""

AGAIN = timedelta(minutes=5)
"""When it is tried again to find the admins, where Slack did not say who they are."""

FORGOTTEN = timedelta(days=1)
"""A fault that nobody has met for so long is over: what meets it is tried every few minutes, or by nobody at all."""

AT_ONCE = 8


@dataclass(slots=True)
class TokenFaults:
    """Judges refusals, and looks after the faults that stand. DueWork "faults".

    `wake` has the sender look at a workspace that is served again: whoever makes the sender sets it.
    """

    faults: FaultStore
    authority: SlackAuthority
    workspaces: OwnedWorkspaces
    bot_tokens: Callable[[list[str]], Awaitable[Mapping[str, str | None]]]
    clock: Clock
    name: str = "faults"
    wake: Callable[[], None] = field(default=lambda: None, init=False)
    _asking: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), init=False)

    # ── is it the person's? ─────────────────────────────────────────────────────────────────────────

    async def judged(self, key: PersonKey, token: str | None, error: SlackError) -> SlackError:
        """The error to go on with after Slack refused `key`'s token with `error`.

        That very one where it is the person's; SlackShutError where the workspace's tokens are all refused;
        SlackUnavailableError where nobody knows, or where the token is taken by now.
        """
        if error.reason not in IN_DOUBT:
            return error
        async with self._asking[key.team_id]:
            if key.team_id in self.workspaces.shut:
                return SlackShutError(error.reason)
            taken = await self._is_any_taken(key.team_id, key.user_id)
            if taken is None:
                return SlackUnavailableError("token_unverified")
            if not taken:
                await self.faults.met(Fault.SLACK_TOKENS, error.reason, key.team_id)
                self.workspaces.shut |= {key.team_id}
                return SlackShutError(error.reason)
            # Slack may have begun to take them again, or to refuse them, between the refusal and the question.
            if error.reason == "invalid_auth" and token is not None and await self._is_taken(token) is not False:
                return SlackUnavailableError("token_taken_by_now")
        return error

    async def _is_any_taken(self, team_id: str, user_id: str) -> bool | None:
        """Whether Slack takes another token of the workspace; None where it does not say. Without any: not."""
        bot = (await self.bot_tokens([team_id])).get(team_id)
        said = [await self._is_taken(bot)] if bot is not None else []
        if True not in said:
            for token in await self.faults.other_tokens(team_id, user_id, self.clock.now(), OTHERS):
                said.append(await self._is_taken(token))
                if said[-1]:
                    break
        return True if True in said else None if None in said else False

    async def _is_taken(self, token: str) -> bool | None:
        try:
            await self.authority.owner(token)
        except (SlackRateLimitedError, SlackUnavailableError):
            return None
        except SlackError:
            return False
        return True

    # ── what stands ─────────────────────────────────────────────────────────────────────────────────

    async def next_due(self) -> datetime | None:
        """When the first is to be looked at again. Workspaces whose tokens are refused are served no more until then.

        What another process has found, or found over, holds here within moments.
        """
        standing = await self.faults.look()
        shut = frozenset(one.team_id for one in standing if one.fault is Fault.SLACK_TOKENS)
        opened, self.workspaces.shut = self.workspaces.shut - shut, shut
        if opened:
            self.wake()
        looks = [one.due_at for one in standing if one.due_at is not None]
        return min([*looks, *(one.seen_at + FORGOTTEN for one in standing if not one.team_id)], default=None)

    async def run_due(self) -> Report:
        """Look at those that are due: is a token taken by now? Whom is it to be told?"""
        now = self.clock.now()
        due = await self.faults.claim(now, now + LEASE, AT_ONCE)
        done = await asyncio.gather(*(self._looked(one) for one in due))
        await self.faults.forget(now - FORGOTTEN)
        return Report(done=len(due), changed=sum(done), failed=len(done) - sum(done))

    async def _looked(self, due: DueFault) -> bool:
        with guarded("fault_not_looked_at", fault=due.fault.value, team_id=due.team_id) as result:
            await (self._ask(due) if due.fault is Fault.SLACK_TOKENS else self._tell(due))
        return not result.failed

    async def _ask(self, due: DueFault) -> None:
        taken = await self._is_any_taken(due.team_id, "")
        if taken:
            await self.faults.over(Fault.SLACK_TOKENS, due.team_id)
            return
        now = self.clock.now()
        until = now + min(FIRST_LOOK * 2 ** min(due.tries + 1, 10), LONGEST)
        await self.faults.look_again(due, until, now if taken is False else None)

    async def _tell(self, due: DueFault) -> None:
        """Have a few admins of the workspace told, as Slack says now who they are. Its bot tells them (a notice)."""
        bot = (await self.bot_tokens([due.team_id])).get(due.team_id)
        admins: list[str] = []
        try:
            for user_id in await self.faults.may_be_admins(due.team_id, ASKED) if bot is not None else ():
                if await self.authority.is_admin(bot or "", user_id):
                    admins.append(user_id)
                if len(admins) == TOLD:
                    break
        except StatusQuoError as failure:
            log.warning("admins_not_found", team_id=due.team_id, reason=failure.reason, error_id=failure.id)
            if not admins:
                await self.faults.look_again(due, self.clock.now() + AGAIN)
                return
        if await self.faults.tell(due, admins):
            log.info("operator_fault_told", fault=due.fault.value, team_id=due.team_id, admins=len(admins))
            self.wake()
