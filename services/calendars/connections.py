"""The calendars that a person brings without an account (a feed, a file, a hook), and what is done with any calendar.

A file is looked at, offered, imported, brought up to date. A hook is an address of a person's own, for calendars and
statuses that other programs send.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from services.calendars.accounts import ProviderCleanup
from services.calendars.ical.expand import Expander, UnreadableCalendarError, readable
from services.domain import errors, request_errors
from services.domain.calendars import ICS, hook_override_id
from services.domain.model import Override, PersonKey
from services.platform.addresses import AddressRules
from services.platform.concurrency import KeyedSemaphore
from services.platform.crypto import digest_of
from services.platform.minute_limits import MinuteLimits
from services.ports import Clock, WakeSignal
from services.slack.files import SentFile, SlackFiles
from services.store.accounts import AccountStore
from services.store.calendars import CalendarStore, CalendarView
from services.store.overrides import OverrideStore
from services.store.watches import Hook, HookStore, InboxStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

FEED_FIELD = "feed"
"""The block of the modal `connect_calendar` that holds a feed's address."""


@dataclass(frozen=True, slots=True)
class Connections:
    """What the modals, the Home tab and the commands call."""

    calendars: CalendarStore
    addresses: AddressRules
    clock: Clock
    wake_signal: WakeSignal
    accounts: AccountStore
    cleanup: ProviderCleanup

    async def connect_feed(self, key: PersonKey, address: str, *, connected_by: str | None = None) -> str:
        """Connect an ICS feed and have it fetched at once; return its id. Raises an InputError that names its field.

        `connected_by` is the admin, where it is a leave calendar.
        """
        try:
            url = self.addresses.parse(address)
            calendar_id = await self.calendars.add(
                key, ICS, str(url), url.host or "", self.clock.now(), connected_by=connected_by
            )
        except errors.AddressNotAllowedError as error:
            raise errors.PlaceNotAllowedError(error.reason, field=FEED_FIELD) from None
        except errors.InputError as error:
            error.field = FEED_FIELD
            raise
        self.wake_signal.wake()
        return calendar_id

    async def list(self, key: PersonKey) -> Sequence[CalendarView]:
        """List a person's calendars with their health, oldest first."""
        return await self.calendars.of(key)

    async def disconnect(self, key: PersonKey, calendar_id: str) -> bool:
        """Forget a calendar and its events, and stop its watches; False where the person has none of that id."""
        cleanups = await self.accounts.cleanups(key.team_id, key.user_id, calendar_id=calendar_id)
        removed = await self.calendars.remove(key, calendar_id, self.clock.now())
        if removed:
            self.cleanup.begin(cleanups)
            self.wake_signal.wake()
        return removed

    async def sync_now(self, key: PersonKey) -> int:
        """Have all of a person's calendars fetched now; return how many. A host that asked for peace keeps it."""
        count = await self.calendars.due_now(key, self.clock.now())
        self.wake_signal.wake()
        return count


_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A calendar in a file, and its events in the time that we look ahead; `updated`: it was connected already."""

    file_id: str
    name: str = field(repr=False)
    events: int
    updated: bool = False


@dataclass(frozen=True, slots=True)
class CalendarFiles:
    """What the messages tab and its button call."""

    slack: SlackFiles
    workspaces: WorkspaceStore
    inbox: InboxStore
    expander: Expander
    clock: Clock
    wake_signal: WakeSignal

    async def info(self, key: PersonKey, file_id: str) -> SentFile:
        """Return what Slack says of a file. Raises SlackError, NotInstalledError."""
        return await self.slack.info(await self.workspaces.the_bot_token(key.team_id), file_id)

    async def look(self, key: PersonKey, zone: ZoneInfo, file: SentFile) -> Seen:
        """Say what is in a file; where a calendar of its name is connected, that is brought up to date at once.

        Raises UnreadableCalendarError, CalendarTooLargeError, SlackError, NotInstalledError, TooManyRequestsError.
        """
        return await self._take(key, zone, file, connect=False)

    async def add(self, key: PersonKey, zone: ZoneInfo, file_id: str) -> Seen:
        """Connect the calendar in a file, or bring it up to date. Raises as `look`, and TooManyError."""
        return await self._take(key, zone, await self.info(key, file_id), connect=True)

    async def _take(self, key: PersonKey, zone: ZoneInfo, file: SentFile, *, connect: bool) -> Seen:
        if not file.may_be_calendar:
            raise UnreadableCalendarError("another type")
        try:
            content = await self.slack.download(await self.workspaces.the_bot_token(key.team_id), file)
        except errors.FileElsewhereError as error:
            raise UnreadableCalendarError(error.reason) from None
        except errors.FileTooLargeError as error:
            raise errors.CalendarTooLargeError(error.reason) from None
        now = self.clock.now()
        looked = await readable(self.expander, content, f"file/{key.user_id}", zone, now)
        seen = Seen(file.file_id, (looked.name or file.stem)[:_LONGEST_NAME], looked.events)
        ids = {"team_id": key.team_id, "user_id": key.user_id}
        address = file.stem.casefold()  # a file of the same name is the same calendar
        if connect:
            try:
                await self.inbox.connect(key, address, seen.name, content, now=now, whole=looked.alone)
            except errors.AlreadyConnectedError:
                pass
            else:
                log.info("file_connected", **ids, bytes=len(content), events=seen.events)
                self.wake_signal.wake()
                return seen
        known = await self.inbox.named(key, address)
        if known is None:
            return seen
        calendar_id, name = known
        # An invitation in a file is news about one entry, and the others stay.
        if not await self.inbox.put(key, calendar_id, content, now, whole=looked.alone):
            return seen
        log.info("file_updated", **ids, calendar_id=calendar_id, bytes=len(content))
        self.wake_signal.wake()
        return replace(seen, name=name or seen.name, updated=True)


PATH = "/hooks/"
A_MINUTE = 60
"""Requests that one hook takes in a minute, in each process."""

AT_ONCE = 10
"""Calendars of one person that wait to be looked at, in each process. It is one by one, so that nobody waits for all
that somebody else sends."""

_BYTES = 32
_WAIT = 10


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the modals and the hooks' addresses call."""

    hooks: HookStore
    inbox: InboxStore
    overrides: OverrideStore
    expander: Expander
    clock: Clock
    wake_signal: WakeSignal
    base_url: str
    """PUBLIC_URL without a slash at its end."""
    _limits: MinuteLimits = field(default_factory=lambda: MinuteLimits(A_MINUTE), init=False)
    _looking: KeyedSemaphore = field(default_factory=lambda: KeyedSemaphore(1), init=False)

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────

    async def create(self, key: PersonKey) -> str:
        """Make a hook and return its address, which is kept nowhere. Raises TooManyError, NotGrantedError."""
        secret = secrets.token_urlsafe(_BYTES)
        calendar_id = await self.hooks.create(key, digest_of(secret), self.clock.now())
        log.info("hook_created", team_id=key.team_id, user_id=key.user_id, calendar_id=calendar_id)
        self.wake_signal.wake()
        return self._address(secret)

    async def rotate(self, key: PersonKey, calendar_id: str) -> str | None:
        """Give a hook a new address, which is returned; the old one ends at once. None where there is no such hook."""
        secret = secrets.token_urlsafe(_BYTES)
        if not await self.hooks.rotate(key, calendar_id, digest_of(secret)):
            return None
        log.info("hook_rotated", team_id=key.team_id, user_id=key.user_id, calendar_id=calendar_id)
        return self._address(secret)

    # ── the address's side ──────────────────────────────────────────────────────────────────────────

    async def find(self, secret: str) -> Hook:
        """Find the hook of that secret. Raises UnknownPathError, and TooManyRequestsError where it is used too often.

        What is compared is a digest of all 256 bits, in an index: how long that takes tells nothing of a secret.
        """
        digest = digest_of(secret)
        hook = await self.hooks.find(digest)
        if hook is None:
            raise request_errors.UnknownPathError("no such hook")
        wait = self._limits.wait(hook.calendar_id, self.clock.now())
        if wait:
            raise request_errors.TooManyRequestsError("hook", retry_after=wait)
        return hook

    async def take(self, hook: Hook, data: bytes) -> int:
        """Take a calendar in, which the sync loop works in; return how many entries it is about.

        Raises UnreadableCalendarError where it is none, TooManyRequestsError where too much waits already.
        """
        now, whose = self.clock.now(), f"{hook.key.team_id}/{hook.key.user_id}"
        if self._looking.users(whose) >= AT_ONCE:
            raise request_errors.TooManyRequestsError("too much to look at", retry_after=_WAIT)
        async with self._looking.of(whose):
            looked = await readable(self.expander, data, hook.calendar_id, hook.zone, now, strict=True)
        entries = looked.entries
        if entries and not await self.inbox.put(hook.key, hook.calendar_id, data, now):
            raise request_errors.UnknownPathError("the hook is gone")
        log.info("hook_taken", **_ids(hook), entries=entries, bytes=len(data))
        self.wake_signal.wake()
        return entries

    async def show(self, hook: Hook, *, text: str, emoji: str, end: datetime | None) -> Override:
        """Show a status from now until `end` (UTC; None: until ended), in the place of what this hook showed before."""
        now = self.clock.now()
        made = Override(hook_override_id(hook.key, hook.calendar_id), now, end, now, text=text, emoji=emoji)
        await self.overrides.put(hook.key, made, now)
        log.info("hook_showed", **_ids(hook))
        self.wake_signal.wake()
        return made

    async def end(self, hook: Hook) -> bool:
        """End what this hook shows; False where that is nothing."""
        shown = hook_override_id(hook.key, hook.calendar_id)
        removed = await self.overrides.remove(hook.key, shown, self.clock.now())
        self.wake_signal.wake()
        return removed is not None

    def _address(self, secret: str) -> str:
        return f"{self.base_url}{PATH}{secret}"


def _ids(hook: Hook) -> dict[str, str]:
    return {"team_id": hook.key.team_id, "user_id": hook.key.user_id, "calendar_id": hook.calendar_id}
