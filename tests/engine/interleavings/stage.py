"""Ann, her rows and her Slack profile, which can be set back to a moment, and compared with how they were.

What runs are the app's own use cases and stores. Slack alone is played: a profile that ends a status at its end, and
tokens that can be revoked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import insert, update
from sqlalchemy.engine import make_url

from services.calendars.accounts import ProviderCleanup
from services.domain.calendars import Changes
from services.domain.effects import DueEffect
from services.domain.errors import GrantLostError
from services.domain.model import NO_STATUS, Effect, PersonKey, Status
from services.domain.profile_state import PendingWrite
from services.domain.text import ENGLISH, whole_seconds
from services.engine.carriers import PresenceCarrier, SnoozeCarrier
from services.engine.effects import EffectSender
from services.engine.emoji import UnknownEmoji
from services.engine.profile_writer import ProfileWriter
from services.engine.resolve import Reconciler, Timelines
from services.platform.crypto import Encryptor
from services.platform.metrics import Metrics
from services.slack.limits import Budget
from services.store.calendar_tables import CALENDARS
from services.store.columns import Sealed, UtcInstant
from services.store.effect_tables import EFFECTS
from services.store.events import EventStore
from services.store.rotation import Rotation, row_of
from services.store.stores import Stores
from services.store.tables import METADATA, PEOPLE, PROFILE_STATES, WORKSPACES
from services.usecases.offboarding import Offboarding
from services.usecases.people import PersonalSettings
from services.usecases.status_reader import StatusReader
from services.usecases.statuses import Statuses
from services.usecases.teller import Teller
from services.usecases.undo import Undos
from services.usecases.workspace import WorkspacePolicy
from tests.engine.interleavings.steps import SteppedDatabase, step
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal
from tests.support.faults import theirs
from tests.support.replica import say

ANN = PersonKey("T1", "U1")
CODING, LUNCH = Status("Coding", ":computer:"), Status("Lunch", ":pizza:")
TABLES = [table for table in METADATA.sorted_tables if table.name not in ("watches", "inbox", "accounts", "asks")]
NOBODY = "DELETE FROM workspaces; DELETE FROM lanes; DELETE FROM deliveries; DELETE FROM forgotten"
READ, WRITE = "users.profile.get", "users.profile.set"


class Slack:
    """Ann's profile, and whose tokens are good."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.profile, self.good = CODING, {"xoxp-old", "xoxp-new"}
        self.muted: datetime | None = None
        self.away = False

    async def owner(self, token: str) -> str:
        await step("auth.test")
        self._check(token)
        return ANN.user_id

    async def read(self, token: str) -> Status:
        await step(READ)
        self._check(token)
        return self.shown()

    async def write(self, token: str, status: Status) -> Status:
        await step(WRITE)
        self._check(token)
        self.profile = replace(status, expiration=whole_seconds(status.expiration))
        return self.profile

    async def snooze(self, token: str) -> datetime | None:
        await step("dnd.get")
        self._check(token)
        return self.muted

    async def set_snooze(self, token: str, minutes: int) -> datetime:
        await step("dnd.set")
        self._check(token)
        self.muted = self._clock.now() + timedelta(minutes=minutes)
        return self.muted

    async def end_snooze(self, token: str) -> None:
        await step("dnd.set")
        self._check(token)
        self.muted = None

    async def is_away_by_hand(self, token: str) -> bool:
        await step("presence.get")
        self._check(token)
        return self.away

    async def set_presence(self, token: str, *, away: bool) -> None:
        await step("presence.set")
        self._check(token)
        self.away = away

    async def revoke(self, token: str) -> None:
        await step("auth.revoke")
        self._check(token)
        self.good.discard(token)

    async def post(self, token: str, user_id: str, message: dict[str, Any]) -> None:
        await step("chat.postMessage")

    def shown(self) -> Status:
        if self.profile.expiration is not None and self.profile.expiration <= self._clock.now():
            self.profile = NO_STATUS
        return self.profile

    def besides(self) -> tuple[bool, bool]:
        """Whether she is muted, and away."""
        return self.muted is not None and self.muted > self._clock.now(), self.away

    def _check(self, token: str) -> None:
        if token not in self.good:
            raise GrantLostError("token_revoked")


class Replica:
    """One process' worth of the app, over a database that it shares."""

    def __init__(
        self, name: str, database: SteppedDatabase, encryptor: Encryptor, clock: ManualClock, slack: Slack
    ) -> None:
        self.name = name
        wake_signal = CountingWakeSignal()
        stores = self.stores = Stores(database, encryptor, clock)
        self.clock, self.slack = clock, slack
        self.writer = ProfileWriter(
            slack, stores.write_queue, clock, self._refresh, Metrics(),
            unknown_emoji=UnknownEmoji(stores.emoji, clock), judge=theirs, wake_signal=wake_signal,
        )  # fmt: skip
        self.reader = StatusReader(
            stores.facts,
            stores.overrides,
            stores.absences,
            stores.writes,
            stores.effects,
            stores.kept,
            default_texts=lambda locale: ENGLISH,
            clock=clock,
        )
        self.undos = Undos(
            stores.undos, stores.lines, stores.preferences, stores.overrides,
            None, None, clock, wake_signal,  # type: ignore[arg-type]  # no calendars here
        )  # fmt: skip
        self.statuses = Statuses(stores.overrides, stores.preferences, self.reader, stores.undos, clock, wake_signal)
        self.settings = PersonalSettings(
            stores.preferences,
            stores.lines,
            WorkspacePolicy(stores.policies, stores.numbers, clock, wake_signal),
            stores.undos,
            clock,
            wake_signal,
        )
        self.leaving = Offboarding(
            stores.people, stores.workspaces, slack, leavers=stores.leavers, accounts=stores.accounts,
            cleanup=ProviderCleanup({}, {}, clock), teller=Teller(stores.workspaces, slack), say=say, clock=clock,
            wake_signal=wake_signal,
        )  # fmt: skip
        played: Any = slack
        self.carried = {
            carrier.effect: EffectSender(
                carrier, stores.effects, played, profiles=played, refresh=self._refresh, judge=theirs, clock=clock
            )
            for carrier in (SnoozeCarrier(played, clock), PresenceCarrier(played, clock))
        }  # fmt: skip
        typed, others = (Timelines(stores.due, clock, typed=typed) for typed in (True, False))
        self.due = (typed, Reconciler(stores.due, clock), others, self.leaving)
        self.rotation = Rotation(database, encryptor)

    async def _refresh(self, key: PersonKey) -> None:
        raise GrantLostError("no rotation here")

    async def tick(self) -> None:
        """Take up who is due, as the engine's loops would."""
        for work in self.due:
            await work.run_due()

    async def carry(self, due: DueEffect) -> None:
        sender, now, budget = self.carried[due.effect], self.clock.now(), Budget()
        work = sender._without_calls(due, budget, now)
        await sender._guarded(due, work or sender._one(due, sender._calls(due, budget, now, lambda: True)))

    async def due_effects(self) -> list[DueEffect]:
        now = self.clock.now()
        return [one for one in await self.stores.effects.of(ANN, now) if one.due_at is not None and one.due_at <= now]

    async def keep(self, wish: PendingWrite) -> None:
        await self.writer.carry_out(wish, self.writer.take(wish, Budget()))

    async def settle(self) -> None:
        """Do all that is due now, as the engine would."""
        now = self.clock.now()
        for _ in range(20):
            await self.tick()
            wishes, _ = await self.stores.write_queue.most_urgent(now, 9)
            for wish in wishes:
                await self.keep(wish)
            effects = await self.due_effects()
            for effect in effects:
                await self.carry(effect)
            due = [await work.next_due() for work in self.due]
            if not wishes and not effects and all(at is None or at > now for at in due):
                return
        raise AssertionError("it does not come to rest")


class Stage:
    """One database with Ann in it, which can be set back to the moment that was built last."""

    def __init__(self, database: SteppedDatabase, clock: ManualClock, keys: Sequence[str]) -> None:
        """`keys`: the newest, and the one that everything is sealed with."""
        self.database, self.clock = database, clock
        self.slack = Slack(clock)
        self.encryptor = Encryptor(keys)
        self.now = clock.now()
        self.before = Replica("before", database, Encryptor(keys[1:]), clock, self.slack)
        self.one, self.other = (Replica(name, database, self.encryptor, clock, self.slack) for name in ("one", "other"))
        self.wish: PendingWrite
        self.effect: DueEffect
        self.undoable, self.typed_at, self.own = "", self.now, CODING
        self._restore: list[str] = []
        self._profile = NO_STATUS
        self._besides: tuple[datetime | None, bool] = (None, False)
        self._raw: Any = None

    async def open(self) -> None:
        url = make_url(self.database.url)
        if self.database.is_sqlite:
            self._raw = sqlite3.connect(url.database or "", isolation_level=None)
            self._raw.execute("PRAGMA foreign_keys=ON")
            self._raw.row_factory = sqlite3.Row
        else:
            self._raw = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
            await self._raw.execute(f"ALTER DATABASE {url.database} SET deadlock_timeout = '50ms'")
        for table in TABLES:
            await self._execute(f"CREATE TABLE start_{table.name} AS SELECT * FROM {table.name}")

    async def close(self) -> None:
        for table in TABLES:
            await self._execute(f"DROP TABLE start_{table.name}")
        if self.database.is_sqlite:
            self._raw.close()
        else:
            await self._raw.close()

    async def waits(self, connection: int) -> bool:
        """Whether the connection of that process id waits for a lock that another one holds."""
        return await self._raw.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", connection)

    # ── moments ─────────────────────────────────────────────────────────────────────────────────────

    async def build(self, moment: Callable[[Stage], Awaitable[None]]) -> None:
        """Make `moment` the one to start from."""
        await self._execute(NOBODY)
        self.own, self._besides = CODING, (None, False)
        self._rewind(CODING)
        now, before = self.now, self.before.stores.encryptor
        async with self.database.write() as connection:
            token = before.seal("xoxb", "workspaces.bot_token", ANN.team_id)
            yesterday = now - timedelta(days=1)
            await connection.execute(
                insert(WORKSPACES).values(team_id=ANN.team_id, installed_at=yesterday, bot_token=token)
            )
            person = {"team_id": ANN.team_id, "user_id": ANN.user_id, "created_at": yesterday}
            token = before.seal("xoxp-old", "people.token", ANN.team_id, ANN.user_id)
            await connection.execute(
                insert(PEOPLE).values(**person, granted_at=yesterday, grant_state="ok", token=token, due_at=now)
            )
            await connection.execute(
                insert(CALENDARS).values(**person, calendar_id="c1", provider="ics", address_digest="d1")
            )
        self.undoable = await self.says("Dentist", 240, 300)
        await self.before.settle()
        await moment(self)
        for table in TABLES:
            start = f"start_{table.name}"
            await self._execute(f"DELETE FROM {start}; INSERT INTO {start} SELECT * FROM {table.name}")
        rows = await self._rows("start_")
        self._profile, self._besides = self.slack.profile, (self.slack.muted, self.slack.away)
        self._restore = [
            NOBODY,
            *(f"INSERT INTO {table.name} SELECT * FROM start_{table.name}" for table in TABLES if rows[table.name]),
        ]  # fmt: skip

    async def restore(self) -> None:
        """Set everything back to that moment."""
        await self._execute("; ".join(self._restore))
        self._rewind(self._profile)

    def _rewind(self, profile: Status) -> None:
        self.clock._now = self.now
        self.slack.profile, self.slack.good = profile, {"xoxp-old", "xoxp-new"}
        self.slack.muted, self.slack.away = self._besides

    async def has(self, *events: Any) -> None:
        """Make these the events of Ann's calendar."""
        async with self.database.write() as connection:
            store = EventStore(self.database, self.before.stores.encryptor)
            await store.apply(connection, [await store.prepare(ANN, "c1", Changes(events=events))])
            await connection.execute(update(PEOPLE).values(due_at=self.clock.now(), stale=True))

    async def says(self, text: str, begin: float, end: float) -> str:
        """Ann types `/quo` for those minutes from now; the id of what she asked for."""
        start, until = (self.now + timedelta(minutes=minutes) for minutes in (begin, end))
        made = await self.before.statuses.override(ANN, text=text, emoji=":x:", start=start, end=until, request=text)
        return made.id

    async def wish_in_hand(self) -> None:
        """Tick, and have the write that comes of it in the sender's hand, with Ann due once more."""
        await self.before.tick()
        ((self.wish,), _) = await self.one.stores.write_queue.most_urgent(self.clock.now(), 9)
        async with self.database.write() as connection:
            await connection.execute(update(PEOPLE).values(due_at=self.clock.now(), stale=True))

    async def effect_in_hand(self) -> None:
        """Tick, and have the presence that is due for it in the sender's hand."""
        await self.before.tick()
        (self.effect,) = [one for one in await self.one.due_effects() if one.effect is Effect.AWAY]

    # ── what is left ────────────────────────────────────────────────────────────────────────────────

    async def state(self, *, exact: bool) -> str:
        """Everything that is stored, sealed values opened, and the profile; not `exact`: what a person could tell."""
        rows = await self._rows("")
        found = {}
        for table in TABLES:
            if exact or table.name not in ("writes", "lanes", "deliveries"):
                opened = [self._opened(table, row, exact=exact) for row in rows[table.name]]
                found[table.name] = sorted(json.dumps(row, default=str, sort_keys=True) for row in opened)
        return json.dumps([found, str(self.slack.shown()), self.slack.besides(), sorted(self.slack.good)], indent=1)

    def _opened(self, table: Any, row: Any, *, exact: bool) -> dict[str, Any]:
        opened = dict(row)
        for column in table.columns:
            value = opened[column.name]
            if isinstance(column.type, Sealed) and value is not None:
                opened[column.name] = self.encryptor.open(value, f"{table.name}.{column.name}", *_place(table, row))
        for made_up in ("write_id", "undo_id"):
            opened.pop(made_up, None)
        if not exact and table is PROFILE_STATES:
            memory = json.loads(opened["memory"] or "{}")
            for name in ("looked_at", "own_since", "replaced", "wanted"):  # when, and whose echo may still come
                memory.get("standing", {}).pop(name, None)
            return {"waits": opened["seq"] > opened["sent"], "memory": memory}
        if not exact:
            for name in ("refresh_seq", "turn", *(("seq", "failures") if table is EFFECTS else ())):
                opened.pop(name, None)
        return opened

    async def asked(self) -> Status:
        """What Ann's profile should show now, unless she typed something herself."""
        try:
            now = (await self.one.reader.why(ANN)).now  # resolved anew, whatever is stored
        except LookupError:
            return NO_STATUS
        return now.span.status if now.facts.granted else NO_STATUS

    async def _rows(self, prefix: str) -> dict[str, list[Any]]:
        found = {}
        for table in TABLES:
            query = f"SELECT * FROM {prefix}{table.name}"
            found[table.name] = (
                self._raw.execute(query).fetchall() if self.database.is_sqlite else await self._raw.fetch(query)
            )
        return found

    async def _execute(self, script: str) -> None:
        if self.database.is_sqlite:
            self._raw.executescript(f"BEGIN; {script}; COMMIT")
        else:
            await self._raw.execute(script)


def _place(table: Any, row: Any) -> tuple[str, ...]:
    """The key of a row that was read without its types."""
    parts = [(part.type, row[part.name]) for part in table.primary_key]
    return row_of(
        [of.process_result_value(value, None) if isinstance(of, UtcInstant) else value for of, value in parts]
    )
