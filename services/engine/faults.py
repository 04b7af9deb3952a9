"""When Slack refuses a token: is it that person's or the bot's alone, or everybody's, which is the operator's to mend?

Slack says `invalid_auth` to the token of somebody who has taken their permission back, and to all tokens of a
workspace where this machine's address is not on the app's list. So before a grant is taken for lost another token of
the workspace is asked (auth.test), the bot's first. Where none is taken nobody's grant is lost and nobody is told: the
workspace rests, what is wished for waits, and it is asked again and again, at most once a minute, until one is taken.
The same is asked where the bot's token is refused. Where only that one is, what needs the bot waits and is asked for
like that, and statuses go on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import (
    GrantLostError,
    SlackError,
    SlackRateLimitedError,
    SlackShutError,
    SlackUnavailableError,
    StatusQuoError,
)
from services.domain.faults import ACCOUNT_INACTIVE, IN_DOUBT, OperatorFault, concerns_bot
from services.domain.model import PersonKey
from services.engine.workspaces import OwnedWorkspaces
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, WakeSignal
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

TOLD_AFTER = timedelta(minutes=10)
"""Admins are told that tokens were refused, once they are taken again, where that lasted for so long."""

AGAIN = timedelta(minutes=5)
"""When it is tried again to find the admins, where Slack did not say who they are."""

FORGOTTEN = timedelta(days=1)
"""A fault that nobody has met for so long is over: what meets it is tried every few minutes, or by nobody at all."""

AT_ONCE = 8


@dataclass(slots=True)
class TokenFaults:
    """Judges refusals, and looks after the faults that stand. DueWork "faults".

    `wake` has the sender look at a workspace that is served again: whoever makes the sender sets it. `wake_signal` has
    the engine's loops learn when a fault is looked at.
    """

    faults: FaultStore
    authority: SlackAuthority
    workspaces: OwnedWorkspaces
    bot_tokens: Callable[[list[str]], Awaitable[Mapping[str, str | None]]]
    clock: Clock
    wake_signal: WakeSignal
    name: str = "faults"
    wake: Callable[[], None] = field(default=lambda: None, init=False)
    _began: bool = field(default=False, init=False)
    _asking: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), init=False)

    # ── is it the person's? ─────────────────────────────────────────────────────────────────────────

    async def judged(self, key: PersonKey, token: str | None, error: SlackError) -> SlackError:
        """Return the error to go on with after Slack refused `key`'s token with `error`.

        That very one where it is the person's; SlackShutError where the workspace's tokens are all refused;
        SlackUnavailableError where nobody knows, or where the token is taken by now; GrantLostError where it is from
        before a deactivation, of somebody who is back.
        """
        if error.reason not in IN_DOUBT:
            is_back = error.reason == ACCOUNT_INACTIVE and await self._is_there(key)
            return GrantLostError("reactivated") if is_back else error
        async with self._asking[key.team_id]:
            if key.team_id in self.workspaces.shut:
                return SlackShutError(error.reason)
            taken = await self._is_any_taken(key.team_id, key.user_id)
            if taken is None:
                return SlackUnavailableError("token_unverified")
            if not taken:
                return await self._met(OperatorFault.SLACK_TOKENS, error, key.team_id)
            # Slack may have begun to take them again, or to refuse them, between the refusal and the question.
            if error.reason == "invalid_auth" and token is not None and await self._is_taken(token) is not False:
                return SlackUnavailableError("token_taken_by_now")
        return error

    async def bot_judged(self, team_id: str, error: SlackError) -> SlackError:
        """Return the error to go on with after Slack refused the token of the workspace's bot with `error`.

        That very one where it is about that call; SlackShutError where the bot's token, or everybody's, is refused;
        SlackUnavailableError where nobody knows, or where the token is taken by now.
        """
        if not concerns_bot(error):
            return error
        async with self._asking[team_id]:
            if team_id in self.workspaces.shut | self.workspaces.mute:
                return SlackShutError(error.reason)
            taken = await self._is_taken(await self._bot(team_id))
            if taken:
                return SlackUnavailableError("token_taken_by_now") if error.reason == "invalid_auth" else error
            others = await self._are_others_taken(team_id, "")
            if taken is None or others is None:
                return SlackUnavailableError("token_unverified")
            # An app that is gone is nobody's to mend: people's permissions end as they are met.
            everybody = not others and error.reason in IN_DOUBT
            return await self._met(OperatorFault.SLACK_TOKENS if everybody else OperatorFault.SLACK_BOT, error, team_id)

    async def _is_there(self, key: PersonKey) -> bool:
        """Return whether Slack says that somebody's account is a member's now; the bot is asked."""
        bot = await self._bot(key.team_id)
        try:
            return bot is not None and await self.authority.account(bot, key.user_id) is not None
        except SlackError as failure:  # it was Slack that said "deactivated"; who is back is found by what tells of it
            log.warning("account_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
            return False

    async def _met(self, fault: OperatorFault, error: SlackError, team_id: str) -> SlackShutError:
        if await self.faults.met(fault, error.reason, team_id):
            self.wake_signal.wake()
        if fault is OperatorFault.SLACK_TOKENS:
            self.workspaces.shut |= {team_id}
        else:
            self.workspaces.mute |= {team_id}
        return SlackShutError(error.reason)

    async def _bot(self, team_id: str) -> str | None:
        return (await self.bot_tokens([team_id])).get(team_id)

    async def _is_any_taken(self, team_id: str, user_id: str) -> bool | None:
        """Return whether Slack takes another token of the workspace; None where it does not say. Without any: not."""
        bot = await self._is_taken(await self._bot(team_id))
        if bot:
            return True
        others = await self._are_others_taken(team_id, user_id)
        return others or (None if bot is None else others)

    async def _are_others_taken(self, team_id: str, user_id: str) -> bool | None:
        """Return the same of another person's token, and not the bot's."""
        found: bool | None = False
        for token in await self.faults.other_tokens(team_id, user_id, self.clock.now(), OTHERS):
            taken = await self._is_taken(token)
            if taken:
                return True
            found = None if taken is None else found
        return found

    async def _is_taken(self, token: str | None) -> bool | None:
        if token is None:
            return False
        try:
            await self.authority.owner(token)
        except (SlackRateLimitedError, SlackUnavailableError):
            return None
        except SlackError:
            return False
        return True

    # ── what stands ─────────────────────────────────────────────────────────────────────────────────

    async def next_due(self) -> datetime | None:
        """Return when the first is to be looked at again.

        Workspaces whose tokens are refused are served no more until then. What another process has found, or found
        over, holds here within moments.
        """
        standing = await self.faults.look()
        shut, mute = (
            frozenset(one.team_id for one in standing if one.fault is fault)
            for fault in (OperatorFault.SLACK_TOKENS, OperatorFault.SLACK_BOT)
        )
        opened = (self.workspaces.shut - shut) | (self.workspaces.mute - mute)
        self.workspaces.shut, self.workspaces.mute = shut, mute
        if opened:
            self.wake()
        if not self._began and any(one.fault is OperatorFault.SLACK_CLIENT for one in standing):
            return self.clock.now()  # the secret may have been put right, and the program begun anew for that
        looks = [one.due_at for one in standing if one.due_at is not None]
        return min([*looks, *(one.seen_at + FORGOTTEN for one in standing if not one.team_id)], default=None)

    async def run_due(self) -> Report:
        """Look at those that are due: is a token taken by now? Whom is it to be told?"""
        now = self.clock.now()
        if not self._began:
            self._began = True
            await self._ask_for_client()
        due = await self.faults.claim(now, now + LEASE, AT_ONCE)
        done = await asyncio.gather(*(self._looked(one) for one in due))
        await self.faults.forget(now - FORGOTTEN)
        return Report(done=len(due), changed=sum(done), failed=len(done) - sum(done))

    async def _looked(self, due: DueFault) -> bool:
        with guarded("fault_not_looked_at", fault=due.fault.value, team_id=due.team_id) as result:
            await (self._ask(due) if due.fault.of_workspace else self._tell(due))
        return not result.failed

    async def _ask_for_client(self) -> None:
        """Ask whether Slack takes our credentials now, where it did not before this process began."""
        with guarded("fault_not_looked_at", fault=OperatorFault.SLACK_CLIENT.value, team_id=""):
            standing = await self.faults.look()
            if any(one.fault is OperatorFault.SLACK_CLIENT for one in standing) and await self.authority.takes_app():
                await self.faults.over(OperatorFault.SLACK_CLIENT)

    async def _ask(self, due: DueFault) -> None:
        """Ask whether a token is taken by now. Then it is over, and a few admins are told, if it had lasted."""
        bot, now = await self._bot(due.team_id), self.clock.now()
        if due.fault is OperatorFault.SLACK_BOT:  # without a bot there is none that is refused
            taken = True if bot is None else await self._is_taken(bot)
        else:
            taken = await self._is_any_taken(due.team_id, "")
        if taken:
            lasted = now - due.since >= TOLD_AFTER
            admins = (await self._admins(due.team_id, bot))[0] if lasted else []
            await self.faults.over(due.fault, due.team_id, admins)
            return
        until = now + min(FIRST_LOOK * 2 ** min(due.tries + 1, 10), LONGEST)
        await self.faults.look_again(due, until, now if taken is False else None)

    async def _tell(self, due: DueFault) -> None:
        """Have a few admins of the workspace told. Its bot tells them (a notice)."""
        admins, asked = await self._admins(due.team_id, await self._bot(due.team_id))
        if not (admins or asked):
            await self.faults.look_again(due, self.clock.now() + AGAIN)
        elif await self.faults.tell(due, admins):
            log.info("operator_fault_told", fault=due.fault.value, team_id=due.team_id, admins=len(admins))
            self.wake()

    async def _admins(self, team_id: str, bot: str | None) -> tuple[list[str], bool]:
        """Return a few admins of the workspace, as Slack says now who they are; and whether it has said so."""
        admins: list[str] = []
        try:
            for user_id in await self.faults.may_be_admins(team_id, ASKED) if bot is not None else ():
                if await self.authority.is_admin(bot or "", user_id):
                    admins.append(user_id)
                if len(admins) == TOLD:
                    break
        except StatusQuoError as failure:
            log.warning("admins_not_found", team_id=team_id, reason=failure.reason, error_id=failure.id)
            return admins, False
        return admins, True
