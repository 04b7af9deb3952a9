"""Everything that deciding needs, for many people in a handful of queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, Row, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import Override, OverrideKind, Pause, PersonKey, Policy, Rule, Span
from services.domain.people import PersonFacts, zone_or
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.db import Database
from services.store.events import EventStore
from services.store.models import EventRow, OverrideRow, Person, RuleRow, Workspace
from services.store.person_filter import ForPeople, of_people
from services.store.point_reads import Asked
from services.store.spans import SpanStore, chunks, spans_within

UTC = ZoneInfo("UTC")
_CHUNK = 400
_OVERRIDES = OverrideRow.__table__
_EVENTS = EventRow.__table__
_RULES = RuleRow.__table__
_PEOPLE = Person.__table__
_WORKSPACES = Workspace.__table__

_THE_PEOPLE = ForPeople(
    _PEOPLE.c.team_id,
    _PEOPLE.c.user_id,
    lambda theirs: select(
        _PEOPLE.c.team_id, _PEOPLE.c.user_id, _PEOPLE.c.zone, _PEOPLE.c.locale, _PEOPLE.c.names,
        _PEOPLE.c.grant_state, _PEOPLE.c.leave_by, _PEOPLE.c.preferences, _PEOPLE.c.paused_from, _PEOPLE.c.paused_until,
        _PEOPLE.c.stale, _PEOPLE.c.resolved_until, _WORKSPACES.c.allow_titles,
    ).join(_WORKSPACES, _WORKSPACES.c.team_id == _PEOPLE.c.team_id).where(theirs),
)  # fmt: skip
_THEIR_RULES = ForPeople(
    _RULES.c.team_id,
    _RULES.c.user_id,
    lambda theirs: select(_RULES).where(theirs).order_by(_RULES.c.position, _RULES.c.rule_id),
)
_THEIR_OVERRIDES = ForPeople(
    _OVERRIDES.c.team_id,
    _OVERRIDES.c.user_id,
    lambda theirs: (
        select(_OVERRIDES)
        .where(
            theirs,
            _OVERRIDES.c.start_at < bindparam("window_end"),
            or_(_OVERRIDES.c.end_at.is_(None), _OVERRIDES.c.end_at > bindparam("window_start")),
        )
        .order_by(_OVERRIDES.c.created_at)
    ),
)


_LASTS = (
    select(_EVENTS.c.event_id)
    .where(
        _EVENTS.c.team_id == bindparam("team"),
        _EVENTS.c.user_id == bindparam("user"),
        _EVENTS.c.uid == bindparam("uid"),
        _EVENTS.c.end_at > bindparam("now"),
        _EVENTS.c.start_at < bindparam("window_end"),
    )
    .limit(1)
)


class FactStore:
    """Loads `PersonFacts`."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore) -> None:
        """`encryptor` opens rules and overrides; `events` loads the calendar's part."""
        self._database = database
        self._encryptor = encryptor
        self._events = events
        self._spans = SpanStore(encryptor)

    async def load(self, keys: Sequence[PersonKey], start: datetime, end: datetime) -> dict[PersonKey, PersonFacts]:
        """The facts of those of `keys` who exist, with what overlaps `[start, end)`. Raises SealError."""
        if len(keys) == 1:
            return await self._facts(await self._database.rows(*self._asked(keys, start, end)))
        async with self._database.read() as connection:
            return await self.load_on(connection, keys, start, end)

    async def load_on(
        self, connection: AsyncConnection, keys: Sequence[PersonKey], start: datetime, end: datetime
    ) -> dict[PersonKey, PersonFacts]:
        """The same within a transaction."""
        found: dict[PersonKey, PersonFacts] = {}
        for chunk in chunks(keys, _CHUNK):
            asked = self._asked(chunk, start, end)
            found |= await self._facts([(await connection.execute(*one)).all() for one in asked])
        return found

    def _asked(self, keys: Sequence[PersonKey], start: datetime, end: datetime) -> tuple[Asked, ...]:
        """The queries of these people's rules, overrides and events, and of themselves."""
        return (
            _THEIR_RULES(keys),
            _THEIR_OVERRIDES(keys, window_start=start, window_end=end),
            self._events.asked(keys, start, end),
            _THE_PEOPLE(keys),
        )

    async def _facts(self, found: Sequence[Sequence[Row[Any]]]) -> dict[PersonKey, PersonFacts]:
        """The facts in the rows of those queries."""
        rules, overrides, events, people = found
        ruled, asked = defaultdict[PersonKey, list[Rule]](list), defaultdict[PersonKey, list[Override]](list)
        for row in rules:
            ruled[PersonKey(row.team_id, row.user_id)].append(self._rule(row))
        for row in overrides:
            asked[PersonKey(row.team_id, row.user_id)].append(self.override(row))
        happening = await self._events.open(events)
        return {
            (key := PersonKey(row.team_id, row.user_id)): replace(
                self._person(row, key),
                rules=tuple(ruled[key]),
                overrides=tuple(asked[key]),
                events=happening.get(key, ()),
            )
            for row in people
        }

    async def without_events(self, key: PersonKey) -> PersonFacts | None:
        """The facts of the person, but for events and overrides; None for somebody unknown. Raises SealError."""
        people, rules = await self._database.rows(_THE_PEOPLE([key]), _THEIR_RULES([key]))
        return replace(self._person(people[0], key), rules=tuple(map(self._rule, rules))) if people else None

    async def spans(self, key: PersonKey, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The person's stored spans that overlap `[start, end)`, in order; none where one of them cannot be opened."""
        (rows,) = await self._database.rows(spans_within(key, start, end))
        return self._spans.opened(rows)

    async def lasts(self, key: PersonKey, span: Span, now: datetime) -> bool:
        """Whether the event that `span` names is not over at `now`."""
        event = {"team": key.team_id, "user": key.user_id, "uid": span.uid, "now": now, "window_end": span.end}
        (rows,) = await self._database.rows((_LASTS, event))
        return bool(rows)

    def _person(self, row: Row[Any], key: PersonKey) -> PersonFacts:
        return PersonFacts(
            key=key,
            zone=zone_or(row.zone, UTC),
            locale=row.locale,
            names=self._names(row.names, key),
            granted=row.grant_state == "ok" and row.leave_by is None,
            preferences=json_values.preferences_from_json(row.preferences),
            policy=Policy(titles=row.allow_titles),
            pause=pause_of(row.paused_from, row.paused_until),
            resolved_until=None if row.stale else row.resolved_until,
        )

    def _names(self, sealed: bytes | None, key: PersonKey) -> tuple[str, ...]:
        return tuple(json.loads(self._encryptor.open(sealed, "people.names", key.team_id, key.user_id) or "[]"))

    def _rule(self, row: Row[Any]) -> Rule:
        plain = self._encryptor.open(row.body, "rules.body", row.team_id, row.user_id, row.rule_id)
        return json_values.rule_from_json(plain or "{}")

    def override(self, row: Row[Any]) -> Override:
        """An override from a row that has all of the table's columns. Raises SealError."""
        plain = self._encryptor.open(row.content, "overrides.content", row.team_id, row.user_id, row.override_id)
        content = json.loads(plain or "{}")
        return Override(
            id=row.override_id,
            start=row.start_at,
            end=row.end_at,
            created_at=row.created_at,
            kind=OverrideKind(row.kind),
            text=content.get("text", ""),
            emoji=content.get("emoji", ""),
        )


def pause_of(start: datetime | None, end: datetime | None) -> Pause | None:
    """The pause in a person's columns."""
    return None if start is None else Pause(start, end)


def of(table: FromClause, keys: Sequence[PersonKey]) -> ColumnElement[bool]:
    """That a row of `table` belongs to one of `keys`."""
    return of_people(table.c.team_id, table.c.user_id, keys)
