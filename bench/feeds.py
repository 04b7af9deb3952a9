"""A feed of 10,000 entries: read for the first time, fetched again unchanged, and with one entry changed.

The peer is icalendar with recurring-ical-events used plainly: parse the body, ask for the window; it has no memory, so
all three cost it the same. Each side runs in a process of its own, whose peak memory is the system's figure for it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.table import Row

ENTRIES = 10_000
START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=61)
CHANGED = 9_750  # a weekly one in the window
PEER = "icalendar + recurring-ical-events"


def feed(changed: int | None = None) -> bytes:
    """A calendar of six years: one entry in five repeats weekly for half a year, each has guests and an alarm."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN", "X-WR-CALNAME:Bench"]
    for number in range(ENTRIES):
        day = datetime(2021, 1, 4, 9 + number % 8, tzinfo=UTC) + timedelta(days=number * 2200 // ENTRIES)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number:08x}-4f6e-11ee-be56-0242ac120002@bench.example",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART;TZID=Europe/Berlin:{day:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Europe/Berlin:{day + timedelta(minutes=30 if number != changed else 45):%Y%m%dT%H%M%S}",
            f"SUMMARY:Meeting {number}",
            "LOCATION:Room 1\\, second floor",
            "STATUS:CONFIRMED",
            f"SEQUENCE:{int(number == changed)}",
            "ORGANIZER;CN=Bob:mailto:bob@bench.example",
            "ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@bench.example",
            "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM",
        ]  # fmt: skip
        if number % 5 == 0:
            lines.append("RRULE:FREQ=WEEKLY;COUNT=26")
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def ours() -> dict[str, float]:
    """Seconds for the three readings through the worker pool; MiB of the worker and of the asking process."""
    from services.calendars.ical.entry import ReadRequest  # noqa: PLC0415 - each side imports only what is its own
    from services.calendars.ical.expand import Expander  # noqa: PLC0415 - see above

    async def measure() -> dict[str, float]:
        expander = Expander(workers=1)
        asked = ReadRequest("bench", ("ann@bench.example",), ZoneInfo("Europe/Berlin"), START, END)

        async def read(body: bytes, memory: bytes | None) -> tuple[float, bytes | None, int]:
            begun = time.perf_counter()
            changes = await expander.read(body, asked, memory)
            return time.perf_counter() - begun, changes.state, len(changes.events)

        body, changed = feed(), feed(changed=CHANGED)
        await read(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", None)  # the process is there, as it is in an app that runs
        first, state, events = await read(body, None)
        unchanged, _, _ = await read(body, state)
        one, _, replaced = await read(changed, state)
        await expander.close()
        return {"first": first, "unchanged": unchanged, "one": one, "events": events, "replaced": replaced}

    found = asyncio.run(measure())
    found["mib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found["asking_mib"] = _own_mib()
    return found


def peer() -> dict[str, float]:
    """Seconds for parsing and one query, which is what each fetch costs; MiB of the process."""
    import icalendar  # noqa: PLC0415 - each side imports only what is its own
    import recurring_ical_events  # noqa: PLC0415 - see above

    body = feed()
    begun = time.perf_counter()
    calendar = icalendar.Calendar.from_ical(body)
    events = recurring_ical_events.of(calendar).between(START, END)
    return {"first": time.perf_counter() - begun, "events": len(events), "mib": _own_mib()}


def _own_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows() -> Sequence[Row]:
    """The rows of the table."""
    mine, theirs = _in_a_process("ours"), _in_a_process("peer")
    assert mine["events"] == theirs["events"], "both must find the same occurrences"
    assert mine["replaced"] > 0
    note = f"{ENTRIES:,} entries, {len(feed()) / 2**20:.1f} MiB, {mine['events']:,.0f} occurrences in 61 days"
    return [
        Row("feed: first reading", mine["first"] * 1000, "ms", theirs["first"] * 1000, PEER, note),
        Row("feed: fetched again, unchanged", mine["unchanged"] * 1000, "ms", theirs["first"] * 1000, PEER),
        Row("feed: one entry changed", mine["one"] * 1000, "ms", theirs["first"] * 1000, PEER),
        Row("feed: peak memory of the reader", mine["mib"], "MiB", theirs["mib"], PEER),
    ]


def _in_a_process(side: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.feeds", side],
        check=True,
        capture_output=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "peer": peer}[sys.argv[1]]()))
