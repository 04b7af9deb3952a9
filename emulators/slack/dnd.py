"""Do not disturb: snoozes, the nightly hours, and the five dnd methods.

docs.slack.dev/reference/methods: dnd.setSnooze (a second one "changes its duration"; `snooze_is_indefinite` is always
false), dnd.endSnooze, dnd.endDnd, dnd.info (`snooze_*` of the token's own user alone, end and rest only while it runs),
dnd.teamInfo; docs.slack.dev/reference/events/dnd_updated (of oneself, for user subscriptions alone; no event is
documented for a snooze that runs out). The older api-specs name `snooze_not_active`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from emulators.slack.state import APP, PERSON, TIME, RefusalError, RunningSnooze, SlackMember

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

_MOST_USERS = 50
_NO_SCHEDULE = 1  # what Slack shows as the next hours of somebody who has none


class DoNotDisturb:
    """What people do by hand, and what everybody's do not disturb is."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._running: dict[str, SlackMember] = {}

    def snooze(self, user_id: str, minutes: float = 60, *, until: datetime | None = None) -> int:
        """A person mutes their notifications by hand, for `minutes` or `until`; the end in Unix seconds."""
        end = until or self._slack.clock.now() + timedelta(minutes=minutes)
        self._become(self._slack.member(user_id), RunningSnooze(int(end.timestamp()), PERSON), PERSON)
        return int(end.timestamp())

    def end(self, user_id: str) -> None:
        """A person ends the snooze that runs, by hand, whoever began it."""
        self._become(self._slack.member(user_id), None, PERSON)

    def nightly(self, user_id: str, start: time | None, end: time | None = None) -> None:
        """A person's own hours of do not disturb, on their wall clock; None: they have none."""
        member = self._slack.member(user_id)
        member.nightly = None if start is None or end is None else (start, end)
        self._tell(member)

    def running(self, user_id: str) -> RunningSnooze | None:
        """The snooze that runs."""
        self._slack.expiry.sweep()
        return self._slack.member(user_id).snooze

    def muted(self, user_id: str) -> bool:
        """Whether notifications are held back now, by a snooze or by the nightly hours."""
        member = self._slack.member(user_id)
        hours = self._hours(member)
        now = self._slack.clock.now().timestamp()
        return self.running(user_id) is not None or (hours is not None and hours[0] <= now)

    def shown(self, member: SlackMember, *, own: bool) -> dict[str, Any]:
        """The object that dnd.info answers: `own`, with the snooze."""
        hours = self._hours(member) or (_NO_SCHEDULE, _NO_SCHEDULE)
        shown: dict[str, Any] = {
            "dnd_enabled": member.nightly is not None, "next_dnd_start_ts": hours[0], "next_dnd_end_ts": hours[1],
        }  # fmt: skip
        if not own:
            return shown
        shown |= {"snooze_enabled": member.snooze is not None, "snooze_is_indefinite": False}
        if member.snooze is not None:
            left = member.snooze.end - int(self._slack.clock.now().timestamp())
            shown |= {"snooze_endtime": member.snooze.end, "snooze_remaining": left}
        return shown

    def sweep(self, now: float) -> None:
        """End the snoozes whose end has come (`now` in Unix seconds)."""
        for member in [one for one in self._running.values() if one.snooze is not None and one.snooze.end <= now]:
            self._become(member, None, TIME)

    def ends(self) -> list[int]:
        """When the snoozes that run will end (Unix seconds)."""
        return [member.snooze.end for member in self._running.values() if member.snooze is not None]

    def set_by_app(self, member: SlackMember, minutes: int) -> None:
        """dnd.setSnooze: in the place of what runs, whosever it is."""
        end = int(self._slack.clock.now().timestamp()) + minutes * 60
        self._become(member, RunningSnooze(end, APP), APP)

    def end_by_app(self, member: SlackMember) -> None:
        """dnd.endSnooze. Raises RefusalError `snooze_not_active`."""
        if member.snooze is None:
            raise RefusalError("snooze_not_active")
        self._become(member, None, APP)

    def end_hours(self, member: SlackMember) -> None:
        """dnd.endDnd: the nightly hours that run now are over. Raises RefusalError `not_in_dnd`."""
        hours = self._hours(member)
        if hours is None or hours[0] > self._slack.clock.now().timestamp():
            raise RefusalError("not_in_dnd")
        member.ended_until = hours[1]
        self._tell(member)

    def _become(self, member: SlackMember, snooze: RunningSnooze | None, by: str) -> None:
        before, member.snooze = member.snooze, snooze
        self._running.pop(member.user_id, None)
        if snooze is not None:
            self._running[member.user_id] = member
        if before == snooze:
            return
        self._slack.note(member, "snooze", by, before, snooze, whose=before.by if before else "")
        if by == TIME:
            self._slack.hub.publish("member", user_id=member.user_id)
        else:
            self._tell(member)

    def _tell(self, member: SlackMember) -> None:
        self._slack.member_changed(member)
        deliveries = self._slack.deliveries
        event = {"user": member.user_id, "dnd_status": self.shown(member, own=True)}
        deliveries.own_event(member, {"type": "dnd_updated", **event}, "dnd:read")
        public = {"user": member.user_id, "dnd_status": self.shown(member, own=False)}
        deliveries.event(member.team_id, {"type": "dnd_updated_user", **public}, user_id=member.user_id)

    def _hours(self, member: SlackMember) -> tuple[int, int] | None:
        """The nightly hours that run, else the next ones (Unix seconds); None without a schedule."""
        if member.nightly is None:
            return None
        now, zone = self._slack.clock.now(), ZoneInfo(member.tz)
        start, end = member.nightly
        for days in (-1, 0, 1, 2):
            day = now.astimezone(zone).date() + timedelta(days=days)
            last = day if start < end else day + timedelta(days=1)
            hours = tuple(int(datetime.combine(d, t, zone).timestamp()) for d, t in ((day, start), (last, end)))
            if hours[1] > max(now.timestamp(), member.ended_until):
                return hours[0], hours[1]
        return None


# ── the methods ─────────────────────────────────────────────────────────────────────────────────────


def set_snooze(request: ApiRequest) -> Answer:
    """dnd.setSnooze."""
    given = request.text("num_minutes").strip()
    if not given:
        raise RefusalError("missing_duration")
    if not given.isascii() or not given.isdecimal() or int(given) == 0:
        raise RefusalError("snooze_failed")
    if int(given) > request.slack.workspaces[request.owner.team_id].snooze_ceiling:
        raise RefusalError("too_long")
    request.slack.dnd.set_by_app(request.owner, int(given))
    shown = request.slack.dnd.shown(request.owner, own=True)
    return {"ok": True} | {name: value for name, value in shown.items() if name.startswith("snooze_")}


def end_snooze(request: ApiRequest) -> Answer:
    """dnd.endSnooze."""
    request.slack.dnd.end_by_app(request.owner)
    shown = request.slack.dnd.shown(request.owner, own=True)
    return {"ok": True} | {name: value for name, value in shown.items() if name != "snooze_is_indefinite"}


def end_dnd(request: ApiRequest) -> Answer:
    """dnd.endDnd."""
    request.slack.dnd.end_hours(request.owner)
    return {"ok": True}


def info(request: ApiRequest) -> Answer:
    """dnd.info, of the token's owner where no `user` is given."""
    member = request.visible(request.text("user") or request.token.user_id)
    own = request.token.kind == "user" and member is request.owner
    return {"ok": True} | request.slack.dnd.shown(member, own=own)


def team_info(request: ApiRequest) -> Answer:
    """dnd.teamInfo: up to 50 people, nobody's snooze."""
    users = [one for one in request.text("users").split(",") if one]
    if not users:
        raise RefusalError("no_users_provided")
    if len(users) > _MOST_USERS:
        raise RefusalError("too_many_users")
    members = [member for user in users if (member := request.slack.members.get(user))]
    if len(members) < len(users) or any(member.team_id != request.token.team_id for member in members):
        raise RefusalError("user_not_visible")
    shown = {member.user_id: request.slack.dnd.shown(member, own=False) for member in members}
    return {"ok": True, "users": shown}
