"""Who the members of a workspace are, and what they may do in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """A member's place in the workspace, or in its org, higher for more (docs.slack.dev, users.profile.set)."""

    GUEST = 0
    MEMBER = 1
    ADMIN = 2
    OWNER = 3
    PRIMARY_OWNER = 4

    def outranks(self, other: Role) -> bool:
        """Say whether a token of this role may set the profile of a member of the role `other`: one below their own.

        docs.slack.dev, users.profile.set: an admin's takes an owner, an owner's the primary owner. Whether the plan
        allows it, and whether Slack wants more of them (`sudo_required`), only a call tells.
        """
        return self >= Role.ADMIN and self > other


@dataclass(frozen=True, slots=True)
class WorkspaceMember:
    """A member as Slack shows them. `zone` is an IANA name; it, `locale` and `address` are "" where not known.

    `names` are what they are called: real name, display name, first and last name, each once. `stranger`: of another
    organisation, met in a shared channel. Of who was `deleted` (deactivated) Slack tells neither zone nor role.
    """

    user_id: str
    names: tuple[str, ...] = field(default=(), repr=False)
    address: str = field(default="", repr=False)
    zone: str = ""
    locale: str = ""
    role: Role = Role.MEMBER
    bot: bool = False
    deleted: bool = False
    stranger: bool = False

    @property
    def name(self) -> str:
        """What Slack shows them as; "" where that is not known."""
        return self.names[0] if self.names else ""

    @property
    def is_colleague(self) -> bool:
        """Whether they are a person of this workspace who is still there; guests are."""
        return not (self.bot or self.deleted or self.stranger)

    @property
    def guest(self) -> bool:
        """Whether they see only the channels that they were invited to."""
        return self.role is Role.GUEST

    @property
    def is_admin(self) -> bool:
        """Whether they may manage the workspace: an admin or an owner who is still there."""
        return self.is_colleague and self.role >= Role.ADMIN
