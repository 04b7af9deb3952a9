"""Calendar files that a person sends to the app: looked at, offered, imported, brought up to date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import structlog

from services.calendars.ical.expand import Expander
from services.calendars.ical.upload_check import Looked, UnreadableCalendarError, readable
from services.domain.errors import AlreadyConnectedError, NotACalendarError, NotInstalledError
from services.domain.model import PersonKey
from services.ports import Clock, WakeSignal
from services.slack.files import SentFile, SlackFiles
from services.store.inbox import InboxStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A calendar in a file: its name, and its events in the time that we look ahead.

    `updated`: it was connected already, and what it holds now is what the file holds.
    """

    file_id: str
    name: str = field(repr=False)
    events: int
    updated: bool = False


class CalendarFiles:
    """What the messages tab and its button call."""

    def __init__(
        self,
        slack: SlackFiles,
        workspaces: WorkspaceStore,
        inbox: InboxStore,
        *,
        expander: Expander,
        clock: Clock,
        wake_signal: WakeSignal,
    ) -> None:
        """`expander` looks what is in a file."""
        self._slack = slack
        self._workspaces = workspaces
        self._inbox = inbox
        self._expander = expander
        self._clock = clock
        self._wake_signal = wake_signal

    async def look(self, key: PersonKey, zone: ZoneInfo, file_id: str) -> Seen:
        """Say what is in a file; where a calendar of its name is connected, that is brought up to date at once.

        Raises UnreadableCalendarError, CalendarTooLargeError, SlackError, NotInstalledError, TooManyRequestsError.
        """
        file, content, looked = await self._read(key, zone, file_id)
        return await self._update(key, file, content, looked) or _seen(file, looked)

    async def add(self, key: PersonKey, zone: ZoneInfo, file_id: str) -> Seen:
        """Connect the calendar in a file, or bring it up to date. Raises as `look`, and TooManyError."""
        file, content, looked = await self._read(key, zone, file_id)
        seen = _seen(file, looked)
        try:
            await self._inbox.connect(
                key, _address(file), seen.name, content, now=self._clock.now(), whole=looked.alone
            )
        except AlreadyConnectedError:
            return await self._update(key, file, content, looked) or seen
        log.info("file_connected", team_id=key.team_id, user_id=key.user_id, bytes=len(content), events=seen.events)
        self._wake_signal.wake()
        return seen

    async def _read(self, key: PersonKey, zone: ZoneInfo, file_id: str) -> tuple[SentFile, bytes, Looked]:
        token = await self._workspaces.bot_token(key.team_id)
        if token is None:
            raise NotInstalledError("no bot token", team_id=key.team_id)
        file = await self._slack.info(token, file_id)
        if not file.may_be_calendar:
            raise UnreadableCalendarError("another type")
        try:
            content = await self._slack.download(token, file)
        except NotACalendarError as error:
            raise UnreadableCalendarError(error.reason) from None
        looked = await readable(self._expander, content, f"file/{key.user_id}", zone, self._clock.now())
        return file, content, looked

    async def _update(self, key: PersonKey, file: SentFile, content: bytes, looked: Looked) -> Seen | None:
        """Bring the calendar of that file up to date; None where there is none.

        An invitation in a file is news about one entry, and the others stay.
        """
        known = await self._inbox.named(key, _address(file))
        if known is None:
            return None
        calendar_id, name = known
        if not await self._inbox.put(key, calendar_id, content, self._clock.now(), whole=looked.alone):
            return None
        log.info("file_updated", team_id=key.team_id, user_id=key.user_id, calendar_id=calendar_id, bytes=len(content))
        self._wake_signal.wake()
        seen = _seen(file, looked)
        return replace(seen, name=name or seen.name, updated=True)


def _seen(file: SentFile, looked: Looked) -> Seen:
    return Seen(file.file_id, (looked.name or file.stem)[:_LONGEST_NAME], looked.events)


def _address(file: SentFile) -> str:
    """Return what tells that it is the same calendar: a file of the same name."""
    return file.stem.casefold()
