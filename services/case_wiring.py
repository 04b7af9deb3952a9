"""What people ask for, put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.adapters import Adapters
from services.agent_wiring import AgentCases, agent_cases
from services.calendars.wiring import Calendars
from services.engine.notifications import Teller
from services.platform import locale
from services.usecases.deactivated import Deactivated
from services.usecases.emoji import EmojiSearch
from services.usecases.grants import Permissions
from services.usecases.offboarding import Offboarding
from services.usecases.people import People, PersonalSettings
from services.usecases.sent_files import SentFiles
from services.usecases.statuses import Statuses, StatusReader
from services.usecases.undo import Undos
from services.workspace_wiring import WorkspaceCases, workspace_cases


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


def use_cases(of: Adapters, calendars: Calendars) -> UseCases:
    """All of it."""
    clock, wake_signal, stores = of.clock, of.wake_signal, of.stores
    teller = Teller(stores.workspaces, of.slack.messages)
    leaving = Offboarding(
        stores.people, stores.workspaces, of.slack.authority, leavers=stores.leavers, accounts=stores.accounts,
        cleanup=calendars.cleanup, teller=teller, say=locale.say, clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    people = People(
        stores.people, effects=stores.effects, workspaces=stores.workspaces, states=stores.oauth_states,
        authority=of.slack.authority, leaving=leaving, clock=clock, wake_signal=wake_signal,
        base_url=of.config.base_url,
    )  # fmt: skip
    deactivated = Deactivated(
        stores.deactivated, stores.people, of.slack.authority, leaving=leaving, accounts=stores.accounts,
        cleanup=calendars.cleanup, clock=clock, wake_signal=wake_signal,
        kept=timedelta(days=of.config.deactivated_kept_days),
    )  # fmt: skip
    reader = StatusReader(
        stores.facts,
        stores.overrides,
        stores.absences,
        stores.writes,
        stores.effects,
        default_texts=locale.default_texts,
        clock=clock,
    )
    undos = Undos(
        stores.undos, stores.lines, stores.preferences, stores.overrides, calendars.accounts, calendars.connections,
        clock, wake_signal,
    )  # fmt: skip
    statuses = Statuses(stores.overrides, stores.preferences, reader, undos, clock, wake_signal)
    workspace = workspace_cases(of, calendars)
    settings = PersonalSettings(stores.preferences, stores.lines, workspace.policies, undos, clock, wake_signal)
    permissions = Permissions(
        stores.people, stores.lines, stores.overrides, stores.effects, stores.workspaces, stores.policies,
        of.slack.authority, clock, of.config.base_url, can_install=bool(of.config.slack_client_id),
        replies_allowed=of.config.replies_allowed,
    )  # fmt: skip
    sent = SentFiles(calendars.slack_files, stores.workspaces, stores.pictures, of.pictures, settings, clock)
    emoji = EmojiSearch(stores.emoji, stores.workspaces, clock, wake_signal)
    return UseCases(
        people, statuses, reader, settings, permissions, undos, leaving, deactivated, teller, sent, emoji, workspace,
        agent_cases(of, workspace.policies, statuses, emoji),
    )  # fmt: skip
