"""The Slack handlers put together: a local Slack on loopback that sends signed requests to the real listeners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer

import handlers
from emulators.slack.state import ViewState
from handlers.errors import Errors
from handlers.slack.commands import Commands
from handlers.slack.context import Services
from handlers.slack.digests import DigestForms
from handlers.slack.events import Events
from handlers.slack.home import HomeButtons, HomeTab
from handlers.slack.intake import Authorize, Intake, bolt_app
from handlers.slack.keys import KeyForms
from handlers.slack.lines import ListForms
from handlers.slack.mentions import Mentions
from handlers.slack.modals import Modals
from handlers.slack.workspace import WorkspaceForms, WorkspaceParts
from handlers.web.application import Signatures, application
from services.access.admins import Admins
from services.calendars.accounts import ProviderCleanup
from services.calendars.connections import Connections
from services.calendars.entries import OwnCalendars
from services.calendars.oauth_flow import OAuthFlow
from services.domain.model import Override, PersonKey
from services.platform.addresses import AddressRules
from services.platform.crypto import Encryptor
from services.platform.locale import default_texts, say
from services.platform.metrics import Metrics
from services.slack.conversations import SlackConversations
from services.slack.members import SlackMembers
from services.slack.messages import SlackMessages, SlackViews
from services.slack.oauth import SlackAuthority
from services.store.absence_feeds import AbsenceFeedStore
from services.store.absences import AbsenceStore
from services.store.account_checks import AccountCheckStore
from services.store.accounts import AccountStore
from services.store.agents import AgentStore
from services.store.awaited import AwaitedStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.deactivated import DeactivatedStore
from services.store.digests import DigestStore
from services.store.entries import EntryStore
from services.store.leave import LeaveStore
from services.store.leavers import LeaverStore
from services.store.oauth_states import OAuthStateStore
from services.store.overrides import DeliveryStore, OverrideStore
from services.store.people import PeopleStore
from services.store.policies import PolicyStore
from services.store.preferences import LineStore, PreferenceStore
from services.store.team_hooks import TeamHookStore
from services.store.undos import UndoStore
from services.store.workspace_numbers import NumberStore
from services.store.workspaces import WorkspaceStore
from services.usecases.agents import AgentKeys
from services.usecases.deactivated import Deactivated
from services.usecases.digests import Digests
from services.usecases.emoji import EmojiSearch
from services.usecases.feeds import AbsenceFeeds
from services.usecases.grants import Permissions
from services.usecases.keeper import Keeping
from services.usecases.leave import LeaveCalendars
from services.usecases.leave_matcher import LeaveMatcher
from services.usecases.members import Members
from services.usecases.offboarding import Offboarding
from services.usecases.own_photo import OwnPhotos
from services.usecases.own_profile import OwnProfiles
from services.usecases.people import People, PersonalSettings
from services.usecases.profile_reading import ProfileReading
from services.usecases.status_reader import StatusReader
from services.usecases.statuses import Statuses
from services.usecases.team_hooks import TeamHooks
from services.usecases.teller import Teller
from services.usecases.undo import Undos
from services.usecases.who import WhoIsAway
from services.usecases.workspace import WorkspacePolicy
from tests.support import blockkit, quick_bolt  # noqa: F401 - for what it does to Bolt
from tests.support.account_doubles import KeptAccounts, KeptHooks
from tests.support.clocks import ManualClock
from tests.support.engine import TEAM, RunningEngine, open_engine
from tests.support.faults import UNASKED
from tests.support.replica import Replica
from tests.support.slack_files import KeptFiles, KeptSentFiles

ANN = "U0ANN00001"
BEN = "U0BEN00001"
PATIENCE = 0.3
"""Seconds that a form waits for another server; in earnest it is longer."""


@dataclass
class SteppedApp:
    """The handlers and use cases over an engine that goes a step when it is told to."""

    engine: RunningEngine
    replica: Replica
    clock: ManualClock
    surface: Services
    commands: Commands
    tab: HomeTab
    overrides: OverrideStore
    preferences: PreferenceStore
    lines: LineStore
    people: People
    leaving: Offboarding
    ann: PersonKey
    accounts: KeptAccounts

    async def quo(self, text: str = "", user: str = ANN) -> dict[str, Any]:
        """Type `/quo`: the answer; empty where a form opened."""
        return await self.type("/quo", text, user)

    async def ooo(self, text: str = "", user: str = ANN) -> dict[str, Any]:
        """Type `/ooo`."""
        return await self.type("/ooo", text, user)

    async def type(self, command: str, text: str, user: str = ANN) -> dict[str, Any]:
        answer = await self.engine.slack.people.command(user, command, text)
        assert answer.status == 200, (answer.status, answer.body)
        said = answer.json() or {}
        if said:
            blockkit.check_message(said)
        return said

    async def standing(self, key: PersonKey | None = None) -> list[Override]:
        """The overrides that run or are to come."""
        return await self.overrides.standing(key or self.ann, self.clock.now())

    async def only(self) -> Override:
        """The one override there is."""
        (found,) = await self.standing()
        return found

    async def shows(self, user: str = ANN) -> tuple[str, str, int]:
        """What the profile shows once everything due has been done."""
        await self.settle()
        return self.engine.status(user)

    async def settle(self) -> None:
        """Do all that is due once Slack has told of all that happened there: decide, and write."""
        while self.engine.slack.busy or self.engine.slack.deliveries.pending:
            await asyncio.sleep(0.002)  # sockets go on meanwhile
        await self.replica.tick()
        await self.replica.sender.drain()

    def modal(self, user: str = ANN) -> ViewState:
        """The modal on top."""
        return self.engine.slack.modals[user][-1]

    def message(self, user: str = ANN) -> Any:
        """The last message that only this person sees."""
        return [one for one in self.engine.slack.messages if one.only_for == user][-1]

    async def submit(self, values: dict[str, Any], user: str = ANN) -> dict[str, Any]:
        """Submit the modal on top; `values` is block id → (action id, what is in it)."""
        state = {block: {action: element} for block, (action, element) in values.items()}
        answer = await self.engine.slack.people.submit(user, self.modal(user).view_id, state)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json() or {}

    async def click_message(self, action_id: str, user: str = ANN) -> None:
        """Click a button of the last answer."""
        message = self.message(user)
        button = next(one for one in elements(message.blocks) if one.get("action_id") == action_id)
        answer = await self.engine.slack.people.click_in_message(user, message.ts, {**button})
        assert answer.status == 200, (answer.status, answer.body)

    async def click_home(self, action_id: str, value: str = "", user: str = ANN) -> None:
        """Click a button of the published Home tab, or choose `value` in its menu."""
        await self.click_view(self.engine.slack.homes[user], action_id, value, user)

    async def click_view(self, view: ViewState, action_id: str, value: str = "", user: str = ANN) -> None:
        """Click a button of a view, or choose `value` in its menu."""
        found = next(one for one in elements(view.view["blocks"]) if one.get("action_id") == action_id)
        action = {key: found[key] for key in ("type", "action_id", "value") if key in found}
        if value:
            action["selected_option"] = next(one for one in found["options"] if one["value"] == value)
        answer = await self.engine.slack.people.click_in_view(user, view.view_id, action)
        assert answer.status == 200, (answer.status, answer.body)

    async def publish_home(self, user: str = ANN) -> dict[str, Any]:
        """Publish the Home tab as the sender would; the view."""
        view = await self.tab.home(PersonKey(TEAM, user))
        client = self.replica.clients.client(self.engine.slack.install(TEAM).value)
        await client.views_publish(user_id=user, view=view)
        return view


def elements(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything clickable in blocks."""
    found = []
    for block in blocks:
        found += block.get("elements", []) if block["type"] == "actions" else []
        found += [block["accessory"]] if "accessory" in block else []
        found += [block["element"]] if "element" in block else []
    return found


def text_of(answer: dict[str, Any]) -> str:
    """Everything that an answer or a view says."""
    return json.dumps(answer.get("blocks", answer), ensure_ascii=False)


def _leave(
    replica: Replica, connections: Connections, accounts: KeptAccounts, policies: WorkspacePolicy
) -> LeaveCalendars:
    """The leave calendars of the workspace; there are none."""
    database, encryptor, clock = replica.database, replica.encryptor, replica.clock
    wake_signal = connections.wake_signal
    leave = LeaveStore(database, encryptor, replica.events, replica.members)
    hooks = TeamHooks(
        TeamHookStore(database, encryptor, replica.events), leave, replica.members, policies, LeaveMatcher(),
        encryptor, clock, wake_signal, "https://quo.example",
    )  # fmt: skip
    return LeaveCalendars(leave, replica.members, connections, accounts, hooks, clock, wake_signal)


@asynccontextmanager
async def open_stepped_app(
    database: Database, encryptor: Encryptor, clock: ManualClock, *, zone: str = "Europe/Berlin", locale: str = "en-GB",
    granted: bool = True, known: bool = True,
) -> AsyncIterator[SteppedApp]:  # fmt: skip
    """Ann, in a workspace of a local Slack, with the app behind it. `known`: she has used it before."""
    async with open_engine(database, encryptor, clock) as engine:
        engine.slack.add_workspace(TEAM)
        engine.slack.add_person(ANN, "ann", team_id=TEAM, tz=zone, locale=locale)
        engine.slack.add_person(BEN, "ben", team_id=TEAM, tz=zone, locale=locale)
        ben = await engine.person(BEN, granted=True, zone=zone, locale=locale)
        ann = PersonKey(ben.team_id, ANN)
        if known:
            await engine.person(ANN, granted=granted, zone=zone, locale=locale)
        replica = engine.replica()
        wake_signal = replica.engine.wake_signal
        clients = replica.clients
        store = PeopleStore(
            database, encryptor, notices=replica.notices, profile_states=replica.profile_states, events=replica.events
        )  # fmt: skip
        workspaces = WorkspaceStore(database, encryptor)
        authority = SlackAuthority(clients, "111.222", "local-client-secret")
        absences = AbsenceStore(database, replica.encryptor)
        accounts, cleanup = AccountStore(database, encryptor, replica.notices), ProviderCleanup({}, {}, clock)
        leaving = Offboarding(
            store, workspaces, authority, leavers=LeaverStore(database, encryptor), accounts=accounts, cleanup=cleanup,
            teller=Teller(workspaces, SlackMessages(clients)), say=say, clock=clock, wake_signal=wake_signal,
        )  # fmt: skip
        people = People(
            store, effects=replica.effects, workspaces=workspaces, states=OAuthStateStore(database, encryptor),
            authority=authority, leaving=leaving,
            clock=clock, wake_signal=wake_signal, base_url="https://quo.example",
        )  # fmt: skip
        overrides, preferences = OverrideStore(database, encryptor), PreferenceStore(database)
        lines = LineStore(database, encryptor)
        reader = StatusReader(
            replica.facts,
            overrides,
            absences,
            replica.writes,
            replica.effects,
            replica.kept,
            default_texts=default_texts,
            clock=clock,
        )
        connections = Connections(
            CalendarStore(database, encryptor, replica.events, replica.notices), AddressRules(), clock, wake_signal,
            accounts=accounts, cleanup=cleanup,
        )  # fmt: skip
        kept = KeptAccounts()
        undos = Undos(
            UndoStore(database, encryptor), lines, preferences, overrides, kept, connections, clock, wake_signal
        )
        statuses = Statuses(overrides, preferences, reader, undos.store, clock, wake_signal)
        policies = WorkspacePolicy(PolicyStore(database), NumberStore(database), clock, wake_signal)
        settings = PersonalSettings(preferences, lines, policies, undos.store, clock, wake_signal)
        emoji = EmojiSearch(replica.emoji, workspaces, clock, wake_signal)
        permissions = Permissions(
            store, lines, overrides, replica.effects, workspaces, policies.store, authority, clock, "https://quo.example",
            can_install=True,
        )  # fmt: skip
        conversations, admins = SlackConversations(clients), Admins(workspaces, store, SlackMembers(clients))
        digests = Digests(
            DigestStore(database, replica.notices), workspaces, conversations, policies, admins, clock, wake_signal
        )
        surface = Services(
            statuses=statuses, reader=reader, settings=settings, people=people, permissions=permissions, undos=undos,
            admins=admins, policies=policies, keeping=Keeping(
            replica.keepers, replica.kept, replica.refusals, replica.members, store,
            OAuthStateStore(database, encryptor), admins, policies, encryptor, clock, wake_signal, "https://quo.example",
        ), calendars=connections,
            accounts=kept, hooks=KeptHooks(),
            own=OwnCalendars(
                EntryStore(database, encryptor, replica.notices), accounts,
                OAuthFlow({}, encryptor, OAuthStateStore(database, encryptor), clock, "https://quo.example", accounts,
                          UNASKED),
                {}, clock, wake_signal,
            ),
            emoji=emoji, sent=KeptSentFiles(), clock=clock,
            digests=digests,
            who=WhoIsAway(absences, workspaces, SlackMembers(clients), SlackConversations(clients), clock),
            feeds=AbsenceFeeds(
                AbsenceFeedStore(database), absences, workspaces, digests, conversations, SlackMembers(clients), clock,
                "https://quo.example",
            ),
            leave=_leave(replica, connections, kept, policies),
            keys=AgentKeys(AgentStore(database, encryptor), policies, clock),
            photos=OwnPhotos(replica.asked_photos, store, replica.picture_reader, clock, wake_signal),
            profile=OwnProfiles(
                statuses, AwaitedStore(database, encryptor), store,
                ProfileReading(
                    store, workspaces, replica.profiles, SlackMembers(clients), refresh=replica.tokens.refresh,
                    clock=clock,
                ),
                audit=replica.writes, emoji=emoji, clock=clock,
            ),
        )  # fmt: skip
        parts = WorkspaceParts(surface)
        tab = HomeTab(surface, parts)
        digest_forms = DigestForms(surface, tab)
        commands = Commands(surface, digest_forms, Teller(workspaces, SlackMessages(clients)))
        errors = Errors(say, people, SlackViews(clients), SlackMessages(clients))
        bolt = bolt_app(Authorize(workspaces), errors, clients.client(), not_installed="Not installed.")
        home = HomeButtons(surface, tab)
        handlers.register(
            bolt, commands=commands, home=home, modals=Modals(surface, patience=PATIENCE),
            lists=ListForms(surface, tab, commands.teller),
            more=[
                digest_forms.register, WorkspaceForms(surface, parts).register,
                KeyForms(surface, tab, "https://quo.example").register,
            ],
            events=Events(people, leaving, emoji, Deactivated(
                DeactivatedStore(database, encryptor, replica.notices), AccountCheckStore(database, encryptor), store,
                workspaces, leaving.slack, accounts=leaving.accounts, cleanup=leaving.cleanup, clock=clock,
                wake_signal=wake_signal,
            )),
            files=handlers.FileMessages(
                surface, KeptFiles(), commands.teller, DeliveryStore(database)
            ),
        )  # fmt: skip
        metrics = Metrics()
        members = Members(replica.members, replica.kept, clock, wake_signal)
        intake = Intake(
            bolt, DeliveryStore(database), people, members, Mentions(None), errors=errors, clock=clock,
            metrics=metrics,
        )  # fmt: skip
        signatures = Signatures(engine.slack.app.signing_secret, clock)
        web = application([], errors=errors, metrics=metrics, signatures=signatures, intake=intake)
        async with TestServer(web, host="127.0.0.1") as server:
            engine.slack.app.request_url = str(server.make_url("/slack/events"))
            yield SteppedApp(
                engine, replica, clock, surface, commands, tab, overrides, preferences, lines, people, leaving, ann,
                kept,
            )  # fmt: skip
            await surface.background.close()


def local(at: datetime, zone: str = "Europe/Berlin") -> str:
    """An instant as a wall clock in `zone` shows it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
