"""The form of one line of the list, a rule or a kind's own; `line_answers` reads it back. Pure.

Its block ids are the outside of the program: others rely on them. Every action is `value`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.fixed import fixed_look, unless_fixed
from handlers.slack.views.lines import (
    ListView,
    effects_block,
    name_of,
    picture_names,
    span_of,
)
from handlers.slack.views.sentences import kind_name, shown
from services.domain.lines import END, KINDS, Line, Match, Routine, Rule
from services.domain.model import STATUS_TEXT_LIMIT, Effect, Kind, Photo
from services.store.line_json import DAYS

LINE = "line"
PREVIEW = "preview"
PREVIEWED = "previewed"
"""The block that a preview is told in."""

ANY = "any"
SHOW, IGNORE = "show", "ignore"
INSIDE, OUTSIDE, YES, NO = "inside", "outside", "yes", "no"
_MOST_OPTIONS = 100
_LONGEST_WORDS = 1000


def line_form(view: ListView, line: Rule | None, *, is_new: bool = False) -> dict[str, Any]:
    """Return the form of a line; of a new rule where there is none, or it `is_new`."""
    l10n, rule = view.l10n, line or Rule("", "")
    is_new = is_new or line is None
    if rule.kind is not None:
        said = l10n.say("What your status says for: *{kind}*", kind=kind_name(rule.kind, l10n))
        blocks = [kit.section(said), *look_blocks(view, rule), place_block(view, rule)]
    else:
        does = [kit.option(l10n.say("Show a status"), SHOW), kit.option(l10n.say("Ignore the event"), IGNORE)]
        chosen = IGNORE if rule.ignore else SHOW
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
    any_one = kit.option(l10n.say("Any"), ANY)
    guests = [
        any_one, kit.option(l10n.say("With guests from outside"), OUTSIDE),
        kit.option(l10n.say("Only people from inside"), INSIDE),
    ]  # fmt: skip
    series = [
        any_one, kit.option(l10n.say("One of a series"), YES), kit.option(l10n.say("Not one of a series"), NO),
    ]  # fmt: skip
    external = kit.choices(
        "radio_buttons", "value", guests, [{None: ANY, True: OUTSIDE, False: INSIDE}[match.external]]
    )
    recurring = kit.choices("radio_buttons", "value", series, [{None: ANY, True: YES, False: NO}[match.recurring]])
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
