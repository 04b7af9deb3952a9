"""What other programs of this kind got wrong about calendars, each as this one behaves.

Left for later steps, because nothing here sets them yet: do not disturb (lost in long meetings, its length, a snooze
of one's own that is ended), presence, and the Google and Microsoft parts (event types asked for by name, push
channels that lapse); a meeting that sets its status although nothing was pushed is here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.databases import SQLITE_FIRST
from tests.support.feeds import calendar, entry, lasting
from tests.support.few import few
from tests.support.running_app import ANN, BEN, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)


async def test_nothing_changes_before_the_event_starts(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    for minute in (0, 30, 50, 55, 58, 59):
        await running_app.until(at(f"09:{minute:02}"))
        assert running_app.shows() == NOTHING
    await running_app.until(at("10:00") - timedelta(milliseconds=1))
    assert running_app.written() == []
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("11:00"))
    assert running_app.written() == ["In a meeting"]


async def test_meeting_booked_long_ago_starts_on_time_though_its_calendar_never_changes(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.headers["ETag"] = '"v1"'
    feed.has(lasting("a", at("10:00", 26), 60))
    await running_app.connects("work")
    while running_app.clock.now() < at("09:00", 26):
        await running_app.until(running_app.clock.now() + timedelta(hours=6))
    assert running_app.written() == []
    await running_app.until(at("10:00", 26))
    assert running_app.shows() == (*MEETING, at("11:00", 26))


async def test_status_stays_when_the_calendar_answers_500(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.has(lasting("a", at("09:30"), 60), lasting("b", at("11:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("09:30"))
    assert running_app.shows() == (*MEETING, at("10:30"))
    feed.status = 500
    while running_app.clock.now() < at("10:20"):
        await running_app.until(running_app.clock.now() + timedelta(minutes=5))
        assert running_app.shows() == (*MEETING, at("10:30"))
    assert running_app.written() == ["In a meeting"]
    await running_app.until(at("10:31"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("11:00"))
    assert running_app.shows() == (*MEETING, at("11:30"))


whole_feed = calendar(lasting("a", at("09:30"), 600))


@pytest.mark.parametrize(
    ("status", "body"),
    few(
        [
            (200, b""),
            (200, b"<html><title>Sign in</title></html>"),
            (200, whole_feed[: len(whole_feed) // 2]),
            (204, b""),
            (401, b"who are you"),
            (404, b"gone"),
            (503, b""),
            (429, b"slower"),
        ],
        quick=2,
    ),
    ids=["empty", "page", "half", "204", "401", "404", "503", "429"],
)
async def test_status_stays_when_the_calendar_gives_something_else(
    running_app: RunningApp, status: int, body: bytes
) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.body = whole_feed
    await running_app.connects("work")
    await running_app.until(at("09:30"))
    feed.status, feed.body = status, body
    asked = feed.hits
    for _ in range(8):
        await running_app.polled()
    assert feed.hits > asked
    assert running_app.shows() == (*MEETING, at("19:30"))
    assert running_app.written() == ["In a meeting"]


async def test_calendar_that_fails_is_told_once_and_again_only_after_it_worked(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.has(lasting("a", at("09:30", 25), 60))
    await running_app.connects("work")
    before = len(running_app.told())
    for _ in range(2):
        feed.status = 404
        for _ in range(12):
            await running_app.until(running_app.clock.now() + timedelta(hours=1))
        feed.status = 200
        for _ in range(12):
            await running_app.until(running_app.clock.now() + timedelta(hours=1))
    told = running_app.told()[before:]
    assert len(told) == 2
    assert all("calendar" in text.lower() for text in told)


async def test_meeting_that_contains_another_keeps_its_own_end(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("short", at("10:30"), 30), lasting("long", at("10:00"), 120))
    await running_app.connects("work")
    for time in ("10:00", "10:30", "10:45", "11:00", "11:30"):
        await running_app.until(at(time))
        assert running_app.shows() == (*MEETING, at("12:00"))
    assert running_app.written() == ["In a meeting"]
    await running_app.until(at("12:00"))
    assert running_app.shows() == NOTHING


async def test_short_focus_inside_a_long_absence_is_not_seen_and_the_absence_keeps_its_end(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(
        lasting("meeting", at("10:00"), 180),
        lasting("focus", at("10:15"), 30, "Focus time"),
        lasting("away", at("11:00"), 60, "Sick"),
    )
    await running_app.connects("work")
    seen = {}
    for time in ("10:00", "10:20", "11:10", "12:10"):
        await running_app.until(at(time))
        seen[time] = (running_app.text(), running_app.shows()[2])
    away = seen["11:10"][0]
    assert away.startswith("Out of office")
    assert seen == {
        "10:00": ("In a meeting", at("11:00")),
        "10:20": ("In a meeting", at("11:00")),
        "11:10": (away, at("12:00")),
        "12:10": ("In a meeting", at("13:00")),
    }


async def test_one_of_two_overlapping_meetings_is_deleted_and_the_other_still_shows(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    one, other = lasting("one", at("10:00"), 120), lasting("other", at("10:15"), 60)
    feed.has(one, other)
    await running_app.connects("work")
    await running_app.until(at("10:30"))
    feed.has(other)
    await running_app.read_again()
    assert running_app.shows() == (*MEETING, at("11:15"))
    feed.has(one)
    await running_app.read_again()
    assert running_app.shows() == (*MEETING, at("12:00"))
    feed.has()
    await running_app.read_again()
    assert running_app.shows() == NOTHING


@SQLITE_FIRST
async def test_extended_meeting_extends_the_expiration(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.has(lasting("a", at("10:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:05"))
    assert running_app.shows() == (*MEETING, at("10:30"))
    feed.has(lasting("a", at("10:00"), 90, "Sync", "SEQUENCE:1"))
    await running_app.polled()
    assert running_app.shows() == (*MEETING, at("11:30"))
    feed.has(lasting("a", at("10:00"), 45, "Sync", "SEQUENCE:2"))
    await running_app.polled()
    assert running_app.shows() == (*MEETING, at("10:45"))
    await running_app.until(at("10:45"))
    assert running_app.shows() == NOTHING


async def test_meeting_moved_to_later_while_it_runs_ends_and_comes_again(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    feed.has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await running_app.until(at("10:01"))
    feed.has(lasting("a", at("14:00"), 60))
    await running_app.polled()
    assert running_app.shows() == NOTHING
    await running_app.until(at("13:59"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("14:00"))
    assert running_app.shows() == (*MEETING, at("15:00"))


async def test_event_that_just_ended_does_not_win(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(
        lasting("away", at("09:30"), 30, "Dentist", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"),
        lasting("meeting", at("09:45"), 60),
        lasting("next", at("10:45"), 30),
    )
    await running_app.connects("work")
    await running_app.until(at("09:50"))
    assert running_app.text().startswith("Out of office")
    for time in ("10:00", "10:01", "10:02"):
        await running_app.until(at(time))
        assert running_app.shows() == (*MEETING, at("11:15"))
    await running_app.until(at("11:15"))
    assert running_app.shows() == NOTHING


@pytest.mark.parametrize("spelled", few(["WORKINGELSEWHERE", "workingElsewhere", "workingelsewhere"]))
async def test_working_elsewhere_is_a_working_location(running_app: RunningApp, spelled: str) -> None:
    await running_app.joins()
    line = f"X-MICROSOFT-CDO-BUSYSTATUS:{spelled}"
    running_app.feeds["work"].has(
        lasting("place", at("09:30"), 480, "Anywhere", line, "TRANSP:TRANSPARENT"), lasting("meeting", at("10:00"), 30)
    )
    await running_app.connects("work")
    await running_app.until(at("09:30"))
    text, _, end = running_app.shows()
    assert (text.startswith("Working"), end) == (True, at("10:00"))
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("10:30"))
    await running_app.until(at("10:30"))
    assert running_app.shows() == (text, running_app.shows()[1], at("17:30"))


async def test_all_day_event_sorts_and_ends_at_the_persons_midnight(running_app: RunningApp) -> None:
    entries = [
        entry("away", date(2026, 11, 25), date(2026, 11, 26), "Vacation"),
        entry("note", date(2026, 11, 24), date(2026, 11, 27), "Sprint 12"),
        lasting("early", at("14:00"), 120),
        lasting("late", at("14:00", 25), 120),
    ]
    shown = {}
    for user, given in ((ANN, entries), (BEN, entries[::-1])):
        await running_app.joins(user, tz="Asia/Tokyo")
        running_app.feeds[user].has(*given)
        await running_app.connects(user, user)
    for instant in (at("14:00"), at("15:00"), at("03:00", 25), at("14:59", 25), at("15:00", 25), at("16:00", 25)):
        await running_app.until(instant)
        shown[instant] = (running_app.shows(ANN), running_app.shows(BEN))
    away = (*shown[at("15:00")][0][:2], at("15:00", 25))
    assert away[0] == "Out of office until 26 November"
    expected = {
        at("14:00"): (*MEETING, at("15:00")),
        at("15:00"): away,
        at("03:00", 25): away,
        at("14:59", 25): away,
        at("15:00", 25): (*MEETING, at("16:00", 25)),
        at("16:00", 25): NOTHING,
    }
    assert shown == {instant: (status, status) for instant, status in expected.items()}
    assert running_app.written(ANN) == running_app.written(BEN)


async def test_meeting_keeps_its_time_of_day_when_the_clocks_change(running_app: RunningApp) -> None:
    """A weekly meeting at 10:00 in Berlin, before and after the last Sunday of March."""
    running_app.clock.move_to(datetime(2027, 3, 22, 6, 0, tzinfo=UTC))
    await running_app.joins(tz="Europe/Berlin")
    running_app.feeds["work"].has(
        "\r\n".join(
            [
                "BEGIN:VEVENT", "UID:w", "DTSTAMP:20261101T000000Z", "DTSTART;TZID=Europe/Berlin:20270322T100000",
                "DTEND;TZID=Europe/Berlin:20270322T103000", "RRULE:FREQ=WEEKLY", "SUMMARY:Weekly", "END:VEVENT",
            ]
        )
    )  # fmt: skip
    await running_app.connects("work")
    for start in (datetime(2027, 3, 22, 9, 0, tzinfo=UTC), datetime(2027, 3, 29, 8, 0, tzinfo=UTC)):
        await running_app.until(start - timedelta(minutes=1))
        assert running_app.shows() == NOTHING
        await running_app.until(start)
        assert running_app.shows() == (*MEETING, start + timedelta(minutes=30))


TITLES = [
    "🚀 Launch", "🚀", ":rocket: Launch", ":nonsense:", "👩\u200d👩\u200d👧 family", "🇩🇪 Berlin",
    "{title}", "{0} {x.__class__}", "%s %(a)s", "<!channel> & <b>", "&amp; &lt;", "*bold* _x_ `y`", "\u200b", "שלום",
    "会議" * 80, "x" * 5000, "[Team] !", "🚀" * 120,
]  # fmt: skip


async def has_titles(running_app: RunningApp) -> list[datetime]:
    """Ann has a meeting of ten minutes with each of the titles; when each begins."""
    await running_app.joins()
    starts = [at("10:00") + timedelta(minutes=20 * number) for number in range(len(TITLES))]
    running_app.feeds["work"].has(
        *(
            lasting(f"e{number}", start, 10, title)
            for number, (start, title) in enumerate(zip(starts, TITLES, strict=True))
        )
    )
    await running_app.connects("work")
    return starts


async def test_title_starting_with_an_emoji_or_anything_else_is_an_event_like_others(running_app: RunningApp) -> None:
    starts = await has_titles(running_app)
    for start, title in zip(starts, TITLES, strict=True):
        await running_app.until(start)
        assert running_app.shows() == (*MEETING, start + timedelta(minutes=10)), title
        await running_app.types("/quo", "why")
        await running_app.until(start + timedelta(minutes=10))
        assert running_app.shows() == NOTHING, title


async def test_title_starting_with_an_emoji_is_shown_where_its_owner_asked_for_it(running_app: RunningApp) -> None:
    starts = await has_titles(running_app)
    await running_app.edits("meeting", text="{title}")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    shown, seen = [], []
    for start in starts:
        await running_app.until(start)
        text, emoji, end = running_app.shows()
        assert end == start + timedelta(minutes=10)
        assert 0 < len(text) <= 100
        shown.append(text)
        seen.append(emoji)
    assert shown[:2] == ["🚀 Launch", "🚀"]
    assert seen[:2] == [":rocket:", ":rocket:"]  # the title's own
    assert set(seen[6:-1]) == {":spiral_calendar_pad:"}
    assert shown[6:9] == ["{title}", "{0} {x.__class__}", "%s %(a)s"]
    assert shown[9] == "channel & <b>"  # no mention of everybody
