"""Asking for many people at once, in a form that both databases answer from an index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from services.model import PersonKey


def of_people(team_id: Any, user_id: Any, keys: Iterable[PersonKey]) -> ColumnElement[bool]:
    """That a row with these two columns belongs to one of `keys`.

    By workspace, because SQLite reads a whole table for `(team_id, user_id) IN (several pairs)`.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        members[key.team_id].append(key.user_id)
    return or_(false(), *(and_(team_id == team, user_id.in_(users)) for team, users in members.items()))
