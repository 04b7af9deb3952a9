"""The process dies between any two calls of a photo: whoever starts after it ends with the right face."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.slack.state import APP, PERSON
from services.domain.model import Effect, Pause, Photo, Picture
from services.platform import readers
from services.store.preferences import PreferenceStore
from tests.support.crashes import dies_at
from tests.support.databases import of_kind
from tests.support.engine import RunningEngine, until
from tests.support.photos import DELETE, FACE, OTHER, SET, Piece, Sitter, carrier_of, sitter
from tests.support.readers import ReaderHere
from tests.support.replica import Replica

BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
READ, FETCH, KEEP, SIGN = "read", "fetch", "keep", "sign"
INTEND, PUT_ON, TAKE_OFF, SETTLE = "take_up", "put_on", "take_off", "settle"


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from of_kind(request, tmp_path)


@pytest.fixture(autouse=True)
def _readers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_Reader", ReaderHere)


Step = tuple[str, bool]
"""What the process dies at, and whether before or after it."""


def dies(replica: Replica, step: str, *, after: bool) -> asyncio.Event:
    """Have `replica` die before or after a step of a photo; the event tells that it has."""
    carrier = carrier_of(replica)
    owner: Any = {
        READ: carrier._slack, FETCH: carrier._slack, PUT_ON: carrier._slack, TAKE_OFF: carrier._slack,
        KEEP: carrier._reader, SIGN: carrier._reader, INTEND: replica.effects, SETTLE: replica.effects,
    }[step]  # fmt: skip

    def concerns_a_photo(*args: Any) -> bool:
        return step not in {INTEND, SETTLE} or args[0].effect is Effect.PHOTO

    return dies_at(replica, owner, step, after=after, counts=concerns_a_photo)


async def _carrying(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, *pieces: Piece, face: bytes | None = FACE
) -> Sitter:
    """Ann with these stretches, before a process that runs."""
    ann = await sitter(engine, monkeypatch, face)
    await engine.replica().start()
    await ann.carries(*pieces)
    return ann


async def _killed_at(ann: Sitter, minute: float, step: str, *, after: bool) -> None:
    """The minute comes, and the process dies at the step of a photo."""
    died = dies(ann.engine.replicas[0], step, after=after)
    ann.engine.clock.move_to(ann.at(minute))
    await _killed(ann, died)


async def _killed(ann: Sitter, died: asyncio.Event) -> None:
    """The process is gone, and another one starts a moment later."""
    engine = ann.engine
    for replica in engine.replicas:
        replica.sender.wake(typed=True)
    engine.ring()
    await until(died.is_set)
    await engine.replicas[0].stop()
    engine.replicas.clear()


async def _starts_again(ann: Sitter) -> None:
    await ann.engine.replica().start()
    ann.engine.clock.move(seconds=20)
    await ann.engine.rests()


def some_of(steps: list[Step], *quick: Step) -> list[Any]:
    """All of them where there is time; always these."""
    return [one if one in quick else pytest.param(*one, marks=pytest.mark.slow) for one in steps]


SET_MEANWHILE = [(INTEND, True), (PUT_ON, True), (SETTLE, False)]
TAKING_OFF = [(TAKE_OFF, False), (TAKE_OFF, True), (SETTLE, False)]
CHANGING = [(SIGN, True), (INTEND, True), (PUT_ON, True), (SETTLE, False)]
PUTTING_ON = [
    (READ, False), (READ, True), (FETCH, True), (KEEP, True), (SIGN, True), (INTEND, False), (INTEND, True),
    (PUT_ON, False), (PUT_ON, True), (SETTLE, False), (SETTLE, True),
]  # fmt: skip


@pytest.mark.parametrize(("step", "after"), some_of(PUTTING_ON, (INTEND, True), (PUT_ON, True)))
async def test_death_while_ours_is_put_on_ends_with_ours_and_then_with_her_own(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (10, 40))
    await _killed_at(ann, 10, step, after=after)
    await _starts_again(ann)
    assert ann.shows_ours()
    assert ann.calls(SET) == 1  # nobody sees it twice
    await ann.goes_on(40)
    assert ann.shows_own(by=APP)
    assert (ann.calls(SET), await ann.kept()) == (2, set())


@pytest.mark.parametrize(("step", "after"), some_of(PUTTING_ON, (PUT_ON, True)))
async def test_death_while_ours_is_put_on_and_a_stretch_that_is_over_by_then_end_with_her_own(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (10, 40))
    await _killed_at(ann, 10, step, after=after)
    engine.clock.move_to(ann.at(600))
    await _starts_again(ann)
    was_on = (step, after) in {(PUT_ON, True), (SETTLE, False), (SETTLE, True)}
    assert ann.shows_own(by=APP if was_on else PERSON)
    assert (ann.calls(SET), await ann.kept()) == (2 if was_on else 0, set())


@BOTH
@pytest.mark.parametrize(("step", "after"), some_of(SET_MEANWHILE, (PUT_ON, True)))
async def test_picture_that_she_set_while_nobody_ran_stays(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (10, 40))
    await _killed_at(ann, 10, step, after=after)
    ann.uploads(OTHER)
    await _starts_again(ann)
    assert ann.shows_own(OTHER)
    await ann.goes_on(40)
    assert ann.shows_own(OTHER)
    assert await ann.kept() == set()


TAKING_BACK = [
    (READ, False), (READ, True), (INTEND, False), (INTEND, True), (PUT_ON, False), (PUT_ON, True), (SETTLE, False),
    (SETTLE, True),
]  # fmt: skip


@pytest.mark.parametrize(("step", "after"), some_of(TAKING_BACK, (PUT_ON, True)))
async def test_death_while_her_own_is_put_back_ends_with_it(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (0, 40))
    assert ann.shows_ours()
    await _killed_at(ann, 40, step, after=after)
    await _starts_again(ann)
    assert ann.shows_own(by=APP)
    assert (ann.calls(SET), await ann.kept()) == (2, set())
    await ann.goes_on(90)
    assert ann.shows_own(by=APP)
    assert ann.calls(SET) == 2


async def test_death_while_a_pause_puts_her_own_back_is_no_change_of_hers(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await _carrying(engine, monkeypatch, (0, 40))
    died = dies(engine.replicas[0], PUT_ON, after=True)
    await PreferenceStore(engine.database).pause(ann.key, Pause(ann.at(0)), engine.clock.now())
    await _killed(ann, died)
    await _starts_again(ann)
    assert ann.shows_own(by=APP)
    await ann.pauses(None)
    assert ann.shows_ours()
    await ann.goes_on(40)
    assert ann.shows_own(by=APP)


@pytest.mark.parametrize(("step", "after"), some_of(TAKING_OFF, (TAKE_OFF, True)))
async def test_death_while_ours_is_taken_from_somebody_without_a_picture_ends_without_one(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (0, 40), face=None)
    await _killed_at(ann, 40, step, after=after)
    await _starts_again(ann)
    assert ann.shows_own(None)
    assert (ann.calls(SET), ann.calls(DELETE), await ann.kept()) == (1, 1, set())


@BOTH
@pytest.mark.parametrize(("step", "after"), some_of(CHANGING, (PUT_ON, True)))
async def test_death_between_two_photos_of_ours_ends_with_her_own(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann = await _carrying(engine, monkeypatch, (0, 40), (40, 80, Photo(Picture.PLANE)))
    await _killed_at(ann, 40, step, after=after)
    await _starts_again(ann)
    assert ann.shows_ours("plane")
    assert ann.calls(SET) == 2
    await ann.goes_on(80)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == set()


@BOTH
async def test_two_processes_put_one_picture_on(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await _carrying(engine, monkeypatch, (10, 40))
    first = engine.replicas[0]
    slack = carrier_of(first)._slack
    fetch = slack.fetch

    async def slow(shown: Any) -> bytes:
        """It takes so long that another process takes over, and does it."""
        slack.fetch = fetch  # type: ignore[method-assign]  # once
        content = await fetch(shown)
        await engine.replica().start()
        await until(lambda: ann.calls(SET) == 1, seconds=30)
        return content

    slack.fetch = slow  # type: ignore[method-assign]  # see above
    engine.clock.move_to(ann.at(10))
    first.sender.wake(typed=True)
    await until(lambda: len(engine.replicas) == 2 and ann.calls(SET) == 1, seconds=30)
    await engine.rests(seconds=30)
    assert ann.shows_ours()
    assert ann.calls(SET) == 1
    await ann.goes_on(40)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == set()
