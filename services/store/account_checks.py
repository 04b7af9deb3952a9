"""Of whom Slack is to be asked whether they are deactivated, and when.

`account_told_at`: Slack told then that they are, and has not been asked yet; NULL for nothing to ask about.
`account_check_at` of who is taken for deactivated: when it is asked next; NULL for not before their data has been kept
for as long as it is. It says nothing of anybody else: a process of before 0015 brings people back and leaves it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from services.domain.model import PersonKey
from services.domain.people import GrantState
from services.store.agents import end_keys
from services.store.columns import UtcInstant
from services.store.db import Store
from services.store.deactivated import told_last
from services.store.person_rows import lock_people, named, names, of_person
from services.store.tables import PEOPLE

_TOLD_AT, _CHECK_AT, _SINCE = PEOPLE.c.account_told_at, PEOPLE.c.account_check_at, PEOPLE.c.deactivated_at
_CHECKED = and_(_CHECK_AT.is_not(None), _SINCE.is_not(None))
_STAYS = and_(PEOPLE.c.leave_by.is_(None), ~named(PEOPLE.c.team_id, "others"))
_FIRST = select(
    select(func.min(_TOLD_AT)).where(_TOLD_AT.is_not(None), _STAYS).scalar_subquery().label("told_at"),
    select(func.min(_CHECK_AT)).where(_CHECKED, _STAYS).scalar_subquery().label("check_at"),
    select(func.min(_SINCE)).where(_SINCE.is_not(None), _CHECK_AT.is_(None), _STAYS).scalar_subquery().label("since"),
)
_NOW, _BEFORE = bindparam("now", type_=UtcInstant), bindparam("before", type_=UtcInstant)
_DUE = (
    select(PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.grant_state, PEOPLE.c.token, _TOLD_AT, _CHECK_AT, _SINCE)
    .where(
        or_(_TOLD_AT <= _NOW, and_(_CHECKED, _CHECK_AT <= _NOW), and_(_CHECK_AT.is_(None), _SINCE <= _BEFORE)), _STAYS
    )
    .order_by(func.coalesce(_TOLD_AT, _CHECK_AT, _SINCE), PEOPLE.c.team_id, PEOPLE.c.user_id)
    .limit(bindparam("most"))
)
_MAY_LIVE = frozenset({GrantState.OK.value, GrantState.DEACTIVATED.value})


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """Somebody of whom Slack is asked. `deactivated_at`: since when they are taken for deactivated, if they are.

    `told_at` and `check_at` are the columns' values. `token`: what is kept of theirs, None where it is lost.
    """

    key: PersonKey
    told_at: datetime | None
    check_at: datetime | None
    deactivated_at: datetime | None
    token: str | None = field(repr=False)


class AccountCheckStore(Store):
    """The accounts that are to be checked."""

    async def told(self, key: PersonKey, at: datetime) -> bool:
        """Have Slack asked about somebody who was deactivated by what it told at `at`; whether that is news."""
        its = update(PEOPLE).where(
            of_person(PEOPLE, key), _SINCE.is_(None), PEOPLE.c.leave_by.is_(None), told_last(at),
            or_(_TOLD_AT.is_(None), at > _TOLD_AT),
        )  # fmt: skip
        return bool(await self._database.execute(its.values(account_told_at=at)))

    async def next_due(self, kept: timedelta, others: Collection[str] = ()) -> datetime | None:
        """Return when Slack is to be asked next, of a workspace that is not among `others`.

        `kept`: for how long the data of who is deactivated is kept, before it is asked a last time.
        """
        (rows,) = await self._database.rows((_FIRST, {"others": names(others)}))
        (row,) = rows
        last = None if row.since is None else row.since + kept
        return min(filter(None, (row.told_at, row.check_at, last)), default=None)

    async def due(
        self, now: datetime, kept: timedelta, limit: int, others: Collection[str] = ()
    ) -> Sequence[AccountCheck]:
        """Return those of whom it is to be asked at `now`, who have waited for longest first, at most `limit`."""
        asked = {"now": now, "before": now - kept, "most": limit, "others": names(others)}
        return [self._check(row) for row in await self._database.fetch(_DUE, asked)]

    async def put_off(self, key: PersonKey, until: datetime) -> None:
        """Have Slack asked at `until` about somebody who is taken for deactivated."""
        its = update(PEOPLE).where(of_person(PEOPLE, key), _SINCE.is_not(None))
        await self._database.execute(its.values(account_told_at=None, account_check_at=until))

    async def answered(self, check: AccountCheck) -> bool:
        """Note that what Slack told is dealt with; False where it told anew meanwhile, and is to be asked once more."""
        its = update(PEOPLE).where(of_person(PEOPLE, check.key), _TOLD_AT.is_not_distinct_from(check.told_at))
        return bool(await self._database.execute(its.values(account_told_at=None)))

    async def confirmed(self, check: AccountCheck) -> None:
        """Note that Slack says that somebody who is taken for deactivated is: their agents' keys are deleted.

        Nothing is done where something else is known of them by now.
        """
        its = update(PEOPLE).where(
            of_person(PEOPLE, check.key),
            PEOPLE.c.deactivated_at == check.deactivated_at,
            _CHECK_AT.is_not_distinct_from(check.check_at),
        )
        async with self._database.write() as connection:
            await lock_people(connection, [check.key])
            if (await connection.execute(its.values(account_told_at=None, account_check_at=None))).rowcount:
                await end_keys(connection, [check.key])

    def _check(self, row: Any) -> AccountCheck:
        key = PersonKey(row.team_id, row.user_id)
        sealed = row.token if row.grant_state in _MAY_LIVE else None
        token = self._readable(sealed, "people.token", key.team_id, key.user_id)
        return AccountCheck(key, row.account_told_at, row.account_check_at, row.deactivated_at, token)
