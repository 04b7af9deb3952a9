"""Of whom Slack is to be asked whether they are deactivated, as it is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.agents import May
from services.domain.members import Role, WorkspaceMember
from services.domain.request_errors import WrongKeyError
from services.platform.crypto import Encryptor
from services.store.account_checks import AccountCheck, AccountCheckStore
from services.store.db import Database
from services.store.deactivated import DeactivatedStore
from services.store.members import MemberStore
from services.store.person_rows import NoticeStore, of_person
from services.store.tables import PEOPLE, WORKSPACES
from tests.support import agents
from tests.support.clocks import ManualClock
from tests.support.subscriptions import ANN, BOB, NOW

KEPT, MINUTE = timedelta(days=30), timedelta(minutes=1)


async def test_first_of_what_is_due_is_what_has_waited_for_longest_and_of_no_other_process(
    database: Database, encryptor: Encryptor, clock: ManualClock, people: None
) -> None:
    checks = AccountCheckStore(database, encryptor)
    deactivated = DeactivatedStore(database, encryptor, NoticeStore(database, clock))
    assert (await checks.next_due(KEPT), await checks.due(NOW + KEPT, KEPT, 9)) == (None, [])
    assert await deactivated.deactivate(BOB, NOW, NOW)
    assert (await checks.next_due(KEPT), await checks.next_due(KEPT, {BOB.team_id})) == (NOW + KEPT, None)
    assert await checks.told(ANN, NOW + MINUTE)
    assert await checks.next_due(KEPT) == NOW + MINUTE
    assert await checks.due(NOW, KEPT, 9) == []
    told, gone = AccountCheck(ANN, NOW + MINUTE, None, None, None), AccountCheck(BOB, None, None, NOW, None)
    assert await checks.due(NOW + MINUTE, KEPT, 9) == [told]
    assert await checks.due(NOW + KEPT, KEPT, 9) == [gone, told]
    assert await checks.due(NOW + KEPT, KEPT, 1) == [gone]
    await checks.put_off(BOB, NOW + KEPT + MINUTE)
    assert await checks.due(NOW + KEPT, KEPT, 9) == [told]
    put_off = AccountCheck(BOB, None, NOW + KEPT + MINUTE, NOW, None)
    assert await checks.due(NOW + KEPT + MINUTE, KEPT, 9) == [told, put_off]
    assert await checks.due(NOW + KEPT + MINUTE, KEPT, 9, {ANN.team_id}) == []


async def test_what_was_told_is_over_with_the_answer_unless_slack_told_anew_meanwhile(
    database: Database, encryptor: Encryptor, people: None
) -> None:
    checks = AccountCheckStore(database, encryptor)
    assert await checks.told(ANN, NOW)
    assert not await checks.told(ANN, NOW)
    (asked,) = await checks.due(NOW, KEPT, 9)
    assert await checks.told(ANN, NOW + MINUTE)
    assert not await checks.answered(asked)
    (anew,) = await checks.due(NOW + MINUTE, KEPT, 9)
    assert await checks.answered(anew)
    assert await checks.next_due(KEPT) is None


@pytest.mark.parametrize("known", ["moved_at", "granted_at"])
async def test_what_is_older_than_what_is_known_of_somebody_is_no_news(
    database: Database, encryptor: Encryptor, people: None, known: str
) -> None:
    await database.execute(sa.update(PEOPLE).where(of_person(PEOPLE, ANN)).values({known: NOW + MINUTE}))
    checks = AccountCheckStore(database, encryptor)
    assert not await checks.told(ANN, NOW)
    assert await checks.told(ANN, NOW + MINUTE)


async def test_event_about_a_member_who_is_kept_takes_nothing_from_them_either(
    database: Database, encryptor: Encryptor, people: None
) -> None:
    await database.execute(sa.update(WORKSPACES).values(members_due_at=NOW))
    gone = WorkspaceMember(
        ANN.user_id, ("Ann",), "", "UTC", "en-US", Role.MEMBER, bot=False, deleted=True, stranger=False
    )
    await MemberStore(database, encryptor).put(ANN.team_id, [gone], read_at=NOW, now=NOW, listed=False)
    found = await database.fetch(sa.select(PEOPLE.c.deactivated_at))
    assert {row.deactivated_at for row in found} == {None}


async def test_check_that_was_put_off_is_over_with_the_deactivation_although_a_process_of_before_leaves_it(
    database: Database, encryptor: Encryptor, clock: ManualClock, people: None
) -> None:
    checks = AccountCheckStore(database, encryptor)
    deactivated = DeactivatedStore(database, encryptor, NoticeStore(database, clock))
    assert await deactivated.deactivate(ANN, NOW, NOW, NOW + MINUTE)
    assert await checks.next_due(KEPT) == NOW + MINUTE
    await database.execute(sa.update(PEOPLE).where(of_person(PEOPLE, ANN)).values(deactivated_at=None))
    assert (await checks.next_due(KEPT), await checks.due(NOW + KEPT, KEPT, 9)) == (None, [])


async def test_answer_that_comes_when_they_are_back_takes_no_keys(
    process: agents.KeyProcess, database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    _, secret = await process.keys.make(agents.ANN, "Claude", May.READ)
    checks, now = AccountCheckStore(database, encryptor), process.clock.now()
    deactivated = DeactivatedStore(database, encryptor, NoticeStore(database, clock))
    assert await deactivated.deactivate(agents.ANN, now, now, now)
    (check,) = await checks.due(now, KEPT, 9)
    assert await deactivated.reactivate(agents.ANN, now, now, emptied=True, lost=False)
    await checks.confirmed(check)
    assert (await process.keys.caller(secret)).key == agents.ANN


async def test_call_that_was_let_in_before_slack_told_is_not_counted_after_it(
    process: agents.KeyProcess, database: Database, encryptor: Encryptor
) -> None:
    caller = await process.keys.caller(await process.makes())
    assert await AccountCheckStore(database, encryptor).told(agents.ANN, process.clock.now())
    with pytest.raises(WrongKeyError):
        await process.call_of(caller)


async def test_keys_for_agents_are_refused_while_slack_is_asked_and_are_there_after_it(
    process: agents.KeyProcess, database: Database, encryptor: Encryptor
) -> None:
    _, secret = await process.keys.make(agents.ANN, "Claude", May.READ)
    checks, now = AccountCheckStore(database, encryptor), process.clock.now()
    assert await checks.told(agents.ANN, now)
    with pytest.raises(WrongKeyError):
        await process.keys.caller(secret)
    (check,) = await checks.due(now, KEPT, 9)
    assert await checks.answered(check)
    assert (await process.keys.caller(secret)).key == agents.ANN
