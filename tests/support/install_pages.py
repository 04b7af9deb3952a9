"""What the pages at the end of an install say, and what was kept."""

from __future__ import annotations

from html import unescape
from re import search, sub
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from services.domain.model import PersonKey
from services.store.db import Database
from services.store.tables import PEOPLE
from tests.support.install_side import InstallSide

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")


def said(page: str) -> str:
    """The sentence on a page."""
    found = search(r"<p>(.*?)</p>", page)
    assert found, page
    return unescape(sub(r"</?code>", "`", found[1]))


async def count(database: Database, table: sa.Table[Any]) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def person(install_side: InstallSide, key: PersonKey) -> Any:
    async with install_side.database.read() as connection:
        return (
            await connection.execute(
                sa.select(PEOPLE).where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
            )
        ).one()


ALL_SET = "You are all set. Connect a calendar on my Home tab in Slack, and I do the rest."
EXPIRED = "This link has expired or was used already. Ask for a new one in Slack with `/quo`."


def path_of(link: str) -> str:
    assert link.startswith("https://quo.example/slack/install?link=")
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"
