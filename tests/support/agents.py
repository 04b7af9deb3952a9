"""Somebody's keys for agents, over a real database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emulators.slack import LocalSlack
from services.domain.agents import SLACKBOT, Caller, May
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.agents import AgentStore
from services.store.db import Database
from services.store.policies import PolicyStore
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_numbers import NumberStore
from services.usecases.agents import AgentKeys
from services.usecases.workspace import OperatorAllows, WorkspacePolicy
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal

ANN, BOB = PersonKey("T1", "U1"), PersonKey("T1", "U2")
AS_SLACKBOT = Caller(ANN, "Slackbot", May.WRITE, SLACKBOT)


@dataclass
class KeyProcess:
    """One process' worth of keys, on a database that it may share."""

    database: Database
    encryptor: Encryptor
    clock: ManualClock
    operator: OperatorAllows = field(default_factory=OperatorAllows)

    def __post_init__(self) -> None:
        self.store = AgentStore(self.database, self.encryptor)
        self.policies = WorkspacePolicy(
            PolicyStore(self.database), NumberStore(self.database), self.clock, CountingWakeSignal(), self.operator
        )
        self.keys = AgentKeys(self.store, self.policies, self.clock)

    async def makes(self, name: str = "Claude", may: May = May.WRITE, key: PersonKey = ANN) -> str:
        """A new key's secret."""
        return (await self.keys.make(key, name, may))[1]

    async def calls(
        self, secret: str, operation: str = "get_status", *, writes: bool = False, request: str = ""
    ) -> None:
        """An agent with that key calls."""
        await self.call_of(await self.keys.caller(secret), operation, writes=writes, request=request)

    async def call_of(
        self, caller: Caller, operation: str = "get_status", *, writes: bool = False, request: str = "",
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        """A call of somebody who is known already."""
        at = at or self.clock.now()
        await self.keys.admit(caller, operation, writes=writes, request=request or "r", at=at)

    async def count(self, table: sa.Table[Any]) -> int:
        """How many rows a table has."""
        async with self.database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def people_with_grants(database: Database, now: datetime) -> None:
    """Ann and Bob, who allowed us their status."""
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=now))
        granted = {"created_at": now, "granted_at": now, "grant_state": "ok"}
        await connection.execute(
            sa.insert(PEOPLE), [{"team_id": key.team_id, "user_id": key.user_id, **granted} for key in (ANN, BOB)]
        )


# ── in Slack ────────────────────────────────────────────────────────────────────────────────────────


def filled_in(name: str = "", may: str = "read") -> dict[str, Any]:
    """The fields of a new key."""
    option = {"text": {"type": "plain_text", "text": may}, "value": may}
    return {
        "name": {"value": {"type": "plain_text_input", "value": name or None}},
        "may": {"value": {"type": "radio_buttons", "selected_option": option}},
    }


def secrets_in(view: dict[str, Any]) -> set[str]:
    """The secrets that a view, or anything else, shows."""
    return set(re.findall(r"quo_[A-Za-z0-9_-]{43}", json.dumps(view)))


async def makes_key(slack: LocalSlack, user: str, name: str = "Claude", may: str = "write") -> str:
    """Somebody types `/quo keys` and makes a key; its secret, as the modal shows it."""
    await slack.people.command(user, "/quo", "keys")
    await clicks(slack, user, "make_key", filled_in(name, may))
    (secret,) = secrets_in(slack.modals[user][-1].view)
    return secret


async def clicks(slack: LocalSlack, user: str, action_id: str, values: dict[str, Any] | None = None) -> None:
    """They click a button of the modal on top, with its fields filled in so."""
    action = {"type": "button", "action_id": action_id}
    answer = await slack.people.click_in_view(user, slack.modals[user][-1].view_id, action, values)
    assert answer.status == 200, (answer.status, answer.body)
