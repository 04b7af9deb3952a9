"""How fast a timeline is resolved: of somebody who chose nothing, and of somebody with a long list."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bench.table import Row
from services.domain import timeline
from services.domain.lines import Match, Routine, Rule, complete
from services.domain.model import Effect, Event, Look, PersonKey
from services.domain.people import PersonFacts

START = datetime(2026, 11, 24, tzinfo=UTC)
DAYS = 9
SECONDS = 2


def rows() -> list[Row]:
    events = tuple(
        Event("c", f"e{n}", START + timedelta(hours=5 * n), START + timedelta(hours=5 * n + 1 + n % 3), title="Plan")
        for n in range(12)
    )
    facts = PersonFacts(PersonKey("T1", "U1"), ZoneInfo("Europe/Berlin"), events=events)
    rules = [
        Rule(f"r{n}", f"Rule {n}", Match(title_words=(f"project {n}", "sync*")), effects=frozenset({Effect.DND}))
        for n in range(20)
    ]
    routines = [
        Routine(f"w{n}", Look(f"Routine {n}"), frozenset(range(5)), time(8 + 2 * n), time(9 + 2 * n)) for n in range(5)
    ]
    long = replace(facts, lines=complete([*rules, *routines]))
    bare = _persons(facts)
    return [
        Row("resolve, 12 events each", bare, "persons/s", note=f"{DAYS} days each, pure Python"),
        Row("the same with 20 rules and 5 routines", _persons(long), "persons/s", note=f"{DAYS} days each"),
    ]


def _persons(facts: PersonFacts) -> float:
    persons, began = 0, clock.perf_counter()
    while (took := clock.perf_counter() - began) < SECONDS:
        timeline.resolve(facts, START - timedelta(days=1), START + timedelta(days=DAYS - 1))
        persons += 1
    return persons / took
