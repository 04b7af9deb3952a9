"""Events of one day, and the timeline that comes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.domain.lines import Match, Rule
from services.domain.model import Event, Look, PersonKey, Timeline, WallTimes
from services.domain.people import PersonFacts
from services.domain.timeline import resolve

BERLIN = ZoneInfo("Europe/Berlin")


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def event(title: str, start: datetime, end: datetime, uid: str = "", **more: object) -> Event:
    return replace(Event("c", uid or title, start, end, title=title), **more)  # type: ignore[arg-type]  # fields by name


def day_off(title: str, first: int, last: int, **more: object) -> Event:
    wall = WallTimes(datetime(2026, 11, first), datetime(2026, 11, last))
    return event(title, at(0), at(0), all_day=True, wall=wall, **more)


def line(*events: Event, **more: object) -> Timeline:
    """The 24th of November 2026, or from `start` to `end`, of somebody in Berlin with these events."""
    window = {name: more.pop(name) for name in ("start", "end") if name in more}
    facts = PersonFacts(PersonKey("T1", "U1"), **{"zone": BERLIN, "events": events} | more)  # type: ignore[arg-type]
    return resolve(facts, **{"start": at(0), "end": at(0, day=25)} | window)  # type: ignore[arg-type]  # by name


def shown(timeline: Timeline) -> list[tuple[str, str, str]]:
    """What shows, from when to when by UTC."""
    return [(f"{span.start:%H:%M}", f"{span.end:%H:%M}", span.status.text) for span in timeline.spans if span.shows]


def own(rule: str, *words: str, text: str | None = None, **more: object) -> Rule:
    """A rule of the person's own, for events with one of these words in their title."""
    return replace(Rule(rule, rule, Match(title_words=words), Look(text)), **more)  # type: ignore[arg-type]  # by name
