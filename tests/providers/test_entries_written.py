"""Writing one's own entries to a strict Google and a strict Microsoft: once, moved, deleted, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from emulators.faults import Fault
from emulators.google import LocalGoogle
from emulators.microsoft import LocalMicrosoft
from services.calendars.ports import EntryWriter
from services.calendars.providers.google import api as google_api
from services.calendars.providers.google.api import GoogleApi
from services.calendars.providers.google.entries import GoogleEntries
from services.calendars.providers.microsoft import api as microsoft_api
from services.calendars.providers.microsoft.api import GraphApi
from services.calendars.providers.microsoft.entries import PROPERTY_ID, MicrosoftEntries
from services.domain.entries import CalendarEntry, entry_id
from services.domain.errors import CalendarBusyError, CalendarGoneError, CalendarRefusedError
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock

ANN = "ann@example.com"
START = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
ENTRY = CalendarEntry(
    entry_id("T1", "o", "a", 0), "Out of office", START, START + timedelta(days=2), ZoneInfo("Europe/Berlin")
)


@dataclass
class Book:
    """Ann's calendar at a provider, and our side of it."""

    vendor: Any
    writer: EntryWriter
    token: str
    reads: str

    @property
    def entries(self) -> list[Any]:
        return list(self.vendor.accounts[ANN].main.entries.values())


@pytest.fixture(params=["google", "microsoft"])
async def book(request: pytest.FixtureRequest, clock: ManualClock) -> AsyncIterator[Book]:
    vendor: Any = LocalGoogle(clock.now) if request.param == "google" else LocalMicrosoft(clock.now)
    vendor.add_account(ANN, "Ann")
    client = GuardedClient(AddressRules(private=True))
    async with TestServer(vendor.web, host="127.0.0.1") as server:
        vendor.url = str(server.make_url("")).rstrip("/")
        writer: EntryWriter
        if request.param == "google":
            writer = GoogleEntries(GoogleApi(client, vendor.api_url, clock))
            write, read = google_api.WRITE, google_api.REQUIRED
        else:
            writer = MicrosoftEntries(GraphApi(client, vendor.graph_url, clock))
            write, read = microsoft_api.WRITE, "Calendars.Read"
        tokens = [vendor.oauth.issue(ANN, frozenset(scopes)) for scopes in ({read, write}, {read})]
        assert [writer.may({read, write}), writer.may({read})] == [True, False]
        yield Book(vendor, writer, *tokens)
    await client.close()
    await vendor.close()


async def test_entry_that_is_made_twice_is_there_once(book: Book) -> None:
    first = await book.writer.put(book.token, ENTRY, "")
    assert await book.writer.put(book.token, ENTRY, "") == first
    (entry,) = book.entries
    assert entry.id == first


async def test_entry_is_moved_and_may_become_one_of_hours(book: Book) -> None:
    made = await book.writer.put(book.token, ENTRY, "")
    later = replace(ENTRY, start=START + timedelta(hours=10), end=START + timedelta(hours=14))
    assert await book.writer.put(book.token, later, made) == made
    (entry,) = book.entries
    assert (entry.start, entry.end) == (later.start, later.end)


async def test_entry_is_deleted_and_one_that_is_gone_is_well(book: Book) -> None:
    made = await book.writer.put(book.token, ENTRY, "")
    await book.writer.delete(book.token, made)
    await book.writer.delete(book.token, made)
    assert book.entries == []
    with pytest.raises(CalendarGoneError):
        await book.writer.put(book.token, ENTRY, made)
    assert book.entries == []


async def test_without_the_scope_nothing_is_written(book: Book) -> None:
    made = await book.writer.put(book.token, ENTRY, "")
    with pytest.raises(CalendarRefusedError):
        await book.writer.put(book.reads, replace(ENTRY, id=entry_id("T1", "p", "a", 0)), "")
    with pytest.raises(CalendarRefusedError):
        await book.writer.put(book.reads, ENTRY, made)
    with pytest.raises(CalendarRefusedError):
        await book.writer.delete(book.reads, made)
    assert len(book.entries) == 1


async def test_quota_is_no_reason_to_try_another_kind_of_entry(book: Book) -> None:
    book.vendor.faults.add(Fault("/events", status=429, reason="rateLimitExceeded", times=1))
    with pytest.raises(CalendarBusyError):
        await book.writer.put(book.token, ENTRY, "")
    assert book.entries == []


GOOGLE = {
    "id": "statusquo0", "summary": "x", "eventType": "outOfOffice",
    "outOfOfficeProperties": {"autoDeclineMode": "declineNone"},
    "start": {"dateTime": "2026-12-01T00:00:00Z", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-02T00:00:00Z", "timeZone": "UTC"},
}  # fmt: skip


@pytest.mark.parametrize("book", ["google"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"id": "status-quo"}, 400),
        ({"id": "wxyz0"}, 400),
        ({"attendees": []}, 400),
        ({"start": {"date": "2026-12-01"}}, 400),
        ({"transparency": "transparent"}, 400),
        ({"outOfOfficeProperties": {}}, 400),
        ({"eventType": "default"}, 400),
        ({"end": GOOGLE["start"]}, 400),
    ],
)
async def test_local_google_takes_what_google_takes(book: Book, changed: dict[str, Any], status: int) -> None:
    url, headers = f"{book.vendor.api_url}calendars/primary/events", {"Authorization": f"Bearer {book.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, json={**GOOGLE, **changed}) as answer:
            assert answer.status == status, await answer.text()
        book.entries and book.vendor.accounts[ANN].main.remove("statusquo0")
        async with session.post(url, json=GOOGLE) as answer:
            assert answer.status == (409 if status == 200 else 200)  # an id is used once, also of what is gone


MICROSOFT = {
    "subject": "x", "isAllDay": True, "showAs": "oof", "transactionId": "t",
    "singleValueExtendedProperties": [{"id": PROPERTY_ID, "value": "v"}],
    "start": {"dateTime": "2026-12-01T00:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-12-02T00:00:00", "timeZone": "Europe/Berlin"},
}  # fmt: skip


@pytest.mark.parametrize("book", ["microsoft"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 201),
        ({"attendees": []}, 400),
        ({"showAs": "away"}, 400),
        ({"start": {"dateTime": "2026-12-01T00:30:00", "timeZone": "Europe/Berlin"}}, 400),
        ({"start": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"}}, 400),
        ({"start": {"dateTime": "2026-12-01T00:00:00Z", "timeZone": "UTC"}}, 400),
        ({"end": MICROSOFT["start"]}, 400),
        ({"singleValueExtendedProperties": [{"id": "statusquo", "value": "v"}]}, 400),
    ],
)
async def test_local_microsoft_takes_what_graph_takes(book: Book, changed: dict[str, Any], status: int) -> None:
    url, headers = f"{book.vendor.graph_url}me/events", {"Authorization": f"Bearer {book.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.post(url, json={**MICROSOFT, **changed}) as answer:
                assert answer.status == status, await answer.text()
    assert len(book.entries) == (status == 201)  # the same transaction twice is one event
