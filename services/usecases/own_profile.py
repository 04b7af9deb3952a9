"""A person's own Slack profile, as an agent reads and sets it by Slack's own methods.

What is set is an override like any other: a fact that is stored, and the sender writes it. Whoever asked is answered
once it is written; what is not written in time is taken back, so that the answer that it was not stays true.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from services.domain.candidates import typed
from services.domain.errors import (
    GrantLostError,
    InputError,
    NoSuchEmojiError,
    NotGrantedError,
    NothingToDoError,
    SlackError,
    SlackRateLimitedError,
    SlackUnavailableError,
    TokenExpiredError,
    WrongPersonError,
)
from services.domain.model import NO_STATUS, Override, OverrideKind, PersonKey, Status
from services.domain.profile_fields import profile_fields
from services.engine.calls import calling, token_digest
from services.engine.limits import Budget
from services.platform.concurrency import remember
from services.platform.logs import guarded
from services.ports import Clock
from services.slack.client import error_for
from services.slack.members import INFO, SlackMembers
from services.slack.profile import GET, SET, TEST, SlackProfiles, profile_of, status_of
from services.store.awaited import AskedChange, AwaitedStore, Progress
from services.store.people import PeopleStore
from services.store.timeline import AuditStore
from services.store.workspaces import WorkspaceStore
from services.usecases import waiting
from services.usecases.emoji import EmojiSearch
from services.usecases.statuses import Statuses
from services.usecases.waiting import NEXT_TRY, UNDER_WAY, NotWrittenError, PausedError, pauses, require_keeping

log = structlog.get_logger(__name__)

T = TypeVar("T")

OPERATION = "usersProfileSet"
"""What agents call `OwnProfiles.set`."""

ANSWERED_WITHIN = timedelta(seconds=waiting.PATIENCE + UNDER_WAY + 15)
"""After so long nobody waits for an answer in any process."""

_LONGEST_DOWN = timedelta(days=1)

READS = {GET: 45, INFO: 60, TEST: 60}
"""Calls in a minute that agents of a workspace can make of one process, beside those that keep statuses: with the looks
at profiles before as many statuses as Slack lets be written, they are less than what it lets be read."""

_FRESH = 5.0
"""Seconds of real time for which a profile that was read is good enough, where there is no room to read it anew."""

MOST_WORKSPACES, MOST_NAMES, MOST_READ = 1_000, 10_000, 1_000


class OwnStatusError(InputError):
    """The status that shows is one that you set in Slack itself. Clear it there."""


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """A profile object as Slack gives it, and what Slack calls the person."""

    profile: Mapping[str, Any]
    username: str


class OwnProfiles:
    """Reads and sets the profile of whoever asks, and of nobody else."""

    def __init__(
        self,
        statuses: Statuses,
        awaited: AwaitedStore,
        people: PeopleStore,
        workspaces: WorkspaceStore,
        *,
        profiles: SlackProfiles,
        members: SlackMembers,
        audit: AuditStore,
        emoji: EmojiSearch,
        refresh: Callable[[PersonKey], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`refresh` renews a person's expired token and raises where that does not work."""
        self._statuses = statuses
        self._awaited = awaited
        self._people = people
        self._workspaces = workspaces
        self._profiles = profiles
        self._members = members
        self._audit = audit
        self._emoji = emoji
        self._refresh = refresh
        self._clock = clock
        self._budgets: OrderedDict[str, Budget] = OrderedDict()
        self._names: OrderedDict[PersonKey, tuple[str, str]] = OrderedDict()
        self._read: OrderedDict[PersonKey, tuple[float, OwnProfile]] = OrderedDict()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────

    async def get(self, key: PersonKey) -> OwnProfile:
        """What the person's profile shows. Raises NotGrantedError, SlackError."""
        self._forget_what_is_old()
        if self._ready_at(key, GET) is not None and key in self._read:
            return self._read[key][1]
        return await self._now(key)

    async def _now(self, key: PersonKey) -> OwnProfile:
        """The same, as it is now."""
        token, username = await self._token(key)
        found = OwnProfile(await self._within(key, GET, self._profiles.whole, token), username)
        self._forget_what_is_old()
        remember(self._read, key, (time.monotonic(), found), MOST_READ)
        return found

    def _forget_what_is_old(self) -> None:
        while self._read and next(iter(self._read.values()))[0] < time.monotonic() - _FRESH:
            self._read.popitem(last=False)

    async def info(self, key: PersonKey, *, locale: bool) -> Mapping[str, Any]:
        """The person's user object, with their `locale` where asked for. Raises NotInstalledError, SlackError."""
        bot = await self._workspaces.the_bot_token(key.team_id)

        async def read(token: str) -> Mapping[str, Any]:
            return await self._members.whole(token, key.user_id, locale=locale)

        return await self._within(key, INFO, read, bot)

    async def _token(self, key: PersonKey) -> tuple[str, str]:
        """The person's token, which was found to be theirs, and what Slack calls them."""
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
        """Make one call, where there is room for it. Raises SlackRateLimitedError at once where there is none."""
        ready = self._ready_at(key, method)
        if ready is not None:
            raise SlackRateLimitedError(method, max(1.0, (ready - self._clock.now()).total_seconds()))
        with calling(self._budgets[key.team_id], self._clock, method):
            return await call(token)

    def _ready_at(self, key: PersonKey, method: str) -> datetime | None:
        """When there is room for a call of `method`; None for now."""
        budget = self._budgets.get(key.team_id) or Budget(limits=dict(READS))
        remember(self._budgets, key.team_id, budget, MOST_WORKSPACES)
        return budget.ready_at(method, self._clock.now())

    # ── setting ─────────────────────────────────────────────────────────────────────────────────────

    async def set(self, key: PersonKey, profile: Mapping[str, object], request: str) -> OwnProfile:
        """Set the status in `profile`, once for each `request`; what Slack shows once it is written.

        Raises InputErrors for what cannot be set, NoSuchEmojiError, PausedError, NotGrantedError; NotWrittenError where
        it was taken back; a SlackError where Slack refused it.
        """
        fields = profile_fields(profile, self._clock.now())
        await require_keeping(self._people, key, self._clock.now())
        before = await self._now(key) if fields.partial else None
        shown = NO_STATUS if before is None else status_of(before.profile)
        now = self._clock.now()
        wanted = fields.over(shown, now)
        if wanted is None:
            return before or await self.get(key)
        if wanted.empty:
            return await self._clear(key, request)
        if await self._emoji.gone(key.team_id, [wanted.emoji]):
            raise NoSuchEmojiError("unknown", field="emoji")
        words = typed(wanted.text, wanted.emoji)
        running = await self._running(key, words, now)
        if running is not None:  # else it would go on below the new one, and show again after its end
            made = await self._statuses.prolong(key, running, wanted.expiration)
        else:
            made = await self._statuses.override(
                key, text=wanted.text, emoji=wanted.emoji, start=now, end=wanted.expiration, request=request
            )
        await self._written(key, [(running, made)], now, made)
        return await self._after(key, Status(*words, wanted.expiration))

    async def _running(self, key: PersonKey, words: tuple[str, str], now: datetime) -> Override | None:
        """The newest override that says the same already."""
        for one in reversed(await self._statuses.overrides.standing(key, now)):
            if one.kind is OverrideKind.STATUS and one.start <= now and typed(one.text, one.emoji) == words:
                return one
        return None

    async def _clear(self, key: PersonKey, request: str) -> OwnProfile:
        now = self._clock.now()
        try:
            cleared = await self._statuses.clear(key, request=request)
        except NothingToDoError:
            found = await self._now(key)
            if status_of(found.profile).lasts(self._clock.now()):
                raise OwnStatusError("an own status") from None
            return found
        await self._written(key, cleared.changes, now, None)
        return await self._after(key, NO_STATUS)

    async def _after(self, key: PersonKey, status: Status) -> OwnProfile:
        """What the profile shows after a write; where it cannot be read now, what was written."""
        try:
            return await self._now(key)
        except SlackError as error:
            log.info("profile_not_read_back", team_id=key.team_id, user_id=key.user_id, reason=error.reason)
            return OwnProfile(profile_of(status), self._names.get(key, ("", ""))[1])

    # ── waiting ─────────────────────────────────────────────────────────────────────────────────────

    async def _written(
        self, key: PersonKey, asked: Sequence[AskedChange], since: datetime, made: Override | None
    ) -> None:
        """Return once the profile shows `made`, or, without it, what there is without what was ended; else take back.

        That is after `PATIENCE`, or when it is certain that it will not be done. Whoever is told to stop waiting, as
        when the process ends, leaves it to be taken back. Raises what `_why_not` says.
        """

        def done(seen: Progress) -> bool:
            return seen.rests if made is None else seen.shows(made, self._clock.now())

        try:
            seen = await self._wait(key, done)
        except asyncio.CancelledError:
            self._awaited.outlive(self._take_back(key, asked, done))
            raise
        if done(seen) or (made is not None and await self._was_written(key, made)):
            return
        if not await self._take_back(key, asked, done):
            raise await self._why_not(key, seen, since)

    async def take_back_unanswered(self, asked_until: datetime) -> None:
        """Take back what was asked for until then, and for which nobody waits any more: its process was killed.

        What has been written stays: that was in time.
        """
        since = self._clock.now() - _LONGEST_DOWN
        for key, override_id in await self._awaited.asked_by_agents(OPERATION, since, asked_until):
            with guarded("request_not_taken_back", team_id=key.team_id, user_id=key.user_id):
                await self._take_back_if_not_written(key, override_id)

    async def _take_back_if_not_written(self, key: PersonKey, override_id: str) -> None:
        now = self._clock.now()
        standing = await self._statuses.overrides.standing(key, now)
        made = next((one for one in standing if one.id == override_id), None)
        seen = await self._awaited.look(key, now)
        if made is None or seen is None or seen.shows(made, now):
            return
        if any(line.written and line.at >= made.start for line in await self._audit.recent(key, 5)):
            return
        await self._awaited.take_back(key, seen, [(None, made)], now, anyway=True)
        log.info("request_taken_back", team_id=key.team_id, user_id=key.user_id)

    async def _was_written(self, key: PersonKey, made: Override) -> bool:
        """Whether it was written, and something newer has followed it by now."""
        lines = await self._audit.recent(key, 5)
        return any(line.written and line.at >= made.start and line.status.text == made.text for line in lines)

    async def _wait(self, key: PersonKey, done: Callable[[Progress], bool]) -> Progress:
        seen: Progress | None = None
        for pause in pauses(time.monotonic() + waiting.PATIENCE):
            await asyncio.sleep(pause)
            seen = await self._awaited.look(key, self._clock.now())
            if seen is None or done(seen) or seen.rests:
                break
        if seen is None:
            raise NotGrantedError("gone meanwhile")
        return seen

    async def _take_back(self, key: PersonKey, asked: Sequence[AskedChange], done: Callable[[Progress], bool]) -> bool:
        """Take it back; True where it is done after all, by a call that was under way."""
        deadline = time.monotonic() + UNDER_WAY
        while True:
            now = self._clock.now()
            seen = await self._awaited.look(key, now)
            if seen is None:
                return False
            if done(seen):
                return True
            if await self._awaited.take_back(key, seen, asked, now, anyway=time.monotonic() >= deadline):
                self._statuses.wake_signal.wake()
                log.info("request_taken_back", team_id=key.team_id, user_id=key.user_id)
                return False
            await asyncio.sleep(NEXT_TRY)

    async def _why_not(self, key: PersonKey, seen: Progress, since: datetime) -> Exception:
        """The error of what was not written: Slack's own word, where it refused it since."""
        if not seen.granted:
            return GrantLostError("token_revoked")
        if seen.pause is not None and seen.pause.holds(self._clock.now()):
            return PausedError("paused meanwhile")
        for line in await self._audit.recent(key, 1):
            _, colon, word = line.outcome.partition(":")
            if colon and line.at >= since:
                error = error_for(SET, word)
                if not isinstance(error, SlackRateLimitedError | SlackUnavailableError):
                    return error
        return NotWrittenError("request_timeout")
