"""Slackbot as a caller: requests that Slack signed, which say themselves who asks (`slack_identity_auth`).

docs.slack.dev/ai/slackbot-mcp-client: the signature is that of all of Slack's requests, over the raw body, and
`params._meta.slack` has `user_id` and `team_id`, as slack-samples/bolt-js-examples reads them; `enterprise_id` may be
beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from handlers.agents.asker import Asker
from handlers.agents.calls import Agents
from handlers.agents.operations import Operation
from handlers.web.application import SIGNATURE, TIMESTAMP, Signatures
from services.domain.agents import SLACKBOT, Caller, May
from services.domain.request_errors import NotInstalledError, SignatureError, UnknownAskerError
from services.ports import Clock
from services.slack.members import mapping, slack_id
from services.store.overrides import DeliveryStore
from services.usecases.slack_askers import SlackAskers

log = structlog.get_logger(__name__)

NAME = "Slackbot"
_PLACE = "mcp"
"""Under which signatures are kept: they are seen before it is known whose workspace they are of."""


def is_signed(request: web.Request) -> bool:
    """Return whether a request says that Slack signed it."""
    return SIGNATURE in request.headers or TIMESTAMP in request.headers


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that Slack signed; each message in it names who asks."""

    slackbot: Slackbot
    signature: str

    async def asker(self, meta: Mapping[str, Any]) -> Asker:
        """Return whom `params._meta` of a message names. Raises UnknownAskerError, AskerUnreadError."""
        return await self.slackbot.asker(meta, self.signature)


@dataclass(frozen=True, slots=True)
class Slackbot:
    """Lets in what Slack signed, once, and tells who asks."""

    agents: Agents
    askers: SlackAskers
    signatures: Signatures
    deliveries: DeliveryStore
    clock: Clock

    async def check(self, request: web.Request, body: bytes) -> Signed:
        """Say that Slack signed `body`, which was never seen before, by no replica. Raises SignatureError."""
        signature = self.signatures.check(request, body)
        if not await self.deliveries.claim(_PLACE, signature, self.clock.now()):
            raise SignatureError("seen before")
        return Signed(self, signature)

    async def asker(self, meta: Mapping[str, Any], signature: str) -> Asker:
        """Return whom `meta` names, of a request with that signature. Raises UnknownAskerError, AskerUnreadError."""
        slack = mapping(meta.get("slack"))
        user_id, team_id = slack_id(slack.get("user_id")), slack_id(slack.get("team_id"))
        if not user_id or not team_id:
            raise UnknownAskerError("nobody is named")
        key = await self.askers.find(team_id, slack_id(slack.get("enterprise_id")), user_id)
        try:
            return await self.agents.asker(Caller(key, NAME, May.WRITE, SLACKBOT), signature)
        except NotInstalledError as error:
            raise UnknownAskerError("gone meanwhile", team_id=key.team_id) from error

    async def grant_link(self, asker: Asker, operation: Operation) -> str:
        """Return the link to the permission where the person has not given it yet, else "". The call is counted.

        Raises RequestError.
        """
        if asker.who.view.granted:
            return ""
        services = self.agents.services
        await services.keys.admit(
            asker.caller, operation.name, writes=False, request=asker.request, at=asker.who.speaker.now
        )
        return await services.people.grant_link(asker.key)
