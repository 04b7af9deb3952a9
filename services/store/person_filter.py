"""Asking for many people, or leaving out many workspaces, in one statement that both databases answer from an index.

Who is meant is one parameter, a JSON array: so the statement is always the same one, built and prepared once. (SQLite
reads a whole table for `(team_id, user_id) IN (several pairs)`, but not for pairs that a subquery gives.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, String, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from services.domain.model import PersonKey


class _Condition(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Stay as it is: SQLAlchemy would make `… = 1` of it on SQLite, which then reads the whole table."""
        return self


class _IsOneOf(_Condition):
    """That (team id, user id), or some other columns, are in a JSON array of such tuples."""

    inherit_cache = True


class _IsNamed(_Condition):
    """That a column's value is in a JSON array of strings."""

    inherit_cache = True


@compiles(_IsOneOf, "sqlite")
def _tuples_on_sqlite(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    *columns, tuples = (compiler.process(one, **how) for one in element.clauses)
    parts = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_each({tuples}))"  # noqa: S608  # columns and a parameter, as compiled


@compiles(_IsOneOf, "postgresql")
def _tuples_on_postgresql(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    *columns, tuples = (compiler.process(one, **how) for one in element.clauses)
    parts = ", ".join(f"value ->> {number}" for number in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_array_elements(CAST({tuples} AS json)))"  # noqa: S608  # the same


@compiles(_IsNamed, "sqlite")
def _names_on_sqlite(element: _IsNamed, compiler: SQLCompiler, **how: Any) -> str:
    column, names = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({names}))"  # noqa: S608  # the same


@compiles(_IsNamed, "postgresql")
def _names_on_postgresql(element: _IsNamed, compiler: SQLCompiler, **how: Any) -> str:
    column, names = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT json_array_elements_text(CAST({names} AS json)))"  # the same


def of_people(team_id: Any, user_id: Any, keys: Iterable[PersonKey]) -> ColumnElement[bool]:
    """That a row with these two columns belongs to one of `keys`."""
    return _IsOneOf(team_id, user_id, literal(people(keys), String))


def of_keys(columns: Iterable[Any], keys: Iterable[Iterable[str]]) -> ColumnElement[bool]:
    """That these columns of a row are those of one of `keys`."""
    return _IsOneOf(*columns, literal(json.dumps([tuple(key) for key in keys]), String))


def one_of(team_id: Any, user_id: Any) -> ColumnElement[bool]:
    """The same for a statement that is built once: they are given as the parameter `of_people`, by `people(...)`."""
    return _IsOneOf(team_id, user_id, bindparam("of_people", type_=String))


def people(keys: Iterable[PersonKey]) -> str:
    """The parameter of `one_of`."""
    return json.dumps([(key.team_id, key.user_id) for key in keys])


def named(column: Any, parameter: str) -> ColumnElement[bool]:
    """That the column's value is among the strings that are given as that parameter: `names(...)`."""
    return _IsNamed(column, bindparam(parameter, type_=String))


def names(values: Iterable[str]) -> str:
    """The parameter of `named`."""
    return json.dumps(list(values))


class ForPeople:
    """A query about many people, built once."""

    def __init__(self, team_id: Any, user_id: Any, make: Callable[[ColumnElement[bool]], Select[Any]]) -> None:
        """`make` gives the query of the rows for which the condition holds; the two columns say whose a row is."""
        self._query = make(one_of(team_id, user_id))

    def __call__(self, keys: Iterable[PersonKey], **more: Any) -> tuple[Select[Any], dict[str, Any]]:
        """The query, and its parameters for `keys` with `more` among them, ready to be executed."""
        return self._query, {"of_people": people(keys), **more}
