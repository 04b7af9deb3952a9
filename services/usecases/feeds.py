"""Feeds of who is out: who is given a secret address, and what is to be read there.

A channel's feed tells of that channel's members to whoever was in it when it was made and still is. The workspace's is
an admin's. Whether that still holds is asked of Slack at a fetch, every ten minutes at most; where Slack does not tell,
what it told last holds. Who has left once has left: their feed is gone for good.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from yarl import URL

from services.calendars.ical.writing import CalendarHead, absence_calendar, latest_day
from services.domain.calendars import AHEAD
from services.domain.errors import ChannelRefusedError, NotAllowedError, SlackError, SlackRefusedError
from services.domain.model import PersonKey
from services.domain.request_errors import (
    FeedGoneError,
    NotInstalledError,
    OverloadedError,
    TooManyRequestsError,
    UnknownPathError,
    UnknownRequestError,
)
from services.platform import locale
from services.platform.concurrency import KeyedSemaphore, remember
from services.platform.crypto import digest_of
from services.platform.logs import of_error
from services.platform.minute_limits import MinuteLimits
from services.ports import Clock
from services.slack.conversations import SlackConversations
from services.slack.members import SlackMembers
from services.store.absence_feeds import AbsenceFeed, AbsenceFeedStore
from services.store.absences import AbsenceStore, Absent
from services.store.workspaces import Bot, WorkspaceStore
from services.usecases.digests import Digests

log = structlog.get_logger(__name__)

FEED_PATH = "/absences/"
CHECKED_FOR = timedelta(minutes=10)
"""How long what Slack said of a feed's creator and channel is taken for true."""

A_MINUTE = 30
"""Requests that one feed takes in a minute, in each process."""

_BYTES = 32
_REMEMBERED, _WRITTEN = 1000, 50
_NO_SUCH_USER = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


@dataclass(frozen=True, slots=True)
class WrittenFeed:
    """A calendar to hand out, and what tells it from every other one."""

    content: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True, slots=True)
class _Audience:
    """Whom a feed tells of, None for everybody; `name` is its channel's."""

    created_by: str
    checked_at: datetime
    members: Collection[str] | None = None
    name: str = ""


@dataclass(slots=True)
class AbsenceFeeds:
    """What forms, buttons and the feeds' addresses call."""

    store: AbsenceFeedStore
    absences: AbsenceStore
    workspaces: WorkspaceStore
    digests: Digests
    conversations: SlackConversations
    slack_members: SlackMembers
    clock: Clock
    base_url: str
    """PUBLIC_URL without a slash at its end."""
    _limits: MinuteLimits = field(default_factory=lambda: MinuteLimits(A_MINUTE))
    _asking: KeyedSemaphore = field(default_factory=lambda: KeyedSemaphore(1))
    _audiences: OrderedDict[str, _Audience] = field(default_factory=OrderedDict)
    _written: OrderedDict[str, tuple[object, WrittenFeed]] = field(default_factory=OrderedDict)

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────

    async def make(self, key: PersonKey, channel_id: str, language: str) -> str:
        """Make a feed of a channel, or with "" of the whole workspace; return its address, which is kept nowhere.

        Raises an InputError that says what has to be done first, NotAllowedError, NotAnAdminError, SlackError.
        """
        await self._require(key, channel_id)
        secret = secrets.token_urlsafe(_BYTES)
        now = self.clock.now()
        feed = AbsenceFeed(key.team_id, secrets.token_hex(8), channel_id, key.user_id, now, language)
        await self.store.create(feed, digest_of(secret))
        log.info("feed_made", **_ids(feed))
        return self._address(secret)

    async def rotate(self, key: PersonKey, feed_id: str) -> str:
        """Give a feed a new address, which is returned; the old one ends at once, and one that was gone lives again.

        Raises UnknownRequestError where there is no such feed of theirs, and as `make`.
        """
        feed = await self._theirs(key, feed_id)
        await self._require(key, feed.channel_id)
        secret = secrets.token_urlsafe(_BYTES)
        if not await self.store.rotate(feed, key.user_id, digest_of(secret)):
            raise UnknownRequestError("no such feed")
        self._audiences.pop(feed_id, None)
        log.info("feed_rotated", **_ids(feed))
        return self._address(secret)

    async def end(self, key: PersonKey, feed_id: str) -> None:
        """End a feed. Raises UnknownRequestError where there is no such feed of theirs, NotAnAdminError, SlackError."""
        feed = await self._theirs(key, feed_id)
        if not feed.channel_id:
            await self.digests.admins.require(key)
        await self.store.end(feed)
        log.info("feed_ended", **_ids(feed))

    async def of_person(self, key: PersonKey) -> list[AbsenceFeed]:
        """Return the feeds of channels that a person was given."""
        return await self.store.of_person(key)

    async def of_workspace(self, team_id: str) -> list[AbsenceFeed]:
        """Return the feeds of the workspace as a whole."""
        return await self.store.of_workspace(team_id)

    async def _require(self, key: PersonKey, channel_id: str) -> None:
        """Raise unless the person may have a feed of that. The policy for digests is the one for channels' feeds."""
        if not channel_id:
            await self.digests.admins.require(key)
            return
        await self.digests.require_allowed(key)
        await self.digests.require_member(key, channel_id, posting=False)

    async def _theirs(self, key: PersonKey, feed_id: str) -> AbsenceFeed:
        """Return a feed that the person was given, or one of their workspace: that is every admin's."""
        feed = await self.store.get(key.team_id, feed_id)
        if feed is None or (feed.channel_id and feed.created_by != key.user_id):
            raise UnknownRequestError("no such feed")
        return feed

    # ── the address's side ──────────────────────────────────────────────────────────────────────────

    async def read(self, secret: str) -> WrittenFeed:
        """Return the calendar at the address with that secret, as it is now.

        Raises UnknownPathError, TooManyRequestsError, FeedGoneError, NotAllowedError while the policy is against it,
        OverloadedError where Slack has not told yet whom it tells of. What is compared is a digest, in an index.
        """
        feed = await self.store.find(digest_of(secret))
        if feed is None:
            raise UnknownPathError("no such feed")
        now = self.clock.now()
        wait = self._limits.wait(feed.feed_id, now)
        if wait:
            raise TooManyRequestsError("feed", retry_after=wait)
        if feed.gone:
            raise FeedGoneError("gone")
        if feed.channel_id and not (await self.digests.policies.of(feed.team_id)).digests:
            raise NotAllowedError("feeds")
        audience = await self._audience(feed)
        now = self.clock.now()
        found = await self.absences.out(feed.team_id, now, now + AHEAD, now=now, among=audience.members)
        return await self._write(feed, audience, [one for one in found if not one.place], now)

    async def _write(self, feed: AbsenceFeed, audience: _Audience, out: list[Absent], now: datetime) -> WrittenFeed:
        l10n = locale.Localizer(feed.locale, "UTC")
        name = l10n.say("Out of office")
        if audience.name:
            name = f"#{audience.name}: {name}"
        head = CalendarHead(name, URL(self.base_url).host or "localhost", latest_day(now))
        # Only what has no end yet says another thing each day.
        is_open = any(one.until is None for one in out)
        facts = (out, name, feed.locale, head.today if is_open else None)
        known = self._written.get(feed.feed_id)
        if known is None or known[0] != facts:
            content = await absence_calendar(
                out, head, team_id=feed.team_id, title=lambda who: l10n.say("{name}: out of office", name=who)
            )
            known = facts, WrittenFeed(content, hashlib.sha256(content).hexdigest()[:32])
            remember(self._written, feed.feed_id, known, _WRITTEN)
        return known[1]

    async def _audience(self, feed: AbsenceFeed) -> _Audience:
        """Return whom the feed tells of. Raises FeedGoneError, OverloadedError."""
        async with self._asking.of(feed.feed_id):
            known, now = self._audiences.get(feed.feed_id), self.clock.now()
            if known is not None and known.created_by != feed.created_by:
                known = None
            if known is not None and now - known.checked_at < CHECKED_FOR:
                return known
            try:
                fresh = await self._asked(feed, now)
            except ChannelRefusedError as error:  # the app may be invited again
                raise FeedGoneError(error.reason) from None
            except (SlackError, NotInstalledError) as error:
                log.warning("feed_unchecked", **of_error(error), **_ids(feed))
                if known is None:
                    raise OverloadedError("unchecked", retry_after=60) from None
                fresh = _Audience(feed.created_by, now - CHECKED_FOR + timedelta(minutes=1), known.members, known.name)
            if fresh is None:
                await self.store.mark_gone(feed)
                log.info("feed_gone", **_ids(feed))
                raise FeedGoneError("left")
            remember(self._audiences, feed.feed_id, fresh, _REMEMBERED)
            return fresh

    async def _asked(self, feed: AbsenceFeed, now: datetime) -> _Audience | None:
        """Return what Slack says.

        None where the feed's creator is not where they have to be, or others can read along.
        """
        bot = await self.workspaces.find(feed.team_id, "")
        if bot is None or bot.token is None:
            raise NotInstalledError("no bot token")
        if not await self._is_there(feed, bot):
            return None
        if not feed.channel_id:
            return _Audience(feed.created_by, now)
        channel = await self.conversations.info(bot.token, feed.channel_id)
        members = await self.conversations.members(bot.token, feed.channel_id)
        if channel.shared or feed.created_by not in members:
            return None
        return _Audience(feed.created_by, now, members, channel.name)

    async def _is_there(self, feed: AbsenceFeed, bot: Bot) -> bool:
        """Return whether the creator is in the workspace still; of a feed of all of it, as an admin."""
        try:
            member = await self.slack_members.member(bot.token or "", feed.created_by, bot.homes)
        except SlackRefusedError as error:
            if error.reason in _NO_SUCH_USER:
                return False
            raise
        return member.is_colleague if feed.channel_id else member.is_admin

    def _address(self, secret: str) -> str:
        return f"{self.base_url}{FEED_PATH}{secret}.ics"


def _ids(feed: AbsenceFeed) -> dict[str, str]:
    return {"team_id": feed.team_id, "user_id": feed.created_by, "feed_id": feed.feed_id}
