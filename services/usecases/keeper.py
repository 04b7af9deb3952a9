"""What admins and members ask for about a workspace's keeper: to be it, to end it, not to be kept; and how it stands.

An admin agrees on a page of our own, behind a signed, single-use, expiring link that names them, in a browser that
Slack has said to be theirs. Whether they are an admin is asked of Slack each time.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.access.admins import Admins
from services.access.identity import is_theirs, open_link
from services.domain.errors import NotGrantedError
from services.domain.keeper import KeeperState
from services.domain.model import PersonKey, Status
from services.domain.profile_state import shown
from services.domain.request_errors import KeeperNotAllowedError, LinkExpiredError
from services.platform.crypto import Encryptor, digest_of
from services.ports import Clock, WakeSignal
from services.store.keeper import KeeperCounts, KeeperStore, Refusals, StandingKeeper
from services.store.kept import KeptStore, KeptWrite
from services.store.members import MemberStore
from services.store.oauth_states import OAuthStateStore, Ticket
from services.store.people import PeopleStore
from services.store.refusals import KEEPER
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)

LINK_LIVES = timedelta(hours=1)
"""Long enough to allow the own status first, and to come back."""

MOST_LISTED = 20
"""Members whom a keeper cannot keep, as an admin sees them."""

_PURPOSE, _PLACE, _FORM = "keeper", "keeper-links", "keeper-forms"
_PARTS = 3
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class KeeperForm:
    """What stands before an agreement: whose link it is, the browser's cookie, and what its form has to bring along.

    `granted`: they have allowed us their own status, which is what the keeper uses.
    """

    key: PersonKey
    granted: bool
    cookie: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeeperView:
    """A workspace's keeper as its admins see it, and members by name with Slack's code for why they are not kept."""

    keeper: StandingKeeper | None = None
    name: str = ""
    counts: KeeperCounts | None = None
    refused: tuple[tuple[str, str], ...] = ()
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class KeptView:
    """What a member without a grant is told: who keeps their status, what shows of it, or why it is not kept.

    `name` is the admin's. `refused`: they said that they are not to be kept.
    """

    name: str
    refused: bool
    status: Status | None = None
    last: KeptWrite | None = None


@dataclass(frozen=True, slots=True)
class Keeping:
    """The keepers of all workspaces. `base_url` is PUBLIC_URL without a slash at its end."""

    keepers: KeeperStore
    kept: KeptStore
    refusals: Refusals
    members: MemberStore
    people: PeopleStore
    states: OAuthStateStore
    admins: Admins
    policies: WorkspacePolicy
    encryptor: Encryptor
    clock: Clock
    wake_signal: WakeSignal
    base_url: str

    # ── to be it ────────────────────────────────────────────────────────────────────────────────────

    async def link(self, key: PersonKey) -> str:
        """Return a link to the page on which this admin, and nobody else, agrees. Raises NotAnAdminError, SlackError.

        KeeperNotAllowedError where policy or operator do not want it.
        """
        await self._may(key)
        secret = await self.states.issue(Ticket(_PURPOSE, key.team_id, key.user_id), self.clock.now() + LINK_LIVES)
        return f"{self.base_url}/keeper?link={self.encryptor.seal_token(chr(10).join((*_parts(key), secret)), _PLACE)}"

    async def ask(self, link: str, cookie: str, seen: Mapping[str, str]) -> KeeperForm:
        """Say whose link it is, in the browser with that cookie, `seen` to be somebody's (workspace → user).

        The link stays good. Raises LinkExpiredError, LinkOfAnotherError, NotAnAdminError, KeeperNotAllowedError.
        """
        key, _ = await self._named(link, seen)
        await self._may(key)
        cookie = cookie if _COOKIE.fullmatch(cookie) else secrets.token_urlsafe(32)
        token = self.encryptor.seal_token(f"{digest_of(link)}{digest_of(cookie)}", _FORM)
        return KeeperForm(key, await self._is_granted(key), cookie, token)

    async def take(self, link: str, cookie: str, token: str, seen: Mapping[str, str]) -> tuple[PersonKey, bool]:
        """Return the admin whose link it is, who wants it in this browser; and whether it is known to be theirs.

        The link is good no more. Raises as `ask`.
        """
        key, secret = await self._named(link, seen)
        if not cookie or open_link(self.encryptor, token, _FORM) != f"{digest_of(link)}{digest_of(cookie)}":
            raise LinkExpiredError("not asked in this browser")
        taken = await self.states.take(secret, _PURPOSE, self.clock.now())
        if taken is None or PersonKey(taken.team_id, taken.user_id) != key:
            raise LinkExpiredError("used or expired")
        return key, is_theirs(key, seen)

    async def agree(self, key: PersonKey) -> None:
        """Keep that this admin agrees, whom Slack says to be there, in the place of another keeper.

        Raises NotAnAdminError, KeeperNotAllowedError, NotGrantedError, SlackError.
        """
        await self._may(key)
        if not await self._is_granted(key):
            raise NotGrantedError("keeper")
        await self.keepers.consent(key, self.clock.now())
        log.info("keeper_agreed", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()

    async def end(self, key: PersonKey) -> bool:
        """End the keeper of this admin's workspace; False where there is none. Raises NotAnAdminError, SlackError.

        Nobody's permission is given up.
        """
        await self.admins.require(key)
        ended = await self.keepers.end(key.team_id, self.clock.now())
        log.info("keeper_ended", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()
        return ended

    async def _may(self, key: PersonKey) -> None:
        if not (await self.policies.of(key.team_id)).keeper:
            raise KeeperNotAllowedError("policy")
        await self.admins.require(key)

    async def _is_granted(self, key: PersonKey) -> bool:
        view = await self.people.get(key)
        return view is not None and view.granted

    async def _named(self, link: str, seen: Mapping[str, str]) -> tuple[PersonKey, str]:
        parts = open_link(self.encryptor, link, _PLACE).split("\n")
        if len(parts) != _PARTS:
            raise LinkExpiredError("made for something else")
        key, secret = PersonKey(parts[0], parts[1]), parts[2]
        if not await self.states.holds(secret, _PURPOSE, self.clock.now()):
            raise LinkExpiredError("used or expired")
        is_theirs(key, seen)
        return key, secret

    # ── not to be kept ──────────────────────────────────────────────────────────────────────────────

    async def opt_out(self, key: PersonKey) -> None:
        """Leave the member's status alone; what stands of ours there is taken off."""
        await self.refusals.put(key, KEEPER, self.clock.now())
        self.wake_signal.wake()

    async def opt_in(self, key: PersonKey) -> bool:
        """They may be kept again; False where they always might."""
        did = await self.refusals.delete(key, KEEPER, self.clock.now())
        self.wake_signal.wake()
        return did

    # ── how it stands ───────────────────────────────────────────────────────────────────────────────

    async def is_keeper(self, key: PersonKey) -> bool:
        """Return whether this member's permission keeps others' statuses."""
        found = await self.keepers.of(key.team_id)
        return found is not None and found.key == key and found.state in {KeeperState.OK, KeeperState.ENDING}

    async def view(self, team_id: str) -> KeeperView:
        """Return how the keeper of a workspace stands, for its admins."""
        allowed = (await self.policies.of(team_id)).keeper
        keeper = await self.keepers.of(team_id)
        if keeper is None:
            return KeeperView(allowed=allowed)
        counts = await self.keepers.counts(team_id, self.clock.now(), MOST_LISTED)
        named = await self._names(team_id, [keeper.key.user_id, *(user_id for user_id, _ in counts.refused)])
        refused = tuple((named[user_id], code) for user_id, code in counts.refused)
        return KeeperView(keeper, named[keeper.key.user_id], counts, refused, allowed)

    async def of(self, key: PersonKey) -> KeptView | None:
        """Return what a member without a grant is told; None where no keeper keeps anybody in their workspace."""
        keeper = await self.keepers.of(key.team_id)
        if keeper is None or keeper.state is not KeeperState.OK:
            return None
        names = await self._names(key.team_id, [keeper.key.user_id])
        refused = KEEPER in await self.refusals.of(key)
        memory = await self.kept.standing(key)
        status = None if memory is None else shown(memory.standing, self.clock.now())
        recent = await self.kept.recent(key, 1)
        return KeptView(names[keeper.key.user_id], refused, status, recent[0] if recent else None)

    async def _names(self, team_id: str, user_ids: Iterable[str]) -> dict[str, str]:
        """Return what members are called; their ids where that is not known."""
        ids = list(user_ids)
        known = await self.members.some(team_id, ids)
        return {one: known[one].name or one if one in known else one for one in ids}


def _parts(key: PersonKey) -> tuple[str, str]:
    return key.team_id, key.user_id
