"""Members of a workspace: users.list and users.info, and the one reading of Slack's user object.

docs.slack.dev/reference/objects/user-object, …/reference/methods/users.list (Tier 2), users.info (Tier 4). The same
object comes with the events `team_join` and `user_change`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from services.domain.errors import SlackUnavailableError
from services.domain.members import Role, WorkspaceMember
from services.domain.model import Status
from services.domain.people import Member, zone_name
from services.slack.client import SlackClients
from services.slack.profile import status_of

LIST = "users.list"
TEAMS = "auth.teams.list"
INFO = "users.info"
SLACKBOT = "USLACKBOT"
PAGE = 200
"""Members of a page, as Slack recommends (docs.slack.dev, "Pagination")."""

TEAM_PAGE = 200

_ID = re.compile(r"[A-Z0-9]{1,63}")
_LONGEST_NAME = 80
_LONGEST_ADDRESS = 254
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
_ROLES = (
    ("is_primary_owner", Role.PRIMARY_OWNER), ("is_owner", Role.OWNER), ("is_admin", Role.ADMIN),
    ("is_restricted", Role.GUEST), ("is_ultra_restricted", Role.GUEST),
)  # fmt: skip


class SlackMembers:
    """Reads members with the workspace's bot token. `homes` are the ids that count as here: team, and org."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def teams(self, token: str, cursor: str = "") -> tuple[tuple[str, ...], str]:
        """Return a page of the ids of the workspaces that an org's token is good for, and the cursor of the next one.

        docs.slack.dev/reference/methods/auth.teams.list (Tier 2). Raises SlackError.
        """
        params = {"limit": str(TEAM_PAGE)} | ({"cursor": cursor} if cursor else {})
        answer = await self._clients.call(token, TEAMS, plain=True, params=params)
        listed = answer.get("teams")
        if not isinstance(listed, list):
            raise SlackUnavailableError("no_teams", method=TEAMS)
        found = (slack_id(mapping(team).get("id")) for team in listed)
        return tuple(filter(None, found)), next_cursor(answer, cursor, TEAMS)

    async def page(
        self, token: str, homes: Collection[str], cursor: str = "", team_id: str = ""
    ) -> tuple[tuple[WorkspaceMember, ...], str]:
        """Return a page of all members, and the cursor of the next one, "" after the last; begin with the cursor "".

        With an org's token `team_id` names the workspace. A page may hold fewer than `PAGE`, or nobody, and still not
        be the last. Bots, Slackbot, deactivated members and strangers are among them. Raises SlackError.
        """
        params = {"limit": str(PAGE), "include_locale": "true"} | ({"cursor": cursor} if cursor else {})
        params |= {"team_id": team_id} if team_id else {}
        answer = await self._clients.call(token, LIST, plain=True, http_verb="GET", params=params)
        listed = answer.get("members")
        if not isinstance(listed, list):
            raise SlackUnavailableError("no_members", method=LIST)
        members = (parse_workspace_member(user, homes) for user in listed)
        return tuple(one for one in members if one is not None), next_cursor(answer, cursor, LIST)

    async def member(self, token: str, user_id: str, homes: Collection[str]) -> WorkspaceMember:
        """Return that member, as now. Raises SlackError; SlackRefusedError `user_not_found` where there is none."""
        member = parse_workspace_member(await self.whole(token, user_id, locale=True), homes)
        if member is None:
            raise SlackUnavailableError("no_user", method=INFO)
        return member

    async def whole(self, token: str, user_id: str, *, locale: bool) -> Mapping[str, Any]:
        """Return all of a member's user object, as Slack gives it; with their `locale` where that is asked for.

        Raises SlackError.
        """
        params = {"user": user_id} | ({"include_locale": "true"} if locale else {})
        answer = await self._clients.call(token, INFO, plain=True, http_verb="GET", params=params)
        user = mapping(answer.get("user"))
        if slack_id(user.get("id")) != user_id:
            raise SlackUnavailableError("no_user", method=INFO)
        return user


def parse_workspace_member(user: object, homes: Collection[str]) -> WorkspaceMember | None:
    """Return the member in a user object; None where it is none. Who is of none of `homes` is a stranger."""
    found = mapping(user)
    user_id = slack_id(found.get("id"))
    if not user_id:
        return None
    member, profile = parse_member(found), mapping(found.get("profile"))
    first, last = _name(profile.get("first_name")), _name(profile.get("last_name"))
    both = (f"{first} {last}",) if first and last else ()
    return WorkspaceMember(
        user_id=user_id,
        names=tuple(dict.fromkeys((*member.names, *both))),
        address=member.address,
        zone=member.zone,
        locale=member.locale,
        role=role_of(found, homes),
        bot=_is_bot(found),
        deleted=found.get("deleted") is True,
        stranger=_is_stranger(found, homes),
    )


def parse_member(user: object) -> Member:
    """Zone, language, address, names and role from a user object, of users.info or of an event."""
    found = mapping(user)
    profile = mapping(found.get("profile"))
    called = (profile.get("real_name"), found.get("real_name"), profile.get("display_name"))
    names = tuple(dict.fromkeys(name for name in map(_name, called) if name))
    locale = text(found.get("locale"))
    address = text(profile.get("email")).strip().lower()
    return Member(
        zone=zone_name(text(found.get("tz"))),
        locale=locale.replace("_", "-") if _LOCALE.fullmatch(locale) else "",
        address=address if len(address) <= _LONGEST_ADDRESS else "",
        names=names or tuple(filter(None, (_name(found.get("name")),))),
        admin=_manages(found),
        status=_status(profile),
    )


def parse_colleague(user: object, homes: Collection[str]) -> Member | None:
    """Return the member, where they are a person of one of `homes`.

    None for bots, for who was deactivated, and for members of other organisations in shared channels.
    """
    found = mapping(user)
    no_colleague = _is_bot(found) or found.get("deleted") is True or _is_stranger(found, homes)
    return None if no_colleague else parse_member(found)


def _status(profile: Mapping[str, Any]) -> Status | None:
    """Return what a profile shows, where it says so; what makes no sense says nothing."""
    with suppress(SlackUnavailableError):
        return status_of(profile) if "status_text" in profile else None
    return None


def _manages(user: Mapping[str, Any]) -> bool | None:
    """Return whether they manage the workspace; None where nothing is said of it.

    Of the deactivated Slack tells no role.
    """
    if user.get("deleted") is True:
        return False
    return role_of(user) >= Role.ADMIN if any(name in user for name, _ in _ROLES) else None


def role_of(user: Mapping[str, Any], homes: Collection[str] = ()) -> Role:
    """Return the higher of the roles in the workspace and in its org, of which Slack tells in `enterprise_user`.

    That in the workspace counts where it is among `homes`: who manages one of an org's manages neither the org, for
    which the app may be there, nor another one. Guests are guests.
    """
    org = mapping(user.get("enterprise_user"))
    here = not homes or not _teams(user).isdisjoint(homes)
    flags = [
        role
        for name, role in _ROLES
        if org.get(name) is True or (user.get(name) is True and (here or role is Role.GUEST))
    ]
    return max(flags, default=Role.MEMBER)


def next_cursor(answer: Mapping[str, Any], before: str, method: str) -> str:
    """Return the cursor of the page after an answer's, "" where there is none.

    Raises SlackUnavailableError where it is the one that was asked with: that would never end.
    """
    after = text(mapping(answer.get("response_metadata")).get("next_cursor"))
    if after and after == before:
        raise SlackUnavailableError("cursor_stands", method=method)
    return after


def _is_bot(user: Mapping[str, Any]) -> bool:
    """Return whether no person is behind it; of Slackbot Slack says that it is no bot."""
    return any(user.get(name) is True for name in ("is_bot", "is_workflow_bot")) or user.get("id") == SLACKBOT


def _is_stranger(user: Mapping[str, Any], homes: Collection[str]) -> bool:
    """Return whether they are of another organisation.

    docs.slack.dev, user object: `is_stranger` is of those alone who are in no channel that the app sees.
    """
    of = {text(mapping(user.get("enterprise_user")).get("enterprise_id")), *_teams(user)}
    return user.get("is_stranger") is True or of.isdisjoint(homes)


def _teams(user: Mapping[str, Any]) -> set[str]:
    """Return the workspaces that they are a member of, as far as Slack tells."""
    teams = mapping(user.get("enterprise_user")).get("teams")
    listed = [one for one in teams if isinstance(one, str)] if isinstance(teams, list) else []
    return {text(user.get("team_id")), *listed}


def _name(value: object) -> str:
    return " ".join(text(value).split())[:_LONGEST_NAME]


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for whatever is none."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Return a text, "" for whatever is none."""
    return value if isinstance(value, str) else ""


def slack_id(value: object) -> str:
    """Return a Slack id, "" for whatever is none."""
    found = text(value)
    return found if _ID.fullmatch(found) else ""
