"""Every store over one database. `services/wiring` hands them out, one by one, to those who need them."""

from __future__ import annotations

from collections.abc import Sequence

from services.platform.crypto import Encryptor
from services.ports import Clock
from services.store.absence_feeds import AbsenceFeedStore
from services.store.absences import AbsenceStore
from services.store.account_checks import AccountCheckStore
from services.store.accounts import AccountStore
from services.store.agents import AgentStore
from services.store.asked_photos import AskedPhotoStore
from services.store.awaited import AwaitedStore
from services.store.budgets import BudgetStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.deactivated import DeactivatedStore
from services.store.digests import DigestStore
from services.store.due import DueStore, ProfileStateStore
from services.store.effects import EffectStore
from services.store.emoji import EmojiStore
from services.store.entries import EntryStore
from services.store.events import EventStore
from services.store.export import ExportStore
from services.store.facts import FactStore
from services.store.faults import FaultStore
from services.store.health import HealthStore
from services.store.homes import HomeStore
from services.store.keeper import KeeperStore, Refusals
from services.store.kept import KeptStore
from services.store.leave import LeaveStore
from services.store.leavers import LeaverStore
from services.store.measures import MeasureStore
from services.store.members import MemberStore
from services.store.oauth_states import OAuthStateStore
from services.store.overrides import DeliveryStore, OverrideStore
from services.store.people import PeopleStore
from services.store.person_rows import NoticeStore
from services.store.pictures import PictureStore
from services.store.policies import PolicyStore
from services.store.preferences import LineStore, PreferenceStore
from services.store.replies import ReplyStore
from services.store.retention import RetentionStore
from services.store.team_hooks import TeamHookStore
from services.store.timeline import AuditStore
from services.store.tokens import TokenStore
from services.store.undos import UndoStore
from services.store.watches import HookStore, InboxStore, WatchStore
from services.store.workspace_numbers import NumberStore
from services.store.workspaces import WorkspaceStore
from services.store.write_queue import WriteQueue


class Stores:
    """All stores over one database, sealing with `encryptor`, by what they hold."""

    def __init__(self, database: Database, encryptor: Encryptor, clock: Clock) -> None:
        self.database, self.encryptor = database, encryptor
        self.notices = NoticeStore(database, clock)
        self.writes = AuditStore(database, encryptor)
        events, profile_states = EventStore(database, encryptor), ProfileStateStore(encryptor)
        self.people = PeopleStore(
            database, encryptor, notices=self.notices, profile_states=profile_states, events=events
        )
        self.preferences = PreferenceStore(database)
        self.lines = LineStore(database, encryptor)
        self.overrides = OverrideStore(database, encryptor)
        self.undos = UndoStore(database, encryptor)
        self.absences = AbsenceStore(database, encryptor)
        self.calendars = CalendarStore(database, encryptor, events, self.notices)
        self.watches = WatchStore(database, encryptor)
        self.hooks = HookStore(database, encryptor)
        self.inbox = InboxStore(database, encryptor)
        self.pictures = PictureStore(database, encryptor)
        self.accounts = AccountStore(database, encryptor, self.notices)
        self.oauth_states = OAuthStateStore(database, encryptor)
        self.workspaces = WorkspaceStore(database, encryptor)
        self.policies = PolicyStore(database)
        self.numbers = NumberStore(database)
        self.tokens = TokenStore(database, encryptor, self.notices)
        self.leavers = LeaverStore(database, encryptor)
        self.deliveries = DeliveryStore(database)
        self.facts = FactStore(database, encryptor, events)
        self.due = DueStore(database, encryptor, self.facts)
        self.write_queue = WriteQueue(database, encryptor, self.notices, self.writes)
        self.budgets = BudgetStore(database, encryptor)
        self.homes = HomeStore(database, encryptor)
        self.emoji = EmojiStore(database)
        self.members = MemberStore(database, encryptor)
        self.keepers = KeeperStore(database, encryptor, notices=self.notices, members=self.members)
        self.kept = KeptStore(database, encryptor)
        self.refusals = Refusals(database, encryptor)
        self.leave = LeaveStore(database, encryptor, events, self.members)
        self.team_hooks = TeamHookStore(database, encryptor, events)
        self.digests = DigestStore(database, self.notices)
        self.feeds = AbsenceFeedStore(database)
        self.agents = AgentStore(database, encryptor)
        self.awaited = AwaitedStore(database, encryptor)
        self.asked_photos = AskedPhotoStore(database, encryptor)
        self.entries = EntryStore(database, encryptor, self.notices)
        self.replies = ReplyStore(database, encryptor)
        self.effects = EffectStore(database, encryptor, self.notices, self.writes)
        self.deactivated = DeactivatedStore(database, encryptor, self.notices)
        self.account_checks = AccountCheckStore(database, encryptor)
        self.retention = RetentionStore(database)
        self.faults = FaultStore(database, encryptor, self.notices, clock)
        self.health = HealthStore(database, encryptor)
        self.measures = MeasureStore(database)
        self.export = ExportStore(self)

    @classmethod
    def at(cls, database_url: str, keys: Sequence[str], clock: Clock) -> Stores:
        """Return all of them over one database, sealing with `keys`, newest first.

        Raises SettingsError for wrong keys.
        """
        return cls(Database(database_url), Encryptor(keys), clock)

    async def __aenter__(self) -> Stores:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.database.close()
