"""The calendars that a person brings without an account (a feed, a file, a hook), and what is done with any calendar.

A file is looked at, offered, imported, brought up to date. A hook is an address of a person's own, for calendars and
statuses that other programs send.
"""

from __future__ import annotations

import math
import secrets
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.calendars.accounts import ProviderCleanup
from services.calendars.ical.expand import Expander, Looked, UnreadableCalendarError, readable
from services.domain import errors
from services.domain.calendars import ICS, hook_override_id
from services.domain.errors import (
    AlreadyConnectedError,
    NotACalendarError,
    NotInstalledError,
    TooManyRequestsError,
    UnknownPathError,
)
from services.domain.model import Override, PersonKey
from services.platform.concurrency import KeyedSemaphore
from services.platform.crypto import digest_of
from services.platform.net import AddressRules
from services.ports import Clock, WakeSignal
from services.slack.files import SentFile, SlackFiles
from services.store.accounts import AccountStore
from services.store.calendar_rows import CalendarView
from services.store.calendars import CalendarStore
from services.store.overrides import OverrideStore
from services.store.watches import Hook, HookStore, InboxStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)


FEED_FIELD = "feed"
"""The block of the modal `connect_calendar` that holds a feed's address."""


class Connections:
    """What the modals, the Home tab and the commands call."""

    def __init__(
        self,
        calendars: CalendarStore,
        addresses: AddressRules,
        clock: Clock,
        wake_signal: WakeSignal,
        *,
        accounts: AccountStore,
        cleanup: ProviderCleanup,
    ) -> None:
        """`addresses` tells which may be visited; `cleanup` stops watches."""
        self._accounts = accounts
        self._cleanup = cleanup
        self._calendars = calendars
        self._addresses = addresses
        self._clock = clock
        self._wake_signal = wake_signal

    async def connect_feed(self, key: PersonKey, address: str) -> str:
        """Connect an ICS feed and have it fetched at once; return its id.

        Raises NotAnAddressError, PlaceNotAllowedError, AlreadyConnectedError or TooManyError, each naming its field.
        """
        try:
            url = self._addresses.parse(address)
            calendar_id = await self._calendars.add(key, ICS, str(url), url.host or "", self._clock.now())
        except errors.AddressNotAllowedError as error:
            raise errors.PlaceNotAllowedError(error.reason, field=FEED_FIELD) from None
        except errors.InputError as error:
            error.field = FEED_FIELD
            raise
        self._wake_signal.wake()
        return calendar_id

    async def list(self, key: PersonKey) -> Sequence[CalendarView]:
        """List a person's calendars with their health, oldest first."""
        return await self._calendars.of(key)

    async def disconnect(self, key: PersonKey, calendar_id: str) -> bool:
        """Forget a calendar and its events, and stop its watches; False where the person has none of that id."""
        cleanups = await self._accounts.cleanups(key.team_id, key.user_id, calendar_id=calendar_id)
        removed = await self._calendars.remove(key, calendar_id, self._clock.now())
        if removed:
            self._cleanup.begin(cleanups)
            self._wake_signal.wake()
        return removed

    async def sync_now(self, key: PersonKey) -> int:
        """Have all of a person's calendars fetched now; return how many. A host that asked for peace keeps it."""
        count = await self._calendars.due_now(key, self._clock.now())
        self._wake_signal.wake()
        return count


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


PATH = "/hooks/"
A_MINUTE = 60
"""Requests that one hook takes in a minute, in each process."""

AT_ONCE = 10
"""Calendars of one person that wait to be looked at, in each process. It is one by one, so that nobody waits for all
that somebody else sends."""

_BYTES = 32
_WAIT = 10
_MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class Hooks:
    """What the modals and the hooks' addresses call."""

    def __init__(
        self,
        hooks: HookStore,
        inbox: InboxStore,
        overrides: OverrideStore,
        *,
        expander: Expander,
        clock: Clock,
        wake_signal: WakeSignal,
        base_url: str,
    ) -> None:
        """`expander` looks whether what arrives can be read; `base_url` is PUBLIC_URL without a slash at its end."""
        self._hooks = hooks
        self._inbox = inbox
        self._overrides = overrides
        self._expander = expander
        self._clock = clock
        self._wake_signal = wake_signal
        self._base_url = base_url
        self._limits = HookLimits()
        self._looking = KeyedSemaphore(1)

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────

    async def create(self, key: PersonKey) -> str:
        """Make a hook and return its address, which is kept nowhere. Raises TooManyError, NotGrantedError."""
        secret = secrets.token_urlsafe(_BYTES)
        calendar_id = await self._hooks.create(key, digest_of(secret), self._clock.now())
        log.info("hook_created", team_id=key.team_id, user_id=key.user_id, calendar_id=calendar_id)
        self._wake_signal.wake()
        return self._address(secret)

    async def rotate(self, key: PersonKey, calendar_id: str) -> str | None:
        """Give a hook a new address, which is returned; the old one ends at once. None where there is no such hook."""
        secret = secrets.token_urlsafe(_BYTES)
        if not await self._hooks.rotate(key, calendar_id, digest_of(secret)):
            return None
        log.info("hook_rotated", team_id=key.team_id, user_id=key.user_id, calendar_id=calendar_id)
        return self._address(secret)

    # ── the address's side ──────────────────────────────────────────────────────────────────────────

    async def find(self, secret: str) -> Hook:
        """Find the hook of that secret. Raises UnknownPathError, and TooManyRequestsError where it is used too often.

        What is compared is a digest of all 256 bits, in an index: how long that takes tells nothing of a secret.
        """
        digest = digest_of(secret)
        hook = await self._hooks.find(digest)
        if hook is None:
            raise UnknownPathError("no such hook")
        wait = self._limits.wait(hook.calendar_id, self._clock.now())
        if wait:
            raise TooManyRequestsError("hook", retry_after=wait)
        return hook

    async def take(self, hook: Hook, data: bytes) -> int:
        """Take a calendar in, which the sync loop works in; return how many entries it is about.

        Raises UnreadableCalendarError where it is none, TooManyRequestsError where too much waits already.
        """
        now, whose = self._clock.now(), f"{hook.key.team_id}/{hook.key.user_id}"
        if self._looking.users(whose) >= AT_ONCE:
            raise TooManyRequestsError("too much to look at", retry_after=_WAIT)
        async with self._looking.of(whose):
            looked = await readable(self._expander, data, hook.calendar_id, hook.zone, now, strict=True)
        entries = looked.entries
        if entries and not await self._inbox.put(hook.key, hook.calendar_id, data, now):
            raise UnknownPathError("the hook is gone")
        log.info("hook_taken", **_ids(hook), entries=entries, bytes=len(data))
        self._wake_signal.wake()
        return entries

    async def show(self, hook: Hook, *, text: str, emoji: str, end: datetime | None) -> Override:
        """Show a status from now until `end` (UTC; None: until ended), in the place of what this hook showed before."""
        now = self._clock.now()
        made = Override(hook_override_id(hook.key, hook.calendar_id), now, end, now, text=text, emoji=emoji)
        await self._overrides.put(hook.key, made, now)
        log.info("hook_showed", **_ids(hook))
        self._wake_signal.wake()
        return made

    async def end(self, hook: Hook) -> bool:
        """End what this hook shows; False where that is nothing."""
        shown = hook_override_id(hook.key, hook.calendar_id)
        removed = await self._overrides.remove(hook.key, shown, self._clock.now())
        self._wake_signal.wake()
        return removed is not None

    def _address(self, secret: str) -> str:
        return f"{self._base_url}{PATH}{secret}"


class HookLimits:
    """How often each hook was used in the last minute, as far as this process knows."""

    def __init__(self, most: int = A_MINUTE) -> None:
        """`most` requests in any minute."""
        self._most = most
        self._used: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, name: str, now: datetime) -> int:
        """Note a request; return the whole seconds to wait where it is one too many, else 0."""
        used = self._used.setdefault(name, deque())
        self._used.move_to_end(name)
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        while used and used[0] <= now - _MINUTE:
            used.popleft()
        if len(used) >= self._most:
            return max(1, math.ceil((used[0] + _MINUTE - now).total_seconds()))
        used.append(now)
        return 0


def _ids(hook: Hook) -> dict[str, str]:
    return {"team_id": hook.key.team_id, "user_id": hook.key.user_id, "calendar_id": hook.calendar_id}
