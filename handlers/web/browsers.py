"""The cookies by which a browser is known: as the one that began a flow, and as somebody's in Slack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from services.domain.model import PersonKey
from services.ports import Clock
from services.usecases.identity import COOKIE, LIVES, BrowserIdentities

FLOW_LIVES = timedelta(minutes=10)
"""What a browser has to bring back from a provider or from Slack."""


@dataclass(frozen=True, slots=True)
class Browsers:
    """Reads and sets them. None is for scripts, nor for other sites.

    `secure`: where PUBLIC_URL is https, cookies travel by https alone.
    """

    identities: BrowserIdentities
    clock: Clock
    secure: bool

    def seen(self, request: web.Request) -> Mapping[str, str]:
        """Whom Slack said that this browser is: workspace → user."""
        return self.identities.read(request.cookies.get(COOKIE, ""), self.clock.now())

    def remember(self, request: web.Request, response: web.StreamResponse, key: PersonKey) -> None:
        """Slack said just now that this browser is `key`'s."""
        self._keep(response, self.identities.with_person(request.cookies.get(COOKIE, ""), key, self.clock.now()))

    def forget(self, request: web.Request, response: web.StreamResponse, team_id: str) -> None:
        """This browser is nobody's in that workspace, until Slack says again whose it is."""
        self._keep(response, self.identities.without(request.cookies.get(COOKIE, ""), team_id, self.clock.now()))

    def begin(self, response: web.StreamResponse, name: str, value: str, path: str) -> None:
        """This browser begins a flow, of which the routes under `path` hear."""
        self._set(response, name, value, path, FLOW_LIVES)

    def _keep(self, response: web.StreamResponse, value: str) -> None:
        if value:
            self._set(response, COOKIE, value, "/", LIVES)
        else:
            response.del_cookie(COOKIE, path="/", httponly=True, secure=self.secure, samesite="Lax")

    def _set(self, response: web.StreamResponse, name: str, value: str, path: str, lives: timedelta) -> None:
        response.set_cookie(
            name, value, max_age=int(lives.total_seconds()), path=path, httponly=True, secure=self.secure,
            samesite="Lax",
        )  # fmt: skip
