"""Leave calendars of a workspace: what a leave system publishes, found in by name, as its members' own absences."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import sqlalchemy as sa

from services.domain.members import WorkspaceMember
from services.domain.model import PersonKey
from services.domain.people import LEAVE, leave_key
from services.store.calendar_tables import CALENDARS
from services.store.tables import METADATA
from services.store.workspace_tables import LEAVE_TIES, LEAVES, MEMBERS
from tests.support.databases import SQLITE_FIRST
from tests.support.feeds import entry
from tests.support.leave import OUT, connects_leave, lost, of_leave, workspace
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 11, day) for day in (24, 25, 26, 27))
FREE = "TRANSP:TRANSPARENT"


@SQLITE_FIRST
async def test_published_leave_is_the_absence_of_whom_it_names_in_their_own_zone(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(
        entry("1", TUESDAY, THURSDAY, "Ann Lee (Paid Vacation - 2 days)", FREE, "CATEGORIES:Who's Out"),
        entry("2", WEDNESDAY, FRIDAY, "Sorensen\\, Ben: sick leave"),
        entry("3", WEDNESDAY, FRIDAY, "Company Holiday - Founders' Day"),
        entry("4", WEDNESDAY, FRIDAY, "Ann Lee (3 yrs)"),
        entry("5", WEDNESDAY, FRIDAY, "Nora Nobody (Vacation - 2 days)"),
        entry("6", THURSDAY, FRIDAY, "Ann Lee (Vacation - 1 day)", "STATUS:TENTATIVE"),
    )
    await connects_leave(running_app)
    assert await of_leave(running_app) == [(ANN, "24 00:00", "26 00:00"), (BEN, "24 15:00", "26 15:00")]
    assert running_app.shows()[:2] == OUT
    assert running_app.shows()[2] == at("00:00", 26)
    assert running_app.text(BEN) == ""
    assert await lost(running_app) == [("unknown", "Nora Nobody (Vacation - 2 days)", "Nora Nobody")]


async def test_half_of_a_day_counts_where_it_is_said_which_and_a_company_holiday_is_kept_for_digests(
    running_app: RunningApp,
) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(
        entry("1", WEDNESDAY, THURSDAY, "Ann Lee (Vacation - half day PM)"),
        entry("2", WEDNESDAY, THURSDAY, "Sorensen\\, Ben (Sick - 0.5 days)"),
        entry("3", THURSDAY, FRIDAY, "Company Holiday - Founders' Day"),
    )
    await connects_leave(running_app)
    assert await of_leave(running_app) == [(ANN, "25 12:00", "26 00:00")]
    assert await lost(running_app) == [("half", "", "")]
    assert running_app.service is not None
    holidays = [await running_app.service.stores.digests.is_holiday(TEAM, at("12:00", day)) for day in (25, 26, 27)]
    assert holidays == [False, True, False]


async def test_only_guest_who_is_a_member_is_whose_leave_it_is_and_categories_say_what_is_none(
    running_app: RunningApp,
) -> None:
    await workspace(running_app)
    guest = "ATTENDEE:mailto:{}@example.com"
    running_app.feeds["hr"].has(
        entry("1", TUESDAY, WEDNESDAY, "Vacation", guest.format("Ann")),
        entry("2", WEDNESDAY, THURSDAY, "Vacation", guest.format("ann"), guest.format("ben")),
        entry("3", WEDNESDAY, THURSDAY, "Ben Sørensen: vacation", guest.format("boss")),
        entry("4", THURSDAY, FRIDAY, "Ben Sørensen: vacation", guest.format("ann")),
        entry("5", THURSDAY, FRIDAY, "Ann Lee", "CATEGORIES:Anniversaries"),
    )
    await connects_leave(running_app)
    assert await of_leave(running_app) == [(ANN, "24 00:00", "25 00:00"), (BEN, "24 15:00", "25 15:00")]
    assert [one[:2] for one in await lost(running_app)] == [("unknown", "Vacation"), ("two", "Ben Sørensen: vacation")]


async def test_reasons_name_the_workspaces_leave_calendar_and_nothing_of_the_entry(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Ann Lee (Sick leave)", "LOCATION:Clinic"))
    await connects_leave(running_app)
    said = str(await running_app.types("/quo", "why"))
    assert "Shown because of your workspace's leave calendar until the end of Wed 25 Nov." in said
    assert "`all day` Your workspace's leave calendar: Counted" in said
    assert "Sick" not in said
    assert "Clinic" not in said


async def test_leave_stays_while_its_calendar_cannot_be_read_and_goes_with_the_entry(running_app: RunningApp) -> None:
    await workspace(running_app)
    feed = running_app.feeds["hr"]
    feed.has(entry("1", TUESDAY, THURSDAY, "Ann Lee (Vacation)"))
    await connects_leave(running_app)
    feed.status = 503
    await running_app.polled()
    await running_app.until(running_app.clock.now() + timedelta(hours=5))
    assert running_app.shows()[:2] == OUT
    feed.has(entry("1", WEDNESDAY, THURSDAY, "Ann Lee (Vacation)"))
    await running_app.until(running_app.clock.now() + timedelta(hours=2))
    assert running_app.text() == ""
    assert await of_leave(running_app) == [(ANN, "25 00:00", "26 00:00")]


async def test_once_the_admin_who_connected_it_has_left_the_others_are_told_that_it_fails(
    running_app: RunningApp,
) -> None:
    await workspace(running_app)
    await running_app.joins(BEN)
    for user in (ANN, BEN):
        running_app.slack.membership.set_role(user, "admin")
        await running_app.opens_home(user)
    await connects_leave(running_app)
    assert running_app.service is not None
    running_app.clock.move(minutes=1)
    now, running_app.slack.member(ANN).deleted = running_app.clock.now(), True  # her token says so, and nobody tells
    assert await running_app.service.stores.deactivated.deactivate(PersonKey(TEAM, ANN), now, now)
    running_app.wake()
    told = len(running_app.told(ANN))
    running_app.feeds["hr"].status = 404
    for _ in range(4):
        await running_app.until(running_app.clock.now() + timedelta(hours=12))
    assert "There is no calendar at that address" in running_app.told(BEN)[-1]
    assert len(running_app.told(ANN)) == told


async def test_member_who_joins_is_found_and_a_namesake_makes_it_nobodys(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(entry("1", WEDNESDAY, THURSDAY, "Cara Wulff (Vacation)"))
    await connects_leave(running_app)
    assert await lost(running_app) == [("unknown", "Cara Wulff (Vacation)", "Cara Wulff")]
    for number, expected in ((1, [("U0CAT1", "25 00:00", "26 00:00")]), (2, [])):
        cat = WorkspaceMember(f"U0CAT{number}", ("Cara Wulff",), zone="Etc/UTC")
        assert running_app.service is not None
        assert await running_app.service.stores.members.put(TEAM, [cat], read_at=at("09:00"), now=at("09:00"))
        running_app.wake()
        await running_app.settle()
        assert await of_leave(running_app) == expected
    assert await lost(running_app) == [("two", "Cara Wulff (Vacation)", "Cara Wulff")]


async def test_tied_name_is_a_members_and_untied_again_it_is_nobodys(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "[Vacation] Annie Li"))
    await connects_leave(running_app)
    assert await lost(running_app) == [("unknown", "[Vacation] Annie Li", "Annie Li")]
    assert running_app.service is not None
    leave = running_app.service.stores.leave.choices
    await leave.tie(TEAM, "Annie Li", ANN, tied_by=BEN, now=running_app.clock.now())
    running_app.wake()
    await running_app.settle()
    assert running_app.shows()[:2] == OUT
    assert await lost(running_app) == []
    (tie,) = await leave.ties(TEAM)
    assert (tie.name, tie.user_id) == ("Annie Li", ANN)
    assert [row.tied_by for row in await running_app.rows(sa.select(LEAVE_TIES.c.tied_by))] == [BEN]
    assert await leave.untie(TEAM, tie.tie_id, running_app.clock.now())
    running_app.wake()
    await running_app.settle()
    assert running_app.text() == ""


async def test_leave_goes_with_its_calendar_and_the_member_list_with_the_last_one(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Ann Lee (Vacation)"))
    calendar_id = await connects_leave(running_app)
    assert len(await running_app.rows(sa.select(MEMBERS.c.user_id))) >= 2
    assert running_app.service is not None
    assert await running_app.service.stores.calendars.remove(leave_key(TEAM), calendar_id, running_app.clock.now())
    running_app.wake()
    await running_app.settle()
    assert running_app.text() == ""
    for left in (LEAVES.c.user_id, MEMBERS.c.user_id, CALENDARS.c.user_id):
        assert await running_app.rows(sa.select(left)) == []


WORDS = ("Sabbatical", "Oncology", "Ward7", "Zebulon")
"""The type of leave, its description, its place and a name that nobody has: in no other text."""


async def test_nothing_of_an_entry_is_stored_in_clear_shown_exported_or_logged(
    running_app: RunningApp, written: StringIO
) -> None:
    """There is data that could: in a matched line, and in one that fits nobody."""
    await workspace(running_app)
    running_app.feeds["hr"].has(
        entry("Zebulon-1", TUESDAY, THURSDAY, "Ann Lee: Sabbatical", "DESCRIPTION:Oncology", "LOCATION:Ward7"),
        entry("2", TUESDAY, THURSDAY, "Zebulon Zeta: Sabbatical", "LOCATION:Ward7"),
    )
    await connects_leave(running_app)
    assert await of_leave(running_app) == [(ANN, "24 00:00", "26 00:00")]
    assert await lost(running_app) == [("unknown", "Zebulon Zeta: Sabbatical", "Zebulon Zeta")]
    await running_app.edits("out_of_office", text="{title} {location}")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    await running_app.types("/quo", "why")
    await running_app.types("/quo", "preview")
    await running_app.opens_home()
    assert running_app.service is not None
    key = PersonKey(TEAM, ANN)
    shown = [str(await running_app.service.stores.export.export(key)), written.getvalue()]
    shown += [str(call.arguments) for call in running_app.slack.calls.all()]
    for table in METADATA.sorted_tables:
        of_others = [column for column in table.c if column.name != "uid"]
        shown += [str(tuple(row)) for row in await running_app.rows(sa.select(*of_others))]
    assert len(written.getvalue()) > 1000
    for word in WORDS:
        assert [text for text in shown if word in text] == []
    assert await running_app.rows(sa.select(CALENDARS.c.user_id)) == [(LEAVE,)]
