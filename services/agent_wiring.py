"""The doors for agents, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

import handlers
from handlers.agents.calls import Agents
from handlers.agents.mcp import McpRoutes
from handlers.agents.slackbot import Slackbot
from handlers.web.application import LargeBody
from handlers.web.registry import RegistryRoutes
from handlers.web.slack_api import Photos
from services.adapters import Adapters
from services.engine.tokens import TokenRefresh
from services.platform import locale
from services.usecases.agents import AgentKeys
from services.usecases.emoji import EmojiSearch
from services.usecases.own_photo import OwnPhotos
from services.usecases.own_profile import OwnProfiles
from services.usecases.profile_reading import ProfileReading
from services.usecases.slack_askers import SlackAskers
from services.usecases.statuses import Statuses
from services.usecases.workspace import WorkspacePolicy


def agent_routes(
    of: Adapters, services: handlers.Services, signatures: handlers.Signatures | None
) -> tuple[Sequence[web.RouteDef], Mapping[str, LargeBody]]:
    """The addresses that agents call, and which of them take large bodies.

    Slackbot is let in where there are `signatures`.
    """
    agents = Agents(services, of.config.proxies)
    slackbot = None
    if signatures is not None:
        askers = SlackAskers(of.stores.workspaces, of.slack.members, of.clock)
        slackbot = Slackbot(agents, askers, signatures, of.stores.deliveries, of.clock)
    mcp = McpRoutes(agents, slackbot, locale.say, of.config.base_url)
    rest = handlers.AgentRoutes(agents, of.config.base_url)
    registry = RegistryRoutes(of.config.base_url)
    return [*mcp.routes(), *registry.routes(), *rest.routes()], Photos(agents).large()


@dataclass(frozen=True, slots=True)
class AgentCases:
    """What agents can have done beside what people type: their keys, and the profile and photo of their person."""

    keys: AgentKeys
    profile: OwnProfiles
    photos: OwnPhotos


def agent_cases(of: Adapters, policies: WorkspacePolicy, statuses: Statuses, emoji: EmojiSearch) -> AgentCases:
    """All of it."""
    stores = of.stores
    reading = ProfileReading(
        stores.people, stores.workspaces, of.slack.profiles, of.slack.members,
        refresh=TokenRefresh(stores.tokens, of.slack.authority, of.clock, stores.faults).refresh, clock=of.clock,
    )  # fmt: skip
    profile = OwnProfiles(
        statuses, stores.awaited, stores.people, reading, audit=stores.writes, emoji=emoji, clock=of.clock
    )
    photos = OwnPhotos(stores.asked_photos, stores.people, of.pictures, of.clock, of.wake_signal)
    return AgentCases(AgentKeys(stores.agents, policies, of.clock), profile, photos)
