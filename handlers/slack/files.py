"""The messages tab: calendar files that a person sends, and the button that imports one.

Slack tells of a file twice, as a message and as a file, in either order; it counts once. What a file holds is fetched
and read after Slack has its answer. Conversations of anybody else are neither subscribed to nor looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.errors import record
from handlers.slack.context import Body, Services, by_key, chosen
from handlers.slack.views import files as views
from services.calendars.files import CalendarFiles
from services.domain.errors import SlackRateLimitedError, SlackUnavailableError, StatusQuoError
from services.domain.model import PersonKey
from services.engine.notifications import Teller
from services.platform.concurrency import KeyedSemaphore
from services.store.deliveries import DeliveryStore

_PASSING = (SlackUnavailableError, SlackRateLimitedError)

AT_ONCE = 4
"""Files that are looked into at the same time."""

MOST = 10
"""Files of one message."""

AGAIN = 900
QUIET = 4
"""A hint is followed by at least so many whole stretches of `AGAIN` seconds without another."""


@dataclass(frozen=True, slots=True)
class FileMessages:
    """The listeners. `deliveries` remembers what was seen and said, for all replicas."""

    services: Services
    files: CalendarFiles
    teller: Teller
    deliveries: DeliveryStore
    turns: KeyedSemaphore = field(default_factory=lambda: KeyedSemaphore(1))
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def message(self, event: Body, context: AsyncBoltContext) -> None:
        """Somebody wrote to the app, or sent it files."""
        key = context.get("person")
        subtype = event.get("subtype")
        if event.get("channel_type") != "im" or subtype not in {None, "file_share"} or not isinstance(key, PersonKey):
            return
        if event.get("bot_id") or event.get("user") in {None, context.bot_user_id}:
            return
        sent = list(_file_ids(event))[:MOST]
        for file_id in sent:
            self._seen(key, file_id)
        if not sent and await self._may_hint(key):
            self.services.background.leave(self._hint(key), kind="message")

    async def file_shared(self, event: Body, context: AsyncBoltContext) -> None:
        """A file arrived somewhere; in a person's own conversation with the app it is for us."""
        key, channel = context.get("person"), event.get("channel_id")
        file_id = event.get("file_id")
        ours = isinstance(channel, str) and channel.startswith("D")
        by_person = isinstance(key, PersonKey) and key.user_id != context.bot_user_id
        if ours and by_person and isinstance(key, PersonKey) and isinstance(file_id, str) and file_id:
            self._seen(key, file_id)

    async def import_file(self, ack: AsyncAck, body: Body, respond: AsyncRespond, context: AsyncBoltContext) -> None:
        """Connect the calendar of a file that was offered."""
        await ack()
        key, file_id = context.get("person"), chosen(body)
        if isinstance(key, PersonKey) and file_id:
            self.services.background.leave(self._import(key, file_id, respond), kind="import_file")

    # ── after the answer ────────────────────────────────────────────────────────────────────────────

    def _seen(self, key: PersonKey, file_id: str) -> None:
        self.services.background.leave(self._look(key, file_id), kind="file")

    async def _look(self, key: PersonKey, file_id: str) -> None:
        """Look into a file and say what is in it, unless that is done. It counts as done once something is found out.

        So where this process ends on the way, or Slack did not answer, the other news of the same file is not lost.
        """
        name = f"file/{key.user_id}/{file_id}"
        async with self.turns.of(f"{key.team_id}/{name}"):
            if await self.deliveries.claimed(key.team_id, name):
                return
            who = await by_key(self.services, key)
            try:
                async with self.gate:
                    seen = await self.files.look(key, who.view.zone, file_id)
            except StatusQuoError as error:
                record(error, error, kind="file")
                said = views.failed(who.l10n, error)
                name += "/failed" if isinstance(error, _PASSING) else ""
            else:
                shown = (who.l10n, seen.name, seen.events)
                said = views.updated(*shown) if seen.updated else views.offered(*shown, file_id)
            if await self.deliveries.claim(key.team_id, name, self.services.clock.now()):
                await self.teller.tell(key, said)

    async def _import(self, key: PersonKey, file_id: str, respond: AsyncRespond) -> None:
        who = await by_key(self.services, key)
        try:
            async with self.gate:
                seen = await self.files.add(key, who.view.zone, file_id)
        except StatusQuoError as error:
            record(error, error, kind="file")
            await self.teller.tell(who.key, views.failed(who.l10n, error))
            return
        said = views.updated(who.l10n, seen.name, seen.events) if seen.updated else views.added(who.l10n)
        await respond(**said, replace_original=True)

    async def _hint(self, key: PersonKey) -> None:
        await self.teller.tell(key, views.hint((await by_key(self.services, key)).l10n))

    async def _may_hint(self, key: PersonKey) -> bool:
        """At most once an hour for each person; each stretch of time that a hint takes up can be claimed once."""
        now = self.services.clock.now()
        first, *others = _stretches(now)
        if not await self.deliveries.claim(key.team_id, f"hint/{key.user_id}/{first}", now):
            return False
        for stretch in others:
            await self.deliveries.claim(key.team_id, f"hint/{key.user_id}/{stretch}", now)
        return True


def _stretches(now: datetime) -> range:
    begun = int(now.timestamp()) // AGAIN
    return range(begun, begun + QUIET + 1)


def _file_ids(event: Body) -> Iterator[str]:
    files = event.get("files")
    for one in files if isinstance(files, list) else ():
        file_id = one.get("id") if isinstance(one, dict) else None
        if isinstance(file_id, str) and file_id:
            yield file_id
