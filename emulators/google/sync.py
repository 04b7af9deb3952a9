"""`events.list` and `calendarList.list`: pages, windows, and tokens that tell what changed since.

…/calendar/api/v3/reference/events/list and …/guides/sync. Stricter than Google where the reference leaves it open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from emulators.google.events import GoogleAccount, GoogleCalendar, gone, item, listed, master, partial
from emulators.google.oauth import google_error

FAR = timedelta(days=730)
"""How far a series is expanded where no window ends before."""

_EVERYWHERE = frozenset({"maxResults", "pageToken", "fields", "prettyPrint"})
_KNOWN = _EVERYWHERE | {"singleEvents", "syncToken", "timeMin", "timeMax", "showDeleted", "orderBy"}
_NOT_WITH_TOKEN = frozenset(
    {"timeMin", "timeMax", "orderBy", "q", "updatedMin", "iCalUID", "privateExtendedProperty", "sharedExtendedProperty"}
)
_LIST_KNOWN = _EVERYWHERE | {"minAccessRole"}
_ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
_MOST_EVENTS = 2500
_MOST_CALENDARS = 250


class Lists:
    """Answers to list requests. Tokens carry all they need; `epoch` is counted up to make all of them invalid."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.epoch = 0

    def events(self, account: GoogleAccount, calendar: GoogleCalendar, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of events. Raises ApiError."""
        if "syncToken" in query and _NOT_WITH_TOKEN & set(query):
            raise google_error(400, "badRequest", "Sync token cannot be used with other query restrictions.")
        if not set(query) <= _KNOWN:
            raise google_error(400, "invalidParameter", f"Not known here: {sorted(set(query) - _KNOWN)}")
        size = _size(query, 250, _MOST_EVENTS)
        same = _digest({name: query.get(name) for name in ("singleEvents", "maxResults", "showDeleted", "fields")})
        place = _digest([calendar.id, account.address])
        since = self._opened(query, "syncToken", place, same)
        page = self._opened(query, "pageToken", place, same)
        revision = calendar.revision if page is None else page["revision"]
        offset = 0 if page is None else page["offset"]
        if since is not None:
            found = list(self._since(account, calendar, since["revision"]))
        elif query.get("singleEvents") == "true":
            found = list(self._between(account, calendar, query))
        else:
            found = [master(account, calendar, entry) for entry in calendar.entries.values() if not entry.cancelled]
        body: dict[str, Any] = {
            "kind": "calendar#events",
            "etag": f'"{calendar.revision}"',
            "summary": calendar.name,
            "timeZone": calendar.zone,
            "accessRole": calendar.role,
            "items": found[offset : offset + size],
        }
        if offset + size < len(found):
            body["nextPageToken"] = self._sealed(place, same, revision, offset + size)
        elif "orderBy" not in query:
            body["nextSyncToken"] = self._sealed(place, same, revision, 0)
        return _selected(body, query)

    def calendars(self, account: GoogleAccount, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of the account's calendars. Raises ApiError."""
        if not set(query) <= _LIST_KNOWN:
            raise google_error(400, "invalidParameter")
        size = _size(query, 100, _MOST_CALENDARS)
        place = _digest(account.address)
        page = self._opened(query, "pageToken", place, "")
        offset = 0 if page is None else page["offset"]
        least = _ROLES.index(query.get("minAccessRole", _ROLES[0]))
        found = [listed(one) for one in account.calendars.values() if _ROLES.index(one.role) >= least]
        body: dict[str, Any] = {"kind": "calendar#calendarList", "etag": '"1"', "items": found[offset : offset + size]}
        if offset + size < len(found):
            body["nextPageToken"] = self._sealed(place, "", 0, offset + size)
        return _selected(body, query)

    def _between(
        self, account: GoogleAccount, calendar: GoogleCalendar, query: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        earliest, latest = _instant(query, "timeMin"), _instant(query, "timeMax")
        if earliest is not None and latest is not None and latest <= earliest:
            raise google_error(400, "timeRangeEmpty", "The specified time range is empty.", "calendar")
        until = min(latest or self._now() + FAR, self._now() + FAR)
        for found in (one for entry in calendar.entries.values() for one in calendar.occurrences(entry, until)):
            if (found.gone or found.entry.cancelled) and query.get("showDeleted") != "true":
                continue
            if earliest is not None and calendar.instant(found.entry.end) <= earliest:
                continue
            if latest is None or calendar.instant(found.entry.start) < latest:
                yield item(account, calendar, found)

    def _since(self, account: GoogleAccount, calendar: GoogleCalendar, revision: int) -> Iterator[dict[str, Any]]:
        """What changed: without a window, so all occurrences of a series that did, far ahead."""
        for entry in calendar.entries.values():
            if calendar.revisions[entry.id] > revision:
                for found in calendar.occurrences(entry, self._now() + FAR):
                    yield item(account, calendar, found)
        for entry_id, changed in calendar.revisions.items():
            if changed > revision and entry_id and entry_id not in calendar.entries:
                yield gone(entry_id, changed)

    def _sealed(self, place: str, same: str, revision: int, offset: int) -> str:
        held = {"epoch": self.epoch, "place": place, "same": same, "revision": revision, "offset": offset}
        return base64.urlsafe_b64encode(json.dumps(held).encode()).decode()

    def _opened(self, query: Mapping[str, str], name: str, place: str, same: str) -> dict[str, Any] | None:
        if name not in query:
            return None
        try:
            held: dict[str, Any] = json.loads(base64.urlsafe_b64decode(query[name]))
            known = held["epoch"] == self.epoch and held["place"] == place
        except (binascii.Error, ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise google_error(
                410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.", "calendar"
            )
        if held["same"] != same:
            raise google_error(400, "invalidParameter", "The parameters are not those that the token was given for.")
        return held


def _size(query: Mapping[str, str], default: int, most: int) -> int:
    text = query.get("maxResults", str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise google_error(400, "invalidParameter", "maxResults")
    return min(int(text), most)


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise google_error(400, "badRequest", name) from None
    if found.tzinfo is None:
        raise google_error(400, "badRequest", f"{name} has no offset")
    return found


def _selected(body: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    if "fields" not in query:
        return body
    try:
        return partial(body, query["fields"])
    except ValueError:
        raise google_error(400, "invalidParameter", f"Invalid field selection {query['fields']}") from None


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
