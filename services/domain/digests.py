"""When a digest of who is out is posted, and for which days: what a member asks for, and what comes of it. Pure.

A daily digest is posted on working days and tells of that day; a weekly one on one day of the week, and tells of seven
days from then on. Its time of day is local, in the zone of whoever made it, across changes of the clock.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain import times
from services.domain.errors import InputError, TimeNotUnderstoodError
from services.domain.model import WallTimes
from services.domain.times import Speaker
from services.domain.times.lexicon import fold

LATE = timedelta(hours=2)
"""A digest that could not be posted for so long is skipped: its news are old by then."""

MOST = 200
"""Digests of one workspace."""

WORKING_DAYS = frozenset(range(5))
_DAY = timedelta(days=1)


class Period(StrEnum):
    """What a digest tells of: a day, or seven."""

    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def length(self) -> int:
        """How many days it tells of."""
        return 1 if self is Period.DAILY else 7


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which days of the week (0 is Monday), and when of the day, in `zone`."""

    days: frozenset[int]
    at: time
    zone: ZoneInfo

    @property
    def period(self) -> Period:
        """A digest on one day of the week tells of seven days."""
        return Period.WEEKLY if len(self.days) == 1 else Period.DAILY

    def next_after(self, instant: datetime) -> datetime:
        """Return when it is due next, strictly after `instant` (UTC).

        A local time that the clock leaps over is read as before the leap, as in RFC 5545, 3.3.5: it is due after it.
        """
        today = instant.astimezone(self.zone).date()
        days = (today + number * _DAY for number in range(-1, 9))  # a week, and a day on which it is over already
        return min(due for day in days if day.weekday() in self.days and (due := self.on(day)) > instant)

    def on(self, day: date) -> datetime:
        """Return when it is due on that day, in UTC."""
        wall = datetime.combine(day, self.at)
        return WallTimes(wall, wall).instants(self.zone)[0]

    def day_of(self, due_at: datetime) -> date:
        """Return the day on which it is due at that instant."""
        return due_at.astimezone(self.zone).date()

    def told_days(self, due_at: datetime) -> tuple[date, date]:
        """Return the first day that the digest due at `due_at` tells of, and the one after the last."""
        first = self.day_of(due_at)
        return first, first + self.period.length * _DAY

    def noon_of(self, due_at: datetime) -> datetime:
        """Noon of the day on which it is due, in UTC."""
        noon = datetime.combine(self.day_of(due_at), time(12))
        return WallTimes(noon, noon).instants(self.zone)[0]

    def told_of(self, due_at: datetime) -> tuple[datetime, datetime]:
        """Return the same as instants in UTC; the present begins when it is due."""
        first, end = (datetime.combine(day, time()) for day in self.told_days(due_at))
        return max(due_at, WallTimes(first, first).instants(self.zone)[0]), WallTimes(end, end).instants(self.zone)[0]


_DAILY = {
    "en": "daily|every day|each day|every weekday|weekdays|weekday|on weekdays|workdays|working days|every working day",
    "de": "täglich|jeden tag|werktags|wochentags|an werktagen|an wochentagen|arbeitstags|jeden werktag",
    "fr": "tous les jours|chaque jour|quotidien|en semaine|jours ouvrés|les jours ouvrés|jours ouvrables",
    "es": "diario|a diario|cada día|todos los días|días laborables|laborables|entre semana|los días laborables",
    "ja": "毎日|平日|毎平日|営業日|毎営業日",
}
_WEEKLY = {
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "ja": "月曜 火曜 水曜 木曜 金曜 土曜 日曜",
}
_BEFORE = (
    "every ", "each ", "on ", "jeden ", "am ", "le ", "les ", "chaque ", "tous les ", "el ", "los ", "cada ",
    "todos los ", "毎週",
)  # fmt: skip
_AFTER = ("日", "s")
_OFF = "off stop end none aus ende stopp désactivé arrêt non apagado fin no オフ 終了 停止"
_WORDS = {fold(word)[0]: WORKING_DAYS for words in _DAILY.values() for word in words.split("|")}
_WORDS |= {
    fold(word)[0]: frozenset({number}) for words in _WEEKLY.values() for number, word in enumerate(words.split())
}
_NONE = frozenset(fold(word)[0] for word in _OFF.split())


def is_off(text: str) -> bool:
    """Return whether somebody wants no digest any more: `/quo digest off`."""
    return fold(text.strip())[0] in _NONE


def schedule(text: str, speaker: Speaker) -> Schedule:
    """Return when somebody wants a digest ("weekdays 9:00", "mondays 9:00", "jeden Montag um 9"), in their zone.

    The day comes first, in any of the app's languages, then the time of day. Raises an InputError for anything else.
    """
    if len(text) > times.LONGEST_INPUT:
        raise TimeNotUnderstoodError("no day and time of a digest")
    words = text.split()
    for number in range(len(words) - 1, 0, -1):
        days = _days_of(" ".join(words[:number]))
        if days:
            return Schedule(days, _clock_of(" ".join(words[number:]), speaker), speaker.zone)
    raise TimeNotUnderstoodError("no day and time of a digest")


def _days_of(text: str) -> frozenset[int]:
    folded = fold(text.strip(" ,"))[0]
    for before in ("", *_BEFORE):
        rest = folded.removeprefix(fold(before)[0]) if folded.startswith(fold(before)[0]) else ""
        for after in ("", *_AFTER):
            if (found := _WORDS.get(rest.removesuffix(after).strip())) is not None:
                return found
    return frozenset()


def _clock_of(text: str, speaker: Speaker) -> time:
    found = None
    for at in ("", "at ", "à "):  # a number alone, and "9h", are no time of day without it
        with suppress(InputError):
            found = found or times.look(at + text, speaker)
    if found is None or found.instant is None or found.day != speaker.today:
        raise TimeNotUnderstoodError("no time of a digest")
    return found.instant.astimezone(speaker.zone).time().replace(second=0, microsecond=0, tzinfo=None)
