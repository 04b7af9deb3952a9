"""Keys by which agents act for people, and who of them is let in: in time, within what the key and the policy allow."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.domain.agents import LONGEST_KEY_NAME, AgentChange, AgentKey, Caller, May, key_name
from services.domain.errors import InputError
from services.domain.model import Override, Pause, PersonKey
from services.domain.request_errors import AgentsNotAllowedError, ReadOnlyKeyError, TooManyCallsError, WrongKeyError
from services.platform.crypto import digest_of
from services.ports import Clock
from services.store.agents import AgentCall, AgentStore
from services.usecases.statuses import request_id
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)

_SECRET = re.compile(r"quo_[A-Za-z0-9_-]{43}", re.ASCII)


class KeyNameMissingError(InputError):
    """Give the key a name, so that you know later which agent has it."""


class KeyNameTooLongError(InputError):
    """A key's name has at most 40 characters. Shorten it."""


@dataclass(frozen=True, slots=True)
class AgentAsked:
    """What stands of what an agent asked for: an override, or the pause where that is None."""

    change: AgentChange
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """Makes keys, and lets in whoever has one."""

    store: AgentStore
    policies: WorkspacePolicy
    clock: Clock

    async def make(self, key: PersonKey, name: str, may: May, *, request: str = "") -> tuple[AgentKey, str]:
        """Return a new key, and its secret, which nobody can be told again. The same `request` makes one.

        Raises KeyNameMissingError, KeyNameTooLongError, TooManyKeysError, AlreadyMadeError, NotGrantedError, and
        AgentsNotAllowedError where the workspace or the operator allows no agents.
        """
        await self._require_allowed(key)
        called = key_name(name)
        if not called:
            raise KeyNameMissingError("no name", field="name")
        if len(called) > LONGEST_KEY_NAME:
            raise KeyNameTooLongError("name", field="name")
        secret = f"quo_{secrets.token_urlsafe(32)}"
        key_id = request_id(key, request) if request else secrets.token_hex(12)
        made = AgentKey(key_id, called, may, self.clock.now())
        await self.store.add(key, made, digest_of(secret))
        log.info("agent_key_made", team_id=key.team_id, user_id=key.user_id, key_id=made.key_id, may=may.value)
        return made, secret

    async def list(self, key: PersonKey) -> list[AgentKey]:
        """Return the person's keys, oldest first."""
        return await self.store.keys(key)

    async def revoke(self, key: PersonKey, key_id: str) -> bool:
        """End a key at once, in all replicas; whether it was there."""
        gone = await self.store.revoke(key, key_id)
        if gone:
            log.info("agent_key_revoked", team_id=key.team_id, user_id=key.user_id, key_id=key_id)
        return gone

    async def caller(self, secret: str) -> Caller:
        """Return who has that key. Raises WrongKeyError, and AgentsNotAllowedError where it is good for nothing now."""
        found = await self.store.find(digest_of(secret)) if _SECRET.fullmatch(secret) else None
        if found is None:
            raise WrongKeyError("no such key")
        await self._require_allowed(found.key)
        return found

    async def admit(self, caller: Caller, operation: str, *, writes: bool, request: str, at: datetime) -> None:
        """Let one call in: count it, note that the key was used and, of a change, who asked for it.

        It was asked for at `at`; `request` tells it from others: what is done gets its id of it
        (`statuses.request_id`).

        Raises AgentsNotAllowedError; ReadOnlyKeyError for a change by a key that only reads; TooManyCallsError; and
        WrongKeyError where the key was revoked meanwhile.
        """
        await self._require_allowed(caller.key)
        if writes and caller.may is not May.WRITE:
            raise ReadOnlyKeyError("read-only key", operation=operation)
        now = self.clock.now()
        change = AgentChange(at, caller.agent, operation, request_id(caller.key, request)) if writes else None
        wait = await self.store.admit(AgentCall(caller, now, change))
        if wait is None:
            raise WrongKeyError("revoked meanwhile")
        if wait:
            raise TooManyCallsError("too many calls", retry_after=math.ceil(wait.total_seconds()))
        if writes:
            log.info(
                "agent_asked", team_id=caller.key.team_id, user_id=caller.key.user_id, caller=caller.caller_id,
                operation=operation,
            )  # fmt: skip

    async def asked(self, key: PersonKey, overrides: Collection[Override], pause: Pause | None) -> Sequence[AgentAsked]:
        """Return which agent asked for what of `overrides` and the `pause`, newest first.

        What is not among it is the person's own doing. A pause has no id: it is known by the instant of its asking.
        """
        ids = {override.id: override for override in overrides}
        changes = await self.store.asked(key, ids.keys(), None if pause is None else pause.start)
        return [AgentAsked(change, ids.get(change.request)) for change in changes]

    async def _require_allowed(self, key: PersonKey) -> None:
        if not (await self.policies.of(key.team_id)).agents:
            raise AgentsNotAllowedError("switched off", team_id=key.team_id)
