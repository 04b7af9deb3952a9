"""Who is a member and with which role, and the methods that list members and set their profiles.

docs.slack.dev/reference/objects/user-object, …/reference/methods/users.list, users.info, users.profile.set,
…/apis/web-api/rate-limits ("Profile update limits"), …/reference/events/team_join and user_change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emulators.slack.pages import page_of
from emulators.slack.profile import apply, profile_of, user_of
from emulators.slack.state import RefusalError, SlackMember, rate_limited

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

SLACKBOT = "USLACKBOT"
_ROLES: dict[str, tuple[str, ...]] = {
    "primary_owner": ("is_admin", "is_owner", "is_primary_owner"),
    "owner": ("is_admin", "is_owner"),
    "admin": ("is_admin",),
    "member": (),
    "guest": ("is_restricted",),
    "single_channel_guest": ("is_restricted", "is_ultra_restricted"),
}
_FLAGS = sorted({flag for flags in _ROLES.values() for flag in flags})
_ADMIN = 2
FREE_PLAN = "paid_only"
"""What setting somebody else's profile is refused with on a free plan, for which Slack documents no code."""


class Membership:
    """What happens to members; the app is told of it (`team_join`, `user_change`)."""

    def __init__(self, slack: LocalSlack) -> None:
        """`orgs` are Enterprise orgs that installed the app, with their workspaces; `org_admins` are those of them."""
        self._slack = slack
        self.orgs: dict[str, set[str]] = {}
        self.org_admins: set[str] = set()
        self.also_in: dict[str, set[str]] = {}

    def org(self, org_id: str, *team_ids: str) -> None:
        """An Enterprise org of these workspaces, which may install the app for all of them."""
        self._slack.add_workspace(org_id, "Org", "org")
        self.orgs[org_id] = set(team_ids)
        for team_id in set(team_ids) - self._slack.workspaces.keys():
            self._slack.add_workspace(team_id)

    def join(self, user_id: str, name: str, real_name: str = "", **more: Any) -> SlackMember:
        """Somebody new comes into the workspace; arguments as of `LocalSlack.add_person`."""
        member = self._slack.add_person(user_id, name, real_name, **more)
        self._slack.deliveries.user_event("team_join", member)
        return member

    def set_role(self, user_id: str, role: str) -> None:
        """Make somebody a `primary_owner`, `owner`, `admin`, `member`, `guest` or `single_channel_guest`."""
        member = self._slack.member(user_id)
        for flag in _FLAGS:
            setattr(member, flag, flag in _ROLES[role])
        self._changed(member)

    def rename(self, user_id: str, real_name: str, *, display_name: str | None = None) -> None:
        """Somebody is called something else; their display name stays where none is given."""
        member = self._slack.member(user_id)
        member.real_name, member.first_name, member.last_name = real_name, "", ""
        member.display_name = member.display_name if display_name is None else display_name
        self._changed(member, "user_profile_changed")

    def deactivate(self, user_id: str) -> None:
        """End somebody's account: out of every channel, status gone, and their tokens are worth nothing for good."""
        member = self._slack.member(user_id)
        for channel in self._slack.channels.values():
            channel.members.discard(user_id)
        for token in self._slack.tokens.by_value.values():
            if token.kind == "user" and token.user_id == user_id and not token.revoked:
                token.revoked = token.inactive = True
        member.deleted, member.text, member.emoji, member.expiration = True, "", "", 0
        self._changed(member)

    def reactivate(self, user_id: str) -> None:
        """Give somebody their account back, as a member; what they had granted is gone."""
        self._slack.member(user_id).deleted = False
        self.set_role(user_id, "member")

    def _changed(self, member: SlackMember, kind: str = "") -> None:
        member.updated = int(self._slack.clock.now().timestamp())
        self._slack.member_changed(member)
        self._slack.deliveries.user_event(kind, member)

    # ── what an app sees ────────────────────────────────────────────────────────────────────────────

    def listed(self, team_id: str) -> list[SlackMember]:
        """All that users.list gives: Slackbot, members, bots, deactivated, and others' in channels shared with them."""
        foreign = self._foreign(team_id)
        everybody = self._slack.members.values()
        return [
            self.slackbot(team_id),
            *(one for one in everybody if self._is_in(one, team_id) or one.user_id in foreign),
        ]

    def _is_in(self, member: SlackMember, team_id: str) -> bool:
        """Whether somebody is a member of a workspace, or of a workspace of an org."""
        teams = {member.team_id} | self.also_in.get(member.user_id, set())
        return bool(teams & self.orgs.get(team_id, {team_id}))

    def asked_of(self, request: ApiRequest) -> str:
        """The workspace that a call is about: the token's, or the one of its org's that `team_id` names.

        docs.slack.dev/reference/methods/users.list: `team_id` is "required if org token is used".
        """
        teams = self.orgs.get(request.token.team_id)
        if teams is None:
            return request.token.team_id
        if not request.text("team_id"):
            raise RefusalError("missing_argument")
        if request.text("team_id") not in teams:
            raise RefusalError("team_access_not_granted")
        return request.text("team_id")

    def slackbot(self, team_id: str) -> SlackMember:
        """Slackbot, of whom Slack says that it is no bot."""
        return SlackMember(team_id, SLACKBOT, "slackbot", "Slackbot", tz="America/Los_Angeles")

    def seen(self, user_id: str, team_id: str) -> SlackMember:
        """A member whom an app of that workspace may ask about. Raises RefusalError."""
        if user_id == SLACKBOT:
            return self.slackbot(team_id)
        member = self._slack.member(user_id)
        if not self._is_in(member, team_id) and user_id not in self._foreign(team_id):
            raise RefusalError("user_not_found")
        return member

    def teams_that_see(self, member: SlackMember) -> list[str]:
        """The workspaces whose apps hear of a member: their own, and those that share a channel with them."""
        channels = self._slack.channels.values()
        shared = {one.team_id for one in channels if one.shared and member.user_id in one.members}
        return [member.team_id, *sorted(shared - {member.team_id})]

    def shown(self, member: SlackMember, team_id: str, *, locale: bool = False, email: bool = False) -> dict[str, Any]:
        """The user object for an app of that workspace: of others' people neither roles nor address.

        docs.slack.dev/reference/objects/user-object: a stranger is in no shared channel that the app sees.
        """
        if self._is_in(member, team_id):
            return user_of(self._slack, member, locale=locale, email=email) | self._in_org(member)
        bot = self._slack.bot_of(team_id).user_id
        met = any(bot in one.members and member.user_id in one.members for one in self._slack.channels.values())
        bare = replace(member, is_admin=False, is_owner=False, is_primary_owner=False)
        return user_of(self._slack, bare, locale=locale) | {"is_stranger": not met}

    def _in_org(self, member: SlackMember) -> dict[str, Any]:
        """What the user object says besides of a member of an org's workspace."""
        org_id = next((org_id for org_id, teams in self.orgs.items() if member.team_id in teams), "")
        if not org_id:
            return {}
        admin, teams = member.user_id in self.org_admins, {member.team_id} | self.also_in.get(member.user_id, set())
        org = {"enterprise_id": org_id, "is_admin": admin, "is_owner": False, "teams": sorted(teams)}
        return {"enterprise_user": {"id": member.user_id, **org}}

    def _foreign(self, team_id: str) -> set[str]:
        channels = [one for one in self._slack.channels.values() if one.shared and one.team_id == team_id]
        inside = {user_id for channel in channels for user_id in channel.members}
        return {one for one in inside if self._slack.members[one].team_id != team_id}


# ── the methods ─────────────────────────────────────────────────────────────────────────────────────


def list_users(request: ApiRequest) -> Answer:
    """users.list: without `limit` everybody at once, unless they are many."""
    slack = request.slack
    team = slack.workspaces[slack.membership.asked_of(request)]
    everybody = slack.membership.listed(team.team_id)
    if not request.text("limit") and len(everybody) >= team.large:
        raise RefusalError("limit_required")
    page, after = page_of(request, everybody, "user", lambda one: one.user_id, most=team.longest_page)
    email, locale = "users:read.email" in request.token.scopes, request.flag("include_locale")
    shown = [slack.membership.shown(one, team.team_id, locale=locale, email=email) for one in page]
    at = int(request.now.timestamp())
    return {"ok": True, "members": shown, "cache_ts": at, "response_metadata": {"next_cursor": after}}


def list_teams(request: ApiRequest) -> Answer:
    """auth.teams.list: the workspaces that the token is good for."""
    slack, home = request.slack, request.token.team_id
    teams = [slack.workspaces[one] for one in sorted(slack.membership.orgs.get(home, {home}))]
    page, after = page_of(request, teams, "team", lambda one: one.team_id, default=100)
    listed = [{"id": one.team_id, "name": one.name} for one in page]
    return {"ok": True, "teams": listed, "response_metadata": {"next_cursor": after}}


def user_info(request: ApiRequest) -> Answer:
    """users.info: also of who was deactivated, and of others' people in shared channels."""
    team_id, email = request.token.team_id, "users:read.email" in request.token.scopes
    member = request.slack.membership.seen(request.text("user"), team_id)
    locale = request.flag("include_locale")
    return {"ok": True, "user": request.slack.membership.shown(member, team_id, locale=locale, email=email)}


def profile_get(request: ApiRequest) -> Answer:
    """users.profile.get: of the token's owner where no `user` is given."""
    team_id = request.token.team_id
    member = request.slack.membership.seen(request.text("user") or request.token.user_id, team_id)
    email = "users:read.email" in request.token.scopes and member.team_id == team_id
    return {"ok": True, "profile": profile_of(request.slack, member, email=email)}


def profile_set(request: ApiRequest) -> Answer:
    """users.profile.set: another's profile on a paid plan, and by a token whose owner ranks above them."""
    slack, owner = request.slack, request.owner
    user_id = request.text("user") or owner.user_id
    wait = slack.limits.check_profile(request.token.value, user_id, request.now)
    if wait:
        raise rate_limited(wait)
    member = slack.member(user_id)
    if member.team_id != request.token.team_id or member.deleted:
        raise RefusalError("user_not_found")
    if member is not owner:
        _check_rank(owner, member, paid=slack.workspaces[member.team_id].paid)
    fields = request.parsed("profile", "invalid_profile")
    if fields is None and request.text("name"):
        fields = {request.text("name"): request.text("value")}
    if not isinstance(fields, dict):
        raise RefusalError("invalid_profile")
    if apply(slack, member, fields):
        slack.status_changed(member)
    return {"ok": True, "username": member.name, "profile": profile_of(slack, member)}


def _check_rank(owner: SlackMember, member: SlackMember, *, paid: bool) -> None:
    """Raise RefusalError where `owner` may not set the profile of `member`."""
    if owner.rank < _ADMIN:
        raise RefusalError("not_admin")
    if not paid:
        raise RefusalError(FREE_PLAN)
    if member.is_bot:
        raise RefusalError("not_app_admin")
    if owner.rank <= member.rank:
        raise RefusalError("cannot_update_admin_user")
    if member.refuses:
        raise RefusalError(member.refuses)
