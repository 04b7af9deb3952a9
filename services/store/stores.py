"""Every store over one database; everything that is kept of one person; deleting what is over.

`services/bootstrap.py` hands the stores out, one by one, to those who need it. An export is a person's own data, as
JSON: tokens, and addresses that give access (a feed's secret one), are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import Event, Override, PersonKey, Span, Status
from services.domain.profile_state import AuditEntry
from services.platform.crypto import Encryptor
from services.ports import Clock
from services.store import json_values
from services.store.accounts import AccountStore, OAuthStateStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.due import DueStore, ProfileStateStore
from services.store.events import EventStore
from services.store.models import Delivery, Notice, OAuthState, OverrideRow, Person, SpanRow, Write
from services.store.overrides import DELIVERIES_KEPT, DeliveryStore, OverrideStore, RuleStore
from services.store.people import AbsenceStore, PeopleStore, PreferenceStore
from services.store.person_rows import NoticeStore
from services.store.schema import HealthStore
from services.store.timeline import AuditStore, FactStore, SpanStore
from services.store.watches import HookStore, InboxStore, WatchStore
from services.store.workspaces import LeaverStore, TokenStore, WorkspaceStore
from services.store.write_queue import WriteQueue


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores, by what they hold."""

    database: Database
    accounts: AccountStore
    calendars: CalendarStore
    retention: RetentionStore
    deliveries: DeliveryStore
    due: DueStore
    export: ExportStore
    facts: FactStore
    health: HealthStore
    hooks: HookStore
    inbox: InboxStore
    write_queue: WriteQueue
    leavers: LeaverStore
    notices: NoticeStore
    overrides: OverrideStore
    absences: AbsenceStore
    people: PeopleStore
    preferences: PreferenceStore
    rules: RuleStore
    oauth_states: OAuthStateStore
    tokens: TokenStore
    encryptor: Encryptor
    watches: WatchStore
    workspaces: WorkspaceStore
    writes: AuditStore

    @classmethod
    def at(cls, database_url: str, keys: Sequence[str], clock: Clock) -> Stores:
        """All of them over one database, sealing with `keys`, newest first. Raises SettingsError for wrong keys."""
        return cls.over(Database(database_url), Encryptor(keys), clock)

    @classmethod
    def over(cls, database: Database, encryptor: Encryptor, clock: Clock) -> Stores:
        """All of them over `database`, sealing with `encryptor`."""
        notices = NoticeStore(database, clock)
        standings = ProfileStateStore(encryptor)
        events = EventStore(database, encryptor)
        facts = FactStore(database, encryptor, events)
        writes = AuditStore(database, encryptor)
        calendars = CalendarStore(database, encryptor, events, notices)
        accounts = AccountStore(database, encryptor, notices)
        return cls(
            database=database,
            accounts=accounts,
            calendars=calendars,
            retention=RetentionStore(database),
            deliveries=DeliveryStore(database),
            due=DueStore(database, encryptor, facts),
            export=ExportStore(database, encryptor, facts=facts, calendars=calendars, accounts=accounts, writes=writes),
            facts=facts,
            health=HealthStore(database, encryptor),
            hooks=HookStore(database, encryptor),
            inbox=InboxStore(database, encryptor),
            write_queue=WriteQueue(database, encryptor, notices, writes),
            leavers=LeaverStore(database, encryptor),
            notices=notices,
            overrides=OverrideStore(database, encryptor),
            absences=AbsenceStore(database, standings),
            people=PeopleStore(database, encryptor, notices=notices, standings=standings, events=events),
            preferences=PreferenceStore(database),
            rules=RuleStore(database, encryptor),
            oauth_states=OAuthStateStore(database, encryptor),
            tokens=TokenStore(database, encryptor, notices),
            encryptor=encryptor,
            watches=WatchStore(database, encryptor),
            workspaces=WorkspaceStore(database, encryptor),
            writes=writes,
        )

    async def __aenter__(self) -> Stores:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.database.close()


_EVER = (datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))
_WRITES = 100_000


class ExportStore:
    """Gathers it from all stores."""

    def __init__(
        self,
        database: Database,
        encryptor: Encryptor,
        *,
        facts: FactStore,
        calendars: CalendarStore,
        accounts: AccountStore,
        writes: AuditStore,
    ) -> None:
        """The stores give what they keep; `encryptor` opens the rest."""
        self._database = database
        self._encryptor = encryptor
        self._facts = facts
        self._calendars = calendars
        self._accounts = accounts
        self._writes = writes
        self._spans = SpanStore(encryptor)
        self._standings = ProfileStateStore(encryptor)

    async def export(self, key: PersonKey) -> dict[str, Any]:
        """Everything of the person; an empty object where they are not one of ours. Raises SealError."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(Person.__table__).where(*_of(Person, key)))).one_or_none()
            if row is None:
                return {}
            profile = await self._standings.load(connection, key)
            spans = await self._stored_spans(connection, key)
            told = (await connection.execute(select(Notice.__table__).where(*_of(Notice, key)))).all()
        facts = (await self._facts.load([key], *_EVER)).get(key)
        if facts is None:
            return {}
        return {
            **self._person(key, row),
            "rules": [json.loads(json_values.rule_to_json(rule)) for rule in facts.rules],
            "overrides": [_override(override) for override in facts.overrides],
            "accounts": [
                {"account_id": one.account_id, "provider": one.provider, "name": one.name, "lost": one.lost}
                for one in await self._accounts.of(key)
            ],
            "calendars": [
                {
                    "calendar_id": view.calendar_id,
                    "account_id": view.account_id,
                    "provider": view.provider,
                    "name": view.name,
                    "host": view.host,
                    "health": str(view.health),
                    "problem": view.problem,
                    "synced_at": _instant(view.synced_at),
                }
                for view in await self._calendars.of(key)
            ],
            "events": [_event(event) for event in facts.events],
            "spans": [_span(span) for span in spans],
            "profile": json.loads(json_values.profile_state_to_json(profile))["standing"],
            "writes": [_write(attempt) for attempt in await self._writes.recent(key, _WRITES)],
            "notices": [{"subject": one.subject, "sent_at": _instant(one.sent_at)} for one in told],
        }

    def _person(self, key: PersonKey, row: Row[Any]) -> dict[str, Any]:
        place = (key.team_id, key.user_id)
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "zone": row.zone,
            "locale": row.locale,
            "addresses": json.loads(self._encryptor.open(row.addresses, "people.addresses", *place) or "[]"),
            "names": json.loads(self._encryptor.open(row.names, "people.names", *place) or "[]"),
            "created_at": _instant(row.created_at),
            "grant": {"state": row.grant_state, "since": _instant(row.granted_at), "scopes": row.scopes},
            "preferences": json.loads(row.preferences),
            "pause": None
            if row.paused_from is None
            else {"start": _instant(row.paused_from), "end": _instant(row.paused_until)},
        }

    async def _stored_spans(self, connection: AsyncConnection, key: PersonKey) -> list[Span]:
        rows = await connection.execute(select(SpanRow.__table__).where(*_of(SpanRow, key)).order_by(SpanRow.start_at))
        return [self._spans.span(row) for row in rows]


def _of(table: type[Person] | type[Notice] | type[SpanRow], key: PersonKey) -> tuple[Any, Any]:
    return table.team_id == key.team_id, table.user_id == key.user_id


def _instant(instant: datetime | None) -> str | None:
    """ISO 8601 in UTC, ending in Z."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _status(status: Status) -> dict[str, Any]:
    return {"text": status.text, "emoji": status.emoji, "expiration": _instant(status.expiration)}


def _override(override: Override) -> Mapping[str, Any]:
    return {
        "kind": override.kind.value,
        "text": override.text,
        "emoji": override.emoji,
        "start": _instant(override.start),
        "end": _instant(override.end),
        "created_at": _instant(override.created_at),
    }


def _event(event: Event) -> Mapping[str, Any]:
    return {
        "calendar_id": event.calendar_id,
        "uid": event.uid,
        "occurrence": event.occurrence,
        "start": _instant(event.start),
        "end": _instant(event.end),
        "all_day": event.all_day,
        "title": event.title,
        "location": event.location,
        "type": event.type.value,
        "show_as": event.show_as.value,
        "response": event.response.value,
        "visibility": event.visibility.value,
        "cancelled": event.cancelled,
        "tentative": event.tentative,
        "guests": event.guests,
    }


def _span(span: Span) -> Mapping[str, Any]:
    return {
        "start": _instant(span.start),
        "end": _instant(span.end),
        "status": _status(span.status),
        "rule": span.rule,
        "reason": json.loads(json_values.reason_to_json(span.reason)),
        "uid": span.uid,
        "title": span.title,
    }


def _write(attempt: AuditEntry) -> Mapping[str, Any]:
    return {
        "at": _instant(attempt.at),
        "action": attempt.action.value,
        "outcome": attempt.outcome,
        "rule": attempt.rule,
        "uid": attempt.uid,
        "reason": json.loads(json_values.reason_to_json(attempt.reason)),
        "status": _status(attempt.status),
    }


class RetentionStore:
    """Deletes what nobody needs any more, of all workspaces."""

    def __init__(self, database: Database) -> None:
        """`database` holds it."""
        self._database = database

    async def delete_old(self, now: datetime, *, audit_before: datetime) -> int:
        """Delete what is over at `now`, and the audit from before `audit_before`; how many rows that were."""
        leftovers = (
            delete(Delivery).where(Delivery.seen_at < now - DELIVERIES_KEPT),
            delete(OAuthState).where(OAuthState.expires_at < now),
            delete(Write).where(Write.at < audit_before),
            delete(OverrideRow).where(OverrideRow.end_at < audit_before),
        )
        rows = 0
        for leftover in leftovers:
            async with self._database.write() as connection:
                rows += (await connection.execute(leftover)).rowcount
        return rows
