from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from services.domain.operator_errors import NewerDatabaseError
from services.domain.people import GrantState
from services.platform.crypto import Encryptor
from services.store import schema
from services.store.db import Database
from services.store.health import HealthStore
from services.store.tables import DELIVERIES, METADATA, PEOPLE, WORKSPACES

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def test_migrated_database_is_at_head_and_has_no_drift(database: Database) -> None:
    assert await schema.current(database) == schema.head()
    assert await schema.drift(database) == []


async def test_drift_names_a_column_that_the_models_do_not_have(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("ALTER TABLE lanes ADD COLUMN surplus INTEGER"))
    assert [change[0] for change in await schema.drift(database)] == ["remove_column"]


async def test_process_goes_on_with_a_database_that_a_newer_version_updated_and_none_starts_on_it(
    sqlite_url: str, encryptor: Encryptor
) -> None:
    database = Database(sqlite_url)
    async with database.write() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert await HealthStore(database, encryptor).up_to_date()
    with pytest.raises(NewerDatabaseError, match=f"it is at step 9999, and this version knows {schema.head()}"):
        await schema.upgrade(database)
    assert await schema.current(database) == "9999"
    await database.close()
    assert [schema.serves(step) for step in (None, "0001", schema.head())] == [False, False, True]


async def test_grants_that_were_stored_as_resting_are_called_deactivated(database: Database) -> None:
    """Of a database that the program before step 0014 has written."""
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", name="", installed_at=NOW))
        await connection.run_sync(lambda one: command.downgrade(schema.configuration(connection=one), "0013"))
        for user_id, state in (("U1", "resting"), ("U2", "ok")):
            values = {"team_id": "T1", "user_id": user_id, "created_at": NOW, "grant_state": state}
            await connection.execute(sa.insert(PEOPLE).values(values))
    await schema.upgrade(database)
    async with database.read() as connection:
        states = list(await connection.scalars(sa.select(PEOPLE.c.grant_state).order_by(PEOPLE.c.user_id)))
    assert states == [GrantState.DEACTIVATED, GrantState.OK]


def test_name_of_each_step_file_begins_with_its_step() -> None:
    steps = [script.revision for script in ScriptDirectory.from_config(schema.configuration()).walk_revisions()]
    names = sorted(path.name for path in schema.MIGRATIONS.glob("versions/*.py"))
    assert [name.partition("_")[0] for name in names] == steps[::-1]
    assert schema.head() == steps[0]


def test_each_foreign_key_is_led_by_an_index() -> None:
    """Else each row that is deleted costs a look at every row that could hang on it."""
    for table in METADATA.sorted_tables:
        indexes = [tuple(index.columns.keys()) for index in table.indexes] + [tuple(table.primary_key.columns.keys())]
        for key in table.foreign_key_constraints:
            columns = tuple(key.column_keys)
            assert any(index[: len(columns)] == columns for index in indexes), (table.name, columns)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_sql_of_the_migrations_creates_each_table(dialect: str) -> None:
    printed = schema.sql(dialect)
    assert printed.count("CREATE TABLE") == len(METADATA.tables) + 1  # ours and alembic_version


async def test_naive_time_is_refused(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(sa.exc.StatementError, match="naive"):
            await connection.execute(
                sa.insert(DELIVERIES).values(team_id="T1", delivery_id="d", seen_at=datetime(2026, 11, 24))
            )


async def test_time_comes_back_to_the_microsecond_and_aware(database: Database) -> None:
    instant = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    async with database.write() as connection:
        await connection.execute(sa.insert(DELIVERIES).values(team_id="T1", delivery_id="d", seen_at=instant))
        assert await connection.scalar(sa.select(DELIVERIES.c.seen_at)) == instant


async def test_secret_in_clear_is_refused(database: Database, encryptor: Encryptor) -> None:
    row = {"team_id": "T1", "name": "", "installed_at": datetime(2026, 11, 24, tzinfo=UTC)}
    async with database.write() as connection:
        with pytest.raises(sa.exc.StatementError, match="SealedBytes"):
            await connection.execute(sa.insert(WORKSPACES).values(bot_token=b"xoxb-1", **row))
        sealed = encryptor.seal("xoxb-1", "workspaces.bot_token", "T1")
        await connection.execute(sa.insert(WORKSPACES).values(bot_token=sealed, **row))
        stored = await connection.scalar(sa.select(WORKSPACES.c.bot_token))
    assert stored is not None
    assert b"xoxb" not in stored
    assert encryptor.open(stored, "workspaces.bot_token", "T1") == "xoxb-1"
