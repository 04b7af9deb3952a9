"""Pages of a list, and the cursors that lead through it (docs.slack.dev/apis/web-api/pagination)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from emulators.slack.state import RefusalError

if TYPE_CHECKING:
    from emulators.slack.methods import ApiRequest

T = TypeVar("T")
_MOST = 1_000


def page_of(
    request: ApiRequest, items: Sequence[T], kind: str, id_of: Callable[[T], str], *, default: int = 0,
    most: int = _MOST,
) -> tuple[Sequence[T], str]:  # fmt: skip
    """The items that are asked for by `cursor` and `limit`, and the cursor of the next page, "" at the end.

    `limit` is `default` where none is given, 0 for all; no page has more than `most`. A cursor names the item that a
    page begins with. Raises RefusalError.
    """
    given = request.text("limit") or str(default)
    if not given.isascii() or not given.isdecimal() or int(given) > _MOST:
        raise RefusalError("invalid_limit")
    start, cursor = 0, request.text("cursor")
    if cursor:
        try:
            found, _, first = base64.b64decode(cursor, validate=True).decode().partition(":")
        except ValueError:
            raise RefusalError("invalid_cursor") from None
        place = next((number for number, one in enumerate(items) if id_of(one) == first), None)
        if found != kind or place is None:
            raise RefusalError("invalid_cursor")
        start = place
    end = start + (min(int(given), most) if int(given) else len(items))
    after = base64.b64encode(f"{kind}:{id_of(items[end])}".encode()).decode() if end < len(items) else ""
    return items[start:end], after
