"""Workspaces and their bot tokens: one workspace for each team, or for each org that installed the app org-wide."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import bindparam, delete, select, update

from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import OAuthAnswer, PersonView, homes_of
from services.domain.policy import Policy
from services.domain.request_errors import NotInstalledError
from services.slack import scopes
from services.store.db import Store
from services.store.forgotten import remember_forgotten
from services.store.people import VIEW, view_of
from services.store.person_rows import upsert
from services.store.policies import policy_of
from services.store.tables import DELIVERIES, OAUTH_STATES, PEOPLE, WORKSPACES
from services.store.workspace_tables import OPERATOR_FAULTS, WORKSPACE_BUDGETS


@dataclass(frozen=True, slots=True)
class Bot:
    """What a request needs of the workspace that it came from."""

    team_id: str
    enterprise_id: str | None
    name: str
    app_id: str
    bot_id: str
    bot_user_id: str
    token: str | None = field(repr=False)
    scopes: frozenset[str]
    installed_at: datetime
    policy: Policy

    @property
    def homes(self) -> frozenset[str]:
        """The ids whose members are of here: the workspace's, and its organisation's."""
        return homes_of(self.team_id, self.enterprise_id)


MOST_ORGANISATIONS = 10
"""That are asked whose a workspace is which a request names without its organisation."""

APP_REDIRECT = "https://slack.com/app_redirect"
_MEETING = (
    select(*WORKSPACES.columns, *VIEW)
    .join_from(
        WORKSPACES,
        PEOPLE,
        (PEOPLE.c.team_id == WORKSPACES.c.team_id) & (PEOPLE.c.user_id == bindparam("user")),
        isouter=True,
    )
    .where(
        (WORKSPACES.c.team_id == bindparam("team")) | (WORKSPACES.c.team_id == bindparam("org")) & WORKSPACES.c.org_wide
    )
)


class WorkspaceStore(Store):
    """The installs."""

    async def locate(self, team_id: str, enterprise_id: str) -> str | None:
        """Return the id that a request's workspace is kept under: the team's own install first, else its org's."""
        bot = await self.find(team_id, enterprise_id)
        return None if bot is None else bot.team_id

    async def find(self, team_id: str, enterprise_id: str) -> Bot | None:
        """Return the install that a request from that team of that org belongs to. Either id may be ""."""
        found = await self.meet(team_id, enterprise_id, "")
        return None if found is None else found[0]

    async def meet(self, team_id: str, enterprise_id: str, user_id: str) -> tuple[Bot, PersonView | None] | None:
        """Return the install, and what is known of the person of it who sends the request: all in one look."""
        (rows,) = await self._database.rows((_MEETING, {"team": team_id, "org": enterprise_id, "user": user_id}))
        if not rows:
            return None
        row = next((row for row in rows if row.team_id == team_id), rows[0])
        return self._bot(row), None if row.member is None else view_of(row)

    async def organisations(self) -> list[Bot]:
        """Return the org-wide installs whose bots have a token, the newest first; no more than are worth asking."""
        theirs = WORKSPACES.c.org_wide & WORKSPACES.c.bot_token.is_not(None)
        newest = select(WORKSPACES).where(theirs).order_by(WORKSPACES.c.installed_at.desc()).limit(MOST_ORGANISATIONS)
        return [self._bot(row) for row in await self._database.fetch(newest)]

    def _bot(self, row: Any) -> Bot:
        return Bot(
            team_id=row.team_id,
            enterprise_id=row.enterprise_id,
            name=row.name,
            app_id=row.app_id,
            bot_id=row.bot_id,
            bot_user_id=row.bot_user_id,
            token=self._encryptor.open(row.bot_token, "workspaces.bot_token", row.team_id),
            scopes=scopes.parse(row.bot_scopes),
            installed_at=row.installed_at,
            policy=policy_of(row),
        )

    async def bot_token(self, team_id: str) -> str | None:
        """Return the bot token of the workspace with this very id; None where there is none (any more)."""
        async with self._database.read() as connection:
            sealed = await connection.scalar(select(WORKSPACES.c.bot_token).where(WORKSPACES.c.team_id == team_id))
        return self._encryptor.open(sealed, "workspaces.bot_token", team_id)

    async def has_bot(self, token: str) -> bool:
        """Return whether it is the bot token of a workspace that is kept."""
        rows = await self._database.fetch(select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token))
        return any(self._readable(row.bot_token, "workspaces.bot_token", row.team_id) == token for row in rows)

    async def check_keys(self) -> None:
        """Raise SealError where the keys open no workspace's token; one among others is that workspace's trouble."""
        stored = select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token).where(WORKSPACES.c.bot_token.is_not(None))
        rows = await self._database.fetch(stored)
        if rows and not any(self._readable(row.bot_token, "workspaces.bot_token", row.team_id) for row in rows):
            raise SealError("the keys open no workspace's token: they are those of another database")

    async def the_bot_token(self, team_id: str) -> str:
        """Return the same, where nothing can be done without it. Raises NotInstalledError."""
        token = await self.bot_token(team_id)
        if token is None:
            raise NotInstalledError("no bot token", team_id=team_id)
        return token

    async def home_link(self, key: PersonKey) -> str:
        """Return the `app_link` of the person's workspace."""
        bot = await self.find(key.team_id, "")
        return "" if bot is None else app_link(bot.app_id, bot.team_id)

    async def install(self, answer: OAuthAnswer, now: datetime) -> None:
        """Keep the workspace and its bot token in the place of those before; its people and policy stay."""
        if answer.bot is None:
            raise ValueError("an install has a bot token")
        home = answer.home
        fresh = {
            "enterprise_id": answer.enterprise_id or None,
            "name": answer.name,
            "org_wide": answer.org_wide,
            "app_id": answer.app_id,
            "bot_id": answer.bot_id,
            "bot_user_id": answer.bot_user_id,
            "bot_token": self._encryptor.seal(answer.bot.access, "workspaces.bot_token", home),
            "bot_refresh_token": self._encryptor.seal(answer.bot.refresh, "workspaces.bot_refresh_token", home),
            "bot_expires_at": answer.bot.expires_at,
            "bot_scopes": scopes.joined(answer.bot.scopes),
            "emoji_due_at": now if "emoji:read" in answer.bot.scopes else None,
            "installed_at": now,
            "refresh_due_at": answer.bot.refresh_due_at(home),
        }
        async with self._database.write() as connection:
            stored = select(WORKSPACES.c.bot_token, WORKSPACES.c.bot_scopes).where(WORKSPACES.c.team_id == home)
            before = (await connection.execute(stored.with_for_update())).one_or_none()
            # those of a token only add up, whatever an answer names
            if before and self._readable(before.bot_token, "workspaces.bot_token", home) == answer.bot.access:
                fresh["bot_scopes"] = scopes.joined(answer.bot.scopes | scopes.parse(before.bot_scopes))
            row = {"team_id": home, "allow_titles": True, "refresh_seq": 0, **fresh}
            again = {**fresh, "refresh_seq": WORKSPACES.c.refresh_seq + 1}
            await connection.execute(upsert(connection, WORKSPACES, row, again))

    async def installed_at(self, team_id: str) -> datetime | None:
        """Return when the workspace with this very id was (last) installed."""
        async with self._database.read() as connection:
            return await connection.scalar(select(WORKSPACES.c.installed_at).where(WORKSPACES.c.team_id == team_id))

    async def drop_bot(self, team_id: str, installed_at: datetime) -> None:
        """Drop the bot token, which is worth nothing any more, if it is still the one of that install."""
        its = update(WORKSPACES).where(WORKSPACES.c.team_id == team_id, WORKSPACES.c.installed_at == installed_at)
        nothing = its.values(bot_token=None, bot_refresh_token=None, bot_expires_at=None, refresh_due_at=None)
        await self._database.execute(nothing)

    async def delete(self, team_id: str, now: datetime) -> bool:
        """Delete everything of a workspace, its people and all of theirs, in one transaction; whether it was there.

        That it was forgotten is noted.
        """
        async with self._database.write() as connection:
            # the workspace first, as whoever adds a person to it does
            await connection.execute(
                select(WORKSPACES.c.team_id).where(WORKSPACES.c.team_id == team_id).with_for_update()
            )
            theirs = select(PEOPLE.c.user_id).where(PEOPLE.c.team_id == team_id).order_by(PEOPLE.c.user_id)
            await connection.execute(theirs.with_for_update())  # in the order of `lock_people`
            for loose in (WORKSPACE_BUDGETS, OAUTH_STATES, DELIVERIES, OPERATOR_FAULTS):
                await connection.execute(delete(loose).where(loose.c.team_id == team_id))
            done = await connection.execute(delete(WORKSPACES).where(WORKSPACES.c.team_id == team_id))
            await remember_forgotten(connection, self._encryptor, now, team_id)
        return done.rowcount == 1


def app_link(app_id: str, team_id: str) -> str:
    """Return an address that opens the app's Home tab in whatever Slack its reader has; "" without the app's id.

    docs.slack.dev, "Deep linking".
    """
    return f"{APP_REDIRECT}?{urlencode({'app': app_id, 'team': team_id})}" if app_id else ""
