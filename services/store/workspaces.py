"""Workspaces and their bot tokens, the renewal of rotated tokens, and people who are being forgotten.

There is one workspace for each team, or for each org that installed the app org-wide.

The fence of a renewal is the refresh token itself: a pair is kept only where the refresh token that bought it is still
the one stored. It is compared opened, so that re-sealing under a new key in between does no harm.

Of a leaver only the token and the memory of their profile are kept, for a minute. By then what is ours on the profile
has been taken back, by the sender that writes to it anyway: a leaver is a person on whose timeline nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import OAuthAnswer, PersonView, Renewed, homes_of
from services.domain.policy import Policy
from services.domain.request_errors import NotInstalledError
from services.platform.crypto import Encryptor
from services.slack import scopes
from services.store.db import Database, Store
from services.store.forgotten import remember_forgotten
from services.store.grants import end_grant
from services.store.models import Delivery, OAuthState, Person, Workspace
from services.store.people import VIEW, view_of
from services.store.person_rows import NoticeStore, of_person, upsert
from services.store.policies import policy_of
from services.store.workspace_models import OperatorFaultRow, WorkspaceBudget


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
_WORKSPACES, _PEOPLE = Workspace.__table__, Person.__table__
_MEETING = (
    select(*_WORKSPACES.columns, *VIEW)
    .join_from(
        _WORKSPACES,
        _PEOPLE,
        (_PEOPLE.c.team_id == _WORKSPACES.c.team_id) & (_PEOPLE.c.user_id == bindparam("user")),
        isouter=True,
    )
    .where(
        (_WORKSPACES.c.team_id == bindparam("team"))
        | (_WORKSPACES.c.team_id == bindparam("org")) & _WORKSPACES.c.org_wide
    )
)


class WorkspaceStore(Store):
    """The installs."""

    async def locate(self, team_id: str, enterprise_id: str) -> str | None:
        """The id that a request's workspace is kept under: the team's own install first, else its org's."""
        bot = await self.find(team_id, enterprise_id)
        return None if bot is None else bot.team_id

    async def find(self, team_id: str, enterprise_id: str) -> Bot | None:
        """The install that a request from that team of that org belongs to. Either id may be ""."""
        found = await self.meet(team_id, enterprise_id, "")
        return None if found is None else found[0]

    async def meet(self, team_id: str, enterprise_id: str, user_id: str) -> tuple[Bot, PersonView | None] | None:
        """The install, and what is known of the person of it who sends the request: all in one look."""
        (rows,) = await self._database.rows((_MEETING, {"team": team_id, "org": enterprise_id, "user": user_id}))
        if not rows:
            return None
        row = next((row for row in rows if row.team_id == team_id), rows[0])
        return self._bot(row), None if row.member is None else view_of(row)

    async def organisations(self) -> list[Bot]:
        """The org-wide installs whose bots have a token, the newest first; no more than are worth asking."""
        theirs = _WORKSPACES.c.org_wide & _WORKSPACES.c.bot_token.is_not(None)
        newest = select(_WORKSPACES).where(theirs).order_by(_WORKSPACES.c.installed_at.desc()).limit(MOST_ORGANISATIONS)
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
        """The bot token of the workspace with this very id; None where there is none (any more)."""
        async with self._database.read() as connection:
            sealed = await connection.scalar(select(Workspace.bot_token).where(Workspace.team_id == team_id))
        return self._encryptor.open(sealed, "workspaces.bot_token", team_id)

    async def has_bot(self, token: str) -> bool:
        """Whether it is the bot token of a workspace that is kept."""
        rows = await self._database.fetch(select(Workspace.team_id, Workspace.bot_token))
        return any(self._readable(row.bot_token, "workspaces.bot_token", row.team_id) == token for row in rows)

    async def check_keys(self) -> None:
        """Raise SealError where the keys open no workspace's token; one among others is that workspace's trouble."""
        stored = select(Workspace.team_id, Workspace.bot_token).where(Workspace.bot_token.is_not(None))
        rows = await self._database.fetch(stored)
        if rows and not any(self._readable(row.bot_token, "workspaces.bot_token", row.team_id) for row in rows):
            raise SealError("the keys open no workspace's token: they are those of another database")

    async def the_bot_token(self, team_id: str) -> str:
        """The same, where nothing can be done without it. Raises NotInstalledError."""
        token = await self.bot_token(team_id)
        if token is None:
            raise NotInstalledError("no bot token", team_id=team_id)
        return token

    async def home_link(self, key: PersonKey) -> str:
        """The `app_link` of the person's workspace."""
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
            stored = select(Workspace.bot_token, Workspace.bot_scopes).where(Workspace.team_id == home)
            before = (await connection.execute(stored.with_for_update())).one_or_none()
            # those of a token only add up, whatever an answer names
            if before and self._readable(before.bot_token, "workspaces.bot_token", home) == answer.bot.access:
                fresh["bot_scopes"] = scopes.joined(answer.bot.scopes | scopes.parse(before.bot_scopes))
            row = {"team_id": home, "allow_titles": True, "refresh_seq": 0, **fresh}
            again = {**fresh, "refresh_seq": Workspace.refresh_seq + 1}
            await connection.execute(upsert(connection, Workspace, row, again))

    async def installed_at(self, team_id: str) -> datetime | None:
        """When the workspace with this very id was (last) installed."""
        async with self._database.read() as connection:
            return await connection.scalar(select(Workspace.installed_at).where(Workspace.team_id == team_id))

    async def drop_bot(self, team_id: str, installed_at: datetime) -> None:
        """The bot token is worth nothing any more, if it is still the one of that install."""
        its = update(Workspace).where(Workspace.team_id == team_id, Workspace.installed_at == installed_at)
        nothing = its.values(bot_token=None, bot_refresh_token=None, bot_expires_at=None, refresh_due_at=None)
        await self._database.execute(nothing)

    async def delete(self, team_id: str, now: datetime) -> bool:
        """Delete everything of a workspace, its people and all of theirs, in one transaction; whether it was there.

        That it was forgotten is noted.
        """
        async with self._database.write() as connection:
            # the workspace first, as whoever adds a person to it does
            await connection.execute(select(Workspace.team_id).where(Workspace.team_id == team_id).with_for_update())
            theirs = select(Person.user_id).where(Person.team_id == team_id).order_by(Person.user_id)
            await connection.execute(theirs.with_for_update())  # in the order of `lock_people`
            for loose in (WorkspaceBudget, OAuthState, Delivery, OperatorFaultRow):
                await connection.execute(delete(loose).where(loose.team_id == team_id))
            done = await connection.execute(delete(Workspace).where(Workspace.team_id == team_id))
            await remember_forgotten(connection, self._encryptor, now, team_id)
        return done.rowcount == 1


def app_link(app_id: str, team_id: str) -> str:
    """An address that opens the app's Home tab in whatever Slack its reader has; "" where the app's id is unknown.

    docs.slack.dev, "Deep linking".
    """
    return f"{APP_REDIRECT}?{urlencode({'app': app_id, 'team': team_id})}" if app_id else ""


LEASE = timedelta(seconds=20)
"""How long a claimed renewal is left to its replica: longer than its exchange, which begins at once. Shorter than
Slack's grace for a refresh token that was used: where the answer was lost, the same one is tried again while it is
still good."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """The columns of a person's token, or of a bot's."""

    table: type[Person] | type[Workspace]
    token: str
    refresh: str
    expires: str

    def column(self, name: str) -> str:
        return f"{self.table.__tablename__}.{name}"


_PERSON = _Kind(Person, "token", "refresh_token", "token_expires_at")
_BOT = _Kind(Workspace, "bot_token", "bot_refresh_token", "bot_expires_at")
_NEXT_DUE = select(
    *(
        select(func.min(kind.table.refresh_due_at)).scalar_subquery().label(kind.table.__tablename__)
        for kind in (_PERSON, _BOT)
    )
)


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """A token whose renewal this replica has claimed: a person's, or a workspace's bot's where `user_id` is "".

    `refresh` is None where it cannot be opened; `seq` is the number of the claim.
    """

    team_id: str
    user_id: str
    refresh: str | None = field(repr=False)
    seq: int

    @property
    def kind(self) -> _Kind:
        """Which columns it is about."""
        return _PERSON if self.user_id else _BOT

    @property
    def place(self) -> tuple[str, ...]:
        """The key of its row."""
        return (self.team_id, self.user_id) if self.user_id else (self.team_id,)

    @property
    def row(self) -> ColumnElement[bool]:
        """Match its row."""
        key = self.kind.table.__table__.primary_key
        return and_(*(column == part for column, part in zip(key, self.place, strict=True)))


class TokenStore(Store):
    """The rotated tokens of people and bots."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices

    async def next_due(self) -> datetime | None:
        """When the first renewal is due."""
        ((found,),) = await self._database.rows((_NEXT_DUE, {}))
        return min((due for due in found if due is not None), default=None)

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[TokenClaim]:
        """Claim at most `limit` renewals due at `now`; no other replica takes them up before `until`."""
        claims: list[TokenClaim] = []
        async with self._database.write() as connection:
            for kind in (_PERSON, _BOT):
                due_at = kind.table.refresh_due_at
                due = select(kind.table.__table__).where(due_at <= now).order_by(due_at).limit(limit - len(claims))
                rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
                claims += [await self._claim(connection, kind, row, until) for row in rows]
        return claims

    async def claim_person(self, key: PersonKey, now: datetime, until: datetime) -> TokenClaim | None:
        """Claim a person's renewal although it is not due; None where another replica has claimed it just now."""
        async with self._database.write() as connection:
            theirs = select(Person.__table__).where(of_person(Person, key)).with_for_update()
            row = (await connection.execute(theirs)).one_or_none()
            if row is None or (row.refresh_due_at is not None and now < row.refresh_due_at <= now + LEASE):
                return None
            return await self._claim(connection, _PERSON, row, until)

    async def renewed(self, claim: TokenClaim, fresh: Renewed, expires_at: datetime, due_at: datetime) -> bool:
        """Keep the new pair; False where what is kept has been replaced since (a new grant) or is gone."""
        kind, place = claim.kind, claim.place
        pair = {
            kind.token: self._encryptor.seal(fresh.access, kind.column(kind.token), *place),
            kind.refresh: self._encryptor.seal(fresh.refresh, kind.column(kind.refresh), *place),
            kind.expires: expires_at,
            "refresh_due_at": due_at,
        }
        async with self._database.write() as connection:
            if not await self._still(connection, claim):
                return False
            await connection.execute(update(claim.kind.table).where(claim.row).values(pair))
        return True

    async def put_off(self, claim: TokenClaim, until: datetime) -> None:
        """Try again at `until`."""
        async with self._database.write() as connection:
            if claim.refresh is None or await self._still(connection, claim):
                await connection.execute(update(claim.kind.table).where(claim.row).values(refresh_due_at=until))

    async def lost(self, claim: TokenClaim, now: datetime, said: str = "") -> None:
        """The refresh token is worth nothing any more, as Slack `said`: so the grant is lost.

        Unless it was replaced or claimed since.
        """
        async with self._database.write() as connection:
            if not await self._still(connection, claim, unclaimed=True):
                return
            if claim.kind is _BOT:
                await connection.execute(update(claim.kind.table).where(claim.row).values(refresh_due_at=None))
                return
            await end_grant(connection, self._notices, PersonKey(claim.team_id, claim.user_id), now, said=said)

    async def _claim(self, connection: AsyncConnection, kind: _Kind, row: Row[Any], until: datetime) -> TokenClaim:
        claim = TokenClaim(row.team_id, row.user_id if kind is _PERSON else "", None, row.refresh_seq + 1)
        await connection.execute(
            update(claim.kind.table).where(claim.row).values(refresh_due_at=until, refresh_seq=claim.seq)
        )
        refresh = self._readable(getattr(row, kind.refresh), kind.column(kind.refresh), *claim.place)
        return replace(claim, refresh=refresh)

    async def _still(self, connection: AsyncConnection, claim: TokenClaim, *, unclaimed: bool = False) -> bool:
        """Whether the refresh token is still the one kept, `unclaimed`: by nobody else since; locks its row."""
        kind = claim.kind
        stored = select(kind.table.__table__).where(claim.row).with_for_update()
        row = (await connection.execute(stored)).one_or_none()
        if row is None or (unclaimed and row.refresh_seq != claim.seq):
            return False
        kept = self._readable(getattr(row, kind.refresh), kind.column(kind.refresh), *claim.place)
        return kept is not None and kept == claim.refresh
