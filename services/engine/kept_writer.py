"""One kept member: read their profile, decide, write or leave it with the keeper's token, write down what came of it.

This and nothing else sets somebody's status with another one's token. Whom the token may set is asked of Slack's roles,
never learned from refusals; every refusal has an end: the member is listed with the reason, or the keeper stops.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from services.domain import keeper, ownership
from services.domain.decisions import Action, Decision, Standing
from services.domain.errors import (
    BadEmojiError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackShutError,
    SlackUnavailableError,
    TokenExpiredError,
    WorkspaceBlockedError,
    WrongPersonError,
)
from services.domain.keeper import KeeperState, Plan
from services.domain.members import Role, WorkspaceMember
from services.domain.model import Kind, PersonKey, Status
from services.domain.profile_state import AuditEntry, ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import default_emoji
from services.engine.emoji import UnknownEmoji
from services.engine.failures import OUTAGE, Judge, again_in, back_off, outcome_of, reason_of
from services.platform.logs import of_error
from services.ports import Clock
from services.slack.calls import Calls, proven_owner, token_digest
from services.slack.keeper import KeeperProfiles
from services.slack.limits import KEPT
from services.slack.members import INFO, SlackMembers
from services.slack.profile import GET, SET, TEST, SlackProfiles
from services.store.keeper import KeeperStore
from services.store.kept import KeptMember, KeptStore
from services.store.members import MemberStore
from services.store.people import PeopleStore

log = structlog.get_logger(__name__)

ROLE_LIVES = timedelta(days=1)
"""How long it is believed who may set whose profile, without being told of a change."""

FIRST = datetime(9000, 1, 1, tzinfo=UTC)
"""In the place of the end of an absence: what is to be taken off or put back comes before all of them."""


_STOPS: Mapping[str, KeeperState] = {keeper.NO_ADMIN: KeeperState.LOST, keeper.FREE_PLAN: KeeperState.IMPOSSIBLE}


@dataclass(slots=True)
class KeptTurn:
    """One member while their profile is looked at. `member` is as stored last, `seen` what the look has told."""

    member: KeptMember
    plan: Plan
    bot: str
    calls: Calls
    seen: ProfileState

    @property
    def ids(self) -> dict[str, str]:
        """Who it is about, and whose token it is."""
        key = self.member.key
        return {"team_id": key.team_id, "user_id": key.user_id, "keeper_id": self.member.keeper_id}


class KeptWriter:
    """Carries out what the leave of a kept member says."""

    def __init__(
        self,
        kept: KeptStore,
        keepers: KeeperStore,
        *,
        slack: KeeperProfiles,
        profiles: SlackProfiles,
        roles: SlackMembers,
        members: MemberStore,
        people: PeopleStore,
        refresh: Callable[[PersonKey], Awaitable[None]],
        judge: Judge,
        unknown_emoji: UnknownEmoji,
        clock: Clock,
    ) -> None:
        """`profiles` tell whose a token is; `refresh` renews an expired one and raises where that does not work.

        `judge` says what a refusal of one means.
        """
        self._kept = kept
        self._keepers = keepers
        self._slack = slack
        self._profiles = profiles
        self._roles = roles
        self._members = members
        self._people = people
        self._refresh = refresh
        self._judge = judge
        self._unknown_emoji = unknown_emoji
        self._clock = clock
        self._proven: dict[str, str] = {}  # the digest of each keeper's token whose owner was asked for

    def methods(self, member: KeptMember) -> tuple[str, ...]:
        """Return what may be called for that member, each once; users.info once more where both roles are old."""
        now = self._clock.now()
        proven = member.token is not None and self._proven.get(member.key.team_id) == token_digest(member.token)
        known = _fresh(member.role, member.role_read_at, now) and _fresh(member.keeper_role, member.keeper_read_at, now)
        return (GET, SET, KEPT, *(() if proven else (TEST,)), *(() if known else (INFO,)))

    async def carry_out(self, turn: KeptTurn) -> None:
        """Look at the profile and do what is to be done. A SlackError ends in its record."""
        try:
            await self._carry_out(turn)
        except SlackError as error:
            await self._failed(turn, error)
        finally:
            turn.calls.close()

    async def _carry_out(self, turn: KeptTurn) -> None:
        member, span = turn.member, turn.plan.span
        profile = await self._read(turn)
        now = self._clock.now()
        decision = ownership.decide(
            profile, member.memory.standing, span, policy=member.policy, pause=member.pause, now=now
        )
        turn.seen = replace(
            member.memory, standing=decision.seen or decision.standing, decided=keeper.begun(span), refusals=0
        )
        if decision.status is not None:
            await self._write(turn, decision, decision.status)
            return
        entry = None
        if decision.reason.code is not ReasonCode.SHOWS_ALREADY:
            entry = AuditEntry(now, decision.action, decision.reason, "left", status=profile)
        state = replace(turn.seen, standing=replace(decision.standing, pending=None))
        await self._settle(turn, state, decision, entry)

    async def _read(self, turn: KeptTurn) -> Status:
        """Return what the profile shows."""
        with _by_the_bot(), turn.calls.making(GET):
            return await self._slack.read_of(turn.bot, turn.member.key.user_id)

    async def _write(self, turn: KeptTurn, decision: Decision, status: Status) -> None:
        """Write `status`, where it may be and is still wanted; what is about to be there is remembered before."""
        member, calls = turn.member, turn.calls
        team_id, before = member.key.team_id, member.memory.standing
        if member.keeper_id == member.key.user_id:
            raise WrongPersonError("keeper_of_themselves")
        await self._check_roles(turn)
        self._proven[team_id] = await proven_owner(
            calls, self._profiles, member.keeper_id, self._proven.get(team_id, "")
        )
        unknown, other = "", replace(status, emoji=default_emoji(Kind.OUT_OF_OFFICE))
        ours = decision.action is Action.WRITE
        if ours and await self._unknown_emoji.holds(team_id, status.emoji):
            unknown, status = status.emoji, other
        if not await self._take_up(turn, replace(decision, status=status), before):
            return
        try:
            returned = await self._set(turn, status)
        except BadEmojiError:
            if not ours or unknown or status.emoji == other.emoji:
                raise
            unknown = status.emoji
            await self._unknown_emoji.refused(team_id, unknown)
            if not (calls.take_if_there_is(SET) and calls.take_if_there_is(KEPT)):
                return
            if not await self._take_up(turn, replace(decision, status=other), before):
                return
            returned = await self._set(turn, other)
        outcome = "done_with_another_emoji" if unknown else "done"
        entry = AuditEntry(
            self._clock.now(), decision.action, decision.reason, outcome, status=returned, unknown_emoji=unknown
        )
        standing = ownership.record(decision, returned, unknown)
        await self._settle(turn, replace(turn.seen, standing=standing), decision, entry)
        log.info("kept_status_written", action=decision.action.value, reason=decision.reason.code.value, **turn.ids)

    async def _take_up(self, turn: KeptTurn, decision: Decision, before: Standing) -> bool:
        """Remember what is about to be written; whether it may be, still wanted, by this process."""
        intended = replace(turn.seen, standing=ownership.intent(before, decision))
        taken_up = await self._kept.take_up(turn.member, intended)
        if taken_up is None:
            return False
        turn.member = taken_up
        end = None if decision.status is None else decision.status.expiration
        return turn.calls.is_ours() and (end is None or end > self._clock.now())

    async def _set(self, turn: KeptTurn, status: Status) -> Status:
        with turn.calls.making(KEPT), turn.calls.making(SET):
            return await self._slack.set_for(turn.calls.token, turn.member.key.user_id, status)

    async def _check_roles(self, turn: KeptTurn) -> None:
        """Make sure that the member's role is below the keeper's; asked of Slack where that is a day old."""
        member, now = turn.member, self._clock.now()
        role, above = member.role, member.keeper_role
        if not _fresh(above, member.keeper_read_at, now):
            found = await self._asked(turn, member.keeper_id)
            if not found.is_admin:
                raise WorkspaceBlockedError(keeper.NO_ADMIN)
            above = found.role
        if not _fresh(role, member.role_read_at, now):
            found = await self._asked(turn, member.key.user_id)
            if not found.is_colleague:
                raise SlackRefusedError(keeper.GONE)
            role = found.role
        if role is None or above is None or not above.outranks(role):
            raise SlackRefusedError(keeper.ABOVE)

    async def _asked(self, turn: KeptTurn, user_id: str) -> WorkspaceMember:
        """Return a member as Slack has them now, which is kept."""
        team_id, now = turn.member.key.team_id, self._clock.now()
        homes = await self._members.homes(team_id)
        turn.calls.take_again(INFO)
        with _by_the_bot(), turn.calls.making(INFO):
            found = await self._roles.member(turn.bot, user_id, homes)
        await self._members.put(team_id, [found], read_at=now, now=now)
        return found

    async def _settle(self, turn: KeptTurn, state: ProfileState, decision: Decision, entry: AuditEntry | None) -> None:
        at = keeper.next_look(turn.plan, state.standing, decision.look_again)
        until = turn.plan.until
        if turn.plan.span.shows and state.standing.covered is not None:
            until = FIRST  # at its end the person's own is put back
        elif turn.plan.span.shows:
            until = turn.plan.span.end  # at its end it is only looked whether Slack has cleared it
        await self._kept.settle(turn.member, state, at, until or self._clock.now(), entry)

    # ── when Slack does not do it ───────────────────────────────────────────────────────────────────

    async def _failed(self, turn: KeptTurn, error: SlackError) -> None:
        """Record the error by its kind: try again, list the member with the reason, or stop the keeper."""
        member, now = turn.member, self._clock.now()
        owner = PersonKey(member.key.team_id, member.keeper_id)
        error = await self._judge(owner, turn.calls.token, error)
        if isinstance(error, SlackShutError):
            return  # they stay due, until the workspace is served again
        log.warning("kept_status_not_written", **of_error(error), **turn.ids)
        if isinstance(error, SlackRateLimitedError):
            return  # the budget knows; they stay due
        if isinstance(error, TokenExpiredError):
            try:
                await self._refresh(owner)
            except GrantLostError as lost:
                error = lost
            except SlackError:
                await self._kept.put_off(member, now + back_off(member.failures))
                return
            else:
                return  # they stay due
        if isinstance(error, GrantLostError | WrongPersonError | ScopeMissingError):
            await self._lose_grant(turn, owner)
            await self.stop(owner, KeeperState.LOST, error.reason)
        elif error.reason in _STOPS:
            await self.stop(owner, _STOPS[error.reason], error.reason)
        elif error.reason in keeper.NOT_THIS_MEMBER:
            await self._list(turn, error)
        else:
            await self._later(turn, error, now)

    async def _later(self, turn: KeptTurn, error: SlackError, now: datetime) -> None:
        """Try again later; what Slack refuses for no reason that we know, a few times."""
        member, wait = turn.member, again_in(error, turn.member.failures)
        if wait is None:
            await self._list(turn, error)
            return
        told = reason_of(error) is not ReasonCode.UNREACHABLE or member.failures >= OUTAGE
        await self._kept.put_off(member, now + wait, error.reason if told else "")

    async def _list(self, turn: KeptTurn, error: SlackError) -> None:
        """List the member with the reason. They are not tried again before their next leave, or something changes."""
        entry = AuditEntry(self._clock.now(), Action.LEAVE, Reason(ReasonCode.REFUSED), outcome_of(error))
        standing = replace(turn.seen.standing, pending=None)  # it was not done
        state, plan = replace(turn.seen, standing=standing), turn.plan
        await self._kept.settle(turn.member, state, plan.following, plan.until, entry, problem=error.reason)

    async def _lose_grant(self, turn: KeptTurn, owner: PersonKey) -> None:
        grant = await self._people.the_grant(owner)
        if grant is not None and grant.token == turn.calls.token:
            await self._people.lose_grant(owner, grant.granted_at, self._clock.now())

    async def stop(self, key: PersonKey, state: KeeperState, problem: str) -> None:
        """Say that keeper can keep nobody any more: the admins are told once."""
        if await self._keepers.stop(key, state, problem):
            log.warning("keeper_stopped", team_id=key.team_id, user_id=key.user_id, became=state.value, reason=problem)


@contextmanager
def _by_the_bot() -> Iterator[None]:
    """Surround a call with the bot's token: that it may not look is not the keeper's fault."""
    try:
        yield
    except (GrantLostError, TokenExpiredError, ScopeMissingError, WorkspaceBlockedError) as error:
        raise SlackUnavailableError(error.reason) from error


def _fresh(role: Role | None, read_at: datetime | None, now: datetime) -> bool:
    return role is not None and read_at is not None and read_at > now - ROLE_LIVES
