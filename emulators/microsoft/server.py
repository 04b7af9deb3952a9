"""The local Microsoft on the web: the consent page, tokens, Graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from emulators.books import LocalAccount, LocalCalendar
from emulators.faults import Fault
from emulators.microsoft.delta import Deltas
from emulators.microsoft.events import MicrosoftAccount, MicrosoftCalendar
from emulators.microsoft.graph import Graph
from emulators.microsoft.oauth import BRAND, MicrosoftConsent
from emulators.microsoft.subscriptions import Subscription, Subscriptions
from emulators.microsoft.writing import MicrosoftWriting
from emulators.oauth import AppClient
from emulators.pushes import PushSender
from emulators.server import CalendarServer


def microsoft_client(
    *redirect_uris: str,
    client_secret: str = "the-local-microsoft-client-secret",  # noqa: S107  # of loopback
) -> AppClient:
    """The app, as it is registered with Microsoft."""
    return AppClient("11111111-2222-4333-8444-555555555555", client_secret, list(redirect_uris))


@dataclass(slots=True)
class Oddities:
    """How the server is odd within what is allowed or was seen.

    `answer_zone`: times are in this zone (IANA, or Windows' with `answer_zone_name`), whatever was asked for.
    `omit_masters`: no delta holds a series master. `name_lost_instances`: a deleted instance comes as `@removed`,
    which the real one does not do. `repeat_items`: an entry comes twice, first as it was. `next_link`: where the
    next link of a delta leads to.
    """

    answer_zone: str = ""
    answer_zone_name: str = ""
    omit_masters: bool = False
    name_lost_instances: bool = False
    repeat_items: bool = False
    next_link: str = ""


class LocalMicrosoft(CalendarServer):
    """A Microsoft on loopback, or wherever `web` is mounted. `settings` lead the app here."""

    api_path = "/v1.0/"
    brand = BRAND
    accounts: dict[str, MicrosoftAccount]

    def __init__(self, now: Callable[[], datetime], client: AppClient | None = None) -> None:
        """`now` is the time it goes by, aware."""
        super().__init__()
        self.now = now
        self.odd = Oddities()
        self.oauth: MicrosoftConsent = MicrosoftConsent(client or microsoft_client(), now)
        self.client = self.oauth.client
        self.pushes = PushSender(self.faults, seconds=3, again=lambda status: status not in range(200, 300))
        self.deltas = Deltas(self)
        self.subscriptions = Subscriptions(now, self.pushes)
        self.writing = MicrosoftWriting()
        self.graph = Graph(self)
        self.web.add_routes(
            [
                web.get("/{tenant}/oauth2/v2.0/authorize", self.consent_page),
                web.post("/{tenant}/oauth2/v2.0/authorize", self.consent_given),
                web.post("/{tenant}/oauth2/v2.0/token", self.token),
                *self.graph.routes(),
            ]
        )

    @property
    def graph_url(self) -> str:
        """What MICROSOFT_GRAPH_URL is to be."""
        return f"{self.url}/v1.0/"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings that lead here."""
        return {
            "MICROSOFT_CLIENT_ID": self.client.client_id,
            "MICROSOFT_CLIENT_SECRET": self.client.client_secret,
            "MICROSOFT_GRAPH_URL": self.graph_url,
            "MICROSOFT_AUTHORITY": f"{self.url}/common",
        }

    def add_account(self, address: str, name: str = "", zone: str = "Europe/Berlin") -> MicrosoftAccount:
        """A person with an empty calendar; `zone` is the mailbox's."""
        account: MicrosoftAccount = LocalAccount(address, name or address, zone, self._changed)
        account.add_calendar("Calendar")
        self.accounts[address] = account
        return account

    def watches(self, calendar: MicrosoftCalendar) -> bool:
        """Whether somebody subscribed to a calendar, or to all of its account."""
        return any(
            one.calendar_id == calendar.id
            or (not one.calendar_id and calendar.id in self.accounts[one.account].calendars)
            for one in self.subscriptions.all.values()
        )

    def lifecycle(self, event: str, subscription: Subscription | None = None) -> None:
        """Tell of all subscriptions, or of one: reauthorizationRequired, subscriptionRemoved or missed."""
        for found in [subscription] if subscription else list(self.subscriptions.all.values()):
            self.subscriptions.lifecycle(found, event)

    def failed(self, fault: Fault) -> Mapping[str, Any]:
        """Nothing more than the status."""
        return {}

    def _changed(self, calendar: LocalCalendar[Any], event_id: str, change: str) -> None:
        for account in self.accounts.values():
            if account.calendars.get(calendar.id) is calendar:
                self.subscriptions.changed(account, calendar, event_id, change)
