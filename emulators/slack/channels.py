"""What apps read of channels: conversations.info, conversations.members and users.conversations.

docs.slack.dev/reference/methods/conversations.info, …members, …/users.conversations, …/objects/conversation-object:
scopes by the kind of channel, whoever asks; a private channel that the token's owner is not in does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulators.slack.pages import page_of
from emulators.slack.state import Channel, RefusalError

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

READ_SCOPES = ("channels:read", "groups:read", "im:read", "mpim:read")
_KINDS = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def info(request: ApiRequest) -> Answer:
    """conversations.info."""
    channel = _visible(request)
    shown = channel_of(request.slack, channel, request.token.user_id)
    if request.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"ok": True, "channel": shown}


def members(request: ApiRequest) -> Answer:
    """conversations.members: ids, of bots and of others' people too."""
    inside = sorted(_visible(request).members)
    page, after = page_of(request, inside, "user", str, default=100)
    return {"ok": True, "members": list(page), "response_metadata": {"next_cursor": after}}


def conversations_of(request: ApiRequest) -> Answer:
    """users.conversations: of the token's owner where no `user` is given; public ones unless `types` says more."""
    user_id = request.text("user") or request.token.user_id
    kinds = [one.strip() for one in (request.text("types") or "public_channel").split(",")]
    if any(one not in _KINDS for one in kinds):
        raise RefusalError("invalid_types")
    for kind in kinds:
        _check_scope(request, _KINDS[kind])
    team_id, archived = request.token.team_id, not request.flag("exclude_archived")
    found = [
        one
        for one in request.slack.channels.values()
        if user_id in (one.members or {one.person})
        and one.team_id == team_id
        and _kind(one) in kinds
        and (archived or not one.archived)
        and _is_visible(request, one)
    ]
    page, after = page_of(request, found, "channel", lambda one: one.channel_id, default=100)
    shown = [channel_of(request.slack, one, request.token.user_id) for one in page]
    return {"ok": True, "channels": shown, "response_metadata": {"next_cursor": after}}


def channel_of(slack: LocalSlack, channel: Channel, user_id: str) -> dict[str, Any]:
    """The conversation object for a token of `user_id`."""
    if channel.person:
        return {"id": channel.channel_id, "is_im": True, "user": channel.person, "created": channel.created}
    foreign = {slack.members[one].team_id for one in channel.members if one in slack.members} - {channel.team_id}
    return {
        "id": channel.channel_id, "name": channel.name, "name_normalized": channel.name, "is_channel": True,
        "is_group": False, "is_im": False, "is_mpim": False, "is_private": channel.private, "created": channel.created,
        "creator": channel.creator, "is_archived": channel.archived, "is_general": channel.name == "general",
        "is_shared": channel.shared, "is_ext_shared": channel.shared, "is_org_shared": False,
        "is_pending_ext_shared": False, "is_member": user_id in channel.members,
        "context_team_id": channel.team_id, "shared_team_ids": sorted({channel.team_id, *foreign}),
        "topic": {"value": "", "creator": "", "last_set": 0}, "purpose": {"value": "", "creator": "", "last_set": 0},
    }  # fmt: skip


def _visible(request: ApiRequest) -> Channel:
    """The channel that is asked about. Raises RefusalError."""
    channel = request.slack.channels.get(request.text("channel"))
    if channel is None or not _is_visible(request, channel):
        raise RefusalError("channel_not_found")
    _check_scope(request, _KINDS[_kind(channel)])
    return channel


def _is_visible(request: ApiRequest, channel: Channel) -> bool:
    inside = request.token.user_id in channel.members
    if channel.person:
        return request.token.kind == "bot" or request.token.user_id == channel.person
    return inside or (channel.team_id == request.token.team_id and not channel.private)


def _kind(channel: Channel) -> str:
    return "im" if channel.person else "private_channel" if channel.private else "public_channel"


def _check_scope(request: ApiRequest, needed: str) -> None:
    if needed not in request.token.scopes:
        provided = ",".join(sorted(request.token.scopes))
        raise RefusalError("missing_scope", needed=needed, provided=provided)
