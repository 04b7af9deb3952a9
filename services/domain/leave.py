"""Whose leave the lines of a leave calendar are. Pure.

product.md, "Leave calendars": people are found by e-mail where there is one, else by a whole name of theirs in the
title; what is left has to be a type of leave, or nothing. Nothing is guessed: what fits nobody, or two people, is
nobody's. What comes out has neither title nor type; `Matched.name` is for the admins' list of unmatched lines alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from services.domain import leave_rest, leave_types
from services.domain.leave_halves import half_in, is_partly
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult
from services.domain.leave_names import (
    MOST_PARTS,
    NameIndex,
    Run,
    is_within_a_name,
    name_words,
)
from services.domain.leave_spelling import LONGEST, MOST_WORDS, TitleWord, Words, speaks_of_leave, written
from services.domain.leave_types import Types, types_of
from services.domain.leave_words import PARTICLES, SURNAMES_TOO
from services.domain.titles.vocabulary import vocabulary

_MOST_OF_A_NAME = 5
_MOST_BESIDE = 2  # words of a suggested name that mean something else too: "Bob May"


def match(
    lines: Iterable[LeaveLine], members: Iterable[LeaveMember], ties: Mapping[str, str], types: Collection[str] = ()
) -> list[Matched]:
    """Return whose each of `lines` is.

    `members` are all people of the workspace, without bots, deactivated ones and strangers; also those for whom
    nothing is kept, since without one of two people of a name the other would be taken for both. `ties` are names that
    an admin tied to a user id, by `folded_name`; `types` is what the workspace added to the list.
    """
    known = types_of(frozenset(types))
    every = list(lines)
    read = {line.title: _read(line.title, known) for line in every}
    asked = {spelling for _, words in read.values() for word in words for spelling in (word.text, word.other)}
    matcher = _Matcher(list(members), ties, known, asked)
    alike: dict[LeaveLine, Matched] = {}  # a member has many lines of one title
    for line in (replace(line, id="") for line in every):
        if line not in alike:
            alike[line] = matcher.matched(line, *read[line.title])
    return [replace(alike[replace(line, id="")], line_id=line.id) for line in every]


class _Matcher:
    def __init__(self, members: list[LeaveMember], ties: Mapping[str, str], types: Types, asked: set[str]) -> None:
        self._types = types
        self._index = NameIndex(members, ties, types, asked)
        self._names: dict[str, list[str]] = {}
        self._by_address: dict[str, set[str]] = {}
        for member in members:
            self._names.setdefault(member.user_id, []).extend(member.names)
            if member.address:
                self._by_address.setdefault(member.address.casefold(), set()).add(member.user_id)

    def matched(self, line: LeaveLine, text: str | None, words: Words) -> Matched:
        if text is None:
            return Matched(line.id, MatchResult.NOT_LEAVE)
        categories = list(leave_types.of_categories(line.categories))
        if any(leave_types.is_company_holiday(words, self._types) for words in categories):
            return Matched(line.id, MatchResult.NOT_LEAVE, holiday=True)
        if any(leave_types.is_never_leave(words, self._types) for words in (words, *categories)):
            holiday = not line.address and self._is_holiday(words)
            return Matched(line.id, MatchResult.NOT_LEAVE, holiday=holiday)
        if line.address:
            found = self._by_mail(line, text, words)
        elif self._is_holiday(words):
            return Matched(line.id, MatchResult.NOT_LEAVE, holiday=True)
        else:
            found = self._by_name(line, text, words)
        if found.result is not MatchResult.MATCHED:
            return found
        return replace(found, half=half_in(words), partly=is_partly(words))

    def _is_holiday(self, words: Words) -> bool:
        """Return whether a title is of a company's holiday, and of no member."""
        return leave_types.is_company_holiday(words, self._types) and not self._index.runs(words)

    def _by_mail(self, line: LeaveLine, text: str, words: Words) -> Matched:
        """Return who has the address, if the rest of the title is leave: there one word of their own name is enough."""
        users = self._by_address.get(line.address.casefold(), set())
        if len(users) != 1:
            return Matched(line.id, MatchResult.TWO if users else MatchResult.UNKNOWN)
        (user,) = users
        runs = self._index.runs(words)
        if any(user not in run.users for run in _widest(runs)):
            return Matched(line.id, MatchResult.TWO)
        own = {word for name in self._names[user] for part in name_words(name) for word in (part.text, part.other)}
        places = [at for at, word in enumerate(words) if {word.text, word.other} & own and not self._types.knows(word)]
        spans = [(run.start, run.end) for run in runs]
        if not places:
            spans.append((len(words), len(words)))
        elif len(places) == places[-1] + 1 - places[0]:
            spans.append((places[0], places[-1] + 1))
        bare = speaks_of_leave(text)
        fits = any(self._leaves_leave(words, start, end, sure=True, bare=bare) for start, end in spans)
        return Matched(line.id, MatchResult.MATCHED, user) if fits else Matched(line.id, MatchResult.NOT_LEAVE)

    def _by_name(self, line: LeaveLine, text: str, words: Words) -> Matched:
        runs, bare = self._index.runs(words), speaks_of_leave(text)
        fitting = [run for run in runs if self._leaves_leave(words, run.start, run.end, sure=run.tied, bare=bare)]
        users = frozenset[str]().union(*(run.users for run in fitting))
        if len(users) == 1:
            (user,) = users
            known = user in self._names  # somebody tied may have left
            name = _name(text, words, fitting[0].start, fitting[0].end)
            return Matched(line.id, MatchResult.MATCHED if known else MatchResult.UNKNOWN, user if known else "", name)
        named = _widest(runs)
        if len(users) > 1 or len(frozenset[str]().union(*(run.users for run in named))) > 1:
            run = (fitting or named)[0]
            return Matched(line.id, MatchResult.TWO, name=_name(text, words, run.start, run.end))
        name = _suggested(text, words, self._types)
        may_be_somebodys = leave_types.has_type(words, self._types) or (not named and _may_be_a_name(name))
        if may_be_somebodys and not leave_types.names_a_holiday(words, self._types):
            return Matched(line.id, MatchResult.UNKNOWN, name=name)
        return Matched(line.id, MatchResult.NOT_LEAVE)

    def _leaves_leave(self, words: Words, start: int, end: int, *, sure: bool, bare: bool) -> bool:
        """Return whether leave is left of a title without the words from `start` to before `end`."""
        if any(not start <= at < end and not self._types.knows(word) for at, word in enumerate(words)):
            return False
        return leave_rest.is_leave(words, start, end, self._types, sure=sure, bare=bare)


def _read(title: str, types: Types) -> tuple[str | None, list[TitleWord]]:
    """Return a title as it is read, and its words; None of one that is longer than any line of a leave calendar."""
    if len(title) > LONGEST:
        return None, []
    text = written(title)
    words = types.words_of(text)
    return (text, words) if len(words) <= MOST_WORDS else (None, [])


def _widest(runs: Iterable[Run]) -> list[Run]:
    """Return names that are no part of a longer one: "Mary Ann Lee" names no Ann Lee."""
    every = list(runs)
    return [
        run
        for run in every
        if not any(other.start <= run.start and run.end <= other.end and other is not run for other in every)
    ]


def _name(text: str, words: Words, start: int, end: int) -> str:
    return text[words[start].start : words[end - 1].end]


def _suggested(text: str, words: Words, types: Types) -> str:
    """Find the shortest run of words that has all the unknown ones, and leaves leave over where it is a name."""
    strange = [at for at, word in enumerate(words) if not types.knows(word)]
    if not strange or strange[-1] - strange[0] >= MOST_PARTS - _MOST_BESIDE:
        return ""
    first, last, bare = strange[0], strange[-1] + 1, speaks_of_leave(text)
    sizes = range(last - first, min(last - first + _MOST_BESIDE, len(words)) + 1)
    for start, end in ((start, start + size) for size in sizes for start in range(max(0, last - size), first + 1)):
        run = words[start:end]
        may_be = len(run) == end - start and is_within_a_name(run) and all(map(_may_be_of_a_name, run))
        if may_be and leave_rest.is_leave(words, start, end, types, sure=True, bare=bare):
            return _name(text, words, start, end)
    return ""


def _may_be_of_a_name(word: TitleWord) -> bool:
    """Return whether a word may be of a name that is suggested: "for" and "policy" are not."""
    may = word.text not in vocabulary().not_names or word.text in leave_types.DATE_WORDS or word.text in SURNAMES_TOO
    return may or word.text in PARTICLES


def _may_be_a_name(name: str) -> bool:
    """Return whether a title without a type may be somebody's name: what stands there is listed, never matched."""
    words = name.replace(",", " ").split()
    return 1 < len(words) <= _MOST_OF_A_NAME and all(word[0].isupper() for word in words)
