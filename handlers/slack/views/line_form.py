"""The form of one line of the list, a rule or a kind's own: shown, and read back from a submission. Pure.

Its block ids are the outside of the program: others rely on them. Every action is `value`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import NotAChoiceError, Values
from handlers.slack.views.fixed import allowed_effects, as_it_was, fixed_look, unless_fixed
from handlers.slack.views.lines import (
    ListView,
    effects_block,
    name_of,
    named,
    picture_names,
    span_of,
)
from handlers.slack.views.sentences import kind_name, shown
from services.domain.command_parser import emoji_of, status_text
from services.domain.errors import InputError
from services.domain.lines import END, KINDS, MOST_GUESTS, MOST_MINUTES, Line, Match, Routine, Rule
from services.domain.model import STATUS_TEXT_LIMIT, Effect, Kind, Look, Photo, Picture
from services.domain.photos import CROP
from services.domain.policy import Policy
from services.domain.text import BROKEN_PLACEHOLDER, PLACEHOLDER, PLACEHOLDERS
from services.store.line_json import DAYS

LINE = "line"
PREVIEW = "preview"
PREVIEWED = "previewed"
"""The block that a preview is told in."""

_ANY = "any"
_SHOW, _IGNORE = "show", "ignore"
_INSIDE, _OUTSIDE, _YES, _NO = "inside", "outside", "yes", "no"
_MOST_OPTIONS = 100
_MOST_WORDS = 20
_LONGEST_WORD = 100
_LONGEST_WORDS = 1000
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


def line_form(view: ListView, line: Rule | None, *, is_new: bool = False) -> dict[str, Any]:
    """Return the form of a line; of a new rule where there is none, or it `is_new`."""
    l10n, rule = view.l10n, line or Rule("", "")
    is_new = is_new or line is None
    if rule.kind is not None:
        said = l10n.say("What your status says for: *{kind}*", kind=kind_name(rule.kind, l10n))
        blocks = [kit.section(said), *look_blocks(view, rule), place_block(view, rule)]
    else:
        does = [kit.option(l10n.say("Show a status"), _SHOW), kit.option(l10n.say("Ignore the event"), _IGNORE)]
        chosen = _IGNORE if rule.ignore else _SHOW
        more = l10n.say("*More conditions*: all that you fill in have to hold.")
        blocks = [
            *_first_conditions(view, rule.match),
            kit.entry("does", l10n.say("Then"), kit.choices("radio_buttons", "value", does, [chosen])),
            *look_blocks(view, rule),
            kit.divider(),
            kit.section(more),
            *_more_conditions(view, rule.match),
            place_block(view, rule),
        ]
    return kit.modal(
        LINE, l10n.say("Add a rule") if is_new else l10n.say("Edit a line"), [*blocks, *preview_blocks(view)],
        submit=l10n.say("Save"), close=l10n.say("Cancel"), metadata="" if is_new else json.dumps({"id": rule.id}),
    )  # fmt: skip


def look_blocks(view: ListView, line: Line) -> list[kit.Block]:
    """Return what a line says and does, where its placeholders show what it says by itself."""
    l10n, policy = view.l10n, view.policy
    usual = view.usual(line)
    hint = l10n.say("{{until}} becomes the end, {{title}} the event's title, {{location}} its place.")
    blocks = [
        kit.text_entry(
            "text", l10n.say("Text"), initial=line.look.text or "", placeholder=usual.text, most=STATUS_TEXT_LIMIT,
            hint=hint if isinstance(line, Rule) else "",
        ),
        kit.emoji_select(
            "emoji", l10n.say("Emoji"), initial=line.look.emoji or "", hint=l10n.say("Type its name, or paste one.")
        ),
    ]  # fmt: skip
    blocks = unless_fixed(l10n, policy, line, blocks)
    if isinstance(line, Rule) and usual.emoji:
        usually = l10n.say("Without a text and an emoji it says: {status}", status=shown(usual))
        blocks.insert(1, kit.context(shown(usual) if fixed_look(policy, line)[0] else usually))
    blocks.append(effects_block(l10n, policy, line.effects))
    if Effect.PHOTO not in policy.allowed:
        return blocks
    pictures = [kit.option(name, picture.value) for picture, name in picture_names(l10n).items()]
    photo = line.photo or Photo()
    crop_hint = l10n.say("Of a picture that you sent: centre, top, or the square in pixels as x,y,width.")
    blocks += [
        kit.entry(
            "photo", l10n.say("Photo"), kit.choices("static_select", "value", pictures, [photo.picture.value]),
            optional=True,
        ),
        kit.text_entry("crop", l10n.say("Part of the picture"), initial=photo.crop, most=20, hint=crop_hint),
        kit.context(
            l10n.say(
                "Keep a copy of your picture. If Slack takes away my permission while you are set away, or have "
                "another photo, I cannot put it back."
            )
        ),
    ]  # fmt: skip
    return blocks


def place_block(view: ListView, line: Line) -> kit.Block:
    """Above which line of the list it stands."""
    l10n, lines = view.l10n, view.facts.lines
    others = [one for one in lines if one.id != line.id][: _MOST_OPTIONS - 1]
    options = [kit.option(l10n.say("Above: {line}", line=name_of(view, one)), one.id) for one in others]
    options.append(kit.option(l10n.say("At the end"), END))
    chosen: list[str] = []
    ids = [one.id for one in lines]
    if line.id in ids:
        below = ids[ids.index(line.id) + 1 :]
        chosen = [below[0] if below and below[0] in {one.id for one in others} else END]
    else:  # where a new one is put
        kinds = {Kind.WORKING_LOCATION} if isinstance(line, Routine) else set(KINDS)
        chosen = [one.id for one in others if isinstance(one, Rule) and one.kind in kinds][:1]
    menu = kit.choices("static_select", "value", options, chosen)
    return kit.entry("place", l10n.say("Place in the list"), menu, optional=True)


def preview_blocks(view: ListView) -> list[kit.Block]:
    """Return the button that shows what would change, and where it does."""
    button = kit.button(view.l10n.say("Show what changes"), PREVIEW)
    asked = view.l10n.say("See what this changes in the coming week, before you save it.")
    return [kit.divider(), kit.actions(button), {**kit.section(asked), "block_id": PREVIEWED}]


def previewed(form: Mapping[str, Any], values: Values, said: str) -> dict[str, Any]:
    """Return the form as it is filled in, with what it changes told in it."""

    def filled(block: kit.Block) -> kit.Block:
        if block.get("block_id") == PREVIEWED:
            return {**kit.section(said), "block_id": PREVIEWED}
        if block.get("type") == "input":
            return {**block, "element": values.kept(block["block_id"], block["element"])}
        return block

    return {**form, "blocks": [filled(block) for block in form["blocks"]]}


def _first_conditions(view: ListView, match: Match) -> list[kit.Block]:
    l10n = view.l10n
    hint = l10n.say("Whole words, separated by commas; any one of them will do. A * stands for the rest of a word.")
    kinds = [kit.option(kind_name(kind, l10n), kind.value) for kind in KINDS]
    boxes = kit.choices("checkboxes", "value", kinds, [*match.kinds])
    return [
        _words_entry("title_words", l10n.say("Words in the title"), match.title_words, "1:1, sync, interview", hint),
        kit.entry("kinds", l10n.say("Kinds"), boxes, optional=True),
    ]


def _more_conditions(view: ListView, match: Match) -> list[kit.Block]:
    l10n = view.l10n
    days = [kit.option(l10n.weekday(day), name) for day, name in enumerate(DAYS)]
    any_one = kit.option(l10n.say("Any"), _ANY)
    guests = [
        any_one, kit.option(l10n.say("With guests from outside"), _OUTSIDE),
        kit.option(l10n.say("Only people from inside"), _INSIDE),
    ]  # fmt: skip
    series = [
        any_one, kit.option(l10n.say("One of a series"), _YES), kit.option(l10n.say("Not one of a series"), _NO),
    ]  # fmt: skip
    external = kit.choices(
        "radio_buttons", "value", guests, [{None: _ANY, True: _OUTSIDE, False: _INSIDE}[match.external]]
    )
    recurring = kit.choices("radio_buttons", "value", series, [{None: _ANY, True: _YES, False: _NO}[match.recurring]])
    boxes = kit.choices("checkboxes", "value", days, [DAYS[day] for day in match.days])
    hours = "" if match.hours is None else f"{match.hours[0]:%H:%M}-{match.hours[1]:%H:%M}"
    blocks = [
        _words_entry("not_title_words", l10n.say("None of these words in the title"), match.not_title_words),
        _words_entry("location_words", l10n.say("Words in the place"), match.location_words),
        _words_entry("organizer", l10n.say("Organizer: words of the name, or the address"), match.organizer),
    ]
    if view.calendars:
        options = [kit.option(name, one) for one, name in list(view.calendars.items())[:_MOST_OPTIONS]]
        menu = kit.choices("multi_static_select", "value", options, [*match.calendar_ids])
        blocks.append(kit.entry("calendar", l10n.say("Calendars"), menu, optional=True))
    return [
        *blocks,
        _range_entry("guests", l10n.say("Number of guests"), match.min_guests, match.max_guests, "2-5"),
        kit.entry("external", l10n.say("Guests"), external, optional=True),
        _range_entry("length", l10n.say("Length in minutes"), match.min_minutes, match.max_minutes, "-30"),
        kit.entry("days", l10n.say("Days"), boxes, optional=True),
        kit.text_entry("hours", l10n.say("Starts between"), initial=hours, placeholder="09:00-17:00", most=20),
        kit.entry("recurring", l10n.say("Series"), recurring, optional=True),
    ]


def _words_entry(block_id: str, label: str, words: Sequence[str], example: str = "", hint: str = "") -> kit.Block:
    initial = ", ".join(words)[:_LONGEST_WORDS]
    return kit.text_entry(block_id, label, initial=initial, placeholder=example, most=_LONGEST_WORDS, hint=hint)


def _range_entry(block_id: str, label: str, least: int | None, most: int | None, example: str) -> kit.Block:
    initial = "" if least is None and most is None else span_of(least, most)
    return kit.text_entry(block_id, label, initial=initial, placeholder=example, most=20)


# ── read back ───────────────────────────────────────────────────────────────────────────────────────

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
    ignore = _IGNORE in values.offered("does", {_SHOW, _IGNORE}, errors)
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
        status_text(text)
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
        external=_either(values, "external", {_OUTSIDE: True, _INSIDE: False}, errors),
        recurring=_either(values, "recurring", {_YES: True, _NO: False}, errors),
        days=read_days(values, errors),
        hours=_hours(values, errors),
        min_guests=least_guests,
        max_guests=most_guests,
        min_minutes=least_minutes,
        max_minutes=most_minutes,
    )


def _either(values: Values, block: str, meaning: Mapping[str, bool], errors: Errors) -> bool | None:
    return next((meaning.get(one) for one in values.offered(block, {_ANY, *meaning}, errors)), None)


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
