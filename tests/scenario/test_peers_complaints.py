"""What users of other programs of this kind complain about most, each as this one behaves."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import CookieJar

from services.platform.crypto import SealedBytes
from services.store.models import Calendar, Person
from tests.support.databases import BOTH
from tests.support.engine import until
from tests.support.feeds import SECRET_PATH, entry, lasting
from tests.support.running_app import ANN, BEN, TEAM, Whole, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
OTHER_TEAM, ANN_THERE = "T0OTHER001", "U0ANN00002"


def attendee(answer: str, name: str = "ann1") -> str:
    return f"ATTENDEE;PARTSTAT={answer}:mailto:{name}@example.com"


async def test_what_does_not_take_ones_time_never_sets_a_status_and_why_says_so(whole: Whole) -> None:
    await whole.joins()
    start = at("10:00")
    whole.feeds["work"].has(
        lasting("declined", start, 60, "A", attendee("DECLINED"), attendee("ACCEPTED", "ben")),
        lasting("open", start, 60, "B", attendee("NEEDS-ACTION")),
        lasting("maybe", start, 60, "C", attendee("TENTATIVE")),
        lasting("unsure", start, 60, "D", "STATUS:TENTATIVE"),
        lasting("off", start, 60, "E", "STATUS:CANCELLED"),
        lasting("free", start, 60, "F", "TRANSP:TRANSPARENT"),
        lasting("free-ooo", start, 60, "Vacation", "TRANSP:TRANSPARENT"),
        entry("note", date(2026, 11, 24), date(2026, 11, 25), "Sprint 12"),
        entry("somebody", date(2026, 11, 24), date(2026, 11, 25), "Ben: vacation", "TRANSP:TRANSPARENT"),
        entry("birthday", date(2026, 11, 24), date(2026, 11, 25), "Ben's birthday"),
    )
    await whole.connects("work")
    for time in ("10:00", "10:30", "11:00"):
        await whole.until(at(time))
        assert whole.shows() == NOTHING
        if time == "10:30":
            said = json.dumps(await whole.types("/quo", "why"), ensure_ascii=False)
    assert whole.written() == []
    for reason in (
        "you declined it",
        "you have not answered it",
        "it was cancelled",
        "marked as free",
        "lasts all day",
    ):
        assert reason in said, reason


async def test_what_is_not_answered_counts_for_whoever_turned_that_on(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("open", at("10:00"), 60, "B", attendee("NEEDS-ACTION")))
    await whole.connects("work")
    await whole.chooses(options={"type": "checkboxes", "selected_options": [{"value": "count_unconfirmed"}]})
    await whole.until(at("10:00"))
    assert whole.shows() == (*MEETING, at("11:00"))


async def test_absence_beats_meeting_beats_focus_beats_working_location(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(
        lasting("place", at("09:30"), 240, "Home", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"),
        lasting("focus", at("10:00"), 180, "Focus time"),
        lasting("meeting", at("10:30"), 120),
        lasting("away", at("11:00"), 60, "Sick"),
    )
    await whole.connects("work")
    shown = []
    for time in ("09:30", "10:00", "10:30", "11:00", "12:00", "12:30", "13:00", "13:30"):
        await whole.until(at(time))
        shown.append(whole.text().split(" ")[0])
    assert shown == ["Working", "Focusing", "In", "Out", "In", "Focusing", "Working", ""]


async def test_back_to_back_meetings_are_never_late_and_leave_no_gap(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(
        lasting("a", at("10:00"), 30), lasting("b", at("10:30"), 30, "Deep work"), lasting("c", at("11:00"), 30)
    )
    await whole.connects("work")
    for start in ("10:00", "10:30", "11:00"):
        await whole.until(at(start))
        assert whole.shows()[2] == at(start) + timedelta(minutes=30)
    assert whole.written() == ["In a meeting", "Focusing", "In a meeting"]


async def test_meeting_at_ten_is_at_ten_where_the_person_is_and_follows_them(whole: Whole) -> None:
    await whole.joins(tz="America/New_York")
    whole.feeds["work"].has(
        "\r\n".join(
            ["BEGIN:VEVENT", "UID:w", "DTSTAMP:20261101T000000Z", "DTSTART:20261124T100000", "DTEND:20261124T110000",
             "RRULE:FREQ=DAILY", "SUMMARY:Daily", "END:VEVENT"]
        )
    )  # fmt: skip
    await whole.connects("work")
    await whole.until(at("14:59"))
    assert whole.shows() == NOTHING
    await whole.until(at("15:00"))
    assert whole.shows() == (*MEETING, at("16:00"))
    await whole.until(at("17:00"))
    whole.slack.set_zone(ANN, "Europe/Lisbon")
    await whole.settle()
    await whole.until(at("10:00", 25))
    assert whole.shows() == (*MEETING, at("11:00", 25))


async def test_title_never_leaves_unless_its_owner_asked_and_a_private_one_not_even_then(whole: Whole) -> None:
    await whole.joins()
    await whole.joins(BEN)
    whole.feeds["work"].has(
        lasting("secret", at("10:00"), 30, "Layoffs Zebra", "CLASS:PRIVATE", "LOCATION:Room Quokka"),
        lasting("hidden", at("10:30"), 30, "Merger Zebra", "CLASS:CONFIDENTIAL", "LOCATION:Room Quokka"),
        lasting("plain", at("11:00"), 30, "Review Okapi", "LOCATION:Room Quokka"),
    )
    await whole.connects("work")
    for time in ("10:00", "10:30", "11:00"):
        await whole.until(at(time))
        assert whole.text() == "In a meeting"
    assert "Okapi" not in all_that_slack_was_told(whole)
    await whole.chooses(
        meeting_text={"type": "plain_text_input", "value": "{title} {location}"},
        options={"type": "checkboxes", "selected_options": [{"value": "titles"}]},
    )
    assert whole.text().startswith("Review Okapi")
    for number, day in enumerate((25, 26), 1):
        whole.feeds["work"].has(
            lasting(f"secret{number}", at("10:00", day), 30, "Layoffs Zebra", "CLASS:PRIVATE", "LOCATION:Room Quokka")
        )
        await whole.until(at("09:30", day))
        await whole.until(at("10:00", day))
        assert whole.text() == "In a meeting"
    for user in (ANN, BEN):
        await whole.opens_home(user)
        await whole.types("/quo", "who", user)
        await whole.types("/quo", f"who <@{ANN}>", user)
    assert "Zebra" not in all_that_slack_was_told(whole, but=ANN)
    assert "Okapi" not in all_that_slack_was_told(whole, but=ANN)
    assert "Zebra" not in json.dumps([call.arguments for call in whole.slack.calls.all("users.profile.set")])


def all_that_slack_was_told(whole: Whole, but: str = "") -> str:
    """Every call's arguments and every ephemeral answer, apart from what only `but` was shown or set themselves."""
    calls = [
        call.arguments for call in whole.slack.calls.all()
        if not but or (call.user_id != but and call.arguments.get("user_id") != but)
    ]  # fmt: skip
    messages = [(message.text, message.blocks) for message in whole.slack.messages if message.only_for != but]
    return json.dumps([calls, messages], ensure_ascii=False)


@BOTH
@pytest.mark.usefixtures("reader_processes")
async def test_one_persons_failure_does_not_stop_the_others(whole: Whole) -> None:
    """One feed never answers, one is hostile, one row is broken, one token is dead: the fifth person is on time."""
    users = [f"U0MEMBER0{number}" for number in range(5)]
    for user in users:
        await whole.joins(user)
        whole.feeds[user].has(lasting("a", at("10:00"), 60))
        await whole.connects(user, user)
    slow, hostile, broken, dead, well = users
    whole.feeds[slow].seconds = 3600
    whole.feeds[hostile].has(
        "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:00010101T000000Z\r\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\nEND:VEVENT"
    )
    junk = SealedBytes(b"no ciphertext")
    await whole.tampers(
        sa.update(Person).where(Person.user_id == broken).values(preferences="{no json"),
        sa.update(Calendar).where(Calendar.user_id == broken).values(address=junk),
    )
    await whole.opens_home(well)
    token = whole.slack.tokens.user(dead)
    assert token is not None
    token.revoked = True  # without any event
    whole.clock.move_to(at("09:50"))
    whole.feeds[well].has(lasting("a", at("10:00"), 90))
    await until_shown(whole, well, "10:00", 90)
    assert whole.shows(well) == (*MEETING, at("11:30"))
    await until(lambda: whole.shows(slow) == (*MEETING, at("11:00")))
    # a rule that never matches is no event; given up on, the last good events stay
    assert whole.shows(hostile) in {NOTHING, (*MEETING, at("11:00"))}
    assert whole.shows(broken) == NOTHING
    assert whole.written(dead) == []
    whole.feeds[slow].seconds = 0


async def until_shown(whole: Whole, user: str, start: str, minutes: float) -> None:
    """Let `start` come with the app as busy as it is: it does not come to rest here."""
    end = at(start) + timedelta(minutes=minutes)
    due = sa.select(Calendar.due_at).where(Calendar.user_id == user, Calendar.synced_at >= at("09:50"))

    async def synced() -> bool:
        return bool(await whole.rows(due))

    while whole.clock.now() < at("09:59"):
        whole.clock.move(minutes=1)
    await whole.asks_to_read(user)
    await until(synced, 30)
    whole.clock.move_to(at(start))
    await until(lambda: whole.shows(user)[2] == end, 30)


async def test_one_person_in_several_workspaces_shows_in_each_what_they_chose_there(whole: Whole) -> None:
    whole.slack.add_workspace(OTHER_TEAM, "Client", "client")
    await whole.joins()
    await whole.joins(ANN_THERE, team=OTHER_TEAM)
    whole.feeds["work"].has(lasting("a", at("10:00"), 60, "Okapi review"))
    for user in (ANN, ANN_THERE):
        await whole.connects("work", user)
    await whole.chooses(
        meeting_text={"type": "plain_text_input", "value": "{title}"},
        options={"type": "checkboxes", "selected_options": [{"value": "titles"}]},
    )
    await whole.until(at("10:00"))
    assert whole.shows() == ("Okapi review", ":spiral_calendar_pad:", at("11:00"))
    assert whole.shows(ANN_THERE) == (*MEETING, at("11:00"))
    await whole.types("/quo", ":house: Home for 20m", ANN_THERE)
    assert whole.shows(ANN_THERE) == ("Home", ":house:", at("10:20"))
    assert whole.text() == "Okapi review"
    whole.slack.uninstall(OTHER_TEAM)
    await whole.settle()
    await whole.until(at("10:30"))
    assert [row.team_id for row in await whole.rows(sa.select(Person.team_id))] == [TEAM]
    assert whole.text() == "Okapi review"


async def test_calendar_of_one_person_cannot_be_bound_to_another(whole: Whole) -> None:
    """Neither a guessed state nor somebody else's link binds an account: what is granted is one's own or nothing."""
    await whole.joins()
    whole.slack.add_person(BEN, "ben", team_id=TEAM)
    tokens_before = await whole.rows(sa.select(Person.user_id, Person.token))

    async with browser() as ben:
        for state in ("ann1@example.com", ANN, f"{TEAM}:{ANN}", "", "x" * 43):
            query = {"code": "123.abc", "state": state}
            async with ben.get(f"{whole.url}/slack/oauth_redirect", params=query, allow_redirects=False) as answer:
                assert answer.status == 400, state

    async with browser() as ann, browser() as ben:
        async with ann.get(f"{whole.url}/slack/install", allow_redirects=False) as away:
            query = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["Location"]).query).items()}
        async with ben.get(f"{whole.url}/slack/install", allow_redirects=False) as away:
            assert away.status == 302
        back = whole.slack.oauth.decide(query, BEN)  # Ben consents in the flow that Ann's browser began
        async with ben.get(back, allow_redirects=False) as answer:
            assert answer.status == 400
    assert await whole.rows(sa.select(Person.user_id, Person.token)) == tokens_before

    await whole.types("/quo", "help", BEN)
    link = grant_link(whole, BEN)
    whole.slack.add_person("U0EVE00001", "eve", team_id=TEAM)
    status, page = await whole.slack.allow(link, "U0EVE00001")
    assert (status, "Ben" in page) == (403, False)
    stored = {row.user_id: row.token for row in await whole.rows(sa.select(Person.user_id, Person.token))}
    assert stored[BEN] is None
    assert "U0EVE00001" not in stored


async def test_feed_of_one_person_shows_on_nobody_elses_profile(whole: Whole) -> None:
    await whole.joins()
    await whole.joins(BEN)
    whole.feeds["ann"].has(lasting("a", at("10:00"), 60))
    await whole.connects("ann")
    await whole.until(at("10:00"))
    assert whole.shows() == (*MEETING, at("11:00"))
    assert whole.shows(BEN) == NOTHING
    assert whole.written(BEN) == []


async def test_absence_typed_ahead_begins_and_ends_in_the_persons_zone(whole: Whole) -> None:
    await whole.joins(tz="Europe/Berlin", locale="de-DE")
    await whole.types("/ooo", "26.11. - 27.11. Ski")
    assert whole.shows() == NOTHING
    await whole.until(at("22:59", 25))
    assert whole.shows() == NOTHING
    await whole.until(at("23:00", 25))
    text, _, end = whole.shows()
    assert (text, end) == ("Ski", at("23:00", 27))
    await whole.until(at("23:00", 27))
    assert whole.shows() == NOTHING


async def test_address_of_a_feed_is_shown_to_nobody_and_stored_sealed(whole: Whole) -> None:
    await whole.joins()
    await whole.connects("work")
    await whole.types("/quo", "calendars")
    whole.feeds["work"].status = 500
    await whole.slack.people.home_opened(ANN)
    for _ in range(5):
        await whole.polled()
    assert SECRET_PATH not in all_that_slack_was_told(whole)
    columns = await whole.rows(sa.select(Calendar))
    assert SECRET_PATH not in str([tuple(row) for row in columns])


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True))


def grant_link(whole: Whole, user: str) -> str:
    """The newest link that a person was given to grant."""
    blocks: list[dict[str, Any]] = whole.slack.ephemeral_messages(user)[-1].blocks
    buttons = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return str(next(one["url"] for one in buttons if one.get("action_id") == "open_grant"))
