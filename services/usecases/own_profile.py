"""A person's own Slack profile, as an agent sets it by Slack's own methods.

What is set is an override like any other: a fact that is stored, and the sender writes it. Whoever asked is answered
once it is written; what is not written in time is taken back, so that the answer that it was not stays true.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

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
)
from services.domain.model import NO_STATUS, Override, OverrideKind, PersonKey, Status
from services.domain.profile_fields import profile_fields
from services.platform.logs import guarded, of_error
from services.ports import Clock
from services.slack.client import error_for
from services.slack.profile import SET, profile_of, status_of
from services.store.awaited import AskedChange, AwaitedStore, Progress
from services.store.people import PeopleStore
from services.store.timeline import AuditStore
from services.usecases import waiting
from services.usecases.emoji import EmojiSearch
from services.usecases.profile_reading import OwnProfile, ProfileReading
from services.usecases.statuses import Statuses
from services.usecases.waiting import NEXT_TRY, UNDER_WAY, NotWrittenError, PausedError, pauses, require_keeping

log = structlog.get_logger(__name__)

OPERATION = "usersProfileSet"
"""What agents call `OwnProfiles.set`."""

ANSWERED_WITHIN = timedelta(seconds=waiting.PATIENCE + UNDER_WAY + 15)
"""After so long nobody waits for an answer in any process."""

_LONGEST_DOWN = timedelta(days=1)


class OwnStatusError(InputError):
    """The status that shows is one that you set in Slack itself. Clear it there."""


class OwnProfiles:
    """Sets the profile of whoever asks, and of nobody else; `reading` tells what it shows."""

    def __init__(
        self,
        statuses: Statuses,
        awaited: AwaitedStore,
        people: PeopleStore,
        reading: ProfileReading,
        *,
        audit: AuditStore,
        emoji: EmojiSearch,
        clock: Clock,
    ) -> None:
        self.reading = reading
        self._statuses = statuses
        self._awaited = awaited
        self._people = people
        self._audit = audit
        self._emoji = emoji
        self._clock = clock

    async def set(self, key: PersonKey, profile: Mapping[str, object], request: str) -> OwnProfile:
        """Set the status in `profile`, once for each `request`; what Slack shows once it is written.

        Raises InputErrors for what cannot be set, NoSuchEmojiError, PausedError, NotGrantedError; NotWrittenError where
        it was taken back; a SlackError where Slack refused it.
        """
        fields = profile_fields(profile, self._clock.now())
        await require_keeping(self._people, key, self._clock.now())
        before = await self.reading.now(key) if fields.partial else None
        shown = NO_STATUS if before is None else status_of(before.profile)
        now = self._clock.now()
        wanted = fields.over(shown, now)
        if wanted is None:
            return before or await self.reading.get(key)
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
        """Return the newest override that says the same already."""
        for one in reversed(await self._statuses.overrides.standing(key, now)):
            if one.kind is OverrideKind.STATUS and one.start <= now and typed(one.text, one.emoji) == words:
                return one
        return None

    async def _clear(self, key: PersonKey, request: str) -> OwnProfile:
        now = self._clock.now()
        try:
            cleared = await self._statuses.clear(key, request=request)
        except NothingToDoError:
            found = await self.reading.now(key)
            if status_of(found.profile).lasts(self._clock.now()):
                raise OwnStatusError("an own status") from None
            return found
        await self._written(key, cleared.changes, now, None)
        return await self._after(key, NO_STATUS)

    async def _after(self, key: PersonKey, status: Status) -> OwnProfile:
        """Return what the profile shows after a write; where it cannot be read now, what was written."""
        try:
            return await self.reading.now(key)
        except SlackError as error:
            log.info("profile_not_read_back", team_id=key.team_id, user_id=key.user_id, **of_error(error))
            return OwnProfile(profile_of(status), self.reading.username(key))

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
        """Return whether it was written, and something newer has followed it by now."""
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
        """Return the error of what was not written: Slack's own word, where it refused it since."""
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
