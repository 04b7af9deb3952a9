"""Lines of a person's list."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from services.domain.lines import Match, Routine, Rule
from services.domain.model import Look

DAYS = frozenset(range(7))


def rule(name: str, *words: str, **more: object) -> Rule:
    """A rule for events with one of these words in their title, which shows its own name."""
    return replace(Rule(name, name, Match(title_words=words), Look(name)), **more)  # type: ignore[arg-type]  # by name


def routine(name: str = "Lunch", start: time = time(12, 30), end: time = time(13, 30), **more: object) -> Routine:
    """A routine of every day, by default over noon."""
    return replace(Routine(name, Look(name, ":sandwich:"), DAYS, start, end), **more)  # type: ignore[arg-type]  # by name
