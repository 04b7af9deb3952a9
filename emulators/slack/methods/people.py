"""users.info, users.list, users.lookupByEmail, users.profile.get, users.profile.set."""

from __future__ import annotations

from typing import Any

from emulators.slack import profile as rules
from emulators.slack.errors import RefusalError, rate_limited
from emulators.slack.request import ApiRequest
from emulators.slack.state import Member
from emulators.slack.users import profile_of, user_of


def info(request: ApiRequest) -> dict[str, Any]:
    """users.info."""
    member = _visible(request, request.text("user"))
    return {
        "ok": True,
        "user": user_of(request.slack, member, locale=request.flag("include_locale"), email=_email(request)),
    }


def list_all(request: ApiRequest) -> dict[str, Any]:
    """users.list, in one page."""
    locale, email = request.flag("include_locale"), _email(request)
    members = [
        user_of(request.slack, m, locale=locale, email=email)
        for m in request.slack.members.values()
        if _sees(request, m)
    ]
    cache_ts = int(request.now.timestamp())
    return {"ok": True, "members": members, "cache_ts": cache_ts, "response_metadata": {"next_cursor": ""}}


def lookup(request: ApiRequest) -> dict[str, Any]:
    """users.lookupByEmail."""
    for member in request.slack.members.values():
        if member.email == request.text("email") and _sees(request, member):
            return {"ok": True, "user": user_of(request.slack, member, email=True)}
    raise RefusalError("users_not_found")


def profile_get(request: ApiRequest) -> dict[str, Any]:
    """users.profile.get; of the token's owner where no `user` is given."""
    member = _visible(request, request.text("user") or request.owner.user_id)
    return {"ok": True, "profile": profile_of(request.slack, member, email=_email(request))}


def profile_set(request: ApiRequest) -> dict[str, Any]:
    """users.profile.set. Another person's profile only with an admin's token."""
    slack, owner = request.slack, slack_owner(request)
    member = _visible(request, request.text("user") or owner.user_id)
    if member.user_id != owner.user_id:
        if not owner.is_admin:
            raise RefusalError("not_admin")
        if member.is_admin:
            raise RefusalError("cannot_update_admin_user")
    wait = slack.limits.check_profile(request.owner.value, member.user_id, request.now)
    if wait:
        raise rate_limited(wait)
    fields = request.parsed("profile", "invalid_profile")
    if fields is None and request.text("name"):
        fields = {request.text("name"): request.text("value")}
    if not isinstance(fields, dict):
        raise RefusalError("invalid_profile")
    if rules.apply(slack, member, fields):
        slack.status_changed(member)
    return {"ok": True, "username": member.name, "profile": profile_of(slack, member)}


def slack_owner(request: ApiRequest) -> Member:
    """The member that the token belongs to."""
    return request.slack.member(request.owner.user_id)


def _visible(request: ApiRequest, user_id: str) -> Member:
    member = request.slack.member(user_id)
    if not _sees(request, member):
        raise RefusalError("user_not_found")
    return member


def _sees(request: ApiRequest, member: Member) -> bool:
    token = request.owner
    enterprise = request.slack.workspaces[member.team_id].enterprise_id
    return token.team_id in (member.team_id, enterprise) or member.user_id == token.user_id


def _email(request: ApiRequest) -> bool:
    return "users:read.email" in request.owner.scopes
