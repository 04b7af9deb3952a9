"""Matching leave with members away from the app: titles and names are strangers' text, and there are many of both."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec
import structlog

from services.domain.errors import CalendarTooCostlyError
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched
from services.platform.readers import Readers
from services.usecases.leave_question import ERRORS, LeaveQuestion

log = structlog.get_logger(__name__)

MOST_LINES = 20_000
MOST_MEMBERS = 100_000
_AT_ONCE = 2000  # members that are written at once: a few milliseconds of the loop
_SECONDS = 20.0
_MEMORY = 768 * 2**20


class LeaveMatcher:
    """Matches in a process of its own, one workspace after the other."""

    def __init__(self, *, seconds: float = _SECONDS, memory: int = _MEMORY) -> None:
        """At most so many `seconds` and so much `memory`, in bytes, for each question."""
        self._readers = Readers(
            "services.usecases.leave_worker", ERRORS, CalendarTooCostlyError, workers=1, seconds=seconds, memory=memory
        )

    async def match(
        self,
        team_id: str,
        lines: Sequence[LeaveLine],
        members: Sequence[LeaveMember],
        ties: Mapping[str, str],
        types: Collection[str] = (),
    ) -> list[Matched]:
        """Return whose each line is: see `services.domain.leave.match`.

        Raises CalendarTooCostlyError for what is too much.
        """
        if len(lines) > MOST_LINES or len(members) > MOST_MEMBERS:
            raise CalendarTooCostlyError("lines or members", lines=len(lines), members=len(members))
        if not lines:
            return []
        blobs = [msgspec.json.encode(LeaveQuestion(list(lines), dict(ties), sorted(types)))]
        for at in range(0, len(members), _AT_ONCE):
            blobs.append(msgspec.json.encode(members[at : at + _AT_ONCE]))
            await asyncio.sleep(0)
        _, (answer,) = await self._readers.ask(team_id, {"task": "match"}, blobs)
        found = msgspec.json.decode(answer, type=list[Matched])
        log.debug("leave_matched", team_id=team_id, lines=len(lines), members=len(members))
        return found

    async def close(self) -> None:
        """End the process."""
        await self._readers.close()
