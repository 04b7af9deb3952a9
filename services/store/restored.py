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
from services.store.agent_tables import AGENT_CALLS, AGENT_KEYS, ASKED_PHOTOS
from services.store.calendar_tables import CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.effect_tables import EFFECTS, REPLIES, STRETCHES
from services.store.effects import keep_memory, memory_of
from services.store.forgotten import Forgotten, note
from services.store.person_rows import ROWS, chunks, mark_all_due, mark_effects_due, of_people, of_person, those
from services.store.stores import Stores
from services.store.tables import ASKS, OAUTH_STATES, PEOPLE, SPANS, WORKSPACES
from services.store.undo_tables import UNDOS
from services.store.workspace_tables import KEPT, KEPT_WRITES, LEAVES

_NOW = bindparam("now", type_=UtcInstant)
_IN_DOUBT = (
    select(EFFECTS, STRETCHES.c.start_at, STRETCHES.c.end_at, STRETCHES.c.rule)
    .outerjoin(
        STRETCHES,
        and_(
            of_person(STRETCHES, EFFECTS), STRETCHES.c.effect == EFFECTS.c.effect,
            STRETCHES.c.start_at <= _NOW, STRETCHES.c.end_at > _NOW,
        ),
    )
    .order_by(EFFECTS.c.team_id, EFFECTS.c.user_id, EFFECTS.c.effect)
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
    for team_id, installed_at in await stores.database.fetch(select(WORKSPACES.c.team_id, WORKSPACES.c.installed_at)):
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
        await connection.execute(delete(AGENT_CALLS))
        return (await connection.execute(delete(AGENT_KEYS))).rowcount


async def settle(stores: Stores, now: datetime) -> None:
    """Have nothing done twice, and everybody looked at anew. To be called when nothing else is to be done."""
    async with stores.database.write() as connection:
        for once in (OAUTH_STATES, ASKS, UNDOS, ASKED_PHOTOS):
            await connection.execute(delete(once))
        await connection.execute(update(REPLIES).values(due_at=None))  # told today, rather than told twice
        for table in (CALENDARS, KEPT):
            await connection.execute(update(table).where(table.c.due_at.is_not(None)).values(due_at=now))
        renewed = update(CALENDARS).where(CALENDARS.c.watch_due_at.is_not(None))  # the watches of then may be gone
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
    theirs = select(PEOPLE.c.team_id, PEOPLE.c.user_id).where(
        PEOPLE.c.user_id != LEAVE, or_(PEOPLE.c.due_at.is_not(None), PEOPLE.c.grant_state == GrantState.OK.value)
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
    for table in (LEAVES, KEPT, KEPT_WRITES):
        for row in await stores.database.fetch(select(table.c.team_id, table.c.user_id).distinct()):
            known[PersonKey(row.team_id, row.user_id)] = None
    people = select(PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.created_at, PEOPLE.c.granted_at).where(
        PEOPLE.c.user_id != LEAVE
    )
    for row in await stores.database.fetch(people):
        known[PersonKey(row.team_id, row.user_id)] = max(row.created_at, row.granted_at or row.created_at)
    return known
