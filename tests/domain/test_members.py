"""What a member's role lets them do."""

from __future__ import annotations

import pytest

from services.domain.members import Role, WorkspaceMember


def member(role: Role = Role.MEMBER, **more: bool) -> WorkspaceMember:
    return WorkspaceMember("U1", role=role, **more)


@pytest.mark.parametrize("whose", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_profile_is_set_by_an_admin_whose_role_is_above(role: Role, whose: Role) -> None:
    above = {
        Role.ADMIN: {Role.MEMBER, Role.GUEST},
        Role.OWNER: {Role.ADMIN, Role.MEMBER, Role.GUEST},
        Role.PRIMARY_OWNER: {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.GUEST},
    }
    assert role.outranks(whose) is (whose in above.get(role, set()))


@pytest.mark.parametrize("what", ["bot", "deleted", "stranger"])
def test_whoever_is_no_colleague_does_not_manage(what: str) -> None:
    other = member(Role.PRIMARY_OWNER, **{what: True})
    assert (other.is_colleague, other.is_admin) == (False, False)


def test_admins_and_owners_manage_the_workspace_and_guests_are_told_apart() -> None:
    assert [member(role).is_admin for role in Role] == [False, False, True, True, True]
    assert [member(role).guest for role in Role] == [True, False, False, False, False]
    assert member().is_colleague


def test_member_is_called_by_their_first_name_of_all() -> None:
    assert WorkspaceMember("U1", names=("Ann Lee", "annie")).name == "Ann Lee"
    assert member().name == ""
    assert "Ann" not in repr(WorkspaceMember("U1", names=("Ann Lee",), address="ann@example.com"))
