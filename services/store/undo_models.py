"""The table of what can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.store.columns import Sealed, UtcInstant
from services.store.models import ID, OfPerson, of_person_row


class UndoRow(OfPerson):
    """What puts one change of a person back, for ten minutes."""

    __tablename__ = "undos"
    __table_args__ = (of_person_row(), Index("ix_undos_expires_at", "expires_at"))

    undo_id: Mapped[str] = mapped_column(ID, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcInstant)
    content: Mapped[bytes] = mapped_column(Sealed)
