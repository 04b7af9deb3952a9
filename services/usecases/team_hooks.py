"""Hooks to which leave systems post the leave of a workspace, by the members' e-mail addresses.

A list takes the place of the one before it. What it says is kept as the entries of a leave calendar and matched like
any other's; that it is answered line by line needs a look at the members at once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import structlog

from services.calendars.connections import A_MINUTE
from services.domain.leave_lines import LeaveLine, LeaveMember, MatchResult
from services.domain.model import Event, EventType, PersonKey, ShowAs, WallTimes
from services.domain.request_errors import RequestError, TooManyRequestsError, UnknownPathError
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor, digest_of
from services.platform.minute_limits import MinuteLimits
from services.ports import Clock, WakeSignal
from services.store.leave import LeaveStore
from services.store.members import MemberStore
from services.store.team_hooks import TeamHook, TeamHookStore
from services.usecases.leave_matcher import LeaveMatcher
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)

PATH = "/hooks/team"
_BYTES = 32
_MANY = 200
_UTC = ZoneInfo("UTC")
_NOON = time(12)
_DAY = timedelta(days=1)


class FewerLinesError(RequestError):
    """That is empty, or fewer than half of the lines sent last. Send it with `?replace=all` if it is meant."""

    http_status = 409


class Half(StrEnum):
    """Half of a day: until noon, or from noon on."""

    MORNING = "am"
    AFTERNOON = "pm"


@dataclass(frozen=True, slots=True)
class SentLeave:
    """One line: whose leave it is by their e-mail address, from the first day to the last, or half of that day."""

    address: str = field(repr=False)
    first: date
    last: date
    half: Half | None = None
    kind: str = field(default="", repr=False)


class LineResult(StrEnum):
    """What became of a line (contract.md)."""

    MATCHED = "matched"
    UNKNOWN = "unknown"
    NOT_LEAVE = "not_leave"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What became of a line, in a sentence that repeats nothing of it."""

    result: LineResult
    sentence: str


_MATCHED = LineAnswer(LineResult.MATCHED, "Counts as leave of the member with that e-mail address.")
_UNKNOWN = LineAnswer(LineResult.UNKNOWN, "No member of the workspace has that e-mail address.")
_TWO = LineAnswer(LineResult.UNKNOWN, "More than one member of the workspace has that e-mail address.")
_UNREAD = LineAnswer(
    LineResult.UNKNOWN, "The members of the workspace are being read; it counts as soon as one has that e-mail address."
)
_NOT_LEAVE = LineAnswer(
    LineResult.NOT_LEAVE, "That kind is not on the workspace's list of types of leave. An admin can add it."
)
_REFUSED = LineAnswer(LineResult.NOT_LEAVE, "The member does not want leave of this workspace to count.")
_ANSWERS = {
    MatchResult.MATCHED: _MATCHED,
    MatchResult.UNKNOWN: _UNKNOWN,
    MatchResult.TWO: _TWO,
    MatchResult.NOT_LEAVE: _NOT_LEAVE,
}


@dataclass(frozen=True, slots=True)
class TeamHooks:
    """What the admins' section and the hooks' addresses call."""

    hooks: TeamHookStore
    leave: LeaveStore
    members: MemberStore
    policies: WorkspacePolicy
    matcher: LeaveMatcher
    encryptor: Encryptor
    clock: Clock
    wake_signal: WakeSignal
    base_url: str
    """PUBLIC_URL without a slash at its end."""
    _limits: MinuteLimits = field(default_factory=lambda: MinuteLimits(A_MINUTE), init=False)

    # ── the admins' side ────────────────────────────────────────────────────────────────────────────

    async def create(self, admin: PersonKey) -> str:
        """Make a hook of the admin's workspace and return its address, which is kept nowhere. Raises TooManyError."""
        secret, now = secrets.token_urlsafe(_BYTES), self.clock.now()
        key = await self.leave.begin(admin, now)
        calendar_id = await self.hooks.create(key, digest_of(secret), admin.user_id, now)
        await self.leave.look_again(admin.team_id, now)
        log.info("team_hook_created", team_id=admin.team_id, user_id=admin.user_id, calendar_id=calendar_id)
        self.wake_signal.wake()
        return self._address(secret)

    async def rotate(self, team_id: str, calendar_id: str) -> str | None:
        """Give a hook a new address, which is returned; the old one ends at once. None where there is no such hook."""
        secret = secrets.token_urlsafe(_BYTES)
        if not await self.hooks.rotate(team_id, calendar_id, digest_of(secret)):
            return None
        log.info("team_hook_rotated", team_id=team_id, calendar_id=calendar_id)
        return self._address(secret)

    # ── the address's side ──────────────────────────────────────────────────────────────────────────

    async def find(self, secret: str) -> TeamHook:
        """Find the hook of that secret. Raises UnknownPathError, TooManyRequestsError where it is used too often."""
        hook = await self.hooks.find(digest_of(secret))
        if hook is None:
            raise UnknownPathError("no such hook")
        wait = self._limits.wait(hook.calendar_id, self.clock.now())
        if wait:
            raise TooManyRequestsError("team hook", retry_after=wait)
        return hook

    async def take(self, hook: TeamHook, sent: Sequence[SentLeave | str], *, all_of_it: bool) -> list[LineAnswer]:
        """Make what was `sent` the whole list of the hook: each line, or what is wrong with it; what becomes of each.

        Raises FewerLinesError where it is empty, or fewer than half of the last one, unless that is meant: `all_of_it`.
        """
        now = self.clock.now()
        lines = {number: line for number, line in enumerate(sent) if isinstance(line, SentLeave)}
        if not sent and not all_of_it:
            raise FewerLinesError("empty")
        entries = await off_loop_if(len(lines) >= _MANY, self._events, lines.values())
        kept = await self.hooks.replace(hook, entries, now, all_of_it=all_of_it)
        if kept is None:
            raise UnknownPathError("the hook is gone")
        if not kept:
            raise FewerLinesError("fewer than half")
        log.info("team_hook_taken", team_id=hook.team_id, calendar_id=hook.calendar_id, lines=len(sent))
        self.wake_signal.wake()
        found = await self._matched(hook.team_id, lines)
        broken = {
            number: LineAnswer(LineResult.INVALID, line) for number, line in enumerate(sent) if isinstance(line, str)
        }
        return [(found | broken)[number] for number in range(len(sent))]

    async def _matched(self, team_id: str, lines: dict[int, SentLeave]) -> dict[int, LineAnswer]:
        if await self.members.read_at(team_id) is None:
            return dict.fromkeys(lines, _UNREAD)
        members = [one for one in await self.members.all(team_id) if one.is_colleague]
        policy = await self.policies.of(team_id)
        matched = await self.matcher.match(
            team_id,
            [LeaveLine(str(number), line.kind, line.address) for number, line in lines.items()],
            [LeaveMember(one.user_id, one.names, one.address) for one in members],
            {},
            policy.leave_types,
        )
        refused = await self.leave.choices.refused(team_id)
        return {int(one.line_id): _REFUSED if one.user_id in refused else _ANSWERS[one.result] for one in matched}

    def _events(self, lines: Iterable[SentLeave]) -> list[Event]:
        """Return what was sent as entries of a calendar, each once."""
        return list({event.uid: event for event in map(self._event, lines)}.values())

    def _event(self, line: SentLeave) -> Event:
        """Return a line as the entry of a calendar.

        Its kind is the title, the address stands in place of the organizer.
        """
        midnight = datetime.combine(line.first, time())
        wall = WallTimes(midnight, datetime.combine(line.last + _DAY, time()))
        if line.half is Half.MORNING:
            wall = WallTimes(midnight, datetime.combine(line.first, _NOON))
        elif line.half is Half.AFTERNOON:
            wall = WallTimes(datetime.combine(line.first, _NOON), wall.end)
        start, end = wall.instants(_UTC)
        said = [line.address.casefold(), line.first.isoformat(), line.last.isoformat(), line.half or "", line.kind]
        return Event(
            calendar_id="", uid=self.encryptor.digest(json.dumps(said).encode()), start=start, end=end,
            all_day=line.half is None, wall=wall, type=EventType.OUT_OF_OFFICE, show_as=ShowAs.OUT_OF_OFFICE,
            title=line.kind, organizer_text=line.address,
        )  # fmt: skip

    def _address(self, secret: str) -> str:
        return f"{self.base_url}{PATH}/{secret}"
