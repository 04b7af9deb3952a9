"""The photo effect against Slack's own rules: ours for the stretch, the person's own after it, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.faults import Fault
from emulators.slack.state import APP, UploadedPart
from services.domain.model import Pause, Photo, Picture
from services.domain.people import Member, Tokens
from services.platform import readers
from services.store.people import PeopleStore
from tests.support.databases import of_kind
from tests.support.engine import RunningEngine
from tests.support.few import few
from tests.support.photos import DELETE, OTHER, SENT, SET, Sitter, sitter
from tests.support.pictures import encoded, opened, quarters
from tests.support.readers import ReaderHere
from tests.support.stretches import ALL

OWN = Photo(Picture.OWN)
PLANE = Photo(Picture.PLANE)
LARGE = encoded(quarters(1024, 1024), "JPEG", quality=95)
"""For what is cropped: Slack takes no picture of fewer than 512 pixels."""


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What crashes leave is tested on both kinds (test_photos_crashes)."""
    yield from of_kind(request, tmp_path)


@pytest.fixture(autouse=True)
def _readers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_Reader", ReaderHere)


@pytest.fixture
async def ann(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> Sitter:
    return await _starts(await sitter(engine, monkeypatch))


async def _starts(ann: Sitter) -> Sitter:
    await ann.engine.replica().start()
    await ann.engine.rests()
    return ann


async def test_photo_is_ours_for_the_stretch_and_her_own_after_it(ann: Sitter) -> None:
    await ann.carries((10, 40))
    assert (ann.calls(SET), ann.shows_own()) == (0, True)
    await ann.goes_on(10)
    assert ann.shows_ours("palm")
    assert (await ann.reason(), await ann.kept()) == ("photo", {"original", "ours"})
    await ann.goes_on(39)
    assert ann.shows_ours("palm")
    await ann.goes_on(40)
    assert ann.shows_own(by=APP)
    assert (await ann.reason(), await ann.kept()) == ("photo_back", set())
    assert (ann.calls(SET), ann.calls(DELETE)) == (2, 0)
    assert all(not one.with_token for one in ann.engine.slack.photos.fetched)


async def test_photo_of_somebody_without_one_is_taken_away_at_the_end(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await _starts(await sitter(engine, monkeypatch, None))
    await ann.carries((0, 30))
    picture = engine.slack.photos.of("U1")
    assert picture is not None
    assert picture.by == APP
    await ann.goes_on(30)
    assert ann.shows_own(None)
    assert (ann.calls(SET), ann.calls(DELETE), await ann.kept()) == (1, 1, set())


async def test_original_is_the_square_that_is_shown_not_the_picture_it_was_cropped_from(ann: Sitter) -> None:
    ann.engine.slack.photos.upload("U1", LARGE, "image/jpeg", crop=(0, 0, 512))  # its upper left alone
    await ann.carries((0, 30))
    await ann.goes_on(30)
    picture = ann.engine.slack.photos.of("U1")
    assert picture is not None
    assert (picture.by, picture.crop) == (APP, (0, 0, 1024))
    shown = ann.engine.slack.photos.fetched
    assert [one.status for one in shown] == [200]
    assert ann.shows_own(_upper_left(), by=APP)


def _upper_left() -> bytes:
    return encoded(opened(LARGE).crop((0, 0, 512, 512)))


async def test_own_picture_is_put_on_with_its_crop(ann: Sitter) -> None:
    await ann.engine.replicas[0].pictures.put_own(ann.key, LARGE, ann.engine.clock.now())
    await ann.carries((0, 30, Photo(Picture.OWN, "0,0,512")))
    assert ann.shows(_upper_left(), by=APP)
    await ann.goes_on(30)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == {"own"}


async def test_own_picture_that_was_never_sent_leaves_the_photo_until_it_is(ann: Sitter) -> None:
    await ann.carries((0, 30, OWN))
    assert ann.shows_own()
    assert (await ann.reason(), ann.calls(SET), await ann.kept()) == ("no_picture", 0, set())
    await ann.goes_on(10)
    await ann.engine.replicas[0].pictures.put_own(ann.key, SENT, ann.engine.clock.now())
    await ann.engine.rests()
    assert ann.shows(SENT, by=APP)
    await ann.goes_on(30)
    assert ann.shows_own(by=APP)


async def test_photo_that_she_changed_stays_and_ours_is_not_put_on_again_in_that_stretch(ann: Sitter) -> None:
    await ann.carries((0, 60), (90, 120))
    assert ann.shows_ours()
    ann.uploads(OTHER)
    await ann.carries((0, 70), (90, 120))  # she is looked at: the end has moved
    assert ann.shows_own(OTHER)
    assert (await ann.reason(), await ann.kept()) == ("photo_by_hand", set())
    await ann.goes_on(71)
    assert ann.shows_own(OTHER)
    assert ann.calls(SET) == 1
    await ann.goes_on(90)
    assert ann.shows_ours("palm", OTHER)
    await ann.goes_on(120)
    assert ann.shows_own(OTHER, by=APP)


async def test_photo_that_she_changed_unseen_stays_at_the_end(ann: Sitter) -> None:
    await ann.carries((0, 60))
    ann.uploads(OTHER)
    await ann.goes_on(60)
    assert ann.shows_own(OTHER)
    assert (ann.calls(SET), await ann.kept()) == (1, set())


async def test_photo_that_she_removed_stays_removed(ann: Sitter) -> None:
    await ann.carries((0, 60))
    ann.engine.slack.photos.remove("U1")
    await ann.goes_on(60)
    assert ann.shows_own(None)
    assert (ann.calls(SET, DELETE), await ann.kept()) == (1, set())


async def test_another_photo_follows_without_her_own_in_between(ann: Sitter) -> None:
    await ann.carries((0, 30), (30, 60, PLANE))
    assert ann.shows_ours("palm")
    await ann.goes_on(30)
    assert ann.shows_ours("plane")
    await ann.goes_on(60)
    assert ann.shows_own(by=APP)
    assert (ann.calls(SET), await ann.kept()) == (3, set())


async def test_photo_that_is_chosen_anew_is_changed_at_once(ann: Sitter) -> None:
    await ann.carries((0, 60))
    await ann.carries((0, 60, PLANE))
    assert ann.shows_ours("plane")
    await ann.carries()
    assert ann.shows_own(by=APP)


async def test_pause_takes_the_photo_back_and_resuming_puts_it_on_again(ann: Sitter) -> None:
    await ann.carries((0, 60))
    await ann.pauses(Pause(ann.at(0)))
    assert ann.shows_own(by=APP)
    await ann.pauses(None)
    assert ann.shows_ours()
    await ann.goes_on(60)
    assert ann.shows_own(by=APP)


async def test_address_that_died_while_she_changed_it_is_read_anew(ann: Sitter) -> None:
    ann.engine.slack.faults.add(Fault("users.setPhoto", error="internal_error"))
    await ann.carries((0, 60))
    ann.uploads(OTHER)  # what was fetched before is not what shows
    await ann.goes_on(1)
    await ann.goes_on(60)
    assert ann.shows_own(OTHER, by=_by(ann))
    assert await ann.kept() == set()


def _by(ann: Sitter) -> str:
    picture = ann.engine.slack.photos.of("U1")
    assert picture is not None
    return picture.by


async def test_picture_that_she_sets_between_the_look_and_the_call_is_the_one_that_comes_back(ann: Sitter) -> None:
    replica = ann.engine.replicas[0]
    keep = replica.picture_reader.keep

    async def meanwhile(whose: str, data: bytes) -> object:
        replica.picture_reader.keep = keep  # type: ignore[method-assign]  # once
        ann.uploads(OTHER)
        return await keep(whose, data)

    replica.picture_reader.keep = meanwhile  # type: ignore[assignment,method-assign]  # she is quick
    await ann.carries((0, 60))
    assert ann.shows_ours("palm", OTHER)
    await ann.goes_on(60)
    assert ann.shows_own(OTHER, by=APP)


@pytest.mark.parametrize("carried_out", [True, False])
async def test_silence_of_slack_ends_with_the_right_face(ann: Sitter, carried_out: bool) -> None:
    ann.engine.slack.faults.add(Fault(SET, error="internal_error", after=carried_out))
    await ann.carries((0, 60))
    assert ann.shows_ours() is carried_out
    await ann.goes_on(1)
    assert ann.shows_ours()
    ann.engine.slack.faults.add(Fault(SET, error="internal_error", after=carried_out))
    await ann.goes_on(60)
    await ann.goes_on(61)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == set()
    await ann.goes_on(90)
    assert ann.shows_own(by=APP)


async def test_call_that_slack_carries_out_twice_is_ours_both_times(ann: Sitter) -> None:
    await ann.carries((0, 60))
    slack = ann.engine.slack
    once = slack.photos.of("U1")
    assert once is not None
    again = slack.photos.become(
        slack.member("U1"), UploadedPart("image", once.content_type, once.content), once.crop, APP
    )
    assert again.hash != once.hash
    await ann.goes_on(60)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == set()


async def test_picture_that_she_set_while_slack_was_silent_is_hers(ann: Sitter) -> None:
    ann.engine.slack.faults.add(Fault(SET, error="internal_error"))
    await ann.carries((0, 60))
    ann.uploads(OTHER)
    await ann.goes_on(1)
    assert ann.shows_own(OTHER)
    assert await ann.reason() == "photo_by_hand"
    await ann.goes_on(60)
    assert ann.shows_own(OTHER)


@pytest.mark.parametrize("code", few(["bad_image", "too_large", "too_many_frames"]))
async def test_refused_picture_is_tried_a_few_times_and_leaves_her_own(ann: Sitter, code: str) -> None:
    ann.engine.slack.faults.add(Fault(SET, error=code, times=None))
    await ann.carries((0, 600))
    for minutes in (1, 2, 12, 80, 200, 300):
        await ann.goes_on(minutes)
    assert ann.shows_own()
    assert (ann.calls(SET), await ann.reason()) == (4, "refused")
    await ann.goes_on(600)
    assert ann.shows_own()
    assert await ann.kept() == set()


async def test_half_a_picture_of_slacks_is_read_again_and_nobody_is_said_to_have_refused_it(ann: Sitter) -> None:
    ann.engine.slack.faults.add(Fault("avatars", truncate=True))
    await ann.carries((0, 600))
    assert ann.shows_own()
    assert (ann.calls(SET), await ann.reason(), await ann.kept()) == (0, "photo_unreadable", set())
    await ann.goes_on(1)
    assert ann.shows_ours("palm")
    await ann.goes_on(600)
    assert ann.shows_own(by=APP)


async def test_picture_that_cannot_be_read_is_left_alone(ann: Sitter) -> None:
    ann.engine.slack.faults.add(Fault("avatars", body=b"no picture", times=None))
    await ann.carries((0, 600))
    for minutes in (1, 2, 12, 80, 200, 300):
        await ann.goes_on(minutes)
    assert ann.shows_own()
    assert (ann.calls(SET), await ann.reason()) == (0, "photo_unreadable")


async def test_lost_grant_keeps_the_original_for_the_next_one(ann: Sitter) -> None:
    await ann.carries((0, 60))
    _loses_her_grant(ann)
    await ann.goes_on(60)
    assert ann.shows_ours()
    assert await ann.kept() == {"original", "ours"}
    await ann.goes_on(60 * 24 * 20)
    await _grants_anew(ann)
    assert ann.shows_own(by=APP)
    assert await ann.kept() == set()


async def test_original_of_a_lost_grant_is_deleted_after_thirty_days(ann: Sitter) -> None:
    await ann.carries((0, 60))
    _loses_her_grant(ann)
    await ann.goes_on(60)
    await ann.goes_on(60 * 24 * 29)
    assert await ann.kept() == {"original", "ours"}
    await ann.goes_on(60 * 24 * 30 + 61)
    assert await ann.kept() == set()
    await _grants_anew(ann)
    assert ann.shows_ours()  # nothing is known of it any more


def _loses_her_grant(ann: Sitter) -> None:
    token = ann.engine.slack.tokens.user("U1")
    assert token is not None
    ann.engine.slack.revoke(token)


async def _grants_anew(ann: Sitter) -> None:
    replica, token = ann.engine.replicas[0], ann.engine.slack.grant("U1", ALL)
    people = PeopleStore(
        ann.engine.database, ann.engine.encryptor, notices=replica.notices, profile_states=replica.profile_states,
        events=replica.events,
    )  # fmt: skip
    await people.grant(ann.key, Tokens(token.value, ALL), Member(), ann.engine.clock.now())
    await ann.engine.rests()


async def test_several_peoples_photos_are_each_their_own(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await sitter(engine, monkeypatch)
    ben = await engine.person("U2", allows=ALL)
    engine.slack.photos.upload("U2", OTHER, "image/jpeg")
    await _starts(ann)
    ann.plans((0, 60))
    await engine.change(ben, stale=True, preferences="{}")
    await ann.carries((0, 60))
    both = {user: engine.slack.photos.of(user) for user in ("U1", "U2")}
    assert {user: picture and picture.by for user, picture in both.items()} == {"U1": APP, "U2": APP}
    await ann.goes_on(60)
    assert ann.shows_own(by=APP)
    assert Sitter(engine, ben).shows_own(OTHER, by=APP)
