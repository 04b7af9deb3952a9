"""What Slack tells us of: statuses and zones that change, Home tabs that are opened, permissions that end, files.

The messages tab takes calendar files and pictures. Slack tells of a file twice, as a message and as a file, in either
order; it counts once. What a file holds is fetched and read after Slack has its answer. Other direct messages are
neither subscribed to nor looked at; what is written in channels never gets this far (`handlers/slack/mentions.py`).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.errors import record
from handlers.slack.context import Body, Requester, Services, by_key, chosen
from handlers.slack.intake import KNOWN_PERSON, USER_NEWS
from handlers.slack.payloads import happened_at
from handlers.slack.views import file_replies, replies
from services.calendars.connections import CalendarFiles
from services.domain.errors import SlackRateLimitedError, SlackUnavailableError, StatusQuoError
from services.domain.model import NO_STATUS, PersonKey
from services.platform.concurrency import KeyedSemaphore
from services.slack.files import SentFile
from services.slack.members import parse_member
from services.slack.presence import snooze_of
from services.slack.profile import status_of
from services.store.overrides import DeliveryStore
from services.usecases.deactivated import Deactivated
from services.usecases.emoji import EmojiSearch
from services.usecases.offboarding import Offboarding
from services.usecases.people import People
from services.usecases.sent_files import ListProblemsError
from services.usecases.teller import Teller

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Files that are looked into at the same time."""

MOST = 10
"""Files of one message."""

AGAIN = 900
QUIET = 4
"""A hint is followed by at least so many whole stretches of `AGAIN` seconds without another."""

_ANYTHING = re.compile(".*", re.DOTALL)
_PASSING = (SlackUnavailableError, SlackRateLimitedError)


@dataclass(frozen=True, slots=True)
class Events:
    """The listeners of the Events API."""

    people: People
    leaving: Offboarding
    emoji: EmojiSearch
    deactivated: Deactivated

    def register(self, bolt: AsyncApp) -> None:
        """Bind them. The busiest first: Bolt tries listeners in their order."""
        for kind in USER_NEWS:
            bolt.event(kind)(self.user_changed)
        bolt.event("dnd_updated")(self.snooze_changed)
        bolt.event("app_home_opened")(self.home_opened)
        bolt.event("emoji_changed")(self.emoji_changed)
        bolt.event("tokens_revoked")(self.tokens_revoked)
        bolt.event("app_uninstalled")(self.app_uninstalled)
        bolt.event("team_access_revoked")(self.team_access_revoked)

    def register_rest(self, bolt: AsyncApp) -> None:
        """Bind what takes everything that nobody else took; to be called last.

        Slack counts an event that is answered by 404 as failed, and sends it again; a button that only
        leads to a page sends its click here too.
        """
        bolt.event(_ANYTHING)(self.anything)
        bolt.block_action(_ANYTHING)(self.clicked)
        bolt.view_closed(_ANYTHING)(self.clicked)

    async def user_changed(self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Take a hint of what the profile shows, of zone, language, names and address, of the role, and of the photo.

        For who is deactivated nothing is done until they are back. Often it is our own echo, and mostly one of
        them alone is news: whichever changes, Slack sends all.
        """
        user, key = event.get("user"), context.get(KNOWN_PERSON)
        if not isinstance(user, dict) or not isinstance(key, PersonKey):
            return
        at, profile = happened_at(body, event), user.get("profile")
        if user.get("deleted") is True:
            await self.deactivated.told(key, at)
            return
        await self.deactivated.reactivate(key, at, status_of(profile) if isinstance(profile, dict) else NO_STATUS)
        if isinstance(profile, dict):
            await self.people.seen_status(key, status_of(profile), at)
        await self.people.zone_changed(key, parse_member(user), at)
        photo_hash = profile.get("avatar_hash") if isinstance(profile, dict) else None
        if isinstance(photo_hash, str) and photo_hash:
            await self.people.seen_photo(key, photo_hash)

    async def snooze_changed(self, event: dict[str, Any], context: AsyncBoltContext) -> None:
        """Take a hint that a snooze was set or ended; often our own echo."""
        key, status = context.get(KNOWN_PERSON), event.get("dnd_status")
        if isinstance(key, PersonKey) and isinstance(status, dict):
            await self.people.seen_snooze(key, snooze_of(status))

    async def home_opened(self, event: dict[str, Any], context: AsyncBoltContext) -> None:
        """Somebody looks at their Home tab; the messages tab is not of interest."""
        key = context.get("person")
        if event.get("tab", "home") == "home" and isinstance(key, PersonKey):
            await self.people.opened_home(key)

    async def emoji_changed(self, context: AsyncBoltContext) -> None:
        """Have the list read anew: one was added, removed or called something else, it does not matter which."""
        await self.emoji.changed(context.team_id or "", context.enterprise_id or "")

    async def tokens_revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """`tokens` names people, not tokens (docs.slack.dev, events/tokens_revoked)."""
        home = _home(body)
        tokens = event.get("tokens")
        if home and isinstance(tokens, dict):
            users = [user for user in _listed(tokens, "oauth") if isinstance(user, str)]
            await self.leaving.revoked(home, users, happened_at(body, event), bot=bool(tokens.get("bot")))

    async def app_uninstalled(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Delete everything of the workspace."""
        home = _home(body)
        if home:
            await self.leaving.uninstalled(home, happened_at(body, event))

    async def team_access_revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Log that an org took the app away from some of its teams; whoever is left without access, Slack refuses."""
        log.info("team_access_revoked", team_id=_home(body), teams=len(_listed(event, "team_ids")))

    async def anything(self) -> None:
        """Take an event that nobody listens to."""

    async def clicked(self, ack: Any) -> None:
        """Take a click that needs no answer."""
        await ack()


def _listed(part: dict[str, Any], name: str) -> list[Any]:
    found = part.get(name)
    return found if isinstance(found, list) else []


def _home(body: dict[str, Any]) -> str:
    """Return the id that an uninstall is about: the org's only where Slack says that the org's install is meant."""
    authorizations = body.get("authorizations") or [body]
    about = authorizations[0]
    org = about.get("enterprise_id") or body.get("enterprise_id") or ""
    team = body.get("team_id") or about.get("team_id") or ""
    return org if org and (about.get("is_enterprise_install") in {True, "true"} or not team) else team


@dataclass(frozen=True, slots=True)
class FileMessages:
    """The listeners of the messages tab. `deliveries` remembers what was seen and said, for all replicas."""

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
        files = [one.get("id") for one in _listed(event, "files") if isinstance(one, dict)]
        sent = [file_id for file_id in files if isinstance(file_id, str) and file_id][:MOST]
        for file_id in sent:
            self.services.background.leave(self._look(key, file_id), kind="file")
        if not sent and await self._may_hint(key):
            self.services.background.leave(self._hint(key), kind="message")

    async def file_shared(self, event: Body, context: AsyncBoltContext) -> None:
        """Take a file that arrived somewhere; in a person's own conversation with the app it is for us."""
        key, channel, file_id = context.get("person"), event.get("channel_id"), event.get("file_id")
        if not isinstance(key, PersonKey) or key.user_id == context.bot_user_id:
            return
        if isinstance(channel, str) and channel.startswith("D") and isinstance(file_id, str) and file_id:
            self.services.background.leave(self._look(key, file_id), kind="file")

    async def import_file(self, args: AsyncArgs) -> None:
        """Connect the calendar of a file that was offered."""
        await args.ack()
        key, file_id = args.context.get("person"), chosen(args.body)
        if isinstance(key, PersonKey) and file_id:
            self.services.background.leave(self._import(key, file_id, args), kind="import_file")

    # ── after the answer ────────────────────────────────────────────────────────────────────────────

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
                    said = await self._looked_into(who, file_id)
            except StatusQuoError as error:
                record(error, error, kind="file")
                said = replies.sentence(who.l10n, error)
                name += "/failed" if isinstance(error, _PASSING) else ""
            if await self.deliveries.claim(key.team_id, name, self.services.clock.now()):
                await self.teller.tell(key, replies.posted(said))

    async def _looked_into(self, who: Requester, file_id: str) -> replies.Reply:
        """Return what came of a file. Raises StatusQuoError."""
        file = await self.files.info(who.key, file_id)
        if file.may_be_picture:
            taken = await self.services.sent.take_picture(who.key, file)
            return file_replies.picture_taken(who.l10n, taken.width, taken.height)
        if file.may_be_list:
            return await self._list_taken(who, file)
        seen = await self.files.look(who.key, who.view.zone, file)
        shown = (who.l10n, seen.name, seen.events)
        return file_replies.file_updated(*shown) if seen.updated else file_replies.file_offered(*shown, file_id)

    async def _list_taken(self, who: Requester, file: SentFile) -> replies.Reply:
        """Return what came of a list. Raises StatusQuoError."""
        try:
            taken = await self.services.sent.take_list(who.key, file)
        except ListProblemsError as error:
            return file_replies.list_refused(who.l10n, file.name, error)
        return file_replies.list_taken(who.l10n, file.name, taken.lines, taken.undo_id)

    async def _import(self, key: PersonKey, file_id: str, args: AsyncArgs) -> None:
        who = await by_key(self.services, key)
        try:
            async with self.gate:
                seen = await self.files.add(key, who.view.zone, file_id)
        except StatusQuoError as error:
            record(error, error, kind="file")
            await self.teller.tell(who.key, replies.posted(replies.sentence(who.l10n, error)))
            return
        said = file_replies.file_added(who.l10n)
        if seen.updated:
            said = file_replies.file_updated(who.l10n, seen.name, seen.events)
        await args.respond(**replies.posted(said), replace_original=True)

    async def _hint(self, key: PersonKey) -> None:
        who = await by_key(self.services, key)
        await self.teller.tell(key, replies.posted(file_replies.file_hint(who.l10n)))

    async def _may_hint(self, key: PersonKey) -> bool:
        """At most once an hour for each person; each stretch of time that a hint takes up can be claimed once."""
        now = self.services.clock.now()
        begun = int(now.timestamp()) // AGAIN
        if not await self.deliveries.claim(key.team_id, f"hint/{key.user_id}/{begun}", now):
            return False
        for stretch in range(begun + 1, begun + QUIET + 1):
            await self.deliveries.claim(key.team_id, f"hint/{key.user_id}/{stretch}", now)
        return True
