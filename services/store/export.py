"""Everything that is kept of one person, as JSON for them: tokens, and addresses that give access, are left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import or_, select

from services.domain.asks import Ask
from services.domain.model import PersonKey
from services.domain.people import LEAVE
from services.domain.reasons import Reason
from services.store import json_values
from services.store.absence_rows import absence_of
from services.store.due import ProfileStateStore
from services.store.effect_tables import REPLIES
from services.store.line_file import lines_to_file
from services.store.person_rows import of_person
from services.store.tables import NOTICES, PEOPLE, SPANS
from services.store.timeline import SpanStore
from services.store.workspace_tables import ABSENCES

if TYPE_CHECKING:
    from services.store.stores import Stores

_EVER = (datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))
_WRITES = 100_000


class ExportStore:
    """Gathers what is kept of one person from all stores."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._spans = SpanStore(stores.encryptor)
        self._profile_states = ProfileStateStore(stores.encryptor)

    async def export(self, key: PersonKey) -> dict[str, Any]:
        """Return everything of the person as JSON, instants in UTC; empty for somebody unknown.

        Raises SealError, and InputError where what is stored is not what it should be.
        """
        async with self._stores.database.read() as connection:
            row = (await connection.execute(select(PEOPLE).where(of_person(PEOPLE, key)))).one_or_none()
            if key.user_id == LEAVE:
                return {}
            if row is None:
                return await self._of_member(key)
            profile = await self._profile_states.load(connection, key)
            spans = select(SPANS).where(of_person(SPANS, key)).order_by(SPANS.c.start_at)
            stored = [self._spans.span(span) for span in await connection.execute(spans)]
            theirs_away = select(ABSENCES).where(of_person(ABSENCES, key)).order_by(ABSENCES.c.start_at)
            absences = (await connection.execute(theirs_away)).all()
            told = (await connection.execute(select(NOTICES).where(of_person(NOTICES, key)))).all()
            theirs = or_(REPLIES.c.asker_id == key.user_id, REPLIES.c.person_id == key.user_id)
            replies = select(REPLIES).where(REPLIES.c.team_id == key.team_id, theirs)
            answered = (await connection.execute(replies.order_by(REPLIES.c.created_at))).all()
        facts = (await self._stores.facts.load([key], *_EVER)).get(key)
        if facts is None:
            return {}
        opened, place = self._stores.encryptor.open, (key.team_id, key.user_id)
        calendars = await self._stores.calendars.of(key)
        writes = await self._stores.writes.recent(key, _WRITES, effects=True)
        refusals = await self._stores.refusals.of(key)
        pictures = self._stores.pictures
        asked = await self._stores.people.asked(key)
        everything = {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "zone": row.zone,
            "locale": row.locale,
            "addresses": json.loads(opened(row.addresses, "people.addresses", *place) or "[]"),
            "names": json.loads(opened(row.names, "people.names", *place) or "[]"),
            "created_at": row.created_at,
            "deactivated_at": row.deactivated_at,
            "grant": {"state": row.grant_state, "since": row.granted_at, "scopes": row.scopes},
            "preferences": json.loads(row.preferences),
            "pause": None if row.paused_from is None else {"start": row.paused_from, "end": row.paused_until},
            "rules": lines_to_file(facts.lines),
            "overrides": [
                _parts(override, "kind", "text", "emoji", "start", "end", "created_at") for override in facts.overrides
            ],
            "accounts": [
                _parts(account, "account_id", "provider", "name", "lost")
                for account in await self._stores.accounts.of(key)
            ],
            "calendars": [
                _parts(one, "calendar_id", "account_id", "provider", "name", "host", "health", "problem", "synced_at")
                for one in calendars
            ],
            "events": [
                _parts(
                    event, "calendar_id", "uid", "occurrence", "start", "end", "all_day", "title", "location", "type",
                    "show_as", "response", "visibility", "cancelled", "tentative", "guests", "organizer_text",
                    "recurring",
                )
                | {"guest_domains": sorted(event.guest_domains)}
                for event in facts.events
            ],
            "spans": [
                _parts(span, "start", "end", "status", "rule", "uid", "title") | {"reason": _reason(span.reason)}
                for span in stored
            ],
            "profile": json.loads(json_values.profile_state_to_json(profile))["standing"],
            "absences": [
                _parts(one, "kind", "place", "start", "end", "ends", "first_day", "return_day", "told_ahead")
                for one in map(absence_of, absences)
            ],
            "effects": {one.effect: one.memory for one in await self._stores.effects.of(key, _EVER[1])},
            "writes": [
                _parts(entry, "at", "effect", "action", "outcome", "rule", "uid", "status", "unknown_emoji")
                | {"reason": _reason(entry.reason)}
                for entry in writes
            ],
            "notices": [_parts(notice, "subject", "sent_at") for notice in told],
            "pictures": [_parts(one, "picture_id", "created_at", "content") for one in await pictures.of(key)],
            "asks": [] if asked is None else [_ask(*asked)],
            "kept": await self._kept(key),
            "refusals": sorted(refusals),
            "calendar_entries": await self._stores.entries.of(key),
            "absence_feeds": [
                _parts(one, "feed_id", "channel_id", "created_at", "locale", "gone")
                for one in await self._stores.feeds.given_to(key)
            ],
            "agent_keys": [
                _parts(one, "key_id", "name", "may", "made_at", "used_at")
                for one in await self._stores.agents.keys(key)
            ],
            "agent_changes": [
                _parts(one, "at", "agent", "operation") for one in await self._stores.agents.changes(key)
            ],
            "replies": [_parts(one, "asker_id", "person_id", "channel_id", "day", "created_at") for one in answered],
        }  # fmt: skip
        found: dict[str, Any] = msgspec.to_builtins(everything)
        return found

    async def _of_member(self, key: PersonKey) -> dict[str, Any]:
        """Return what leave calendars and a keeper know of somebody who never came to us themselves."""
        member = await self._stores.members.one(key)
        leave = (await self._stores.leave.of([key], *_EVER)).get(key, [])
        known: dict[str, Any] = {
            "member": None if member is None else _parts(member, "names", "address", "zone", "locale"),
            "leave": [_parts(event, "start", "end", "all_day") for event in leave],
            "kept": await self._kept(key),
            "refusals": sorted(await self._stores.refusals.of(key)),
        }
        if not any(known.values()):
            return {}
        found: dict[str, Any] = msgspec.to_builtins({"team_id": key.team_id, "user_id": key.user_id, **known})
        return found

    async def _kept(self, key: PersonKey) -> list[dict[str, Any]]:
        return [
            _parts(one.entry, "at", "action", "outcome", "status")
            | {"reason": _reason(one.entry.reason), "keeper_id": one.keeper_id}
            for one in await self._stores.kept.recent(key, _WRITES)
        ]


def _ask(ask: Ask, asked_at: datetime) -> dict[str, Any]:
    parts: dict[str, Any] = msgspec.to_builtins(ask, order="deterministic")  # effects are a set
    return parts | {"asked_at": asked_at}


def _parts(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _reason(reason: Reason) -> Any:
    return json.loads(json_values.reason_to_json(reason))
