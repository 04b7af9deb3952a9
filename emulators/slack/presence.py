"""Presence: active or away, set by hand, by an app, or by Slack itself.

docs.slack.dev/apis/web-api/user-presence-and-status: away that was set stays over connections and restarts until
`auto` is sent, nobody expires it, nothing can force active, a bot token sets its bot's alone; the Events API has no
presence event. docs.slack.dev/reference/methods/users.getPresence: the details are of the token's own user alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulators.slack.state import APP, PERSON, RefusalError, SlackMember

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

AUTO, AWAY = "auto", "away"


class Presences:
    """What people do by hand, and how they are shown."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    def toggle(self, user_id: str, *, away: bool) -> None:
        """A person sets themselves away, or active again, by hand, whoever had set them away."""
        self.become(self._slack.member(user_id), PERSON if away else "", PERSON)

    def connects(self, user_id: str, clients: int = 1, *, idle: bool = False) -> None:
        """A person has so many clients open (0: none, offline); `idle`: they have not touched them for ten minutes."""
        member = self._slack.member(user_id)
        member.connections, member.idle = clients, idle
        self._slack.member_changed(member)

    def of(self, user_id: str) -> str:
        """What others see: `active` or `away`."""
        member = self._slack.member(user_id)
        return AWAY if member.away_by or member.idle or not member.connections else "active"

    def away_by(self, user_id: str) -> str:
        """Who set them away: `person`, `app`, or nobody (empty)."""
        return self._slack.member(user_id).away_by

    def shown(self, member: SlackMember, *, own: bool) -> dict[str, Any]:
        """The object that users.getPresence answers."""
        shown: dict[str, Any] = {"presence": self.of(member.user_id)}
        if not own:
            return shown
        online = member.connections > 0
        last = {"last_activity": int(self._slack.clock.now().timestamp())} if online else {}
        return shown | last | {
            "online": online, "auto_away": member.idle, "manual_away": bool(member.away_by),
            "connection_count": member.connections,
        }  # fmt: skip

    def become(self, member: SlackMember, away_by: str, by: str) -> None:
        """Away is set or taken off; away that is set already stays whose it was."""
        whose = member.away_by
        if bool(whose) == bool(away_by):
            return
        member.away_by = away_by
        self._slack.note(member, "presence", by, AWAY if whose else AUTO, AWAY if away_by else AUTO, whose=whose)
        self._slack.member_changed(member)


def set_presence(request: ApiRequest) -> Answer:
    """users.setPresence, of the token's own user."""
    wanted = request.text("presence")
    if wanted not in {AUTO, AWAY}:
        raise RefusalError("invalid_presence")
    request.slack.presence.become(request.owner, APP if wanted == AWAY else "", APP)
    return {"ok": True}


def get_presence(request: ApiRequest) -> Answer:
    """users.getPresence, of the token's owner where no `user` is given."""
    member = request.visible(request.text("user") or request.token.user_id)
    return {"ok": True} | request.slack.presence.shown(member, own=member is request.owner)
