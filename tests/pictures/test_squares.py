"""What becomes of pictures: squares as Slack takes them, the right way up, without what they say of themselves."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from services.domain.errors import BadPictureError, CropOutsideError, PictureMovesError, PictureTooLargeError
from services.pictures.squares import CENTRE, KEPT, are_alike, kept, prepared, signed, square, taken
from tests.support.few import few
from tests.support.pictures import animated, colour_at, corners, encoded, opened, quarters

ALL = ("red", "green", "blue", "yellow")


@pytest.mark.parametrize("kind", few(["JPEG", "PNG", "GIF"]))
@pytest.mark.parametrize(("size", "side"), [((300, 200), 512), ((700, 900), 700), ((2100, 1400), 1024)])
def test_square_is_as_large_as_slack_takes(kind: str, size: tuple[int, int], side: int) -> None:
    found = opened(square(encoded(quarters(*size), kind), CENTRE)[0])
    assert (found.format, found.mode, found.size, corners(found)) == ("JPEG", "RGB", (side, side), ALL)


@pytest.mark.parametrize(
    ("crop", "seen"),
    [
        ("centre", ALL),
        ("top", ("red", "green", "red", "green")),
        ("0,0,300", ("red", "red", "red", "red")),
        ("350,750,250", ("yellow", "yellow", "yellow", "yellow")),
        ("99999,99999,300", ("yellow", "yellow", "yellow", "yellow")),  # as far as the picture goes
        ("0,300,99999", ("red", "green", "blue", "yellow")),
    ],
)
def test_crop_is_the_part_that_was_chosen(crop: str, seen: tuple[str, ...]) -> None:
    for kind in ("PNG", "JPEG"):
        found = opened(square(encoded(quarters(600, 1200), kind), crop)[0])
        assert found.size[0] == found.size[1]
        assert corners(found) == seen


@pytest.mark.parametrize("orientation", few([6, 3, 1, 2, 4, 5, 7, 8, 9], quick=2))
def test_picture_is_cropped_the_way_up_that_it_is_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for size, kind in (((800, 450), "JPEG"), ((450, 800), "PNG")):
        data = encoded(quarters(*size), kind, exif=exif)
        seen = ImageOps.exif_transpose(opened(data))
        w, h = seen.size
        for crop, box in (
            ("top", (0, 0, min(w, h), min(w, h)) if w <= h else ((w - h) // 2, 0, (w + h) // 2, h)),
            ("40,30,350", (40, 30, 390, 380)),
            (f"{w - 200},{h - 200},200", (w - 200, h - 200, w, h)),
        ):
            found = opened(square(data, crop)[0])
            assert corners(found) == corners(seen.crop(box)), (orientation, size, crop)
        whole = opened(taken(data)[0])
        assert (whole.size, corners(whole)) == (seen.size, corners(seen))


def test_what_is_kept_of_a_large_picture_is_smaller_and_says_its_pixels() -> None:
    content, width, height = taken(encoded(quarters(4000, 3000), "JPEG"))
    assert (width, height) == (KEPT, 1536) == opened(content).size
    small, *size = taken(encoded(quarters(320, 200)))
    assert (320, 200) == tuple(size) == opened(small).size


def test_picture_of_which_too_narrow_a_strip_would_be_kept_is_refused() -> None:
    with pytest.raises(BadPictureError, match="narrow"):
        taken(encoded(quarters(100, 3300)))
    assert taken(encoded(quarters(100, 3200)))[1:] == (64, KEPT)


@pytest.mark.slow
def test_large_picture_that_is_scaled_in_strips_has_no_seams() -> None:
    ramp = Image.linear_gradient("L").resize((1500, 11_000))
    found = opened(square(encoded(ramp, compress_level=1), "0,0,1500")[0])
    whole = opened(taken(encoded(ramp, compress_level=1))[0])
    for image, most in ((found, 2), (whole, 3)):
        column = [image.getpixel((image.width // 2, y)) for y in range(image.height)]
        shades = [pixel[0] for pixel in column if isinstance(pixel, tuple)]
        assert all(abs(after - before) <= most for before, after in pairwise(shades)), image.size
    assert (whole.size, square(encoded(quarters(4100, 4100), "PNG", compress_level=1), "centre")[1]) == (
        (279, 2048),
        1024,
    )


def test_nothing_that_a_picture_says_of_itself_is_kept() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ann at home"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    data = encoded(quarters(600, 600), "JPEG", exif=exif, comment=b"Ann at home", xmp=b"<x>Ann at home</x>")
    assert b"Ann at home" in data
    for found in (taken(data)[0], square(data, CENTRE)[0], signed(data, "palm")[0]):
        assert b"Ann at home" not in found
        assert not opened(found).getexif()
        assert "comment" not in opened(found).info


def test_transparency_is_white() -> None:
    clear = Image.new("RGBA", (600, 600), (200, 40, 40, 0))
    clear.paste((40, 160, 60, 255), (0, 0, 300, 600))
    palette = clear.quantize()
    for data in (encoded(clear), encoded(palette), encoded(clear, "GIF")):
        found = opened(square(data, CENTRE)[0])
        assert found.getpixel((500, 300)) == (255, 255, 255)
        assert colour_at(found, 0.2, 0.5) == "green"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_picture_becomes_one_in_colours(mode: str) -> None:
    if mode == "I;16":
        image = Image.frombytes("I;16", (600, 600), struct.pack("<H", 0xC000) * 360_000)
    else:
        image = Image.new("L", (600, 600), 192).convert(mode) if mode != "CMYK" else Image.new("CMYK", (600, 600))
    found = opened(square(encoded(image, "JPEG" if mode == "CMYK" else "PNG"), CENTRE)[0])
    expected = {"1": None, "CMYK": 255}.get(mode, 192)
    pixel = found.getpixel((300, 300))
    assert isinstance(pixel, tuple)
    assert found.mode == "RGB"
    assert expected is None or all(abs(channel - expected) <= 2 for channel in pixel), pixel


def test_colours_of_another_profile_become_ours() -> None:
    ours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (ours, lab, b"nonsense"):  # a good one, one that is not for such a picture, none
        data = encoded(quarters(600, 600), "JPEG", icc_profile=profile)
        assert corners(opened(square(data, CENTRE)[0])) == ALL
    # red and green changed places: whoever heeds it sees so
    at = {name: ours.index(name, 128) for name in (b"rXYZ", b"gXYZ")}
    swapped = bytearray(ours)
    swapped[at[b"rXYZ"] : at[b"rXYZ"] + 4], swapped[at[b"gXYZ"] : at[b"gXYZ"] + 4] = b"gXYZ", b"rXYZ"
    found = corners(opened(square(encoded(quarters(600, 600), "JPEG", icc_profile=bytes(swapped)), CENTRE)[0]))
    assert found[:2] == ("green", "red")


def test_telephones_file_with_two_pictures_is_its_first() -> None:
    data = encoded(quarters(700, 700), "MPO", save_all=True, append_images=[Image.new("RGB", (700, 700), "white")])
    assert data.startswith(b"\xff\xd8")
    assert corners(opened(square(data, CENTRE)[0])) == ALL


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_picture_that_moves_is_refused(kind: str) -> None:
    for work in (taken, kept, lambda data: square(data, CENTRE)):
        with pytest.raises(PictureMovesError):
            work(animated(kind))


def _png_that_says(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 5_001), (1, 2**31 - 1)])
def test_more_pixels_than_can_be_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooLargeError):
        taken(_png_that_says(*size))


def test_gif_whose_picture_is_larger_than_it_says_is_refused() -> None:
    data = bytearray(encoded(Image.new("P", (80, 80)), "GIF"))
    at = data.index(b",", 13)
    data[at + 5 : at + 9] = struct.pack("<HH", 65_000, 65_000)
    with pytest.raises((PictureTooLargeError, BadPictureError)):
        taken(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7 not a picture",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        encoded(quarters(600, 600), "JPEG")[:3000],
        encoded(quarters(600, 600))[:600],
        encoded(quarters(63, 600)),
        encoded(quarters(600, 600), "BMP"),
        encoded(quarters(600, 600), "TIFF"),
        encoded(quarters(600, 600), "WEBP"),
    ],
    ids=["nothing", "pdf", "png-head", "gif-head", "half-jpeg", "half-png", "narrow", "bmp", "tiff", "webp"],
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    for work in (taken, kept, lambda data: signed(data, "cup")):
        with pytest.raises(BadPictureError):
            work(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
@pytest.mark.parametrize("side", [512, 800, 1024])
def test_shown_square_is_kept_as_it_is(kind: str, side: int) -> None:
    data = encoded(quarters(side, side), kind)
    assert kept(data) == (data, side)


@pytest.mark.parametrize("size", [(511, 511), (1025, 1025), (600, 601)])
def test_shown_picture_that_slack_would_not_take_back_is_made_one_that_it_does(size: tuple[int, int]) -> None:
    found = opened(kept(encoded(quarters(*size)))[0])
    assert found.width == found.height
    assert 512 <= found.width <= 1024
    assert corners(found) == ALL


def test_broken_exif_does_not_stop_a_picture() -> None:
    data = encoded(quarters(600, 600), "JPEG", exif=b"Exif\x00\x00nonsense")
    assert opened(square(data, CENTRE)[0]).size == (600, 600)


@pytest.mark.parametrize(
    ("size", "crop", "expected"),
    few(
        [
            ((1000, 800), "100,0,700", ((1000, 800), (100, 0, 700))),  # as it was sent
            ((3000, 2000), "2400,1400,600", ((600, 600), (0, 0, 600))),  # all of it would be too little of the square
            ((90, 120), CENTRE, ((512, 512), (0, 0, 512))),
            ((600, 900), CENTRE, ((600, 900), (0, 150, 600))),
            ((2048, 1536), "0,0,1536", ((1024, 768), (0, 0, 768))),
            ((2048, 1536), "1024,512,1024", ((1024, 768), (512, 256, 512))),
            ((3000, 1000), CENTRE, ((1000, 1000), (0, 0, 1000))),
        ],
        quick=3,
    ),
)
def test_prepared_picture_is_whole_where_slack_takes_it_and_its_square_is_the_one_that_was_chosen(
    size: tuple[int, int], crop: str, expected: tuple[tuple[int, int], tuple[int, int, int]]
) -> None:
    data = encoded(quarters(*size))
    content, found = prepared(data, crop)
    assert (opened(content).size, found) == expected
    shown = square(content, ",".join(map(str, found)))[0]
    assert are_alike(shown, square(data, crop)[0])


def test_prepared_picture_is_the_right_way_up_and_its_square_in_it() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encoded(quarters(800, 600), "JPEG", exif=exif)
    content, found = prepared(data, "0,200,600")
    assert (opened(content).size, found) == ((600, 800), (0, 200, 600))
    assert are_alike(square(content, "0,200,600")[0], square(data, "0,200,600")[0])


@pytest.mark.parametrize("crop", ["0,0,601", "1,0,600", "0,201,600", "0,0,0"])
def test_square_outside_of_the_picture_is_refused(crop: str) -> None:
    with pytest.raises(CropOutsideError):
        prepared(encoded(quarters(600, 800)), crop)
