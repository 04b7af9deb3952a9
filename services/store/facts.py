"""The facts that a person's timeline is made of, loaded for many people in a handful of queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, bindparam, exists, or_, select

from services.domain.errors import StatusQuoError
from services.domain.lines import Line, complete
from services.domain.mail_addresses import is_anybodys, mail_domain, mail_domains
from services.domain.model import (
    Override,
    OverrideKind,
    PersonKey,
    Span,
)
from services.domain.people import LEAVE, GrantState, PersonFacts, zone_or
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.calendar_tables import ACCOUNTS, EVENTS
from services.store.db import Database, Query, Store
from services.store.events import EventStore
from services.store.leave_rows import leave_asked, leave_in, leave_lasts
from services.store.line_json import line_from_json
from services.store.person_rows import chunks, of_people, of_person, those
from services.store.policies import policy_of
from services.store.tables import OVERRIDES, PEOPLE, RULES, SPANS, WORKSPACES
from services.store.timeline import SpanStore, pause_of
from services.store.workspace_tables import LEAVES

_WITHIN = (
    select(SPANS)
    .where(of_people(SPANS), SPANS.c.start_at < bindparam("window_end"), SPANS.c.end_at > bindparam("window_start"))
    .order_by(SPANS.c.start_at)
)


UTC = ZoneInfo("UTC")

_THE_PEOPLE = (
    select(
        PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.zone, PEOPLE.c.locale, PEOPLE.c.names, PEOPLE.c.addresses,
        PEOPLE.c.grant_state, PEOPLE.c.leave_by, PEOPLE.c.preferences, PEOPLE.c.paused_from, PEOPLE.c.paused_until,
        PEOPLE.c.stale, PEOPLE.c.resolved_until, WORKSPACES.c.policy, WORKSPACES.c.policy_by,
        WORKSPACES.c.policy_at,
    )
    .join(WORKSPACES, WORKSPACES.c.team_id == PEOPLE.c.team_id)
    .where(of_people(PEOPLE), PEOPLE.c.user_id != LEAVE)
)  # fmt: skip
_THEIR_RULES = select(RULES).where(of_people(RULES)).order_by(RULES.c.position, RULES.c.rule_id)
_THEIR_OVERRIDES = (
    select(OVERRIDES)
    .where(
        of_people(OVERRIDES),
        or_(
            OVERRIDES.c.start_at < bindparam("window_end"),
            and_(OVERRIDES.c.kind == OverrideKind.OUT_OF_OFFICE.value, OVERRIDES.c.start_at < bindparam("ahead")),
        ),
        or_(OVERRIDES.c.end_at.is_(None), OVERRIDES.c.end_at > bindparam("window_start")),
    )
    .order_by(OVERRIDES.c.created_at)
)


_THEIR_ACCOUNTS = select(ACCOUNTS.c.team_id, ACCOUNTS.c.user_id, ACCOUNTS.c.account_id, ACCOUNTS.c.subject).where(
    of_people(ACCOUNTS)
)
_THERE_IS = {
    name: exists().where(of_person(table, PEOPLE))
    for name, table in (
        ("rules", RULES), ("overrides", OVERRIDES), ("events", EVENTS), ("accounts", ACCOUNTS), ("leave", LEAVES),
    )
}  # fmt: skip
_WITH_WHAT_THERE_IS = _THE_PEOPLE.add_columns(*(one.label(f"has_{name}") for name, one in _THERE_IS.items()))
_LASTS = (
    select(EVENTS.c.event_id)
    .where(
        EVENTS.c.team_id == bindparam("team"),
        EVENTS.c.user_id == bindparam("user"),
        EVENTS.c.uid == bindparam("uid"),
        EVENTS.c.end_at > bindparam("now"),
        EVENTS.c.start_at < bindparam("window_end"),
    )
    .limit(1)
)


class FactStore(Store):
    """Loads `PersonFacts`."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore) -> None:
        super().__init__(database, encryptor)
        self._events = events
        self._spans = SpanStore(encryptor)

    async def load(
        self, keys: Sequence[PersonKey], start: datetime, end: datetime, *, ahead: datetime | None = None
    ) -> dict[PersonKey, PersonFacts]:
        """Return the facts of those of `keys` who exist, with what overlaps `[start, end)`. Raises SealError.

        With `ahead`, what begins between `end` and that and may be an absence is among them, too.
        """
        if len(keys) == 1:
            return await self._load(keys, start, end, ahead, self._database.rows)
        found: dict[PersonKey, PersonFacts] = {}
        async with self._database.read() as connection:

            async def rows(*asked: Query) -> list[Sequence[Any]]:
                return [(await connection.execute(*one)).all() for one in asked]

            for chunk in chunks(keys):
                found |= await self._load(chunk, start, end, ahead, rows)
        return found

    async def _load(
        self, keys: Sequence[PersonKey], start: datetime, end: datetime, ahead: datetime | None,
        rows: Callable[..., Awaitable[Sequence[Sequence[Any]]]],
    ) -> dict[PersonKey, PersonFacts]:  # fmt: skip
        """Ask for what there is, and only for that: most people have not everything, and each is a round trip."""
        (people,) = await rows((_WITH_WHAT_THERE_IS, those(keys)))
        further = ahead if ahead is not None and ahead > end else None
        window = {"window_start": start, "window_end": end, "ahead": further or end}
        queries = {
            "rules": (_THEIR_RULES, those(keys)),
            "overrides": (_THEIR_OVERRIDES, those(keys, **window)),
            "events": self._events.asked(keys, start, end, further),
            "accounts": (_THEIR_ACCOUNTS, those(keys)),
            "leave": leave_asked(keys, start, further or end),
        }
        asked = [name for name in queries if any(getattr(row, f"has_{name}") for row in people)]
        found = await rows(*(queries[name] for name in asked)) if asked else ()
        return await self._facts(people, defaultdict(tuple, zip(asked, found, strict=True)), end)

    async def _facts(
        self, people: Sequence[Row[Any]], found: Mapping[str, Sequence[Row[Any]]], end: datetime
    ) -> dict[PersonKey, PersonFacts]:
        """Return the facts in the rows of those queries."""
        listed, asked = defaultdict[PersonKey, list[Line]](list), defaultdict[PersonKey, list[Override]](list)
        for row in found["rules"]:
            listed[PersonKey(row.team_id, row.user_id)].append(line_of(row, self._encryptor))
        for row in found["overrides"]:
            asked[PersonKey(row.team_id, row.user_id)].append(override_of(row, self._encryptor))
        reached_at = defaultdict[PersonKey, list[str]](list)
        for row in found["accounts"]:
            place = (row.team_id, row.user_id, row.account_id)
            address = self._encryptor.open(row.subject, "accounts.subject", *place) or ""
            if not is_anybodys(mail_domain(address)):  # Google's and Microsoft's are known by their address
                reached_at[PersonKey(row.team_id, row.user_id)].append(address)
        happening, further = await self._events.open_parted(found["events"], end)
        away = leave_in(found["leave"])
        return {
            (key := PersonKey(row.team_id, row.user_id)): replace(
                facts := self._person(row, key, listed[key]),
                domains=facts.domains | mail_domains(reached_at[key]),
                overrides=tuple(asked[key]),
                events=(*happening.get(key, ()), *away.get(key, ())),
                coming=further.get(key, ()),
            )
            for row in people
        }

    async def without_events(self, key: PersonKey) -> PersonFacts | None:
        """Return the facts of the person, but for events and overrides; None for somebody unknown. Raises SealError."""
        people, rules = await self._database.rows((_THE_PEOPLE, those([key])), (_THEIR_RULES, those([key])))
        if not people:
            return None
        return self._person(people[0], key, [line_of(row, self._encryptor) for row in rules])

    async def spans(self, key: PersonKey, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Load the person's stored spans that overlap `[start, end)`, in order; none where one cannot be opened."""
        (rows,) = await self._database.rows((_WITHIN, those([key], window_start=start, window_end=end)))
        with suppress(StatusQuoError, ValueError):  # as in `SpanStore.at`
            return tuple(self._spans.span(row) for row in rows)
        return ()

    async def lasts(self, key: PersonKey, span: Span, now: datetime) -> bool:
        """Return whether the event, or the leave, that `span` names is not over at `now`."""
        event = {"team": key.team_id, "user": key.user_id, "uid": span.uid, "now": now, "window_end": span.end}
        (rows,) = await self._database.rows(leave_lasts(key, span.uid, now, span.end) or (_LASTS, event))
        return bool(rows)

    def _person(self, row: Row[Any], key: PersonKey, lines: Sequence[Line]) -> PersonFacts:
        names = self._encryptor.open(row.names, "people.names", key.team_id, key.user_id)
        addresses = self._encryptor.open(row.addresses, "people.addresses", key.team_id, key.user_id)
        return PersonFacts(
            key=key,
            zone=zone_or(row.zone, UTC),
            locale=row.locale,
            names=tuple(json.loads(names or "[]")),
            domains=mail_domains(json.loads(addresses or "[]")),
            granted=row.grant_state == GrantState.OK and row.leave_by is None,
            preferences=json_values.preferences_from_json(row.preferences),
            lines=complete(lines, json_values.looks_from_json(row.preferences)),
            policy=policy_of(row),
            pause=pause_of(row.paused_from, row.paused_until),
            resolved_until=None if row.stale else row.resolved_until,
        )


def line_of(row: Row[Any], encryptor: Encryptor) -> Line:
    """Return a line from a row of `rules` that has all of the table's columns. Raises SealError."""
    plain = encryptor.open(row.body, "rules.body", row.team_id, row.user_id, row.rule_id)
    return line_from_json(plain or "{}")


def override_of(row: Row[Any], encryptor: Encryptor) -> Override:
    """Return an override from a row that has all of the table's columns. Raises SealError."""
    plain = encryptor.open(row.content, "overrides.content", row.team_id, row.user_id, row.override_id)
    asked = json_values.OverrideJson.from_json(plain or "{}")
    return Override(
        id=row.override_id, start=row.start_at, end=row.end_at, created_at=row.created_at, kind=OverrideKind(row.kind),
        text=asked.text, emoji=asked.emoji, effects=frozenset(asked.effects), stand_in=asked.stand_in,
    )  # fmt: skip
