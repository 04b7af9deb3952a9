"""Many people who are out, as they are stored while Slack shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from services.domain.absences import Absence
from services.domain.decisions import Standing
from services.domain.model import Kind, PersonKey, Status
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.absence_rows import ResolvedAbsences, replace_absences
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.tables import PEOPLE, PROFILE_STATES, SPANS

DAY = timedelta(days=1)


async def are_out(
    database: Database,
    encryptor: Encryptor,
    team_id: str,
    names: Sequence[str],
    now: datetime,
    *,
    out: int | None = None,
) -> None:
    """People of these names, who are out until Friday 27 November 2026; the first `out` of them, where not all are."""
    friday = datetime(2026, 11, 27, tzinfo=now.tzinfo)
    shown = Status("Out of office until 27 November", ":palm_tree:", friday)
    profile_states = ProfileStateStore(encryptor)
    people, spans, profiles, absences = [], [], [], {}
    for number, name in enumerate(names):
        key = PersonKey(team_id, f"UMANY{number:06}")
        whose = {"team_id": key.team_id, "user_id": key.user_id}
        sealed = encryptor.seal(json.dumps([name]), "people.names", *(key.team_id, key.user_id))
        people.append({**whose, "names": sealed, "created_at": now, "grant_state": "ok", "zone": "UTC"})
        is_out = out is None or number < out
        spans.append(
            {**whose, "start_at": now - DAY, "end_at": friday, "rule": "x", "reason": "{}", "uid": "",
             "kind": Kind.OUT_OF_OFFICE.value if is_out else Kind.MEETING.value, "override": False}
        )  # fmt: skip
        memory = profile_states.seal(ProfileState(standing=Standing(applied=shown)), key)
        profiles.append({**whose, "seq": 1, "sent": 1, "urgency": 9, "failures": 0, "memory": memory})
        coming = Absence("c", Kind.OUT_OF_OFFICE, now + 30 * DAY, now + 31 * DAY, told_ahead=True)
        away = Absence("a", Kind.OUT_OF_OFFICE, now - DAY, friday, return_day=date(2026, 11, 27), told_ahead=True)
        absences[key] = ResolvedAbsences(now, [away, coming] if is_out else [coming])
    async with database.write() as connection:
        for table, rows in ((PEOPLE, people), (SPANS, spans), (PROFILE_STATES, profiles)):
            await connection.execute(sa.insert(table), rows)
        await replace_absences(connection, absences, now)
