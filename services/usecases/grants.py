"""Installing, and a person's allowing us to set their status: from the first click to what they had asked for.

The flow is Slack's OAuth v2 (docs.slack.dev, "Installing with OAuth"): a browser is sent to Slack with a `state`,
comes back with a `code` that is good for ten minutes, and oauth.v2.access gives tokens for it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

import structlog

from services.access.identity import Start, member_of
from services.domain.asks import Ask
from services.domain.errors import SlackError, SlackShutError, StatusQuoError, WrongPersonError
from services.domain.faults import OperatorFault
from services.domain.model import Effect, PersonKey
from services.domain.operator_errors import SealError, WrongRedirectError
from services.domain.people import OAuthAnswer
from services.domain.request_errors import (
    ConsentDeniedError,
    LinkExpiredError,
    LinkOfAnotherError,
    NotInstallableError,
    NotInstalledError,
)
from services.platform.logs import of_error
from services.ports import Clock, WakeSignal
from services.slack import scopes
from services.slack.oauth import SlackAuthority
from services.store.effects import EffectStore
from services.store.faults import FaultStore
from services.store.oauth_states import OAuthStateStore, Ticket
from services.store.overrides import OverrideStore
from services.store.people import PeopleStore
from services.store.policies import PolicyStore
from services.store.preferences import LineStore
from services.store.workspaces import Bot, WorkspaceStore

log = structlog.get_logger(__name__)

STATE_LIVES = timedelta(minutes=10)
STATE = "state"
LINK = "grant_link"
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_TEAM = re.compile(r"T[A-Z0-9]{1,62}")


class Result(StrEnum):
    """How it ended well."""

    IDENTIFIED = "identified"  # Slack says who it is, nothing else changed
    GRANTED = "granted"
    INSTALLED = "installed"  # nobody's status may be set yet
    PARTIAL = "partial"  # a permission was left out


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, for the page that says so.

    `key` is whom Slack says the browser to be; `held` what waited for them, where that is all they came back for.
    `waiting`: something that they chose needs what was left out.
    """

    result: Result
    key: PersonKey
    app_id: str
    name: str
    locale: str = ""
    asked: bool = False
    waiting: bool = False
    held: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SlackApp:
    """Our app as Slack knows it. `client_id` is "" where nobody can install it from here."""

    client_id: str
    authorize_url: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The effects that somebody chose and Slack does not let us carry out yet.

    `person`: they have to allow more, by their link (`People.grant_link`). `workspace`: it has to be installed with
    more, by an admin (`Permissions.install_link`).
    """

    person: frozenset[Effect] = frozenset()
    workspace: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class Permissions:
    """Says what Slack lets us do for a person beyond their status, and what it would have to be asked for.

    `base_url` is PUBLIC_URL without a slash at its end; `can_install` whether an install is possible from here, and
    `replies_allowed` whether the operator allows replies.
    """

    people: PeopleStore
    lines: LineStore
    overrides: OverrideStore
    effects: EffectStore
    workspaces: WorkspaceStore
    policies: PolicyStore
    authority: SlackAuthority
    clock: Clock
    base_url: str
    can_install: bool
    replies_allowed: bool = True

    async def chosen(self, key: PersonKey) -> frozenset[Effect]:
        """Return the effects of the person's lines that are switched on, and of overrides that are not over.

        What the workspace does not allow is not asked for.
        """
        policy = await self.policies.get(key.team_id)
        lines = [line.effects for line in map(policy.floored, await self.lines.list(key)) if line.enabled]
        overrides = [override.effects for override in await self.overrides.standing(key, self.clock.now())]
        return frozenset().union(*lines, *overrides) & policy.allowed

    async def waiting(self, key: PersonKey, effects: Iterable[Effect] | None = None) -> Waiting:
        """Return which of `effects` (default: all that the person chose) wait for a permission.

        What is still on does, too.
        """
        chosen = await self._readable(key) if effects is None else frozenset(effects)
        granted = await self.people.granted_scopes(key)
        still_on = await self.effects.owed(key)
        theirs = frozenset(effect for effect in chosen | still_on if not scopes.FOR_EFFECT[effect] <= granted)
        if Effect.REPLY not in chosen or await self.may_reply(key):
            return Waiting(theirs)
        return Waiting(theirs, frozenset({Effect.REPLY}))

    async def to_ask(self, key: PersonKey) -> frozenset[str]:
        """List the user scopes to ask the person for: what a status needs, what they chose, what they allowed before.

        What of ours is still on needs its own to be taken back.

        What was allowed is asked again so that Slack's answer, whichever scopes it names, names it.
        """
        wanted = await self._readable(key) | await self.effects.owed(key)
        chosen = [scopes.FOR_EFFECT[effect] for effect in wanted]
        allowed = await self.people.granted_scopes(key) & frozenset(scopes.USER_OPTIONAL)
        return frozenset(scopes.USER).union(allowed, *chosen)

    async def _readable(self, key: PersonKey) -> frozenset[Effect]:
        """Return what they chose, as far as it can be read: what cannot keeps nobody from allowing their status."""
        with suppress(SealError):
            return await self.chosen(key)
        return frozenset()

    async def may_reply(self, key: PersonKey) -> bool:
        """Return whether operator and workspace allow replies, and Slack tells of what is written in channels."""
        bot = await self.workspaces.find(key.team_id, "")
        return self.replies_allowed and bot is not None and bot.policy.replies and _has(bot, scopes.REPLIES)

    async def install_link(self, key: PersonKey, purpose: str) -> str:
        """Return where an admin allows what `purpose`, one of `scopes.INSTALLS`, needs, for the whole workspace.

        "" where that would not help: for a member who is no admin, as Slack says now; where it is allowed already, or
        the operator does not want it; where nobody can install from here. Raises SlackError.
        """
        bot = await self.workspaces.find(key.team_id, "")
        wanted = purpose != scopes.REPLIES or self.replies_allowed
        if not self.can_install or not wanted or bot is None or bot.token is None or _has(bot, purpose):
            return ""
        if not await self.authority.is_admin(bot.token, key.user_id):
            return ""
        return self.again_link(key.team_id, purpose)

    def again_link(self, team_id: str, purpose: str = "") -> str:
        """Return where an admin installs the app once more, for what it lacks.

        "" where nobody can install from here.
        """
        asked = {"add": purpose} if purpose else {}
        team = {"team": team_id} if _TEAM.fullmatch(team_id) else {}
        return f"{self.base_url}/slack/install?{urlencode(asked | team)}" if self.can_install else ""


def _has(bot: Bot, purpose: str) -> bool:
    """Return whether the workspace allows anything of what `purpose`, one of `scopes.INSTALLS`, is done with."""
    return not scopes.INSTALLS[purpose].isdisjoint(bot.scopes)


@dataclass(frozen=True, slots=True)
class Grants:
    """Sends browsers to Slack and takes what they bring back.

    `perform_ask` does what somebody asked for before the grant, and when (UTC), tells them what came of it, and returns
    whether it was done; it may raise a StatusQuoError. `faults` is told where Slack does not take us, or our redirect
    address.
    """

    app: SlackApp
    states: OAuthStateStore
    workspaces: WorkspaceStore
    people: PeopleStore
    permissions: Permissions
    authority: SlackAuthority
    perform_ask: Callable[[PersonKey, Ask, datetime], Awaitable[bool]]
    faults: FaultStore
    clock: Clock
    wake_signal: WakeSignal

    async def start_install(self, cookie: str = "", *, add: str = "", team: str = "") -> Start:
        """Begin an install by whoever asks, in the browser with that cookie.

        `add` names what else it is for, of `scopes.INSTALLS` and comma-separated; `team` is the workspace that Slack is
        to offer first. Raises NotInstallableError.
        """
        more = [scopes.INSTALLS[name] for name in scopes.parse(add) & scopes.INSTALLS.keys()]
        bot = frozenset(scopes.BOT).union(*more)
        asked = {"scope": scopes.joined(bot), "user_scope": scopes.joined(scopes.USER)}
        if _TEAM.fullmatch(team):
            asked["team"] = team
        return await self._start(Ticket(STATE), asked, cookie)

    async def start_grant(self, link: str, cookie: str = "") -> Start:
        """Begin the grant of the person whom `link` names; it is good no more.

        Raises LinkExpiredError, NotInstallableError.
        """
        self._require_client()
        found = await self.states.take(link, LINK, self.clock.now())
        if found is None:
            raise LinkExpiredError("link")
        wanted = await self.permissions.to_ask(PersonKey(found.team_id, found.user_id))
        asked = {"user_scope": scopes.joined(wanted), "team": found.team_id}
        return await self._start(Ticket(STATE, found.team_id, found.user_id), asked, cookie)

    async def start_identity(self, key: PersonKey, held: str, cookie: str) -> Start:
        """Have Slack say whether the browser with that cookie is `key`'s; `held` waits for the answer, sealed.

        Nothing that is kept of a workspace or a person changes by it. Raises NotInstallableError.
        """
        asked = {"user_scope": scopes.joined(scopes.IDENTITY), "team": key.team_id}
        return await self._start(Ticket(STATE, key.team_id, key.user_id, held), asked, cookie)

    def _require_client(self) -> None:
        if not self.app.client_id:
            raise NotInstallableError("SLACK_CLIENT_ID is not set")

    async def _start(self, ticket: Ticket, asked: dict[str, str], cookie: str) -> Start:
        self._require_client()
        # A browser keeps its cookie, so that two tabs do not spoil each other's flow.
        cookie = cookie if _COOKIE.fullmatch(cookie) else secrets.token_urlsafe(32)
        state = await self.states.issue(ticket, self.clock.now() + STATE_LIVES, cookie)
        query = {"client_id": self.app.client_id, **asked, "state": state, "redirect_uri": self.app.redirect_uri}
        join = "&" if "?" in self.app.authorize_url else "?"
        return Start(self.app.authorize_url + join + urlencode(query), cookie)

    async def finish(self, *, state: str, cookie: str, code: str, error: str) -> Outcome:
        """Take what a browser came back with: Slack's `state` and either `code` or `error`.

        Nothing is kept where it raises: LinkExpiredError (state unknown, used, expired, another browser's),
        ConsentDeniedError, WrongPersonError, LinkOfAnotherError, NotInstalledError, WrongRedirectError, or what Slack
        said to the code (SlackError).
        """
        now = self.clock.now()
        ticket = await self.states.take(state, STATE, now, cookie)
        if ticket is None or (ticket.secret and not cookie):  # what waits is for the browser that brought it
            raise LinkExpiredError("state")
        if error:
            raise ConsentDeniedError("access_denied" if error == "access_denied" else "refused")
        if not code:
            raise LinkExpiredError("no code")
        answer = await self._exchanged(code, ticket.team_id, now)
        home = answer.home if answer.bot else await self.workspaces.locate(answer.team_id, answer.enterprise_id)
        another = bool(ticket.user_id) and (ticket.team_id, ticket.user_id) != (home, answer.user_id)
        if another or ticket.secret:
            await self._give_back(answer)
        if another:
            log.warning("grant_of_another_person", team_id=ticket.team_id, user_id=ticket.user_id)
            kind = LinkOfAnotherError if ticket.secret else WrongPersonError
            raise kind("not the person of the link")
        if ticket.secret:
            key = PersonKey(ticket.team_id, ticket.user_id)
            return Outcome(Result.IDENTIFIED, key, answer.app_id, answer.name, held=ticket.secret)
        if home is None:
            raise NotInstalledError("grant without an install")
        if answer.bot is not None:
            await self.workspaces.install(answer, now)
            log.info("workspace_installed", team_id=home, org_wide=answer.org_wide)
        return await self._granted(PersonKey(home, answer.user_id), answer, now)

    async def _exchanged(self, code: str, team_id: str, now: datetime) -> OAuthAnswer:
        try:
            answer = await self.authority.exchange(code, self.app.redirect_uri, now)
        except WrongRedirectError:
            await self.faults.met(OperatorFault.SLACK_REDIRECT, self.app.redirect_uri, team_id)
            raise
        except SlackShutError as refusal:
            await self.faults.met(OperatorFault.SLACK_CLIENT, refusal.reason, team_id)
            raise
        await self.faults.over(OperatorFault.SLACK_REDIRECT)
        await self.faults.over(OperatorFault.SLACK_CLIENT)
        return answer

    async def _give_back(self, answer: OAuthAnswer) -> None:
        """Let go of a token that is not kept, where it is one of its own.

        Tokens that rotate are: Slack keeps two of a person alive and drops the oldest, which could be the one that we
        use. One that does not expire is the very token that we have, if we have one, and stays as it is.
        """
        if answer.user is None or answer.user.refresh is None:
            return
        try:
            await self.authority.revoke(answer.user.access)
        except SlackError as failure:
            log.warning("token_not_given_back", team_id=answer.team_id, **of_error(failure))

    async def _granted(self, key: PersonKey, answer: OAuthAnswer, now: datetime) -> Outcome:
        if answer.user is None:
            held = await self.people.the_grant(key) is not None
            result = Result.GRANTED if held else Result.INSTALLED
            return Outcome(result, key, answer.app_id, answer.name)
        lacking = scopes.missing(answer.user.scopes)
        if lacking:
            log.warning("grant_partial", team_id=key.team_id, user_id=key.user_id, lacking=sorted(lacking))
            return Outcome(Result.PARTIAL, key, answer.app_id, answer.name)
        token = answer.bot.access if answer.bot else await self.workspaces.bot_token(key.team_id)
        member = await member_of(self.authority, token, key)
        await self.people.grant(key, answer.user, member, now)
        log.info("person_granted", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()
        asked = False
        try:
            taken = await self.people.take_ask(key)
            if taken is not None:
                asked = await self.perform_ask(key, *taken)
        except StatusQuoError as failure:
            log.warning("ask_failed", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
        waiting = bool((await self.permissions.waiting(key)).person)
        return Outcome(Result.GRANTED, key, answer.app_id, answer.name, member.locale, asked, waiting)
