"""The whole installation in numbers, for `/metrics`, and how one person stands, for `app.py why`.

Nothing that anybody wrote is read here, and no query waits for anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, select

from services.domain.faults import OperatorFault
from services.domain.model import PersonKey
from services.domain.people import LEAVE, RENEWED_AHEAD, GrantState
from services.store.calendar_rows import of_its_calendar
from services.store.calendar_tables import CALENDARS, WATCHES
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.due import is_waiting
from services.store.person_rows import named, names, of_people, of_person, those
from services.store.tables import PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.workspace_tables import OPERATOR_FAULTS, WORKSPACE_BUDGETS

LATE = timedelta(seconds=5)
"""A status that has waited for longer is late."""

TOKENS_LEFT = RENEWED_AHEAD / 2
"""A token that ends so soon has missed its renewal."""

WATCHES_LEFT = timedelta(hours=12)
"""The same of a promise to push, whose renewal has failed: providers give them for a week."""

MOST_BUDGETS = 200
"""Workspaces whose budgets are looked at, those with most late statuses first."""

_NOW, _LATE_BEFORE, _SOON, _WATCH_SOON = (
    bindparam(name, type_=UtcInstant) for name in ("now", "late_before", "soon", "watch_soon")
)
_IS_LATE = PROFILE_STATES.c.wished_at < _LATE_BEFORE
_IS_PUT_OFF = and_(PROFILE_STATES.c.not_before.is_not(None), PROFILE_STATES.c.not_before > _NOW)
_WAITING = (
    select(
        PROFILE_STATES.c.team_id,
        func.count().label("pending"),
        func.sum(case((and_(_IS_LATE, ~_IS_PUT_OFF), 1), else_=0)).label("late"),
        func.sum(case((and_(_IS_LATE, _IS_PUT_OFF), 1), else_=0)).label("put_off"),
    )
    .where(is_waiting())
    .group_by(PROFILE_STATES.c.team_id)
)
_UNDECIDED = [
    select(func.count()).where(
        PEOPLE.c.user_id != LEAVE,
        PEOPLE.c.due_at < _LATE_BEFORE,
        kind,
        ~exists().where(of_person(PROFILE_STATES, PEOPLE), is_waiting()),
    )
    for kind in (~PEOPLE.c.stale, and_(PEOPLE.c.stale, PEOPLE.c.typed))  # each has its index
]
"""People for whom an edge has come, or who typed something, and nobody has looked at what follows: it is a worker that
makes a pending write of it. Timelines that are to be resolved anew are none of them: there may be many at once."""

_SIZES = select(PEOPLE.c.team_id, func.count()).where(named(PEOPLE.c.team_id, "teams")).group_by(PEOPLE.c.team_id)
_BUDGETS = select(WORKSPACE_BUDGETS.c.team_id, WORKSPACE_BUDGETS.c.budget).where(
    named(WORKSPACE_BUDGETS.c.team_id, "teams")
)
_PEOPLE = select(PEOPLE.c.grant_state, func.count()).where(PEOPLE.c.user_id != LEAVE).group_by(PEOPLE.c.grant_state)
_CALENDARS = (
    select(CALENDARS.c.provider, CALENDARS.c.health, func.count())
    .join_from(CALENDARS, PEOPLE, of_person(PEOPLE, CALENDARS))
    .where(PEOPLE.c.deactivated_at.is_(None))  # of the others it says how reading went before
    .group_by(CALENDARS.c.provider, CALENDARS.c.health)
)
_FAULTS = select(OPERATOR_FAULTS.c.fault).distinct()
_SHUT = select(OPERATOR_FAULTS.c.team_id).where(OPERATOR_FAULTS.c.fault == OperatorFault.SLACK_TOKENS.value)
_WORKSPACES = select(func.count()).select_from(WORKSPACES)
_GRANTS = select(func.count()).where(PEOPLE.c.grant_state == GrantState.OK.value, PEOPLE.c.token_expires_at < _SOON)
_BOTS = select(func.count()).where(WORKSPACES.c.bot_token.is_not(None), WORKSPACES.c.bot_expires_at < _SOON)
_WATCHES = (
    select(func.count())
    .select_from(WATCHES)
    .join(CALENDARS, of_its_calendar(WATCHES))
    .where(WATCHES.c.expires_at < _WATCH_SOON, CALENDARS.c.watch_failures > 0, CALENDARS.c.watch_due_at.is_not(None))
)


_CONDITION = (  # in the order of the fields
    select(
        PEOPLE.c.grant_state, PEOPLE.c.granted_at, PEOPLE.c.scopes, PEOPLE.c.token_expires_at, PEOPLE.c.deactivated_at,
        PEOPLE.c.leave_by, PEOPLE.c.stale, PEOPLE.c.due_at, PEOPLE.c.resolved_until,
        case((is_waiting(), PROFILE_STATES.c.wished_at)), PROFILE_STATES.c.not_before, PROFILE_STATES.c.urgency,
        PROFILE_STATES.c.failures,
    )
    .join_from(PEOPLE, PROFILE_STATES, of_person(PROFILE_STATES, PEOPLE), isouter=True)
    .where(of_people(PEOPLE))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """How one person's permission, timeline and pending write stand, as stored; nothing that they or others wrote.

    `waits_since` is None where nothing is to be written.
    """

    grant_state: str
    granted_at: datetime | None
    scopes: str
    token_expires_at: datetime | None
    deactivated_at: datetime | None
    leave_by: datetime | None
    stale: bool
    due_at: datetime | None
    resolved_until: datetime | None
    waits_since: datetime | None
    not_before: datetime | None
    urgency: int | None
    failures: int | None


@dataclass(frozen=True, slots=True)
class PendingWrites:
    """What waits in one workspace of so many `people`: how many, the `late` ones among them, those `put_off`.

    `put_off` are late, too, but were tried and are to be tried again; `late` counts only others. `budget` is the state
    of the workspace's budget; "" where it has none, or was not looked at. `shut`: Slack takes none of its tokens.
    """

    pending: int
    late: int
    put_off: int
    people: int
    budget: str = ""
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """What there is: people by grant, calendars by provider and health, workspaces; and what ends soon, by what."""

    people: dict[str, int]
    calendars: dict[tuple[str, str], int]
    workspaces: int
    ending: dict[str, int]


class MeasureStore:
    """Counts over all workspaces; each query by itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, now: datetime) -> Sequence[PendingWrites]:
        """Return what waits, by workspace: of those alone in which something does."""
        found = await self._database.fetch(_WAITING, {"now": now, "late_before": now - LATE})
        teams = [row.team_id for row in found]
        late = sorted((row for row in found if row.late), key=lambda row: -row.late)[:MOST_BUDGETS]
        sizes = dict(await self._of(_SIZES, teams))
        budgets = dict(await self._of(_BUDGETS, [row.team_id for row in late]))
        shut = {row.team_id for row in await self._database.fetch(_SHUT)}
        return [
            PendingWrites(
                row.pending, row.late, row.put_off, sizes.get(row.team_id, 0),
                budgets.get(row.team_id, ""), row.team_id in shut,
            )
            for row in found
        ]  # fmt: skip

    async def undecided(self, now: datetime) -> int:
        """For how many people nobody has decided what they show, though it is late for that."""
        late = {"late_before": now - LATE}
        return sum([(await self._database.fetch(one, late))[0][0] for one in _UNDECIDED])

    async def faults(self) -> set[str]:
        """Return what the operator has to mend, by name."""
        return {row.fault for row in await self._database.fetch(_FAULTS)}

    async def numbers(self, now: datetime) -> Numbers:
        """Return what there is. It looks at every person and calendar: not to be asked often."""
        fetch = self._database.fetch
        soon = {"soon": now + TOKENS_LEFT}
        ending = {
            "grant": await fetch(_GRANTS, soon),
            "bot": await fetch(_BOTS, soon),
            "watch": await fetch(_WATCHES, {"watch_soon": now + WATCHES_LEFT}),
        }
        return Numbers(
            people=dict(await fetch(_PEOPLE)),
            calendars={(provider, health): count for provider, health, count in await fetch(_CALENDARS)},
            workspaces=(await fetch(_WORKSPACES))[0][0],
            ending={what: rows[0][0] for what, rows in ending.items()},
        )

    async def condition(self, key: PersonKey) -> Condition | None:
        """Return how a person stands; None where they are not one of ours."""
        rows = await self._database.fetch(_CONDITION, those([key]))
        return Condition(*rows[0]) if rows else None

    async def _of(self, statement: Select[*tuple[Any, ...]], teams: Sequence[str]) -> Sequence[Any]:
        return await self._database.fetch(statement, {"teams": names(teams)}) if teams else ()
