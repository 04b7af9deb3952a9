"""A line in one language: which of its tokens are time, and which are text. The law of leftovers is held here.

No word of time is lost: those of the one phrase are used; of what is left of the line none may speak of time, but where
a `/quo` text keeps it as part of a name ("Sunday roast"). Where one does, the line was only half understood.
"""

from __future__ import annotations

import re
from functools import cached_property

from services.domain.times.grammar import Grammar, Phrase
from services.domain.times.lexicon import Sense, fold, lexicon
from services.domain.times.tokens import Lexer, Number
from services.domain.times.values import DayKind, TimeExpression

_SMALL_TALK = 5  # "table for 2" is text, "for 45" a length without its unit
_A_NAME = 5  # letters
_SMALL = (Sense.AT, Sense.ON, Sense.DASH, Sense.SIGN, Sense.COMMA, Sense.ARTICLE)
_SMALL_WORDS = 5  # between a marker and what it marks
_WORDS_BETWEEN = 3  # "for a fourty-odd minutes"
_LENGTHS = re.compile(r"[0-9]+(?!k$|km$|k\b)[a-z]{1,3}")
_COLON = re.compile(r"(?<!\S)([^\s:]+):$")  # "Lunch:", not ":pizza:"
_STOP = re.compile(r"^[.:。]+(?!\S)")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "「": "」", '"': '"', "“": "”", "„": "“", "«": "»"}
_PUNCTUATION = frozenset("()[]{}（）【】「」\"“”„«»!?.…:;,'’。、！？/> ")
_OPENING = (Sense.UNTIL, Sense.BEFORE, Sense.FROM, Sense.AFTER, Sense.BETWEEN)
_STARTS = (*_OPENING, Sense.FOR, Sense.TO, Sense.IN, Sense.BACK, Sense.ODD)
_SUFFIXES = (Sense.SUFFIX_UNTIL, Sense.SUFFIX_FROM, Sense.SUFFIX_BEFORE, Sense.SUFFIX_BACK)
_ENDINGS = (*_SUFFIXES, Sense.AND, Sense.OR, Sense.UNTIL, Sense.ODD, Sense.LATER)
_MARKERS = (
    *_STARTS, *_ENDINGS, Sense.AT, Sense.ON, Sense.END, Sense.PAST, Sense.PLUS, Sense.MINUS, Sense.INCLUDING
)  # fmt: skip
_COUNTING = (Sense.NUMBER, Sense.ARTICLE, Sense.FRACTION, Sense.FOR, Sense.NEXT, Sense.VAGUE)
_NEVER_A_NAME = (Sense.DAY, Sense.UNREAD, Sense.DATE)


class Reading(Grammar):
    """One line, read with the words of some languages."""

    def __init__(self, text: str, languages: tuple[str, ...], *, month_first: bool) -> None:
        """`languages` are codes that are known, the person's own first."""
        self._text = text
        self._folded, self._origin = fold(text)
        words = lexicon(languages)
        super().__init__(Lexer(self._folded, words, month_first=month_first).tokens(), words)
        self._talk: set[int] = set()  # tokens that are text, whatever they could mean

    @cached_property
    def phrases(self) -> list[Phrase]:
        """Everything that can be a phrase about time, from left to right."""
        found: list[Phrase] = []
        at = 0
        while at < len(self._tokens):
            if (phrase := self.phrase(at)) is not None:
                found.append(phrase)
                at = phrase.end
                continue
            if (
                self.is_(at, Sense.FOR)
                and self.is_(at + 1, Sense.NUMBER)
                and not self._speaks(at + 2)
                and not (at + 2 == len(self._tokens) and self._unmeasured(at + 1))
            ):
                self._talk |= {at, at + 1}  # Table for 2; Baking for 12 people
                at += 1
            at += 1
        return found

    def _unmeasured(self, at: int) -> bool:
        number: Number = self._tokens[at].means[Sense.NUMBER]
        return number.value >= _SMALL_TALK

    def whole(self) -> TimeExpression | None:
        """Return what the whole line says, where all of it is one phrase."""
        phrases = self.phrases
        return phrases[0].said if len(phrases) == 1 and len(self._tokens) == phrases[0].end - phrases[0].begin else None

    # ── leftovers ───────────────────────────────────────────────────────────────────────────────────

    def absence(self) -> Phrase | None:
        """Return the one phrase of a `/ooo`.

        None where there is none, or something else in the line speaks of time too.
        """
        phrases = [phrase for phrase in self.phrases if not self._is_chance(phrase)] or self.phrases
        if len(phrases) != 1 or not self._free(phrases[0]):
            return None
        left = self._left(phrases[0])
        if any(self._speaks(at) or self._asks(at) or self.is_(at, Sense.UNTIL, Sense.SUFFIX_UNTIL) for at in left):
            return None
        return phrases[0]

    def status(self) -> Phrase | None:
        """Return the one phrase of a `/quo` that cannot be meant as text.

        None as for `absence`, or where there is none.
        """
        sure = self.sure
        if len(sure) != 1 or not self._free(sure[0]):
            return None
        told = {
            at
            for one in self.phrases
            for at in range(one.begin, one.end)
            if one.end > one.begin + 1 and self.is_(at, Sense.NUMBER, Sense.ORDINAL)
        }
        for at in self._left(sure[0]):
            if self._asks(at, sure[0].begin):
                return None
            if (self._speaks(at) or at in told - self._talk) and not self._is_name(at, sure[0]):
                return None
        return sure[0]

    def _left(self, phrase: Phrase) -> list[int]:
        return [at for at in range(len(self._tokens)) if not phrase.begin <= at < phrase.end]

    @cached_property
    def sure(self) -> list[Phrase]:
        """The phrases that cannot be meant as text."""
        named = map(self._without_name, self.phrases)
        return [phrase for phrase in named if phrase.said.sure or self._closes(phrase)]

    def _closes(self, phrase: Phrase) -> bool:
        """Return whether days stand where they are no name: "Out sick today", "Vacation 2 weeks", 今日は在宅."""
        said, begin = phrase.said, phrase.begin
        start = said.start
        topic = self.is_(phrase.end - 1, Sense.TOPIC) or self.means(phrase.end, Sense.SIGN) == ":"
        if begin == 0 and topic and start and start.is_day:
            return True
        if not self._is_last(phrase):
            return False
        if said.length or self.is_(begin, Sense.REST):
            return True  # WFH all day
        if start is None or start.day is None:
            return False
        if start.day.kind is DayKind.DAY_OF_MONTH or (start.day.kind is DayKind.DATE and self._is_one(phrase)):
            return False  # Louis the 14th, Step 1/2
        weekday = start.day.kind is DayKind.WEEKDAY and not start.part
        return said.end is not None or (not start.clock and (not weekday or self.is_(begin, Sense.ON, Sense.COMING)))

    def _is_last(self, phrase: Phrase) -> bool:
        """Return whether the line ends with it and it is no part of a name."""
        begin, end = phrase.begin, phrase.end
        if any(not self.means(at, Sense.SIGN) for at in range(end, len(self._tokens))):
            return False
        single = self._is_one(phrase) and (self.is_(begin, Sense.LUNCH, Sense.NOW) or not self._speaks(begin))
        titled = begin > 0 and self.is_(begin, Sense.DAY) and not self._text.isupper()
        return not (
            single  # Good night
            or self.is_(begin - 1, Sense.JOIN, Sense.OF)  # Lunch with May
            or self.is_(begin, Sense.OF)  # Le Monde du vendredi
            or (self._is_words(begin - 1) and self.means(begin, Sense.FOR) == "")  # Preparing for Friday
            or (titled and self._text[self._origin[self._tokens[begin].start]].isupper())  # USA Today
        )

    def _is_one(self, phrase: Phrase) -> bool:
        return phrase.end == phrase.begin + 1

    def _without_name(self, phrase: Phrase) -> Phrase:
        """Return the phrase without a name in front of it.

        "Mittag bis 13:30" is lunch, "Good morning until 11" a greeting.
        """
        at = phrase.begin
        lunch = at == 0 and self.is_(0, Sense.LUNCH)
        greeting = self.is_(at, Sense.PART) and self._tokens[at].weak
        behind = self.phrase(at + 1) if lunch or greeting else None
        if behind is None or not behind.said.sure:
            return phrase
        self._talk.add(at)
        return behind

    def _is_chance(self, phrase: Phrase) -> bool:
        """Return whether it is a word of time by chance: "May", "Sun bathing", "Good morning"."""
        followed = phrase.end < len(self._tokens) and self._tokens[phrase.end].is_text
        return self._is_one(phrase) and self._tokens[phrase.begin].weak and followed

    def _free(self, phrase: Phrase) -> bool:
        """Return whether nothing beside the phrase belongs to it: "24 and" 25 dec, friday "and 31", 2 - 4pm "or so"."""
        return not (self._clings_before(phrase.begin) or self._clings_behind(phrase.end))

    def _clings_before(self, begin: int) -> bool:
        at = begin - 1
        while self.is_(at, Sense.COMMA, Sense.DASH):
            at -= 1
        parted, marked = at < begin - 1, self.is_(begin, *_STARTS)
        if at < 0 or at in self._talk:
            return False
        behind_text = self._is_words(at - 1)
        if self.is_(at, Sense.NUMBER, Sense.ORDINAL, Sense.FRACTION):
            spelled = self.is_(at, Sense.NUMBER) and not self._tokens[at].means[Sense.NUMBER].digits
            return parted or not marked or not (behind_text or spelled)  # "Sprint 12 for 2 hours", "One on one for 30m"
        if self.is_(at, *_MARKERS):  # but: "Logged in until 3pm", "Around for 30m", 会議の2時間
            place = marked and self.is_(at, Sense.IN, Sense.ON, Sense.AT) and (at == 0 or behind_text)
            return not (place or (behind_text and self.is_(at, Sense.AT) and self.is_(at, Sense.OF)))
        return self._is_slip(at, "day", "unit") or (self._speaks(at) and (parted or not marked))

    def _clings_behind(self, end: int) -> bool:
        at, marked = end, False
        while self.is_(at, *_MARKERS, Sense.COMMA, Sense.DASH):
            if self.is_(at, *_ENDINGS):
                return True
            marked, at = marked or self.is_(at, *_MARKERS), at + 1
        if at == len(self._tokens):
            return marked
        if self.is_(at, Sense.NUMBER, Sense.ORDINAL, Sense.FRACTION):
            return not self._is_words(at + 1)  # "friday 2 kids sick"
        return self._is_slip(at, "day", "unit") or self._speaks(at)

    def _is_name(self, at: int, phrase: Phrase) -> bool:
        """Return whether a word of time is part of a name here: Sunday roast, the 3pm sync, Happy hour."""
        if self.is_(at, *_NEVER_A_NAME):
            return False
        if self.is_(at - 1, Sense.OF) and not self.is_(at - 1, Sense.ON):
            return True  # Brunch du dimanche
        behind = at + 1
        while behind != phrase.begin and (self._speaks(behind) or self.is_(behind, Sense.OF)):
            behind += 1
        return behind < len(self._tokens) and behind != phrase.begin and self._tokens[behind].is_text

    def covered(self) -> int:
        """Return how many characters of the line speak of time."""
        within = {at for one in self.phrases for at in range(one.begin, one.end)}
        return sum(token.end - token.start for at, token in enumerate(self._tokens) if at in within or self._speaks(at))

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────

    def _speaks(self, at: int) -> bool:
        """Return whether the token speaks of time: by itself, or beside a number or another word of time."""
        if not 0 <= at < len(self._tokens) or at in self._talk:
            return False
        token = self._tokens[at]
        if token.strong:
            return True
        if self.is_(at, Sense.OCLOCK, Sense.AMPM, Sense.PLUS, Sense.MINUTE) and self.is_(at - 1, Sense.NUMBER):
            return True
        if not token.weak or token.is_text:
            return False
        if self.is_(at, Sense.UNIT) and not self.is_(at, Sense.CLOCK, Sense.DATE):
            return self.is_(at - 1, *_COUNTING) or self._is_slip(at - 1, "number")
        near = self._tokens[max(at - 1, 0) : at + 2]
        return (
            self.is_(at - 1, Sense.NUMBER, *_STARTS)
            or self.is_(at + 1, Sense.NUMBER)
            or any(neighbour.strong for neighbour in near)  # it is not, itself
        )

    def _is_slip(self, at: int, *groups: str) -> bool:
        return self.means(at, Sense.SLIP) in groups

    def _is_words(self, at: int) -> bool:
        """Return whether there is text or a sign here."""
        return 0 <= at < len(self._tokens) and (self._tokens[at].is_text or self.is_(at, Sense.SIGN, Sense.JOIN))

    def names_a_day(self) -> bool:
        """Return whether a day or a month is named in full."""
        return any(
            token.strong
            and token.end - token.start >= _A_NAME
            and {Sense.WEEKDAY, Sense.DAY, Sense.MONTH} & token.means.keys()
            for token in self._tokens
        )

    # ── text ────────────────────────────────────────────────────────────────────────────────────────

    def text(self, phrase: Phrase) -> str:
        """Return the words around the phrase, as they were typed."""
        begin = self._origin[self._tokens[phrase.begin].start]
        end = self._origin[self._tokens[phrase.end - 1].end]
        before, behind = _trimmed(self._text[:begin]), _trimmed(self._text[end:])
        while before and behind and _BRACKETS.get(before[-1]) == behind[0]:
            before, behind = _trimmed(before[:-1]), _trimmed(behind[1:])
        before, behind = _COLON.sub(r"\1", before), _STOP.sub("", behind)
        text = _trimmed(f"{before} {behind}" if before and behind else before or behind)
        return "" if all(sign in _PUNCTUATION for sign in text) else text

    # ── what asks back ──────────────────────────────────────────────────────────────────────────────

    def asks(self) -> bool:
        """Say whether a time could not be wholly read: a marker is before one, or the last word is one and no name.

        "Gym 6pm" does not say until when.
        """
        last = max((at for at in range(len(self._tokens)) if not self.means(at, Sense.SIGN)), default=0)
        phrase = next((one for one in self.phrases if one.end > last), Phrase(last, last + 1, TimeExpression()))
        bare = phrase.said.start is not None and phrase.said.start.is_bare  # Deploy 10-12
        return (self._is_last(phrase) and not bare) or any(self._asks(at) for at in range(len(self._tokens)))

    def _asks(self, at: int, stop: int | None = None) -> bool:
        """Of the marker at `at`, looking no further than `stop`."""
        behind = at + 1
        while behind <= at + _SMALL_WORDS and self.is_(behind, *_SMALL):
            behind += 1
        number_last = self.is_(behind, Sense.NUMBER) and behind + 1 == len(self._tokens)
        if self.is_(at, Sense.FOR) and not self.is_(at, Sense.OF) and behind < len(self._tokens):
            return self._asks_how_long(at, behind, stop or len(self._tokens))
        if self.is_(at, *_OPENING) and not self.is_(at, Sense.OF):
            near = self._is_length_near(behind, stop or len(self._tokens))
            return self._speaks(behind) or self._is_slip(behind, "day") or number_last or near
        if self.is_(at, *_SUFFIXES) and self._speaks(at - 1):
            return True
        if self.is_(at, Sense.IN) and self.is_(at - 1, Sense.BACK):
            return number_last
        return self._is_slip(at, "number") and self.is_(at + 1, Sense.UNIT)

    def _asks_how_long(self, at: int, behind: int, stop: int) -> bool:
        if behind + 1 == len(self._tokens):
            if self.is_(behind, Sense.NUMBER) and (self._unmeasured(behind) or behind > at + 1):
                return True
            if self.is_(behind, Sense.UNREAD) or _LENGTHS.fullmatch(
                self._folded[self._tokens[behind].start : self._tokens[behind].end]
            ):
                return True
        number = self.is_(behind, Sense.NUMBER) and not self.is_(behind + 1, Sense.UNIT)
        if self.is_(behind, Sense.CLOCK) or (number and self.is_(behind + 1, Sense.OCLOCK, Sense.AMPM, Sense.UNREAD)):
            return True  # Lunch for 1:30, Waiting for 5pm, for 45 seconds
        return (self.is_(behind, Sense.UNREAD) and self._speaks(behind)) or self._is_length_near(behind, stop)

    def _is_length_near(self, at: int, stop: int) -> bool:
        """Return whether a unit of time stands a few words on: "for a few hours"."""
        for near in range(at, min(at + _WORDS_BETWEEN, stop if stop > at else len(self._tokens))):
            if self.is_(near, Sense.UNIT) and not self.is_(near, Sense.NAME):
                return True
            if self.is_(near, *_STARTS):
                return False
        return False


def _trimmed(text: str) -> str:
    return text.strip().strip(",;-–—、，〜～~").strip()
