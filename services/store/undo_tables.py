"""The table of what can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Named, Table

from services.store.columns import Sealed, UtcInstant
from services.store.tables import ID, METADATA, OfPerson, of_person_row


class _UndosColumns(OfPerson):
    """What puts one change of a person back, for ten minutes."""

    undo_id: Named[str] = Column(ID, primary_key=True)
    expires_at: Named[datetime] = Column(UtcInstant)
    content: Named[bytes] = Column(Sealed)


UNDOS = Table("undos", METADATA, _UndosColumns, of_person_row(), Index("ix_undos_expires_at", "expires_at"))
