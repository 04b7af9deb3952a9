"""The local Google on the web: consent, tokens, and version 3 of the Calendar API.

Written from the published reference: the discovery document of `calendar:v3`, and the guides that the modules name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from emulators.books import LocalAccount
from emulators.faults import Fault
from emulators.google.channels import Channels
from emulators.google.events import GoogleAccount, GoogleCalendar
from emulators.google.oauth import BRAND, READ_EVENTS, READ_LIST, WRITE_OWNED, GoogleConsent, google_error
from emulators.google.sync import Lists
from emulators.google.writing import GoogleWriting
from emulators.oauth import AppClient
from emulators.pushes import PushSender
from emulators.server import CalendarServer, json_object

_NOT_JSON = google_error(400, "parseError", "Parse Error")


def google_client(*redirect_uris: str, client_secret: str = "GOCSPX-local") -> AppClient:  # noqa: S107  # of loopback
    """The app, as it is registered with Google."""
    return AppClient("statusquo.apps.googleusercontent.com", client_secret, list(redirect_uris))


class LocalGoogle(CalendarServer):
    """A Google on loopback, or wherever `web` is mounted. `settings` lead the app here."""

    api_path = "/calendar/"
    brand = BRAND
    accounts: dict[str, GoogleAccount]

    def __init__(self, now: Callable[[], datetime], client: AppClient | None = None) -> None:
        """`now` is the time it goes by, aware."""
        super().__init__()
        self.oauth = GoogleConsent(client or google_client(), now)
        self.client = self.oauth.client
        self.lists = Lists(now)
        self.writing = GoogleWriting()
        # Sent again after 500, 502, 503 and 504 and where nobody answers; given up on after any other refusal.
        self.pushes = PushSender(self.faults, seconds=10, again=frozenset({0, 500, 502, 503, 504}).__contains__)
        self.channels = Channels(now, self.pushes)
        self.late_watch = False
        """A knob: whether the answer to a watch comes after its `sync` message was delivered."""
        calendar = "/calendar/v3/calendars/{calendar}/events"
        self.web.add_routes(
            [
                web.get("/o/oauth2/v2/auth", self.consent_page),
                web.post("/o/oauth2/v2/auth", self.consent_given),
                web.post("/token", self.token),
                web.post("/revoke", self._revoke),
                web.get("/calendar/v3/users/me/calendarList", self._calendar_list),
                web.get(calendar, self._events),
                web.post(calendar, self._insert),
                web.patch(f"{calendar}/{{event}}", self._patch),
                web.delete(f"{calendar}/{{event}}", self._delete),
                web.post(f"{calendar}/watch", self._watch),
                web.post("/calendar/v3/channels/stop", self._stop),
            ]
        )

    @property
    def api_url(self) -> str:
        """What `GOOGLE_API_URL` is to be."""
        return f"{self.url}/calendar/v3/"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings that lead here."""
        return {
            "GOOGLE_CLIENT_ID": self.client.client_id,
            "GOOGLE_CLIENT_SECRET": self.client.client_secret,
            "GOOGLE_API_URL": self.api_url,
            "GOOGLE_AUTHORIZE_URL": f"{self.url}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{self.url}/token",
        }

    def add_account(self, address: str, name: str = "", zone: str = "UTC") -> GoogleAccount:
        """A new account with its primary calendar, whose id is the address."""
        account: GoogleAccount = LocalAccount(address, name or address, zone, self.channels.changed)
        account.add_calendar(address, address, zone=zone)
        self.accounts[address] = account
        return account

    def watches(self, calendar: GoogleCalendar) -> bool:
        """Whether a channel is open on a calendar."""
        return any(one.calendar == calendar.id for one in self.channels.open.values())

    def expire_sync_tokens(self) -> None:
        """Every page and sync token that was handed out answers 410 from now on."""
        self.lists.epoch += 1

    def failed(self, fault: Fault) -> Mapping[str, Any]:
        """The API's error of that reason."""
        domain = "usageLimits" if fault.reason.endswith("LimitExceeded") else "global"
        return google_error(fault.status, fault.reason, domain=domain).body

    async def _revoke(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.oauth.revoke_token(str(form.get("token") or request.query.get("token", "")))
        return web.json_response({})

    async def _calendar_list(self, request: web.Request) -> web.Response:
        return web.json_response(self.lists.calendars(self._account(request, READ_LIST), request.query))

    async def _events(self, request: web.Request) -> web.Response:
        return web.json_response(self.lists.events(*self._calendar(request), request.query))

    async def _insert(self, request: web.Request) -> web.Response:
        account, calendar = self._calendar(request, WRITE_OWNED)
        body = await json_object(request, _NOT_JSON)
        return web.json_response(self.writing.insert(account, calendar, body, request.query))

    async def _patch(self, request: web.Request) -> web.Response:
        account, calendar = self._calendar(request, WRITE_OWNED)
        body = await json_object(request, _NOT_JSON)
        event_id = request.match_info["event"]
        return web.json_response(self.writing.patch(account, calendar, event_id, body, request.query))

    async def _delete(self, request: web.Request) -> web.Response:
        _, calendar = self._calendar(request, WRITE_OWNED)
        self.writing.delete(calendar, request.match_info["event"], request.query)
        return web.Response(status=204)

    async def _watch(self, request: web.Request) -> web.Response:
        account, calendar = self._calendar(request)
        channel, answer = self.channels.watch(account, calendar, await json_object(request, _NOT_JSON))
        self.channels.tell(channel, "sync")
        if self.late_watch:
            await self.settled()
        return web.json_response(answer)

    async def _stop(self, request: web.Request) -> web.Response:
        self.channels.stop(self._account(request, READ_EVENTS | READ_LIST), await json_object(request, _NOT_JSON))
        return web.Response(status=204)

    def _account(self, request: web.Request, needed: frozenset[str]) -> GoogleAccount:
        """Whose access token a request brings, which must have one of the scopes `needed`. Raises ApiError."""
        grant = self.oauth.grant_of(request.headers.get("Authorization", ""))
        if grant is None:
            raise google_error(401, "authError", "Invalid Credentials")
        if not grant.scopes & needed:
            raise google_error(403, "insufficientPermissions", "Request had insufficient scopes.")
        return self.accounts[grant.account]

    def _calendar(
        self, request: web.Request, needed: frozenset[str] = READ_EVENTS
    ) -> tuple[GoogleAccount, GoogleCalendar]:
        account = self._account(request, needed)
        calendar_id = request.match_info["calendar"]
        calendar = account.main if calendar_id == "primary" else account.calendars.get(calendar_id)
        if calendar is None:
            raise google_error(404, "notFound", "Not Found")
        return account, calendar
