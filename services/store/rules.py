"""People's rules: an ordered list each, their bodies sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import NotGrantedError, TooManyError
from services.domain.model import PersonKey, Rule
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.db import Database
from services.store.marks import lock_one, mark_due
from services.store.models import RuleRow

MOST_RULES = 50
"""Rules that one person can have."""

_COLUMN = "rules.body"


class RuleStore:
    """The rules of all people. Each change rewrites the person's whole list, which is short."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` seals the bodies."""
        self._database = database
        self._encryptor = encryptor

    async def list(self, key: PersonKey) -> tuple[Rule, ...]:
        """The person's rules in their order. Raises SealError."""
        async with self._database.read() as connection:
            return await self._load(connection, key)

    async def add(self, key: PersonKey, rule: Rule, now: datetime) -> bool:
        """Put `rule` last; False where it is there already. Raises TooManyError."""
        async with self._changing(key) as (connection, rules):
            if any(known.id == rule.id for known in rules):
                return False
            if len(rules) >= MOST_RULES:
                raise TooManyError("rules")
            await self._save(connection, key, (*rules, rule), now)
        return True

    async def remove(self, key: PersonKey, rule_id: str, now: datetime) -> bool:
        """Delete a rule; False where it is gone already."""
        async with self._changing(key) as (connection, rules):
            kept = tuple(rule for rule in rules if rule.id != rule_id)
            if len(kept) == len(rules):
                return False
            await self._save(connection, key, kept, now)
        return True

    async def raise_(self, key: PersonKey, rule_id: str, now: datetime) -> bool:
        """Move a rule one place up, so that it is looked at earlier; False where it cannot."""
        async with self._changing(key) as (connection, rules):
            place = next((index for index, rule in enumerate(rules) if rule.id == rule_id), 0)
            if place == 0:
                return False
            moved = (*rules[: place - 1], rules[place], rules[place - 1], *rules[place + 1 :])
            await self._save(connection, key, moved, now)
        return True

    @asynccontextmanager
    async def _changing(self, key: PersonKey) -> AsyncIterator[tuple[AsyncConnection, tuple[Rule, ...]]]:
        """A transaction in which nobody else changes the person's rules, and these. Raises NotGrantedError."""
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            yield connection, await self._load(connection, key)

    async def _load(self, connection: AsyncConnection, key: PersonKey) -> tuple[Rule, ...]:
        rows = await connection.execute(select(RuleRow).where(_of(key)).order_by(RuleRow.position, RuleRow.rule_id))
        bodies = [self._encryptor.open(row.body, _COLUMN, *_place(key, row.rule_id)) for row in rows]
        return tuple(json_values.rule_from_json(body or "{}") for body in bodies)

    async def _save(self, connection: AsyncConnection, key: PersonKey, rules: tuple[Rule, ...], now: datetime) -> None:
        await connection.execute(delete(RuleRow).where(_of(key)))
        if rules:
            await connection.execute(
                insert(RuleRow),
                [
                    {
                        "team_id": key.team_id,
                        "user_id": key.user_id,
                        "rule_id": rule.id,
                        "position": position,
                        "body": self._encryptor.seal(json_values.rule_to_json(rule), _COLUMN, *_place(key, rule.id)),
                    }
                    for position, rule in enumerate(rules)
                ],
            )
        await mark_due(connection, key, now, typed=True)


def _of(key: PersonKey) -> ColumnElement[bool]:
    return and_(RuleRow.team_id == key.team_id, RuleRow.user_id == key.user_id)


def _place(key: PersonKey, rule_id: str) -> tuple[str, str, str]:
    return key.team_id, key.user_id, rule_id
