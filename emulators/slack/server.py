"""The local Slack: its state, what happens in it, and the web: `/api/…`, response URLs, consent, avatars, files."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, web

from emulators import consent
from emulators.server import LocalServer
from emulators.slack import profile
from emulators.slack.api import WebApi
from emulators.slack.delivery import Deliveries
from emulators.slack.dnd import DoNotDisturb
from emulators.slack.emoji import WorkspaceEmoji
from emulators.slack.membership import Membership
from emulators.slack.oauth import SlackConsent
from emulators.slack.people import Conversations, Interactions
from emulators.slack.photos import ProfilePhotos
from emulators.slack.presence import Presences
from emulators.slack.profile import Expiry
from emulators.slack.state import (
    APP,
    DEFAULT_BOT_SCOPES,
    DEFAULT_USER_SCOPES,
    PERSON,
    AppConfig,
    CallLog,
    Channel,
    Hub,
    MemberChange,
    RefusalError,
    SlackMember,
    SlackMessage,
    SlackToken,
    StoredFile,
    Team,
    ViewState,
    with_block_ids,
)
from emulators.slack.talk import ChannelTalk
from emulators.slack.tokens import RateLimits, TokenBook, Triggers
from services.ports import Clock

_DEMO_TEAM = "T0DEMO0001"
_MOST_CHANGES = 20_000


class LocalSlack(LocalServer):
    """A Slack on loopback. Set `slack.app.request_url` to the app's `/slack/events`.

    `clock` is what statuses, codes, limits and signatures go by; triggers and the three seconds to acknowledge
    are real time, because they are about the network.
    """

    def __init__(self, clock: Clock, app: AppConfig | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.app = app or AppConfig()
        self.workspaces: dict[str, Team] = {}
        self.members: dict[str, SlackMember] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[SlackMessage] = []
        self.files: dict[str, StoredFile] = {}
        self.homes: dict[str, ViewState] = {}
        self.modals: dict[str, list[ViewState]] = {}
        self.tokens, self.calls, self.limits, self.triggers, self.hub = (
            TokenBook(), CallLog(), RateLimits(), Triggers(self.app.ack_seconds), Hub()
        )  # fmt: skip
        self.deliveries, self.people, self.conversations, self.oauth, self.expiry = (
            Deliveries(self), Interactions(self), Conversations(self), SlackConsent(self), Expiry(self)
        )  # fmt: skip
        self.dnd, self.presence, self.photos, self.emoji, self.talk, self.membership = (
            DoNotDisturb(self), Presences(self), ProfilePhotos(self), WorkspaceEmoji(self), ChannelTalk(self),
            Membership(self),
        )  # fmt: skip
        self.changes: deque[MemberChange] = deque(maxlen=_MOST_CHANGES)
        self.busy = 0
        self._numbers = itertools.count(1)
        self.web = web.Application(client_max_size=2**23)
        self.web.add_routes(
            [
                web.route("*", "/api/{method}", WebApi(self).serve),
                web.post("/commands/{team}/{secret}", self._respond),
                web.post("/actions/{team}/{secret}", self._respond),
                web.get("/oauth/v2/authorize", self._consent_page),
                web.post("/oauth/v2/authorize", self._consent),
                web.get("/avatars/{picture}", self.photos.serve),
                web.get("/emoji/{name}.png", self.emoji.serve),
                web.get("/files-pri/{team}-{file}/download/{name}", self._file),
            ]
        )

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` is to be."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """What `SLACK_AUTHORIZE_URL` is to be."""
        return f"{self.url}/oauth/v2/authorize"

    def open(self) -> None:
        """Begin deliveries and expiry."""
        self.deliveries.start()
        self.expiry.start()

    async def close(self) -> None:
        """End deliveries and expiry."""
        await self.expiry.stop()
        await self.deliveries.stop()

    # ── people and places ───────────────────────────────────────────────────────────────────────────

    def add_workspace(self, team_id: str = _DEMO_TEAM, name: str = "Acme", domain: str = "acme") -> Team:
        """A workspace with a channel #general and the app's bot user (which can do nothing until installed)."""
        self.workspaces[team_id] = Team(team_id, name, domain)
        number = f"{len(self.workspaces):04d}"
        general = f"C0GENERAL{len(self.workspaces)}"
        self.channels[general] = Channel(general, team_id, "general")  # without the app, until it is invited
        bot = SlackMember(team_id, f"U0BOT{number}", "statusquo", self.app.name, bot_id=f"B0BOT{number}0")
        self.members[bot.user_id] = bot
        return self.workspaces[team_id]

    def add_person(
        self, user_id: str, name: str, real_name: str = "", *, team_id: str = _DEMO_TEAM, **more: Any
    ) -> SlackMember:
        """A member with that handle; `more` as in `SlackMember`. The workspace is created if there is none yet."""
        if team_id not in self.workspaces:
            self.add_workspace(team_id)
        about = {"email": f"{name}@example.com", "updated": int(self.clock.now().timestamp()), **more}
        self.members[user_id] = SlackMember(team_id, user_id, name, real_name or name.title(), **about)
        self.general(team_id).members.add(user_id)
        self.expiry.look(self.members[user_id])
        return self.members[user_id]

    def install(self, team_id: str, scopes: Iterable[str] = DEFAULT_BOT_SCOPES) -> SlackToken:
        """A bot token without going through OAuth."""
        return self.tokens.issue("bot", team_id, self.bot_of(team_id).user_id, scopes)

    def grant(self, user_id: str, scopes: Iterable[str] = DEFAULT_USER_SCOPES) -> SlackToken:
        """A user token without going through OAuth."""
        return self.tokens.issue("user", self.member(user_id).team_id, user_id, scopes)

    async def allow(
        self, link: str, user_id: str, *, allow: bool = True, without: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        """A person follows the app's install link in a browser (cookies kept) and decides; status and page they end on.

        `without` are the optional scopes that they untick (`AppConfig.bot_optional`, `user_optional`).

        `link` is the app's own address that redirects here (`/slack/install`, or a grant link).
        """
        jar = CookieJar(unsafe=True)  # loopback addresses have cookies too
        async with ClientSession(timeout=ClientTimeout(total=20), cookie_jar=jar) as browser:
            async with browser.get(link, allow_redirects=False) as first:
                where = first.headers.get("Location", "")
                if not where:
                    return first.status, await first.text()
            back = self.oauth.decide(consent.query_of(where), user_id, allow=allow, without=without)
            async with browser.get(back, allow_redirects=True) as last:
                return last.status, await last.text()

    def member(self, user_id: str) -> SlackMember:
        """The member. Raises RefusalError `user_not_found`."""
        if user_id not in self.members:
            raise RefusalError("user_not_found")
        return self.members[user_id]

    def bot_of(self, team_id: str) -> SlackMember:
        """The app's bot user in a workspace."""
        return next(one for one in self.members.values() if one.is_bot and one.team_id == team_id)

    def people_of(self, team_id: str) -> list[SlackMember]:
        """The people of a workspace, without bots and without who was deactivated."""
        theirs = [one for one in self.members.values() if one.team_id == team_id and not one.is_bot]
        return [one for one in theirs if not one.deleted]

    def general(self, team_id: str) -> Channel:
        """A workspace's channel."""
        return next(one for one in self.channels.values() if one.team_id == team_id and not one.person)

    def direct_channel(self, user_id: str) -> Channel:
        """The channel of direct messages between a person and the app."""
        channel_id = f"D{user_id[1:]}"
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(channel_id, self.member(user_id).team_id, "directmessage", user_id)
        return self.channels[channel_id]

    def direct_messages(self, user_id: str) -> list[SlackMessage]:
        """What the app told a person directly, oldest first."""
        channel_id = self.direct_channel(user_id).channel_id
        return [one for one in self.messages if one.channel_id == channel_id and one.bot]

    def ephemeral_messages(self, user_id: str) -> list[SlackMessage]:
        """What only that person sees, oldest first."""
        return [one for one in self.messages if one.only_for == user_id]

    def number(self) -> int:
        """The next number, for ids that must be unique."""
        return next(self._numbers)

    def timestamp(self) -> str:
        """A message's `ts`: seconds on the clock, and a number that makes it unique."""
        return f"{int(self.clock.now().timestamp())}.{self.number():06d}"

    def post(
        self, channel_id: str, user_id: str, text: str, blocks: list[dict[str, Any]] | None = None, *,
        only_for: str = "", bot: bool = True, thread_ts: str = "", linked: bool = False,
    ) -> SlackMessage:  # fmt: skip
        """Put a message into a channel. The app is not told: `talk.say` is for that."""
        at, ids = self.clock.now(), with_block_ids(blocks or [])
        message = SlackMessage(self.timestamp(), channel_id, user_id, text, ids, at, only_for, bot, thread_ts, linked)
        self.messages.append(message)
        self.hub.publish("message", message=message)
        return message

    # ── what happens to members and tokens ──────────────────────────────────────────────────────────

    def type_status(self, user_id: str, text: str, emoji: str = "", until: datetime | None = None) -> None:
        """A person sets (or, with nothing, clears) their own status by hand. Raises RefusalError as the method does."""
        member, end = self.member(user_id), int(until.timestamp()) if until else 0
        if profile.apply(self, member, {"status_text": text, "status_emoji": emoji, "status_expiration": end}):
            self.status_changed(member)

    def set_zone(self, user_id: str, tz: str) -> None:
        """A person moves to another time zone (IANA name)."""
        member = self.member(user_id)
        member.tz, member.updated = tz, int(self.clock.now().timestamp())
        self.member_changed(member)
        self.deliveries.user_event("user_profile_changed", member)

    def status_changed(self, member: SlackMember) -> None:
        """A status became another: watch its end, tell the watchers and the app."""
        self.member_changed(member)
        self.deliveries.user_event("user_status_changed", member)

    def member_changed(self, member: SlackMember) -> None:
        """Something that others see of a member became another."""
        self.expiry.look(member)
        self.hub.publish("member", user_id=member.user_id)

    def note(self, member: SlackMember, what: str, by: str, before: Any, after: Any, *, whose: str) -> None:
        """Record a change of a snooze, a presence or a photo."""
        self.changes.append(MemberChange(self.clock.now(), member.user_id, what, by, before, after, whose))

    def trespasses(self) -> list[MemberChange]:
        """Where the app changed a snooze or an away that a person had set by their own hand."""
        own = [one for one in self.changes if one.by == APP and one.whose == PERSON]
        return [one for one in own if one.what in {"snooze", "presence"}]

    def left_behind(self) -> list[tuple[str, str]]:
        """What of the app's still shows: a user id and `snooze`, `presence`, or `photo` (not the person's own face)."""
        self.expiry.sweep()
        left = []
        for user_id, member in self.members.items():
            theirs = {
                "snooze": member.snooze is not None and member.snooze.by == APP,
                "presence": member.away_by == APP and not member.is_bot,
                "photo": not self.photos.own_face(user_id),
            }
            left += [(user_id, what) for what, shows in theirs.items() if shows]
        return left

    def revoke(self, token: SlackToken) -> None:
        """A token is dead. The app is told (`tokens_revoked`, user ids), but with token rotation it is not."""
        token.revoked = True
        if not token.refresh:
            self._tell_revoked(token.team_id, [token])

    def revoke_of(self, user_id: str) -> None:
        """A person removes what they granted."""
        token = self.tokens.user(user_id)
        if token is not None:
            self.revoke(token)

    def uninstall(self, team_id: str) -> None:
        """The app is removed from a workspace: `app_uninstalled` and `tokens_revoked`."""
        tokens = self.tokens.of_team(team_id)
        for token in tokens:
            token.revoked = True
        self.deliveries.event(team_id, {"type": "app_uninstalled"})
        self._tell_revoked(team_id, tokens)

    def _tell_revoked(self, team_id: str, tokens: Iterable[SlackToken]) -> None:
        dead: dict[str, list[str]] = {"oauth": [], "bot": []}
        for token in tokens:
            dead["bot" if token.kind == "bot" else "oauth"].append(token.user_id)
        self.deliveries.event(team_id, {"type": "tokens_revoked", "tokens": dead})

    # ── the web ─────────────────────────────────────────────────────────────────────────────────────

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            self.people.respond(request.match_info["secret"], await request.json())
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except RefusalError as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        return web.json_response({"ok": True})

    async def _consent_page(self, request: web.Request) -> web.Response:
        return self.oauth.page(dict(request.query), request.cookies.get("person", ""))

    async def _consent(self, request: web.Request) -> web.Response:
        posted = await request.post()
        form = {name: str(value) for name, value in posted.items()}
        without = self.oauth.optional(form) - {str(one) for one in posted.getall("granted", [])}
        try:
            allow = form.get("decision") == "allow"
            return consent.sent_on(self.oauth.decide(form, form.get("account", ""), allow=allow, without=without))
        except RefusalError as refusal:
            return consent.blocked(refusal.code)

    async def _file(self, request: web.Request) -> web.Response:
        """A private file, for a token of its workspace that may read files; others are sent to sign in."""
        self.busy += 1
        try:
            scheme, _, value = request.headers.get("Authorization", "").partition(" ")
            token = self.tokens.check(value if scheme == "Bearer" else "", self.clock.now())
            file = self.files.get(request.match_info["file"])
            if file is None or "files:read" not in token.scopes or token.team_id != file.team_id:
                raise web.HTTPNotFound
            self.conversations.given.append(file.file_id)
            return web.Response(body=file.content, content_type=file.mimetype)
        except RefusalError:
            raise web.HTTPFound(f"{self.url}/signin") from None
        finally:
            self.busy -= 1
