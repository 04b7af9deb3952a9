"""Every store over one database: what `services/bootstrap.py` hands out, one by one, to those who need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.platform.crypto import Encryptor
from services.ports import Clock
from services.store.absences import AbsenceStore
from services.store.accounts import AccountStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.deliveries import DeliveryStore
from services.store.due import DueStore
from services.store.events import EventStore
from services.store.export import ExportStore
from services.store.facts import FactStore
from services.store.health import HealthStore
from services.store.hooks import HookStore
from services.store.inbox import InboxStore
from services.store.leavers import LeaverStore
from services.store.notices import NoticeStore
from services.store.oauth_states import OAuthStateStore
from services.store.overrides import OverrideStore
from services.store.people import PeopleStore
from services.store.preferences import PreferenceStore
from services.store.profile_states import ProfileStateStore
from services.store.retention import RetentionStore
from services.store.rules import RuleStore
from services.store.tokens import TokenStore
from services.store.watches import WatchStore
from services.store.workspaces import WorkspaceStore
from services.store.write_queue import WriteQueue
from services.store.writes import AuditStore


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
