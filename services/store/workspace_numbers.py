"""A workspace in numbers, for its admins: counts over the rows of that workspace alone, in one look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, bindparam, func, select, union

from services.domain.calendars import Health
from services.domain.faults import OperatorFault
from services.domain.model import Kind
from services.domain.people import LEAVE, GrantState
from services.slack import scopes
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import ABSENCES, LEAVES, OPERATOR_FAULTS

_TEAM = bindparam("team", type_=String)
_START, _END = (bindparam(name, type_=UtcInstant) for name in ("day_start", "day_end"))
_THEIRS = (
    PEOPLE.c.team_id == _TEAM,
    PEOPLE.c.user_id != LEAVE,
    PEOPLE.c.leave_by.is_(None),
    PEOPLE.c.deactivated_at.is_(None),
)
_CALENDARS = (CALENDARS.c.team_id == _TEAM, CALENDARS.c.user_id != LEAVE)
_OUT = union(  # each once, whether or not they have connected
    select(ABSENCES.c.user_id).where(
        ABSENCES.c.team_id == _TEAM,
        ABSENCES.c.kind == Kind.OUT_OF_OFFICE.value,
        ABSENCES.c.end_at > _START,
        ABSENCES.c.start_at < _END,
    ),
    select(LEAVES.c.user_id).where(LEAVES.c.team_id == _TEAM, LEAVES.c.end_at > _START, LEAVES.c.start_at < _END),
).subquery()
_NUMBERS = select(
    select(func.count()).where(*_THEIRS).scalar_subquery().label("people"),
    select(func.count())
    .where(*_THEIRS, PEOPLE.c.grant_state == GrantState.OK.value)
    .scalar_subquery()
    .label("granted"),
    select(func.count())
    .where(*_THEIRS, PEOPLE.c.grant_state == GrantState.LOST.value)
    .scalar_subquery()
    .label("lost_grants"),
    select(func.count()).where(*_CALENDARS).scalar_subquery().label("calendars"),
    select(func.count())
    .where(*_CALENDARS, CALENDARS.c.health == Health.BROKEN.value)
    .scalar_subquery()
    .label("broken"),
    select(func.count())
    .where(ACCOUNTS.c.team_id == _TEAM, ACCOUNTS.c.user_id != LEAVE, ACCOUNTS.c.state != "ok")
    .scalar_subquery()
    .label("lost_accounts"),
    select(func.count()).select_from(_OUT).scalar_subquery().label("out_today"),
    select(WORKSPACES.c.bot_scopes).where(WORKSPACES.c.team_id == _TEAM).scalar_subquery().label("bot_scopes"),
)
_FAULTS = select(OPERATOR_FAULTS.c.fault).where(OPERATOR_FAULTS.c.team_id == _TEAM).order_by(OPERATOR_FAULTS.c.fault)


@dataclass(frozen=True, slots=True)
class WorkspaceNumbers:
    """How many people, grants and calendars there are, who is out, and what is wrong.

    `broken_calendars`: those that are not tried any more, and accounts that let us in no more. `missing_scopes`: those
    of the bot without which something does not work that everybody has. `faults` are the operator's to mend.
    """

    people: int = 0
    granted: int = 0
    calendars: int = 0
    out_today: int = 0
    lost_grants: int = 0
    broken_calendars: int = 0
    missing_scopes: tuple[str, ...] = ()
    faults: tuple[OperatorFault, ...] = ()


class NumberStore:
    """The numbers of all workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, team_id: str, start: datetime, end: datetime) -> WorkspaceNumbers:
        """Return the numbers of a workspace; `[start, end)` is the day of whoever asks, in UTC."""
        rows, faults = await self._database.rows(
            (_NUMBERS, {"team": team_id, "day_start": start, "day_end": end}), (_FAULTS, {"team": team_id})
        )
        row = rows[0]
        missing = frozenset(scopes.BOT) - scopes.parse(row.bot_scopes)
        return WorkspaceNumbers(
            people=row.people,
            granted=row.granted,
            calendars=row.calendars,
            out_today=row.out_today,
            lost_grants=row.lost_grants,
            broken_calendars=row.broken + row.lost_accounts,
            missing_scopes=tuple(sorted(missing)),
            faults=tuple(OperatorFault(found.fault) for found in faults),
        )
