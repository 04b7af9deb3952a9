"""Slack's side of one person, which forgives nothing: whoever changes what is not theirs fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.domain import effects
from services.domain.model import NO_STATUS, Effect, Status

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
US, THEM = "us", "them"
NOBODYS, OURS = "Slack's own picture", "our picture"


@dataclass
class Slack:
    """Slack's side of one person. `by` hand changes everything; we may change nothing that is theirs.

    A status and a snooze end by themselves, away does not; a picture has another hash at each change. `stuck`: Slack
    fails to clear a status at its end. `ceiling`: minutes that it takes of a snooze.
    """

    now: datetime = START
    status: Status = NO_STATUS
    stuck: bool = False
    snooze: tuple[datetime, str] | None = None
    ceiling: int = effects.LONGEST_SNOOZE
    away: str = ""
    picture: str = NOBODYS
    theirs: str = NOBODYS  # the picture that they had last set
    changes: int = 0
    calls: int = 0

    def tick(self, now: datetime) -> None:
        self.now = now
        end = self.status.expiration
        if end is not None and end <= now and not self.stuck:
            self.status = NO_STATUS
        if self.snooze is not None and self.snooze[0] <= now:
            self.snooze = None

    @property
    def hash(self) -> str:
        return f"hash {self.changes}"

    def is_ours(self, effect: Effect) -> bool:
        """Whether something of ours is on, and not about to end by itself."""
        if effect is Effect.DND:
            return self.snooze is not None and self.snooze[1] is US and self.snooze[0] > self.now + effects.RUNS_OUT
        return self.away is US if effect is Effect.AWAY else self.picture.startswith(OURS)

    def show(self, picture: str) -> None:
        self.picture, self.changes = picture, self.changes + 1

    # ── what we call ────────────────────────────────────────────────────────────────────────────

    def set_status(self, status: Status) -> None:
        assert status.expiration is None or status.expiration > self.now
        assert status.empty or status.expiration is None or status.expiration.microsecond == 0
        self.status, self.calls = status, self.calls + 1

    def set_snooze(self, minutes: int) -> None:
        assert self.snooze is None or self.snooze[1] is US
        assert 1 <= minutes <= self.ceiling
        self.snooze, self.calls = (self.now + minutes * MINUTE, US), self.calls + 1

    def end_snooze(self) -> None:
        assert self.snooze is None or self.snooze[1] is US
        self.snooze, self.calls = None, self.calls + 1

    def set_presence(self, *, away: bool) -> None:
        assert self.away is not THEM
        self.away, self.calls = US if away else "", self.calls + 1

    def put_on(self, picture: str, *, over: str) -> None:
        assert self.picture == over
        self.show(picture)
        self.calls += 1
