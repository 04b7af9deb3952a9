"""What every subsystem is put together from: settings, clock, stores, Slack's Web API."""

from __future__ import annotations

from dataclasses import dataclass

from services.engine.due import LoopWakeSignal
from services.engine.leases import Leases
from services.pictures.reader import PictureReader
from services.platform.metrics import Metrics
from services.platform.outbound import Outbound
from services.platform.settings import Settings, plain
from services.ports import Clock
from services.slack.client import SlackClients
from services.slack.conversations import SlackConversations
from services.slack.members import SlackMembers
from services.slack.messages import SlackMessages, SlackViews
from services.slack.oauth import SlackAuthority
from services.slack.presence import SlackPresence
from services.slack.profile import SlackProfiles
from services.store.stores import Stores


@dataclass(frozen=True, slots=True)
class SlackApi:
    """Slack's Web API, by families of methods, with the app's own credentials."""

    clients: SlackClients
    authority: SlackAuthority
    conversations: SlackConversations
    members: SlackMembers
    messages: SlackMessages
    presence: SlackPresence
    profiles: SlackProfiles
    views: SlackViews


@dataclass(frozen=True, slots=True)
class Adapters:
    """What every subsystem is put together from."""

    config: Settings
    clock: Clock
    wake_signal: LoopWakeSignal
    metrics: Metrics
    stores: Stores
    slack: SlackApi
    leases: Leases
    pictures: PictureReader


def slack_api(config: Settings, metrics: Metrics, outbound: Outbound) -> SlackApi:
    """Return Slack's Web API at SLACK_API_URL, reached by `outbound`; `metrics` count its calls."""
    clients = SlackClients(config.slack_api_url, metrics, outbound=outbound)
    return SlackApi(
        clients,
        authority=SlackAuthority(clients, config.slack_client_id or "", plain(config.slack_client_secret)),
        conversations=SlackConversations(clients),
        members=SlackMembers(clients),
        messages=SlackMessages(clients),
        presence=SlackPresence(clients),
        profiles=SlackProfiles(clients),
        views=SlackViews(clients),
    )
