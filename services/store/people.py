"""People: who they are, what they allowed us, and what they asked for before they did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.asks import Ask
from services.domain.model import PersonKey, Status
from services.domain.people import GrantState, Member, PersonView, Tokens, zone_or
from services.domain.request_errors import NotInstalledError
from services.platform.crypto import Encryptor
from services.slack import scopes
from services.store.agents import end_keys
from services.store.ask_json import ask_from_json, ask_to_json
from services.store.db import Database, Store, tell_sender
from services.store.deactivated import LOST_GRANT, reactivate
from services.store.due import ProfileStateStore
from services.store.events import EventStore
from services.store.group_commit import Grouped
from services.store.keeper import adopt_kept, look_at_kept
from services.store.leave_choices import mark_leave_due
from services.store.person_rows import (
    NoticeStore,
    lock_people,
    mark_all_due,
    mark_due,
    mark_effects_due,
    of_person,
    upsert,
)
from services.store.tables import ASKS, PEOPLE, WORKSPACES
from services.store.timeline import pause_of


@dataclass(frozen=True, slots=True)
class Grant:
    """A user token that is kept, and when it was given."""

    token: str = field(repr=False)
    granted_at: datetime


VIEW = (
    PEOPLE.c.team_id.label("home"), PEOPLE.c.user_id.label("member"), PEOPLE.c.zone, PEOPLE.c.locale,
    PEOPLE.c.grant_state, PEOPLE.c.paused_from, PEOPLE.c.paused_until, PEOPLE.c.created_at, PEOPLE.c.leave_by,
    PEOPLE.c.admin,
)  # fmt: skip
"""The columns of a view."""

_HOMES = select(PEOPLE.c.team_id).where(
    PEOPLE.c.team_id.in_((bindparam("team"), bindparam("org"))), PEOPLE.c.user_id == bindparam("user")
)


_SCOPES = select(PEOPLE.c.scopes).where(
    PEOPLE.c.team_id == bindparam("team"), PEOPLE.c.user_id == bindparam("user"),
    PEOPLE.c.leave_by.is_(None), PEOPLE.c.grant_state == GrantState.OK.value,
)  # fmt: skip

_Hint = tuple[PersonKey, Status, datetime, datetime]
"""Whose profile was seen to show what, at which instant; and now."""


class PeopleStore(Store):
    """The people of all workspaces."""

    def __init__(
        self,
        database: Database,
        encryptor: Encryptor,
        *,
        notices: NoticeStore,
        profile_states: ProfileStateStore,
        events: EventStore,
    ) -> None:
        super().__init__(database, encryptor)
        self._notices = notices
        self._profile_states = profile_states
        self._events = events
        self._hints: Grouped[_Hint, bool] = Grouped(database, self._see_all)

    async def find(self, team_id: str, enterprise_id: str, user_id: str) -> PersonKey | None:
        """Return the person, where we know them under the team's id or else the org's.

        One look into the primary key.
        """
        if not user_id:
            return None
        (rows,) = await self._database.rows((_HOMES, {"team": team_id, "org": enterprise_id, "user": user_id}))
        homes = {row.team_id for row in rows}
        home = team_id if team_id in homes else enterprise_id if enterprise_id in homes else None
        return None if home is None else PersonKey(home, user_id)

    async def get(self, key: PersonKey) -> PersonView | None:
        """Return what is known of the person."""
        row = await self._database.fetch_one(select(*VIEW).where(of_person(PEOPLE, key)))
        return None if row is None else view_of(row)

    async def add(self, key: PersonKey, member: Member, now: datetime) -> None:
        """Keep a new person; one who is there already stays as they are. Raises NotInstalledError."""
        async with self._database.write() as connection:
            await self._insert(connection, key, member, now)

    async def grant(self, key: PersonKey, tokens: Tokens, member: Member, now: datetime) -> None:
        """Keep a person's token in the place of one before; they are due at once, and welcomed the first time.

        What they chose, and what is remembered of their profile, stays; what that shows by now is known from then on.
        Raises NotInstalledError.
        """
        row = (key.team_id, key.user_id)
        async with self._database.write() as connection:
            await self._insert(connection, key, member, now)
            known = select(PEOPLE.c.token, PEOPLE.c.scopes, PEOPLE.c.deactivated_at).where(of_person(PEOPLE, key))
            before = (await connection.execute(known)).one()
            is_the_same = self._readable(before.token, "people.token", *row) == tokens.access
            # those of a token only add up, whatever an answer names
            granted = tokens.scopes | (scopes.parse(before.scopes) if is_the_same else frozenset())
            await connection.execute(
                update(PEOPLE)
                .where(of_person(PEOPLE, key))
                .values(
                    token=self._encryptor.seal(tokens.access, "people.token", *row),
                    refresh_token=self._encryptor.seal(tokens.refresh, "people.refresh_token", *row),
                    token_expires_at=tokens.expires_at,
                    refresh_due_at=tokens.refresh_due_at(*row),
                    refresh_seq=PEOPLE.c.refresh_seq + 1,
                    scopes=scopes.joined(granted),
                    granted_at=now,
                    leave_by=None,
                    account_told_at=None,
                    grant_state=GrantState.OK.value,
                )
            )
            if before.deactivated_at is not None:  # nobody else could allow it
                await reactivate(connection, self._profile_states, key, now)
            await self._follow(connection, key, member)
            await adopt_kept(connection, key, self._encryptor, self._profile_states)
            if member.status is not None and member.status.lasts(now):  # typed before we were there
                await self._profile_states.see(connection, key, member.status, now)
            await self._notices.worked(connection, "grant", key)
            await self._notices.tell(connection, key, "welcome")
            await mark_effects_due(connection, [key], now)
            await mark_due(connection, key, now, typed=True)
        async with self._database.write() as connection:  # by itself: leave is locked before whose it is
            await mark_leave_due(connection, key.team_id, now)

    async def the_grant(self, key: PersonKey) -> Grant | None:
        """Return the person's token and when it was given; None where there is none, or they are leaving."""
        given = select(PEOPLE.c.token, PEOPLE.c.granted_at).where(of_person(PEOPLE, key), PEOPLE.c.leave_by.is_(None))
        row = await self._database.fetch_one(given)
        if row is None or row.token is None:
            return None
        token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
        return None if token is None else Grant(token, row.granted_at)

    async def granted_scopes(self, key: PersonKey) -> frozenset[str]:
        """Return what the person allows us; nothing where there is no grant, or it is lost."""
        return scopes.parse(await self._database.scalar(_SCOPES, {"team": key.team_id, "user": key.user_id}))

    async def lose_grant(self, key: PersonKey, granted_at: datetime, now: datetime) -> bool:
        """Take a grant away, if it is still the one of that instant, and have the person told once."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            done = await connection.execute(
                update(PEOPLE).where(of_person(PEOPLE, key), PEOPLE.c.granted_at == granted_at).values(LOST_GRANT)
            )
            if done.rowcount != 1:
                return False
            await self._notices.tell(connection, key, "grant")
            await mark_due(connection, key, now, stale=False)
            await mark_effects_due(connection, [key], now)
            await look_at_kept(connection, [key], now)
            await end_keys(connection, [key])
        return True

    async def move(self, key: PersonKey, member: Member, at: datetime, now: datetime) -> bool:
        """Follow the person's zone, language, names, address and role, as Slack told at `at`; whether any differs.

        Mostly none does: that is told by a read alone. What is older than the last move, by Slack's clock, changes
        nothing. The timeline is resolved anew.
        """
        columns = (
            PEOPLE.c.zone,
            PEOPLE.c.locale,
            PEOPLE.c.names,
            PEOPLE.c.addresses,
            PEOPLE.c.admin,
            PEOPLE.c.moved_at,
        )
        theirs = select(*columns).where(of_person(PEOPLE, key))
        if not self._moves(key, await self._database.fetch_one(theirs), member, at):
            return False
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            if not self._moves(key, (await connection.execute(theirs)).one_or_none(), member, at):
                return False
            await self._follow(connection, key, member)
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(moved_at=at))
            await mark_due(connection, key, now)
        return True

    def _moves(self, key: PersonKey, row: Any, member: Member, at: datetime) -> bool:
        """Return whether `member`, as of `at`, is another than the person of `row`, None for nobody."""
        if row is None or (row.moved_at is not None and at < row.moved_at):
            return False
        place = (key.team_id, key.user_id)
        names = tuple(json.loads(self._encryptor.open(row.names, "people.names", *place) or "[]"))
        addresses = json.loads(self._encryptor.open(row.addresses, "people.addresses", *place) or "[]")
        known = (row.zone, row.locale, names, addresses, row.admin)
        address = [member.address] if member.address else addresses
        admin = row.admin if member.admin is None else member.admin
        return (member.zone or row.zone, member.locale or row.locale, member.names or names, address, admin) != known

    async def see(self, key: PersonKey, seen: Status, at: datetime, now: datetime) -> bool:
        """Remember that the profile showed `seen` at `at`; False where that is our own echo, or nothing new.

        Most are: that is told by a read alone. What is news is looked at again in the transaction that stores it.
        """
        async with self._database.read() as connection:
            if not await self._profile_states.is_news(connection, key, seen, at):
                return False
        return await self._hints.put((key, seen, at, now))

    async def _see_all(self, hints: Sequence[_Hint]) -> list[bool]:
        news = [False] * len(hints)
        due: dict[PersonKey, datetime] = {}
        async with self._database.write() as connection:
            # by person, so that replicas never deadlock; of one person in the order in which they came
            for number, (key, seen, at, now) in sorted(enumerate(hints), key=lambda one: one[1][0]):
                news[number] = await self._profile_states.see(connection, key, seen, at)
                if news[number]:
                    due.setdefault(key, now)
            await mark_all_due(connection, due, stale=False)
        return news

    async def set_admin(self, key: PersonKey, *, admin: bool) -> None:
        """Keep whether the person manages the workspace, as Slack says now; their Home tab is drawn by it."""
        other = update(PEOPLE).where(of_person(PEOPLE, key), PEOPLE.c.admin.is_distinct_from(admin))
        async with self._database.write() as connection:
            if (await connection.execute(other.values(admin=admin, home_stale=True))).rowcount:
                tell_sender(connection)

    async def open_home(self, key: PersonKey, now: datetime) -> None:
        """Have the Home tab that the person looks at made anew, and kept up to date for `HOME_LIVES`."""
        async with self._database.write() as connection:
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(home_opened_at=now))
            await mark_due(connection, key, now, stale=False)

    async def ask(self, key: PersonKey, ask: Ask, now: datetime) -> None:
        """Keep what somebody asked for until they have granted; the newest alone. The person must exist."""
        kind, plain = ask_to_json(ask)
        content = self._encryptor.seal(plain, "asks.content", key.team_id, key.user_id)
        fresh = {"asked_at": now, "command": kind, "content": content}
        async with self._database.write() as connection:
            row = {"team_id": key.team_id, "user_id": key.user_id, **fresh}
            await connection.execute(upsert(connection, ASKS, row, fresh))

    async def asked(self, key: PersonKey) -> tuple[Ask, datetime] | None:
        """Return what waits for the person's grant, and when they asked for it. Raises SealError or InputError."""
        return self._asked(key, await self._database.fetch_one(select(ASKS).where(of_person(ASKS, key))))

    async def take_ask(self, key: PersonKey) -> tuple[Ask, datetime] | None:
        """Return the same; it is kept no longer, also where it raises."""
        async with self._database.write() as connection:
            taken = delete(ASKS).where(of_person(ASKS, key)).returning(ASKS)
            row = (await connection.execute(taken)).one_or_none()
        return self._asked(key, row)

    def _asked(self, key: PersonKey, row: Any) -> tuple[Ask, datetime] | None:
        if row is None:
            return None
        plain = self._encryptor.open(row.content, "asks.content", key.team_id, key.user_id)
        return ask_from_json(row.command, plain or ""), row.asked_at

    async def _follow(self, connection: AsyncConnection, key: PersonKey, member: Member) -> None:
        known = self._known(key, member)
        if known:
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(**known))
        if member.zone:
            await self._events.replace_zone(connection, key, ZoneInfo(member.zone))

    async def _insert(self, connection: AsyncConnection, key: PersonKey, member: Member, now: datetime) -> None:
        # held until the person is there: they would belong to a workspace that is being deleted
        home = select(WORKSPACES.c.team_id).where(WORKSPACES.c.team_id == key.team_id)
        if await connection.scalar(home.with_for_update(read=True, key_share=True)) is None:
            raise NotInstalledError("the workspace left meanwhile", team_id=key.team_id)
        row = {
            "team_id": key.team_id, "user_id": key.user_id, "created_at": now, "zone": "UTC", "locale": "en-US",
            "grant_state": GrantState.NONE.value, "scopes": "", "preferences": "{}", "stale": True,
            "home_opened": False, "home_stale": True, "refresh_seq": 0, **self._known(key, member),
        }  # fmt: skip
        # an update of nothing locks whoever is there already: they may be about to be deleted
        await connection.execute(upsert(connection, PEOPLE, row, {"created_at": PEOPLE.c.created_at}))

    def _known(self, key: PersonKey, member: Member) -> dict[str, object]:
        """Return the columns that `member` tells something about."""
        known: dict[str, object] = {}
        if member.zone:
            known["zone"] = member.zone
        if member.locale:
            known["locale"] = member.locale
        if member.address:
            addresses = json.dumps([member.address])
            known["addresses"] = self._encryptor.seal(addresses, "people.addresses", key.team_id, key.user_id)
        if member.admin is not None:
            known["admin"] = member.admin
        if member.names:
            known["names"] = self._encryptor.seal(json.dumps(member.names), "people.names", key.team_id, key.user_id)
        return known


def view_of(row: Any) -> PersonView:
    """Return what is known of a person, from a row with the columns of `VIEW`."""
    return PersonView(
        key=PersonKey(row.home, row.member),
        zone=zone_or(row.zone, ZoneInfo("UTC")),
        locale=row.locale,
        grant_state=GrantState(row.grant_state) if row.leave_by is None else GrantState.NONE,
        pause=pause_of(row.paused_from, row.paused_until),
        created_at=row.created_at,
        admin=row.admin,
    )
