"""A person's timeline: the facts it is made of, the spans that came of them, and the audit of what was done by it.

Facts are loaded for many people in a handful of queries. Spans are read at an edge instead of events. The audit, what
was done to a profile or left and why, is read by `/quo why` and the export.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, bindparam, delete, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import StatusQuoError
from services.domain.lines import Line, complete
from services.domain.mail_addresses import is_anybodys, mail_domain, mail_domains
from services.domain.model import (
    NO_STATUS,
    Action,
    Effect,
    Kind,
    Override,
    OverrideKind,
    Pause,
    PersonKey,
    Span,
    Status,
)
from services.domain.people import LEAVE, GrantState, PersonFacts, zone_or
from services.domain.profile_state import AuditEntry
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.db import Database, Query, Store
from services.store.events import EventStore
from services.store.leave_rows import leave_asked, leave_in, leave_lasts
from services.store.line_json import line_from_json
from services.store.models import Account, EventRow, OverrideRow, Person, RuleRow, SpanRow, Workspace, Write
from services.store.person_rows import chunks, of_people, of_person, those
from services.store.policies import policy_of
from services.store.workspace_models import LeaveRow

SPANS = SpanRow.__table__
_THEIR_SPANS = select(SPANS).where(
    of_people(SPANS), SPANS.c.start_at <= bindparam("instant"), SPANS.c.end_at > bindparam("instant")
)
_WITHIN = (
    select(SPANS)
    .where(of_people(SPANS), SPANS.c.start_at < bindparam("window_end"), SPANS.c.end_at > bindparam("window_start"))
    .order_by(SPANS.c.start_at)
)
_SPAN_CONTENT = "spans.content"
_NOTHING = json_values.Shown()

OFF_LOOP = 200
"""From this many on, spans are sealed in a thread."""

SealedSpans = Mapping[PersonKey, Sequence[Mapping[str, object]]]
"""Rows of `spans` by person, ready to be stored."""


class SpanStore:
    """Reads and replaces spans, inside of somebody's transaction."""

    def __init__(self, encryptor: Encryptor) -> None:
        self._encryptor = encryptor

    async def at(
        self, connection: AsyncConnection, keys: Sequence[PersonKey], instant: datetime
    ) -> dict[PersonKey, Span]:
        """The span of each person that holds `instant`; nobody whose stored timeline does not reach there."""
        found: dict[PersonKey, Span] = {}
        for chunk in chunks(keys):
            for row in await connection.execute(_THEIR_SPANS, those(chunk, instant=instant)):
                # sealed with a lost key, or of another version: as good as not stored, so it is resolved anew
                with suppress(StatusQuoError, ValueError):
                    found[PersonKey(row.team_id, row.user_id)] = self.span(row)
        return found

    async def sealed(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        """`spans` as they are stored; where they are many, sealed in a thread."""
        return await off_loop_if(sum(map(len, spans.values())) >= OFF_LOOP, self._rows, spans)

    async def put(self, connection: AsyncConnection, spans: SealedSpans) -> None:
        """Make `spans` the whole stored timeline of each person named."""
        for chunk in chunks(list(spans)):
            await connection.execute(delete(SpanRow).where(of_people(SPANS)), those(chunk))
        rows = [row for timeline in spans.values() for row in timeline]
        if rows:
            await connection.execute(insert(SpanRow), rows)

    async def replace(self, connection: AsyncConnection, spans: Mapping[PersonKey, Sequence[Span]]) -> None:
        """The same for spans that are not sealed yet."""
        await self.put(connection, await self.sealed(spans))

    def span(self, row: Row[Any]) -> Span:
        """A span from a row that has all of the table's columns. Raises SealError."""
        place = (row.team_id, row.user_id, row.start_at.isoformat())
        plain = self._encryptor.open_bytes(row.content, _SPAN_CONTENT, *place)
        content = _NOTHING if plain is None else json_values.Shown.from_json(plain)
        status = NO_STATUS
        if content.text or content.emoji:
            status = Status(content.text, content.emoji, row.end_at if content.ends else None)
        return Span(
            start=row.start_at,
            end=row.end_at,
            status=status,
            rule=row.rule,
            reason=json_values.reason_from_json(row.reason),
            uid=row.uid,
            title=content.title,
            kind=None if row.kind is None else Kind(row.kind),
            override=row.override,
            began=content.began,
            asked_at=content.asked_at,
        )

    def _rows(self, spans: Mapping[PersonKey, Sequence[Span]]) -> SealedSpans:
        return {key: [self._row(key, span) for span in timeline] for key, timeline in spans.items()}

    def _row(self, key: PersonKey, span: Span) -> dict[str, object]:
        content: SealedBytes | None = None
        if span.shows or span.title or span.began or span.asked_at:
            ends = span.status.expiration is not None
            shown = span.status.text, span.status.emoji, ends, span.title, span.began, span.asked_at
            plain = json_values.Shown(*shown).to_json()
            place = (key.team_id, key.user_id, span.start.isoformat())
            content = self._encryptor.seal(plain, _SPAN_CONTENT, *place)
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "start_at": span.start,
            "end_at": span.end,
            "rule": span.rule,
            "kind": None if span.kind is None else span.kind.value,
            "override": span.override,
            "reason": json_values.reason_to_json(span.reason),
            "uid": span.uid,
            "content": content,
        }


UTC = ZoneInfo("UTC")
_OVERRIDES = OverrideRow.__table__
_EVENTS = EventRow.__table__
_RULES = RuleRow.__table__
_ACCOUNTS = Account.__table__
_PEOPLE = Person.__table__
_LEAVE = LeaveRow.__table__
_WORKSPACES = Workspace.__table__

_THE_PEOPLE = (
    select(
        _PEOPLE.c.team_id, _PEOPLE.c.user_id, _PEOPLE.c.zone, _PEOPLE.c.locale, _PEOPLE.c.names, _PEOPLE.c.addresses,
        _PEOPLE.c.grant_state, _PEOPLE.c.leave_by, _PEOPLE.c.preferences, _PEOPLE.c.paused_from, _PEOPLE.c.paused_until,
        _PEOPLE.c.stale, _PEOPLE.c.resolved_until, _WORKSPACES.c.policy, _WORKSPACES.c.policy_by,
        _WORKSPACES.c.policy_at,
    )
    .join(_WORKSPACES, _WORKSPACES.c.team_id == _PEOPLE.c.team_id)
    .where(of_people(_PEOPLE), _PEOPLE.c.user_id != LEAVE)
)  # fmt: skip
_THEIR_RULES = select(_RULES).where(of_people(_RULES)).order_by(_RULES.c.position, _RULES.c.rule_id)
_THEIR_OVERRIDES = (
    select(_OVERRIDES)
    .where(
        of_people(_OVERRIDES),
        or_(
            _OVERRIDES.c.start_at < bindparam("window_end"),
            and_(_OVERRIDES.c.kind == OverrideKind.OUT_OF_OFFICE.value, _OVERRIDES.c.start_at < bindparam("ahead")),
        ),
        or_(_OVERRIDES.c.end_at.is_(None), _OVERRIDES.c.end_at > bindparam("window_start")),
    )
    .order_by(_OVERRIDES.c.created_at)
)


_THEIR_ACCOUNTS = select(_ACCOUNTS.c.team_id, _ACCOUNTS.c.user_id, _ACCOUNTS.c.account_id, _ACCOUNTS.c.subject).where(
    of_people(_ACCOUNTS)
)
_THERE_IS = {
    name: exists().where(of_person(table.c, _PEOPLE.c))
    for name, table in (
        ("rules", _RULES), ("overrides", _OVERRIDES), ("events", _EVENTS), ("accounts", _ACCOUNTS), ("leave", _LEAVE),
    )
}  # fmt: skip
_WITH_WHAT_THERE_IS = _THE_PEOPLE.add_columns(*(one.label(f"has_{name}") for name, one in _THERE_IS.items()))
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


class FactStore(Store):
    """Loads `PersonFacts`."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore) -> None:
        super().__init__(database, encryptor)
        self._events = events
        self._spans = SpanStore(encryptor)

    async def load(
        self, keys: Sequence[PersonKey], start: datetime, end: datetime, *, ahead: datetime | None = None
    ) -> dict[PersonKey, PersonFacts]:
        """The facts of those of `keys` who exist, with what overlaps `[start, end)`. Raises SealError.

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
        """The facts in the rows of those queries."""
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
        """The facts of the person, but for events and overrides; None for somebody unknown. Raises SealError."""
        people, rules = await self._database.rows((_THE_PEOPLE, those([key])), (_THEIR_RULES, those([key])))
        if not people:
            return None
        return self._person(people[0], key, [line_of(row, self._encryptor) for row in rules])

    async def spans(self, key: PersonKey, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The person's stored spans that overlap `[start, end)`, in order; none where one of them cannot be opened."""
        (rows,) = await self._database.rows((_WITHIN, those([key], window_start=start, window_end=end)))
        with suppress(StatusQuoError, ValueError):  # as in `SpanStore.at`
            return tuple(self._spans.span(row) for row in rows)
        return ()

    async def lasts(self, key: PersonKey, span: Span, now: datetime) -> bool:
        """Whether the event, or the leave, that `span` names is not over at `now`."""
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
    """A line from a row of `rules` that has all of the table's columns. Raises SealError."""
    plain = encryptor.open(row.body, "rules.body", row.team_id, row.user_id, row.rule_id)
    return line_from_json(plain or "{}")


def override_of(row: Row[Any], encryptor: Encryptor) -> Override:
    """An override from a row that has all of the table's columns. Raises SealError."""
    plain = encryptor.open(row.content, "overrides.content", row.team_id, row.user_id, row.override_id)
    asked = json_values.OverrideJson.from_json(plain or "{}")
    return Override(
        id=row.override_id, start=row.start_at, end=row.end_at, created_at=row.created_at, kind=OverrideKind(row.kind),
        text=asked.text, emoji=asked.emoji, effects=frozenset(asked.effects), stand_in=asked.stand_in,
    )  # fmt: skip


def pause_of(start: datetime | None, end: datetime | None) -> Pause | None:
    """The pause in a person's columns."""
    return None if start is None else Pause(start, end)


_WRITE_CONTENT = "writes.content"
_WRITES = Write.__table__
_ALL_RECENT = (  # by the person's own columns: PostgreSQL would read the whole audit to find people in a list
    select(_WRITES)
    .where(_WRITES.c.team_id == bindparam("team"), _WRITES.c.user_id == bindparam("user"))
    .order_by(_WRITES.c.at.desc(), _WRITES.c.write_id)
    .limit(bindparam("most"))
)
_RECENT = _ALL_RECENT.where(_WRITES.c.action.not_like(bindparam("of_an_effect", "%:%")))


class AuditStore(Store):
    """The audit of all people."""

    async def add(self, connection: AsyncConnection, *attempts: tuple[PersonKey, AuditEntry]) -> None:
        """Write lines, in the transaction that records what they are about."""
        if attempts:
            await connection.execute(insert(Write), [self._row(key, attempt) for key, attempt in attempts])

    def _row(self, key: PersonKey, attempt: AuditEntry) -> dict[str, object]:
        write_id = secrets.token_hex(12)
        status = attempt.status
        content = json_values.Attempted(
            status.text, status.emoji, status.expiration, attempt.uid, attempt.unknown_emoji
        )
        return {
            "team_id": key.team_id,
            "write_id": write_id,
            "user_id": key.user_id,
            "at": attempt.at,
            "action": attempt.action.value if attempt.effect is None else f"{attempt.effect}:{attempt.action}",
            "reason": json_values.reason_to_json(attempt.reason),
            "rule": attempt.rule,
            "event_digest": hashlib.sha256(attempt.uid.encode()).hexdigest()[:32] if attempt.uid else "",
            "outcome": attempt.outcome,
            "content": self._encryptor.seal(content.to_json(), _WRITE_CONTENT, key.team_id, write_id),
        }

    async def recent(self, key: PersonKey, limit: int, *, effects: bool = False) -> list[AuditEntry]:
        """The newest lines of a person, newest first, about the status alone or `effects` too. Raises SealError."""
        asked = _ALL_RECENT if effects else _RECENT
        (rows,) = await self._database.rows((asked, {"team": key.team_id, "user": key.user_id, "most": limit}))
        return [self._entry(row) for row in rows]

    def _entry(self, row: Row[Any]) -> AuditEntry:
        plain = self._encryptor.open_bytes(row.content, _WRITE_CONTENT, row.team_id, row.write_id)
        content = json_values.Attempted.from_json(plain or "{}")
        effect, _, action = row.action.rpartition(":")
        return AuditEntry(
            at=row.at,
            effect=Effect(effect) if effect else None,
            action=Action(action),
            reason=json_values.reason_from_json(row.reason),
            outcome=row.outcome,
            rule=row.rule,
            uid=content.uid,
            status=Status(content.text, content.emoji, content.ends),
            unknown_emoji=content.unknown_emoji,
        )
