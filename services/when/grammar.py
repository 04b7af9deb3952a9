"""The small grammar of times: what must be read exactly, with the standard library alone.

It answers "which words from here on speak of time, and what do they say", never "when is that": see `place`.
Each method takes a position in folded text and gives what was read and where it ends, or None.
"""

from __future__ import annotations

from re import Match

from services.when.patterns import Patterns
from services.when.spoken import Clock, Day, DayKind, Length, Moment, Spoken

_TWO_DIGIT_YEARS = 2000
_YEARS = (1970, 2200)
_PARTS = {"morning": (6, 9, 12), "afternoon": (12, 13, 18), "evening": (18, 18, 24)}  # it begins, "until" it, it ends
_TODAY = Day(DayKind.OFFSET, 0)
_NOON = 12
_DAY_END = 24
_SHORT_YEAR = 2  # digits
_MINUTES = 60
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Grammar:
    """Reads one folded text."""

    def __init__(self, patterns: Patterns, text: str, *, month_first: bool) -> None:
        """`month_first`: 3/4 is 4 March."""
        self._p = patterns
        self._text = text
        self._month_first = month_first

    # ── times of day ────────────────────────────────────────────────────────────────────────────────

    def clock(self, at: int, *, bare: bool = False) -> tuple[Clock, int] | None:
        """A time of day; a number alone only where `bare`."""
        if marker := self._p.at.match(self._text, at):
            bare, at = True, self._skip(marker.end())
        for pattern, named in ((self._p.noon, Clock(_NOON)), (self._p.midnight, Clock(_DAY_END))):
            if found := pattern.match(self._text, at):
                return named, found.end()
        for pattern in self._p.clocks:
            if (found := pattern.match(self._text, at)) and (clock := self._read_clock(found)):
                return clock, found.end()
        if bare and (found := self._p.hour.match(self._text, at)) and int(found["h"]) <= _DAY_END:
            hour = int(found["h"])
            return Clock(hour, loose=1 <= hour <= _NOON, bare=marker is None), found.end()
        return None

    def _read_clock(self, found: Match[str]) -> Clock | None:
        groups = found.groupdict()
        hour = int(groups["h"])
        minute = 30 if groups.get("half") else int(groups.get("m") or 0)
        if minute >= _MINUTES or hour > _DAY_END or (hour == _DAY_END and minute):
            return None
        if groups.get("am") or groups.get("pm"):
            if hour > _NOON:
                return Clock(hour, minute) if groups.get("pm") else None
            return Clock(hour % _NOON + (_NOON if groups.get("pm") else 0), minute)
        exact = groups["h"].startswith("0") or (groups.get("m") is not None and not self._p.clock_face)
        return Clock(hour, minute, loose=1 <= hour < _NOON and not exact)

    # ── days ────────────────────────────────────────────────────────────────────────────────────────

    def day(self, at: int) -> tuple[Day, int] | None:
        """A day, a week or a month by name, or a date."""
        if marker := self._p.on.match(self._text, at):
            at = self._skip(marker.end())
        return self._weekday(at) or self._named(at) or self._date(at)

    def _named(self, at: int) -> tuple[Day, int] | None:
        for distance, pattern in self._p.days.items():
            if found := pattern.match(self._text, at):
                included = distance == 0 or "offset" in self._p.included
                return Day(DayKind.OFFSET, distance, included=included), found.end()
        for pattern, day in (
            (self._p.next_week, Day(DayKind.WEEK, 1)),
            (self._p.next_month, Day(DayKind.MONTH, 1)),
            (self._p.this_week, Day(DayKind.WEEK, 0, included=True)),
        ):
            if found := pattern.match(self._text, at):
                return day, found.end()
        return None

    def _weekday(self, at: int) -> tuple[Day, int] | None:
        kind, begin = DayKind.WEEKDAY, at
        if marker := self._p.next.match(self._text, at):
            kind, begin = DayKind.NEXT_WEEKDAY, self._skip(marker.end())
        elif marker := self._p.coming.match(self._text, at):
            begin = self._skip(marker.end())
        for number, pattern in enumerate(self._p.weekdays):
            if found := pattern.match(self._text, begin):
                if date := self._date(self._p.comma.match(self._text, found.end()).end()):  # type: ignore[union-attr]  # it matches nothing too
                    return date
                end = found.end()
                if after := self._p.coming.match(self._text, self._skip(end)):
                    end = after.end()
                return Day(kind, number, included="weekday" in self._p.included), end
        return None

    def _date(self, at: int) -> tuple[Day, int] | None:
        for pattern in self._p.dates:
            if (found := pattern.match(self._text, at)) and (day := self._read_date(found)):
                return day, found.end()
        if found := self._p.slashed.match(self._text, at):
            first, second = int(found["a"]), int(found["b"])
            year = _full_year(found["y"])
            order = [(first, second), (second, first)] if self._month_first else [(second, first), (first, second)]
            for month, number in order:
                if day := self._valid(number, month, year):
                    return day, found.end()
        return None

    def _read_date(self, found: Match[str]) -> Day | None:
        groups = found.groupdict()
        month = int(groups["mm"]) if groups.get("mm") else next((i for i in range(1, 13) if groups.get(f"m{i}")), 0)
        return self._valid(int(groups["d"]), month, _full_year(groups.get("y")))

    def _valid(self, number: int, month: int, year: int) -> Day | None:
        if not 1 <= month <= len(_DAYS_IN_MONTH) or not 1 <= number <= _DAYS_IN_MONTH[month - 1]:
            return None
        if year and not _YEARS[0] <= year <= _YEARS[1]:
            return None
        return Day(DayKind.DATE, number, month, year, included="date" in self._p.included)

    # ── moments and lengths ─────────────────────────────────────────────────────────────────────────

    def moment(self, at: int, *, bare: bool = False) -> tuple[Moment, int] | None:
        """A day, a time of day, or both in either order."""
        if found := self.day(at):
            day, end = found
            after = self._p.comma.match(self._text, end).end()  # type: ignore[union-attr]  # it matches nothing too
            if clock := self.clock(after, bare=self._ends_after_number(after)):
                return Moment(day, clock[0]), clock[1]
            return Moment(day), end
        if clock := self.clock(at, bare=bare):
            if day_after := self.day(self._skip(clock[1])):
                return Moment(day_after[0], clock[0]), day_after[1]
            return Moment(None, clock[0]), clock[1]
        return None

    def _ends_after_number(self, at: int) -> bool:
        """Whether a number here is the last thing said, or the first half of a range."""
        found = self._p.hour.match(self._text, at)
        if found is None:
            return False
        end = self._skip(found.end())
        return end == len(self._text) or self._p.to.match(self._text, end) is not None

    def length(self, at: int) -> tuple[Length, int] | None:
        """A length of time: `45m`, `1h30`, `2 hours and 15 minutes`, `half an hour`, `3 days`."""
        if found := self._p.half_hour.match(self._text, at):
            return Length(minutes=30), found.end()
        if found := self._p.compact.match(self._text, at):
            return Length(minutes=int(found["h"]) * 60 + int(found["m"])), found.end()
        minutes, days, end, begin = 0.0, 0, None, at
        for name, pattern in self._p.units:
            found = pattern.match(self._text, begin)
            if found is None:
                continue
            count = float(found["n"].replace(",", ".")) if found["n"] else 1.0
            end = found.end()
            if name in {"hours", "minutes"}:
                minutes += count * (60 if name == "hours" else 1)
                if self._text.startswith("半", end) and name == "hours":
                    minutes, end = minutes + 30, end + 1
            else:
                if not count.is_integer():
                    return None
                days += int(count) * (7 if name == "weeks" else 1)
            begin = self._p.and_.match(self._text, end).end()  # type: ignore[union-attr]  # it matches nothing too
        return None if end is None else (Length(round(minutes), days), end)

    # ── whole phrases ───────────────────────────────────────────────────────────────────────────────

    def phrase(self, at: int) -> tuple[Spoken, int] | None:
        """The longest phrase about time that begins here; a length before others of its size: 1h 30m."""
        if self._p.begins.match(self._text, at) is None:
            return None
        found = [
            read
            for read in (
                self._long(at),
                self._until(at),
                self._range(at),
                self._day_range(at),
                self._part(at),
                self._bare(at),
            )
            if read is not None
        ]  # fmt: skip
        return max(found, key=lambda read: (read[1], read[0].sure), default=None)

    def _until(self, at: int) -> tuple[Spoken, int] | None:
        marker = self._p.until.match(self._text, at)
        begin = self._skip(marker.end()) if marker else at
        if marker and (part := self._part(begin, until=True)):
            return part
        found = self.moment(begin, bare=marker is not None)
        if found is None:
            return None
        end = found[1]
        if suffix := self._p.suffix_until.match(self._text, self._skip(end)):
            return Spoken(end=found[0], sure=True), suffix.end()
        return (Spoken(end=found[0], sure=True), end) if marker else None

    def _range(self, at: int) -> tuple[Spoken, int] | None:
        marker = self._p.from_.match(self._text, at)
        begin = self._skip(marker.end()) if marker else at
        first = self.moment(begin, bare=True)
        if first is None:
            return None
        start, end = first
        if suffix := self._p.suffix_until.match(self._text, end):
            end = suffix.end()
        after = self._skip(end)
        if not _is_bare(start) and (lasting := self._long(after)):
            return Spoken(start=start, length=lasting[0].length, sure=lasting[0].sure), lasting[1]
        to = self._p.to.match(self._text, after)
        if to is None:
            return (Spoken(start=start), end) if marker and (start.day or not _is_bare(start)) else None
        after = self._skip(to.end())
        second = self.moment(after, bare=True)
        if start.day and start.day.kind is DayKind.DATE and (second is None or _is_bare(second[0])):
            number = self._p.day_of_month.match(self._text, after)
            if (
                number
                and start.clock is None
                and (day := self._valid(int(number["d"]), start.day.month, start.day.year))
            ):
                second = Moment(day), number.end()
        if second is None:
            return None
        if suffix := self._p.suffix_until.match(self._text, second[1]):
            second = second[0], suffix.end()
        if _is_bare(start) and second[0].day and not second[0].clock:
            return None  # 24-27 Dec: `_day_range` reads it
        clear = any(moment.clock and not moment.clock.bare for moment in (start, second[0])) or bool(marker)
        return Spoken(start=start, end=second[0], sure=clear and bool(start.clock or second[0].clock)), second[1]

    def _day_range(self, at: int) -> tuple[Spoken, int] | None:
        """24-27 Dec: the month is said once, at the end."""
        marker = self._p.from_.match(self._text, at)
        number = self._p.day_of_month.match(self._text, self._skip(marker.end()) if marker else at)
        to = self._p.to.match(self._text, self._skip(number.end())) if number else None
        last = self._date(self._skip(to.end())) if to else None
        if number is None or last is None:
            return None
        first = self._valid(int(number["d"]), last[0].month, last[0].year)
        return (Spoken(start=Moment(first), end=Moment(last[0])), last[1]) if first else None

    def _long(self, at: int) -> tuple[Spoken, int] | None:
        marker = self._p.for_.match(self._text, at)
        found = self.length(self._skip(marker.end()) if marker else at)
        if found is None:
            return None
        length, end = found
        if suffix := self._p.suffix_until.match(self._text, end):
            return Spoken(length=length, sure=True), suffix.end()
        return Spoken(length=length, sure=marker is not None or length.days == 0), end

    def _part(self, at: int, *, until: bool = False) -> tuple[Spoken, int] | None:
        """The rest of the day; this afternoon; tomorrow morning."""
        marker = self._p.for_.match(self._text, at) or self._p.until.match(self._text, at)
        begin = self._skip(marker.end()) if marker else at
        if found := self._p.rest_of_day.match(self._text, begin):
            suffix = self._p.suffix_until.match(self._text, found.end())
            sure = until or marker is not None or suffix is not None
            return Spoken(end=Moment(_TODAY, Clock(_DAY_END)), sure=sure), (suffix or found).end()
        if marker and (found := self._p.this_week.match(self._text, begin)):
            return Spoken(end=Moment(Day(DayKind.WEEK, 0, included=True)), sure=True), found.end()
        day = self.day(begin)
        day_at = self._skip(day[1]) if day else begin
        if day and (joint := self._p.at.match(self._text, day_at)):
            day_at = self._skip(joint.end())
        for name, (first, by, last) in _PARTS.items():
            if found := self._p.parts[name].match(self._text, day_at):
                which = day[0] if day else _TODAY
                if until:
                    return Spoken(end=Moment(which, Clock(by)), sure=True), found.end()
                return (
                    Spoken(Moment(which, Clock(first)), Moment(which, Clock(last)), sure=marker is not None),
                    found.end(),
                )
        return None

    def _bare(self, at: int) -> tuple[Spoken, int] | None:
        found = self.moment(at)
        return None if found is None else (Spoken(start=found[0]), found[1])

    # ── words around ────────────────────────────────────────────────────────────────────────────────

    def off(self) -> bool:
        """Whether the whole text is a word for "I am back"."""
        return self._p.off.fullmatch(self._text.strip()) is not None

    def is_noon(self, at: int) -> bool:
        """Whether the word here is noon, which some languages also call their lunch."""
        return self._p.noon.match(self._text, at) is not None

    def marker(self, at: int) -> tuple[str, int] | None:
        """`until` or `for` here, and where what follows it begins."""
        for name, pattern in (("until", self._p.until), ("for", self._p.for_)):
            if found := pattern.match(self._text, at):
                return name, self._skip(found.end())
        return None

    def is_literal(self, at: int) -> bool:
        """Whether what follows an "until" here is a way of speaking: until further notice, bis gleich."""
        return self._p.literal.match(self._text, at) is not None

    def _skip(self, at: int) -> int:
        while at < len(self._text) and self._text[at] == " ":
            at += 1
        return at


def _is_bare(moment: Moment) -> bool:
    return moment.day is None and moment.clock is not None and moment.clock.bare


def _full_year(said: str | None) -> int:
    if not said:
        return 0
    return int(said) if len(said) > _SHORT_YEAR else _TWO_DIGIT_YEARS + int(said)
