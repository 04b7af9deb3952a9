"""The leave calendars of a workspace as its admins manage them, and a member's "this is not me".

Whoever calls has asked Slack whether the admin is one (`services.access.admins`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.calendars.accounts import Accounts, Choice, Connected
from services.calendars.connections import Connections
from services.calendars.oauth_flow import AccountLink
from services.domain.errors import NothingToDoError
from services.domain.leave_spelling import folded_name
from services.domain.model import PersonKey
from services.domain.people import leave_key
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountView
from services.store.calendars import CalendarView
from services.store.leave import LeaveStore, LeaveSummary, ListedLine
from services.store.leave_choices import Tie
from services.store.members import MemberStore
from services.usecases.team_hooks import TeamHooks

log = structlog.get_logger(__name__)

AHEAD = timedelta(days=14)
"""How far ahead admins see what was found."""

MOST_COMING = 10


@dataclass(frozen=True, slots=True)
class LeaveOverview:
    """How the leave calendars of a workspace stand. `ready`: its members were read, without whom nothing is found."""

    calendars: Sequence[CalendarView]
    accounts: Sequence[AccountView]
    found: LeaveSummary
    lines: Sequence[ListedLine]
    ties: Sequence[Tie]
    ready: bool


@dataclass(frozen=True, slots=True)
class LeaveCalendars:
    """What the admins' section and the Home tab call."""

    leave: LeaveStore
    members: MemberStore
    connections: Connections
    accounts: Accounts
    hooks: TeamHooks
    clock: Clock
    wake_signal: WakeSignal

    async def overview(self, team_id: str) -> LeaveOverview:
        """Return how they stand now."""
        key, now = leave_key(team_id), self.clock.now()
        ties = await self.leave.choices.ties(team_id)
        members = await self.members.some(team_id, {tie.user_id for tie in ties})
        here = {user_id for user_id, member in members.items() if member.is_colleague}
        tied = {folded_name(tie.name) for tie in ties if tie.user_id in here}
        lines = await self.leave.lines(team_id, now)
        return LeaveOverview(
            calendars=await self.connections.list(key),
            accounts=await self.accounts.list(key),
            found=await self.leave.summary(team_id, now, now + AHEAD, MOST_COMING),
            lines=[line for line in lines if folded_name(line.name) not in tied],  # those are being found anew
            ties=ties,
            ready=await self.members.read_at(team_id) is not None,
        )

    # ── connecting ──────────────────────────────────────────────────────────────────────────────────

    async def links(self, admin: PersonKey) -> Sequence[AccountLink]:
        """Fresh links to the providers that are set up; what is connected by them is the workspace's."""
        return await self.accounts.flow.links(admin, of_workspace=True)

    async def connect_feed(self, admin: PersonKey, address: str) -> str:
        """Connect an ICS feed of the leave system and have it read at once; its id. Raises an InputError with field."""
        key = await self.leave.begin(admin, self.clock.now())
        calendar_id = await self.connections.connect_feed(key, address, connected_by=admin.user_id)
        await self._changed(admin, "leave_calendar_connected")
        return calendar_id

    async def connect_caldav(self, admin: PersonKey, url: str, user: str, password: str) -> Connected:
        """Let us in at a CalDAV server: of its calendars none counts before it is chosen. Raises as `Accounts` does."""
        return await self.accounts.connect_caldav(admin, url, user, password, of_workspace=True)

    async def choice(self, team_id: str, account_id: str) -> Choice | None:
        """Return what an account offers, and which of it are leave calendars; None where it is gone."""
        return await self.accounts.choice(leave_key(team_id), account_id)

    async def choose(self, admin: PersonKey, account_id: str, addresses: Collection[str]) -> bool:
        """Make exactly these of an account's calendars leave calendars; False where it is gone. Raises TooManyError."""
        key = leave_key(admin.team_id)
        known = await self.accounts.choose(key, account_id, addresses, connected_by=admin.user_id)
        await self._changed(admin, "leave_calendars_chosen")
        return known

    async def remove(self, admin: PersonKey, calendar_id: str) -> None:
        """Forget a leave calendar: what was found in it counts for nobody any more. Raises NothingToDoError."""
        if not await self.connections.disconnect(leave_key(admin.team_id), calendar_id):
            raise NothingToDoError("no such leave calendar")
        await self._changed(admin, "leave_calendar_removed")

    async def drop_account(self, admin: PersonKey, account_id: str) -> None:
        """Forget an account with its leave calendars. Raises NothingToDoError."""
        if not await self.accounts.disconnect(leave_key(admin.team_id), account_id):
            raise NothingToDoError("no such account")
        await self._changed(admin, "leave_account_removed")

    async def read_now(self, team_id: str) -> None:
        """Have all leave calendars read now."""
        await self.connections.sync_now(leave_key(team_id))

    # ── names ───────────────────────────────────────────────────────────────────────────────────────

    async def tie(self, admin: PersonKey, line_id: str, user_id: str) -> None:
        """Tie the name in a line that fits nobody, or two, to a member, for good. Raises NothingToDoError."""
        lines = await self.leave.lines(admin.team_id, self.clock.now())
        name = next((line.name for line in lines if line.line_id == line_id), "")
        if not name:
            raise NothingToDoError("the line is gone")
        await self.leave.choices.tie(admin.team_id, name, user_id, tied_by=admin.user_id, now=self.clock.now())
        await self._changed(admin, "leave_name_tied")

    async def untie(self, admin: PersonKey, tie_id: str) -> None:
        """Untie a name. Raises NothingToDoError."""
        if not await self.leave.choices.untie(admin.team_id, tie_id, self.clock.now()):
            raise NothingToDoError("no such name")
        await self._changed(admin, "leave_name_untied")

    # ── the members' side ───────────────────────────────────────────────────────────────────────────

    async def counts(self, key: PersonKey) -> bool | None:
        """Return whether leave calendars count for the member: False where they said that it is not.

        None: none does.
        """
        return await self.leave.choices.counts(key, self.clock.now())

    async def not_me(self, key: PersonKey) -> None:
        """Let nothing of leave calendars be the member's from now on."""
        await self.leave.choices.refuse(key, self.clock.now())
        log.info("leave_refused", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()

    async def me_again(self, key: PersonKey) -> None:
        """Take that back."""
        await self.leave.choices.accept(key, self.clock.now())
        self.wake_signal.wake()

    async def _changed(self, admin: PersonKey, event: str) -> None:
        await self.leave.look_again(admin.team_id, self.clock.now())
        log.info(event, team_id=admin.team_id, user_id=admin.user_id)
        self.wake_signal.wake()
