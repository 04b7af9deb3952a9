"""Photos that agents have asked for, one a person at a time: from the request until it is answered.

The photo's chore of the sender puts them on. Before it calls Slack it says so here, in a transaction that locks the
person as taking back does: so one of the two comes first, and the other one knows.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.effects import DueEffect
from services.domain.errors import NotGrantedError
from services.domain.model import Effect, PersonKey
from services.domain.people import GrantState
from services.platform.concurrency import off_loop
from services.store.agent_tables import ASKED_PHOTOS
from services.store.db import Store
from services.store.effect_tables import EFFECTS
from services.store.group_commit import outlive
from services.store.person_rows import (
    insert_for,
    lock_one,
    lock_people,
    mark_due,
    of_people,
    of_person,
    those,
    upsert,
)
from services.store.tables import PEOPLE
from services.store.timeline import pause_of

_ANSWERED = select(ASKED_PHOTOS.c.request, ASKED_PHOTOS.c.answer).where(of_people(ASKED_PHOTOS))
NOT_DONE = "request_timeout"
"""The error of a photo that was not put on in time, or of which nobody knows; Slack's word for that."""

_CONTENT, _ANSWER = "asked_photos.content", "asked_photos.answer"


@dataclass(frozen=True, slots=True)
class AskedPhoto:
    """One that waits, until `until` at most. `crop` is x, y and width.

    `begun_at`: Slack was, or was about to be, called; it showed the photo of the hash `before` then.
    """

    request: str
    content: bytes = field(repr=False)
    crop: tuple[int, int, int]
    asked_at: datetime
    until: datetime
    begun_at: datetime | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class PhotoAnswer:
    """What came of one: what Slack shows (`profile`), or its word for why not (`error`)."""

    profile: Mapping[str, Any] = field(default_factory=dict, repr=False)
    error: str = ""


class AskedPhotoStore(Store):
    """Takes them in, and keeps what comes of them."""

    async def ask(self, key: PersonKey, asked: AskedPhoto) -> bool:
        """Have a photo put on, in the place of another one that waits.

        False where Slack is being called for another one. Raises NotGrantedError.
        """
        sealed, now = (
            await off_loop(self._encryptor.seal, asked.content, _CONTENT, key.team_id, key.user_id),
            asked.asked_at,
        )
        fresh = {
            "request": asked.request, "content": sealed, "crop": ",".join(map(str, asked.crop)), "asked_at": now,
            "until": asked.until, "begun_at": None, "before": "", "answer": None,
        }  # fmt: skip
        place = {"team_id": key.team_id, "user_id": key.user_id}
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            row = await self._row(connection, key)
            if row is not None and row.begun_at is not None and row.answer is None:
                return False
            await connection.execute(upsert(connection, ASKED_PHOTOS, place | fresh, fresh))
            new = {"effect": Effect.PHOTO.value, "due_at": now, "seq": 1, "turn": 0, "failures": 0, "owed": False}
            insert = insert_for(connection, EFFECTS).values(place | new)
            marked = {"due_at": now, "seq": EFFECTS.c.seq + 1, "failures": 0}
            key_of = ["team_id", "user_id", "effect"]
            await connection.execute(insert.on_conflict_do_update(index_elements=key_of, set_=marked))
            await mark_due(connection, key, now, stale=False, typed=True)  # so that the senders are told
        return True

    async def answer_of(self, key: PersonKey, request: str) -> PhotoAnswer | None:
        """Return what came of a request, None before it is known.

        Raises LookupError where another one took its place.
        """
        (rows,) = await self._database.rows((_ANSWERED, those([key])))
        if not rows or rows[0].request != request:
            raise LookupError(request)
        plain = self._encryptor.open_bytes(rows[0].answer, _ANSWER, key.team_id, key.user_id)
        return None if plain is None else msgspec.json.decode(plain, type=PhotoAnswer)

    async def take_back(self, key: PersonKey, request: str, *, anyway: bool = False) -> bool:
        """Forget a request, which is not carried out from now on; False where Slack is being called for it.

        `anyway`: no matter, because that has been so for too long.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            row = await self._row(connection, key)
            if row is None or row.request != request:
                return True
            if row.begun_at is not None and row.answer is None and not anyway:
                return False
            await connection.execute(delete(ASKED_PHOTOS).where(_is(key, request)))
        return True

    def outlive(self, work: Coroutine[Any, Any, object]) -> None:
        """Do `work` to its end though whoever waits for it is told to stop."""
        outlive(self._database, work)

    # ── for the sender ──────────────────────────────────────────────────────────────────────────────

    async def waiting(self, key: PersonKey) -> AskedPhoto | None:
        """Return the one that is not answered yet. Raises SealError."""
        mine = select(ASKED_PHOTOS).where(of_person(ASKED_PHOTOS, key), ASKED_PHOTOS.c.answer.is_(None))
        row = await self._database.fetch_one(mine)
        if row is None:
            return None
        content = await off_loop(self._encryptor.open_bytes, row.content, _CONTENT, key.team_id, key.user_id)
        x, y, w = map(int, row.crop.split(","))
        return AskedPhoto(row.request, content or b"", (x, y, w), row.asked_at, row.until, row.begun_at, row.before)

    async def begin(self, due: DueEffect, request: str, before: str, now: datetime) -> bool:
        """Slack is about to be called, and shows the photo of the hash `before`.

        False, and it may not be: it was taken back, or begun, or the person has paused or has another grant.
        """
        key = due.key
        theirs = select(
            PEOPLE.c.grant_state, PEOPLE.c.granted_at, PEOPLE.c.paused_from, PEOPLE.c.paused_until, PEOPLE.c.leave_by
        )
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            person = (await connection.execute(theirs.where(of_person(PEOPLE, key)))).one_or_none()
            if person is None or person.leave_by is not None or person.grant_state != GrantState.OK:
                return False
            if person.granted_at != due.granted_at or pause_of(person.paused_from, person.paused_until) != due.pause:
                return False
            waits = and_(_is(key, request), ASKED_PHOTOS.c.begun_at.is_(None), ASKED_PHOTOS.c.answer.is_(None))
            begun = update(ASKED_PHOTOS).where(waits).values(begun_at=now, before=before)
            return bool((await connection.execute(begun)).rowcount)

    async def not_called(self, key: PersonKey, request: str) -> None:
        """Slack did not do it, and may be called once more."""
        await self._database.execute(update(ASKED_PHOTOS).where(_is(key, request)).values(begun_at=None))

    async def answer(self, key: PersonKey, request: str, answer: PhotoAnswer) -> None:
        """Keep what came of a request until whoever waits for it has read it; the picture is not needed any more."""
        sealed = self._encryptor.seal(msgspec.json.encode(answer), _ANSWER, key.team_id, key.user_id)
        known = update(ASKED_PHOTOS).where(_is(key, request), ASKED_PHOTOS.c.answer.is_(None))
        await self._database.execute(known.values(answer=sealed, content=None))

    async def drop(self, key: PersonKey, request: str) -> None:
        """Nobody waits for it any more."""
        waits = and_(_is(key, request), ASKED_PHOTOS.c.begun_at.is_(None))
        await self._database.execute(delete(ASKED_PHOTOS).where(waits))

    async def _row(self, connection: AsyncConnection, key: PersonKey) -> Any:
        mine = select(ASKED_PHOTOS.c.request, ASKED_PHOTOS.c.begun_at, ASKED_PHOTOS.c.answer)
        return (await connection.execute(mine.where(of_person(ASKED_PHOTOS, key)))).one_or_none()


def _is(key: PersonKey, request: str) -> Any:
    return and_(of_person(ASKED_PHOTOS, key), ASKED_PHOTOS.c.request == request)
