"""What somebody asks for by hand, in its parts; it is kept as it is until they let us set their status. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.domain import command_parser
from services.domain.errors import TimeInThePastError
from services.domain.model import Effect
from services.domain.times import Speaker


@dataclass(frozen=True, slots=True)
class AskedStatus:
    """A status, from when to when (UTC; no `end`: until cleared)."""

    text: str
    emoji: str
    start: datetime
    end: datetime | None
    effects: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class AskedAbsence:
    """An absence, from when to when (UTC). `in_calendar`: it is to stand in the person's own calendar as well."""

    note: str
    start: datetime
    end: datetime | None
    stand_in: str = ""
    in_calendar: bool = False


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A command as it was typed ("/quo", "pause 2h"). It is read when it is done, as of when it was typed.

    `effects` or `stand_in`: it is a form, which earlier releases kept as the line that could have been typed.
    """

    command: str
    text: str
    effects: frozenset[Effect] = frozenset()
    stand_in: str = ""

    def of_form(self, speaker: Speaker) -> Ask:
        """Return what the form asked for, where it is one. Raises an InputError."""
        if self.stand_in:
            said = command_parser.absence(self.text, speaker)
            return AskedAbsence(said.text, said.start, said.end, self.stand_in)
        if self.effects:
            said = command_parser.status(self.text, speaker)
            return AskedStatus(said.text, said.emoji, said.start, said.end, self.effects)
        return self


def begins_at(start: datetime, end: datetime | None, now: datetime) -> datetime:
    """Return when it begins that was asked for a while ago (all UTC): now, where that has passed.

    Raises TimeInThePastError where it is over.
    """
    if end is not None and end <= now:
        raise TimeInThePastError("over since it was asked for")
    return max(start, now)


Ask = AskedStatus | AskedAbsence | AskedLine
