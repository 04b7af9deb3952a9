"""What somebody typed behind `/quo`, taken apart: the command, the emoji, the text. Pure.

Slack sends the text of a slash command with `&amp; &lt; &gt;` escaped and with links and mentions in angle
brackets (docs.slack.dev, "Implementing slash commands", "Escaping"); a status is plain text, so both are undone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.domain import times
from services.domain.emoji import leading_emoji, trailing_emoji
from services.domain.errors import (
    InputError,
    MentionInStatusError,
    NotAnEmojiError,
    TextMissingError,
    TextTooLongError,
    TimeNotUnderstoodError,
)
from services.domain.markup import as_read, is_nameless
from services.domain.model import STATUS_TEXT_LIMIT
from services.domain.text import length, one_line, tidy, unescape
from services.domain.times import Asked, Speaker
from services.domain.times.lexicon import one_slip
from services.domain.who_questions import when_asked

LONGEST_EMOJI = 100
"""Characters in an emoji's name."""

_LONGEST_GIVEN = 10_000  # characters: a status has a hundred, and the addresses of its links are not shown

_EMOJI = r":[^\s:<>@]{1,100}:(?::skin-tone-[2-6]:)?"
_ONE_EMOJI = re.compile(_EMOJI)
_FIRST_EMOJI = re.compile(rf"({_EMOJI})(?=\s|$)")
_LAST_EMOJI = re.compile(rf"(?:^|(?<=\s))({_EMOJI})$")
_NAME = re.compile(r"[^\s:<>@&]{1,100}")
_DIGITS_ONLY = re.compile(r":[\d]+:")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")


class Name(StrEnum):
    """The words that `/quo` knows; everything else is a status."""

    HELP = "help"
    STATUS = "status"
    CLEAR = "clear"
    PAUSE = "pause"
    RESUME = "resume"
    WHY = "why"
    PREVIEW = "preview"
    CONNECT = "connect"
    CALENDARS = "calendars"
    WHO = "who"
    DIGEST = "digest"
    RULES = "rules"
    KEYS = "keys"
    SETTINGS = "settings"
    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"
    FORGET = "forget"


_TAKES_MORE = frozenset({Name.PAUSE, Name.PREVIEW, Name.WHO, Name.DIGEST})
_KNOWN = {name.value: name for name in Name if name is not Name.STATUS}


@dataclass(frozen=True, slots=True)
class Command:
    """One line behind `/quo`. `rest` is as Slack sent it; `user_id` is the person asked about, called `label`."""

    name: Name
    rest: str = ""
    user_id: str = ""
    label: str = ""


class UnknownCommandError(InputError):
    """I do not know that."""

    def __init__(self, meant: str, status: str = "") -> None:
        """`meant` is the command it resembles; `status` what was typed, where it may be one all the same."""
        super().__init__("unknown command")
        self.meant = meant
        self.status = status


def read(text: str) -> Command:
    """Return the command in `text`.

    Raises UnknownCommandError for a known word with words it cannot take, or a near miss.
    """
    first, rest = ([*text.split(maxsplit=1), "", ""])[:2]  # at any blank: phones type no-break and ideographic ones
    text, rest = text.strip(), rest.strip()
    name = _KNOWN.get(first.casefold()) if text else Name.HELP
    if (asked := when_asked(text)) is not None:
        name, rest = Name.WHO, asked
    if name is None:
        near = next((known for known in _KNOWN if one_slip(first.casefold(), known)), None)
        if near and not rest:
            raise UnknownCommandError(near, text)
        return Command(Name.STATUS, text)
    if rest and name not in _TAKES_MORE:
        raise UnknownCommandError(name.value)
    if name is Name.WHO and (person := _PERSON.search(rest)):
        when = f"{rest[: person.start()]} {rest[person.end() :]}".strip()
        return Command(name, when, person[1], unescape(person[2] or ""))
    return Command(name, rest)


def status(line: str, speaker: Speaker, emoji: str = "") -> Asked:
    """Return a status as it was typed behind `/quo`; `emoji` where it is given apart.

    Raises an InputError: half a time, a time alone, too long a text, a mention without a name. The text of an emoji
    alone is "": Slack takes no such status (must_clear_both_status_text_and_status_emoji).
    """
    rest = unescape(named(line))
    if not emoji:
        emoji, rest = take_emoji(rest)
    asked = times.status(rest, speaker)
    words = asked.text
    if not emoji:
        emoji, words = take_emoji(words)
    if not emoji and not words:
        raise TextMissingError("a time without a status", field="text")
    return replace(asked, text=_fitting(words), emoji=emoji)


def status_with_end(text: str, emoji: str, end: datetime, speaker: Speaker) -> Asked:
    """Read a status whose end is said apart, so that its text is no more than that, but for an emoji.

    `text` is without entities. Raises TextTooLongError or MentionInStatusError.
    """
    words = named(text)
    if not emoji:
        emoji, words = take_emoji(words)
    return Asked(_fitting(words), speaker.now, end, emoji)


def absence(line: str, speaker: Speaker) -> Asked:
    """Return an absence as it was typed behind `/ooo`, its note being the text. Raises an InputError."""
    asked = times.absence(unescape(named(line)), speaker)
    return replace(asked, text=_fitting(asked.text))


def period(line: str, speaker: Speaker) -> tuple[datetime, datetime]:
    """From when to when somebody asks about, in UTC. Raises TimeNotUnderstoodError where it is not a time alone."""
    asked = times.absence(plain(line), speaker)
    if asked.text or asked.end is None or "<" in line:
        raise TimeNotUnderstoodError("not a time alone")
    return asked.start, asked.end


def plain(text: str) -> str:
    """`text`, which Slack sent, as people read it: markup by its label, entities undone, one line."""
    return unescape(as_read(one_line(text)))


def named(text: str) -> str:
    """`text` on one line, markup by its label, entities as they are.

    Raises MentionInStatusError for what Slack did not name: left out, what remains is not what was meant; and
    TextTooLongError for what is not looked at.
    """
    if len(text) > _LONGEST_GIVEN:
        raise TextTooLongError("far too long", field="text")
    line = one_line(text)
    if is_nameless(line):
        raise MentionInStatusError("a mention without a name", field="text")
    return as_read(line)


def take_emoji(text: str) -> tuple[str, str]:
    """Return the emoji that `text` begins or else ends with, as `:name:` ("" without one), and the rest."""
    for found, rest_of in ((_FIRST_EMOJI.match(text), True), (_LAST_EMOJI.search(text), False)):
        if found and found[1].isprintable() and not _DIGITS_ONLY.fullmatch(found[1]):
            rest = text[found.end() :] if rest_of else text[: found.start()]
            return found[1], rest.strip()
    if first := leading_emoji(text):
        return first[0], text[first[1] :].strip()
    if last := trailing_emoji(text):
        return last[0], text[: last[1]].strip()
    return "", text


def emoji_of(typed: str) -> str:
    """Return one emoji from a field of its own: `:pizza:`, `pizza`, 🍕, or "" for none. Raises NotAnEmojiError."""
    typed = typed.strip()
    if not typed or (_ONE_EMOJI.fullmatch(typed) and typed.isprintable()):
        return typed
    if (found := leading_emoji(typed)) and found[1] == len(typed):
        return found[0]
    if _NAME.fullmatch(typed.strip(":")) and typed.isascii() and typed.isprintable():
        return f":{typed.strip(':')}:"
    raise NotAnEmojiError("emoji", field="emoji")


def shown(text: str, *, escaped: bool = False) -> str:
    """Return what a form, a file or a program gave as a text, as it will be seen; "" for blanks alone.

    `escaped` says that it has Slack's entities. Raises TextTooLongError above 100 characters, MentionInStatusError, and
    TextMissingError where nothing in it can be seen.
    """
    words = named(text)
    if not words and text.strip():
        raise TextMissingError("nothing to be seen", field="text")
    return _fitting(unescape(words) if escaped else words)


def _fitting(words: str) -> str:
    if length(words) > STATUS_TEXT_LIMIT:
        raise TextTooLongError("text", field="text")
    return tidy(words)
