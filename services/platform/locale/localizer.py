"""Speaking with one person: sentences in their language, instants in their zone and manner of writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time

_NARROW_SPACE = "\u202f"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Localizer:
    """`speak` is `locale.say`; `zone` an IANA name."""

    locale: str
    conventions: Locale
    zone_name: str
    speak: Callable[..., str]

    @property
    def zone(self) -> ZoneInfo:
        """Their zone."""
        return ZoneInfo(self.zone_name)

    def say(self, message: str, **facts: object) -> str:
        """`message` with its facts."""
        return self.speak(self.locale, message, **facts)

    def time(self, instant: datetime) -> str:
        """The time of day, such as `15:00` or `3:00 PM`."""
        return written_time(instant.astimezone(self.zone).timetz().replace(tzinfo=None), self.conventions)

    def day(self, day: date, today: date | None = None) -> str:
        """A date with its weekday, such as `Fri, 27 Nov`; with the year where it is not the one of `today`."""
        skeleton = "MMMEd" if today is None or day.year == today.year else "yMMMEd"
        return str(format_skeleton(skeleton, _noon(day), locale=self.conventions)).replace(_NARROW_SPACE, " ")

    def moment(self, instant: datetime, now: datetime) -> str:
        """An instant within a sentence: `15:00`, `tomorrow, 15:00`, or `Fri 27 Nov, 15:00`."""
        today = now.astimezone(self.zone).date()
        day = instant.astimezone(self.zone).date()
        if day == today:
            return self.say("{time}", time=self.time(instant))
        if day == today + _DAY:
            return self.say("tomorrow, {time}", time=self.time(instant))
        return self.say("{day}, {time}", day=self.day(day, today), time=self.time(instant))

    def stamp(self, instant: datetime, now: datetime) -> str:
        """An instant by itself: `15:00`, or `Fri 27 Nov, 15:00`."""
        today = now.astimezone(self.zone).date()
        day = instant.astimezone(self.zone).date()
        return self.time(instant) if day == today else f"{self.day(day, today)}, {self.time(instant)}"

    def until(self, instant: datetime, now: datetime) -> str:
        """The end of something: like `moment`, but midnight is the end of the day before it."""
        wall = instant.astimezone(self.zone)
        if wall.time() != time():
            return self.moment(instant, now)
        today = now.astimezone(self.zone).date()
        last = wall.date() - _DAY
        if last == today:
            return self.say("the end of today")
        return self.say("the end of {day}", day=self.day(last, today))


def written_time(at: time, conventions: Locale) -> str:
    """A time of day as `conventions` write it, with plain spaces."""
    return str(format_time(at, "short", locale=conventions)).replace(_NARROW_SPACE, " ")


def written_day(day: date, conventions: Locale) -> str:
    """A day and month, such as `4 May` or `May 4`."""
    return str(format_skeleton("MMMMd", _noon(day), locale=conventions)).replace(_NARROW_SPACE, " ")


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12))
