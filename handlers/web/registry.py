"""`/registry/…`, where agents of the Open Context Protocol find what can be called.

Each request of such an agent carries `OCP-…` headers, one of them with its whole history: they are let in
(`application.MOST_OF_A_HEADER`), and nobody reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from handlers.agents.registry import entry
from services.domain.request_errors import UnknownPathError


@dataclass(frozen=True, slots=True)
class RegistryRoutes:
    """The registry, which needs no key and holds nothing of anybody. `base_url` is PUBLIC_URL."""

    base_url: str

    def routes(self) -> list[web.RouteDef]:
        """Return one address for each entry."""
        return [web.get("/registry/{name}", self.registered)]

    async def registered(self, request: web.Request) -> web.Response:
        """Return an entry."""
        found = entry(request.match_info["name"], self.base_url)
        if found is None:
            raise UnknownPathError("no such entry")
        return web.json_response(found)
