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
from services.store.calendar_tables import CALENDARS
from services.store.tables import PEOPLE
from tests.support.engine import until
from tests.support.feeds import SECRET_PATH, entry, lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
OTHER_TEAM, ANN_THERE = "T0OTHER001", "U0ANN00002"


def attendee(answer: str, name: str = "ann1") -> str:
    return f"ATTENDEE;PARTSTAT={answer}:mailto:{name}@example.com"


async def test_what_does_not_take_ones_time_never_sets_a_status_and_why_says_so(running_app: RunningApp) -> None:
    await running_app.joins()
    start = at("10:00")
    running_app.feeds["work"].has(
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
    await running_app.connects("work")
    for time in ("10:00", "10:30", "11:00"):
        await running_app.until(at(time))
        assert running_app.shows() == NOTHING
        if time == "10:30":
            said = json.dumps(await running_app.types("/quo", "why"), ensure_ascii=False)
    assert running_app.written() == []
    for reason in (
        "you declined it",
        "you have not answered it",
        "it was cancelled",
        "marked as free",
        "lasts all day",
    ):
        assert reason in said, reason


async def test_what_is_not_answered_counts_for_whoever_turned_that_on(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("open", at("10:00"), 60, "B", attendee("NEEDS-ACTION")))
    await running_app.connects("work")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "count_unconfirmed"}]})
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("11:00"))


async def test_absence_beats_meeting_beats_focus_beats_working_location(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(
        lasting("place", at("09:30"), 240, "Home", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"),
        lasting("focus", at("10:00"), 180, "Focus time"),
        lasting("meeting", at("10:30"), 120),
        lasting("away", at("11:00"), 60, "Sick"),
    )
    await running_app.connects("work")
    shown = []
    for time in ("09:30", "10:00", "10:30", "11:00", "12:00", "12:30", "13:00", "13:30"):
        await running_app.until(at(time))
        shown.append(running_app.text().split(" ")[0])
    assert shown == ["Working", "Focusing", "In", "Out", "In", "Focusing", "Working", ""]


async def test_back_to_back_meetings_are_never_late_and_leave_no_gap(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(
        lasting("a", at("10:00"), 30), lasting("b", at("10:30"), 30, "Deep work"), lasting("c", at("11:00"), 30)
    )
    await running_app.connects("work")
    for start in ("10:00", "10:30", "11:00"):
        await running_app.until(at(start))
        assert running_app.shows()[2] == at(start) + timedelta(minutes=30)
    assert running_app.written() == ["In a meeting", "Focusing", "In a meeting"]


async def test_meeting_at_ten_is_at_ten_where_the_person_is_and_follows_them(running_app: RunningApp) -> None:
    await running_app.joins(tz="America/New_York")
    running_app.feeds["work"].has(
        "\r\n".join(
            ["BEGIN:VEVENT", "UID:w", "DTSTAMP:20261101T000000Z", "DTSTART:20261124T100000", "DTEND:20261124T110000",
             "RRULE:FREQ=DAILY", "SUMMARY:Daily", "END:VEVENT"]
        )
    )  # fmt: skip
    await running_app.connects("work")
    await running_app.until(at("14:59"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("15:00"))
    assert running_app.shows() == (*MEETING, at("16:00"))
    await running_app.until(at("17:00"))
    running_app.slack.set_zone(ANN, "Europe/Lisbon")
    await running_app.settle()
    await running_app.until(at("10:00", 25))
    assert running_app.shows() == (*MEETING, at("11:00", 25))


async def test_title_never_leaves_unless_its_owner_asked_and_a_private_one_not_even_then(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    await running_app.joins(BEN)
    running_app.feeds["work"].has(
        lasting("secret", at("10:00"), 30, "Layoffs Zebra", "CLASS:PRIVATE", "LOCATION:Room Quokka"),
        lasting("hidden", at("10:30"), 30, "Merger Zebra", "CLASS:CONFIDENTIAL", "LOCATION:Room Quokka"),
        lasting("plain", at("11:00"), 30, "Review Okapi", "LOCATION:Room Quokka"),
    )
    await running_app.connects("work")
    for time in ("10:00", "10:30", "11:00"):
        await running_app.until(at(time))
        assert running_app.text() == "In a meeting"
    assert "Okapi" not in all_that_slack_was_told(running_app)
    await running_app.edits("meeting", text="{title} {location}")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    assert running_app.text().startswith("Review Okapi")
    for number, day in enumerate((25, 26), 1):
        running_app.feeds["work"].has(
            lasting(f"secret{number}", at("10:00", day), 30, "Layoffs Zebra", "CLASS:PRIVATE", "LOCATION:Room Quokka")
        )
        await running_app.until(at("09:30", day))
        await running_app.until(at("10:00", day))
        assert running_app.text() == "In a meeting"
    for user in (ANN, BEN):
        await running_app.opens_home(user)
        await running_app.types("/quo", "who", user)
        await running_app.types("/quo", f"who <@{ANN}>", user)
    assert "Zebra" not in all_that_slack_was_told(running_app, but=ANN)
    assert "Okapi" not in all_that_slack_was_told(running_app, but=ANN)
    assert "Zebra" not in json.dumps([call.arguments for call in running_app.slack.calls.all("users.profile.set")])


def all_that_slack_was_told(running_app: RunningApp, but: str = "") -> str:
    """Every call's arguments and every ephemeral answer, apart from what only `but` was shown or set themselves."""
    calls = [
        call.arguments for call in running_app.slack.calls.all()
        if not but or (call.user_id != but and call.arguments.get("user_id") != but)
    ]  # fmt: skip
    messages = [(message.text, message.blocks) for message in running_app.slack.messages if message.only_for != but]
    return json.dumps([calls, messages], ensure_ascii=False)


@pytest.mark.usefixtures("reader_processes")
async def test_one_persons_failure_does_not_stop_the_others(running_app: RunningApp) -> None:
    """One feed never answers, one is hostile, one row is broken, one token is dead: the fifth person is on time."""
    users = [f"U0MEMBER0{number}" for number in range(5)]
    for user in users:
        await running_app.joins(user)
        running_app.feeds[user].has(lasting("a", at("10:00"), 60))
        await running_app.connects(user, user)
    slow, hostile, broken, dead, well = users
    running_app.feeds[slow].falls_silent()
    running_app.feeds[hostile].has(
        "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:00010101T000000Z\r\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\nEND:VEVENT"
    )
    junk = SealedBytes(b"no ciphertext")
    await running_app.tampers(
        sa.update(PEOPLE).where(PEOPLE.c.user_id == broken).values(preferences="{no json"),
        sa.update(CALENDARS).where(CALENDARS.c.user_id == broken).values(address=junk),
    )
    await running_app.opens_home(well)
    token = running_app.slack.tokens.user(dead)
    assert token is not None
    token.revoked = True  # without any event
    running_app.clock.move_to(at("09:50"))
    running_app.feeds[well].has(lasting("a", at("10:00"), 90))
    await until_shown(running_app, well, "10:00", 90)
    assert running_app.shows(well) == (*MEETING, at("11:30"))
    await until(lambda: running_app.shows(slow) == (*MEETING, at("11:00")))
    # a rule that never matches is no event; given up on, the last good events stay
    assert running_app.shows(hostile) in {NOTHING, (*MEETING, at("11:00"))}
    assert running_app.shows(broken) == NOTHING
    assert running_app.written(dead) == []
    running_app.feeds[slow].speaks()


async def until_shown(running_app: RunningApp, user: str, start: str, minutes: float) -> None:
    """Let `start` come with the app as busy as it is: it does not come to rest here."""
    end = at(start) + timedelta(minutes=minutes)
    due = sa.select(CALENDARS.c.due_at).where(CALENDARS.c.user_id == user, CALENDARS.c.synced_at >= at("09:50"))

    async def synced() -> bool:
        return bool(await running_app.rows(due))

    while running_app.clock.now() < at("09:59"):
        running_app.clock.move(minutes=1)
    await running_app.asks_to_read(user)
    await until(synced, 30)
    running_app.clock.move_to(at(start))
    await until(lambda: running_app.shows(user)[2] == end, 30)


async def test_one_person_in_several_workspaces_shows_in_each_what_they_chose_there(running_app: RunningApp) -> None:
    running_app.slack.add_workspace(OTHER_TEAM, "Client", "client")
    await running_app.joins()
    await running_app.joins(ANN_THERE, team=OTHER_TEAM)
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60, "Okapi review"))
    for user in (ANN, ANN_THERE):
        await running_app.connects("work", user)
    await running_app.edits("meeting", text="{title}")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    await running_app.until(at("10:00"))
    assert running_app.shows() == ("Okapi review", ":spiral_calendar_pad:", at("11:00"))
    assert running_app.shows(ANN_THERE) == (*MEETING, at("11:00"))
    await running_app.types("/quo", ":house: Home for 20m", ANN_THERE)
    assert running_app.shows(ANN_THERE) == ("Home", ":house:", at("10:20"))
    assert running_app.text() == "Okapi review"
    running_app.slack.uninstall(OTHER_TEAM)
    await running_app.settle()
    await running_app.until(at("10:30"))
    assert [row.team_id for row in await running_app.rows(sa.select(PEOPLE.c.team_id))] == [TEAM]
    assert running_app.text() == "Okapi review"


async def test_calendar_of_one_person_cannot_be_bound_to_another(running_app: RunningApp) -> None:
    """Neither a guessed state nor somebody else's link binds an account: what is granted is one's own or nothing."""
    await running_app.joins()
    running_app.slack.add_person(BEN, "ben", team_id=TEAM)
    tokens_before = await running_app.rows(sa.select(PEOPLE.c.user_id, PEOPLE.c.token))

    async with browser() as ben:
        for state in ("ann1@example.com", ANN, f"{TEAM}:{ANN}", "", "x" * 43):
            query = {"code": "123.abc", "state": state}
            async with ben.get(
                f"{running_app.url}/slack/oauth_redirect", params=query, allow_redirects=False
            ) as answer:
                assert answer.status == 400, state

    async with browser() as ann, browser() as ben:
        async with ann.get(f"{running_app.url}/slack/install", allow_redirects=False) as away:
            query = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["Location"]).query).items()}
        async with ben.get(f"{running_app.url}/slack/install", allow_redirects=False) as away:
            assert away.status == 302
        back = running_app.slack.oauth.decide(query, BEN)  # Ben consents in the flow that Ann's browser began
        async with ben.get(back, allow_redirects=False) as answer:
            assert answer.status == 400
    assert await running_app.rows(sa.select(PEOPLE.c.user_id, PEOPLE.c.token)) == tokens_before

    await running_app.types("/quo", "help", BEN)
    link = grant_link(running_app, BEN)
    running_app.slack.add_person("U0EVE00001", "eve", team_id=TEAM)
    status, page = await running_app.slack.allow(link, "U0EVE00001")
    assert (status, "Ben" in page) == (403, False)
    stored = {row.user_id: row.token for row in await running_app.rows(sa.select(PEOPLE.c.user_id, PEOPLE.c.token))}
    assert stored[BEN] is None
    assert "U0EVE00001" not in stored


async def test_feed_of_one_person_shows_on_nobody_elses_profile(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.joins(BEN)
    running_app.feeds["ann"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("ann")
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("11:00"))
    assert running_app.shows(BEN) == NOTHING
    assert running_app.written(BEN) == []


async def test_absence_typed_ahead_begins_and_ends_in_the_persons_zone(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin", locale="de-DE")
    await running_app.types("/ooo", "26.11. - 27.11. Ski")
    assert running_app.shows() == NOTHING
    await running_app.until(at("22:59", 25))
    assert running_app.shows() == NOTHING
    await running_app.until(at("23:00", 25))
    text, _, end = running_app.shows()
    assert (text, end) == ("Ski", at("23:00", 27))
    await running_app.until(at("23:00", 27))
    assert running_app.shows() == NOTHING


async def test_address_of_a_feed_is_shown_to_nobody_and_stored_sealed(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.connects("work")
    await running_app.types("/quo", "calendars")
    running_app.feeds["work"].status = 500
    await running_app.slack.people.home_opened(ANN)
    for _ in range(5):
        await running_app.polled()
    assert SECRET_PATH not in all_that_slack_was_told(running_app)
    columns = await running_app.rows(sa.select(CALENDARS))
    assert SECRET_PATH not in str([tuple(row) for row in columns])


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True))


def grant_link(running_app: RunningApp, user: str) -> str:
    """The newest link that a person was given to grant."""
    blocks: list[dict[str, Any]] = running_app.slack.ephemeral_messages(user)[-1].blocks
    buttons = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return str(next(one["url"] for one in buttons if one.get("action_id") == "open_grant"))
