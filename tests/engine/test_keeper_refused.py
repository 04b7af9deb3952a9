"""Where Slack, or somebody, does not let the keeper: each refusal has an end, and who can act on it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.members import Role
from services.domain.policy import Policy
from services.slack import scopes
from services.slack.members import INFO
from services.store.tables import NOTICES
from services.store.workspace_tables import MEMBERS
from tests.support.engine import GET, SET, TEAM, RunningEngine
from tests.support.few import few
from tests.support.keeper import ADMIN, KeptWorkspace, a_kept_workspace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def kept(engine: RunningEngine) -> KeptWorkspace:
    return await a_kept_workspace(engine)


async def told(kept: KeptWorkspace) -> list[str]:
    """Who was told that the keeper is lost."""
    async with kept.engine.database.read() as connection:
        rows = await connection.scalars(sa.select(NOTICES.c.user_id).where(NOTICES.c.subject.startswith("keeper")))
        return sorted(rows)


# ── somebody whom this keeper cannot keep ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", few([Role.ADMIN, Role.OWNER, Role.PRIMARY_OWNER]))
async def test_roles_that_are_not_below_are_listed_without_a_call(kept: KeptWorkspace, role: Role) -> None:
    boss = await kept.member("UBOSS", role=role)
    await kept.has_leave("UBOSS")
    await kept.engine.rests()
    assert await kept.problem(boss) == "cannot_update_admin_user"
    assert kept.engine.calls(SET) == []
    await kept.goes_on(30)
    assert kept.engine.calls(SET) == []


async def test_owner_keeps_admins(engine: RunningEngine) -> None:
    kept = await a_kept_workspace(engine, role="owner")
    await kept.member("UBOSS", role=Role.ADMIN)
    await kept.has_leave("UBOSS")
    await engine.rests()
    assert kept.text("UBOSS") == "Out of office until 10:00"


async def test_member_who_is_no_admin_any_more_is_tried_again(kept: KeptWorkspace) -> None:
    boss = await kept.member("UBOSS", role=Role.ADMIN)
    await kept.has_leave("UBOSS")
    await kept.engine.rests()
    kept.engine.slack.membership.set_role("UBOSS", "member")
    kept.engine.clock.move(minutes=1)
    await kept.slack_tells("UBOSS")
    await kept.engine.rests()
    assert kept.text("UBOSS") == "Out of office until 10:00"
    assert await kept.problem(boss) == ""


async def test_roles_that_are_a_day_old_are_asked_anew(kept: KeptWorkspace) -> None:
    boss = await kept.member("UBOSS")
    await kept.has_leave("UBOSS", begins=25 * 60, ends=26 * 60)
    await kept.engine.rests()
    kept.engine.slack.membership.set_role("UBOSS", "admin")  # nobody tells us
    await age_members(kept)
    await kept.goes_on(25 * 60)
    assert await kept.problem(boss) == "cannot_update_admin_user"
    assert kept.engine.calls(SET) == []
    assert {call.arguments["user"] for call in kept.engine.calls(INFO)} == {ADMIN, "UBOSS"}


async def age_members(kept: KeptWorkspace) -> None:
    """Nothing was read of the members for more than a day, and is not going to be."""
    old = kept.engine.clock.now() - timedelta(days=2)
    async with kept.engine.database.write() as connection:
        await connection.execute(sa.update(MEMBERS).values(read_at=old))
    kept.engine.slack.faults.add("users.list", error="internal_error", times=None)


async def test_member_of_whom_nothing_is_known_is_asked_for(kept: KeptWorkspace) -> None:
    kept.engine.slack.add_person("UNEW", "new")
    await kept.has_leave("UNEW")
    await kept.engine.rests()
    assert kept.text("UNEW") == "Out of office until 10:00"
    assert [call.arguments["user"] for call in kept.engine.calls(INFO)] == ["UNEW"]


@pytest.mark.parametrize("code", few(["sudo_required", "permission_denied"]))
async def test_refusal_of_one_member_is_listed_and_not_tried_again_before_their_leave_changes(
    kept: KeptWorkspace, code: str
) -> None:
    bob, _ = await kept.member("UBOB"), await kept.member("UCAT")
    kept.engine.slack.member("UBOB").refuses = code
    await kept.has_leave("UBOB", "UCAT")
    await kept.engine.rests()
    assert await kept.problem(bob) == code
    assert kept.text("UCAT") == "Out of office until 10:00"
    tried = len(kept.engine.calls(SET))
    await kept.goes_on(40)
    assert len(kept.engine.calls(SET)) == tried
    assert await kept.state() == "ok"
    kept.engine.slack.member("UBOB").refuses = ""
    await kept.has_leave("UBOB", begins=60, ends=90)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Out of office until 10:30"
    assert await kept.problem(bob) == ""


async def test_next_leave_of_a_refused_member_is_tried(kept: KeptWorkspace) -> None:
    bob = await kept.member("UBOB")
    kept.engine.slack.member("UBOB").refuses = "sudo_required"
    await kept.has_leave("UBOB", ends=30)
    await kept.has_leave("UBOB", begins=50, ends=80)
    await kept.engine.rests()
    assert await kept.problem(bob) == "sudo_required"
    kept.engine.slack.member("UBOB").refuses = ""
    await kept.goes_on(50)
    assert kept.text("UBOB") == "Out of office until 10:20"


async def test_member_who_has_left_is_listed(kept: KeptWorkspace) -> None:
    bob = await kept.member("UBOB")
    kept.engine.slack.membership.deactivate("UBOB")  # nobody tells us
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert await kept.problem(bob) == "user_not_found"


async def test_member_who_was_deactivated_is_not_written_to(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB", begins=10, ends=50)
    kept.engine.slack.membership.deactivate("UBOB")
    kept.engine.clock.move(minutes=1)
    await kept.slack_tells("UBOB")
    await kept.goes_on(10)
    assert kept.engine.calls(GET, SET) == []


@pytest.mark.parametrize("code", ["partial_profile_set_failed", "profile_set_failed"])
async def test_failure_of_slack_is_tried_again_after_a_look(kept: KeptWorkspace, code: str) -> None:
    await kept.member("UBOB")
    kept.engine.slack.member("UBOB").refuses = code
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    kept.engine.slack.member("UBOB").refuses = ""
    await kept.goes_on(1)
    assert kept.text("UBOB") == "Out of office until 10:00"
    assert [call.method for call in kept.engine.calls()] == [GET, SET, GET, SET]


async def test_bot_that_may_not_look_does_not_cost_the_keeper(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.faults.add(GET, error="invalid_auth")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert await kept.state() == "ok"
    await kept.goes_on(1)
    assert kept.text("UBOB") == "Out of office until 10:00"


# ── a keeper that can keep nobody ───────────────────────────────────────────────────────────────────


async def test_free_plan_makes_the_keeper_impossible(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.member("UCAT")
    kept.engine.slack.workspaces[TEAM].paid = False
    await kept.has_leave("UBOB", "UCAT")
    await kept.engine.rests()
    assert await kept.state() == "impossible:paid_only"
    tried = len(kept.engine.calls(SET))
    await kept.goes_on(30)
    assert len(kept.engine.calls(SET)) == tried
    assert await told(kept) == [ADMIN]
    kept.engine.slack.workspaces[TEAM].paid = True
    await kept.replica.keepers.consent(kept.admin, kept.engine.clock.now())
    await kept.engine.rests()
    assert kept.text("UBOB") == kept.text("UCAT") == "Out of office until 10:00"


async def test_demoted_admin_of_whom_nobody_tells_is_lost_at_the_next_write(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.membership.set_role(ADMIN, "member")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert await kept.state() == "lost:not_admin"
    assert await told(kept) == [ADMIN]


@pytest.mark.parametrize("how", few(["demoted", "asked", "left", "revoked"], quick=2))
async def test_lost_keeper_tells_the_admins_once_and_what_stands_runs_out(kept: KeptWorkspace, how: str) -> None:
    other = await kept.engine.person("UOTHER", admin=True)
    kept.engine.slack.membership.set_role("UOTHER", "admin")
    await kept.member("UBOB")
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    kept.engine.clock.move(minutes=1)
    if how == "demoted":
        kept.engine.slack.membership.set_role(ADMIN, "member")
        await kept.slack_tells(ADMIN)
    elif how == "asked":  # somebody's form was refused
        await kept.replica.people.set_admin(kept.admin, admin=False)
    elif how == "left":
        kept.engine.slack.membership.deactivate(ADMIN)
        await kept.slack_tells(ADMIN)
    else:
        kept.engine.slack.revoke_of(ADMIN)
        grant = await kept.replica.people.the_grant(kept.admin)
        assert grant is not None
        await kept.replica.people.lose_grant(kept.admin, grant.granted_at, kept.engine.clock.now())
    await kept.engine.rests()
    assert await kept.state() == ("lost:token_revoked" if how == "revoked" else "lost:not_admin")
    assert await told(kept) == [ADMIN, "UOTHER"]
    assert kept.text("UBOB") == "Out of office until 10:00"
    await kept.has_leave("UBOB", begins=60, ends=90)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Out of office until 10:00"
    await kept.slack_tells("UOTHER")
    await kept.replica.keepers.consent(other, kept.engine.clock.now())  # another one takes over
    await kept.engine.rests()
    assert kept.writes("UBOB") == ["Out of office until 10:00", "Out of office until 10:30"]
    assert await told(kept) == []
    assert kept.engine.calls(SET)[-1].user_id == "UOTHER"


async def test_dead_token_is_a_lost_grant_and_a_lost_keeper(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    kept.engine.slack.revoke_of(ADMIN)
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert await kept.state() == "lost:token_revoked"
    assert await kept.engine.column(kept.admin, "grant_state") == "lost"


async def test_token_of_somebody_else_is_never_used(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    stranger = kept.engine.slack.grant((await kept.member("UCAT")).user_id, scopes.USER)
    sealed = kept.engine.encryptor.seal(stranger.value, "people.token", TEAM, ADMIN)
    await kept.engine.change(kept.admin, token=sealed)
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    assert kept.engine.calls(SET) == []
    assert await kept.state() == "lost:token_of_somebody_else"


async def test_keeper_never_keeps_its_own_owner(kept: KeptWorkspace) -> None:
    await kept.has_leave(ADMIN)
    await kept.engine.rests()
    assert kept.writes(ADMIN) == []


# ── who does not want it ────────────────────────────────────────────────────────────────────────────


async def test_opt_out_takes_our_status_off_and_puts_the_covered_one_back(kept: KeptWorkspace) -> None:
    bob, cat = await kept.member("UBOB"), await kept.member("UCAT")
    kept.engine.slack.type_status("UBOB", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave("UBOB", "UCAT", begins=5, ends=60)
    await kept.goes_on(5)
    for one in (bob, cat):
        await kept.replica.refusals.put(one, "keeper", kept.engine.clock.now())
    await kept.engine.rests()
    assert (kept.text("UBOB"), kept.text("UCAT")) == ("Thesis", "")
    await kept.has_leave("UBOB", "UCAT", begins=60, ends=90)
    await kept.goes_on(61)
    assert (kept.text("UBOB"), kept.text("UCAT")) == ("Thesis", "")
    await kept.replica.refusals.delete(cat, "keeper", kept.engine.clock.now())
    await kept.engine.rests()
    assert (kept.text("UBOB"), kept.text("UCAT")) == ("Thesis", "Out of office until 10:30")


async def test_end_takes_all_off_and_the_consent_with_it(kept: KeptWorkspace) -> None:
    for number in range(6):
        await kept.member(f"U{number}")
    kept.engine.slack.type_status("U3", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave(*(f"U{number}" for number in range(5)), begins=2, ends=60)
    await kept.goes_on(2)
    kept.engine.slack.type_status("U4", "Here", ":wave:")
    await kept.replica.keepers.end(TEAM, kept.engine.clock.now())
    await kept.engine.rests()
    assert [kept.text(f"U{number}") for number in range(5)] == ["", "", "", "Thesis", "Here"]
    assert await kept.state() == ""
    assert (await kept.engine.column(kept.admin, "grant_state")) == "ok"
    async with kept.engine.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(MEMBERS)) == 0


async def test_policy_that_forbids_it_takes_off_what_stands(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    kept.replica.policy = Policy(keeper=False)
    await kept.replica.keepers.look_at_all(TEAM, kept.engine.clock.now())
    await kept.engine.rests()
    assert kept.text("UBOB") == ""
    assert await kept.state() == "ok"


async def test_operator_who_forbids_it_has_what_stands_taken_off_at_the_start(kept: KeptWorkspace) -> None:
    await kept.member("UBOB")
    await kept.has_leave("UBOB")
    await kept.engine.rests()
    kept.replica = await kept.engine.replaced(kept.replica, policy=Policy(keeper=False), keeper_allowed=False)
    await kept.engine.rests()
    assert kept.text("UBOB") == ""
