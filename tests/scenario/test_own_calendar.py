"""`/ooo` in one's own Google or Microsoft calendar: made once allowed, moved and deleted along, never counted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.entries import PROPERTY
from services.domain.model import PersonKey
from services.store.calendar_tables import EVENTS
from services.store.tables import OVERRIDES
from services.store.workspace_tables import CALENDAR_ENTRIES
from tests.support.clocks import ManualClock
from tests.support.few import few
from tests.support.providers_app import Vendors, open_vendors, quick_at
from tests.support.running_app import ANN, TEAM, at

DAY = timedelta(days=1)
WRITES = {"google": "https://www.googleapis.com/auth/calendar.events.owned", "microsoft": "Calendars.ReadWrite"}


@dataclass
class ConnectedAnn:
    """Ann is in, with an account at the provider."""

    vendors: Vendors

    @property
    def entries(self) -> list[Any]:
        """What is in her main calendar."""
        return list(self.vendors.main.entries.values())

    async def asks(self, first: str = "2026-12-01", last: str = "2026-12-04", **times: str) -> dict[str, Any]:
        """She fills in the out-of-office form, with the box for her own calendar; what the form becomes."""
        app = self.vendors.running_app
        await app.types("/ooo")
        values: dict[str, Any] = {
            "from": {"date": {"type": "datepicker", "selected_date": first}},
            "to": {"date": {"type": "datepicker", "selected_date": last}},
            "in_calendar": {"value": {"type": "checkboxes", "selected_options": [{"value": "in_calendar"}]}},
        }
        for name, clock in times.items():
            values[name] = {"time": {"type": "timepicker", "selected_time": clock}}
        answer = await app.slack.people.submit(ANN, app.slack.modals[ANN][-1].view_id, values)
        assert answer.status == 200
        await self.vendors.rests()
        return answer.json() or {}

    async def allows(self, said: dict[str, Any]) -> str:
        """She follows the link that the form became; what was asked of her at the provider."""
        async with self.vendors.browser() as session:
            back = await self.vendors.consents(session, self.vendors.link_in(said["view"]))
            await self.vendors.comes_back(session, back)
        await self.vendors.rests()
        return str(parse_qs(urlsplit(back).query).get("scope", [""])[0])

    async def has_asked(self, *days: str, **times: str) -> Any:
        """She has asked and allowed; the entry."""
        said = await self.asks(*days, **times)
        if said:
            await self.allows(said)
        (entry,) = self.entries
        return entry

    async def read_again(self) -> None:
        await self.vendors.running_app.polled()
        await self.vendors.rests()

    async def known(self) -> list[Any]:
        """What we read of her calendar."""
        return await self.vendors.running_app.rows(sa.select(EVENTS.c.uid))

    async def rows(self) -> list[Any]:
        return await self.vendors.running_app.rows(sa.select(CALENDAR_ENTRIES))


@pytest.fixture(params=["google", "microsoft"])
async def ann(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[ConnectedAnn]:
    async with open_vendors(clock, sqlite_url, request.param) as vendors:
        app = vendors.running_app
        app.slack.add_person(ANN, "ann", "Ann Lee", team_id=TEAM, tz="Europe/Berlin", locale="en-GB")
        await app.joins(ANN)
        await vendors.connects()
        yield ConnectedAnn(vendors)


@quick_at("google", "ann")
async def test_box_is_there_with_an_account_alone_and_is_off(ann: ConnectedAnn) -> None:
    app = ann.vendors.running_app
    await app.types("/ooo")
    (box,) = [one for one in app.slack.modals[ANN][-1].view["blocks"] if one.get("block_id") == "in_calendar"]
    assert "initial_options" not in box["element"]
    await app.joins("U0BEN00001")
    await app.types("/ooo", "", "U0BEN00001")
    assert "in_calendar" not in str(app.slack.modals["U0BEN00001"][-1].view)


@quick_at("google", "ann")
async def test_what_was_chosen_is_kept_until_it_is_allowed_and_done_then(ann: ConnectedAnn) -> None:
    said = await ann.asks()
    assert ann.entries == []
    assert "/connect/" in str(said["view"])
    assert len(await ann.vendors.running_app.rows(sa.select(OVERRIDES.c.override_id))) == 1
    scopes = await ann.allows(said)
    if ann.vendors.name == "google":  # Microsoft does not name them on the way back
        assert WRITES["google"] in scopes
    (entry,) = ann.entries
    assert entry.title == "Out of office"
    assert await ann.asks("2026-12-08", "2026-12-08") == {}  # allowed once
    assert len(ann.entries) == 2


@quick_at("microsoft", "ann")
async def test_page_before_the_provider_says_that_it_asks_to_write(ann: ConnectedAnn) -> None:
    said = await ann.asks()
    async with ann.vendors.browser() as session:
        for link, writes in ((ann.vendors.link_in(said["view"]), True), (await ann.vendors.link(), False)):
            async with session.get(link) as shown:
                assert ("permission to write" in await shown.text()) is writes


@quick_at("google", "ann")
async def test_refused_permission_leaves_the_absence_and_makes_no_entry(ann: ConnectedAnn) -> None:
    said = await ann.asks()
    async with ann.vendors.browser() as session:
        link, without = ann.vendors.link_in(said["view"]), (WRITES[ann.vendors.name],)
        await ann.vendors.comes_back(session, await ann.vendors.consents(session, link, without=without))
    await ann.vendors.rests()
    assert ann.entries == []
    assert len(await ann.vendors.running_app.rows(sa.select(OVERRIDES.c.override_id))) == 1
    assert len((await ann.asks("2026-12-08", "2026-12-08"))["view"]["blocks"]) > 0  # it is asked for again


@quick_at("microsoft", "ann")
async def test_account_that_is_connected_anew_keeps_the_permission_to_write(ann: ConnectedAnn) -> None:
    await ann.has_asked()
    await ann.vendors.connects()
    assert await ann.asks("2026-12-08", "2026-12-08") == {}
    assert len(ann.entries) == 2


@quick_at("google", "ann")
async def test_permission_that_comes_too_late_makes_no_entry_and_nothing_is_left(ann: ConnectedAnn) -> None:
    said = await ann.asks("2026-11-24", "2026-11-24", from_time="10:30", to_time="11:00")
    link = ann.vendors.link_in(said["view"])
    await ann.vendors.running_app.until(at("10:16"))
    assert await ann.rows() == []
    await ann.vendors.connects(link=link)
    assert ann.entries == []


@quick_at("microsoft", "ann")
async def test_absence_that_is_taken_back_before_it_was_allowed_leaves_nothing(ann: ConnectedAnn) -> None:
    said = await ann.asks()
    await ann.vendors.running_app.types("/ooo", "off")
    assert await ann.rows() == []
    await ann.allows(said)
    assert ann.entries == []


async def test_entry_says_when_and_is_out_of_office(ann: ConnectedAnn) -> None:
    entry = await ann.has_asked()
    if ann.vendors.name == "google":
        assert (entry.kind, entry.start, entry.end) == ("outOfOffice", at("23:00", 30), at("23:00", 30) + 4 * DAY)
        assert entry.id.startswith(PROPERTY)
    else:
        assert (entry.show_as, entry.start, entry.end) == ("oof", date(2026, 12, 1), date(2026, 12, 5))


@pytest.mark.parametrize("ann", ["google"], indirect=True)
async def test_google_account_that_cannot_be_out_gets_a_plain_busy_entry(ann: ConnectedAnn) -> None:
    ann.vendors.google.writing.consumers.add(ann.vendors.mail)
    entry = await ann.has_asked()
    assert (entry.kind, entry.free) == ("default", False)


@quick_at("microsoft", "ann")
async def test_entry_of_ours_never_counts(ann: ConnectedAnn) -> None:
    await ann.has_asked("2026-11-24", "2026-11-24", from_time="10:30", to_time="11:00")
    app = ann.vendors.running_app
    await ann.read_again()
    assert await ann.known() == []
    await app.types("/ooo", "off")
    await ann.vendors.rests()
    assert app.text() == ""
    await app.until(at("09:45"))
    assert app.text() == ""


@quick_at("google", "ann")
async def test_entry_is_cut_where_the_absence_ends_early(ann: ConnectedAnn) -> None:
    app = ann.vendors.running_app
    await ann.has_asked("2026-11-24", "2026-11-26", from_time="10:00")
    await app.until(at("12:00"))
    await app.types("/ooo", "off")
    await ann.vendors.rests()
    (entry,) = ann.entries
    assert (entry.start, entry.end) == (at("09:00"), at("12:00"))
    await app.until(at("12:20"))
    assert await ann.rows() == []
    assert len(ann.entries) == 1


@quick_at("microsoft", "ann")
async def test_entry_goes_with_an_absence_that_is_taken_back_and_comes_back_with_it(ann: ConnectedAnn) -> None:
    app = ann.vendors.running_app
    await ann.has_asked()
    await app.types("/ooo", "off")
    await ann.vendors.rests()
    assert ann.entries == []
    await app.opens_home(ANN)
    buttons = [one["accessory"] for one in app.slack.homes[ANN].view["blocks"] if "accessory" in one]
    undo = next(one for one in buttons if one["action_id"] == "undo")
    await app.slack.people.click_in_view(ANN, app.slack.homes[ANN].view_id, undo)
    await ann.vendors.rests()
    assert [one.title for one in ann.entries] == ["Out of office"]
    await ann.read_again()
    assert await ann.known() == []


@quick_at("google", "ann")
async def test_answer_that_is_lost_makes_no_second_entry(ann: ConnectedAnn) -> None:
    await ann.has_asked()
    ann.vendors.vendor.faults.add(Fault("/events", drop=True, after=True, times=1, skip=ann.vendors.name != "google"))
    await ann.asks("2026-12-08", "2026-12-09")
    await ann.vendors.running_app.until(ann.vendors.running_app.clock.now() + timedelta(minutes=2))
    await ann.vendors.rests()
    assert len(ann.entries) == 2
    assert {row.written != "" for row in await ann.rows()} == {True}
    assert "PATCH" in {call.method for call in ann.vendors.vendor.calls}  # the second try found what the first made


@quick_at("microsoft", "ann")
async def test_entry_that_the_person_deletes_is_not_made_again(ann: ConnectedAnn) -> None:
    app = ann.vendors.running_app
    entry = await ann.has_asked("2026-11-24", "2026-11-26", from_time="10:00")
    ann.vendors.main.remove(entry.id)
    await ann.vendors.rests()
    await app.until(at("12:00"))
    await app.types("/ooo", "off")
    await ann.vendors.rests()
    assert ann.entries == []


@quick_at("google", "ann")
async def test_who_has_a_calendar_that_takes_no_entry_is_told_once_and_what_to_do(ann: ConnectedAnn) -> None:
    app = ann.vendors.running_app
    await ann.has_asked()

    def told() -> list[str]:
        begins = "Your calendar does not take the entry for your absence"
        return [one.text for one in app.slack.direct_messages(ANN) if one.text.startswith(begins)]

    ann.vendors.vendor.faults.add(Fault("/events", status=403, reason="forbidden", times=None))
    await ann.asks("2026-12-08", "2026-12-09")
    assert told() == []  # it may pass
    await app.until(app.clock.now() + timedelta(minutes=2))
    await ann.vendors.rests()
    for _ in range(2):
        (message,) = told()
        assert message.endswith("write or change the entry there yourself.")
        await app.until(app.clock.now() + timedelta(hours=3))
        await ann.vendors.rests()


@pytest.mark.parametrize("how", few(["forget", "disconnect", "uninstall"], quick=2))
@quick_at("microsoft", "ann")
async def test_entry_goes_with_the_person_and_with_the_account(ann: ConnectedAnn, how: str) -> None:
    app = ann.vendors.running_app
    await ann.has_asked()
    assert app.service is not None
    if how == "forget":
        await app.service.cases.people.forget(PersonKey(TEAM, ANN))
    elif how == "uninstall":
        app.slack.uninstall(TEAM)
    else:
        (row,) = await ann.rows()
        await ann.vendors.home()
        await ann.vendors.clicks("account_menu", f"drop:{row.account_id}")
        await ann.vendors.submits({})
    await app.settle()
    await app.stop()  # which waits for what is still to be done there
    assert await ann.rows() == []
    assert ann.entries == []
