"""What Slack says of a member: zone, language, address, and what they are called."""

from __future__ import annotations

import pytest

from services.domain.people import Member
from services.slack.oauth import parse_colleague, parse_member


@pytest.mark.parametrize(
    ("user", "member"),
    [
        (None, Member()),
        ({"tz": "Europe/Berlin", "locale": "de_DE"}, Member("Europe/Berlin", "de-DE")),
        ({"tz": "Mars/Base", "profile": {"email": " Ann@Example.com "}}, Member(address="ann@example.com")),
        ({"profile": {"real_name": "Ann  Lee", "display_name": "annie"}}, Member(names=("Ann Lee", "annie"))),
        ({"real_name": "Ann Lee", "profile": {"display_name": ""}}, Member(names=("Ann Lee",))),
        ({"real_name": "ann", "profile": {"real_name": 3, "display_name": "ann"}}, Member(names=("ann",))),
        ({"profile": {"real_name": "x" * 500}}, Member(names=("x" * 80,))),
        ({"name": "ann.lee"}, Member(names=("ann.lee",))),
    ],
)
def test_member_as_slack_tells_of_them(user: object, member: Member) -> None:
    assert parse_member(user) == member


@pytest.mark.parametrize(
    ("user", "is_one"),
    [
        ({"team_id": "T1"}, True),
        ({"team_id": "T7", "enterprise_user": {"enterprise_id": "E1"}}, True),
        ({"team_id": "T7", "enterprise_user": {"enterprise_id": "E9", "teams": ["T1"]}}, True),
        ({"team_id": "T7", "enterprise_user": {"enterprise_id": "E9", "teams": None}}, False),
        ({"team_id": "T2"}, False),
        ({}, False),
        (None, False),
        ({"team_id": "T1", "is_bot": True}, False),
        ({"team_id": "T1", "is_workflow_bot": True}, False),
        ({"team_id": "T1", "deleted": True}, False),
        ({"team_id": "T1", "is_stranger": True}, False),
        ({"team_id": "T1", "id": "USLACKBOT"}, False),
    ],
)
def test_colleague_is_a_person_of_the_same_organisation(user: object, *, is_one: bool) -> None:
    assert (parse_colleague(user, {"T1", "E1"}) is not None) is is_one
