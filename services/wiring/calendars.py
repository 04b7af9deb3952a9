"""The calendars, put together by `compose`: every provider with its adapters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urljoin, urlsplit

from services.access.admins import Admins
from services.access.identity import Introductions
from services.calendars.accounts import Accounts, ProviderCleanup
from services.calendars.connections import CalendarFiles, Connections, Hooks
from services.calendars.entries import EntryWriting, OwnCalendars
from services.calendars.ical.expand import Expander
from services.calendars.oauth import AccountTokens, OAuthApp, OAuthClient
from services.calendars.oauth_flow import OAuthFlow, Provider
from services.calendars.ports import AccessTokens, Source
from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.calendars.providers.caldav.source import CaldavSource
from services.calendars.providers.google import api as google_api
from services.calendars.providers.google.api import GoogleApi, GoogleDirectory
from services.calendars.providers.google.entries import GoogleEntries
from services.calendars.providers.google.push import GoogleWatcher
from services.calendars.providers.google.source import GoogleSource
from services.calendars.providers.ics import FeedSource, InboxSource
from services.calendars.providers.microsoft import api as microsoft_api
from services.calendars.providers.microsoft.api import GraphApi, MicrosoftDirectory
from services.calendars.providers.microsoft.entries import MicrosoftEntries
from services.calendars.providers.microsoft.push import MicrosoftWatcher
from services.calendars.providers.microsoft.source import MicrosoftSource
from services.calendars.push_subscriptions import PushReceiver, PushSubscriptions
from services.calendars.sync import LEASE, SHORT_LEASE, CalendarSync
from services.domain.calendars import CALDAV, FILE, GOOGLE, HOOK, ICS, MICROSOFT
from services.platform.addresses import AddressRules
from services.platform.concurrency import FETCHED, Bodies
from services.platform.metrics import Metrics
from services.platform.net import GuardedClient
from services.platform.settings import Settings, plain
from services.ports import Clock, WakeSignal
from services.slack.client import SlackClients
from services.slack.files import SlackFiles
from services.slack.members import SlackMembers
from services.slack.oauth import SlackAuthority
from services.store.stores import Stores

POLLED_OFTEN = frozenset({GOOGLE, MICROSOFT, CALDAV})
"""Providers that are asked more often when it matters, where they do not tell of changes by themselves."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """What the rest of the program takes from here."""

    accounts: Accounts
    connections: Connections
    hooks: Hooks
    files: CalendarFiles
    push_receiver: PushReceiver
    sync: CalendarSync
    push_subscriptions: PushSubscriptions
    cleanup: ProviderCleanup
    own: OwnCalendars
    entries: EntryWriting
    slack_files: SlackFiles
    photos: GuardedClient
    """For the addresses that Slack gives of photos: where the operator's proxy is set they go through it."""
    trusted: GuardedClient
    closing: tuple[Callable[[], Awaitable[None]], ...]
    """To be called in this order when the program ends."""


def compose(
    config: Settings,
    stores: Stores,
    slack: SlackClients,
    authority: SlackAuthority,
    *,
    clock: Clock,
    wake_signal: WakeSignal,
    metrics: Metrics,
) -> Calendars:
    """Put the providers together that are set up; the way to them is the one to Slack.

    Where people's own addresses lead we go directly, with every check, unless FEEDS_THROUGH_PROXY.
    """
    outbound = slack.outbound
    rules = AddressRules(private=config.allow_private_addresses)
    bodies = Bodies(FETCHED)
    to_feeds = outbound if config.feeds_through_proxy else outbound.direct()
    guarded, expander = GuardedClient(rules, bodies=bodies, outbound=to_feeds), Expander()
    photos = GuardedClient(rules, bodies=bodies, outbound=outbound)
    checker = Expander(seconds=10.0)  # of its own: what strangers send must not hold up what is read
    # Where the providers are is the operator's own setting, on loopback and in an intranet too.
    trusted = GuardedClient(AddressRules(private=True), bodies=bodies, outbound=outbound)
    if (end := config.microsoft_secret_expires) is not None:
        metrics.secret_expires.labels(MICROSOFT).set(datetime.combine(end, time(), UTC).timestamp())
    clients = {one.provider: OAuthClient(trusted, one) for one in oauth_apps(config)}
    access = AccountTokens(stores.accounts, clients, clock, wake_signal)
    providers = _providers(config, clients, trusted, access, clock)
    watchers = {name: provider.watcher for name, provider in providers.items()}
    writers = {name: provider.writer for name, provider in providers.items()}
    cleanup = ProviderCleanup(clients, watchers, clock, writers)
    flow = OAuthFlow(
        providers, stores.encryptor, stores.oauth_states, clock, config.base_url, stores.accounts, stores.faults
    )
    accounts = Accounts(
        flow, CaldavDirectory(guarded, rules), accounts=stores.accounts, calendars=stores.calendars,
        people=stores.people, workspaces=stores.workspaces, tokens=access, cleanup=cleanup,
        entries=stores.entries,        introductions=Introductions(stores.workspaces, authority), leave=stores.leave,
        admins=Admins(stores.workspaces, stores.people, SlackMembers(slack)), clock=clock, wake_signal=wake_signal,
    )  # fmt: skip
    sources: dict[str, Source] = {
        ICS: FeedSource(guarded, expander),
        CALDAV: CaldavSource(guarded, expander),
        HOOK: InboxSource(stores.inbox, expander),
        FILE: InboxSource(stores.inbox, expander),
        **{name: provider.source for name, provider in providers.items()},
    }
    sync = CalendarSync(
        stores.calendars, sources, clock, wake_signal, interval=timedelta(seconds=config.feed_interval),
        faults=stores.faults, polled_often=POLLED_OFTEN, lease=LEASE if config.is_sqlite else SHORT_LEASE,
        metrics=metrics,
    )  # fmt: skip
    slack_files = SlackFiles(slack, trusted, config.slack_api_url)
    return Calendars(
        accounts=accounts,
        connections=Connections(stores.calendars, rules, clock, wake_signal, accounts=stores.accounts, cleanup=cleanup),
        hooks=Hooks(stores.hooks, stores.inbox, stores.overrides, checker, clock, wake_signal, config.base_url),
        files=CalendarFiles(slack_files, stores.workspaces, stores.inbox, checker, clock, wake_signal),
        push_receiver=PushReceiver(stores.watches, clock, wake_signal),
        sync=sync,
        push_subscriptions=PushSubscriptions(stores.watches, watchers, access, clock, wake_signal),
        cleanup=cleanup,
        own=OwnCalendars(stores.entries, stores.accounts, flow, writers, clock, wake_signal),
        entries=EntryWriting(stores.entries, stores.accounts, access, writers, clock),
        slack_files=slack_files,
        photos=photos,
        trusted=trusted,
        closing=(
            sync.close,
            cleanup.close,
            expander.close,
            checker.close,
            guarded.close,
            photos.close,
            trusted.close,
        ),
    )


def oauth_apps(config: Settings) -> list[OAuthApp]:
    """Return our app at each provider that is set up."""
    found = []
    if config.google_client_id:
        found.append(
            OAuthApp(
                GOOGLE, config.google_client_id, plain(config.google_client_secret),
                authorize_url=config.google_authorize_url, token_url=config.google_token_url,
                revoke_url=urljoin(config.google_token_url, "revoke"), asked=tuple(google_api.SCOPES),
                required=frozenset({google_api.REQUIRED}), read_scopes=lambda text: frozenset(text.split()),
                # a refresh token comes with `offline`, and again only where consent is asked anew
                writes=google_api.WRITE, extra={"access_type": "offline", "prompt": "consent select_account"},
            )
        )  # fmt: skip
    if config.microsoft_client_id:
        login = f"{config.microsoft_login_url}/oauth2/v2.0"
        found.append(
            OAuthApp(
                MICROSOFT, config.microsoft_client_id, plain(config.microsoft_client_secret),
                authorize_url=f"{login}/authorize", token_url=f"{login}/token", asked=tuple(microsoft_api.SCOPES),
                required=microsoft_api.REQUIRED, read_scopes=microsoft_api.granted,
                writes=microsoft_api.WRITE, extra={"response_mode": "query", "prompt": "select_account"},
            )
        )  # fmt: skip
    return found


def _providers(
    config: Settings, clients: Mapping[str, OAuthClient], client: GuardedClient, access: AccessTokens, clock: Clock
) -> dict[str, Provider]:
    found = {}
    webhooks = f"{config.base_url}/webhooks"
    if GOOGLE in clients:
        google = GoogleApi(client, config.google_api_url, clock)
        found[GOOGLE] = Provider(
            clients[GOOGLE],
            GoogleDirectory(google),
            GoogleSource(google, access),
            GoogleWatcher(google, access, f"{webhooks}/google"),
            GoogleEntries(google),
            urlsplit(config.google_api_url).hostname or "",
        )
    if MICROSOFT in clients:
        graph = GraphApi(client, config.microsoft_graph_url, clock)
        found[MICROSOFT] = Provider(
            clients[MICROSOFT],
            MicrosoftDirectory(graph),
            MicrosoftSource(graph, access),
            MicrosoftWatcher(graph, access, f"{webhooks}/microsoft", f"{webhooks}/microsoft/lifecycle"),
            MicrosoftEntries(graph),
            urlsplit(config.microsoft_graph_url).hostname or "",
        )
    return found
