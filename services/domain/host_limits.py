"""How fast the hosts of calendars may be asked, and how many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from services.domain.calendars import POLLED
from services.domain.model import PersonKey

TOTAL = 32
KEPT = 8
PER_HOST = 2
PER_PERSON = 4
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
PROVIDER = "provider:"
"""Before a provider's name: the pace of all its calendars. No host is called so."""

PERSON = "person:"
POLLED_OF = "polled:"
"""Before a person: what counts all of their fetches, and those of `POLLED` providers."""

_ALL = "all:"
_ALL_POLLED = "all polled:"


class HostLimits:
    """Rate limits of hosts: so many requests at once in all, few at once to one host, none to one that said wait.

    What counts as one host is a calendar's pace: a feed's host, at the large providers the person's own account, and
    all of a provider where it asks everybody for peace. One host serves thousands of people's feeds, and it sees one
    visitor: whoever answers 429 to one calendar is left alone by all of them (Google has refused whole services for
    polling many private addresses).

    Hosts that people name themselves may be as slow as they like. So a person has few requests at once, and some of
    all places, one of each person's among them, are kept for calendars whose providers push, and for what was sent
    to us. Times are aware; nothing here waits.
    """

    def __init__(
        self, total: int = TOTAL, per_host: int = PER_HOST, per_person: int = PER_PERSON, kept: int = KEPT
    ) -> None:
        """All are requests at the same time; `kept` are those of `total` that `POLLED` providers never take."""
        self.per_host = per_host
        self.per_person = per_person
        self._total = total
        self._kept = kept
        self._running: Counter[str] = Counter()
        self._closed: dict[str, datetime] = {}
        self._refusals: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """Return how many requests may be started in all."""
        return self._total - self._running[_ALL]

    def may_begin(self, fetches: Iterable[tuple[str, PersonKey, str]]) -> list[bool]:
        """Say which of `fetches` (pace, person, provider; none shut) may begin together, the first ones first."""
        running, may = self._running.copy(), []
        for fetch in fetches:
            places = _places(*fetch)
            may.append(all(running[place] < self._most(place) for place in places))
            if may[-1]:
                running.update(places)
        return may

    def shut(self, now: datetime) -> frozenset[str]:
        """Return the paces that may not be asked at `now`: hosts busy with us or to be left alone, people, providers.

        A person whose places are taken is `PERSON` or `POLLED_OF` with their key, a provider `PROVIDER` with its name.
        """
        self._closed = {host: until for host, until in self._closed.items() if now < until}
        full = {place for place, running in self._running.items() if running >= self._most(place)}
        polled = {PROVIDER + provider for provider in POLLED} if _ALL_POLLED in full else set()
        return frozenset(full - {_ALL, _ALL_POLLED} | polled | self._closed.keys())

    def opens(self, now: datetime) -> datetime | None:
        """Return when the next host that is left alone may be asked again."""
        return min((until for until in self._closed.values() if now < until), default=None)

    def begin(self, pace: str, person: PersonKey, provider: str) -> None:
        """Count a fetch of one of the person's calendars that starts."""
        self._running.update(_places(pace, person, provider))

    def end(self, pace: str, person: PersonKey, provider: str) -> None:
        """Count it as over."""
        self._running -= Counter(_places(pace, person, provider))

    def answered(self, host: str) -> None:
        """Note that `host` gave what it was asked for; the peace that it asked for otherwise still holds."""
        self._refusals.pop(host, None)

    def refused(self, host: str, now: datetime, wait: float | None, first: timedelta = FIRST_WAIT) -> datetime:
        """Note that `host` asked for `wait` seconds of peace; return when they are over.

        None: it named no time, so it is `first`, and twice as long each time.
        """
        asked = first * 2 ** min(self._refusals[host], 9) if wait is None else timedelta(seconds=wait)
        self._refusals[host] += 1
        until = now + (min(asked, LONGEST_WAIT) if wait is None else asked)
        self._closed[host] = max(until, self._closed.get(host, until))
        return self._closed[host]

    def _most(self, place: str) -> int:
        if place.startswith(PERSON):
            return self.per_person
        if place.startswith(POLLED_OF):
            return max(1, self.per_person - 1)
        return {_ALL: self._total, _ALL_POLLED: self._total - self._kept}.get(place, self.per_host)


def person_place(kind: str, person: PersonKey) -> str:
    """Name what counts a person's fetches: `kind` is `PERSON` or `POLLED_OF`."""
    return f"{kind}{person.team_id}/{person.user_id}"


def _places(pace: str, person: PersonKey, provider: str) -> tuple[str, ...]:
    """Return what a fetch takes a place of."""
    polled = (_ALL_POLLED, person_place(POLLED_OF, person)) if provider in POLLED else ()
    return (_ALL, pace, person_place(PERSON, person), *polled)
