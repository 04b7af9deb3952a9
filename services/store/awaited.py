"""Whether what a person asked for has been written, for whoever waits for it, and taking it back where it has not.

Another replica may be the one that writes, so the rows are looked at: one query by two primary keys. A request can be
taken back as long as no call that carries it out is under way: a typed write says so before it (`calling_until`), in a
transaction that locks the person as taking back does. So one of the two comes first, and the other one knows.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership, profile_state
from services.domain.model import Override, Pause, PersonKey, Status
from services.domain.people import GrantState
from services.domain.profile_state import ProfileState
from services.domain.text import shown_text, whole_seconds
from services.platform.crypto import Encryptor
from services.store.agent_tables import AGENT_CHANGES
from services.store.db import Database, Store
from services.store.due import ProfileStateStore
from services.store.entries import mark_entries_due
from services.store.group_commit import outlive
from services.store.overrides import override_row
from services.store.person_rows import lock_people, mark_due, of_people, of_person, those
from services.store.tables import OVERRIDES, PEOPLE, PROFILE_STATES
from services.store.timeline import pause_of

_LOOK = (
    select(
        PEOPLE.c.stale, PEOPLE.c.due_at, PEOPLE.c.grant_state, PEOPLE.c.paused_from, PEOPLE.c.paused_until,
        PROFILE_STATES.c.seq, PROFILE_STATES.c.sent, PROFILE_STATES.c.calling_until, PROFILE_STATES.c.memory,
    )
    .join_from(PEOPLE, PROFILE_STATES, of_person(PROFILE_STATES, PEOPLE), isouter=True)
    .where(of_people(PEOPLE))
)  # fmt: skip
_WITHDRAW = (
    update(PROFILE_STATES)
    .where(of_people(PROFILE_STATES))
    .values(seq=PROFILE_STATES.c.seq + 1, sent=PROFILE_STATES.c.seq + 1, memory=bindparam("b_memory"))
)
"""Nothing waits any more before the timeline is resolved anew: the stored one has what is taken back in it still."""

AskedChange = tuple[Override | None, Override | None]
"""An override as it was before a request, and as it is after it; None where there is none."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person's profile is from what they asked for.

    `rests`: nothing is to be resolved, decided or written for them now. `calling`: a call that was begun for what they
    typed may reach Slack still. `seq` and `sent` tell one look from another.
    """

    rests: bool
    calling: bool
    granted: bool
    pause: Pause | None
    seq: int
    sent: int
    state: ProfileState

    def shows(self, asked: Override, now: datetime) -> bool:
        """Say whether the profile shows what `asked` wants, as far as we know; also with another emoji of Slack's.

        Before everything rests the same text may be that of something else: then only what was written since counts.
        """
        standing = self.state.standing
        wanted, since = standing.wanted, standing.applied_span
        if wanted is None or profile_state.shown(standing, now) is None:
            return False
        if shown_text(wanted) != shown_text(Status(asked.text)) or asked.emoji not in {"", wanted.emoji}:
            return False
        if self.rests:
            return True
        return since is not None and since >= asked.start and wanted.expiration == whole_seconds(asked.end)


class AwaitedStore(Store):
    """Looks at requests, and takes them back."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)

    def outlive(self, work: Coroutine[Any, Any, object]) -> None:
        """Do `work` to its end though whoever waits for it is told to stop."""
        outlive(self._database, work)

    async def look(self, key: PersonKey, now: datetime) -> Progress | None:
        """Return how far it is; None where the person is gone. Raises SealError."""
        (rows,) = await self._database.rows((_LOOK, those([key])))
        return self._progress(key, rows[0], now) if rows else None

    async def asked_by_agents(self, operation: str, since: datetime, before: datetime) -> list[tuple[PersonKey, str]]:
        """List what agents asked for by `operation` in (`since`, `before`] and still stands: whose it is, its id."""
        its = and_(of_person(OVERRIDES, AGENT_CHANGES), OVERRIDES.c.override_id == AGENT_CHANGES.c.request)
        asked = and_(AGENT_CHANGES.c.operation == operation, AGENT_CHANGES.c.at > since, AGENT_CHANGES.c.at <= before)
        found = select(OVERRIDES.c.team_id, OVERRIDES.c.user_id, OVERRIDES.c.override_id).where(
            exists().where(its, asked)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(found)).all()
        return [(PersonKey(row.team_id, row.user_id), row.override_id) for row in rows]

    async def take_back(
        self, key: PersonKey, seen: Progress, asked: Sequence[AskedChange], now: datetime, *, anyway: bool = False
    ) -> bool:
        """Take a request back, after the look that gave `seen`: nothing of it is written from now on.

        False, and nothing is changed, where things have moved since that look, or a call is under way. `anyway`: no
        matter, because that has been so for too long; what is written of it then is taken off again.
        """
        async with self._database.write() as connection:
            if not await lock_people(connection, [key]):
                return True
            row = (await connection.execute(_LOOK, those([key]))).one()
            found = self._progress(key, row, now)
            if not anyway and (found.calling or (found.seq, found.sent) != (seen.seq, seen.sent)):
                return False
            for before, after in asked:
                await self._put_back(connection, key, before, after)
            standing = ownership.withdrawn(found.state.standing, now)
            undecided = self._profile_states.seal(replace(found.state, decided="", standing=standing), key)
            await connection.execute(_WITHDRAW, those([key], b_memory=undecided))
            await mark_due(connection, key, now, typed=True)
            ids = [one.id for change in asked for one in change if one is not None]
            await mark_entries_due(connection, key, ids, now)
        return True

    async def _put_back(
        self, connection: AsyncConnection, key: PersonKey, before: Override | None, after: Override | None
    ) -> None:
        """Have an override be as it was before; what somebody has made of it since stays."""
        one = before or after
        if one is None:
            return
        its = and_(of_person(OVERRIDES, key), OVERRIDES.c.override_id == one.id)
        there = (await connection.execute(select(OVERRIDES.c.end_at, OVERRIDES.c.created_at).where(its))).one_or_none()
        left = None if after is None else (after.end, after.created_at)
        if (None if there is None else tuple(there)) != left:
            return
        await connection.execute(delete(OVERRIDES).where(its))
        if before is not None:
            await connection.execute(insert(OVERRIDES).values(override_row(self._encryptor, key, before)))

    def _progress(self, key: PersonKey, row: Any, now: datetime) -> Progress:
        seq, sent = row.seq or 0, row.sent or 0
        rests = not row.stale and (row.due_at is None or row.due_at > now) and seq <= sent
        return Progress(
            rests, calling=row.calling_until is not None and row.calling_until > now,
            granted=row.grant_state == GrantState.OK, pause=pause_of(row.paused_from, row.paused_until), seq=seq,
            sent=sent, state=self._profile_states.open(row.memory, key),
        )  # fmt: skip
