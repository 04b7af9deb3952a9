"""What a workspace has as a whole, put together: members and who of them is out, policy, leave, keeper, digests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from slack_bolt.app.async_app import AsyncApp

import handlers
from services.adapters import Adapters
from services.calendars.wiring import Calendars
from services.domain.model import PersonKey
from services.engine.digests import DigestSender
from services.engine.emoji import UnknownEmoji
from services.engine.failures import Judge
from services.engine.keeper import KeeperSender
from services.engine.kept_writer import KeptWriter
from services.engine.leave import LeaveMatching
from services.engine.members import MemberReading
from services.engine.sender import Chore
from services.engine.workspaces import OwnedWorkspaces
from services.platform import locale
from services.ports import DueWork
from services.slack.keeper import KeeperProfiles
from services.usecases.admins import Admins
from services.usecases.digests import Digests
from services.usecases.feeds import AbsenceFeeds
from services.usecases.grants import Start
from services.usecases.identity import Introductions
from services.usecases.keeper import Keeping
from services.usecases.leave import LeaveCalendars
from services.usecases.leave_matcher import LeaveMatcher
from services.usecases.members import Members
from services.usecases.team_hooks import TeamHooks
from services.usecases.who import WhoIsAway
from services.usecases.workspace import OperatorAllows, WorkspacePolicy

Bind = Callable[[AsyncApp], None]
"""Binds listeners to Bolt's app."""


@dataclass(frozen=True, slots=True)
class WorkspaceCases:
    """What people and events ask for."""

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
class WorkspaceEngine:
    """What of it runs when: due work, and chores of the sender."""

    work: tuple[DueWork, ...]
    chores: tuple[Chore, ...]


def workspace_cases(of: Adapters, calendars: Calendars) -> WorkspaceCases:
    """The use cases."""
    stores, clock, wake_signal, config = of.stores, of.clock, of.wake_signal, of.config
    operator = OperatorAllows(config.replies_allowed, config.keeper_allowed, config.agents_allowed)
    matcher = LeaveMatcher()
    admins = Admins(stores.workspaces, stores.people, of.slack.members)
    policies = WorkspacePolicy(stores.policies, stores.numbers, clock, wake_signal, operator)
    digests = Digests(stores.digests, stores.workspaces, of.slack.conversations, policies, admins, clock, wake_signal)
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
        stores.feeds, stores.absences, stores.workspaces, digests=digests, conversations=of.slack.conversations,
        slack_members=of.slack.members, clock=clock, base_url=config.base_url,
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
        who=WhoIsAway(stores.absences, stores.workspaces, of.slack.members, of.slack.conversations, clock),
    )


def workspace_listeners(
    of: Adapters, cases: WorkspaceCases, shared: handlers.Services
) -> tuple[handlers.WorkspaceParts, tuple[Bind, ...]]:
    """What the admins of a workspace see, and what binds the listeners of its parts.

    A part adds what reads its section to `read`, in the order of the form, and what binds its buttons to the listeners.
    """
    read: tuple[handlers.ReadSection, ...] = (
        partial(handlers.read_leave, shared),
        partial(handlers.read_keeper, shared),
        partial(handlers.read_digests, shared),
        partial(handlers.read_feeds, shared),
    )
    parts = handlers.WorkspaceParts(shared, read)
    forms = handlers.WorkspaceForms(shared, parts)
    feeds = handlers.FeedForms(shared, forms, handlers.HomeTab(shared, parts))
    leave = handlers.LeaveForms(shared, forms, handlers.Modals(shared))
    keeper = handlers.KeeperButtons(shared, forms)
    return parts, (forms.register, leave.register, keeper.register, feeds.register)


def workspace_engine(
    of: Adapters,
    cases: WorkspaceCases,
    workspaces: OwnedWorkspaces,
    *,
    refresh: Callable[[PersonKey], Awaitable[None]],
    judge: Judge,
    unknown_emoji: UnknownEmoji,
) -> WorkspaceEngine:
    """The due work and the chores, in the `workspaces` that this process owns.

    `refresh` renews an expired token; `judge` says what a refusal of one means.
    """
    stores, slack, clock = of.stores, of.slack, of.clock
    members = MemberReading(stores.members, workspaces, slack.members, clock)
    kept = KeptWriter(
        stores.kept, stores.keepers, slack=KeeperProfiles(slack.clients), profiles=slack.profiles, roles=slack.members,
        members=stores.members, people=stores.people, refresh=refresh, judge=judge,
        unknown_emoji=unknown_emoji, clock=clock,
    )  # fmt: skip
    keeper = KeeperSender(
        kept, stores.kept, stores.keepers, workspaces, policy_of=cases.policies.of, clock=clock,
        default_texts=locale.default_texts, allowed=of.config.keeper_allowed,
    )  # fmt: skip
    leave = LeaveMatching(stores.leave, stores.members, cases.policies, cases.matcher, clock)
    digests = DigestSender(
        stores.digests, stores.absences, stores.policies, workspaces, conversations=slack.conversations,
        messages=slack.messages, clock=clock,
    )  # fmt: skip
    return WorkspaceEngine(work=(members, leave), chores=(keeper, digests))


def keeper_page(
    of: Adapters,
    cases: WorkspaceCases,
    browsers: handlers.Browsers,
    grant_link: Callable[[PersonKey], Awaitable[str]],
    identify: Callable[[PersonKey, str, str], Awaitable[Start]],
) -> handlers.KeeperPage:
    """The page on which an admin agrees to be the workspace's keeper."""
    introductions = Introductions(of.stores.workspaces, of.slack.authority)
    return handlers.KeeperPage(
        cases.keeping, introductions, of.stores.workspaces, browsers, locale.say, grant_link=grant_link,
        identify=identify,
    )  # fmt: skip
