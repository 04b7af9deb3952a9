"""A submission of the form of a line, read back: what was said, and what is wrong, by block. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from handlers.slack.views.blocks import NotAChoiceError, Values
from handlers.slack.views.fixed import allowed_effects, as_it_was, fixed_look
from handlers.slack.views.line_form import ANY, IGNORE, INSIDE, LINE, NO, OUTSIDE, SHOW, YES
from handlers.slack.views.lines import named
from services.domain.command_parser import emoji_of, shown
from services.domain.errors import InputError
from services.domain.lines import MOST_GUESTS, MOST_MINUTES, Line, Match, Rule
from services.domain.model import Effect, Kind, Look, Photo, Picture
from services.domain.photos import CROP
from services.domain.policy import Policy
from services.domain.text import BROKEN_PLACEHOLDER, PLACEHOLDER, PLACEHOLDERS
from services.store.line_json import DAYS

_MOST_WORDS = 20
_LONGEST_WORD = 100
_RANGE = re.compile(r"(\d{0,6})\s*[-–]\s*(\d{0,6})|(\d{1,6})")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)")
_SEPARATORS = re.compile("[,;、，\n]")


class PlaceholderError(InputError):
    """Only `{{title}}`, `{{until}}` and `{{location}}` can stand in braces."""


class BrokenPlaceholderError(InputError):
    """Write what stands in braces with both of them and without spaces: `{{title}}`, `{{until}}` or `{{location}}`."""


class NoConditionError(InputError):
    """Say which events the rule is about: words of the title, a kind, or any other condition."""


class NoLookError(InputError):
    """Say what the status shall be, a text or an emoji, or choose something to do besides."""


class TooManyWordsError(InputError):
    """At most 20 words, please, of at most 100 characters each."""


class NotAWordError(InputError):
    """A word needs a letter or a digit; `*` stands for the rest of one."""


class NotARangeError(InputError):
    """Write a range as `2-5`, `2-` or `-5`."""


class NotHoursError(InputError):
    """Write hours as `09:00-17:00`."""


class NotACropError(InputError):
    """Write `centre`, `top`, or where the square is in the picture, in pixels: `x,y,width`."""


Errors = dict[str, InputError]


def read_line(
    values: Values, before: Rule, calendars: Mapping[str, str], policy: Policy
) -> tuple[Rule, str | None, Errors]:
    """Read a submission: the line, the id of the line below it where a place was chosen, what is wrong, by block.

    What a form does not show of `before` stays.
    """
    errors: Errors = {}
    look, effects, photo = read_look(values, before, policy, errors)
    if before.kind is not None:
        return replace(before, look=look, effects=effects, photo=photo), values.one("place") or None, errors
    ignore = IGNORE in values.offered("does", {SHOW, IGNORE}, errors)
    match = _read_match(values, before.match, calendars, errors)
    if match == Match() and not errors:
        errors["title_words"] = NoConditionError("no condition")
    if not ignore and look == Look() and not effects and not errors.keys() & {"text", "emoji", "effects", "does"}:
        errors["text" if policy.texts else "effects"] = NoLookError("no look")
    was_called = named(before.match, before.look.text or before.look.emoji or "")
    name = before.name
    if not name or name == was_called:
        name = named(match, look.text or look.emoji or "") or LINE
    look, effects, photo = (Look(), frozenset(), None) if ignore else (look, effects, photo)
    made = replace(before, name=name, match=match, look=look, ignore=ignore, effects=effects, photo=photo)
    return made, values.one("place") or None, errors


def read_look(
    values: Values, before: Line, policy: Policy, errors: Errors
) -> tuple[Look, frozenset[Effect], Photo | None]:
    """Text, emoji, effects and photo of a form; a photo alone where that effect is chosen.

    What the workspace has fixed is not in the form and stays as it was `before`.
    """
    fixes_text, fixes_emoji = fixed_look(policy, before)
    text, emoji = read_says(values, "text", "emoji", errors)
    text = as_it_was(values, "text", text, before.look.text or "", errors, fixed=fixes_text)
    emoji = as_it_was(values, "emoji", emoji, before.look.emoji or "", errors, fixed=fixes_emoji)
    effects = allowed_effects(effects_of(values, errors), before.effects, policy, errors)
    crop = values.said("crop") or "centre"
    pictures = values.offered("photo", set(Picture), errors)
    if not CROP.fullmatch(crop):
        errors["crop"] = NotACropError("crop")
    photo = None
    if Effect.PHOTO in effects and Effect.PHOTO not in policy.allowed:
        photo = before.photo
    elif Effect.PHOTO in effects:
        photo = Photo(Picture(pictures[0]) if pictures else Picture.PALM, crop)
    return Look(text or None, emoji or None), effects, photo


def effects_of(values: Values, errors: Errors) -> frozenset[Effect]:
    """Return what is to happen besides the status."""
    return frozenset(map(Effect, values.offered("effects", set(Effect), errors)))


def read_says(values: Values, text_block: str, emoji_block: str, errors: Errors) -> tuple[str, str]:
    """Return a text that may have placeholders, and an emoji."""
    text, emoji = values.text(text_block), ""
    try:
        text = shown(text)
        if BROKEN_PLACEHOLDER.search(text):
            raise BrokenPlaceholderError("half a placeholder")
        if not set(PLACEHOLDER.findall(text)) <= PLACEHOLDERS:
            raise PlaceholderError("placeholder")
    except InputError as error:
        errors[text_block] = error
    try:
        emoji = emoji_of(values.said(emoji_block))
    except InputError as error:
        errors[emoji_block] = error
    return text, emoji


def _read_match(values: Values, before: Match, calendars: Mapping[str, str], errors: Errors) -> Match:
    least_guests, most_guests = _range(values, "guests", MOST_GUESTS, errors)
    least_minutes, most_minutes = _range(values, "length", MOST_MINUTES, errors)
    known = frozenset(calendars)
    chosen = frozenset(values.several("calendar"))
    if chosen and not chosen & known:  # without them the rule would be about all calendars
        errors["calendar"] = NotAChoiceError("no calendar")
    return replace(
        before,
        kinds=frozenset(map(Kind, values.offered("kinds", set(Kind), errors))),
        title_words=_words(values, "title_words", errors),
        not_title_words=_words(values, "not_title_words", errors),
        location_words=_words(values, "location_words", errors),
        organizer=_words(values, "organizer", errors),
        calendar_ids=(chosen & known) | (before.calendar_ids - known),  # of calendars that are gone a form has no box
        external=_either(values, "external", {OUTSIDE: True, INSIDE: False}, errors),
        recurring=_either(values, "recurring", {YES: True, NO: False}, errors),
        days=read_days(values, errors),
        hours=_hours(values, errors),
        min_guests=least_guests,
        max_guests=most_guests,
        min_minutes=least_minutes,
        max_minutes=most_minutes,
    )


def _either(values: Values, block: str, meaning: Mapping[str, bool], errors: Errors) -> bool | None:
    return next((meaning.get(one) for one in values.offered(block, {ANY, *meaning}, errors)), None)


def read_days(values: Values, errors: Errors) -> frozenset[int]:
    """Days of the week, 0 = Monday."""
    chosen = values.offered("days", DAYS, errors)
    return frozenset(number for number, day in enumerate(DAYS) if day in chosen)


def _words(values: Values, block: str, errors: Errors) -> tuple[str, ...]:
    parts = (" ".join(part.split()) for part in _SEPARATORS.split(values.secret(block)))
    words = tuple(dict.fromkeys(part for part in parts if part))
    if len(words) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in words):
        errors[block] = TooManyWordsError("words")
    elif not all(any(map(str.isalnum, word)) for word in words):
        errors[block] = NotAWordError("no letter")
    return words


def _range(values: Values, block: str, most: int, errors: Errors) -> tuple[int | None, int | None]:
    typed = values.text(block)
    if not typed:
        return None, None
    found = _RANGE.fullmatch(typed) if typed.isascii() or "–" in typed else None
    if found is None:
        errors[block] = NotARangeError("range")
        return None, None
    first, last = (found[3], found[3]) if found[3] else (found[1], found[2])
    low, high = (int(side) if side else None for side in (first, last))
    sides = [side for side in (low, high) if side is not None]
    if not sides or sides != sorted(sides) or sides[-1] > most:
        errors[block] = NotARangeError("range")
    return low, high


def _hours(values: Values, errors: Errors) -> tuple[time, time] | None:
    typed = values.text("hours")
    if not typed:
        return None
    found = _HOURS.fullmatch(typed)
    if found is None or found.group(1, 2) == found.group(3, 4):
        errors["hours"] = NotHoursError("hours")
        return None
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
