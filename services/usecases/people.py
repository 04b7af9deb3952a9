"""People: who they are, what they chose, the way to their permission, what their profile was seen to show.

What takes things away (a revoked permission, an uninstall, "forget me") is in `offboarding`; the permission itself
is taken in by `grants`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog

from services.access.identity import member_of
from services.domain.asks import Ask
from services.domain.model import PersonKey, Status
from services.domain.people import Member, PersonView, Preferences, check_preferences
from services.domain.request_errors import NotInstalledError
from services.ports import Clock, WakeSignal
from services.slack.oauth import SlackAuthority
from services.store.effects import EffectStore
from services.store.oauth_states import OAuthStateStore, Ticket
from services.store.people import PeopleStore
from services.store.preferences import Lines, LineStore, PreferenceStore
from services.store.undos import UndoStore
from services.store.workspaces import WorkspaceStore
from services.usecases.grants import LINK
from services.usecases.offboarding import Offboarding
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)

_PATIENCE = 1.5
"""Seconds that somebody new waits for their zone and language: Slack wants an answer within three."""

LINK_LIVES = timedelta(hours=24)
"""How long a link that leads to the permission is good, once: somebody may read the message it is in later."""


@dataclass(frozen=True, slots=True)
class People:
    """What the app does with people, apart from their statuses. `base_url` is PUBLIC_URL without a slash at its end."""

    store: PeopleStore
    effects: EffectStore
    workspaces: WorkspaceStore
    states: OAuthStateStore
    authority: SlackAuthority
    leaving: Offboarding
    clock: Clock
    wake_signal: WakeSignal
    base_url: str

    async def find(self, team_id: str, enterprise_id: str, user_id: str) -> PersonKey | None:
        """Return the person of that user, if they are one of ours: one indexed look. Either home id may be ""."""
        return await self.store.find(team_id, enterprise_id, user_id)

    async def get(self, key: PersonKey) -> PersonView | None:
        """Return what is known of the person; None where they are not one of ours."""
        return await self.store.get(key)

    async def locale(self, key: PersonKey) -> str:
        """Return the person's locale, such as `de-DE`; "en-US" where they are not one of ours."""
        view = await self.store.get(key)
        return "en-US" if view is None else view.locale

    async def ensure(self, key: PersonKey) -> PersonView:
        """Return the person, taken in with their zone and language where they are new. Raises NotInstalledError."""
        view = await self.store.get(key)
        if view is not None:
            return view
        token = await self.workspaces.the_bot_token(key.team_id)
        try:
            async with asyncio.timeout(_PATIENCE):
                member = await member_of(self.authority, token, key)
        except TimeoutError:
            log.warning("member_unread", team_id=key.team_id, user_id=key.user_id, error="TimeoutError")
            member = Member()
        await self.store.add(key, member, self.clock.now())
        view = await self.store.get(key)
        if view is None:
            raise NotInstalledError("the workspace left meanwhile", team_id=key.team_id)
        return view

    async def grant_link(self, key: PersonKey) -> str:
        """Return a link that leads this person, and nobody else, to the permission: good once, for a day."""
        expires_at = self.clock.now() + LINK_LIVES
        secret = await self.states.issue(Ticket(LINK, key.team_id, key.user_id), expires_at)
        return f"{self.base_url}/slack/install?{urlencode({'link': secret})}"

    async def ask(self, key: PersonKey, ask: Ask) -> None:
        """Keep what somebody asked for until they have granted; the newest alone."""
        await self.ensure(key)
        await self.store.ask(key, ask, self.clock.now())

    async def seen_status(self, key: PersonKey, seen: Status, at: datetime) -> bool:
        """Take in that the profile showed `seen` at `at`; False where that is our own echo, or nothing new."""
        now = self.clock.now()
        news = await self.store.see(key, seen, min(at, now), now)  # Slack's clock may be ahead of ours
        if news:
            self.wake_signal.wake()
        return news

    async def seen_snooze(self, key: PersonKey, until: datetime | None) -> bool:
        """Take in that notifications were snoozed `until`, or are not; False where that is our own echo, or no news."""
        news = await self.effects.see_snooze(key, until, self.clock.now())
        if news:
            self.wake_signal.wake()
        return news

    async def seen_photo(self, key: PersonKey, photo_hash: str) -> bool:
        """Take in that the photo of that hash shows; False where that is our own echo, or no news."""
        news = await self.effects.see_photo(key, photo_hash, self.clock.now())
        if news:
            self.wake_signal.wake()
        return news

    async def zone_changed(self, key: PersonKey, member: Member, at: datetime) -> bool:
        """Follow the person to another zone or language, as an event of that instant told; whether they moved."""
        moved = await self.store.move(key, member, at, self.clock.now())
        if moved:
            self.wake_signal.wake()
        return moved

    async def opened_home(self, key: PersonKey) -> None:
        """Publish the Home tab that the person looks at anew from now on, whenever it changes.

        Of whom it was never asked whether they manage the workspace, it is asked now: the tab is drawn by it.
        """
        view = await self.ensure(key)
        if view.admin is None:
            await self._ask_role(key)
        await self.store.open_home(key, self.clock.now())
        self.wake_signal.wake()

    async def _ask_role(self, key: PersonKey) -> None:
        token = await self.workspaces.bot_token(key.team_id)
        member = Member()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                member = await member_of(self.authority, token, key)
        if member.admin is not None:
            await self.store.set_admin(key, admin=member.admin)

    async def forget(self, key: PersonKey) -> bool:
        """Delete everything of the person at once and revoke their token; whether there was anything."""
        return await self.leaving.forget(key)


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """Reads and keeps what people chose."""

    preference_store: PreferenceStore
    line_store: LineStore
    policies: WorkspacePolicy
    undos: UndoStore
    clock: Clock
    wake_signal: WakeSignal

    async def preferences(self, key: PersonKey) -> Preferences:
        """Return what the person chose."""
        return await self.preference_store.get(key)

    async def save_preferences(self, key: PersonKey, preferences: Preferences) -> str:
        """Keep what the person chose; what takes that back, "" where nothing is another than before.

        Raises FixedError where the workspace has fixed it.
        """
        policy = await self.policies.of(key.team_id)

        def edit(before: Preferences) -> Preferences:
            check_preferences(policy, before, preferences)
            return preferences

        undo_id = await self.preference_store.change(key, self.clock.now(), edit, self.undos)
        self.wake_signal.wake()
        return undo_id

    async def lines(self, key: PersonKey) -> Lines:
        """Return the person's whole list."""
        return await self.line_store.list(key)

    async def change_lines(self, key: PersonKey, edit: Callable[[Lines], Lines]) -> str:
        """Make the list what `edit` makes of it; what takes that back, "" where it stays as it is.

        Raises what `edit` raises, and FixedError where the workspace has fixed it.
        """
        policy = await self.policies.of(key.team_id)

        def checked(before: Lines) -> Lines:
            after = edit(before)
            policy.check(before, after)
            return after

        undo_id = await self.line_store.change(key, self.clock.now(), checked, self.undos)
        self.wake_signal.wake()
        return undo_id
