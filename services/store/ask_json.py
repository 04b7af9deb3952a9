"""What somebody asked for before they had granted, as JSON; a line that was typed is kept as it is."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import field

from services.domain.asks import Ask, AskedAbsence, AskedLine, AskedStatus
from services.domain.errors import InputError
from services.domain.model import Effect
from services.store.json_values import Id, Instant, Stored

_STATUS, _ABSENCE = "status", "absence"

_NOTHING_BEFORE = "help\n"
"""Stands before the JSON. Processes of earlier releases, which go on while replicas are updated, take it all for what
was typed behind `/quo`: `help` with anything behind it is answered with how that is used, and nothing is set."""


class _StatusJson(Stored, omit_defaults=True):
    called = "ask"

    text: str
    emoji: str
    start: Instant
    end: Instant | None = None
    effects: set[Effect] = field(default_factory=set)


class _AbsenceJson(Stored, omit_defaults=True):
    called = "ask"

    note: str
    start: Instant
    end: Instant | None = None
    stand_in: Id = ""
    in_calendar: bool = False


class _BesideJson(Stored):
    """What earlier releases kept of a form below its line."""

    called = "ask"

    effects: set[Effect]
    stand_in: Id


def ask_to_json(ask: Ask) -> tuple[str, str]:
    """Return of which kind it is, or the command that was typed, and its content."""
    if isinstance(ask, AskedLine):
        return ask.command, ask.text
    if isinstance(ask, AskedStatus):
        kind, stored = _STATUS, msgspec.convert(ask, _StatusJson, from_attributes=True).to_json()
    else:
        kind, stored = _ABSENCE, msgspec.convert(ask, _AbsenceJson, from_attributes=True).to_json()
    return kind, _NOTHING_BEFORE + stored.decode()


def ask_from_json(kind: str, content: str) -> Ask:
    """Return the same from what is stored, also by earlier releases. Raises InputError."""
    stored = content.removeprefix(_NOTHING_BEFORE)
    if kind == _STATUS:
        return msgspec.convert(_StatusJson.from_json(stored), AskedStatus, from_attributes=True)
    if kind == _ABSENCE:
        return msgspec.convert(_AbsenceJson.from_json(stored), AskedAbsence, from_attributes=True)
    line, _, more = content.rpartition("\n")
    with suppress(InputError):
        beside = _BesideJson.from_json(more)
        return AskedLine(kind, line, frozenset(beside.effects), beside.stand_in)
    return AskedLine(kind, content)
