"""Whatever happens to one person twice at once ends as if one had come after the other, and loses nothing of theirs.

For each pair of operations and each moment: the two ways of doing one after the other tell what may come of it. Then
their steps are taken in every other order, and what comes of those has to be one of the two.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import unified_diff
from functools import partial

import pytest

from services.domain.lines import Match, Rule, put
from services.domain.model import NO_STATUS, Kind, Look
from services.domain.people import Member, Tokens
from services.domain.text import same
from services.slack import scopes
from services.store.tables import METADATA
from tests.engine.interleavings.stage import ANN, LUNCH, READ, WRITE, Replica, Stage
from tests.engine.interleavings.steps import LOCK, Stepped, orders, run
from tests.support.engine import meeting

MINUTES = timedelta(minutes=1)


@dataclass(frozen=True)
class Operation:
    """What happens. `before` has happened already, and so has all up to `begins_after`.

    `answers`: what it gives is told to somebody, so it has to fit, too.
    """

    run: Callable[[Replica, Stage], Awaitable[object]]
    answers: bool = False
    before: Callable[[Stage], None] = lambda stage: None
    begins_after: str = ""


def types_lunch(stage: Stage) -> None:
    stage.slack.profile = LUNCH


def kills_tokens(stage: Stage) -> None:
    stage.slack.good.clear()


async def sees(replica: Replica, stage: Stage) -> object:
    return await replica.stores.people.see(ANN, LUNCH, stage.typed_at, stage.clock.now())


async def ticks(replica: Replica, stage: Stage) -> object:
    return await replica.tick()


async def keeps(replica: Replica, stage: Stage) -> object:
    return await replica.keep(stage.wish)


async def forgets(replica: Replica, stage: Stage) -> object:
    return await replica.leaving.forget(ANN)


async def grants(replica: Replica, stage: Stage) -> object:
    return await replica.stores.people.grant(
        ANN, Tokens("xoxp-new", frozenset(scopes.USER)), Member("Asia/Tokyo"), stage.now
    )


async def says(replica: Replica, stage: Stage) -> object:
    start, end = stage.now, stage.now + 30 * MINUTES
    return await replica.statuses.override(ANN, text="Quo", emoji=":zap:", start=start, end=end, request=replica.name)


async def undoes(replica: Replica, stage: Stage) -> object:
    return await replica.undos.undo(ANN, stage.undoable)


async def uninstalls(replica: Replica, stage: Stage) -> object:
    return await replica.leaving.uninstalled(ANN.team_id, stage.now)


async def edits_rules(replica: Replica, stage: Stage) -> object:
    rule = Rule(id=replica.name, name="", match=Match(kinds=frozenset({Kind.MEETING})), look=Look(text="Busy"))
    return bool(await replica.settings.change_lines(ANN, partial(put, line=rule)))


async def rotates_keys(replica: Replica, stage: Stage) -> object:
    return sum([report.changed async for report in replica.rotation.run()])


OPERATIONS = {
    "see": Operation(sees, before=types_lunch),
    "tick": Operation(ticks),
    "intend": Operation(keeps, begins_after=READ),
    "settle": Operation(keeps, begins_after=WRITE),
    "forget": Operation(forgets, answers=True),
    "grant": Operation(grants, answers=True),
    "/quo": Operation(says, answers=True),
    "undo": Operation(undoes, answers=True),
    "uninstall": Operation(uninstalls, answers=True, before=kills_tokens),
    "rule edit": Operation(edits_rules, answers=True),
    "key rotation": Operation(rotates_keys),
}
NOT_SERIAL = {("forget", "grant")}
"""Who allows us anew while they are being forgotten stays the person that they were: no serial order ends like that."""


# ── moments ─────────────────────────────────────────────────────────────────────────────────────────


async def asked(stage: Stage) -> None:
    """Ann typed `/quo Focus` over her "Coding"; the wish is in the sender's hand."""
    stage.undoable = await stage.says("Focus", 0, 45)
    await stage.wish_in_hand()


async def taken_back(stage: Stage) -> None:
    """And has taken it back: she is due."""
    focus = await stage.says("Focus", 0, 45)
    await stage.wish_in_hand()
    await stage.before.undos.undo(ANN, focus)


async def meeting_begins(stage: Stage) -> None:
    """A meeting is to cover her "Coding"; the wish is in the sender's hand."""
    await stage.has(meeting(stage.now, 60))
    await stage.wish_in_hand()


async def meeting_ends(stage: Stage) -> None:
    """A meeting that covers her "Coding" was cancelled; the wish to put that back is in the sender's hand."""
    await stage.has(meeting(stage.now - 30 * MINUTES, 60))
    await stage.before.settle()
    await stage.has()
    await stage.wish_in_hand()


async def meeting_begins_foreseen(stage: Stage) -> None:
    """A meeting begins over an empty profile: what is to be written is stored with the wish, and nothing was sent."""
    stage.own = stage.slack.profile = NO_STATUS
    await stage.has(meeting(stage.now, 60))
    await stage.wish_in_hand()
    assert stage.wish.memory.standing.pending is not None


MOMENTS = (asked, taken_back, meeting_begins, meeting_ends, meeting_begins_foreseen)


# ── the suite ───────────────────────────────────────────────────────────────────────────────────────


Recorder = Callable[[str, object], None]
ENGINE = {"see", "tick", "intend", "settle"}
FEW = (
    ("see", "intend"), ("tick", "forget"), ("settle", "uninstall"), ("/quo", "undo"), ("tick", "key rotation"),
    ("see", "tick"), ("grant", "uninstall"), ("intend", "rule edit"), ("settle", "/quo"), ("forget", "grant"),
)  # fmt: skip


@pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
async def test_two_at_once_end_as_one_after_the_other(stage: Stage, record_property: Recorder) -> None:
    """A few pairs, each operation in one of them, each pair in one of the moments and in one of the orders in which
    one gets between the other's steps: `slow` has every order of every pair in every moment."""
    pairs = [Pair(stage, names) for names in FEW]
    for number, moment in enumerate(MOMENTS):
        await stage.build(moment)
        for pair in pairs[number :: len(MOMENTS)]:
            await pair.examine(switches=2, most=1)
    report(pairs, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("first", OPERATIONS)
async def test_each_pair_ends_as_one_after_the_other(stage: Stage, first: str, record_property: Recorder) -> None:
    """Each pair in one of the moments, one of the orders; on SQLite those of which one is the engine's own."""
    names = list(OPERATIONS)
    pairs = [Pair(stage, (first, second)) for second in names[names.index(first) :]]
    if stage.database.is_sqlite:
        pairs = [pair for pair in pairs if not ENGINE.isdisjoint(pair.names)]
    for number, moment in enumerate(MOMENTS[: len(pairs)]):
        await stage.build(moment)
        for pair in pairs[number :: len(MOMENTS)]:
            await pair.examine(switches=2, most=1)
    if pairs:
        report(pairs, record_property)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
@pytest.mark.parametrize("first", OPERATIONS)
async def test_two_at_once_in_every_moment(
    stage: Stage, moment: Callable[[Stage], Awaitable[None]], first: str, record_property: Recorder
) -> None:
    """Each pair in each moment, in every order in which the turn changes twice.

    The engine's own also where it changes three times: a hundred of those orders, which are many.
    """
    names = list(OPERATIONS)
    await stage.build(moment)
    tried = [Pair(stage, (first, second)) for second in names[names.index(first) :]]
    for pair in tried:
        await pair.examine(switches=2)
        if {*pair.names} <= ENGINE:
            await pair.examine(switches=3, most=100)
    report(tried, record_property)


def report(tried: list[Pair], record_property: Recorder) -> None:
    """Count the orders for the summary at the end of the run; fail with every one that went wrong."""
    record_property("orders", (tried[0].stage.database.engine.dialect.name, sum(pair.tried for pair in tried)))
    failed = [one for pair in tried for one in pair.failed]
    if failed:
        pytest.fail("\n".join(failed), pytrace=False)


class Pair:
    """Two operations at once, and what may come of them: what came of the two serial orders."""

    def __init__(self, stage: Stage, names: tuple[str, str], operations: Mapping[str, Operation] = OPERATIONS) -> None:
        self.stage, self.names = stage, names
        self.operations = [operations[name] for name in names]
        self.failed: list[str] = []
        self.tried = 0
        self._touched = [frozenset(THINGS)] * 2
        self._good: set[str] = set()
        self._ends: dict[str, str] = {}

    async def examine(self, *, switches: int, most: int | None = None) -> None:
        """Try every order in which the turn changes at most `switches` times, or `most` of them.

        What touches nothing that the other one touches may as well come earlier or later: no step ends there.
        """
        serial = [await self._try(order) for order in (AFTER_EACH_OTHER, AFTER_EACH_OTHER[::-1])]
        self._touched = [touched(both[who].did for both in serial) for who in (1, 0)]
        steps = [
            max(sum(counts(self._touched[who], step) for step in both[who].steps) for both in serial) for who in (0, 1)
        ]
        mixed = [order for order in orders((steps[0], steps[1]), switches) if order.count("AB") + order.count("BA") > 1]
        if most is not None and len(mixed) > most:  # spread over all of them
            mixed = [mixed[(2 * number + 1) * len(mixed) // (2 * most)] for number in range(most)]
        for order in mixed:
            await self._try(order)

    async def _try(self, order: str) -> list[Stepped]:
        self.tried += 1
        stage, serial = self.stage, len(order) == len(AFTER_EACH_OTHER)
        await stage.restore()
        both = await self._begin()
        await run(both[0], both[1], order, stage.waits)
        said = [
            f"{name} {one.outcome}"
            for name, one, operation in zip(self.names, both, self.operations, strict=True)
            if operation.answers or one.outcome.startswith("BROKE")
        ]
        exact = "\n".join((*said, await stage.state(exact=True)))
        if exact in self._good:
            return both
        wrong = [line for line in said if "BROKE" in line]
        await stage.one.settle()
        end = "\n".join((*said, await stage.state(exact=False)))
        if serial:
            self._ends[end] = order[0]
        elif end not in self._ends and self.names not in NOT_SERIAL:
            wrong.append("no serial order ends like this: " + difference(end, self._ends))
        if "uninstall" not in self.names:  # else there is no token to do anything with
            wrong += [line async for line in self._shown_wrongly()]
        if wrong:
            steps = [" | ".join(step[:60] for step in one.steps) for one in both]
            self.failed.append("\n".join((f"{self.names} {order[0] if serial else order}", *wrong, *steps, "")))
        else:
            self._good.add(exact)
        return both

    async def _shown_wrongly(self) -> AsyncIterator[str]:
        """The profile shows what is asked for now, and in two days what is Ann's own; of anything else, what it is."""
        stage = self.stage
        own = LUNCH if "see" in self.names else stage.own
        shown, asked = stage.slack.shown(), await stage.asked()
        if "pause" in self.names:
            return
        if not same(shown, asked if asked.text else own) and not (own is LUNCH and same(shown, own)):
            yield f"the profile shows {shown}, asked for is {asked}"
        stage.clock.move(days=2)
        await stage.one.settle()
        if not same(stage.slack.shown(), own):
            yield f"in the end the profile shows {stage.slack.shown()}"
        if stage.slack.besides() != (False, False):
            yield f"in the end she is muted, and away: {stage.slack.besides()}"

    async def _begin(self) -> list[Stepped]:
        """Both operations, each before its first step; what is to have happened before has."""
        stage = self.stage
        both = [
            Stepped(partial(operation.run, replica, stage))
            for operation, replica in zip(self.operations, (stage.one, stage.other), strict=True)
        ]
        for one, operation in zip(both, self.operations, strict=True):
            await one.until(READ if operation.begins_after else "")
        stage.clock.move(seconds=1)
        stage.typed_at = stage.clock.now()
        for operation in self.operations:
            operation.before(stage)
        stage.clock.move(seconds=1)
        for one, operation, things in zip(both, self.operations, self._touched, strict=True):
            await one.until(operation.begins_after)
            await one.watch(partial(counts, things))
        return both


def counts(things: frozenset[str], what: str) -> bool:
    """Whether it may make a difference to the other one, who touches `things`, when `what` is done."""
    return what == LOCK or not things.isdisjoint(WORD.findall(what))


def touched(done: Iterable[Sequence[str]]) -> frozenset[str]:
    """The tables, and the parts of Slack, that these statements and calls are about."""
    every = [what for ones in done for what in ones]
    if any(what.startswith(("DELETE FROM people", "DELETE FROM workspaces")) for what in every):
        return frozenset(THINGS)  # and what belongs to them
    return frozenset(word for what in every for word in WORD.findall(what)) & THINGS


WORD = re.compile(r"[a-z_]+")
THINGS = frozenset({"profile", "auth", "dnd", "presence", *METADATA.tables})
AFTER_EACH_OTHER = "A" * 300 + "B" * 300


def difference(end: str, ends: dict[str, str]) -> str:
    """What differs from what came of each serial order."""
    return "".join(
        f"\n  than {first} first: "
        + "".join(
            f"\n    {line}"
            for line in unified_diff(one.splitlines(), end.splitlines(), n=0, lineterm="")
            if line[:3] not in ("---", "+++", "@@ ")
        )
        for one, first in ends.items()
    )
