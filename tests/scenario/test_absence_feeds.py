"""Who is out, at a secret address that calendar programs subscribe to: who gets it, what it says, when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import icalendar
import pytest
import recurring_ical_events
import sqlalchemy as sa
import vobject

from emulators.faults import Fault
from services.domain.model import PersonKey
from services.store.workspace_tables import ABSENCE_FEEDS
from services.usecases import feeds as feeds_module
from tests.support.absence_feeds import Office, address_in, fetch
from tests.support.databases import SQLITE_FIRST
from tests.support.icsfile import asked, reading
from tests.support.office import CAT, project_in
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

GONE = "This calendar has ended"


@pytest.fixture
async def office(running_app: RunningApp) -> Office:
    return Office(running_app, await project_in(running_app))


# ── what it says ────────────────────────────────────────────────────────────────────────────────────


@SQLITE_FIRST
async def test_feed_of_a_channel_tells_of_its_members_whole_days_and_times_and_nothing_else(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "until friday Dentist", BEN)
    await office.app.types("/ooo", "3 dec 14:00 - 3 dec 16:00", BEN)
    await office.app.types("/ooo", "until friday", CAT)
    found = await fetch(address)
    assert found.headers["content-type"] == "text/calendar; charset=utf-8"
    assert found.headers["cache-control"].startswith("private")
    assert "METHOD" not in found.calendar
    assert str(found.calendar["X-WR-CALNAME"]) == "#project: Out of office"
    first, second = found.calendar.walk("VEVENT")
    assert found.entries() == [
        ("Ben Hall: out of office", at("09:00"), at("23:00", 26)),
        ("Ben Hall: out of office", at("13:00", 30) + timedelta(days=3), at("15:00", 30) + timedelta(days=3)),
    ]
    assert {str(one["TRANSP"]) for one in (first, second)} == {"TRANSPARENT"}
    assert {str(one["CLASS"]) for one in (first, second)} == {"PUBLIC"}
    for private in (b"Dentist", b"Cat", BEN.encode(), TEAM.encode()):
        assert private not in found.body


async def test_whole_days_are_dates_with_an_end_of_their_own_in_every_zone(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "1 dec - 4 dec", BEN)
    found = await fetch(address)
    assert found.entries() == [("Ben Hall: out of office", date(2026, 12, 1), date(2026, 12, 5))]
    assert b"DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261205\r\n" in found.body


HOSTILE = "Zoë; Ünal, \\n \u202eÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ 👩‍👩‍👧‍👧👩‍👩‍👧‍👧 \x07BEGIN:VALARM"


async def test_other_engines_read_what_was_written_with_names_that_try_to_break_it(office: Office) -> None:
    office.app.slack.membership.rename(BEN, HOSTILE)
    await office.app.settle()
    address = await office.gets()
    await office.app.types("/ooo", "1 dec - 4 dec", BEN)
    await office.app.types("/ooo", "8 dec 14:00 - 8 dec 16:00", ANN)
    body = (await fetch(address)).body
    assert max(map(len, body.split(b"\r\n"))) <= 75
    for line in body.split(b"\r\n"):
        line.decode()  # no letter is cut in two
    title = f"{HOSTILE.replace(chr(7), '')}: out of office"
    # our own reader, which shares no code with `icalendar`
    ours = sorted(reading(body, asked()).events, key=lambda event: event.start)
    assert [(one.title, one.all_day) for one in ours] == [(title, True), ("Ann Lee: out of office", False)]
    assert [f"{one.start:%m-%dT%H:%M}/{one.end:%m-%dT%H:%M}" for one in ours] == [
        "11-30T23:00/12-04T23:00", "12-08T13:00/12-08T15:00",
    ]  # fmt: skip
    # Radicale's engine
    theirs = {
        one.summary.value: (one.dtstart.value, one.dtend.value)
        for one in vobject.readOne(body.decode()).contents["vevent"]
    }
    assert theirs[title] == (date(2026, 12, 1), date(2026, 12, 5))
    assert theirs["Ann Lee: out of office"][0] == at("13:00", 30) + timedelta(days=8)
    # what many programs expand with
    on = recurring_ical_events.of(icalendar.Calendar.from_ical(body)).at(date(2026, 12, 4))
    assert [str(one["SUMMARY"]) for one in on] == [title]
    assert recurring_ical_events.of(icalendar.Calendar.from_ical(body)).at(date(2026, 12, 5)) == []


@pytest.mark.parametrize(
    ("language", "title", "name"),
    [
        pytest.param("en", "Ben Hall: out of office", "#project: Out of office", marks=pytest.mark.slow),
        pytest.param("de", "Ben Hall: abwesend", "#project: Abwesend", marks=pytest.mark.slow),
        pytest.param("fr", "Ben Hall : absence du bureau", "#project: Absence du bureau", marks=pytest.mark.slow),
        pytest.param("es", "Ben Hall: ausente", "#project: Fuera de la oficina", marks=pytest.mark.slow),
        ("ja", "Ben Hall：不在", "#project: 不在"),
    ],
)
async def test_feed_speaks_the_language_that_was_chosen(office: Office, language: str, title: str, name: str) -> None:
    address = await office.gets(language=language)
    await office.app.types("/ooo", "until friday", BEN)
    found = await fetch(address)
    assert [one[0] for one in found.entries()] == [title]
    assert str(found.calendar["X-WR-CALNAME"]) == name


async def test_entry_keeps_its_uid_and_counts_its_changes(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "1 dec - 4 dec", BEN)
    (before,) = (await fetch(address)).calendar.walk("VEVENT")
    await office.asked_again()
    await office.app.types("/ooo", "1 dec - 6 dec", BEN)
    (after,) = (await fetch(address)).calendar.walk("VEVENT")
    assert after["DTEND"].dt == date(2026, 12, 7)
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert str(before["UID"]).endswith("@127.0.0.1")


async def test_what_a_program_has_already_is_not_sent_again(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "until friday", BEN)
    first = await fetch(address)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    await office.asked_again()
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = await fetch(address, **{"If-None-Match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    head = await fetch(address, "HEAD")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", etag)
    assert head.headers["content-length"] == str(len(first.body))
    await office.app.types("/ooo", "off", BEN)
    assert (await fetch(address, **{"If-None-Match": etag})).entries() == []


async def test_own_status_pause_and_who_shows_nothing_ahead_are_told_as_slack_shows_them(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "until friday", BEN)
    assert len((await fetch(address)).entries()) == 1
    await office.app.says("Climbing", user=BEN)
    assert (await fetch(address)).entries() == []


# ── who gets one, and how it ends ───────────────────────────────────────────────────────────────────


async def test_who_is_not_in_the_channel_and_a_shared_channel_are_refused_at_the_block(office: Office) -> None:
    refused = (await office.fills_in(CAT, office.channel)).json()
    assert "not in that channel" in refused["errors"]["channel"]
    office.channel.shared = True
    refused = (await office.fills_in(ANN, office.channel)).json()
    assert "shared with another organization" in refused["errors"]["channel"]
    assert await office.app.rows(sa.select(ABSENCE_FEEDS.c.feed_id)) == []


async def test_creator_who_left_the_channel_ends_it_for_good(office: Office) -> None:
    address = await office.gets()
    assert (await fetch(address)).status == 200
    office.app.slack.talk.leave(office.channel.channel_id, ANN)
    assert (await fetch(address)).status == 200  # known for ten minutes
    await office.asked_again()
    left = await fetch(address)
    assert (left.status, GONE in left.body.decode()) == (410, True)
    office.app.slack.talk.join(office.channel.channel_id, ANN)
    await office.asked_again()
    assert (await fetch(address)).status == 410
    await office.chooses("rotate")  # back in the channel, they may have it again, at another address
    fresh = address_in(office.app.slack.modals[ANN][-1].view)
    assert (await fetch(fresh)).status == 200
    assert (await fetch(address)).status == 404


@pytest.mark.parametrize("how", ["deactivated", "shared"])
async def test_creator_who_left_the_workspace_or_a_channel_that_is_shared_ends_it(office: Office, how: str) -> None:
    address = await office.gets()
    if how == "deactivated":
        office.app.slack.membership.deactivate(ANN)
    else:
        office.channel.shared = True
    await office.app.settle()
    await office.asked_again()
    assert (await fetch(address)).status == 410
    assert [row.gone for row in await office.app.rows(sa.select(ABSENCE_FEEDS.c.gone))] == [True]


async def test_slack_that_fails_leaves_what_it_told_last(office: Office) -> None:
    address = await office.gets()
    await office.app.types("/ooo", "until friday", BEN)
    office.app.slack.faults.add(Fault("conversations.members", error="internal_error", times=1))
    unknown = await fetch(address)
    assert (unknown.status, unknown.headers["retry-after"]) == (503, "60")
    assert len((await fetch(address)).entries()) == 1
    await office.asked_again()
    office.app.slack.faults.add(Fault("users.info", error="internal_error", times=1))
    assert len((await fetch(address)).entries()) == 1
    assert [row.gone for row in await office.app.rows(sa.select(ABSENCE_FEEDS.c.gone))] == [False]


async def test_new_address_ends_the_old_one_and_end_ends_it(office: Office) -> None:
    address = await office.gets()
    await office.chooses("rotate")
    fresh = address_in(office.app.slack.modals[ANN][-1].view)
    assert fresh != address
    assert [(await fetch(one)).status for one in (address, fresh)] == [404, 200]
    await office.chooses("end")
    assert (await fetch(fresh)).status == 404
    assert "feed_menu" not in str(office.app.slack.homes[ANN].view)


async def test_policy_against_digests_holds_for_channels_at_once(office: Office) -> None:
    address = await office.gets()
    assert office.app.service is not None
    policies, ann = office.app.service.stores.policies, PersonKey(TEAM, ANN)
    await policies.change(ann, office.app.clock.now(), lambda policy: replace(policy, digests=False))
    assert (await fetch(address)).status == 403
    refused = (await office.fills_in(BEN, office.channel)).json()
    assert "does not allow that" in refused["errors"]["channel"]
    await policies.change(ann, office.app.clock.now(), lambda policy: replace(policy, digests=True))
    assert (await fetch(address)).status == 200


async def test_feed_is_asked_for_thirty_times_a_minute_at_most(office: Office) -> None:
    address = await office.gets()
    found = [(await fetch(address)).status for _ in range(feeds_module.A_MINUTE + 1)]
    assert found == [200] * feeds_module.A_MINUTE + [429]
    assert int((await fetch(address)).headers["retry-after"]) in range(1, 61)
    await office.app.until(office.app.clock.now() + timedelta(minutes=1))
    assert (await fetch(address)).status == 200


async def test_admins_feed_tells_of_everybody_and_ends_with_their_role(office: Office) -> None:
    address = await office.gets_whole()
    assert (await fetch(address)).entries() == []
    await office.app.types("/ooo", "until friday", CAT)
    await office.app.types("/ooo", "until friday", BEN)
    found = await fetch(address)
    assert [one[0] for one in found.entries()] == ["Ben Hall: out of office", "Cat Ito: out of office"]
    assert str(found.calendar["X-WR-CALNAME"]) == "Out of office"
    below = office.app.slack.modals[ANN][0].view
    assert "Address of" in str(below)
    office.app.slack.membership.set_role(ANN, "member")
    await office.asked_again()
    assert (await fetch(address)).status == 410


async def test_former_admin_with_the_form_still_open_is_refused(office: Office) -> None:
    people, slack = office.app.slack.people, office.app.slack
    slack.membership.set_role(ANN, "admin")
    await office.app.opens_home(ANN)
    await people.click_in_view(ANN, slack.homes[ANN].view_id, {"type": "button", "action_id": "open_workspace"})
    button = {"type": "button", "action_id": "open_absences_feed"}
    await people.click_in_view(ANN, slack.modals[ANN][-1].view_id, button)
    slack.membership.set_role(ANN, "member")
    chosen = {"language": {"value": {"type": "static_select", "selected_option": {"value": "en"}}}}
    answer = await people.submit(ANN, slack.modals[ANN][-1].view_id, chosen)
    assert "Only an admin" in (answer.json() or {})["errors"]["language"]
    assert await office.app.rows(sa.select(ABSENCE_FEEDS.c.feed_id)) == []


async def test_forgotten_person_has_no_feed_and_its_address_is_unknown(office: Office) -> None:
    address = await office.gets()
    assert office.app.service is not None
    await office.app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await office.app.settle()
    assert (await fetch(address)).status == 404
    assert await office.app.rows(sa.select(ABSENCE_FEEDS.c.feed_id)) == []


async def test_uninstall_ends_all_feeds(office: Office) -> None:
    addresses = [await office.gets(), await office.gets_whole()]
    office.app.slack.uninstall(TEAM)
    await office.app.settle()
    assert [(await fetch(address)).status for address in addresses] == [404, 404]
    assert await office.app.rows(sa.select(ABSENCE_FEEDS.c.feed_id)) == []


async def test_no_log_metric_or_error_page_has_the_secret_and_the_database_only_its_digest(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    address = await office.gets()
    secret = address.rpartition("/")[2].removesuffix(".ics")
    assert len(secret) == 43
    said = [await fetch(address), await fetch(address, "POST"), await fetch(address.replace(".ics", "x.ics"))]
    said += [await fetch(address.removesuffix(".ics")), await fetch(address + "x", Accept="text/html")]
    assert [one.status for one in said] == [200, 405, 404, 404, 404]
    metrics = await fetch(f"{office.app.url}/metrics")
    assert b"/absences/{secret}.ics" in metrics.body
    for page in (*said, metrics):
        assert secret.encode() not in page.body
    logged = "".join(capsys.readouterr())
    assert "feed_made" in logged
    assert secret not in logged
    (row,) = await office.app.rows(sa.select(ABSENCE_FEEDS))
    assert secret not in str(row)
