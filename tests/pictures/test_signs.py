"""The pictures of our own: the same face, a ring and a badge; each of them told from the others at any size."""

from __future__ import annotations

from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from services.domain.model import Picture
from services.pictures.signs import SIGNS, with_sign
from services.pictures.squares import are_alike, signed
from tests.support.pictures import corners, encoded, opened, quarters


def test_there_is_a_sign_for_every_picture_of_ours() -> None:
    assert set(SIGNS) == set(Picture) - {Picture.OWN}


@pytest.mark.parametrize(("size", "side"), [(512, 512), (1024, 1024), (72, 512), (1500, 1024)])
def test_sign_is_on_a_square_that_slack_takes(size: int, side: int) -> None:
    found = opened(signed(encoded(quarters(size, size)), "palm")[0])
    assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (side, side))


@pytest.mark.parametrize("name", SIGNS)
def test_face_stays_what_it_is_within_the_ring(name: str) -> None:
    plain = quarters(1024, 1024)
    found = with_sign(plain, name)
    for box in ((130, 130, 894, 520), (130, 520, 520, 894)):  # all but the ring and the badge's quarter
        assert ImageChops.difference(plain.crop(box), found.crop(box)).getbbox() is None
    colour, _ = SIGNS[name]
    for at in ((2, 2), (1021, 2), (2, 1021), (1021, 1021), (512, 20), (20, 512), (512, 1003)):
        assert found.getpixel(at) == colour
    assert plain == quarters(1024, 1024)


def test_signs_can_be_told_from_each_other_without_their_colours() -> None:
    drawn = {name: with_sign(Image.new("RGB", (512, 512), "black"), name) for name in SIGNS}
    for side in (512, 192, 72, 48):
        shapes = {}
        for name, image in drawn.items():
            seen = image.resize((side, side), Image.Resampling.LANCZOS).crop(
                (round(side * 0.6), round(side * 0.6), round(side * 0.9), round(side * 0.9))
            )
            darkest = SIGNS[name][0].index(min(SIGNS[name][0]))  # there the badge is dark, and the sign is bright
            shapes[name] = found = seen.split()[darkest].point(lambda value: 255 * (value > 170))
            assert 0.08 < ImageStat.Stat(found).mean[0] / 255 < 0.7, (name, side)
        for one, other in combinations(shapes, 2):
            differs = ImageStat.Stat(ImageChops.difference(shapes[one], shapes[other])).mean[0] / 255
            assert differs > 0.06, (one, other, side)


def test_signs_look_the_same_each_time() -> None:
    assert signed(encoded(quarters(600, 600)), "plane") == signed(encoded(quarters(600, 600)), "plane")
    assert corners(opened(signed(encoded(quarters(600, 600)), "plane")[0]).crop((60, 60, 540, 260)))[0] == "red"


@pytest.mark.parametrize(
    "names", [pytest.param(("palm", "plane"), id="few"), pytest.param(tuple(SIGNS), id="all", marks=pytest.mark.slow)]
)
def test_pictures_are_alike_however_slack_wrote_them_and_others_are_not(names: tuple[str, ...]) -> None:
    face = quarters(1024, 1024).filter(ImageFilter.GaussianBlur(60))
    plain = encoded(face)
    ours = {name: signed(plain, name)[0] for name in names}
    for name, data in ours.items():
        again = opened(data).resize((512, 512), Image.Resampling.BICUBIC)
        for written in (encoded(again, "JPEG", quality=60), encoded(again), encoded(again, "GIF")):
            assert are_alike(data, written), name
        assert not are_alike(data, plain), name
        assert not are_alike(data, encoded(face.rotate(90))), name
    for one, other in combinations(ours.values(), 2):
        assert not are_alike(one, other)
