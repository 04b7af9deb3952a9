"""Pictures in a process of its own: what it may cost, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from services.domain.errors import BadPictureError, PictureMovesError, PictureTooLargeError
from services.pictures.reader import MOST_BYTES, PictureReader, Square
from services.pictures.squares import MOST_PIXELS
from tests.support.pictures import animated, corners, encoded, opened, quarters


@pytest.fixture
async def reader() -> AsyncIterator[PictureReader]:
    found = PictureReader()
    yield found
    await found.close()


async def test_reader_takes_crops_keeps_and_signs(reader: PictureReader) -> None:
    taken = await reader.take("ann", encoded(quarters(900, 600)))
    assert (taken.width, taken.height) == opened(taken.content).size == (900, 600)
    upper_left = await reader.square("ann", taken.content, "0,0,300")
    image = opened(upper_left.content)
    assert (upper_left.side, image.size, set(corners(image))) == (512, (512, 512), {"red"})
    shown = encoded(quarters(800, 800), "JPEG")
    assert await reader.keep("ann", shown) == Square(shown, 800)
    signed = await reader.sign("ann", shown, "house")
    assert (signed.side, opened(signed.content).size) == (800, (800, 800))
    assert await reader.are_alike("ann", signed.content, signed.content)
    assert not await reader.are_alike("ann", signed.content, shown)


async def test_each_refusal_comes_back_as_what_it_is(reader: PictureReader) -> None:
    with pytest.raises(BadPictureError):
        await reader.take("ann", b"<svg/>")
    with pytest.raises(PictureMovesError):
        await reader.take("ann", animated("GIF"))
    with pytest.raises(PictureTooLargeError, match="bytes"):
        await reader.take("ann", bytes(MOST_BYTES + 1))


@pytest.mark.slow  # it takes seconds
async def test_largest_picture_there_may_be_has_room(reader: PictureReader) -> None:
    side = int(MOST_PIXELS**0.5)
    taken = await reader.take("ann", encoded(Image.new("RGBA", (side, side)), compress_level=1))
    assert taken.width == 2048


async def test_picture_that_needs_too_much_memory_is_given_up_and_the_next_one_is_read() -> None:
    reader = PictureReader(memory=128 * 2**20)
    try:
        with pytest.raises(PictureTooLargeError, match=r"memory|ended"):
            await reader.take("ann", encoded(Image.new("RGBA", (4000, 4000)), compress_level=1))
        assert (await reader.take("bob", encoded(quarters(80, 80)))).width == 80
    finally:
        await reader.close()


async def test_picture_that_takes_too_long_is_given_up() -> None:
    reader = PictureReader(seconds=0.02)
    try:
        with pytest.raises(PictureTooLargeError, match="time"):
            await reader.take("ann", encoded(Image.new("RGBA", (4000, 4000)), compress_level=1))
    finally:
        await reader.close()


async def test_two_people_are_read_for_one_after_the_other(reader: PictureReader) -> None:
    sent = {name: encoded(quarters(100 + at, 100)) for at, name in enumerate(("ann", "bob", "cat"))}
    found = await asyncio.gather(*(reader.take(name, data) for name, data in sent.items()))
    assert [taken.width for taken in found] == [100, 101, 102]
