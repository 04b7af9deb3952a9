"""What is sent besides statuses: notices to people of what needs them, and Home tabs that show something old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from services.domain import errors
from services.domain.calendars import named
from services.domain.errors import SlackRateLimitedError, SlackUnavailableError, StatusQuoError
from services.domain.faults import OperatorFault
from services.domain.model import PersonKey
from services.domain.people import leave_key
from services.domain.profile_state import DueNotice
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded, of_error
from services.ports import Clock, HomeRenderer, Say
from services.slack.messages import POST, PUBLISH, SlackMessages, SlackViews, with_button
from services.store.homes import HomeStore
from services.store.person_rows import NoticeStore

log = structlog.get_logger(__name__)

CONNECT = "open_connect"
"""The action of a button that opens the form of a calendar, with fresh links: good for as long as the message."""

MANY = 100
"""How many are looked for at once."""

WITHOUT_A_BOT = timedelta(hours=1)
"""How long notices wait where the workspace's bot token cannot be opened."""

KEEPER_LOST = (
    "I no longer set the status of members who have not connected: the admin whose permission I used for that may not "
    "do it any more, or took it back. What I had set ends by itself. Another admin can take over on my Home tab."
)
KEEPER_HAS_NO_PLAN = (
    "Slack does not let me set the status of members who have not connected: it needs a paid plan. What your admin "
    "agreed to is kept, and does nothing until an admin agrees again on my Home tab."
)
_NO_ENTRY = (
    "Your calendar does not take the entry for your absence, or a change of it, so what it shows may be wrong. "
    "Your status here is not touched by that. Please look at your calendar, and write or change the entry there "
    "yourself."
)
_NO_DIGEST = "I no longer post the digest of who is out to {channel}: it takes no messages of mine, or is shared now."

_TAKEN_AGAIN = (
    "Slack did not take Status Quo in this workspace for a while, so what it does here stood still, or a part of it. "
    "It is taken again now, and goes on by itself; nothing was lost. Members were not told."
)
_CLIENT_REFUSED = (
    "{provider} does not take Status Quo any more: its client secret there has run out or is wrong, or it was switched "
    "off. Whoever runs Status Quo has to mend that; `app.py doctor` says how. Members are not told, and what they "
    "have stays as it is."
)
_REDIRECT_REFUSED = (
    "{provider} does not take the address at which Status Quo wants people back, so nobody can connect. Whoever runs "
    "Status Quo has to add it there; `app.py doctor` names it. Members are not told."
)

_NOT_NOW = (SlackRateLimitedError, SlackUnavailableError)

_BOT_REFUSED = timedelta(minutes=5)
"""How long notices wait where Slack does not take the workspace's bot token."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where a notice's button leads, and what it is about.

    `grant` is a link that names its person; `home` leads to the Home tab. `calendar` tells what is wrong with one
    calendar as (its name, the class name of the CalendarError), None where it is gone. `account` tells of an account
    that was lost as (its provider, its name, the link that mends it or "" where a form does, what is wrong with it as a
    sentence), None where it is gone or well.
    """

    grant: Callable[[PersonKey], Awaitable[str]]
    home: Callable[[PersonKey], Awaitable[str]]
    calendar: Callable[[PersonKey, str], Awaitable[tuple[str, str] | None]]
    account: Callable[[PersonKey, str], Awaitable[tuple[str, str, str, str] | None]]


_Due = TypeVar("_Due")


class BotRounds:
    """Goes through what is due in this process' own workspaces, with their bot tokens, as long as they have room."""

    def __init__(self, workspaces: OwnedWorkspaces, clock: Clock) -> None:
        self._workspaces = workspaces
        self._clock = clock
        self._full: dict[str, datetime] = {}  # workspaces without room, and until when
        self._put_off: set[datetime] = set()

    def put_off(self, until: datetime) -> None:
        """Go once more at `until`: something is due then that could not be done now."""
        self._put_off.add(until)

    @property
    def full(self) -> Set[str]:
        """The workspaces that had no room the last time: what is due of them waits."""
        return self._full.keys()

    async def go(
        self,
        find: Callable[..., Awaitable[Sequence[_Due]]],
        home: Callable[[_Due], str],
        run: Callable[[OwnedWorkspace, str | None, Sequence[_Due]], Awaitable[datetime | None]],
    ) -> datetime | None:
        """Have `run` do what `find(now, limit, others=…)` finds; when there is more to do.

        `home` tells the workspace of one; `run` does those of one workspace, and gives until when that has no room.
        """
        now = self._clock.now()
        self._full = {team_id: at for team_id, at in self._full.items() if at > now}
        self._put_off = {at for at in self._put_off if at > now}
        due = await find(now, MANY, others=self._workspaces.without_bot | self._full.keys())
        mine = await self._workspaces.with_tokens(sorted({home(one) for one in due}))
        again = await asyncio.gather(
            *(run(one, token, [it for it in due if home(it) == one.team_id]) for one, token in mine)
        )
        self._full |= {one.team_id: at for (one, _), at in zip(mine, again, strict=True) if at is not None}
        if len(due) == MANY and mine:
            return self._clock.now()
        return min((*self._full.values(), *self._put_off), default=None)


class NoticeSender:
    """Sends notices."""

    def __init__(
        self,
        notices: NoticeStore,
        workspaces: OwnedWorkspaces,
        slack: SlackMessages,
        *,
        links: Links,
        say: Say,
        clock: Clock,
    ) -> None:
        """`say` translates."""
        self._rounds = BotRounds(workspaces, clock)
        self._notices = notices
        self._workspaces = workspaces
        self._slack = slack
        self._links = links
        self._say = say
        self._clock = clock

    async def run(self) -> datetime | None:
        """Send what may be sent now; when there is more to do."""
        return await self._rounds.go(self._notices.due, lambda notice: notice.key.team_id, self._run)

    async def _run(self, workspace: OwnedWorkspace, token: str | None, due: Sequence[DueNotice]) -> datetime | None:
        if token is None:
            await self._put_off(workspace, WITHOUT_A_BOT)
            return None
        for notice in due:
            if not self._workspaces.may_use_bot(workspace):
                return None
            ready = workspace.budget.ready_at(POST, self._clock.now())
            if ready is not None:
                return ready
            ids = {"team_id": workspace.team_id, "user_id": notice.key.user_id}
            self._workspaces.use(workspace)
            taken = True
            with guarded("notice_failed", subject=notice.subject.split("/", 1)[0], **ids) as result:
                taken = await self._send(token, notice, workspace)
            if not taken:
                await self._put_off(workspace, _BOT_REFUSED)
                return None
            if result.failed:
                again = await self._notices.failed(notice, self._clock.now())
                if again is not None:
                    self._rounds.put_off(again)
        return workspace.budget.ready_at(POST, self._clock.now())  # Slack may have said wait to the last one

    async def _put_off(self, workspace: OwnedWorkspace, wait: timedelta) -> None:
        until = self._clock.now() + wait
        await self._notices.put_off(workspace.team_id, until)
        self._rounds.put_off(until)

    async def _send(self, token: str, notice: DueNotice, workspace: OwnedWorkspace) -> bool:
        """Send it, if it can be now; False where Slack does not take the bot's token, which is not the notice's."""
        message = await self._message(notice)
        if message is None:
            await self._notices.sent(notice, self._clock.now())
            return True
        try:
            async with self._workspaces.calling(workspace, POST, _NOT_NOW):
                await self._slack.post(token, notice.key.user_id, message)
        except _NOT_NOW:
            return True
        except (errors.GrantLostError, errors.TokenExpiredError) as refusal:
            log.warning("bot_refused", team_id=notice.key.team_id, **of_error(refusal))
            return False
        await self._notices.sent(notice, self._clock.now())
        log.info("notice_sent", team_id=notice.key.team_id, user_id=notice.key.user_id)
        return True

    async def _message(self, notice: DueNotice) -> dict[str, Any] | None:
        """Return the message; None where there is nothing to tell any more."""
        locale, key = notice.locale, notice.key
        kind, _, about = notice.subject.partition("/")
        match kind:
            case "grant":
                text = self._say(locale, errors.GrantLostError.sentence())
                return with_button(text, self._say(locale, "Allow"), await self._links.grant(key))
            case "welcome":
                text = self._say(locale, "Thank you. Connect a calendar, and your status is always right.")
                return with_button(text, self._say(locale, "Connect a calendar"), action=CONNECT)
            case "keeper":
                text = self._say(locale, KEEPER_HAS_NO_PLAN if about else KEEPER_LOST)
                return with_button(text, self._say(locale, "Open"), await self._links.home(key))
            case "digest" | "entry" | "fault" | "blocked":
                return with_button(self._news(locale, kind, about), "")
            case "calendar" | "account":
                return await (self._calendar if kind == "calendar" else self._account)(locale, key, about)
            case _:
                log.error("notice_unknown", subject=kind, team_id=key.team_id, user_id=key.user_id)
                return None

    def _news(self, locale: str, kind: str, about: str) -> str:
        """Return what is told of something that no button mends."""
        if kind == "digest":
            return self._say(locale, _NO_DIGEST, channel=f"<#{about.partition('/')[0]}>")
        if kind == "fault":
            fault = OperatorFault(about)
            if fault.of_workspace:
                return self._say(locale, _TAKEN_AGAIN)
            refused_address = fault.kind == "redirect"
            return self._say(locale, _REDIRECT_REFUSED if refused_address else _CLIENT_REFUSED, provider=fault.named)
        return self._say(locale, _NO_ENTRY if kind == "entry" else errors.WorkspaceBlockedError.sentence())

    async def _calendar(self, locale: str, key: PersonKey, calendar_id: str) -> dict[str, Any] | None:
        found = await self._links.calendar(key, calendar_id)
        of_workspace = await self._links.calendar(leave_key(key.team_id), calendar_id) if found is None else None
        if found is None and of_workspace is None:
            return None
        name, problem = found or of_workspace or ("", "")
        error = getattr(errors, problem, None)
        if not (isinstance(error, type) and issubclass(error, StatusQuoError)):
            error = errors.CalendarError
        sentence = self._say(locale, error.sentence())
        text, shown = "", f"“{name}”"
        if of_workspace:
            text = self._say(locale, "I cannot read your workspace's leave calendar {name} any more.", name=shown)
        elif name:
            text = self._say(locale, "I cannot read your calendar {name}.", name=shown)
        return with_button(f"{text} {sentence}".strip(), self._say(locale, "Open"), await self._links.home(key))

    async def _account(self, locale: str, key: PersonKey, account_id: str) -> dict[str, Any] | None:
        """Say that an account is lost, and what mends it; a link in a message lives longer than others, not forever."""
        found = await self._links.account(key, account_id)
        if found is None:
            return None
        provider, name, link, trouble = found
        account = f"{named(provider)} ({name})" if name else named(provider)
        text = f"{account}: {self._say(locale, trouble)}"
        again = self._say(locale, "Connect again")
        if not link:
            return with_button(text, again, action=CONNECT)
        later = self._say(locale, "The button works once, for a day. After that, type /quo connect.")
        return with_button(f"{text} {later}", again, link)


class HomePublisher:
    """Publishes Home tabs, coalesced: however often something changed, what is published is how it is now.

    What was published is not remembered: another replica may have published something else since.
    """

    def __init__(
        self, homes: HomeStore, workspaces: OwnedWorkspaces, renderer: HomeRenderer, slack: SlackViews, clock: Clock
    ) -> None:
        """Take the `renderer` that builds a tab."""
        self._rounds = BotRounds(workspaces, clock)
        self._homes = homes
        self._workspaces = workspaces
        self._renderer = renderer
        self._slack = slack
        self._clock = clock

    async def run(self) -> datetime | None:
        """Publish what may be published now; when there is more to do."""
        return await self._rounds.go(self._homes.stale, lambda key: key.team_id, self._run)

    async def _run(self, workspace: OwnedWorkspace, token: str | None, stale: Sequence[PersonKey]) -> datetime | None:
        for key in stale:
            if not self._workspaces.may_use_bot(workspace):
                return None
            ready = workspace.budget.ready_at(PUBLISH, self._clock.now())
            if token is not None and ready is not None:
                return ready
            # before it is made: what changes from now on makes it stale
            await self._homes.taken(key, stale=False)
            if token is None:
                continue
            self._workspaces.use(workspace)
            with guarded("home_not_published", team_id=workspace.team_id, user_id=key.user_id):
                await self._publish(token, key, workspace)
        return workspace.budget.ready_at(PUBLISH, self._clock.now())

    async def _publish(self, token: str, key: PersonKey, workspace: OwnedWorkspace) -> None:
        view = await self._renderer.home(key)
        try:
            async with self._workspaces.calling(workspace, PUBLISH, _NOT_NOW):
                await self._slack.publish(token, key.user_id, view)
        except _NOT_NOW:
            await self._homes.taken(key, stale=True)
