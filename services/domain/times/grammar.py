"""The grammar of times, over tokens: "which tokens from here on speak of time, and what do they say".

It never answers "when is that": see `place`. Each method takes a position among the tokens and gives what was read
and the position behind it, or None. A phrase is made of pieces that say a day, a time, a range or a length, in any
order that people use ("friday from 2pm to 4pm", "from 2pm to 4pm on friday"), joined as far as they agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.domain.times.lexicon import Sense
from services.domain.times.moments import RUNNING, STRETCHES, TODAY, Moments, in_part
from services.domain.times.tokens import day_of
from services.domain.times.values import Day, DayKind, Moment, TimeExpression, TimeOfDay

Piece = tuple[TimeExpression, int]

_END_OF_TODAY = Moment(TODAY, TimeOfDay(24))


@dataclass(frozen=True, slots=True)
class Phrase:
    """What was said from one token to another."""

    begin: int
    end: int
    said: TimeExpression


class Grammar(Moments):
    """Reads one line."""

    def phrase(self, at: int) -> Phrase | None:
        """Return the longest phrase about time that begins here."""
        if at >= len(self._tokens) or self._tokens[at].is_text:
            return None
        if self.is_(at, Sense.SIGN, Sense.SLIP, Sense.COMMA, Sense.DASH) or (found := self._piece(at)) is None:
            return None
        said, end = found
        while True:
            parted = self.is_(end, Sense.COMMA) or (self._lexicon.counted and self.is_(end, Sense.AT))
            more = self._piece(end + parted)
            joined = join(said, more[0]) if more else None
            if more is None or joined is None:
                break
            said, end = joined, more[1]
        if self._lexicon.counted and self.is_(end, Sense.AT):
            end += 1  # 金曜日は休み, 14時に歯医者
        return Phrase(at, end, said)

    def _piece(self, at: int) -> Piece | None:
        reads = (self._lasting, self._until, self._range, self._opened, self._back, self._rest)
        found = [piece for read in reads if (piece := read(at)) is not None]
        if bare := self.moment(at):
            found.append((TimeExpression(start=bare[0]), bare[1]))
        return max(found, key=lambda piece: (piece[1], piece[0].sure), default=None)

    def _lasting(self, at: int) -> Piece | None:
        """Return a length, or "for" some day."""
        marker = self.means(at, Sense.FOR)
        marked = marker is not None
        begin = at + marked
        if found := self.length(begin) or self.length(at):  # another 2 hours, another hour
            length, end = found
            sure = marked or self._lexicon.counted or not (length.days or length.months)
            return TimeExpression(length=length, sure=sure), self._skip(end, Sense.SUFFIX_UNTIL)
        moment = self.moment(begin) if marker == "" else None
        if moment is None or moment[0].day is None or moment[0].clock:
            return None
        said, end = moment
        day = moment[0].day
        if day.kind in RUNNING and not day.ahead:
            return TimeExpression(end=Moment(replace(day, included=True)), sure=True), end
        return TimeExpression(start=said, sure=day.kind in STRETCHES or said.part is not None or day == TODAY), end

    def _until(self, at: int) -> Piece | None:
        marker = self.means(at, Sense.UNTIL)
        before = self.is_(at, Sense.BEFORE)
        begin = at + (marker is not None or before)
        found = self._target(begin, dated=marker == "date")
        if found is None:
            return None
        moment, end = found
        if marker == "whole" and moment.day is not None:
            moment = replace(moment, day=replace(moment.day, included=True))
        if begin > at or self.is_(at, Sense.END):
            return TimeExpression(end=moment, sure=True, exclusive=before), self._skip(end, Sense.SUFFIX_UNTIL)
        if self.is_(end, Sense.SUFFIX_UNTIL, Sense.SUFFIX_BEFORE):
            return TimeExpression(end=moment, sure=True, exclusive=self.is_(end, Sense.SUFFIX_BEFORE)), end + 1
        return None

    def _target(self, at: int, *, dated: bool) -> tuple[Moment, int] | None:
        """Return what something lasts until: a moment, or the end of a day."""
        rest = self._skip(at, Sense.AT)
        if self.is_(rest, Sense.REST):
            day = self.day(self._skip(rest + 1, Sense.OF))
            return (Moment(day[0], TimeOfDay(24)), day[1]) if day else (_END_OF_TODAY, rest + 1)
        found = self.moment(at, bare=True, dated=dated)
        if found and found[0].is_day and self.is_(found[1], Sense.REST):
            return replace(found[0], clock=TimeOfDay(24)), found[1] + 1  # until friday EOD
        return found

    def _range(self, at: int) -> Piece | None:
        marker = self.means(at, Sense.FROM)
        between = self.is_(at, Sense.BETWEEN)
        begin = at + (marker is not None or between)
        ends = (Sense.TO, Sense.DASH, Sense.UNTIL) + ((Sense.AND,) if between else ())
        spans = (self._days(begin, ends), self._moments(begin, ends, dated=marker == "date"))
        found = max((span for span in spans if span is not None), key=lambda span: span[2], default=None)
        if found is None:
            return None
        start, end, after = found
        if start.is_bare and end.day and not end.clock:
            return None
        marked = begin > at
        clear = marked or any(moment.clock and not moment.clock.bare for moment in (start, end))
        dates = all(moment.day and moment.day.kind is DayKind.DATE for moment in (start, end))
        sure = marked or dates or (clear and bool(start.clock or end.clock))
        if (
            start.day is not None
            and end.day is not None
            and (start.day.kind, end.day.kind) == (DayKind.WEEKDAY, DayKind.WEEKDAY_OF_WEEK)
            and start.day.number <= end.day.number
        ):
            start = replace(start, day=_in_week(start.day, end.day.ahead))  # from monday to wednesday next week
        return TimeExpression(start=start, end=end, sure=sure), self._skip(after, Sense.SUFFIX_UNTIL)

    def _moments(self, at: int, ends: tuple[Sense, ...], *, dated: bool) -> tuple[Moment, Moment, int] | None:
        first = self.moment(at, bare=True, dated=dated)
        if first is None or not self.is_(first[1], *ends):
            return None
        start, to = first
        if start.is_bare and self.is_(to, Sense.DASH):
            left, right = self.means(to - 1, Sense.NUMBER), self.means(to + 1, Sense.NUMBER)
            if left and right and bool(left.digits) is not bool(right.digits):
                return None  # a dash joins digits and a word: 7-Eleven
        dated = dated or "date" in {self.means(to, Sense.TO), self.means(to, Sense.UNTIL)}
        second = self._target(to + 1, dated=dated and start.clock is None)
        if start.is_day and start.day and start.day.kind is DayKind.DATE and (second is None or second[0].is_bare):
            number = self._day_number(to + 1)
            last = self._dated(number[0], str(start.day.month), number[1]) if number else None
            if last is not None:  # the month was said before: Dec 24-27 2026
                return start, Moment(replace(last[0], year=last[0].year or start.day.year)), last[1]
        return None if second is None else (start, second[0], second[1])

    def _days(self, at: int, ends: tuple[Sense, ...]) -> tuple[Moment, Moment, int] | None:
        """24-27 Dec: the month is said once, at the end."""
        first = self._day_number(self._skip(at, Sense.ON))
        if first is None or not self.is_(first[1], *ends):
            return None
        last = self.date(self._skip(first[1] + 1, Sense.ON, Sense.INCLUDING))
        if last is None:
            return None
        day = day_of(first[0], last[0].month, last[0].year, included=last[0].included)
        return (Moment(day), Moment(last[0]), last[1]) if day else None

    def _opened(self, at: int) -> Piece | None:
        """From some moment on, or after it."""
        begin = self._skip(at, Sense.FROM, Sense.AFTER)
        found = self.moment(begin, bare=True, dated=self.means(at, Sense.FROM) == "date")
        if found is None:
            return None
        moment, end = found
        if begin == at:
            return (TimeExpression(start=moment, sure=True), end + 1) if self.is_(end, Sense.SUFFIX_FROM) else None
        if moment.is_bare or (self.is_(at, Sense.AFTER) and moment.clock is None):
            return None
        return TimeExpression(start=moment, sure=moment.clock is not None), end

    def _back(self, at: int) -> Piece | None:
        """Back on monday; in an hour."""
        marked = self.is_(at, Sense.BACK)
        begin = self._skip(at + 1, Sense.BEFORE, Sense.UNTIL, Sense.FROM) if marked else at
        later = self.later(begin)
        length = later or (self.length(begin) if marked else None)
        found = (Moment(after=length[0]), length[1]) if length else self.moment(begin, bare=marked)
        if found is None:
            return None
        moment, end = found
        suffixed = not marked and self.is_(end, Sense.SUFFIX_BACK, Sense.BACK)
        if marked or suffixed:
            return TimeExpression(end=moment, sure=True, returns=True, exclusive=True), end + suffixed
        return (TimeExpression(start=moment, sure=True, returns=True), end) if later else None

    def _rest(self, at: int) -> Piece | None:
        begin = self._skip(at, Sense.FOR)
        if not self.is_(begin, Sense.REST):
            return None
        end = self._skip(begin + 1, Sense.SUFFIX_UNTIL)
        return TimeExpression(end=_END_OF_TODAY, sure=begin > at or end > begin + 1), end


def join(first: TimeExpression, second: TimeExpression) -> TimeExpression | None:
    """Return what two neighbouring pieces say together; None where they do not belong together."""
    for one, other in ((first, second), (second, first)):
        if one is second and one.start and one.start.day is None and not one.sure:
            continue  # until 6, noon
        if joined := _joined(one, other):
            return replace(joined, sure=first.sure or second.sure)
    return None


def _joined(one: TimeExpression, other: TimeExpression) -> TimeExpression | None:
    """`one` says from when on, or on what day; `other` how long, until when, or at what time of it."""
    start = one.start
    if start is None or one.end is not None or one.length is not None or other.returns:
        return None
    if other.start is not None:
        return _joined_starts(start, other, other.start)
    if other.end == _END_OF_TODAY:
        return TimeExpression(start=start)  # all day friday; from 2pm until the end of the day
    if other.length and other.length.minutes and start.is_day and start.day != TODAY:
        return None  # hours on a day have to begin at some time of it, unless it is today: they begin now
    return TimeExpression(start=start, end=other.end, length=other.length, exclusive=other.exclusive)


def _joined_starts(start: Moment, other: TimeExpression, from_: Moment) -> TimeExpression | None:
    """Return a day, or a part of it, and from when on in it."""
    if start.day is None or start.clock is not None or other.length is not None:
        return None
    if start.is_day and start.day.kind is DayKind.WEEK:  # next week, from monday to wednesday
        if from_.day is None or from_.day.kind is not DayKind.WEEKDAY:
            return None
        return replace(other, start=replace(from_, day=_in_week(from_.day, start.day.ahead)))
    begin, end = in_part(from_.clock, start.part), other.end
    if begin is None or from_.day or start.day.kind in STRETCHES or (end is not None and end.day is not None):
        return None
    if end is not None:
        end = replace(end, clock=in_part(end.clock, start.part) or end.clock)
    return replace(other, start=Moment(start.day, begin), end=end)


def _in_week(weekday: Day, ahead: int) -> Day:
    return replace(weekday, kind=DayKind.WEEKDAY_OF_WEEK, ahead=ahead)
