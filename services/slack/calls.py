"""Calls that are made within a workspace's budget: one, or those that one person needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from services.domain.errors import SlackError, SlackRateLimitedError, WrongPersonError
from services.ports import Clock
from services.slack.client import CALL_SECONDS
from services.slack.limits import Budget, Slot
from services.slack.profile import TEST, SlackProfiles

SLOW_DOWN = (SlackRateLimitedError,)

LONGEST_CALL = timedelta(seconds=CALL_SECONDS + 2)
"""After this a call that was begun has ended in any case."""


class Calls:
    """The room that one person's calls have taken from a budget; what was not used is given back at the end."""

    def __init__(
        self, budget: Budget, clock: Clock, token: str | None, methods: Mapping[str, str], is_ours: Callable[[], bool]
    ) -> None:
        """Take room for one call of each of `methods`, for the person that is named with it, or "".

        `is_ours`: whether this process still owns the workspace; asked before anything is written.
        """
        self.is_ours = is_ours
        self.token = token or ""
        self._budget = budget
        self._clock = clock
        self._methods = methods
        self._open: dict[str, Slot] = {}
        for method in methods:
            self.take(method)

    def take(self, method: str) -> None:
        """Room for a call of `method`."""
        self._open[method] = self._budget.take(method, self._clock.now(), self._methods[method])

    def take_if_there_is(self, method: str) -> bool:
        """Room for one more call of `method`, unless the workspace has none."""
        if self._budget.ready_at(method, self._clock.now(), self._methods[method]) is not None:
            return False
        self.take(method)
        return True

    def take_again(self, method: str) -> None:
        """Take the same, where what was taken is used up and it has to be made all the same."""
        if method not in self._open:
            self.take(method)

    def making(self, method: str) -> AbstractContextManager[None]:
        """Use the room for `method`: the context of the call."""
        slot = self._open.pop(method)
        slot.started = self._clock.now()
        return _in(slot, self._budget, self._clock, SLOW_DOWN)

    def close(self) -> None:
        """Give back what was not used."""
        for slot in self._open.values():
            self._budget.give_back(slot)
        self._open.clear()


def calling(
    budget: Budget, clock: Clock, method: str, pausing: tuple[type[SlackError], ...] = SLOW_DOWN
) -> AbstractContextManager[None]:
    """Take room for one call of `method`: the context of the call. After an error of `pausing` there is a pause."""
    return _in(budget.take(method, clock.now()), budget, clock, pausing)


@contextmanager
def _in(slot: Slot, budget: Budget, clock: Clock, pausing: tuple[type[SlackError], ...]) -> Iterator[None]:
    try:
        try:
            yield
        finally:  # after a time-out and a cancellation too: Slack may have counted it
            budget.done(slot, clock.now())
    except pausing as error:
        budget.refused(slot, getattr(error, "retry_after", 0), clock.now())
        raise
    budget.went_well(slot)


def token_digest(token: str) -> str:
    """Return what a token is recognised by without keeping it."""
    return hashlib.sha256(token.encode()).hexdigest()[:24]


async def proven_owner(calls: Calls, profiles: SlackProfiles, user_id: str, known: str) -> str:
    """Return the digest of the token that is called with, once it is certain that it is `user_id`'s.

    Slack is asked unless that is the digest that is `known` already. Raises WrongPersonError, SlackError.
    """
    owner = token_digest(calls.token)
    if owner != known:
        with calls.making(TEST):
            whose = await profiles.owner(calls.token)
        if whose != user_id:
            raise WrongPersonError("token_of_somebody_else")
    return owner
