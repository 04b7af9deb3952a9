"""What the operator has to mend: met and over, said once by whoever of all processes sees it first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from services.domain.faults import Fault, StandingFault
from services.ports import Clock
from services.store.faults import FaultStore

log = structlog.get_logger(__name__)

FIRST_LOOK = timedelta(seconds=5)
"""From when a workspace's tokens are refused until it is looked at for the first time whether they are taken."""

KNOWN_FOR = timedelta(minutes=10)
"""For how long one that is known to stand is not noted down again."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Faults:
    """The faults of the installation. In memory is what `look` has read last, and what was met."""

    def __init__(self, store: FaultStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[Fault, str], datetime] = {}  # and when each was noted down

    async def met(self, fault: Fault, detail: str, team_id: str = "") -> None:
        """Note that what is done for that workspace, or for nobody yet (""), meets the fault; say so if it is new."""
        now = self._clock.now()
        noted_at = self._known.get((fault, team_id))
        if noted_at is not None and now - noted_at < KNOWN_FOR:
            return
        due_at = now + FIRST_LOOK if fault is Fault.SLACK_TOKENS else now
        new = await self._store.met(fault, team_id, detail, now, due_at)
        self._known[fault, team_id] = now
        if new:
            log.error("operator_fault", fault=fault.value, detail=detail, team_id=team_id)

    async def works(self, fault: Fault, team_id: str = "") -> None:
        """Note that what meets it where it stands has worked, so it is over. Costs nothing where none is known."""
        if not any(known is fault and team_id in ("", home) for known, home in self._known):
            return
        if await self._store.over(fault, team_id):
            self._known = {
                (known, home): at
                for (known, home), at in self._known.items()
                if known is not fault or team_id not in ("", home)
            }
            log.info("operator_fault_over", fault=fault.value, team_id=team_id)

    async def look(self) -> Sequence[StandingFault]:
        """Read those that stand from the database; from now on they are known here."""
        standing = await self._store.standing()
        self._known = {
            (one.fault, one.team_id): self._known.get((one.fault, one.team_id), _LONG_AGO) for one in standing
        }
        return standing

    async def forget(self, before: datetime) -> None:
        """Take for over what nobody has met since `before`: whoever could would have."""
        for fault in await self._store.forget(before, self._clock.now()):
            log.info("operator_fault_over", fault=fault.value)
