"""What a lane does when no status waits: tell people what needs them, and publish Home tabs that show something old."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from services.domain import errors
from services.domain.calendars import named
from services.domain.errors import SealError, SlackRateLimitedError, SlackUnavailableError, StatusQuoError
from services.domain.model import PersonKey
from services.domain.profile_state import DueNotice, Home
from services.engine.guard import guarded
from services.engine.limits import Budget
from services.ports import Clock, HomeRenderer

log = structlog.get_logger(__name__)

PUBLISH = "views.publish"
POST = "chat.postMessage"
CONNECT = "open_connect"
"""The action of a button that opens the form of a calendar, with fresh links: good for as long as the message."""

MANY = 20

WITHOUT_A_BOT = timedelta(hours=1)
"""How long notices wait where the workspace's bot token cannot be opened."""


class Bots(Protocol):
    """The workspaces' bot tokens: `store.lanes.WriteQueue`, `store.workspaces.WorkspaceStore`."""

    async def bot_token(self, team_id: str) -> str | None:
        """The workspace's; None where it is not installed."""
        ...


class Notices(Protocol):
    """Pending notices: `store.notices.NoticeStore`."""

    async def due(self, team_id: str, now: datetime, limit: int) -> list[DueNotice]: ...  # noqa: D102  # see NoticeStore
    async def sent(self, notice: DueNotice, at: datetime) -> None: ...  # noqa: D102  # see NoticeStore
    async def failed(self, notice: DueNotice, at: datetime) -> None: ...  # noqa: D102  # see NoticeStore
    async def put_off(self, team_id: str, until: datetime) -> None: ...  # noqa: D102  # see NoticeStore


class HomeRows(Protocol):
    """Stale Home tabs: `store.lanes.WriteQueue`."""

    async def homes(self, team_id: str, now: datetime, limit: int) -> list[Home]: ...  # noqa: D102  # see WriteQueue
    async def home_taken(self, key: PersonKey, *, stale: bool) -> None: ...  # noqa: D102  # see WriteQueue


class Messages(Protocol):
    """Direct messages: `services.slack.messages.SlackMessages`."""

    async def post(self, token: str, user_id: str, message: dict[str, Any]) -> None:
        """Send one. Raises SlackError."""
        ...


class Views(Protocol):
    """Home tabs: `services.slack.views.SlackViews`."""

    async def publish(self, token: str, user_id: str, view: dict[str, Any]) -> None:
        """Publish one. Raises SlackError."""
        ...


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


Say = Callable[..., str]
"""`say(locale, message_id, **facts)`: the sentence in a locale."""


class Teller:
    """Tells a person something at once, outside of the lanes: the answer to what they had asked for."""

    def __init__(self, bots: Bots, slack: Messages) -> None:
        """`slack` posts with the workspace's bot token."""
        self._bots = bots
        self._slack = slack

    async def tell(self, key: PersonKey, message: dict[str, Any]) -> None:
        """Send `message` (text and blocks) to the person. Raises SlackError, NotInstalledError."""
        token = await self._bots.bot_token(key.team_id)
        if token is None:
            raise errors.NotInstalledError("no bot token", team_id=key.team_id)
        await self._slack.post(token, key.user_id, message)


class NoticeChore:
    """Sends notices."""

    def __init__(self, bots: Bots, notices: Notices, slack: Messages, *, links: Links, say: Say, clock: Clock) -> None:
        """`say` translates."""
        self._bots = bots
        self._notices = notices
        self._slack = slack
        self._links = links
        self._say = say
        self._clock = clock

    async def run(self, team_id: str, budget: Budget) -> datetime | None:
        """Send what may be sent now; when there is more to do."""
        due = await self._notices.due(team_id, self._clock.now(), MANY)
        if not due:
            return None
        token = await _bot_token(self._bots, team_id)
        if token is None:
            await self._notices.put_off(team_id, self._clock.now() + WITHOUT_A_BOT)
            return None
        for notice in due:
            now = self._clock.now()
            ready = budget.ready_at(POST, now)
            if ready is not None:
                return ready
            ids = {"team_id": team_id, "user_id": notice.key.user_id, "subject": notice.subject.split("/", 1)[0]}
            with guarded("notice_failed", **ids) as result:
                await self._send(token, notice, budget)
            if result.failed:
                await self._notices.failed(notice, self._clock.now())
        return self._clock.now() if len(due) == MANY else None

    async def _send(self, token: str, notice: DueNotice, budget: Budget) -> None:
        message = await self._message(notice)
        if message is None:
            await self._notices.sent(notice, self._clock.now())
            return
        slot = budget.take(POST, self._clock.now())
        try:
            await self._slack.post(token, notice.key.user_id, message)
        except SlackRateLimitedError as error:
            budget.refused(slot, error.retry_after, self._clock.now())
            return
        except SlackUnavailableError:
            budget.refused(slot, 0, self._clock.now())
            return
        finally:
            budget.done(slot, self._clock.now())
        budget.went_well(slot)
        await self._notices.sent(notice, self._clock.now())
        log.info("notice_sent", team_id=notice.key.team_id, user_id=notice.key.user_id)

    async def _message(self, notice: DueNotice) -> dict[str, Any] | None:
        """The message; None where there is nothing to tell any more."""
        locale, key = notice.locale, notice.key
        kind, _, about = notice.subject.partition("/")
        match kind:
            case "grant":
                text = self._say(locale, errors.GrantLostError.sentence())
                return with_button(text, self._say(locale, "Allow"), await self._links.grant(key))
            case "welcome":
                text = self._say(locale, "Thank you. Connect a calendar, and your status is always right.")
                return with_button(text, self._say(locale, "Connect a calendar"), action=CONNECT)
            case "blocked":
                return with_button(self._say(locale, errors.WorkspaceBlockedError.sentence()), "")
            case "calendar":
                return await self._calendar(locale, key, about)
            case "account":
                return await self._account(locale, key, about)
            case _:
                log.error("notice_unknown", subject=kind)
                return None

    async def _calendar(self, locale: str, key: PersonKey, calendar_id: str) -> dict[str, Any] | None:
        found = await self._links.calendar(key, calendar_id)
        if found is None:
            return None
        name, problem = found
        sentence = self._say(locale, _sentence(problem))
        text = self._say(locale, "I cannot read your calendar {name} any more.", name=f"“{name}”") if name else ""
        return with_button(f"{text} {sentence}".strip(), self._say(locale, "Open"), await self._links.home(key))

    async def _account(self, locale: str, key: PersonKey, account_id: str) -> dict[str, Any] | None:
        """That an account is lost, and what mends it; a link in a message lives longer than others, but not forever."""
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


class HomeChore:
    """Publishes Home tabs, coalesced: however often something changed, what is published is how it is now.

    What was published is not remembered: another replica may have published something else since.
    """

    def __init__(self, bots: Bots, rows: HomeRows, renderer: HomeRenderer, slack: Views, clock: Clock) -> None:
        """`renderer` builds a tab."""
        self._bots = bots
        self._rows = rows
        self._renderer = renderer
        self._slack = slack
        self._clock = clock

    async def run(self, team_id: str, budget: Budget) -> datetime | None:
        """Publish what may be published now; when there is more to do."""
        homes = await self._rows.homes(team_id, self._clock.now(), MANY)
        token = await _bot_token(self._bots, team_id) if homes else None
        for home in homes:
            ready = budget.ready_at(PUBLISH, self._clock.now())
            if token is not None and ready is not None:
                return ready
            await self._rows.home_taken(home.key, stale=False)  # before it is made: what changes now makes it stale
            if token is None:
                continue
            ids = {"team_id": team_id, "user_id": home.key.user_id}
            with guarded("home_not_published", **ids):
                await self._publish(token, home, budget)
        return self._clock.now() if len(homes) == MANY else None

    async def _publish(self, token: str, home: Home, budget: Budget) -> None:
        view = await self._renderer.home(home.key)
        slot = budget.take(PUBLISH, self._clock.now())
        try:
            await self._slack.publish(token, home.key.user_id, view)
        except SlackRateLimitedError as error:
            budget.refused(slot, error.retry_after, self._clock.now())
            await self._rows.home_taken(home.key, stale=True)
            return
        except SlackUnavailableError:
            budget.refused(slot, 0, self._clock.now())
            await self._rows.home_taken(home.key, stale=True)
            return
        finally:
            budget.done(slot, self._clock.now())
        budget.went_well(slot)


async def _bot_token(bots: Bots, team_id: str) -> str | None:
    """The workspace's; None where there is none, or none that any of our keys opens."""
    try:
        return await bots.bot_token(team_id)
    except SealError:
        log.warning("bot_token_unreadable", team_id=team_id)
        return None


def _sentence(problem: str) -> str:
    found = getattr(errors, problem, None)
    if isinstance(found, type) and issubclass(found, StatusQuoError):
        return found.sentence()
    return errors.CalendarError.sentence()


def with_button(text: str, label: str, url: str = "", action: str = "open_link") -> dict[str, Any]:
    """A message of one sentence with a button: a link to `url`, or a click that does `action`.

    Without a `label` there is none. Nothing in `text` is markup.
    """
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "plain_text", "text": text[:3000]}}]
    button: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": label[:75]}, "action_id": action}
    if url:
        button["url"] = url
    if label:
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
