"""Slack's own objects, as its methods are published to answer: what Slack adds to them is left out.

docs.slack.dev, users.profile.set, users.setPhoto, users.info: the published answers take no further properties, and
some properties are always there. Slack gives more than they name, and now and then less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.domain.errors import SlackUnavailableError

S = TypeVar("S", bound=msgspec.Struct)

_Address = Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
_Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
_Team = Annotated[str, Meta(pattern=r"^[TE][A-Z0-9]{8,}$")]
_SomeTeam = Annotated[str, Meta(pattern=r"^T[A-Z0-9]{2,}$")]
_Org = Annotated[str, Meta(pattern=r"^E[A-Z0-9]{8,}$")]
_User = Annotated[str, Meta(pattern=r"^[UW][A-Z0-9]{2,}$")]
_OrgUser = Annotated[str, Meta(pattern=r"^[WU][A-Z0-9]{8,}$")]
_Colour = Annotated[str, Meta(pattern=r"^[a-fA-F0-9]{6}$")]
_Bot = Annotated[str, Meta(pattern=r"^B[A-Z0-9]{8,}$")]
_App = Annotated[str, Meta(pattern=r"^(A[A-Z0-9]{1,})?$")]


class SlackProfile(msgspec.Struct, kw_only=True):
    """A profile object."""

    real_name: str = ""
    display_name: str = ""
    avatar_hash: str = ""
    real_name_normalized: str = ""
    display_name_normalized: str = ""
    title: str = ""
    phone: str = ""
    skype: str = ""
    status_text: str = ""
    status_emoji: str = ""
    fields: dict[str, Any] | list[dict[str, Any]] | None = None
    always_active: bool | UnsetType = UNSET
    api_app_id: _App | UnsetType = UNSET
    bot_id: _Bot | UnsetType = UNSET
    email: _Email | UnsetType | None = UNSET
    first_name: str | UnsetType | None = UNSET
    guest_expiration_ts: int | UnsetType | None = UNSET
    guest_invited_by: str | UnsetType | None = UNSET
    image_24: _Address | UnsetType | None = UNSET
    image_32: _Address | UnsetType | None = UNSET
    image_48: _Address | UnsetType | None = UNSET
    image_72: _Address | UnsetType | None = UNSET
    image_192: _Address | UnsetType | None = UNSET
    image_512: _Address | UnsetType | None = UNSET
    image_1024: _Address | UnsetType | None = UNSET
    image_original: _Address | UnsetType | None = UNSET
    is_app_user: bool | UnsetType = UNSET
    is_custom_image: bool | UnsetType = UNSET
    is_restricted: bool | UnsetType | None = UNSET
    is_ultra_restricted: bool | UnsetType | None = UNSET
    last_avatar_image_hash: str | UnsetType = UNSET
    last_name: str | UnsetType | None = UNSET
    memberships_count: int | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    pronouns: str | UnsetType = UNSET
    status_default_emoji: str | UnsetType = UNSET
    status_default_text: str | UnsetType = UNSET
    status_default_text_canonical: str | UnsetType | None = UNSET
    status_expiration: int | UnsetType = UNSET
    status_text_canonical: str | UnsetType | None = UNSET
    team: _Team | UnsetType = UNSET
    updated: int | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    username: str | UnsetType | None = UNSET


class EnterpriseUser(msgspec.Struct, kw_only=True):
    """What a member of an org is there."""

    id: _OrgUser
    enterprise_id: _Org
    enterprise_name: str
    is_admin: bool
    is_owner: bool
    teams: list[_SomeTeam]


class SlackUser(msgspec.Struct, kw_only=True):
    """A user object."""

    id: _User
    profile: SlackProfile
    name: str = ""
    is_bot: bool = False
    is_app_user: bool = False
    updated: int | float = 0
    color: _Colour | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    enterprise_user: EnterpriseUser | UnsetType = UNSET
    has_2fa: bool | UnsetType = UNSET
    is_admin: bool | UnsetType = UNSET
    is_external: bool | UnsetType = UNSET
    is_forgotten: bool | UnsetType = UNSET
    is_owner: bool | UnsetType = UNSET
    is_primary_owner: bool | UnsetType = UNSET
    is_restricted: bool | UnsetType = UNSET
    is_stranger: bool | UnsetType = UNSET
    is_ultra_restricted: bool | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    presence: str | UnsetType = UNSET
    real_name: str | UnsetType = UNSET
    team: _Team | UnsetType = UNSET
    team_id: _Team | UnsetType = UNSET
    two_factor_type: str | UnsetType = UNSET
    tz: str | UnsetType | None = UNSET
    tz_label: str | UnsetType = UNSET
    tz_offset: int | float | UnsetType = UNSET


class PhotoProfile(msgspec.Struct, kw_only=True):
    """What is told of a photo."""

    image_24: _Address
    image_32: _Address
    image_48: _Address
    image_72: _Address
    image_192: _Address
    image_512: _Address
    image_1024: _Address
    image_original: _Address
    avatar_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$")]


def shaped(kind: type[S], found: Mapping[str, Any], **more: Any) -> S:
    """Return what `kind` names of an object of Slack's, as far as it is what it should be.

    `more` is not asked of it.
    """
    for field in msgspec.structs.fields(kind):
        if field.name in found and field.name not in more:
            try:
                more[field.name] = msgspec.convert(found[field.name], field.type)
            except msgspec.ValidationError:  # a property that is not always there is left out; else it is empty
                continue
    return kind(**more)


def profile_of(found: Mapping[str, Any]) -> SlackProfile:
    """Return a profile object of Slack's."""
    return shaped(SlackProfile, found)


def user_of(found: Mapping[str, Any]) -> SlackUser:
    """Return a user object of Slack's; of a member of an org, without the one team of others."""
    profile = found.get("profile")
    made = shaped(SlackUser, found, profile=profile_of(profile if isinstance(profile, dict) else {}))
    if made.enterprise_user is not UNSET:
        made.team = UNSET
    return made


def photo_of(found: Mapping[str, Any]) -> PhotoProfile:
    """Return what a profile object of Slack's tells of its photo; of a size that it leaves out, the one nearest to it.

    Raises SlackUnavailableError where it tells of none.
    """
    names = [field.name for field in msgspec.structs.fields(PhotoProfile) if field.name != "avatar_hash"]
    shown = {name: found[name] for name in names if isinstance(found.get(name), str)}
    try:
        known = [shown.get(name) for name in names]
        whole = {name: next(one for one in (known[at:] + known[at::-1]) if one) for at, name in enumerate(names)}
        return msgspec.convert(whole | {"avatar_hash": found.get("avatar_hash")}, PhotoProfile)
    except (StopIteration, msgspec.ValidationError):
        raise SlackUnavailableError("no photo") from None
