"""The grammar of times, over tokens: "which tokens from here on speak of time, and what do they say".

It never answers "when is that": see `place`. Each method takes a position among the tokens and gives what was read
and the position behind it, or None. A phrase is made of pieces that say a day, a time, a range or a length, in any
order that people use ("friday from 2pm to 4pm", "from 2pm to 4pm on friday"), joined as far as they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.domain.times.days import Days
from services.domain.times.lexicon import Lexicon, Sense
from services.domain.times.parts import in_part
from services.domain.times.tokens import Token, day_of
from services.domain.times.values import Day, DayKind, Moment, TimeExpression, TimeOfDay

Piece = tuple[TimeExpression, int]

_TODAY = Day(DayKind.OFFSET, 0, included=True)
_DAY_END = Moment(_TODAY, TimeOfDay(24))
_RUNNING = frozenset({DayKind.WEEK, DayKind.MONTH})
_STRETCHES = _RUNNING | {DayKind.WEEKEND}


class Grammar:
    """Reads one line."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        """`tokens` are of one line, cut with `lexicon`."""
        self._lexicon = lexicon
        self._parts = Days(tokens, lexicon)
        self._means = self._parts.means

    def phrase(self, at: int) -> Piece | None:
        """The longest phrase about time that begins here."""
        found = self._piece(at) if self._parts.speaks(at) else None
        while found is not None:
            said, end = found
            parted = self._is(end, Sense.COMMA) or (self._lexicon.counted and self._is(end, Sense.AT))
            more = self._piece(end + parted)
            joined = join(said, more[0]) if more else None
            if more is None or joined is None:
                break
            found = joined, more[1]
        if found and self._lexicon.counted and self._is(found[1], Sense.AT):
            return found[0], found[1] + 1  # 金曜日は休み, 14時に歯医者
        return found

    def _piece(self, at: int) -> Piece | None:
        reads = (self._lasting, self._until, self._range, self._opened, self._back, self._rest, self._bare)
        found = [piece for read in reads if (piece := read(at)) is not None]
        return max(found, key=lambda piece: (piece[1], piece[0].sure), default=None)

    def _is(self, at: int, *kinds: Sense) -> bool:
        return self._parts.is_(at, *kinds)

    def _past(self, at: int, *kinds: Sense) -> int:
        return at + 1 if self._is(at, *kinds) else at

    # ── pieces ──────────────────────────────────────────────────────────────────────────────────────

    def _lasting(self, at: int) -> Piece | None:
        """A length, or "for" some day."""
        marker = self._means(at, Sense.FOR)
        marked = marker is not None
        begin = at + marked
        if found := self._parts.length(begin) or self._parts.length(at):  # another 2 hours, another hour
            length, end = found
            sure = marked or self._lexicon.counted or not (length.days or length.months)
            return TimeExpression(length=length, sure=sure), self._past(end, Sense.SUFFIX_UNTIL)
        if marker != "" or (moment := self._parts.moment(begin)) is None or moment[0].day is None or moment[0].clock:
            return None
        said, end = moment
        day = said.day or _TODAY
        if day.kind in _RUNNING and not day.ahead:
            return TimeExpression(end=Moment(replace(day, included=True)), sure=True), end
        return TimeExpression(start=said, sure=day.kind in _STRETCHES or said.part is not None or day == _TODAY), end  # fmt: skip  # noqa: E501  # one expression reads better whole

    def _until(self, at: int) -> Piece | None:
        marker = self._means(at, Sense.UNTIL)
        before = self._is(at, Sense.BEFORE)
        begin = at + 1 if marker is not None or before else at
        found = self._target(begin, dated=marker == "date")
        if found is None:
            return None
        moment, end = found
        if marker == "whole" and moment.day is not None:
            moment = replace(moment, day=replace(moment.day, included=True))
        if begin > at or self._is(at, Sense.END):
            return TimeExpression(end=moment, sure=True, exclusive=before), self._past(end, Sense.SUFFIX_UNTIL)
        if self._is(end, Sense.SUFFIX_UNTIL, Sense.SUFFIX_BEFORE):
            return TimeExpression(end=moment, sure=True, exclusive=self._is(end, Sense.SUFFIX_BEFORE)), end + 1
        return None

    def _target(self, at: int, *, dated: bool) -> tuple[Moment, int] | None:
        rest = self._past(at, Sense.AT)
        if self._is(rest, Sense.REST):
            day = self._parts.day(self._past(rest + 1, Sense.OF))
            return (Moment(day[0], TimeOfDay(24)), day[1]) if day else (_DAY_END, rest + 1)
        found = self._parts.moment(at, bare=True, dated=dated)
        if found and found[0].is_day and self._is(found[1], Sense.REST):
            return replace(found[0], clock=TimeOfDay(24)), found[1] + 1  # until friday EOD
        return found

    def _range(self, at: int) -> Piece | None:
        marker = self._means(at, Sense.FROM)
        between = self._is(at, Sense.BETWEEN)
        begin = at + 1 if marker is not None or between else at
        ends = (Sense.TO, Sense.DASH, Sense.UNTIL) + ((Sense.AND,) if between else ())
        found = self._span(begin, ends, dated=marker == "date")
        if found is None:
            return None
        start, end, after = found
        if start.is_bare and end.day and not end.clock:
            return None
        marked = begin > at
        clear = marked or any(moment.clock and not moment.clock.bare for moment in (start, end))
        dates = all(moment.day and moment.day.kind is DayKind.DATE for moment in (start, end))
        sure = marked or dates or (clear and bool(start.clock or end.clock))
        return TimeExpression(start=_same_week(start, end), end=end, sure=sure), self._past(after, Sense.SUFFIX_UNTIL)

    def _span(self, at: int, ends: tuple[Sense, ...], *, dated: bool) -> tuple[Moment, Moment, int] | None:
        found = [span for span in (self._days(at, ends), self._moments(at, ends, dated=dated)) if span is not None]
        return max(found, key=lambda span: span[2], default=None)

    def _moments(self, at: int, ends: tuple[Sense, ...], *, dated: bool) -> tuple[Moment, Moment, int] | None:
        first = self._parts.moment(at, bare=True, dated=dated)
        if first is None or not self._is(first[1], *ends) or self._is_a_name(*first):
            return None
        start, to = first
        dated = dated or "date" in {self._means(to, Sense.TO), self._means(to, Sense.UNTIL)}
        second = self._target(to + 1, dated=dated and start.clock is None)
        if start.is_day and start.day and start.day.kind is DayKind.DATE and (second is None or second[0].is_bare):
            day = self._parts.day_in(str(start.day.month), to + 1)
            if day is not None:
                year = day[0].year or start.day.year
                return start, Moment(replace(day[0], year=year)), day[1]
        return None if second is None else (start, second[0], second[1])

    def _is_a_name(self, start: Moment, to: int) -> bool:
        """Whether a dash joins digits and a word: 7-Eleven."""
        first, last = self._means(to - 1, Sense.NUMBER), self._means(to + 1, Sense.NUMBER)
        if not (start.is_bare and self._is(to, Sense.DASH) and first and last):
            return False
        return bool(first.digits) is not bool(last.digits)

    def _days(self, at: int, ends: tuple[Sense, ...]) -> tuple[Moment, Moment, int] | None:
        """24-27 Dec: the month is said once, at the end."""
        at = self._past(at, Sense.ON)
        first = self._parts.day_number(at)
        if first is None or not self._is(first[1], *ends):
            return None
        last = self._parts.date(self._past(first[1] + 1, Sense.ON, Sense.INCLUDING))
        if last is None:
            return None
        day = day_of(first[0], last[0].month, last[0].year, included=last[0].included)
        return (Moment(day), Moment(last[0]), last[1]) if day else None

    def _opened(self, at: int) -> Piece | None:
        """From some moment on, or after it."""
        begin = self._past(at, Sense.FROM, Sense.AFTER)
        marked = begin > at
        found = self._parts.moment(begin, bare=True, dated=self._means(at, Sense.FROM) == "date")
        if found is None:
            return None
        moment, end = found
        if not marked:
            return (TimeExpression(start=moment, sure=True), end + 1) if self._is(end, Sense.SUFFIX_FROM) else None
        if moment.is_bare or (self._is(at, Sense.AFTER) and moment.clock is None):
            return None
        return TimeExpression(start=moment, sure=moment.clock is not None), end

    def _back(self, at: int) -> Piece | None:
        """Back on monday; in an hour."""
        marked = self._is(at, Sense.BACK)
        begin = self._past(at + 1, Sense.BEFORE, Sense.UNTIL, Sense.FROM) if marked else at
        found = self._parts.later(begin)
        if marked and found is None:
            length = self._parts.length(begin)
            found = (Moment(after=length[0]), length[1]) if length else self._parts.moment(begin, bare=True)
        if found is None:
            found = self._parts.moment(begin)
            if found is None or not self._is(found[1], Sense.SUFFIX_BACK, Sense.BACK):
                return None
            return TimeExpression(end=found[0], sure=True, returns=True, exclusive=True), found[1] + 1
        moment, end = found
        if marked or self._is(end, Sense.SUFFIX_BACK, Sense.BACK):
            end = end if marked else end + 1
            return TimeExpression(end=moment, sure=True, returns=True, exclusive=True), end
        return TimeExpression(start=moment, sure=True, returns=True), end

    def _rest(self, at: int) -> Piece | None:
        begin = self._past(at, Sense.FOR)
        if not self._is(begin, Sense.REST):
            return None
        end = self._past(begin + 1, Sense.SUFFIX_UNTIL)
        return TimeExpression(end=_DAY_END, sure=begin > at or end > begin + 1), end

    def _bare(self, at: int) -> Piece | None:
        found = self._parts.moment(at)
        return None if found is None else (TimeExpression(start=found[0]), found[1])


def join(first: TimeExpression, second: TimeExpression) -> TimeExpression | None:
    """What two neighbouring pieces say together; None where they do not belong together."""
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
        return _joined_starts(start, other)
    if other.end == _DAY_END:
        return TimeExpression(start=start)  # all day friday; from 2pm until the end of the day
    if other.length and other.length.minutes and start.is_day and start.day != _TODAY:
        return None  # hours on a day have to begin at some time of it, unless it is today: they begin now
    return TimeExpression(start=start, end=other.end, length=other.length, exclusive=other.exclusive)


def _joined_starts(start: Moment, other: TimeExpression) -> TimeExpression | None:
    """A day, or a part of it, and from when on in it."""
    if other.start is None or start.day is None or start.clock is not None or other.length is not None:
        return None
    if start.is_day and start.day.kind is DayKind.WEEK:
        return _of_week(start.day, other)
    begin, end = in_part(other.start.clock, start.part), other.end
    if begin is None or other.start.day or start.day.kind in _STRETCHES or (end is not None and end.day is not None):
        return None
    if end is not None:
        end = replace(end, clock=in_part(end.clock, start.part) or end.clock)
    return replace(other, start=Moment(start.day, begin), end=end)


def _of_week(week: Day, said: TimeExpression) -> TimeExpression | None:
    """Next week, from monday to wednesday."""
    if said.start is None or said.start.day is None or said.start.day.kind is not DayKind.WEEKDAY:
        return None
    return replace(said, start=replace(said.start, day=_in_week(said.start.day, week.ahead)))


def _in_week(day: Day, ahead: int) -> Day:
    return replace(day, kind=DayKind.WEEKDAY_OF_WEEK, ahead=ahead)


def _same_week(start: Moment, end: Moment) -> Moment:
    """From monday to wednesday next week: both are of that week."""
    if start.day is None or end.day is None or start.day.kind is not DayKind.WEEKDAY:
        return start
    if end.day.kind is not DayKind.WEEKDAY_OF_WEEK or start.day.number > end.day.number:
        return start
    return replace(start, day=_in_week(start.day, end.day.ahead))
