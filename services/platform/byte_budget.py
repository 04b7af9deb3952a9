"""How much of what others send or serve is in memory at a time."""

from __future__ import annotations

import weakref

from services.domain.errors import OverloadedError

ARRIVING = 64 * 1024 * 1024
"""Bytes of requests that are being answered: 64 of the largest, thousands of Slack's."""

FETCHED = 192 * 1024 * 1024
"""Bytes of answers (feeds, files, what servers list) that are being read: seven of the largest. With what arrives, a
quarter of a small server's GiB; without a bound 32 fetches alone could have 800 MiB."""

WAIT = 5
"""Seconds after which who finds no room may ask again."""


class Bodies:
    """Counts the bytes of bodies from the moment they come until they are let go of."""

    def __init__(self, most: int) -> None:
        """At most `most` bytes."""
        self._most = most
        self.held = 0

    def take(self, size: int) -> None:
        """Make room for so many bytes more. Raises OverloadedError, at once, where there is none."""
        if self.held + size > self._most:
            raise OverloadedError("too many bodies at a time", retry_after=WAIT)
        self.held += size

    def give(self, size: int) -> None:
        """They are let go of."""
        self.held -= size

    def give_with(self, holder: object, size: int) -> None:
        """The same as soon as nobody has `holder` any more."""
        weakref.finalize(holder, self.give, size)
