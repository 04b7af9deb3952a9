"""What the process that reads lists can be asked: see `done`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from services.domain.errors import InputError, NotAListError
from services.platform.reader_process import Answer, ErrorsByName, serve

ERRORS: ErrorsByName = {NotAListError.__name__: NotAListError}
"""What an answer's error is called, and is."""


def done(head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
    """Return the list in a file: its lines as they are stored, or [field, name of a Mistake, facts].

    Raises NotAListError.
    """
    from services.store.line_file import lines_from_file, problems_of  # noqa: PLC0415 - the app has it
    from services.store.line_json import line_to_json  # noqa: PLC0415

    try:
        value = json.loads(blobs[0])
    except (ValueError, RecursionError):
        raise NotAListError("not JSON") from None
    try:
        lines = lines_from_file(value)
    except InputError:
        problems = problems_of(value)
        return {"problems": [[one.field, one.mistake.name, one.sentence_facts] for one in problems]}, []
    return {"problems": []}, [line_to_json(line) for line in lines]


if __name__ == "__main__":
    serve(done, ERRORS, NotAListError, int(sys.argv[1]))
