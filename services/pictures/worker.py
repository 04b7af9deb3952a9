"""What the process that reads pictures can be asked: see `done`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from services.domain.errors import BadPictureError, PictureMovesError, PictureTooLargeError
from services.platform.reader_process import Answer, ErrorsByName, serve

ERRORS: ErrorsByName = {error.__name__: error for error in (BadPictureError, PictureMovesError, PictureTooLargeError)}
"""What an answer's error is called, and is."""


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """What the task in `head` makes of a picture. Raises one of `ERRORS`.

    `take`: what is kept of one that somebody sent. `square`: the part that its `crop` says. `keep`: a shown square, as
    it can be put back. `sign`: the same with the sign `name`.
    """
    from services.pictures import squares  # noqa: PLC0415 - the app, which reads ERRORS, needs no Pillow

    (data,) = blobs
    if head["task"] == "take":
        found, width, height = squares.taken(data)
        return {"width": width, "height": height}, [found]
    if head["task"] == "square":
        return {}, [squares.square(data, head["crop"])]
    if head["task"] == "sign":
        return {}, [squares.signed(data, head["name"])]
    return {}, [squares.kept(data)]


if __name__ == "__main__":
    serve(done, ERRORS, BadPictureError, int(sys.argv[1]))
