"""What runs when, put together: everything that may be due, and the one sender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import handlers
from services.domain.model import PersonKey
from services.engine.account_checks import AccountChecks
from services.engine.carriers import PhotoCarrier, PresenceCarrier, SnoozeCarrier
from services.engine.digests import DigestSender
from services.engine.due import Engine
from services.engine.effects import AFTER_STATUSES, Carrier, EffectSender
from services.engine.emoji import EmojiReading, UnknownEmoji
from services.engine.failures import Judge
from services.engine.faults import TokenFaults
from services.engine.given_bot import GivenBot
from services.engine.keeper import KeeperSender
from services.engine.kept_writer import KeptWriter
from services.engine.leave import LeaveMatching
from services.engine.measuring import Measuring
from services.engine.members import CameBack, MemberReading
from services.engine.notifications import HomePublisher, Links, NoticeSender
from services.engine.outage import OutageWatch
from services.engine.profile_writer import ProfileWriter
from services.engine.replies import ReplySender
from services.engine.resolve import Reconciler, Timelines
from services.engine.retention import Retention
from services.engine.sender import Chore, Sender
from services.engine.workspaces import OwnedWorkspaces
from services.platform import locale
from services.platform.settings import plain
from services.ports import DueWork
from services.slack.emoji import SlackEmoji
from services.slack.keeper import KeeperProfiles
from services.slack.photos import SlackPhotos
from services.store.retention import KeptFor
from services.wiring.adapters import Adapters
from services.wiring.calendars import Calendars
from services.wiring.use_cases import UseCases, WorkspaceCases


@dataclass(frozen=True, slots=True)
class Runs:
    """What runs when, who writes to profiles, those of effects, and what is measured; `bot` is adopted at the start."""

    engine: Engine
    bot: GivenBot
    writer: ProfileWriter
    effects: Sequence[EffectSender]
    measuring: Measuring


def engine(
    adapters: Adapters, calendars: Calendars, cases: UseCases, tab: handlers.HomeTab, *, poll: float, pace: float
) -> Runs:
    """Return all of it; `tab` is published where it is stale, `poll` and `pace` are the engine's, in seconds.

    Where no time is left to requests, none is left to statuses either.
    """
    clock, stores, slack, leases = adapters.clock, adapters.stores, adapters.slack, adapters.leases
    queue = stores.write_queue
    tokens = cases.tokens
    bot = GivenBot(plain(adapters.config.slack_bot_token), slack.authority, stores.workspaces, clock)
    unknown = UnknownEmoji(stores.emoji, clock)
    workspaces = OwnedWorkspaces(leases, stores.budgets, clock)
    faults = TokenFaults(
        stores.faults, slack.authority, workspaces, stores.budgets.bot_tokens, clock, adapters.wake_signal
    )
    workspaces.judge_bot = faults.bot_judged
    writer = ProfileWriter(
        slack.profiles, queue, clock, tokens.refresh, adapters.metrics, unknown_emoji=unknown, judge=faults.judged,
        wake_signal=adapters.wake_signal,
    )  # fmt: skip
    links = Links(
        grant=cases.people.grant_link, home=stores.workspaces.home_link, calendar=stores.calendars.trouble,
        account=calendars.accounts.mending,
    )  # fmt: skip
    notices = NoticeSender(stores.notices, workspaces, slack.messages, links=links, say=locale.say, clock=clock)
    homes = HomePublisher(stores.homes, workspaces, tab, slack.views, clock)
    replies = ReplySender(stores.replies, workspaces, slack.messages, authority=slack.authority, clock=clock)
    photos = SlackPhotos(slack.clients, calendars.photos, calendars.trusted, adapters.config.slack_api_url)
    carriers: tuple[Carrier, ...] = (
        SnoozeCarrier(slack.presence, clock), PresenceCarrier(slack.presence, clock),
        PhotoCarrier(photos, stores.pictures, adapters.pictures, clock, asked=stores.asked_photos),
    )  # fmt: skip
    carried = [
        EffectSender(
            carrier, stores.effects, workspaces, profiles=slack.profiles, refresh=tokens.refresh,
            judge=faults.judged, clock=clock, after=AFTER_STATUSES if pace else 0.0,
        )
        for carrier in carriers
    ]  # fmt: skip
    work_of_whole, chores_of_whole = _of_whole_workspaces(
        adapters, cases.workspace, workspaces, refresh=tokens.refresh, judge=faults.judged, unknown_emoji=unknown,
        came_back=cases.deactivated.reactivate,
    )  # fmt: skip
    chores: list[Chore] = [
        cases.leaving,
        OutageWatch(slack.clients, queue, clock),
        *([replies] if adapters.config.replies_allowed else []),
        notices,
        homes,
        *carried,
        *chores_of_whole,
    ]
    sender = Sender(queue, writer, workspaces, chores=chores, leases=leases, clock=clock)
    faults.wake = partial(sender.wake, typed=False)
    timelines = partial(Timelines, stores.due, clock, default_texts=locale.default_texts)
    people_due = (timelines(typed=True), Reconciler(stores.due, clock), timelines(typed=False))
    retention = Retention(stores.retention, clock, KeptFor.of(adapters.config))
    accounts = AccountChecks(
        stores.account_checks, cases.deactivated, cases.leaving, stores.workspaces, slack.authority, workspaces, clock,
        kept=timedelta(days=adapters.config.deactivated_kept_days),
    )  # fmt: skip
    emoji = EmojiReading(stores.emoji, workspaces, SlackEmoji(slack.clients), clock)
    work: list[DueWork] = [
        *people_due, tokens, calendars.sync, calendars.push_subscriptions, calendars.entries, cases.leaving,
        accounts, emoji, retention, faults, bot, *work_of_whole,
    ]  # fmt: skip
    return Runs(
        Engine(work, sender, clock, wake_signal=adapters.wake_signal, poll=poll, pace=pace), bot, writer, carried,
        Measuring(adapters.metrics, stores.measures, workspaces, clock),
    )  # fmt: skip


def _of_whole_workspaces(
    adapters: Adapters,
    cases: WorkspaceCases,
    workspaces: OwnedWorkspaces,
    *,
    refresh: Callable[[PersonKey], Awaitable[None]],
    judge: Judge,
    unknown_emoji: UnknownEmoji,
    came_back: CameBack,
) -> tuple[Sequence[DueWork], Sequence[Chore]]:
    """Return what is due, and the chores, of workspaces as a whole, in the `workspaces` that this process owns.

    `refresh` renews an expired token; `judge` says what a refusal of one means; `came_back` has everything
    done again for somebody.
    """
    stores, slack, clock = adapters.stores, adapters.slack, adapters.clock
    members = MemberReading(stores.members, workspaces, slack.members, clock, came_back)
    kept = KeptWriter(
        stores.kept, stores.keepers, slack=KeeperProfiles(slack.clients), profiles=slack.profiles, roles=slack.members,
        members=stores.members, people=stores.people, refresh=refresh, judge=judge,
        unknown_emoji=unknown_emoji, clock=clock,
    )  # fmt: skip
    keeper = KeeperSender(
        kept, stores.kept, stores.keepers, workspaces, policy_of=cases.policies.of, clock=clock,
        default_texts=locale.default_texts, allowed=adapters.config.keeper_allowed,
    )  # fmt: skip
    leave = LeaveMatching(stores.leave, stores.members, cases.policies, cases.matcher, clock=clock)
    digests = DigestSender(
        stores.digests, stores.absences, stores.policies, workspaces, conversations=slack.conversations,
        messages=slack.messages, clock=clock,
    )  # fmt: skip
    return (members, leave), (keeper, digests)
