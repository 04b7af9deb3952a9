"""Tells whoever mentioned somebody who is out: once a day, in the place where they wrote, seen by them alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from services.domain.errors import SlackError, SlackRateLimitedError, SlackShutError
from services.domain.mentions import LATE, MentionAsker, OutPerson
from services.domain.people import zone_or
from services.domain.text import escape
from services.engine.notifications import BotRounds
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.concurrency import remember
from services.platform.locale import Localizer
from services.platform.logs import guarded, of_error
from services.ports import Clock
from services.slack.messages import POST_EPHEMERAL, SlackMessages
from services.slack.oauth import SlackAuthority
from services.store.replies import DueReply, ReplyStore

log = structlog.get_logger(__name__)

AGAIN = timedelta(seconds=20)
"""After so long one is tried again that could not be said, until it is late."""

_NAMES, _NAME_LIVES = 1_000, timedelta(minutes=10)


class ReplySender:
    """Posts replies to mentions."""

    def __init__(
        self,
        store: ReplyStore,
        workspaces: OwnedWorkspaces,
        slack: SlackMessages,
        *,
        authority: SlackAuthority,
        clock: Clock,
    ) -> None:
        """Take the `authority` that knows what stand-ins are called."""
        self._store = store
        self._rounds = BotRounds(workspaces, clock)
        self._workspaces = workspaces
        self._slack = slack
        self._authority = authority
        self._clock = clock
        self._names: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()

    async def run(self) -> datetime | None:
        """Post what may be posted now; when there is more to do."""
        return await self._rounds.go(self._store.due, lambda reply: reply.person.team_id, self._run)

    async def _run(self, workspace: OwnedWorkspace, token: str | None, due: Sequence[DueReply]) -> datetime | None:
        now = self._clock.now()
        absent = await self._store.absent({reply.person for reply in due}, now)
        over = [reply for reply in due if reply.created_at < now - LATE or reply.person not in absent]
        await self._store.drop(over)
        for reply in due:
            if reply in over:
                continue
            if not self._workspaces.may_use_bot(workspace):
                return None
            ready = workspace.budget.ready_at(POST_EPHEMERAL, self._clock.now())
            if ready is not None:
                return ready
            self._workspaces.use(workspace)
            told = False
            with guarded("reply_failed", team_id=workspace.team_id, user_id=reply.person.user_id):
                told = token is not None and await self._tell(token, reply, absent[reply.person], workspace)
            if not told:
                again = self._clock.now() + AGAIN
                await self._store.put_off(reply, again)
                self._rounds.put_off(again)
        return None

    async def _tell(self, token: str, reply: DueReply, out: OutPerson, workspace: OwnedWorkspace) -> bool:
        """Post one; False where it cannot be said now.

        It counts as told before it is: rather nobody is told than somebody twice.
        """
        home = reply.person.team_id
        name = out.name or await self._name(token, home, out.key.user_id)
        if not name:
            return False
        stand_in = await self._name(token, home, out.stand_in) if out.stand_in else ""
        message = _message(reply.asker, out, name, stand_in, self._clock.now())
        if not await self._store.claim(reply):
            return True
        ids = {"team_id": home, "user_id": out.key.user_id}
        try:
            async with self._workspaces.calling(workspace, POST_EPHEMERAL):
                await self._slack.post_ephemeral(token, reply.channel_id, reply.asker_id, message, thread=reply.thread)
        except (SlackRateLimitedError, SlackShutError):
            now = self._clock.now()
            again = workspace.budget.ready_at(POST_EPHEMERAL, now) or now
            await self._store.give_back(reply, again)
            self._rounds.put_off(again)
            return True
        except SlackError as error:  # they, or we, have left the channel; it is archived; nobody knows
            log.info("reply_not_shown", **of_error(error), **ids)
            return True
        log.info("reply_shown", **ids)
        return True

    async def _name(self, token: str, home: str, user_id: str) -> str:
        """Return what Slack calls a member; "" where it does not say, or they are no colleague (any more)."""
        now = self._clock.now()
        known = self._names.get((home, user_id))
        if known is not None and known[1] > now:
            return known[0]
        try:
            found = await self._authority.colleague(token, user_id, {home})
        except SlackError as failure:
            failure = await self._workspaces.judge_bot(home, failure)
            log.warning("name_unread", team_id=home, user_id=user_id, **of_error(failure))
            return ""
        name = "" if found is None else found.name
        remember(self._names, (home, user_id), (name, now + _NAME_LIVES), _NAMES)
        return name


def _message(asker: MentionAsker, out: OutPerson, name: str, stand_in: str, now: datetime) -> dict[str, Any]:
    """Say that somebody is out, for who asked: nothing in it is markup, so nobody is mentioned by it."""
    l10n = Localizer(asker.locale, zone_or(asker.zone, ZoneInfo("UTC")).key)
    match out.back:
        case datetime() as instant:
            said = l10n.say("{name} is away until {time}.", name=name, time=l10n.until(instant, now))
        case date() as day:
            today = now.astimezone(l10n.zone).date()
            said = l10n.say("{name} is away and back on {day}.", name=name, day=l10n.day(day, today))
        case None:
            said = l10n.say("{name} is away.", name=name)
    if stand_in:
        said += " " + l10n.say("Meanwhile, {name} stands in.", name=stand_in)
    if out.note:
        said += "\n" + l10n.say("“{note}”", note=out.note)
    return {
        "text": escape(said),
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": said}}],
    }
