"""A call of an agent, whichever door it came through: who asks, whether it is let in, and what it is answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from handlers.agents.asker import Asker
from handlers.agents.operations import Operation
from handlers.slack.context import Services, by_key
from services.domain.agents import Caller
from services.domain.errors import InputError, StatusQuoError
from services.domain.request_errors import ReadOnlyKeyError, TooManyRequestsError, WrongKeyError

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CODES: tuple[tuple[type[StatusQuoError], str], ...] = (
    (WrongKeyError, "invalid_auth"),
    (ReadOnlyKeyError, "no_permission"),
    (TooManyRequestsError, "ratelimited"),
)


class InvalidArgumentsError(InputError):
    """The arguments are not those that this operation takes."""


def error_code(error: StatusQuoError) -> str:
    """What an agent is told of an error, to tell it from others: the class's name, in snake case."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return _WORD.sub("_", type(error).__name__.removesuffix("Error")).lower()


@dataclass(frozen=True, slots=True)
class Agents:
    """Takes in calls."""

    services: Services

    async def by_key(self, secret: str) -> Asker:
        """Whoever has that key. Raises WrongKeyError, AgentsNotAllowedError."""
        return await self.asker(await self.services.keys.caller(secret), secrets.token_hex(12))

    async def asker(self, caller: Caller, request: str) -> Asker:
        """An agent whose identity is certain; `request` tells this call from others. Raises NotInstalledError."""
        return Asker(await by_key(self.services, caller.key), caller, request)

    async def call(
        self, asker: Asker, operation: Operation, arguments: Mapping[str, Any], *, strict: bool = True
    ) -> msgspec.Struct:
        """Do what an agent asks for. `strict`: numbers are numbers, not texts of them, as in a query.

        Raises InvalidArgumentsError before anything is counted; what `AgentKeys.admit` raises; and what the operation
        does.
        """
        try:
            asked = msgspec.convert(dict(arguments), operation.takes, strict=strict)
        except msgspec.ValidationError as error:
            raise InvalidArgumentsError("arguments") from error
        writes = not operation.hints.read_only
        await self.services.keys.admit(
            asker.caller, operation.name, writes=writes, request=asker.request, at=asker.who.speaker.now
        )
        return await operation.call(self.services, asker, asked)
