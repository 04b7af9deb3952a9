"""What Slack says of a member: zone, language, address, and what they are called."""

from __future__ import annotations

import pytest

from services.domain.people import Member
from services.slack.oauth import parse_member


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
