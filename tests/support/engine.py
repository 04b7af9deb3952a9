"""The engine alone: real stores, a local Slack on loopback, a clock that stands still until moved."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emulators.slack import ApiCall, AppConfig, LocalSlack, SlackToken
from emulators.slack.state import DEFAULT_USER_SCOPES
from services.domain.calendars import Changes
from services.domain.model import Effect, Event, PersonKey, ShowAs
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.slack import scopes
from services.store.calendar_tables import CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.due import LEASE, ProfileStateStore
from services.store.events import EventStore
from services.store.person_rows import mark_due
from services.store.tables import OVERRIDES, PEOPLE, PROFILE_STATES, WORKSPACES
from tests.support.replica import Replica

TEAM = "T0DEMO0001"
GET, SET = "users.profile.get", "users.profile.set"


ACK_SECONDS = 20.0
"""What is tested is what is answered; that it takes less than Slack's three seconds is the bench's."""


PATIENCE = 30.0
"""Seconds of real time for which something is waited for: a loaded machine is slow, not wrong."""

IS_DUE = (PEOPLE.c.due_at <= sa.bindparam("now", type_=UtcInstant)) | (
    PEOPLE.c.stale & (PEOPLE.c.due_at <= sa.bindparam("leased", type_=UtcInstant))
)
"""Somebody is due at `instants(now)`, or a replica has claimed their timeline."""


_DUE = sa.select(sa.exists().where(IS_DUE))
_PENDING = sa.select(sa.func.count()).select_from(PROFILE_STATES).where(PROFILE_STATES.c.seq > PROFILE_STATES.c.sent)


def instants(now: datetime) -> dict[str, datetime]:
    return {"now": now, "leased": now + LEASE}


@dataclass
class RunningEngine:
    """People in workspaces of a local Slack, as the app's database knows them."""

    database: Database
    encryptor: Encryptor
    clock: Any
    slack: LocalSlack
    replicas: list[Replica] = field(default_factory=list)

    def replica(self, *, database: Database | None = None, **options: Any) -> Replica:
        made = Replica(database or self.database, self.encryptor, self.clock, self.slack.api_url, **options)
        self.replicas.append(made)
        return made

    async def replaced(self, replica: Replica, **options: Any) -> Replica:
        """Another process, which runs, in the place of one that is stopped or has died."""
        await replica.stop()
        self.replicas.remove(replica)
        made = self.replica(**options)
        await made.start()
        return made

    async def close(self) -> None:
        for replica in self.replicas:
            await replica.stop()

    # ── who there is ────────────────────────────────────────────────────────────────────────────────

    async def person(
        self,
        user_id: str = "U1",
        *,
        team_id: str = TEAM,
        granted: bool = True,
        zone: str = "UTC",
        allows: Iterable[str] = DEFAULT_USER_SCOPES,
        **columns: Any,
    ) -> PersonKey:
        """A person who `allows` these scopes."""
        if user_id not in self.slack.members:
            self.slack.add_person(user_id, user_id.lower(), team_id=team_id)
        key = PersonKey(team_id, user_id)
        now = self.clock.now()
        async with self.database.write() as connection:
            known = await connection.scalar(sa.select(WORKSPACES.c.team_id).where(WORKSPACES.c.team_id == team_id))
            if known is None:
                bot = self.slack.install(team_id)
                await connection.execute(
                    sa.insert(WORKSPACES).values(
                        team_id=team_id, name="", installed_at=now,
                        bot_token=self.encryptor.seal(bot.value, "workspaces.bot_token", team_id),
                    )
                )  # fmt: skip
            token = self._grant(user_id, allows) if granted else None
            values: dict[str, Any] = {
                "team_id": team_id, "user_id": user_id, "zone": zone, "created_at": now, "granted_at": now,
                "grant_state": "ok" if granted else "none",
                "token": token and self.encryptor.seal(token.value, "people.token", team_id, user_id),
                "due_at": now, "stale": True, "scopes": scopes.joined(allows),
            } | columns  # fmt: skip
            if token is not None and token.refresh:
                values["refresh_token"] = self.encryptor.seal(token.refresh, "people.refresh_token", team_id, user_id)
                values["token_expires_at"] = datetime.fromtimestamp(token.expires_at or 0, UTC)
            await connection.execute(sa.insert(PEOPLE).values(values))
            await connection.execute(
                sa.insert(CALENDARS).values(
                    team_id=team_id, user_id=user_id, calendar_id="c1", provider="ics", address_digest="d1",
                    created_at=now,
                )
            )  # fmt: skip
        return key

    def _grant(self, user_id: str, allows: Iterable[str]) -> SlackToken:
        if not self.slack.app.token_rotation:
            return self.slack.grant(user_id, allows)
        team_id = self.slack.member(user_id).team_id
        return self.slack.tokens.issue("user", team_id, user_id, allows, rotate_at=self.clock.now())

    async def has(self, key: PersonKey, *events: Event) -> None:
        """Make these the person's events."""
        store = EventStore(self.database, self.encryptor)
        async with self.database.write() as connection:
            await store.apply(connection, [await store.prepare(key, "c1", Changes(events=events))])
            await mark_due(connection, key, self.clock.now())
        self.ring()

    async def effect(self, key: PersonKey, effect: Effect) -> Any:
        """What is remembered of an effect."""
        found = await self.replicas[0].effects.of(key, self.clock.now())
        return next((one.memory for one in found if one.effect is effect), None)

    async def says(
        self, key: PersonKey, text: str, emoji: str = ":pizza:", *, until: datetime | None = None, name: str = "o1",
        effects: Iterable[Effect] = (),
    ) -> None:  # fmt: skip
        """The person types a status through the app, which has these effects."""
        asked = json.dumps({"text": text, "emoji": emoji, "effects": [*effects]})
        content = self.encryptor.seal(asked, "overrides.content", key.team_id, key.user_id, name)
        now = self.clock.now()
        async with self.database.write() as connection:
            await connection.execute(
                sa.insert(OVERRIDES).values(
                    team_id=key.team_id, user_id=key.user_id, override_id=name, kind="status", start_at=now,
                    end_at=until, created_at=now, content=content,
                )
            )  # fmt: skip
            await mark_due(connection, key, now, typed=True)
        self.ring()

    async def change(self, key: PersonKey, *, stale: bool = False, **columns: Any) -> None:
        """Change columns of the person's row, and mark them due."""
        async with self.database.write() as connection:
            await connection.execute(
                sa.update(PEOPLE)
                .where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
                .values(**columns)
            )
            await mark_due(connection, key, self.clock.now(), stale=stale)
        self.ring()

    async def forget(self, key: PersonKey) -> None:
        async with self.database.write() as connection:
            await connection.execute(
                sa.delete(PEOPLE).where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
            )

    def ring(self) -> None:
        for replica in self.replicas:
            replica.engine.wake_signal.wake()

    # ── what is to be seen ──────────────────────────────────────────────────────────────────────────

    def status(self, user_id: str = "U1") -> tuple[str, str, int]:
        member = self.slack.member(user_id)
        return member.text, member.emoji, member.expiration

    def calls(self, *methods: str, user: str | None = None) -> list[ApiCall]:
        return [call for call in self.slack.calls.all(user=user) if call.method in (methods or (GET, SET))]

    def written(self, user: str | None = None) -> list[str]:
        """The texts that users.profile.set was called with and took, in order."""
        return [call.arguments["profile"]["status_text"] for call in self.calls(SET, user=user) if call.ok]

    async def memory(self, key: PersonKey) -> ProfileState:
        async with self.database.read() as connection:
            return await ProfileStateStore(self.encryptor).load(connection, key)

    async def column(self, key: PersonKey, name: str) -> Any:
        async with self.database.read() as connection:
            return await connection.scalar(
                sa.select(PEOPLE.c[name]).where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
            )

    async def pending(self) -> int:
        (((count,),),) = await self.database.rows((_PENDING, {}))
        return int(count)

    async def ticked(self) -> bool:
        """Whether everybody who is due at this instant has been looked at, whatever still waits to be written."""
        (((due,),),) = await self.database.rows((_DUE, instants(self.clock.now())))
        return not due

    async def quiet(self) -> bool:
        """Whether there is nothing to do at this instant: nobody is due, nothing is pending."""
        return await self.ticked() and await self.pending() == 0

    async def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until there is nothing to do at this instant."""
        await until(self.quiet, seconds)

    async def rests(self, seconds: float = PATIENCE) -> None:
        """Have all that runs look once more, and wait until it rests: whatever was to happen now has happened.

        What waits for a later instant may still be pending.
        """
        for replica in self.running:
            replica.sender.wake(typed=True)
        self.ring()
        await until(self._at_rest, seconds)

    @property
    def running(self) -> list[Replica]:
        return [replica for replica in self.replicas if replica.engine.healthy]

    async def _at_rest(self) -> bool:
        def at_rest() -> bool:
            return not self.slack.busy and all(replica.engine.at_rest for replica in self.running)

        return at_rest() and await self.ticked() and at_rest()


@asynccontextmanager
async def open_engine(database: Database, encryptor: Encryptor, clock: Any, **app: Any) -> AsyncIterator[RunningEngine]:
    """An engine whose local Slack listens; everything is stopped at the end."""
    slack = LocalSlack(clock, AppConfig(ack_seconds=ACK_SECONDS, **app))
    await slack.start()
    made = RunningEngine(database, encryptor, clock, slack)
    try:
        yield made
    finally:
        await made.close()
        await slack.stop()


class CountingWakeSignal:
    """Implements `services.ports.WakeSignal`."""

    def __init__(self) -> None:
        self.rung = 0

    def wake(self) -> None:
        self.rung += 1


async def until(holds: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until `holds()` (a coroutine function or a plain one) is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.005)  # for what nothing tells of: rows, threads, other processes


def meeting(start: datetime, minutes: float = 30, uid: str = "m1", **fields: Any) -> Event:
    """A meeting that counts."""
    return Event(calendar_id="c1", uid=uid, start=start, end=start + timedelta(minutes=minutes), title="Plan", **fields)


def absence(start: datetime, hours: float = 8, uid: str = "a1") -> Event:
    """Out of office."""
    return Event(
        calendar_id="c1", uid=uid, start=start, end=start + timedelta(hours=hours), show_as=ShowAs.OUT_OF_OFFICE
    )


UTC = ZoneInfo("UTC")
