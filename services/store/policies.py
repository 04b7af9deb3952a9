"""What workspaces allow and fix, as JSON in their rows: what differs from the default, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta, field
from sqlalchemy import ColumnElement, bindparam, case, literal, select, true, update

from services.domain.model import Effect, Kind, Look, PersonKey
from services.domain.people import LEAVE, leave_key
from services.domain.policy import LONGEST_LEAVE_TYPE, MOST_LEAVE_TYPES, OF_POLICY, Freedom, Policy
from services.domain.request_errors import NotInstalledError
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.json_values import LookJson, Stored
from services.store.keeper import mark_all_kept_due
from services.store.person_rows import mark_due
from services.store.tables import PEOPLE, WORKSPACES

_LeaveType = Annotated[str, Meta(min_length=1, max_length=LONGEST_LEAVE_TYPE)]
_FIRST = timedelta(seconds=1)
_NO_REPLIES = '"replies":false'


_STORED = select(WORKSPACES.c.policy, WORKSPACES.c.policy_by, WORKSPACES.c.policy_at).where(
    WORKSPACES.c.team_id == bindparam("team")
)


class PolicyJson(Stored, omit_defaults=True):
    """A policy, but for who set it when."""

    called = "policy"
    order = "deterministic"

    titles: bool = True
    effects: set[Effect] | None = None
    replies: bool = True
    digests: bool = True
    keeper: bool = True
    agents: bool = True
    looks: dict[Kind, LookJson] = field(default_factory=dict)
    leave_types: Annotated[list[_LeaveType], Meta(max_length=MOST_LEAVE_TYPES)] = field(default_factory=list)
    members_may: set[Freedom] | None = None


def policy_to_json(policy: Policy) -> str:
    """Return a policy as it is stored."""
    return (
        PolicyJson(
            titles=policy.titles,
            effects=None if policy.effects == OF_POLICY else set(policy.effects),
            replies=policy.replies,
            digests=policy.digests,
            keeper=policy.keeper,
            agents=policy.agents,
            looks={kind: LookJson(look.text, look.emoji) for kind, look in sorted(policy.looks.items())},
            leave_types=list(policy.leave_types),
            members_may=None if policy.members_may == set(Freedom) else set(map(Freedom, policy.members_may)),
        )
        .to_json()
        .decode()
    )


@lru_cache(maxsize=512)
def policy_from_json(text: str, set_by: str = "", set_at: datetime | None = None) -> Policy:
    """Return the same from a stored text, with who set it and when. Raises InputError."""
    found = PolicyJson.from_json(text)
    return Policy(
        titles=found.titles,
        effects=OF_POLICY if found.effects is None else frozenset(found.effects) & OF_POLICY,
        replies=found.replies,
        digests=found.digests,
        keeper=found.keeper,
        agents=found.agents,
        looks=MappingProxyType({kind: Look(one.text, one.emoji) for kind, one in found.looks.items()}),
        leave_types=tuple(found.leave_types),
        members_may=frozenset(Freedom) if found.members_may is None else frozenset(found.members_may),
        set_by=set_by,
        set_at=set_at,
    )


def policy_of(row: Any) -> Policy:
    """Return the policy in a row with the columns `policy`, `policy_by` and `policy_at`. Raises InputError."""
    return policy_from_json(row.policy, row.policy_by, row.policy_at)


def allows_replies() -> ColumnElement[bool]:
    """State that a workspace's policy allows replies. A quote in a value is escaped: nothing else looks the same."""
    return ~WORKSPACES.c.policy.contains(_NO_REPLIES)


class PolicyStore:
    """The policies of all workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, team_id: str) -> Policy:
        """Return what the workspace allows and fixes; the default for one that is not there."""
        (rows,) = await self._database.rows((_STORED, {"team": team_id}))
        return policy_of(rows[0]) if rows else Policy()

    async def change(self, key: PersonKey, now: datetime, edit: Callable[[Policy], Policy]) -> tuple[Policy, Policy]:
        """Make the policy of `key`'s workspace what `edit` makes of it, set by `key`; what it was, and what it is.

        Everybody's timeline is to be resolved anew: those who let titles be shown before the others. What `edit` raises
        changes nothing. Raises NotInstalledError.
        """
        row = WORKSPACES.c.team_id == key.team_id
        async with self._database.write() as connection:
            await connection.execute(select(WORKSPACES.c.team_id).where(row).with_for_update())
            stored = select(WORKSPACES.c.policy, WORKSPACES.c.policy_by, WORKSPACES.c.policy_at).where(row)
            found = (await connection.execute(stored)).one_or_none()
            if found is None:
                raise NotInstalledError("no workspace", team_id=key.team_id)
            before = policy_of(found)
            after = edit(before)
            if after == before:
                return before, before
            fresh = {
                "policy": policy_to_json(after),
                "policy_by": key.user_id,
                "policy_at": now,
                "allow_titles": after.titles,
            }
            await connection.execute(update(WORKSPACES).where(row).values(**fresh))
            # in the order of `lock_people`
            theirs = select(PEOPLE.c.user_id).where(PEOPLE.c.team_id == key.team_id).order_by(PEOPLE.c.user_id)
            await connection.execute(theirs.with_for_update(key_share=True))
            lets_titles_show = PEOPLE.c.preferences.contains('"titles":true')
            at = case((lets_titles_show, _instant(now - _FIRST)), else_=_instant(now))
            await connection.execute(
                update(PEOPLE)
                .where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id != LEAVE)
                .values(
                    due_at=case((PEOPLE.c.due_at < at, PEOPLE.c.due_at), else_=at),
                    stale=true(),
                    facts_seq=PEOPLE.c.facts_seq + 1,
                    home_stale=true(),
                )
            )
            await mark_all_kept_due(connection, key.team_id, now)
            if after.leave_types != before.leave_types:  # whose leave it is, is found anew
                await mark_due(connection, leave_key(key.team_id), now)
        return before, replace(after, set_by=key.user_id, set_at=now)


def _instant(instant: datetime) -> ColumnElement[datetime]:
    return literal(instant, UtcInstant)
