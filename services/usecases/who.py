"""Who is out: of the channel that it is asked in where the app may read its members, else of the workspace.

Nothing is told to members of other organisations. Guests are told of the members of their channel alone, and of nobody
where that cannot be read.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from services.domain import calendars
from services.domain.errors import (
    InputError,
    NotAColleagueError,
    NotAPersonError,
    ScopeMissingError,
    SlackError,
    SlackRefusedError,
    SlackUnavailableError,
    StandInError,
)
from services.domain.members import WorkspaceMember
from services.domain.model import PersonKey
from services.platform.concurrency import remember
from services.platform.logs import of_error
from services.ports import Clock
from services.slack import scopes
from services.slack.conversations import SlackConversations
from services.slack.members import SLACKBOT, SlackMembers
from services.store.absences import AbsenceStore, Absent
from services.store.workspaces import Bot, WorkspaceStore

log = structlog.get_logger(__name__)

PATIENCE = 1.5
"""Seconds that an answer waits for Slack: it wants one within three."""

LIVES = timedelta(minutes=1)
"""How long it is remembered who somebody is, and who is in a channel of several pages."""

MOST = 500
"""People and channels that are remembered."""

MOST_DAYS = 50
"""Workspaces and zones of which it is remembered who is out today."""

SHARE, LONGEST = 50, 3.0
"""What was read for Home tabs is good for so many times as long as it took, in real time; at most for seconds."""

AHEAD = calendars.AHEAD
"""How far ahead absences are known."""


class NotToldError(InputError):
    """I cannot tell you who is out."""


class GuestsOnlyInChannelsError(NotToldError):
    """I can tell you who is out of a channel that you are in, where I may see its members. Ask there."""


class OtherOrganizationError(NotToldError):
    """Who is out is told to members of this workspace alone."""


class MembersNotReadYetError(NotToldError):
    """I am still reading who is in this channel. Ask again in a moment."""


class ToldOf(StrEnum):
    """Of whom somebody is told, and why not of their channel."""

    CHANNEL = "channel"
    WORKSPACE = "workspace"  # it was asked for, or there is no channel: in a conversation of two
    NOT_ALLOWED = "not_allowed"  # an admin has to allow the app to see who is in a channel
    NOT_SEEN = "not_seen"  # the app is not in this channel, or Slack does not tell now


@dataclass(frozen=True, slots=True)
class Out:
    """Who is out in `[start, end)`, and who works where, as of `at`; of whom that tells.

    `name`: what the one member is called that was asked about, "" where that is not known.
    """

    at: datetime
    start: datetime
    end: datetime
    people: list[Absent]
    whose: ToldOf
    channel_id: str = ""
    name: str = field(default="", repr=False)


@dataclass(slots=True)
class WhoIsAway:
    """Answers who is out. Instants are UTC."""

    absences: AbsenceStore
    workspaces: WorkspaceStore
    slack_members: SlackMembers
    conversations: SlackConversations
    clock: Clock
    _known: OrderedDict[PersonKey, tuple[WorkspaceMember, datetime]] = field(default_factory=OrderedDict)
    _channels: OrderedDict[tuple[str, str], tuple[frozenset[str], datetime]] = field(default_factory=OrderedDict)
    _days: OrderedDict[tuple[str, datetime], tuple[list[Absent], float]] = field(default_factory=OrderedDict)
    _reading: dict[tuple[str, str], asyncio.Task[frozenset[str]]] = field(default_factory=dict)

    async def of_channel(self, requester: PersonKey, channel_id: str, start: datetime, end: datetime) -> Out:
        """Return who of the members of a channel is out in `[start, end)`; of the workspace where that cannot be told.

        `channel_id` is "" where somebody asks for the whole workspace. Raises InputError for who is told of nobody, or
        where Slack has not told yet who is in the channel.
        """
        now = self.clock.now()
        among, whose = await self._among(requester, channel_id)
        people = await self.absences.out(requester.team_id, start, end, now=now, among=among)
        return Out(now, start, end, people, whose, channel_id if among is not None else "")

    async def of_person(
        self, requester: PersonKey, channel_id: str, user_id: str, span: tuple[datetime, datetime] | None = None
    ) -> Out:
        """Return the same of one member; where no time is given, all that is known to come."""
        now = self.clock.now()
        start, end = span or (now, now + AHEAD)
        among, whose = await self._among(requester, channel_id, alone=user_id)
        people = await self.absences.out(requester.team_id, start, end, now=now, among=among)
        name = people[0].name if people else await self.absences.name(PersonKey(requester.team_id, user_id))
        return Out(now, start, end, people, whose, name=name)

    async def check_stand_in(self, key: PersonKey, user_id: str) -> None:
        """Raise unless that member can stand in for the person: StandInError, NotAPersonError, NotAColleagueError.

        Slack is asked who that is. Raises SlackError where it does not tell.
        """
        if user_id == key.user_id:
            raise StandInError("oneself", field="stand_in")
        if user_id == SLACKBOT:  # of which Slack says that it is no bot
            raise NotAPersonError("Slackbot", field="stand_in")
        bot = await self.workspaces.find(key.team_id, "")
        if bot is None or bot.token is None:
            raise NotAColleagueError("no bot to ask with", field="stand_in")
        try:
            async with asyncio.timeout(PATIENCE):
                member = await self.slack_members.member(bot.token, user_id, bot.homes)
        except SlackRefusedError as error:
            raise NotAColleagueError("nobody of that id", field="stand_in") from error
        except TimeoutError as error:
            raise SlackUnavailableError("timeout", method="users.info") from error
        if member.bot:
            raise NotAPersonError("no person", field="stand_in")
        if not member.is_colleague:
            raise NotAColleagueError("deactivated, or a stranger", field="stand_in")

    async def today(self, key: PersonKey, end: datetime) -> Out | None:
        """Return who of the whole workspace but the person is out from now until `end`, the end of their day.

        None for guests and members of other organisations, and where Slack does not tell who somebody is. Many ask at
        once, when Home tabs are made anew: what was read is good for as long as it took, so many times over.
        """
        now, place, began = self.clock.now(), (key.team_id, end), time.monotonic()
        known = self._days.get(place)
        if known is None or known[1] < began:
            people = await self.absences.out(key.team_id, now, end, now=now)
            took = time.monotonic() - began
            known = people, time.monotonic() + min(SHARE * took, LONGEST)
            remember(self._days, place, known, MOST_DAYS)
        others = [one for one in known[0] if one.user_id != key.user_id]
        bot = await self.workspaces.find(key.team_id, "") if others else None
        member = None if bot is None else await self._member(bot, key)
        if member is None or member.guest or not member.is_colleague:
            return None
        return Out(now, now, end, others, ToldOf.WORKSPACE)

    async def _among(
        self, requester: PersonKey, channel_id: str, *, alone: str = ""
    ) -> tuple[Collection[str] | None, ToldOf]:
        """Return the user ids of whom the requester is told, None for everybody; `alone`: of that member at most."""
        bot = await self.workspaces.find(requester.team_id, "")
        if bot is None:
            return [], ToldOf.WORKSPACE
        if alone:
            if await self._is_guest(bot, requester):
                channel, _ = await self._channel(bot, channel_id)
                if channel is None or alone not in channel:
                    raise GuestsOnlyInChannelsError("somebody who is not in the channel")
            return [alone], ToldOf.WORKSPACE
        is_guest, (channel, whose) = await asyncio.gather(
            self._is_guest(bot, requester), self._channel(bot, channel_id)
        )
        if is_guest and channel is None:
            raise GuestsOnlyInChannelsError("a guest outside of a channel")
        return channel, whose

    # ── what Slack knows ────────────────────────────────────────────────────────────────────────────

    async def _is_guest(self, bot: Bot, key: PersonKey) -> bool:
        """Return whether somebody sees only their channels; so it is of whom Slack does not tell who they are.

        Raises OtherOrganizationError.
        """
        member = await self._member(bot, key)
        if member is not None and not member.is_colleague:
            raise OtherOrganizationError("no member of this workspace")
        return member is None or member.guest

    async def _member(self, bot: Bot, key: PersonKey) -> WorkspaceMember | None:
        """Return who that is; None where nobody can tell now."""
        now = self.clock.now()
        known = self._known.get(key)
        if known is not None and known[1] > now:
            return known[0]
        if bot.token is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                member = await self.slack_members.member(bot.token, key.user_id, bot.homes)
        except (SlackError, TimeoutError) as failure:
            log.warning("asker_unread", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
            return None
        remember(self._known, key, (member, now + LIVES), MOST)
        return member

    async def _channel(self, bot: Bot, channel_id: str) -> tuple[Collection[str] | None, ToldOf]:
        """Return the members of a channel, where it is one whose members can be read."""
        if not channel_id or channel_id.startswith("D") or bot.token is None:
            return None, ToldOf.WORKSPACE
        if scopes.FOR_DIGEST.isdisjoint(bot.scopes):
            return None, ToldOf.NOT_ALLOWED
        place, now = (bot.team_id, channel_id), self.clock.now()
        known = self._channels.get(place)
        if known is not None and known[1] > now:
            return known[0], ToldOf.CHANNEL
        reading = self._reading.get(place)
        if reading is None:
            reading = self._reading[place] = asyncio.create_task(self._read(bot.token, place), name="channel_members")
            reading.add_done_callback(lambda done: self._read_out(place, done))
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(reading), ToldOf.CHANNEL
        except TimeoutError:
            raise MembersNotReadYetError("many members") from None
        except SlackError as failure:
            if not isinstance(failure, (SlackRefusedError, ScopeMissingError)):
                log.warning("channel_unread", team_id=bot.team_id, channel_id=channel_id, **of_error(failure))
            return None, ToldOf.NOT_ALLOWED if isinstance(failure, ScopeMissingError) else ToldOf.NOT_SEEN

    def _read_out(self, place: tuple[str, str], done: asyncio.Task[frozenset[str]]) -> None:
        del self._reading[place]
        if not done.cancelled():
            done.exception()  # whoever waits for it is told; perhaps nobody does any more

    async def _read(self, token: str, place: tuple[str, str]) -> frozenset[str]:
        some, cursor = await self.conversations.page(token, place[1])
        if not cursor:  # quickly asked again
            return frozenset(some)
        found = await self.conversations.members(token, place[1])
        remember(self._channels, place, (found, self.clock.now() + LIVES), MOST)
        return found
