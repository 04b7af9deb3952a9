"""Reading a feed against what is remembered of it: the work that a worker process does."""

from __future__ import annotations

from datetime import timedelta

from services.calendars.ical.lex import calendars
from services.calendars.ical.memory import ReadState, body_digest, context_of, entry_digest, key_of, uid_digest
from services.calendars.ical.reading import Entry, EntryReader, Readout, ReadRequest, distinct, merged, readable_entries
from services.calendars.ical.recurrence import ExpansionBudget
from services.domain.calendars import Changes
from services.domain.errors import CalendarTooCostlyError, NotACalendarError

MOST_EVENTS = 10_000
"""Events of one calendar in the two months that are kept: 160 a day."""

MOST_TEXT = 4 * 1024 * 1024
"""Characters of their titles and places together: each occurrence of a series has a row of its own."""


def read(data: bytes, asked: ReadRequest, state: bytes | None) -> Changes:
    """What a feed's body says, as changes since `state` was made. Raises NotACalendarError for a half file too.

    CalendarTooCostlyError for a calendar that would have more events, or say more, than any person's does.
    """
    found = calendars(data)
    if not found:
        raise NotACalendarError("no BEGIN:VCALENDAR")
    if not all(calendar.whole for calendar in found):
        raise NotACalendarError("no END:VCALENDAR")
    before = ReadState.load(state)
    if before is not None and before.asked != key_of(asked):
        before = None
    budget = ExpansionBudget()
    digests: dict[str, bytes] = {}
    parts: list[tuple[EntryReader, Entry]] = []
    name: str | None = None
    floor: timedelta | None = None
    for calendar in merged(found):
        reader = EntryReader(calendar, asked, budget)
        name, floor = name or reader.name, floor or reader.floor
        context = context_of(calendar)
        for entry in readable_entries(calendar):
            digests[entry.uid] = digests.get(entry.uid, b"") + entry_digest(entry, context)
            parts.append((reader, entry))
    now = {uid_digest(uid): body_digest(digest)[:8] for uid, digest in digests.items()}
    changed = {uid for uid in digests if before is None or before.entries.get(uid_digest(uid)) != now[uid_digest(uid)]}
    reading = Readout()
    for reader, entry in parts:
        if entry.uid in changed:
            reader.read(entry, reading)
        if len(reading.events) > MOST_EVENTS:
            break  # it is refused below, as soon as that is certain
    shown = {problem.uid: (0, 0) for problem in reading.problems}
    for event in reading.events:
        events, text = shown.get(event.uid, (0, 0))
        shown[event.uid] = events + 1, text + len(event.title) + len(event.location)
    gone: frozenset[str] = frozenset()
    if before is not None:
        gone = frozenset(uid for uid in before.shown if uid not in digests)
        shown |= {uid: size for uid, size in before.shown.items() if uid not in changed and uid not in gone}
    if sum(events for events, _ in shown.values()) > MOST_EVENTS or sum(text for _, text in shown.values()) > MOST_TEXT:
        raise CalendarTooCostlyError("events")
    memory = ReadState(body_digest(data), key_of(asked), now, shown, name, floor)
    nothing = before is not None and not changed and not gone
    return Changes(
        state=memory.dump(),
        unchanged=nothing,
        full=before is None,
        replaced=frozenset() if before is None else frozenset(changed) | gone,
        events=tuple(distinct(reading.events)),
        problems=tuple(reading.problems),
        name=name,
        floor=floor,
    )
