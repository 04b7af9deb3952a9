"""What somebody did and may take back: how it was before and after, and what there is with it taken back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from services.domain.errors import ChangedSinceError, TooManyError
from services.domain.lines import KINDS, MOST_LINES, Line
from services.domain.model import Override, Pause
from services.domain.people import Preferences


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """Which calendars of an account were read before and after a change, by their addresses."""

    account_id: str
    before: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed by one command, form or button: each thing as it was before, and as it is after it.

    Of an override that was not there before, or is gone after it, that is None; so it is of a pause. `calendar_id` is
    that of a feed or a hook that was connected, `account_id` that of an account.
    """

    lines: tuple[tuple[Line, ...], tuple[Line, ...]] | None = None
    preferences: tuple[Preferences, Preferences] | None = None
    pause: tuple[Pause | None, Pause | None] | None = None
    overrides: tuple[tuple[Override | None, Override | None], ...] = ()
    account: AccountChoice | None = None
    calendar_id: str = ""
    account_id: str = ""

    @property
    def is_of_status(self) -> bool:
        """Whether it is about nothing but what is shown and when: no list, no setting, no calendar."""
        return replace(self, overrides=(), pause=None) == Change()


def ended(overrides: Sequence[Override], now: datetime) -> tuple[tuple[Override, Override | None], ...]:
    """Return overrides as they were before they were ended at `now`, and as they are after it, where they had begun."""
    return tuple((one, None if one.start >= now else replace(one, end=now)) for one in overrides)


def list_put_back(lines: Sequence[Line], before: Sequence[Line], after: Sequence[Line]) -> tuple[Line, ...]:
    """Give the list `lines` with what a change from `before` to `after` did taken back.

    What was changed besides stays. Raises ChangedSinceError where one of the same lines was changed since, or where
    lines were moved by that change and again since; TooManyError.
    """
    was, became, now = ({line.id: line for line in some} for some in (before, after, lines))
    touched = {line_id for line_id in was.keys() | became.keys() if was.get(line_id) != became.get(line_id)}
    if any(now.get(line_id) != became.get(line_id) for line_id in touched):
        raise ChangedSinceError("a line was changed since")
    old_order = [line.id for line in before if line.id in now]
    new_order = [line.id for line in after if line.id in was and line.id in now]
    kept = [line for line in lines if line.id in was or line.id not in touched]
    if old_order != new_order:
        if [line.id for line in kept if line.id in was] != new_order:
            raise ChangedSinceError("lines were moved since")
        places = iter(old_order)
        kept = [now[next(places)] if line.id in was else line for line in kept]
    whole = [was.get(line.id, line) if line.id in touched else line for line in kept]
    above: str | None = None
    for line in before:
        if line.id not in became:
            ids = [one.id for one in whole]
            whole.insert(0 if above is None else ids.index(above) + 1, line)
        above = line.id if line.id in now or line.id not in became else above
    if len(whole) > max(len(lines), MOST_LINES + len(KINDS)):
        raise TooManyError("lines", most=MOST_LINES)
    return tuple(whole)


def preferences_put_back(now: Preferences, before: Preferences, after: Preferences) -> Preferences:
    """Give `now` with what was changed from `before` to `after` as it was. Raises ChangedSinceError."""
    names = [one.name for one in fields(now) if getattr(before, one.name) != getattr(after, one.name)]
    if any(getattr(now, name) != getattr(after, name) for name in names):
        raise ChangedSinceError("a setting was changed since")
    return replace(now, **{name: getattr(before, name) for name in names})
