"""What one key does not open: a member gets their sentence and an id, the operator the cure and the same id."""

from __future__ import annotations

import re

import sqlalchemy as sa
from structlog.testing import capture_logs

from services.domain.operator_errors import SealError
from services.platform import locale
from services.platform.crypto import Encryptor, new_key
from services.store.tables import OVERRIDES
from tests.support.running_app import ANN, RunningApp


async def test_member_reads_nothing_of_keys_and_the_operator_finds_the_id(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.types("/quo", "Lunch for 2h")
    other = Encryptor([new_key()])
    sealed = other.seal("{}", "overrides.content", "T", "U", "o")
    await running_app.tampers(sa.update(OVERRIDES).values(content=sealed))
    with capture_logs() as logged:
        answer = await running_app.slack.people.command(ANN, "/quo", "why")
    text = str((answer.json() or {})["text"])
    (error_id,) = re.findall(r"Error ([0-9a-f]{8})", text)
    assert text == f"{locale.say('en-US', SealError.sentence())} (Error {error_id})"
    assert "ENCRYPTION_KEYS" not in text
    (line,) = [one for one in logged if one.get("error_id") == error_id]
    assert (line["error"], line["reason"]) == ("SealError", "cannot be opened")
    assert "ENCRYPTION_KEYS" in SealError.for_operator()
