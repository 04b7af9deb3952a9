"""What is known of a CalDAV collection between two fetches, and what came of its members: the work of a reader process.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.ics_collection import IcsCollection, Resource
from services.calendars.providers.caldav.multistatus import key_of
from services.domain.calendars import Changes, Connection, Problem


@dataclass(frozen=True, slots=True)
class File:
    """A member as it was fetched."""

    data: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True, slots=True)
class CollectionMember:
    """A member as it was listed; `etag` may be empty, `event` is false for something else, a task for instance."""

    url: str = field(repr=False)
    etag: str = ""
    event: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Members by key, and the keys of those that are gone. `full`: there are no others than `members` and `untold`.

    `untold` were named with an error: nothing is known of them, least of all that they are gone. The tag is that of
    before then, so that they are asked about again.
    `tag` is to be given next time: a sync token, or the collection's CTag with `by_etags`.
    """

    tag: str = field(repr=False)
    members: Mapping[str, CollectionMember] = field(repr=False)
    gone: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    full: bool = False
    by_etags: bool = False


@dataclass(slots=True)
class CollectionState:
    """What is known of a collection between two fetches: the entity tag of each member that was read, by key.

    `wanted` are those that changed and have not been read since. They stay wanted until they are. `looked` is the day
    on which the collection was asked whether it is `transparent`.
    """

    by_etags: bool = False
    etags: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, CollectionMember] = field(default_factory=dict)
    transparent: bool = False
    looked: str = ""

    @classmethod
    def of(cls, extra: Mapping[str, Any]) -> CollectionState:
        """The reverse of `as_json`."""
        return msgspec.convert(dict(extra), cls)

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]  # a dict, of a dataclass

    def learn(self, listed: Listing | None) -> None:
        """Note what a listing says."""
        if listed is None:
            return
        self.by_etags = listed.by_etags
        if listed.full:
            there = listed.members.keys() | listed.untold
            self.etags = {key: etag for key, etag in self.etags.items() if key in there}
            self.wanted = {key: member for key, member in self.wanted.items() if key in there}
        for key in listed.gone:
            self._forget(key)
        for key, member in listed.members.items():
            if not member.event:
                self.wanted.pop(key, None)
                self.etags[key] = member.etag
            # Some servers tell the whole history each time, and without an entity tag there is nothing to compare.
            elif not member.etag or self.etags.get(key) != member.etag:
                self.wanted[key] = member

    def take(
        self, keys: Sequence[str], files: Mapping[str, File | None]
    ) -> tuple[dict[str, Resource], set[str], list[str]]:
        """Take what came for the wanted `keys`: the files by key; the keys without events; those that are not whole.

        What did not come, or not whole, stays wanted.
        """
        taken: dict[str, Resource] = {}
        empty: set[str] = set()
        broken: list[str] = []
        for key in keys:
            path = key_of(self.wanted[key].url)
            if path not in files:
                continue
            file = files[path]
            resource = None if file is None else Resource.of(file.data)
            if resource is not None and not resource.whole:
                broken.append(key)
                continue
            if file is None:
                self._forget(key)
            else:
                self.settle(key, file.etag)
            if resource is None:
                empty.add(key)
            else:
                taken[key] = resource
        return taken, empty, broken

    def settle(self, key: str, etag: str = "") -> None:
        """It need not be asked for again until it changes."""
        self.etags[key] = etag or self.wanted[key].etag
        del self.wanted[key]

    def _forget(self, key: str) -> None:
        self.etags.pop(key, None)
        self.wanted.pop(key, None)


def asked(
    connection: Connection,
    known: CollectionState,
    keys: Sequence[str],
    files: Mapping[str, File | None],
    *,
    tag: str,
    now: datetime,
) -> tuple[dict[str, Any], list[bytes]]:
    """The question to `members`: `files` came for the wanted `keys`, by path."""
    head = {
        **ReadRequest.ahead(connection, now).as_json(),
        "now": now.isoformat(),
        "tag": tag,
        "known": known.as_json(),
        "keys": keys,
        "files": [[path, None if file is None else file.etag] for path, file in files.items()],
    }
    return head, [connection.state or b"", *(b"" if file is None else file.data for file in files.values())]


def members(head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
    """`ical.worker`'s task: the changes, once the collection's files are what the server has."""
    state, *data = blobs
    request, now = ReadRequest.of_json(head), datetime.fromisoformat(head["now"])
    files = {
        path: None if etag is None else File(content, etag)
        for (path, etag), content in zip(head["files"], data, strict=True)
    }
    before, known = IcsCollection.load(state) or IcsCollection(), CollectionState.of(head["known"])
    gone = {key for key in before.resources if key not in known.etags and key not in known.wanted}
    taken, empty, broken = known.take(head["keys"], files)
    problems = tuple(Problem(key, "It is no whole calendar file.") for key in broken)
    kept = before.with_changes(taken, gone | empty, now=now)
    after = replace(kept, tag=head["tag"], extra=MappingProxyType(known.as_json()))
    if before.serves(request, now) and after.resources == before.resources and not problems:
        return Changes(state=after.dump(), unchanged=True, full=False)
    changes = after.changes(request, now)
    unchanged = changes.unchanged and not problems
    return replace(changes, unchanged=unchanged, problems=changes.problems + problems)
