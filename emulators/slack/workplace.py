"""The local Slack at work: its state, and what happens in it by people, by the app and by the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from emulators.slack import profile
from emulators.slack.core import SlackCore
from emulators.slack.delivery import Deliveries
from emulators.slack.files import Conversations
from emulators.slack.interactions import Interactions
from emulators.slack.oauth import SlackConsent
from emulators.slack.profile import Expiry
from emulators.slack.state import AppConfig, Member, Token
from services.ports import Clock


class Workplace(SlackCore):
    """What people and the app can do, with the deliveries to the app that follow from it."""

    def __init__(self, clock: Clock, app: AppConfig | None = None) -> None:
        super().__init__(clock, app)
        self.deliveries = Deliveries(self)
        self.people = Interactions(self, self.deliveries)
        self.conversations = Conversations(self, self.deliveries)
        self.oauth = SlackConsent(self)
        self.expiry = Expiry(self, self.member_changed)

    def type_status(self, user_id: str, text: str, emoji: str = "", until: datetime | None = None) -> None:
        """A person sets (or, with nothing, clears) their own status by hand. Raises RefusalError as the method does."""
        member = self.member(user_id)
        fields = {
            "status_text": text,
            "status_emoji": emoji,
            "status_expiration": int(until.timestamp()) if until else 0,
        }
        if profile.apply(self, member, fields):
            self.status_changed(member)

    def set_zone(self, user_id: str, tz: str) -> None:
        """A person moves to another time zone (IANA name)."""
        member = self.member(user_id)
        member.tz = tz
        member.updated = int(self.clock.now().timestamp())
        self.member_changed(member)
        self.deliveries.profile_changed(member)

    def status_changed(self, member: Member) -> None:
        """A status became another: watch its end, tell the watchers and the app."""
        self.expiry.look()
        self.member_changed(member)
        self.deliveries.status_changed(member)

    def member_changed(self, member: Member) -> None:
        """Something that others see of a member became another."""
        self.expiry.look()
        self.hub.publish("member", user_id=member.user_id)

    def revoke(self, token: Token) -> None:
        """A token is dead. The app is told (`tokens_revoked`, user ids), but with token rotation it is not."""
        token.revoked = True
        if not token.refresh:
            self._tell_revoked(token.team_id, [token])

    def revoke_of(self, user_id: str) -> None:
        """A person removes what they granted."""
        token = self.tokens.user(user_id)
        if token is not None:
            self.revoke(token)

    def uninstall(self, team_id: str, *, revoked_first: bool = False) -> None:
        """The app is removed from a workspace: `app_uninstalled` and `tokens_revoked`, in either order."""
        tokens = self.tokens.of_team(team_id)
        for token in tokens:
            token.revoked = True
        if revoked_first:
            self._tell_revoked(team_id, tokens)
        self.deliveries.event(team_id, {"type": "app_uninstalled"})
        if not revoked_first:
            self._tell_revoked(team_id, tokens)

    def _tell_revoked(self, team_id: str, tokens: Iterable[Token]) -> None:
        dead: dict[str, list[str]] = {"oauth": [], "bot": []}
        for token in tokens:
            dead["bot" if token.kind == "bot" else "oauth"].append(token.user_id)
        self.deliveries.event(team_id, {"type": "tokens_revoked", "tokens": dead})
