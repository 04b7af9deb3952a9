"""What people do by hand in the week: statuses typed, commands, entries moved. Each is noted for the oracle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.soak.oracle import MEETING, NEVER, NOTHING, Act, Segment, Wish, expected, planned
from bench.soak.people import FEED, GOOGLE, IN_A_MEETING, MICROSOFT, Entry, Soaker, add
from bench.soak.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AWAY_FROM_EDGES = 1.5 * MINUTE
"""Nobody does anything so near to an edge that nobody could say which of the two came first."""

WHAT = (("own_with_end", 0.05), ("own", 0.06), ("back", 0.04), ("command", 0.08), ("change", 0.15))
"""What somebody does on a working day, and how probably."""

HTTP_OK = 200
_WEEKEND = 5

Later = Callable[[datetime, Callable[[], Awaitable[None]]], None]


@dataclass
class Hands:
    """`later` has something done at an instant; `quiet` tells whether nothing is down, or was a moment ago."""

    world: World
    chance: Random
    later: Later
    quiet: Callable[[], bool]
    poll: timedelta
    busy: set[str] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lost_pushes: int = 0

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def plan(self, one: Soaker, day: datetime) -> None:
        """Think up what they do on the day that begins at `day` (UTC)."""
        local = day.astimezone(ZoneInfo(one.zone)).date()
        if local.weekday() >= _WEEKEND:
            return
        names, shares = [name for name, _ in WHAT], [share for _, share in WHAT]
        what = self.chance.choices(["", *names], [1 - sum(shares), *shares])[0]
        if not what or (what == "change" and one.source not in {GOOGLE, MICROSOFT, FEED}):
            return
        start = datetime.combine(local, time(9), ZoneInfo(one.zone))
        at = start + timedelta(seconds=self.chance.uniform(0, 7.5 * 3600))
        self.later(at.astimezone(day.tzinfo), lambda: self._when_it_may_be(one, what, 20))

    async def _when_it_may_be(self, one: Soaker, what: str, tries: int) -> None:
        if one.user in self.busy or not tries:
            return
        around = expected(one.days, self.now - HOUR, self.now + 12 * HOUR)
        calm = self.quiet() and self._shows(one, around) and not self._near_an_edge(around)
        if not calm or not await self._do(one, what, around):
            self.later(self.now + 7 * MINUTE, lambda: self._when_it_may_be(one, what, tries - 1))
            return
        self.done[what] = self.done.get(what, 0) + 1
        one.did.append(f"{what} {self.now:%a %H:%M:%S}")

    def _near_an_edge(self, around: list[Segment]) -> bool:
        return any(abs(one.start - self.now) < AWAY_FROM_EDGES for one in around[1:])

    def _shows(self, one: Soaker, around: list[Segment]) -> bool:
        """Whether their profile shows already what it is to show: limits may let it wait for minutes."""
        shows = next(found.shows for found in around if found.end > self.now)
        self.world.slack.expiry.sweep()
        member = self.world.slack.member(one.user)
        return (member.text, member.emoji) == shows

    async def _do(self, one: Soaker, what: str, around: list[Segment]) -> bool:
        """Do it, if it can be done now."""
        if what == "own_with_end":
            return self._type(one, self.now + self.chance.choice((20, 45, 90)) * MINUTE)
        if what == "own":
            return self._type(one, None)
        if what == "back":
            return self._comes_back(one, around)
        if what == "command":
            return await self._commands(one)
        return self._far_change(one) if one.source == FEED or self.chance.random() < 0.3 else self._near_change(one)

    # ── statuses ────────────────────────────────────────────────────────────────────────────────────

    def _type(self, one: Soaker, until: datetime | None) -> bool:
        text, whole = f"Mine {len(one.days.acts)}", until.replace(microsecond=0) if until else None
        act = Act("own", self.now, whole or NEVER, (text, ":books:"), endless=whole is None)
        one.days.acts.append(act)
        self.world.slack.by_hand(one.user, *act.shows, whole)
        if whole is None:
            self.busy.add(one.user)
            self.later(self.now + self.chance.uniform(1, 3) * HOUR, lambda: self._take_off(one, act))
        return True

    async def _take_off(self, one: Soaker, act: Act) -> None:
        around = expected(one.days, self.now - HOUR, self.now + HOUR)
        shows = next(found.shows for found in around if found.end > self.now)
        free = _running(one, self.now).shows == NOTHING
        if not self.quiet() or self._near_an_edge(around) or shows != act.shows or not free:
            self.later(self.now + 5 * MINUTE, lambda: self._take_off(one, act))
            return
        act.end = self.now
        self.busy.discard(one.user)
        self.world.slack.by_hand(one.user, "", "", None)

    def _comes_back(self, one: Soaker, around: list[Segment]) -> bool:
        span = _running(one, self.now)
        shows = next(found.shows for found in around if found.end > self.now)
        if span.shows == NOTHING or span.shows != shows or span.end - self.now < 5 * MINUTE:
            return False
        if self.now - span.start < AWAY_FROM_EDGES:
            return False
        one.days.acts.append(Act("back", self.now, span.end))
        self.world.slack.by_hand(one.user, "", "", None)
        return True

    async def _commands(self, one: Soaker) -> bool:
        minutes = self.chance.choice((15, 30, 45))
        text = f"Snack {len(one.days.acts)}"
        act = Act("command", self.now, self.now + minutes * MINUTE, (text, ":pizza:"))
        free = all(found.shows == NOTHING for found in planned(one.days.wishes, self.now, act.end + HOUR))
        answer = await self.world.slack.people.command(one.user, "/quo", f":pizza: {text} for {minutes}m")
        if answer.status != HTTP_OK:
            self.wrong.append(f"/quo of {one.user} was answered {answer.status} {answer.failure}")
            return True
        one.days.acts.append(act)
        if free and self.chance.random() < 0.7:
            self.busy.add(one.user)
            self.later(self.now + minutes / 2 * MINUTE, lambda: self._clears(one, act))
        return True

    async def _clears(self, one: Soaker, act: Act) -> None:
        self.busy.discard(one.user)
        if not self.quiet():
            return
        now = self.now
        answer = await self.world.slack.people.command(one.user, "/quo", "clear")
        if answer.status == HTTP_OK:
            act.end = now
            self.done["clear"] = self.done.get("clear", 0) + 1
        else:
            self.wrong.append(f"/quo clear of {one.user} was answered {answer.status} {answer.failure}")

    # ── calendars ───────────────────────────────────────────────────────────────────────────────────

    def _near_change(self, one: Soaker) -> bool:
        """Something of today changes, which a push tells of."""
        now, minute = self.now, self.now.replace(second=0, microsecond=0)
        movable = [entry for entry in one.entries if entry.kind == MEETING and entry.wish.gone == NEVER]
        later = [entry for entry in movable if now + 3 * MINUTE < entry.wish.start < now + 6 * HOUR]
        runs = [entry for entry in movable if entry.wish.start < now - 2 * MINUTE and entry.wish.end > now + 3 * MINUTE]
        what = self.chance.choice(("add", "now", "remove", "move", "cut"))
        if what in {"add", "now"}:
            start = minute if what == "now" else minute + self.chance.randint(4, 60) * MINUTE
            entry = Entry(Wish(start, start + 30 * MINUTE, MEETING, IN_A_MEETING, known=now), "Ad hoc", MEETING)
            add(one, entry)
            self.world.add(one, entry)
        elif what == "cut" and runs:
            self._remove(one, self.chance.choice(runs))
        elif what == "remove" and later:
            self._remove(one, self.chance.choice(later))
        elif what == "move" and later:
            entry = self.chance.choice(later)
            entry.wish.gone = now
            entry.wish = Wish(
                entry.wish.start + 30 * MINUTE, entry.wish.end + 30 * MINUTE, MEETING, IN_A_MEETING, known=now
            )
            one.days.wishes.append(entry.wish)
            self.world.move(one, entry)
        else:
            return False
        return True

    def _far_change(self, one: Soaker) -> bool:
        """Something of the days to come changes; of a push that tells of it, every other one is lost."""
        far = self.now + self.poll * 1.5 + HOUR
        movable = [entry for entry in one.entries if entry.kind == MEETING and entry.wish.gone == NEVER]
        later = [entry for entry in movable if far < entry.wish.start]
        if not later:
            return False
        if one.source == GOOGLE and self.chance.random() < 0.5 and not self.world.google.faults.lose:
            self.world.google.faults.lose += 1
            self.lost_pushes += 1
        self._remove(one, self.chance.choice(later))
        return True

    def _remove(self, one: Soaker, entry: Entry) -> None:
        one.did.append(f"removed {entry.wish.start:%a %H:%M}")
        entry.wish.gone = self.now
        self.world.remove(one, entry)


def _running(one: Soaker, now: datetime) -> Segment:
    """What their calendar says now, and from when to when."""
    return next(span for span in planned(one.days.wishes, now - DAY, now + DAY) if span.end > now)
