"""PostgreSQL's address as its own programs take it: what a provider's page gives is pasted as it is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.domain.operator_errors import DatabaseError
from services.store import schema
from services.store.db import Database, plain_address

INTO_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_parameters_have_the_names_that_postgresql_gives_them() -> None:
    assert plain_address("postgresql+asyncpg://u:p%40@h/d?ssl=require") == (
        "postgresql://u:p%40@h/d?application_name=statusquo&sslmode=require"
    )


@INTO_POSTGRESQL
@pytest.mark.parametrize("name", ["sslmode", "ssl"])
async def test_address_may_say_how_the_way_is_sealed(database_url: str, name: str) -> None:
    database = Database(f"{database_url}?{name}=disable&application_name=quo")
    assert await database.scalar(sa.select(sa.func.current_setting("application_name"))) == "quo"
    await database.close()


@INTO_POSTGRESQL
@pytest.mark.parametrize("query", ["sslmode=require", "sslmode=bogus", "nonsense=1"])
async def test_what_the_server_cannot_do_is_an_error_of_ours(database_url: str, query: str) -> None:
    database = Database(f"{database_url}?{query}")
    with pytest.raises(DatabaseError):
        await schema.current(database)
    await database.close()
