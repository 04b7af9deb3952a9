"""What is known of a person, and of their zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.domain.calendars import hook_override_id, named
from services.domain.model import PersonKey
from services.domain.people import GrantState, Member, PersonView, homes_of, leave_key, zone_name, zone_or

ANN = PersonKey("T1", "U1")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_member_is_called_by_the_first_of_their_names() -> None:
    assert (Member(names=("Ann Lee", "ann")).name, Member().name) == ("Ann Lee", "")


@pytest.mark.parametrize(
    ("state", "granted"), [(GrantState.OK, True), (GrantState.LOST, False), (GrantState.NONE, False)]
)
def test_status_may_be_set_while_the_grant_holds(state: GrantState, granted: bool) -> None:
    assert PersonView(ANN, BERLIN, "en-GB", state, None, NOW).granted is granted


@pytest.mark.parametrize("name", ["", "Nowhere/At all", "../etc/passwd", "Europe", "Europe/Berlin\x00"])
def test_name_that_is_no_zone_is_none(name: str) -> None:
    assert zone_or(name, BERLIN) is BERLIN
    assert zone_name(name) == ""


def test_name_of_a_zone_is_taken_as_it_is() -> None:
    assert zone_or("Asia/Tokyo", BERLIN) == ZoneInfo("Asia/Tokyo")
    assert [zone_name(name) for name in ("Asia/Tokyo", "UTC")] == ["Asia/Tokyo", "UTC"]


def test_hook_shows_one_status_at_a_time_and_each_hook_its_own() -> None:
    ids = {hook_override_id(key, hook) for key in (ANN, PersonKey("T1", "U2")) for hook in ("c1", "c2", "c1")}
    assert len(ids) == 4


def test_provider_without_a_name_is_called_what_it_is() -> None:
    assert (named("google"), named("nobody")) == ("Google Calendar", "nobody")


def test_leave_calendars_are_kept_under_an_id_that_slack_gives_nobody() -> None:
    key = leave_key("T1")
    assert (key.team_id, key.user_id.isupper()) == ("T1", False)  # Slack's ids are capital letters and digits


def test_members_of_an_install_are_those_of_the_workspace_and_its_organisation_and_of_an_orgs_those_of_the_org() -> (
    None
):
    assert homes_of("T1", "E1") == {"T1", "E1"}
    assert homes_of("T1", None) == {"T1"}
    assert homes_of("E1", "E1") == {"E1"}
