"""Alembic's entry: over the connection it is handed, or printing SQL (`app.py migrate --sql`)."""

from __future__ import annotations

from alembic import context

from services.store.columns import Sealed, UtcInstant
from services.store.tables import METADATA


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """PgQueuer's own tables live in the same database and are not ours to compare."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """A step must not depend on the code of its day: our column types are written as what they are underneath."""
    if kind == "type" and isinstance(item, UtcInstant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Sealed):
        return "sa.LargeBinary()"
    return False


def run() -> None:
    """Run the asked steps in one transaction each."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        context.configure(
            dialect_name=context.config.attributes["dialect"], target_metadata=METADATA, literal_binds=True
        )
    else:
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            render_item=render_item,
            include_name=include_name,
            compare_type=True,
        )
    with context.begin_transaction():
        context.run_migrations()


run()
