"""What a database needs that is a copy from before: what happened since is not in it, and nobody knows what was done.

What is to be done once may have been done, so it is done no more; everybody is looked at anew; whoever was forgotten
since is forgotten again. No process works on the database meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.effects import doubted
from services.domain.errors import StatusQuoError
from services.domain.model import Effect, PersonKey, Span, Stretch
from services.domain.operator_errors import RestoreError
from services.domain.people import LEAVE, GrantState
from services.domain.profile_state import recalled
from services.store.agent_models import AgentCallsRow, AgentKeyRow, AskedPhotoRow
from services.store.calendar_models import Calendar
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.effect_models import EffectRow, ReplyRow, StretchRow
from services.store.effects import keep_memory, memory_of
from services.store.forgotten import Forgotten, note
from services.store.models import Ask, OAuthState, Person, Workspace
from services.store.person_rows import ROWS, chunks, mark_all_due, mark_effects_due, of_people, of_person, those
from services.store.stores import Stores
from services.store.timeline import SPANS
from services.store.undo_models import UndoRow
from services.store.workspace_models import KeptRow, KeptWriteRow, LeaveRow

_EFFECTS, _STRETCHES = EffectRow.__table__, StretchRow.__table__
_NOW = bindparam("now", type_=UtcInstant)
_IN_DOUBT = (
    select(_EFFECTS, _STRETCHES.c.start_at, _STRETCHES.c.end_at, _STRETCHES.c.rule)
    .outerjoin(
        _STRETCHES,
        and_(
            of_person(_STRETCHES.c, _EFFECTS.c), _STRETCHES.c.effect == _EFFECTS.c.effect,
            _STRETCHES.c.start_at <= _NOW, _STRETCHES.c.end_at > _NOW,
        ),
    )
    .order_by(_EFFECTS.c.team_id, _EFFECTS.c.user_id, _EFFECTS.c.effect)
)  # fmt: skip

_BEGUN = select(SPANS).where(of_people(SPANS), SPANS.c.start_at <= _NOW).order_by(SPANS.c.start_at)


async def forget_again(stores: Stores, forgotten: Sequence[Forgotten], made_at: datetime | None, now: datetime) -> int:
    """Delete who was forgotten after they came and after `made_at`, if known; how many people and workspaces.

    Raises RestoreError for somebody who was forgotten under a key that is not ours: nobody could tell who that was.
    """
    since = [one for one in forgotten if made_at is None or one.at > made_at]
    ours = {key_id for key_id, _ in stores.encryptor.pseudonyms("", "")}
    if strange := sum(one.key_id not in ours for one in since):
        raise RestoreError(
            f"{strange} of the forgotten are under a key that is not here: add that key at the end of ENCRYPTION_KEYS"
        )
    latest = {one.digest: one.at for one in since}

    def was_forgotten(team_id: str, user_id: str, came_at: datetime | None) -> bool:
        at = max(
            (latest[one] for _, one in stores.encryptor.pseudonyms(team_id, user_id) if one in latest), default=None
        )
        return at is not None and (came_at is None or at > came_at)

    done = 0
    for team_id, installed_at in await stores.database.fetch(select(Workspace.team_id, Workspace.installed_at)):
        if was_forgotten(team_id, "", installed_at):
            done += await stores.workspaces.delete(team_id, now)
    gone = [key for key, came_at in (await _known(stores)).items() if was_forgotten(key.team_id, key.user_id, came_at)]
    for key in gone:
        await stores.leavers.begin(key, now, now)
    for leaver in await stores.leavers.all():
        # What was ours at Slack was taken back, and their token revoked, when they were forgotten.
        if leaver.key in gone:
            await stores.leavers.delete(leaver)
    async with stores.database.write() as connection:
        await note(connection, forgotten)
    return done + len(gone)


async def revoke_keys(database: Database) -> int:
    """Delete all keys of agents: one that was revoked since would let in again. How many there were."""
    async with database.write() as connection:
        await connection.execute(delete(AgentCallsRow))
        return (await connection.execute(delete(AgentKeyRow))).rowcount


async def settle(stores: Stores, now: datetime) -> None:
    """Have nothing done twice, and everybody looked at anew. To be called when nothing else is to be done."""
    async with stores.database.write() as connection:
        for once in (OAuthState, Ask, UndoRow, AskedPhotoRow):
            await connection.execute(delete(once))
        await connection.execute(update(ReplyRow).values(due_at=None))  # told today, rather than told twice
        for table in (Calendar, KeptRow):
            await connection.execute(update(table).where(table.due_at.is_not(None)).values(due_at=now))
        renewed = update(Calendar).where(Calendar.watch_due_at.is_not(None))  # the watches of then may be gone
        await connection.execute(renewed.values(watch_due_at=now))
    while due := await stores.digests.due(now, ROWS):
        for digest in due:
            await stores.digests.take_up(digest, now, "restored")
    for keys in chunks(await _people(stores)):
        spans = await _last_shown(stores, keys, now)
        async with stores.database.write() as connection:
            for key in keys:
                await _recall(stores, connection, key, spans.get(key), now)
            await mark_all_due(connection, dict.fromkeys(keys, now))
    await _doubt_effects(stores, now)


async def _people(stores: Stores) -> list[PersonKey]:
    theirs = select(Person.team_id, Person.user_id).where(
        Person.user_id != LEAVE, or_(Person.due_at.is_not(None), Person.grant_state == GrantState.OK.value)
    )
    return [PersonKey(row.team_id, row.user_id) for row in await stores.database.fetch(theirs)]


async def _last_shown(stores: Stores, keys: Sequence[PersonKey], now: datetime) -> Mapping[PersonKey, Span]:
    """Return the last span until `now` that shows something, of each of `keys` who has one."""
    found: dict[PersonKey, Span] = {}
    for row in await stores.database.fetch(_BEGUN, those(keys, now=now)):
        with suppress(StatusQuoError, ValueError):  # as below
            if (span := stores.due.spans.span(row)).shows:
                found[PersonKey(row.team_id, row.user_id)] = span
    return found


async def _recall(
    stores: Stores, connection: AsyncConnection, key: PersonKey, span: Span | None, now: datetime
) -> None:
    """Remember `span` as about to be written. What cannot be read stays: the app tells of it when it comes to it."""
    states = ProfileStateStore(stores.encryptor)
    with suppress(StatusQuoError, ValueError):
        await states.save(connection, key, recalled(await states.load(connection, key), span, now))


async def _doubt_effects(stores: Stores, now: datetime) -> None:
    rows = await stores.database.fetch(_IN_DOUBT, {"now": now})
    for some in chunks(rows):
        async with stores.database.write() as connection:
            for row in some:
                key, effect = PersonKey(row.team_id, row.user_id), Effect(row.effect)
                stretch = None if row.start_at is None else Stretch(effect, row.start_at, row.end_at, rule=row.rule)
                with suppress(StatusQuoError, ValueError):  # as above
                    memory = doubted(memory_of(row.memory, key, effect, stores.encryptor), stretch, now)
                    await keep_memory(connection, stores.encryptor, key, effect, memory)
            await mark_effects_due(connection, [PersonKey(row.team_id, row.user_id) for row in some], now)


async def _known(stores: Stores) -> Mapping[PersonKey, datetime | None]:
    """Return everybody of whom something is stored, with when they came, or allowed it last.

    None: never by themselves.
    """
    known: dict[PersonKey, datetime | None] = {}
    for table in (LeaveRow, KeptRow, KeptWriteRow):
        for row in await stores.database.fetch(select(table.team_id, table.user_id).distinct()):
            known[PersonKey(row.team_id, row.user_id)] = None
    people = select(Person.team_id, Person.user_id, Person.created_at, Person.granted_at).where(Person.user_id != LEAVE)
    for row in await stores.database.fetch(people):
        known[PersonKey(row.team_id, row.user_id)] = max(row.created_at, row.granted_at or row.created_at)
    return known
