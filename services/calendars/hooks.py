"""Inbound hooks: an address of a person's own, for calendars and statuses that other programs send."""

from __future__ import annotations

import math
import secrets
from collections import OrderedDict, deque
from datetime import datetime, timedelta

import structlog

from services.calendars.ical.expand import Expander
from services.calendars.ical.upload_check import readable
from services.domain.calendars import hook_override_id
from services.domain.errors import TooManyRequestsError, UnknownPathError
from services.domain.model import Override, PersonKey
from services.platform.concurrency import KeyedSemaphore
from services.platform.crypto import digest_of
from services.ports import Clock, WakeSignal
from services.store.hooks import Hook, HookStore
from services.store.inbox import InboxStore
from services.store.overrides import OverrideStore

log = structlog.get_logger(__name__)

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
