"""What Google and Microsoft told the app: each push with the answer to it, for the page's log and its calendars."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo.people import PERSONAS
from emulators.google import LocalGoogle
from emulators.google.channels import channel_of
from emulators.microsoft import LocalMicrosoft
from emulators.pushes import SentPush
from emulators.slack import LocalSlack
from services.domain.calendars import GOOGLE, MICROSOFT

_KEEP = 500
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Told:
    """A push. `calendar` is a name; `status` 0 where nobody answered; `hello`: of a watch that begins, of no change."""

    number: int
    at: datetime
    provider: str
    user_id: str
    calendar: str
    status: int
    hello: bool = False

    @property
    def ok(self) -> bool:
        """Whether the app took it."""
        return self.status in _SUCCESS


class Pushed:
    """The pushes, oldest first; the last 500 are kept. Each is published on the hub as `push`."""

    def __init__(self, slack: LocalSlack, google: LocalGoogle, microsoft: LocalMicrosoft) -> None:
        self._slack = slack
        self._google = google
        self._microsoft = microsoft
        self._owners = {p.address(provider): p.user_id for p in PERSONAS for provider in (GOOGLE, MICROSOFT)}
        self._all: deque[Told] = deque(maxlen=_KEEP)
        google.pushes.on_answer = self._by_google
        microsoft.pushes.on_answer = self._by_microsoft

    def all(self) -> list[Told]:
        """All that are kept."""
        return list(self._all)

    def last(self, user_id: str, provider: str) -> Told | None:
        """The last one about a change in that person's calendars there."""
        return next(
            (
                one
                for one in reversed(self._all)
                if (one.user_id, one.provider, one.hello) == (user_id, provider, False)
            ),
            None,
        )

    def _by_google(self, push: SentPush) -> None:
        channel_id, state = channel_of(push)
        channel = self._google.channels.open.get(channel_id)
        if channel is not None:
            name = self._google.accounts[channel.account].calendars[channel.calendar].name
            self._note(GOOGLE, channel.account, name, push.status, hello=state == "sync")

    def _by_microsoft(self, push: SentPush) -> None:
        for account, name in sorted(set(self._about(push.body or {}))):
            self._note(MICROSOFT, account, name, push.status)

    def _about(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The accounts and calendars of a batch of notifications."""
        for notification in body["value"]:
            found = self._microsoft.subscriptions.all.get(notification["subscriptionId"])
            if found is not None:
                account = self._microsoft.accounts[found.account]
                yield found.account, account.calendars.get(found.calendar_id, account.main).name

    def _note(self, provider: str, account: str, calendar: str, status: int, *, hello: bool = False) -> None:
        at, number = self._slack.clock.now(), self._slack.number()
        told = Told(number, at, provider, self._owners[account], calendar, status, hello)
        self._all.append(told)
        self._slack.hub.publish("push", told=told)
