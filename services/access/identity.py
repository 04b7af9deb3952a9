"""Who a browser was seen to be in Slack, and what people and workspaces are called.

A link that connects an account names its person, but whoever holds it can follow it. Slack alone says who sits before a
browser, at the end of OAuth; a sealed cookie remembers that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackError
from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import Member
from services.domain.request_errors import LinkExpiredError, LinkOfAnotherError
from services.platform.crypto import Encryptor
from services.platform.logs import of_error
from services.slack.oauth import SlackAuthority
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

COOKIE = "statusquo-person"
"""The cookie's name."""

LIVES = timedelta(days=30)
"""How long a browser is known as somebody's."""

MOST = 8
"""People that one browser is known as: one of each workspace, the newest."""

_PLACE = "browser"
_LONGEST, _LONGEST_LINK = 4096, 1024


@dataclass(frozen=True, slots=True)
class BrowserIdentities:
    """Reads and writes the cookie: a sealed list of workspace, user and end, which nobody else can make."""

    encryptor: Encryptor

    def read(self, cookie: str, now: datetime) -> Mapping[str, str]:
        """Return whom Slack said that the browser is: workspace → user.

        Empty for a cookie that is not ours, or too old.
        """
        return {team: user for team, (user, _) in self._known(cookie, now).items()}

    def with_person(self, cookie: str, key: PersonKey, now: datetime) -> str:
        """Return the cookie of a browser that Slack said just now to be `key`."""
        others = self._known(self.without(cookie, key.team_id, now), now)
        newest = list(others.items())[-(MOST - 1) :]
        return self._sealed(dict([*newest, (key.team_id, (key.user_id, int((now + LIVES).timestamp())))]))

    def without(self, cookie: str, team_id: str, now: datetime) -> str:
        """Return the cookie of a browser that is nobody in that workspace any more; "" where nothing is left."""
        left = {team: known for team, known in self._known(cookie, now).items() if team != team_id}
        return self._sealed(left) if left else ""

    def _known(self, cookie: str, now: datetime) -> dict[str, tuple[str, int]]:
        if not cookie or not cookie.isascii() or len(cookie) > _LONGEST:
            return {}
        try:
            found = json.loads(self.encryptor.open_token(cookie, _PLACE))
        except SealError:
            return {}
        return {team: (user, end) for team, user, end in found if end > now.timestamp()}

    def _sealed(self, known: Mapping[str, tuple[str, int]]) -> str:
        rows = [(team, user, end) for team, (user, end) in known.items()]
        return self.encryptor.seal_token(json.dumps(rows), _PLACE)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to send a browser, and the cookie that it has to bring back."""

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A person as Slack shows them: names, or ids where Slack does not tell. `address` is lower-case, "" if unknown."""

    person: str
    workspace: str
    locale: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Introductions:
    """Says who somebody is."""

    workspaces: WorkspaceStore
    authority: SlackAuthority

    async def of(self, key: PersonKey) -> Named:
        """Name, workspace and e-mail address, asked of Slack now: nobody can have chosen them with us."""
        bot = await self.workspaces.find(key.team_id, "")
        member = await member_of(self.authority, None if bot is None else bot.token, key)
        workspace = bot.name if bot is not None else ""
        return Named(member.name or key.user_id, workspace or key.team_id, member.locale, member.address)


async def member_of(authority: SlackAuthority, token: str | None, key: PersonKey) -> Member:
    """Zone, language, name and address as Slack has them; what cannot be had now comes with a later event.

    `token` is the workspace's bot's.
    """
    if token is None:
        return Member()
    try:
        return await authority.member(token, key.user_id)
    except SlackError as failure:
        log.warning("member_unread", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
        return Member()


def is_theirs(key: PersonKey, seen: Mapping[str, str]) -> bool:
    """Return whether a browser is known as `key`'s. Raises LinkOfAnotherError where it is another member's."""
    user = seen.get(key.team_id)
    if user is not None and user != key.user_id:
        log.warning("link_of_another", team_id=key.team_id, user_id=key.user_id)
        raise LinkOfAnotherError("another member's browser", team_id=key.team_id)
    return user is not None


def open_link(encryptor: Encryptor, sealed: str, place: str) -> str:
    """Return what a link, or the form behind one, says that we sealed for `place`. Raises LinkExpiredError."""
    if not sealed.isascii() or len(sealed) > _LONGEST_LINK:
        raise LinkExpiredError("malformed")
    try:
        return encryptor.open_token(sealed, place)
    except SealError:
        raise LinkExpiredError("not signed by us") from None
