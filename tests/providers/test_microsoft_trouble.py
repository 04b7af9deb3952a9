"""What Microsoft refuses, or says that is no good answer: nothing is lost of what was known."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest

from emulators.faults import Fault
from services.calendars.providers.microsoft import source as source_module
from services.domain.errors import (
    AccessRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooCostlyError,
    CalendarUnreachableError,
)
from tests.support.clocks import ManualClock
from tests.support.microsoft_account import ANN, Mailbox, open_mailbox, titles
from tests.support.sites import Site


@pytest.fixture
async def mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    async with open_mailbox(clock) as opened:
        yield opened


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────


async def test_expired_token_is_renewed_once(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    await mailbox.fetch()
    before = mailbox.tokens.token_now
    mailbox.microsoft.oauth.expire_access_tokens()
    mailbox.add("New", 2)
    assert titles(await mailbox.fetch()) == ["Offer", "New"]
    assert mailbox.tokens.refused == [before]


async def test_token_that_is_refused_again_is_not_renewed_for_ever(mailbox: Mailbox) -> None:
    mailbox.microsoft.faults.add(Fault("/delta", status=401, times=None))
    with pytest.raises(AccessRefusedError):
        await mailbox.fetch()
    assert mailbox.deltas() == [401, 401]


async def test_busy_mailbox_says_how_long(mailbox: Mailbox) -> None:
    mailbox.microsoft.faults.add("/delta", retry_after=17)
    with pytest.raises(CalendarBusyError) as caught:
        await mailbox.fetch()
    assert (caught.value.retry_after, caught.value.everybody) == (17, False)


async def test_no_more_than_four_calls_go_to_a_mailbox_at_once(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    team = mailbox.account.add_calendar("Team")
    api = mailbox.api
    source = source_module.MicrosoftSource(api, mailbox.tokens)
    await mailbox.tokens.token(ANN, "A1")
    both = [mailbox.connection, dataclasses.replace(mailbox.connection, address=team.id)]
    found = await asyncio.gather(*(source.fetch(one, mailbox.clock.now()) for one in both * 6))
    assert [len(changes.events) for changes in found] == [1, 0] * 6
    assert mailbox.deltas() == [200] * 12
    assert mailbox.microsoft.graph.most_at_once <= 4


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=403, body={"error": {"code": "ErrorAccessDenied"}}), CalendarRefusedError),
        (Fault(status=404, body={"error": {"code": "ErrorItemNotFound"}}), CalendarGoneError),
        (Fault(status=500), CalendarUnreachableError),
        (Fault(status=503), CalendarUnreachableError),
        (Fault(status=302, headers={"Location": "/elsewhere"}), CalendarUnreachableError),
        (Fault(drop=True), CalendarUnreachableError),
        (Fault(truncate=True), CalendarError),
        (Fault(status=200, body=b""), CalendarError),
        (Fault(status=200, body=b"<html>Sign in</html>"), CalendarError),
        (Fault(status=200, body={}), CalendarError),
        (Fault(status=200, body=b"[" * 200_000), CalendarError),
        (Fault(status=200, body={"value": []}), CalendarError),
        (Fault(status=200, body={"value": {}, "@odata.deltaLink": "x"}), CalendarError),
        (Fault(status=200, body={"value": [], "@odata.deltaLink": 7}), CalendarError),
        (Fault(status=200, body={"value": [], "@odata.nextLink": ["x"]}), CalendarError),
        (Fault(status=200, body={"value": [], "@odata.deltaLink": "me/calendarView/delta"}), CalendarError),
        (Fault(status=200, body={"value": [], "@odata.deltaLink": "http://[broken/v1.0/"}), CalendarError),
    ],
)
async def test_answer_that_is_not_good_and_whole_changes_nothing(
    mailbox: Mailbox, fault: Fault, error: type[CalendarError]
) -> None:
    mailbox.add("Offer")
    await mailbox.fetch()
    fault.where, fault.times = "/delta", 2 if fault.drop else 1  # a GET on a connection that was kept is sent again
    mailbox.microsoft.faults.add(fault)
    with pytest.raises(error):
        await mailbox.fetch()
    assert (await mailbox.fetch()).unchanged


async def test_round_that_breaks_off_in_the_middle_is_begun_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "_PREFER", {"Prefer": "odata.maxpagesize=1"})
    for number in range(3):
        mailbox.add(f"Meeting {number}", 1 + number)
    await mailbox.fetch()
    for entry in list(mailbox.calendar.entries):
        mailbox.calendar.change(entry, title="Changed")
    calls = len(mailbox.microsoft.calls)

    def after_two(path: str) -> Fault | None:
        return Fault(status=503) if len(mailbox.microsoft.calls) == calls + 2 else None

    monkeypatch.setattr(mailbox.microsoft.faults, "at_path", after_two)
    with pytest.raises(CalendarUnreachableError):
        await mailbox.fetch()
    monkeypatch.undo()
    assert titles(await mailbox.fetch()) == ["Changed"] * 3


@pytest.mark.parametrize(
    "link",
    [
        "{other}/v1.0/me/calendarView/delta?$skiptoken=x", "{own}/beta/me/calendarView/delta?$skiptoken=x",
        "{own}/v1.0/../beta/me?$skiptoken=x", "{own}/v1.0/%2e%2e/beta/me?$skiptoken=x", "ftp://host/v1.0/x",
    ],
)  # fmt: skip
async def test_link_to_another_place_is_not_followed(mailbox: Mailbox, site: Site, link: str) -> None:
    for number in range(101):
        mailbox.add(f"Meeting {number}")
    mailbox.microsoft.odd.next_link = link.format(other=site.url(""), own=mailbox.microsoft.url)
    with pytest.raises(CalendarError):
        await mailbox.fetch()
    assert (site.seen, mailbox.deltas()) == ([], [200])


async def test_pages_that_lead_in_a_circle_end(mailbox: Mailbox) -> None:
    for number in range(101):
        mailbox.add(f"Meeting {number}")
    link = f"{mailbox.microsoft.graph_url}me/calendars/{mailbox.calendar.id}/calendarView/delta?$skiptoken=x"
    body = {"value": [], "@odata.nextLink": link}
    mailbox.microsoft.faults.add(Fault("/delta", status=200, body=body, times=None))
    with pytest.raises(CalendarError):
        await mailbox.fetch()
    assert mailbox.deltas() == [200, 200]


async def test_calendar_without_end_is_too_costly(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox.add("One")
    mailbox.add("Two")
    monkeypatch.setattr(source_module, "MOST_ITEMS", 1)
    with pytest.raises(CalendarTooCostlyError):
        await mailbox.fetch()
    monkeypatch.setattr(source_module, "MOST_ITEMS", 10)
    monkeypatch.setattr(source_module, "MOST_PAGES", 1)
    monkeypatch.setattr(source_module, "_PREFER", {"Prefer": "odata.maxpagesize=1"})
    with pytest.raises(CalendarTooCostlyError):
        await mailbox.fetch()


async def test_hostile_entries_are_problems_and_the_others_are_read(mailbox: Mailbox) -> None:
    entry = mailbox.add("Offer")
    await mailbox.fetch()
    hostile = [
        None, 7, "x", [], {}, {"id": None}, {"id": "\x00"}, {"id": "y" * 5000}, {"id": "no-times"},
        {"id": "bad-times", "start": {"dateTime": "soon"}, "end": {"dateTime": []}},
        {"id": "bad-day", "isAllDay": True, "start": {"dateTime": "x"}, "end": {"dateTime": "y"}},
        {"id": "bad-zone", "start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "Mars/Olympus"},
         "end": {"dateTime": "2026-11-24T11:00:00", "timeZone": "Mars/Olympus"}, "subject": {"x": 1}},
        {"id": "orphan", "type": "occurrence", "seriesMasterId": 7, "attendees": [None, {"emailAddress": 3}],
         "start": {"dateTime": "2026-11-24T10:00:00"}, "end": {"dateTime": "2026-11-24T11:00:00"}, "showAs": 5},
    ]  # fmt: skip
    link = f"{mailbox.microsoft.graph_url}me/calendarView/delta?$deltatoken=x"
    mailbox.microsoft.faults.add(Fault("/delta", status=200, body={"value": hostile, "@odata.deltaLink": link}))
    changes = await mailbox.fetch()
    assert {event.uid for event in changes.events} == {entry.id, "orphan"}
    assert sorted((p.uid, p.problem) for p in changes.problems) == [
        *[("", "an entry without an id")] * 8,
        ("bad-day", "its times cannot be read"),
        ("bad-times", "it has no start or no end"),
        ("bad-zone", "its time zone is not known"),
        ("no-times", "it has no start or no end"),
    ]
