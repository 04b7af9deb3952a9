"""What Slack tells us of: statuses and zones that change, Home tabs that are opened, permissions that end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from handlers.slack.intake import KNOWN_PERSON
from services.domain.model import PersonKey
from services.slack.oauth import parse_member
from services.slack.profile import status_of
from services.usecases.offboarding import Offboarding
from services.usecases.people import People

log = structlog.get_logger(__name__)

_ANYTHING = re.compile(".*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Events:
    """The listeners of the Events API."""

    people: People
    leaving: Offboarding

    def register(self, bolt: AsyncApp) -> None:
        """Bind them. The busiest first: Bolt tries listeners in their order."""
        bolt.event("user_status_changed")(self.status_changed)
        bolt.event("user_profile_changed")(self.profile_changed)
        bolt.event("app_home_opened")(self.home_opened)
        bolt.event("tokens_revoked")(self.tokens_revoked)
        bolt.event("app_uninstalled")(self.app_uninstalled)
        bolt.event("team_access_revoked")(self.team_access_revoked)

    def register_rest(self, bolt: AsyncApp) -> None:
        """Bind what takes everything that nobody else took; to be called last.

        Slack counts an event that is answered by 404 as failed, and sends it again; a button that only
        leads to a page sends its click here too.
        """
        bolt.event(_ANYTHING)(self.anything)
        bolt.block_action(_ANYTHING)(self.clicked)
        bolt.view_closed(_ANYTHING)(self.clicked)

    async def status_changed(self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext) -> None:
        """A hint of what the profile shows; often our own echo."""
        user, key = event.get("user"), context.get(KNOWN_PERSON)
        profile = user.get("profile") if isinstance(user, dict) else None
        if isinstance(key, PersonKey) and isinstance(profile, dict):
            await self.people.seen_status(key, status_of(profile), instant(body, event))

    async def profile_changed(self, event: dict[str, Any], context: AsyncBoltContext) -> None:
        """The person's zone, language or address may be another."""
        key = context.get(KNOWN_PERSON)
        if isinstance(key, PersonKey):
            await self.people.zone_changed(key, parse_member(event.get("user")))

    async def home_opened(self, event: dict[str, Any], context: AsyncBoltContext) -> None:
        """Somebody looks at their Home tab; the messages tab is not of interest."""
        key = context.get("person")
        if event.get("tab", "home") == "home" and isinstance(key, PersonKey):
            await self.people.opened_home(key)

    async def tokens_revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """`tokens` names people, not tokens (docs.slack.dev, events/tokens_revoked)."""
        home = _home(body)
        tokens = event.get("tokens")
        if home and isinstance(tokens, dict):
            users = [user for user in _listed(tokens, "oauth") if isinstance(user, str)]
            await self.leaving.revoked(home, users, instant(body, event), bot=bool(tokens.get("bot")))

    async def app_uninstalled(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Everything of the workspace goes."""
        home = _home(body)
        if home:
            await self.leaving.uninstalled(home, instant(body, event))

    async def team_access_revoked(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """An org took the app away from some of its teams; whoever is left without access, Slack refuses."""
        log.info("team_access_revoked", team_id=_home(body), teams=len(_listed(event, "team_ids")))

    async def anything(self) -> None:
        """An event that nobody listens to."""

    async def clicked(self, ack: Any) -> None:
        """A click that needs no answer."""
        await ack()


def instant(body: dict[str, Any], event: dict[str, Any]) -> datetime:
    """When it happened by Slack's clock: `event_ts` to the microsecond where there is one, else `event_time`."""
    for value in (event.get("event_ts"), body.get("event_time")):
        try:
            seconds = float(value)  # type: ignore[arg-type]  # None and other things are what TypeError is caught for
            return datetime.fromtimestamp(seconds, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            continue
    return datetime.fromtimestamp(0, UTC)


def _listed(part: dict[str, Any], name: str) -> list[Any]:
    found = part.get(name)
    return found if isinstance(found, list) else []


def _home(body: dict[str, Any]) -> str:
    """The id that an uninstall is about: the org's only where Slack says that the org's install is meant."""
    authorizations = body.get("authorizations") or [body]
    about = authorizations[0]
    org = about.get("enterprise_id") or body.get("enterprise_id") or ""
    team = body.get("team_id") or about.get("team_id") or ""
    return org if org and (about.get("is_enterprise_install") in {True, "true"} or not team) else team
