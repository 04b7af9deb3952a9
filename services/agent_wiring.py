"""The doors for agents, put together."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

import handlers
from handlers.agents.calls import Agents
from handlers.agents.mcp import McpRoutes
from handlers.agents.slackbot import Slackbot
from handlers.web.ocp import RegistryRoutes
from services.adapters import Adapters
from services.platform import locale
from services.usecases.slack_askers import SlackAskers


def agent_routes(
    of: Adapters, services: handlers.Services, signatures: handlers.Signatures | None
) -> Sequence[web.RouteDef]:
    """The addresses that agents call; Slackbot is let in where there are `signatures`."""
    agents = Agents(services, of.config.proxies)
    slackbot = None
    if signatures is not None:
        askers = SlackAskers(of.stores.workspaces, of.slack.members, of.clock)
        slackbot = Slackbot(agents, askers, signatures, of.stores.deliveries, of.clock)
    mcp = McpRoutes(agents, slackbot, locale.say, of.config.base_url)
    rest = handlers.AgentRoutes(agents, of.config.base_url)
    return [*mcp.routes(), *RegistryRoutes(of.config.base_url).routes(), *rest.routes()]
