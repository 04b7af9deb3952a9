"""A person's own Slack profile, as an agent reads it by Slack's own methods.

Agents have calls of their own: they take none from what keeps statuses, and what they read is found again for a while.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from services.domain.errors import (
    GrantLostError,
    NotGrantedError,
    SlackRateLimitedError,
    SlackUnavailableError,
    TokenExpiredError,
    WrongPersonError,
)
from services.domain.faults import IN_DOUBT
from services.domain.model import PersonKey
from services.platform.concurrency import remember
from services.ports import Clock
from services.slack.calls import calling, token_digest
from services.slack.limits import Budget
from services.slack.members import INFO, SlackMembers
from services.slack.profile import GET, TEST, SlackProfiles
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore

T = TypeVar("T")

READS = {GET: 45, INFO: 60, TEST: 60}
"""Calls in a minute that agents of a workspace can make of one process, beside those that keep statuses: with the looks
at profiles before as many statuses as Slack lets be written, they are less than what it lets be read."""

_FRESH = 5.0
"""Seconds of real time for which a profile that was read is good enough, where there is no room to read it anew."""

MOST_WORKSPACES, MOST_NAMES, MOST_READ = 1_000, 10_000, 1_000


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """A profile object as Slack gives it, and what Slack calls the person."""

    profile: Mapping[str, Any]
    username: str


class ProfileReading:
    """Reads the profile of whoever asks, and of nobody else."""

    def __init__(
        self,
        people: PeopleStore,
        workspaces: WorkspaceStore,
        profiles: SlackProfiles,
        members: SlackMembers,
        *,
        refresh: Callable[[PersonKey], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`refresh` renews a person's expired token and raises where that does not work."""
        self._people = people
        self._workspaces = workspaces
        self._profiles = profiles
        self._members = members
        self._refresh = refresh
        self._clock = clock
        self._budgets: OrderedDict[str, Budget] = OrderedDict()
        self._names: OrderedDict[PersonKey, tuple[str, str]] = OrderedDict()
        self._read: OrderedDict[PersonKey, tuple[float, OwnProfile]] = OrderedDict()

    async def get(self, key: PersonKey) -> OwnProfile:
        """Return what the person's profile shows. Raises NotGrantedError, SlackError."""
        self._forget_what_is_old()
        if self._ready_at(key, GET) is not None and key in self._read:
            return self._read[key][1]
        return await self.now(key)

    async def now(self, key: PersonKey) -> OwnProfile:
        """Return the same, as it is now."""
        token, username = await self._token(key)
        found = OwnProfile(await self._within(key, GET, self._profiles.whole, token), username)
        self._forget_what_is_old()
        remember(self._read, key, (time.monotonic(), found), MOST_READ)
        return found

    def _forget_what_is_old(self) -> None:
        while self._read and next(iter(self._read.values()))[0] < time.monotonic() - _FRESH:
            self._read.popitem(last=False)

    async def info(self, key: PersonKey, *, locale: bool) -> Mapping[str, Any]:
        """Return the person's user object, with their `locale` where asked for.

        Raises NotInstalledError, SlackError.
        """
        bot = await self._workspaces.the_bot_token(key.team_id)

        async def read(token: str) -> Mapping[str, Any]:
            return await self._members.whole(token, key.user_id, locale=locale)

        return await self._within(key, INFO, read, bot)

    async def _token(self, key: PersonKey) -> tuple[str, str]:
        """Return the person's token, which was found to be theirs, and what Slack calls them."""
        for renewed in (False, True):
            grant = await self._people.the_grant(key)
            if grant is None:
                raise NotGrantedError("no token")
            digest = token_digest(grant.token)
            digested, username = self._names.get(key, ("", ""))
            if digested == digest:
                return grant.token, username
            try:
                user_id, username = await self._within(key, TEST, self._profiles.name, grant.token)
            except TokenExpiredError:
                if renewed:
                    raise
                await self._refresh(key)
                continue
            if user_id != key.user_id:
                raise WrongPersonError("token_of_somebody_else")
            remember(self._names, key, (digest, username), MOST_NAMES)
            return grant.token, username
        raise NotGrantedError("no token")

    async def _within(self, key: PersonKey, method: str, call: Callable[[str], Awaitable[T]], token: str) -> T:
        """Make one call, where there is room for it. Raises SlackRateLimitedError at once where there is none.

        A refusal that may be everybody's, and then the operator's to mend, is no word about this person's grant.
        """
        ready = self._ready_at(key, method)
        if ready is not None:
            raise SlackRateLimitedError(method, max(1.0, (ready - self._clock.now()).total_seconds()))
        try:
            with calling(self._budgets[key.team_id], self._clock, method):
                return await call(token)
        except GrantLostError as refusal:
            if refusal.reason in IN_DOUBT:
                raise SlackUnavailableError("token_unverified", method=method) from refusal
            raise

    def _ready_at(self, key: PersonKey, method: str) -> datetime | None:
        """Return when there is room for a call of `method`; None for now."""
        budget = self._budgets.get(key.team_id) or Budget(limits=dict(READS))
        remember(self._budgets, key.team_id, budget, MOST_WORKSPACES)
        return budget.ready_at(method, self._clock.now())

    def username(self, key: PersonKey) -> str:
        """Return what Slack called the person when that was asked last; "" before."""
        return self._names.get(key, ("", ""))[1]
