"""What Slack says of a member: zone, language, address, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from services.domain.members import Role, WorkspaceMember
from services.domain.people import Member
from services.slack.members import parse_colleague, parse_member, parse_workspace_member


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


@pytest.mark.parametrize(
    ("user", "role"),
    [
        ({}, Role.MEMBER),
        ({"is_admin": True}, Role.ADMIN),
        ({"is_admin": True, "is_owner": True}, Role.OWNER),
        ({"is_admin": True, "is_owner": True, "is_primary_owner": True}, Role.PRIMARY_OWNER),
        ({"is_restricted": True}, Role.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Role.GUEST),
        ({"is_admin": "yes"}, Role.MEMBER),
        ({"enterprise_user": {"is_admin": True}}, Role.ADMIN),
        ({"is_admin": True, "enterprise_user": {"is_owner": True, "is_admin": True}}, Role.OWNER),
        ({"is_owner": True, "enterprise_user": None}, Role.OWNER),
    ],
)
def test_role_is_the_highest_that_slack_names(user: dict[str, object], role: Role) -> None:
    member = parse_workspace_member({"id": "U1", "team_id": "T1", **user}, {"T1"})
    assert member == WorkspaceMember("U1", role=role)


@pytest.mark.parametrize(
    ("homes", "user", "role"),
    [
        ({"E1"}, {"is_admin": True}, Role.MEMBER),
        ({"E1"}, {"is_admin": True, "enterprise_user": {"is_admin": True}}, Role.ADMIN),
        ({"E1"}, {"is_restricted": True}, Role.GUEST),
        ({"T1", "E1"}, {"is_admin": True}, Role.MEMBER),  # of T7, met in a channel of the org's
        ({"T1", "E1"}, {"is_admin": True, "enterprise_user": {"teams": ["T7", "T1"]}}, Role.ADMIN),
        ({"T7", "E1"}, {"is_admin": True}, Role.ADMIN),
    ],
)
def test_role_in_a_workspace_counts_there_alone(homes: set[str], user: dict[str, Any], role: Role) -> None:
    org = {"enterprise_id": "E1", "teams": ["T7"], **user.get("enterprise_user", {})}
    member = parse_workspace_member({"id": "U1", "team_id": "T7", **user, "enterprise_user": org}, homes)
    assert member == WorkspaceMember("U1", role=role)


@pytest.mark.parametrize("user", [None, {}, {"id": 3}, {"id": "u1; drop"}, {"id": "U" * 64}, []])
def test_what_has_no_id_is_no_member(user: object) -> None:
    assert parse_workspace_member(user, {"T1"}) is None


def test_member_has_all_that_a_name_may_be_and_each_once() -> None:
    profile = {"real_name": "Ann  Lee", "display_name": "annie", "first_name": "Anna", "last_name": "Lee"}
    member = parse_workspace_member({"id": "U1", "team_id": "T1", "profile": profile}, {"T1"})
    assert member == WorkspaceMember("U1", ("Ann Lee", "annie", "Anna Lee"))
    for last in ("", 3, None):
        profile |= {"last_name": last}
        member = parse_workspace_member({"id": "U1", "team_id": "T1", "profile": profile}, {"T1"})
        assert member == WorkspaceMember("U1", ("Ann Lee", "annie"))


@pytest.mark.parametrize(
    ("user", "what"),
    [
        ({"team_id": "T1", "is_bot": True}, "bot"),
        ({"team_id": "T1", "is_workflow_bot": True}, "bot"),
        ({"team_id": "T1", "deleted": True}, "deleted"),
        ({"team_id": "T2"}, "stranger"),
        ({"team_id": "T1", "is_stranger": True}, "stranger"),
        ({"team_id": {}, "enterprise_user": {"teams": [{}, 7]}}, "stranger"),
    ],
)
def test_who_is_no_colleague_is_told_by_what_they_are(user: dict[str, object], what: str) -> None:
    assert parse_workspace_member({"id": "U1", **user}, {"T1"}) == WorkspaceMember("U1", **{what: True})


def test_address_that_is_too_long_is_none() -> None:
    assert parse_member({"profile": {"email": "a" * 250 + "@b.c"}}).address == ("a" * 250 + "@b.c")
    assert parse_member({"profile": {"email": "a" * 251 + "@b.c"}}).address == ""
