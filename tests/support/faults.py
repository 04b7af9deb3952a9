"""What tests need of the operator's faults."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.domain.errors import SlackError
from services.domain.model import PersonKey
from services.store.db import Database
from services.store.faults import FaultStore
from services.store.workspace_tables import OPERATOR_FAULTS

_NOTHING: Any = None
UNASKED = FaultStore(_NOTHING, _NOTHING, _NOTHING, _NOTHING)
"""Where nothing is the operator's to mend: a fault that is met all the same fails the test."""


async def theirs(_key: PersonKey, _token: str | None, error: SlackError) -> SlackError:
    """The judge of a Slack that takes everybody else's tokens."""
    return error


async def standing(database: Database) -> list[tuple[str, str]]:
    """Fault and workspace of all that stand."""
    rows = sa.select(OPERATOR_FAULTS.c.fault, OPERATOR_FAULTS.c.team_id)
    return sorted((row.fault, row.team_id) for row in await database.fetch(rows))
