"""What a status says: templates and default texts of kinds, one tidy line of 100 characters at most, an emoji.

And when two statuses are the same to Slack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from services.domain.emoji import first_emoji, is_regional
from services.domain.lines import Rule
from services.domain.markup import as_read
from services.domain.model import STATUS_TEXT_LIMIT, Event, Kind, Location, Look, Status, Visibility
from services.domain.people import Preferences
from services.domain.rules import location_of

DEFAULT_EMOJI = ":speech_balloon:"
"""What Slack shows where a text has no emoji (docs.slack.dev, "User presence and status")."""

_ELLIPSIS = "…"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, formats, surrogates, nobody's, separators
_SELECTORS = frozenset(map(chr, range(0xE0100, 0xE01F0)))  # 240 marks that nobody sees, by which bytes can be hidden
_ZERO_WIDTH_JOINER = "\u200d"
_SPACE = re.compile(r"\s+")
# Controls, surrogates, byte-order marks and the marks that turn the direction of what follows.
_UNSAFE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_EMOJI_IN_TEXT = re.compile(r":[^\s:]+:(?::skin-tone-[2-6]:)?")
_EMOJI_NAME = re.compile(r":?([^\s:<>&]{1,100})(?::(:skin-tone-[2-6]):?|:?)")


def tidy(text: str) -> str:
    """`text` on one line, without controls, cut to size; what Slack might take for a mention or a link is text."""
    return cut(as_read(one_line(text)))


def is_storable(text: str) -> bool:
    """Return whether a text holds neither NUL nor half a character (a lone surrogate): JSON can spell both."""
    return _UNSTORABLE.search(text) is None


def one_line(text: str) -> str:
    """`text` on one line, without controls and marks that turn its direction."""
    return _SPACE.sub(" ", _UNSAFE.sub("", text)).strip()


def cleaned(text: str, limit: int) -> str:
    """Return a stranger's text on one line of at most `limit` characters, without anything in it that nobody sees.

    Neither controls nor marks that turn the direction or hide, such as the tags that spell letters unseen; joiners of
    emoji stay.
    """
    whole = _SPACE.sub(" ", text[: 4 * limit])
    seen = "".join(
        one
        for one in whole
        if one == _ZERO_WIDTH_JOINER or not (unicodedata.category(one) in _UNSEEN or one in _SELECTORS)
    )
    return cut(_SPACE.sub(" ", seen).strip(), limit)


def tidy_emoji(emoji: str) -> str:
    """`palm_tree` or `:palm_tree:` as `:palm_tree:`; "" for what is no emoji's name. A skin tone stays."""
    found = _EMOJI_NAME.fullmatch(emoji.strip())
    if found is None:
        return ""
    name, tone = found.groups()
    return f":{name}:{tone}:" if tone else f":{name}:"


def cut(text: str, limit: int = STATUS_TEXT_LIMIT) -> str:
    """`text` in at most `limit` characters, ending in "…" where something is missing.

    Never cuts inside of what a reader sees as one character, nor inside of `:emoji:`.
    """
    if length(text) <= limit:
        return text
    used, keep, index = len(_ELLIPSIS), 0, 0
    while (used := used + length(text[index])) <= limit:
        index += 1
        keep = index if _breaks(text, index) else keep
    for found in _EMOJI_IN_TEXT.finditer(text):
        if found.start() < keep < found.end():
            keep = found.start()
    return text[:keep].rstrip() + _ELLIPSIS


def unescape(text: str) -> str:
    """Return Slack's `&lt;`, `&gt;` and `&amp;` as the characters they stand for (docs.slack.dev, "Escaping text")."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Return the same the other way: nothing in what Slack is given so is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def length(text: str) -> int:
    """Return how many characters of Slack's 100 a text takes.

    What lies outside of the basic plane counts twice: Slack does not say how it counts it, and no way counts it more.
    """
    return len(text) + sum(character > "\uffff" for character in text)


def _breaks(text: str, index: int) -> bool:
    """Return whether text may be cut before `index`: the rules of UAX #29 that matter for names and emoji."""
    character, before = text[index], text[index - 1]
    if _ZERO_WIDTH_JOINER in {character, before}:
        return False
    if unicodedata.category(character) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= character <= "\U0001f3ff":
        return False
    if "\U000e0020" <= character <= "\U000e007f":  # the tags that spell a flag
        return False
    if is_regional(character) and is_regional(before):
        return len(list(takewhile(is_regional, reversed(text[:index])))) % 2 == 0  # two of them are a flag
    return not ("\u1160" <= character <= "\u11ff")  # a Hangul vowel or final belongs to what stands before


# ── when two statuses are the same to Slack: un-escaped, without skin tones, whole seconds ──────────

_SKIN_TONE = re.compile(r"::?skin-tone-[2-6]")


def whole_seconds(instant: datetime | None) -> datetime | None:
    """Return the instant as `status_expiration` can say it: its whole second."""
    return None if instant is None else instant.replace(microsecond=0)


def same(one: Status, other: Status) -> bool:
    """Return whether Slack shows the same, until the same second.

    Two empty statuses are the same whatever their end.
    """
    if one.empty or other.empty:
        return one.empty and other.empty
    return _looks(one) == _looks(other) and whole_seconds(one.expiration) == whole_seconds(other.expiration)


def same_write(profile: Status, wanted: Status) -> bool:
    """Say whether `profile` is what a write of `wanted` leaves behind, also with another emoji in its place."""
    if same(profile, wanted):
        return True
    text, end = shown_text(wanted), whole_seconds(wanted.expiration)
    return text != "" and text == shown_text(profile) and end is not None and end == whole_seconds(profile.expiration)


def shown_text(status: Status) -> str:
    """Return the text as Slack shows it."""
    return unescape(status.text).strip()


def _looks(status: Status) -> tuple[str, str]:
    text = shown_text(status)
    emoji = _SKIN_TONE.sub("", status.emoji.strip()).strip(":")
    if text and not emoji:
        emoji = DEFAULT_EMOJI.strip(":")
    return text, emoji


# ── the default texts, of which there is one `DefaultTexts` a language ─────────────────────────────

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DefaultTexts:
    """What a status says where its person chose nothing, in one language.

    Placeholders: `{until}` in the two dated absences, `{location}` in `elsewhere_at`. `format_day` and `format_time`
    write the end of a span; both get wall-clock values in the person's zone. The day is the one of the end's instant,
    so for an all-day absence the day back.
    """

    meeting: str
    focus: str
    out_of_office: str
    out_of_office_until_day: str
    out_of_office_until_time: str
    home: str
    office: str
    elsewhere: str
    elsewhere_at: str
    format_day: Callable[[date], str]
    format_time: Callable[[time], str]


ENGLISH = DefaultTexts(
    meeting="In a meeting",
    focus="Focusing",
    out_of_office="Out of office",
    out_of_office_until_day="Out of office until {until}",
    out_of_office_until_time="Out of office until {until}",
    home="Working from home",
    office="Working from the office",
    elsewhere="Working remotely",
    elsewhere_at="Working from {location}",
    format_day=lambda day: f"{day.day} {_MONTHS[day.month - 1]}",  # 4 May
    format_time=lambda at: f"{at.hour:02}:{at.minute:02}",
)


# ── what an event or an override says ──────────────────────────────────────────────────────────────

PLACEHOLDER = re.compile(r"\{(\w*)\}")
PLACEHOLDERS = frozenset({"title", "until", "location"})
"""What can stand in braces in a text; nothing else may."""

BROKEN_PLACEHOLDER = re.compile(
    r"\{\s*(?:title|until|location)\b(?!\})|\{\s+(?:title|until|location)\}|(?<!\{)\b(?:title|until|location)\s*\}"
)
"""One with half of its braces, or with blanks inside of them: it would be shown as it stands."""

_PLACEHOLDER = re.compile(r"\{(title|until|location)\}")
_MINUTE = timedelta(minutes=1)
_LAST_MINUTE = (23, 59)
_KIND_EMOJI = {Kind.OUT_OF_OFFICE: ":palm_tree:", Kind.MEETING: ":spiral_calendar_pad:", Kind.FOCUS: ":headphones:"}
_PLACE_EMOJI = {Location.HOME: ":house:", Location.OFFICE: ":office:", Location.ELSEWHERE: ":round_pushpin:"}


@dataclass(slots=True)
class Coverage:
    """A whole run of contiguous or overlapping coverage, `[start, end)` in UTC; `end` None where it is not known."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class StatusTexts:
    """Says what an event or an override says, for one person, in their language and zone.

    `looks` are those of the kinds' own lines; they and `preferences` are what counts under the workspace's policy.
    """

    looks: Mapping[Kind, Look]
    preferences: Preferences
    zone: ZoneInfo
    default_texts: DefaultTexts

    def event(self, event: Event, kind: Kind, line: Rule, coverage: Coverage) -> tuple[str, str]:
        """Text and emoji for a counted event: its line's, else those of its kind's line, else the kind's own.

        A title that may be shown gives its first emoji where neither line has one.
        """
        own = self.looks[kind]
        template = own.text if line.look.text is None else line.look.text
        text = self._filled(template, coverage, event) or self._default(event, kind, coverage)
        emoji = tidy_emoji(line.look.emoji or "") or tidy_emoji(own.emoji or "")
        if not emoji and self._is_open(event):
            emoji = first_emoji(event.title)
        return text, emoji or _KIND_EMOJI.get(kind) or _PLACE_EMOJI[location_of(event)]

    def absence(self, text: str, emoji: str, coverage: Coverage) -> tuple[str, str]:
        """Text and emoji of an out-of-office override; what it leaves empty is the person's default."""
        own = self.looks[Kind.OUT_OF_OFFICE]
        said = tidy(text) or self._filled(own.text, coverage) or self._absence(coverage)
        return said, tidy_emoji(emoji) or tidy_emoji(own.emoji or "") or _KIND_EMOJI[Kind.OUT_OF_OFFICE]

    def routine(self, look: Look, coverage: Coverage) -> tuple[str, str]:
        """Text and emoji of a routine, with the emoji that Slack would give a text without one."""
        text, emoji = self._filled(look.text, coverage), tidy_emoji(look.emoji or "")
        return text, emoji or (DEFAULT_EMOJI if text else "")

    def _is_open(self, event: Event) -> bool:
        """Return whether anything of its title may be shown; a location tells as much as a title does."""
        return self.preferences.titles and event.visibility is Visibility.DEFAULT

    def until(self, coverage: Coverage) -> str:
        """Return the end of a coverage: a time where it ends on the day it starts, else the day of its end.

        "" if unknown.
        """
        if coverage.end is None:
            return ""
        end = self._end(coverage.end)
        if self._ends_same_day(coverage):
            return self.default_texts.format_time(end.timetz().replace(tzinfo=None))
        return self.default_texts.format_day(end.date())

    def _ends_same_day(self, coverage: Coverage) -> bool:
        return (
            coverage.end is not None and coverage.start.astimezone(self.zone).date() == self._end(coverage.end).date()
        )

    def _end(self, end: datetime) -> datetime:
        """Return an end as it is said: a day's last minute, which leave systems write, is the next day's midnight."""
        end = end.astimezone(self.zone)
        return end + _MINUTE if (end.hour, end.minute) == _LAST_MINUTE else end

    def _absence(self, coverage: Coverage) -> str:
        texts = self.default_texts
        if coverage.end is None:
            return tidy(texts.out_of_office)
        same_day = self._ends_same_day(coverage)
        template = texts.out_of_office_until_time if same_day else texts.out_of_office_until_day
        return tidy(template.replace("{until}", self.until(coverage)))

    def _default(self, event: Event, kind: Kind, coverage: Coverage) -> str:
        """Return what the kind says by itself."""
        texts = self.default_texts
        if kind is Kind.OUT_OF_OFFICE:
            return self._absence(coverage)
        if kind is not Kind.WORKING_LOCATION:
            return texts.focus if kind is Kind.FOCUS else texts.meeting
        place = location_of(event)
        if place is Location.ELSEWHERE:
            return self._filled(texts.elsewhere_at, coverage, event) or texts.elsewhere
        return texts.home if place is Location.HOME else texts.office

    def _filled(self, template: str | None, coverage: Coverage, event: Event | None = None) -> str:
        """Return the template with its facts, tidied; "" if it names a fact that is not known or not allowed."""
        facts = dict.fromkeys(_PLACEHOLDER.findall(template or ""), "")
        for name in facts:
            if name == "until":
                facts[name] = self.until(coverage)
            elif event is not None and self._is_open(event):
                facts[name] = (event.title if name == "title" else event.location).strip()
        if not template or not all(facts.values()):
            return ""
        return tidy(_PLACEHOLDER.sub(lambda found: facts[found[1]], template))


def default_emoji(kind: Kind | None) -> str:
    """Return the emoji a kind has by itself, which exists in every workspace; "" where that depends on the event."""
    return "" if kind is None else _KIND_EMOJI.get(kind, "")
