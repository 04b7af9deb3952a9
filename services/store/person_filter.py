"""Asking for many people at once, in a form that both databases answer from an index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_

from services.domain.model import PersonKey


def of_people(team_id: Any, user_id: Any, keys: Iterable[PersonKey]) -> ColumnElement[bool]:
    """That a row with these two columns belongs to one of `keys`.

    By workspace, because SQLite reads a whole table for `(team_id, user_id) IN (several pairs)`.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        members[key.team_id].append(key.user_id)
    return or_(false(), *(and_(team_id == team, user_id.in_(users)) for team, users in members.items()))


class ForPeople:
    """A query about many people, built once for each number of workspaces that they are of.

    To build a query costs as much as to execute it, and most are about one person, or people of one workspace.
    """

    def __init__(self, team_id: Any, user_id: Any, make: Callable[[ColumnElement[bool]], Select[Any]]) -> None:
        """`make` gives the query of the rows for which the condition holds; the two columns say whose a row is."""
        self._columns = (team_id, user_id)
        self._make = make
        self._made: dict[int, Select[Any]] = {}

    def __call__(self, keys: Iterable[PersonKey], **more: Any) -> tuple[Select[Any], dict[str, Any]]:
        """The query for `keys`, and its parameters with `more` among them, ready to be executed."""
        members: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            members[key.team_id].append(key.user_id)
        for number, (team, users) in enumerate(members.items()):
            more |= {f"of_team_{number}": team, f"of_users_{number}": users}
        return self._query(len(members)), more

    def _query(self, teams: int) -> Select[Any]:
        made = self._made.get(teams)
        if made is None:
            team_id, user_id = self._columns
            whose = (
                and_(
                    team_id == bindparam(f"of_team_{number}"),
                    user_id.in_(bindparam(f"of_users_{number}", expanding=True)),
                )
                for number in range(teams)
            )
            made = self._make(or_(false(), *whose))
            if teams <= _KEPT:
                self._made[teams] = made
        return made


_KEPT = 8
"""Workspaces of a query that is kept: beyond that, building it is the smaller part."""
