"""One process' worth of the app's engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from services.domain.model import PersonKey
from services.domain.policy import Policy
from services.engine.carriers import PhotoCarrier, PresenceCarrier, SnoozeCarrier
from services.engine.digests import DigestSender
from services.engine.due import Engine, LoopWakeSignal
from services.engine.effects import EffectSender
from services.engine.emoji import EmojiReading, UnknownEmoji
from services.engine.faults import TokenFaults
from services.engine.keeper import KeeperSender
from services.engine.kept_writer import KeptWriter
from services.engine.leases import Leases, OneProcess
from services.engine.members import MemberReading
from services.engine.notifications import HomePublisher, Links, NoticeSender
from services.engine.outage import OutageWatch
from services.engine.profile_writer import ProfileWriter
from services.engine.resolve import Reconciler, Timelines
from services.engine.sender import Sender
from services.engine.tokens import TokenRefresh
from services.engine.workspaces import OwnedWorkspaces
from services.pictures.reader import PictureReader
from services.platform.addresses import AddressRules
from services.platform.crypto import Encryptor
from services.platform.metrics import Metrics
from services.platform.net import GuardedClient
from services.ports import Clock
from services.slack.client import SlackClients
from services.slack.conversations import SlackConversations
from services.slack.emoji import SlackEmoji
from services.slack.keeper import KeeperProfiles
from services.slack.limits import LIMITS, Budget
from services.slack.members import SlackMembers
from services.slack.messages import SlackMessages, SlackViews
from services.slack.oauth import SlackAuthority
from services.slack.photos import SlackPhotos
from services.slack.presence import SlackPresence
from services.slack.profile import SlackProfiles
from services.store.absences import AbsenceStore
from services.store.asked_photos import AskedPhotoStore
from services.store.budgets import BudgetStore
from services.store.db import Database
from services.store.digests import DigestStore
from services.store.due import DueStore, ProfileStateStore
from services.store.effects import EffectStore
from services.store.emoji import EmojiStore
from services.store.events import EventStore
from services.store.facts import FactStore
from services.store.faults import FaultStore
from services.store.homes import HomeStore
from services.store.keeper import KeeperStore, Refusals
from services.store.kept import KeptStore
from services.store.members import MemberStore
from services.store.people import PeopleStore
from services.store.person_rows import NoticeStore
from services.store.pictures import PictureStore
from services.store.policies import PolicyStore
from services.store.timeline import AuditStore
from services.store.tokens import TokenStore
from services.store.write_queue import WriteQueue


class PlainHome:
    """Renders a Home tab that counts how often it was made."""

    def __init__(self) -> None:
        self.made = 0
        self.text = "Home"

    async def home(self, key: PersonKey) -> dict[str, Any]:
        self.made += 1
        section = {"type": "section", "text": {"type": "plain_text", "text": f"{self.text} of {key.user_id}"}}
        return {"type": "home", "blocks": [section]}


def say(locale: str, message: str, **facts: object) -> str:
    return message.format(**facts) if facts else message


@dataclass
class Replica:
    """One process' worth of the app's engine, on a database that it may share."""

    database: Database
    encryptor: Encryptor
    clock: Clock
    api_url: str
    leases: Leases = field(default_factory=OneProcess)
    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    person_limit: int = 9
    seconds: float = 5.0
    at_once: int = 8
    look: float = 0.5  # every look costs, on PostgreSQL most: what a test changes rings
    after_statuses: float = 0.0
    poll: float = 0.3
    client_id: str = "111.222"
    client_secret: str = "local-client-secret"
    policy: Policy = field(default_factory=Policy)
    keeper_allowed: bool = True
    lost: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients = SlackClients(self.api_url, seconds=self.seconds)
        self.home = PlainHome()
        self.notices = NoticeStore(self.database, self.clock)
        self.writes = AuditStore(self.database, self.encryptor)
        self.profile_states = ProfileStateStore(self.encryptor)
        self.events = EventStore(self.database, self.encryptor)
        self.facts = FactStore(self.database, self.encryptor, self.events)
        self.homes = HomeStore(self.database, self.encryptor)
        self.queue = WriteQueue(self.database, self.encryptor, self.notices, self.writes)
        self.due = DueStore(self.database, self.encryptor, self.facts)
        self.faults = FaultStore(self.database, self.encryptor, self.notices, self.clock)
        self.authority = SlackAuthority(self.clients, self.client_id, self.client_secret)
        self.tokens = TokenRefresh(
            TokenStore(self.database, self.encryptor, self.notices),
            self.authority,
            self.clock,
            self.faults,
        )
        self.metrics, self.wake_signal = Metrics(), LoopWakeSignal()
        self.emoji = EmojiStore(self.database)
        self.budgets = BudgetStore(self.database, self.encryptor)
        self.database.sender = self.leases.tell
        self.workspaces = OwnedWorkspaces(self.leases, self.budgets, self.clock, new_budget=self._budget)
        self.token_faults = TokenFaults(
            self.faults, self.authority, self.workspaces, self.budgets.bot_tokens, self.clock, self.wake_signal
        )
        self.workspaces.judge_bot = self.token_faults.bot_judged
        self.writer = ProfileWriter(
            SlackProfiles(self.clients), self.queue, self.clock, self.tokens.refresh, self.metrics,
            unknown_emoji=UnknownEmoji(self.emoji, self.clock), judge=self.token_faults.judged,
            wake_signal=self.wake_signal,
        )  # fmt: skip
        self.emoji_reading = EmojiReading(
            self.emoji, self.workspaces, SlackEmoji(self.clients), self.clock
        )  # fmt: skip
        self.back: list[PersonKey] = []
        self.members = MemberStore(self.database, self.encryptor)
        self.member_reading = MemberReading(
            self.members, self.workspaces, SlackMembers(self.clients), self.clock, self._came_back
        )
        links = Links(
            grant=self._grant_link, home=self._home_link, calendar=self._calendar, account=self._account
        )  # fmt: skip
        messages, views = SlackMessages(self.clients), SlackViews(self.clients)
        self.presence, self.profiles = SlackPresence(self.clients), SlackProfiles(self.clients)
        self.effects = EffectStore(self.database, self.encryptor, self.notices, self.writes)
        self.pictures, self.picture_reader = PictureStore(self.database, self.encryptor), PictureReader()
        self.asked_photos = AskedPhotoStore(self.database, self.encryptor)
        self.near = GuardedClient(AddressRules(private=True))
        photos = SlackPhotos(self.clients, self.near, self.near, self.api_url)
        carriers = (
            SnoozeCarrier(self.presence, self.clock),
            PresenceCarrier(self.presence, self.clock),
            PhotoCarrier(photos, self.pictures, self.picture_reader, self.clock, asked=self.asked_photos),
        )
        self.effect_senders = [
            EffectSender(
                carrier, self.effects, self.workspaces, profiles=self.profiles, refresh=self.tokens.refresh,
                judge=self.token_faults.judged, clock=self.clock, after=self.after_statuses,
            )
            for carrier in carriers
        ]  # fmt: skip
        self.people = PeopleStore(
            self.database, self.encryptor, notices=self.notices, profile_states=self.profile_states, events=self.events
        )
        self.keepers = KeeperStore(self.database, self.encryptor, notices=self.notices, members=self.members)
        self.kept, self.refusals = KeptStore(self.database, self.encryptor), Refusals(self.database, self.encryptor)
        self.kept_profiles, self.roles = KeeperProfiles(self.clients), SlackMembers(self.clients)
        self.kept_writer = KeptWriter(
            self.kept, self.keepers, slack=self.kept_profiles, profiles=self.profiles, roles=self.roles,
            members=self.members, people=self.people, refresh=self.tokens.refresh,
            judge=self.token_faults.judged, unknown_emoji=UnknownEmoji(self.emoji, self.clock), clock=self.clock,
        )  # fmt: skip
        self.keeper = KeeperSender(
            self.kept_writer, self.kept, self.keepers, self.workspaces, policy_of=self._policy,
            clock=self.clock, allowed=self.keeper_allowed,
        )  # fmt: skip
        self.digests = DigestStore(self.database, self.notices)
        digests = DigestSender(
            self.digests, AbsenceStore(self.database, self.encryptor), PolicyStore(self.database),
            self.workspaces, conversations=SlackConversations(self.clients), messages=messages, clock=self.clock,
        )  # fmt: skip
        self.chores = (
            OutageWatch(self.clients, self.queue, self.clock),
            self.keeper,
            digests,
            *self.effect_senders,
            NoticeSender(self.notices, self.workspaces, messages, links=links, say=say, clock=self.clock),
            HomePublisher(self.homes, self.workspaces, self.home, views, self.clock),
        )
        self.sender = Sender(
            self.queue, self.writer, self.workspaces, chores=self.chores, leases=self.leases, clock=self.clock,
            at_once=self.at_once, look=self.look,
        )  # fmt: skip
        self.token_faults.wake = partial(self.sender.wake, typed=False)
        self.reconciler = Reconciler(self.due, self.clock)
        self.typed, self.timelines = (Timelines(self.due, self.clock, typed=typed) for typed in (True, False))
        self.engine = Engine(
            (
                self.typed,
                self.reconciler,
                self.timelines,
                self.tokens,
                self.emoji_reading,
                self.member_reading,
                self.token_faults,
            ),
            self.sender,
            self.clock,
            wake_signal=self.wake_signal,
            poll=self.poll,
            pace=0.0,
        )

    async def start(self) -> None:
        await self.engine.start()

    async def stop(self) -> None:
        await self.engine.stop()
        await self.picture_reader.close()
        await self.near.close()
        await self.clients.close()

    async def tick(self) -> None:
        """Take up all that is due now, without the engine's loops."""
        worked = True
        while worked:
            worked = False
            for work in (self.typed, self.reconciler, self.timelines):
                due = await work.next_due()
                worked |= due is not None and due <= self.clock.now() and bool((await work.run_due()).done)

    def _budget(self) -> Budget:
        return Budget(limits=dict(self.limits), person_limit=self.person_limit)

    async def _came_back(self, key: PersonKey, at: datetime) -> None:
        self.back.append(key)

    async def _policy(self, team_id: str) -> Policy:
        return self.policy

    async def _grant_link(self, key: PersonKey) -> str:
        return f"https://app.example/grant/{key.user_id}"

    async def _home_link(self, key: PersonKey) -> str:
        return "https://app.example/home"

    async def _calendar(self, key: PersonKey, calendar_id: str) -> tuple[str, str] | None:
        return ("Work", "CalendarGoneError")

    async def _account(self, key: PersonKey, account_id: str) -> tuple[str, str, str, str] | None:
        return self.lost.get(account_id)
