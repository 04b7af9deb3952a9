"""What people, admins and agents ask for, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.access.admins import Admins
from services.engine.tokens import TokenRefresh
from services.platform import locale
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
from services.usecases.sent_files import SentFiles
from services.usecases.status_reader import StatusReader
from services.usecases.statuses import Statuses
from services.usecases.team_hooks import TeamHooks
from services.usecases.teller import Teller
from services.usecases.undo import Undos
from services.usecases.who import WhoIsAway
from services.usecases.workspace import OperatorAllows, WorkspacePolicy
from services.wiring.adapters import Adapters
from services.wiring.calendars import Calendars


@dataclass(frozen=True, slots=True)
class WorkspaceCases:
    """What a workspace has as a whole: members and who of them is out, policy, leave, keeper, digests, feeds."""

    digests: Digests
    feeds: AbsenceFeeds
    members: Members
    admins: Admins
    policies: WorkspacePolicy
    keeping: Keeping
    leave: LeaveCalendars
    matcher: LeaveMatcher
    who: WhoIsAway
    closing: tuple[Callable[[], Awaitable[None]], ...]
    """To be called in this order when the program ends."""


@dataclass(frozen=True, slots=True)
class AgentCases:
    """What agents can have done beside what people type: their keys, and the profile and photo of their person."""

    keys: AgentKeys
    profile: OwnProfiles
    photos: OwnPhotos


@dataclass(frozen=True, slots=True)
class UseCases:
    """What people ask for."""

    people: People
    statuses: Statuses
    reader: StatusReader
    settings: PersonalSettings
    permissions: Permissions
    undos: Undos
    leaving: Offboarding
    deactivated: Deactivated
    teller: Teller
    sent: SentFiles
    emoji: EmojiSearch
    workspace: WorkspaceCases
    agents: AgentCases
    tokens: TokenRefresh
    """Renewed when they are due, and for whoever meets one that has expired."""


def use_cases(adapters: Adapters, calendars: Calendars) -> UseCases:
    """Return all of it."""
    clock, wake_signal, stores = adapters.clock, adapters.wake_signal, adapters.stores
    teller = Teller(stores.workspaces, adapters.slack.messages)
    leaving = Offboarding(
        stores.people, stores.workspaces, adapters.slack.authority, leavers=stores.leavers, accounts=stores.accounts,
        cleanup=calendars.cleanup, teller=teller, say=locale.say, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    people = People(
        stores.people, effects=stores.effects, workspaces=stores.workspaces, states=stores.oauth_states,
        authority=adapters.slack.authority, leaving=leaving, clock=clock, wake_signal=wake_signal,
        base_url=adapters.config.base_url,
    )  # fmt: skip
    deactivated = Deactivated(
        stores.deactivated, stores.account_checks, stores.people, stores.workspaces, adapters.slack.authority,
        accounts=stores.accounts, cleanup=calendars.cleanup, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    reader = StatusReader(
        stores.facts,
        stores.overrides,
        stores.absences,
        stores.writes,
        stores.effects,
        stores.kept,
        default_texts=locale.default_texts,
        clock=clock,
    )
    undos = Undos(
        stores.undos, stores.lines, stores.preferences, stores.overrides, calendars.accounts, calendars.connections,
        clock, wake_signal,
    )  # fmt: skip
    statuses = Statuses(stores.overrides, stores.preferences, reader, stores.undos, clock, wake_signal)
    workspace = _workspace_cases(adapters, calendars)
    settings = PersonalSettings(stores.preferences, stores.lines, workspace.policies, stores.undos, clock, wake_signal)
    permissions = Permissions(
        stores.people, stores.lines, stores.overrides, stores.effects, stores.workspaces, stores.policies,
        adapters.slack.authority, clock, adapters.config.base_url, can_install=bool(adapters.config.slack_client_id),
        replies_allowed=adapters.config.replies_allowed,
    )  # fmt: skip
    sent = SentFiles(calendars.slack_files, stores.workspaces, stores.pictures, adapters.pictures, settings, clock)
    emoji = EmojiSearch(stores.emoji, stores.workspaces, clock, wake_signal)
    tokens = TokenRefresh(stores.tokens, adapters.slack.authority, clock, stores.faults)
    return UseCases(
        people, statuses, reader, settings, permissions, undos, leaving, deactivated, teller, sent, emoji, workspace,
        _agent_cases(adapters, workspace.policies, statuses, emoji, tokens), tokens,
    )  # fmt: skip


def _workspace_cases(adapters: Adapters, calendars: Calendars) -> WorkspaceCases:
    """Return what a workspace has as a whole: members and who of them is out, policy, leave, keeper, digests."""
    stores, clock, wake_signal, config = adapters.stores, adapters.clock, adapters.wake_signal, adapters.config
    operator = OperatorAllows(config.replies_allowed, config.keeper_allowed, config.agents_allowed)
    matcher = LeaveMatcher()
    admins = Admins(stores.workspaces, stores.people, adapters.slack.members)
    policies = WorkspacePolicy(stores.policies, stores.numbers, clock, wake_signal, operator)
    digests = Digests(
        stores.digests, stores.workspaces, adapters.slack.conversations, policies, admins, clock, wake_signal
    )
    hooks = TeamHooks(
        stores.team_hooks, stores.leave, stores.members, policies=policies, matcher=matcher,
        encryptor=stores.encryptor, clock=clock, wake_signal=wake_signal, base_url=config.base_url,
    )  # fmt: skip
    leave = LeaveCalendars(
        stores.leave, stores.members, calendars.connections, calendars.accounts, hooks=hooks, clock=clock,
        wake_signal=wake_signal,
    )  # fmt: skip
    keeping = Keeping(
        stores.keepers, stores.kept, stores.refusals, stores.members, stores.people, states=stores.oauth_states,
        admins=admins, policies=policies, encryptor=stores.encryptor, clock=clock, wake_signal=wake_signal,
        base_url=config.base_url,
    )  # fmt: skip
    feeds = AbsenceFeeds(
        stores.feeds, stores.absences, stores.workspaces, digests=digests, conversations=adapters.slack.conversations,
        slack_members=adapters.slack.members, clock=clock, base_url=config.base_url,
    )  # fmt: skip
    return WorkspaceCases(
        members=Members(stores.members, stores.kept, clock, wake_signal),
        admins=admins,
        policies=policies,
        keeping=keeping,
        leave=leave,
        matcher=matcher,
        closing=(matcher.close,),
        digests=digests,
        feeds=feeds,
        who=WhoIsAway(stores.absences, stores.workspaces, adapters.slack.members, adapters.slack.conversations, clock),
    )


def _agent_cases(
    adapters: Adapters, policies: WorkspacePolicy, statuses: Statuses, emoji: EmojiSearch, tokens: TokenRefresh
) -> AgentCases:
    """`policies`, `statuses`, `emoji` and `tokens` are those of people."""
    clock, stores, slack = adapters.clock, adapters.stores, adapters.slack
    reading = ProfileReading(
        stores.people, stores.workspaces, slack.profiles, slack.members, refresh=tokens.refresh, clock=clock
    )
    profile = OwnProfiles(
        statuses, stores.awaited, stores.people, reading, audit=stores.writes, emoji=emoji, clock=clock
    )
    photos = OwnPhotos(stores.asked_photos, stores.people, adapters.pictures, clock, adapters.wake_signal)
    return AgentCases(AgentKeys(stores.agents, policies, clock), profile, photos)
