"""Leave kept with an admin's token on the profiles of members who never connected: the ownership table, as for all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.domain.members import Role
from services.domain.model import Kind, Look
from services.domain.policy import Policy
from tests.support.engine import GET, RunningEngine, meeting
from tests.support.keeper import ADMIN, KeptWorkspace, a_kept_workspace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def kept(engine: RunningEngine) -> KeptWorkspace:
    return await a_kept_workspace(engine)


async def test_leave_is_set_for_its_time_with_the_keepers_token_and_ends_by_itself(kept: KeptWorkspace) -> None:
    bob = await kept.member("UBOB")
    await kept.has_leave("UBOB", begins=10, ends=70)
    await kept.goes_on(9)
    assert kept.engine.calls(GET) == []
    await kept.goes_on(10)
    assert kept.engine.status("UBOB") == ("Out of office until 10:10", ":palm_tree:", int(kept.at(70).timestamp()))
    assert [call.user_id for call in kept.engine.calls() if call.method == "users.profile.set"] == [ADMIN]
    assert kept.text(ADMIN) == ""
    await kept.goes_on(71)
    assert kept.text("UBOB") == ""
    assert kept.writes("UBOB") == ["Out of office until 10:10"]
    (line,) = [one for one in await kept.replica.kept.recent(bob, 9) if one.entry.written]
    assert line.keeper_id == ADMIN
    assert line.entry.status.text == "Out of office until 10:10"


async def test_whole_days_are_the_members_own_in_their_language(kept: KeptWorkspace) -> None:
    kept.engine.slack.add_person("UEVE", "eve", tz="Pacific/Auckland")
    await kept.member("UEVE")
    await kept.has_days("UEVE", date(2026, 11, 25), date(2026, 11, 27))
    midnight = datetime(2026, 11, 24, 11, tzinfo=UTC)  # of the 25th there
    kept.engine.clock.move_to(midnight - timedelta(minutes=1))
    await kept.engine.rests()
    assert kept.text("UEVE") == ""
    kept.engine.clock.move_to(midnight)
    await kept.engine.rests()
    ends = int((midnight + timedelta(days=2)).timestamp())
    assert kept.engine.status("UEVE") == ("Out of office until 27 November", ":palm_tree:", ends)


async def test_what_the_workspace_fixes_is_what_it_says(kept: KeptWorkspace) -> None:
    kept.replica.policy = Policy(looks={Kind.OUT_OF_OFFICE: Look("Away until {until}", ":no_entry:")})
    await kept.member("UBOB")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert kept.engine.status("UBOB")[:2] == ("Away until 10:00", ":no_entry:")


async def test_emoji_that_slack_does_not_know_gives_way_to_the_kinds_own(kept: KeptWorkspace) -> None:
    kept.replica.policy = Policy(looks={Kind.OUT_OF_OFFICE: Look("Away", ":no_such_thing:")})
    await kept.member("UBOB")
    await kept.member("UCAT")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    await kept.has_leave("UCAT")
    await kept.engine.rests()
    assert kept.engine.status("UBOB")[:2] == kept.engine.status("UCAT")[:2] == ("Away", ":palm_tree:")
    assert len(kept.engine.calls("users.profile.set")) == 3


async def test_neighbouring_leave_is_one_status_until_its_whole_end(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB", begins=0, ends=30)
    await kept.has_leave("UBOB", begins=30, ends=60)
    await kept.engine.rests()
    assert kept.engine.status("UBOB")[2] == int(kept.at(60).timestamp())
    await kept.goes_on(30)
    assert len(kept.writes("UBOB")) == 1


async def test_own_status_without_an_end_is_covered_and_comes_back(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.type_status("UBOB", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave("UBOB", begins=5, ends=60)
    await kept.goes_on(5)
    assert kept.text("UBOB") == "Out of office until 10:00"
    await kept.goes_on(60)
    assert kept.engine.status("UBOB") == ("Thesis", ":books:", 0)


async def test_own_status_with_an_end_is_left_until_then(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.type_status("UBOB", "Dentist", ":tooth:", until=kept.at(30))
    await kept.has_leave("UBOB", begins=5, ends=60)
    await kept.goes_on(5)
    assert kept.text("UBOB") == "Dentist"
    await kept.goes_on(30)
    assert kept.text("UBOB") == "Out of office until 10:00"


async def test_status_typed_during_leave_is_left_and_so_is_one_cleared(kept: KeptWorkspace) -> None:
    for user_id in ("UBOB", "UCAT"):
        await kept.member(user_id)
    await kept.has_leave("UBOB", "UCAT", ends=60)
    await kept.engine.rests()
    kept.engine.clock.move(minutes=2)
    kept.engine.slack.type_status("UBOB", "Back for an hour", ":wave:")
    kept.engine.slack.type_status("UCAT", "", "")
    await kept.has_leave("UBOB", "UCAT", begins=60, ends=90)  # has both looked at anew
    await kept.engine.rests()
    assert (kept.text("UBOB"), kept.text("UCAT")) == ("Back for an hour", "")
    await kept.goes_on(91)
    assert (kept.text("UBOB"), kept.text("UCAT")) == ("Back for an hour", "")
    assert len(kept.writes("UBOB")) == len(kept.writes("UCAT")) == 1


async def test_own_status_typed_on_the_first_day_of_daily_entries_is_left_on_the_second(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB", begins=0, ends=30)
    await kept.has_leave("UBOB", begins=30, ends=60)
    await kept.engine.rests()
    kept.engine.clock.move(minutes=2)
    kept.engine.slack.type_status("UBOB", "Here", ":wave:")
    await kept.has_leave("UBOB", begins=60, ends=70)
    await kept.goes_on(31)
    await kept.has_no_leave("UBOB")  # the calendar has forgotten the first day
    await kept.has_leave("UBOB", begins=30, ends=70)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Here"


async def test_leave_that_is_cancelled_or_prolonged_is_followed(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    await kept.has_leave("UBOB", begins=60, ends=120)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Out of office until 11:00"
    await kept.has_no_leave("UBOB")
    await kept.engine.rests()
    assert kept.text("UBOB") == ""
    assert kept.writes("UBOB") == ["Out of office until 10:00", "Out of office until 11:00", ""]


async def test_status_that_slack_did_not_clear_is_cleared_a_little_later(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.expiry.works = False
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    await kept.goes_on(60.5)
    assert kept.text("UBOB") == ""


async def test_who_has_a_grant_is_none_of_the_keepers_business(kept: KeptWorkspace) -> None:
    key = await kept.engine.person("UBOB")
    await kept.slack_tells("UBOB")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert kept.writes("UBOB") == []
    assert (await kept.row(key)).due_at is None


async def test_no_path_leads_from_a_meeting_to_the_keeper(kept: KeptWorkspace) -> None:
    """Somebody without a grant whose calendars are full: what the keeper does is the same as with empty ones."""
    bob = await kept.engine.person("UBOB", granted=False)
    await kept.slack_tells("UBOB")
    start = kept.start
    await kept.engine.has(bob, *(meeting(start + timedelta(minutes=10 * n), 10, uid=f"m{n}") for n in range(30)))
    await kept.goes_on(25)
    assert kept.writes("UBOB") == []
    await kept.has_leave("UBOB", begins=30, ends=60)
    for minutes in (30, 45, 61, 75):
        await kept.goes_on(minutes)
    assert kept.writes("UBOB") == ["Out of office until 10:00"]
    assert kept.text("UBOB") == ""


async def test_guests_are_kept_too(kept: KeptWorkspace) -> None:
    await kept.member("UGUEST", role=Role.GUEST)
    await kept.has_leave("UGUEST")
    await kept.engine.rests()
    assert kept.text("UGUEST") == "Out of office until 10:00"
