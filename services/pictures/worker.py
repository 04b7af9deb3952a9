"""What the process that reads pictures can be asked: see `done`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from services.domain.errors import BadPictureError, CropOutsideError, PictureMovesError, PictureTooLargeError
from services.platform.reader_process import Answer, ErrorsByName, serve

ERRORS: ErrorsByName = {
    error.__name__: error for error in (BadPictureError, CropOutsideError, PictureMovesError, PictureTooLargeError)
}
"""What an answer's error is called, and is."""


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Return what the task in `head` makes of a picture. Raises one of `ERRORS`.

    `take`: what is kept of one that somebody sent. `square`: the part that its `crop` says. `prepare`:
    all of it as Slack takes it, and where in it its `crop` is. `keep`: a shown square, as
    it can be put back. `sign`: the same with the sign `name`. `compare`: whether two show the same.
    """
    from services.pictures import squares  # noqa: PLC0415 - the app, which reads ERRORS, needs no Pillow

    task, data = head["task"], blobs[0]
    if task == "compare":
        return {"alike": squares.are_alike(data, blobs[1])}, []
    if task == "take":
        found, width, height = squares.taken(data)
        return {"width": width, "height": height}, [found]
    if task == "prepare":
        found, crop = squares.prepared(data, head["crop"])
        return {"crop": crop}, [found]
    if task == "square":
        found, side = squares.square(data, head["crop"])
    elif task == "sign":
        found, side = squares.signed(data, head["name"])
    else:
        found, side = squares.kept(data)
    return {"side": side}, [found]


if __name__ == "__main__":
    serve(done, ERRORS, PictureTooLargeError, int(sys.argv[1]))
