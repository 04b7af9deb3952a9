"""A call of an agent, whichever door it came through: who asks, and whether it is let in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp.web_request import BaseRequest
from structlog.contextvars import bind_contextvars

from handlers.agents.asker import Asker
from handlers.agents.failures import InvalidArgumentsError
from handlers.agents.operations import Operation
from handlers.slack.context import Services, by_key
from handlers.web.client_address import Proxies, client_address
from services.domain.agents import Caller
from services.domain.errors import GrantFirstError
from services.domain.request_errors import TooManyRequestsError, WrongKeyError
from services.domain.text import is_storable
from services.platform.minute_limits import MinuteLimits

WRONG_KEYS = 10
"""From one address within a minute, in each process, until it is told to wait."""

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Agents:
    """Takes in calls. `proxies` are those whose word about who asks is believed."""

    services: Services
    proxies: Proxies = ()
    _wrong: MinuteLimits = field(default_factory=lambda: MinuteLimits(WRONG_KEYS))

    async def by_request(self, request: BaseRequest) -> Asker:
        """Whoever's key is the bearer of a request (RFC 6750 §2.1): in a header, which is there once.

        A right key is let in whatever its address did before. Raises WrongKeyError, after the first few within a
        minute from one address TooManyRequestsError in its place; and AgentsNotAllowedError.
        """
        given = request.headers.getall("Authorization", ())
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        try:
            return await self.by_key("" if found is None else found[1])
        except WrongKeyError:
            wait = self._wrong.wait(client_address(request, self.proxies), self.services.clock.now()) if given else 0
            if wait:
                raise TooManyRequestsError("wrong keys", retry_after=wait) from None
            raise

    async def by_key(self, secret: str) -> Asker:
        """Return whoever has that key. Raises WrongKeyError, AgentsNotAllowedError."""
        return await self.asker(await self.services.keys.caller(secret), secrets.token_hex(12))

    async def asker(self, caller: Caller, request: str) -> Asker:
        """Return an agent whose identity is certain; `request` tells this call from others.

        Raises NotInstalledError.
        """
        bind_contextvars(team_id=caller.key.team_id, user_id=caller.key.user_id)
        return Asker(await by_key(self.services, caller.key), caller, request)

    async def call(
        self, asker: Asker, operation: Operation, arguments: Mapping[str, Any], *, strict: bool = True
    ) -> msgspec.Struct:
        """Do what an agent asks for. `strict`: numbers are numbers, not texts of them, as in a query.

        Raises InvalidArgumentsError and GrantFirstError before anything is counted; what `AgentKeys.admit` raises; and
        what the operation does.
        """
        if any(isinstance(said, str) and not is_storable(said) for said in arguments.values()):
            raise InvalidArgumentsError("Neither NUL nor half a character can be part of a text")
        try:
            asked = msgspec.convert(
                {name: _whole(said) for name, said in arguments.items()}, operation.takes, strict=strict
            )
        except msgspec.ValidationError as error:
            raise InvalidArgumentsError(str(error)) from error
        writes = not operation.hints.read_only
        if writes and not asker.who.view.granted:
            raise GrantFirstError("no grant", operation=operation.name)
        await self.services.keys.admit(
            asker.caller, operation.name, writes=writes, request=asker.request, at=asker.who.speaker.now
        )
        return await operation.call(self.services, asker, asked)


def _whole(said: object) -> object:
    """45 for 45.0: JSON Schema calls both an integer, and some agents have no other numbers."""
    return int(said) if isinstance(said, float) and said.is_integer() else said
