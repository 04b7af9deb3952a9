"""Who mentions somebody who is out is to be told so: who is out is known in memory, a mention of them is recorded.

What is written in channels is looked at here, whatever it is about. So whoever is out is in memory, read from the
stored timelines every few seconds with the instants at which each is out, and only a mention of one of them asks the
database. Nothing of a message is kept but where it was written, by whom, and whom of ours it mentions.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackError, SlackRateLimitedError
from services.domain.mentions import LATE, Crowds, Mention, MentionAsker
from services.domain.model import PersonKey
from services.platform.concurrency import first_of, remember
from services.platform.logs import guarded, of_error
from services.ports import Clock
from services.slack.oauth import SlackAuthority
from services.store.replies import Intervals, OutOf, ReplyStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

REFRESH = 3.0
"""Seconds of real time after which it is looked who is out, whether or not this process knows of a change."""

SOON = 0.5
"""The least between two looks."""

SHARE = 100
"""The time that a look took is left alone so many times over before the next: a hundredth of the processor at most.

But no longer than `REFRESH`: on a busy machine a look takes long because others are at work, and who has just left is
to be known all the same.
"""

AHEAD = timedelta(hours=1)
"""Who is out so soon is known beforehand: also where the database is away, or a look takes long."""

PATIENCE = 1.5
"""Seconds that an answer waits until Slack has said who somebody is: it wants one within three."""

QUIET = timedelta(seconds=5)
"""How long nobody is asked about after Slack said to slow down without saying for how long."""

_ASKERS, _ASKER_LIVES = 5_000, timedelta(hours=1)
_NOBODY: Mapping[str, Intervals] = {}


class WhoIsOut:
    """Who is out at any instant of the near future, of all workspaces that allow replies."""

    def __init__(self, store: ReplyStore, clock: Clock) -> None:
        """Nobody is, until it has looked."""
        self._store = store
        self._clock = clock
        self._out: OutOf = {}

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Keep it up to date until `stop` is set; `wake` is set where something has changed.

        What cannot be read stays as it was.
        """
        while not stop.is_set():
            wake.clear()
            began = time.monotonic()
            with guarded("who_is_out_not_read"):
                await self.refresh()
            await first_of(stop, seconds=min(max(SOON, SHARE * (time.monotonic() - began)), REFRESH))
            await first_of(stop, wake, seconds=REFRESH)

    async def refresh(self) -> None:
        """Look at who is out."""
        now = self._clock.now()
        self._out = await self._store.out(now, now + AHEAD)

    def home(self, team_id: str, enterprise_id: str) -> str:
        """Return the workspace, or else the org, of which somebody may be out; "" where nobody is."""
        return team_id if team_id in self._out else enterprise_id if enterprise_id in self._out else ""

    def holds(self, home: str, user_id: str) -> bool:
        """Return whether that member of the workspace `home` is out now."""
        known = self._out.get(home, _NOBODY).get(user_id)
        if known is None:
            return False
        now = self._clock.now()
        return any(start <= now < end for start, end in known)


@dataclass(slots=True)
class Replies:
    """Takes mentions in."""

    out: WhoIsOut
    store: ReplyStore
    workspaces: WorkspaceStore
    authority: SlackAuthority
    clock: Clock
    _crowds: Crowds = field(default_factory=Crowds)
    _quiet: dict[str, datetime] = field(default_factory=dict)  # workspaces of which no more is asked, and until when
    _askers: OrderedDict[tuple[str, str], tuple[MentionAsker | None, datetime]] = field(default_factory=OrderedDict)

    async def take(self, mention: Mention) -> bool:
        """Record whom of `mention.people`, out by their timelines, the author is to be told of; whether of anybody."""
        now = self.clock.now()
        others = [user for user in mention.people if user != mention.asker_id]
        if mention.at < now - LATE or not others:
            return False
        shown = await self.store.absent([PersonKey(mention.home, user) for user in others], now)
        asker = await self._asker(mention, now) if shown else None
        if asker is None:
            return False
        untold = await self.store.untold(mention, [key.user_id for key in shown], asker, now)
        asked = [user for user in untold if self._crowds.may(mention.home, mention.channel_id, now)]
        return bool(asked and await self.store.record(mention, asked, asker, now))

    async def _asker(self, mention: Mention, now: datetime) -> MentionAsker | None:
        """Return where the author is.

        None for whoever is told nothing: a bot, a stranger, who cannot be asked about now.
        """
        ours = await self.store.asker(mention.home, mention.asker_id)
        if ours is not None:
            return ours
        place = mention.home, mention.asker_id
        known = self._askers.get(place)
        if known is not None and known[1] > now:
            return known[0]
        if self._quiet.get(mention.home, now) > now:
            return None
        token = await self.workspaces.bot_token(mention.home)
        if token is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.authority.colleague(token, mention.asker_id, {mention.home, mention.team_id})
        except (SlackError, TimeoutError) as failure:  # rather nothing than a time of somebody else's zone
            if isinstance(failure, SlackRateLimitedError):
                self._quiet[mention.home] = now + max(timedelta(seconds=failure.retry_after), QUIET)
            log.warning("asker_unread", team_id=mention.home, user_id=mention.asker_id, **of_error(failure))
            return None
        asker = None if found is None else MentionAsker(found.zone or "UTC", found.locale or "en-US")
        remember(self._askers, place, (asker, now + _ASKER_LIVES), _ASKERS)
        return asker
