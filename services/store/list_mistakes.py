"""What can be wrong in the file of a list: a sentence for each, which is translated, and the field that it is about."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from services.domain.errors import InputError
from services.domain.model import Effect, Kind, Picture, ShowAs
from services.store.json_values import wrong
from services.store.line_json import DAYS


class Mistake(Enum):
    """A sentence about a field, in English, with facts in braces."""

    UNKNOWN_FIELD = "There is no field “{name}”."
    MISSING_FIELD = "The field “{name}” is missing."
    NO_FIELDS = "This has to be fields in braces: `{{ }}`."
    NO_LIST = "This has to be a list in square brackets: `[ ]`."
    NO_TEXT = "This has to be a text in quotation marks."
    NO_NUMBER = "This has to be a whole number."
    NO_TRUTH = "This has to be `true` or `false`."
    NO_TIME = "This has to be a time of day, such as `09:30`."
    NO_HOURS = "This has to be two times of day, such as `09:30` and `17:00`."
    NO_DATE = "This has to be a date, such as `2026-12-24`."
    NO_CHOICE = "This has to be one of these: {choices}"
    TOO_LONG = "This has more than {most} characters."
    TOO_MANY = "These are more than {most}."
    TOO_SMALL = "This has to be {least} at least."
    TOO_LARGE = "This has to be {most} at most."
    NOTHING_THAT_FITS = "This cannot stand here."
    NEWER = "A newer release of this app wrote this file."
    NO_VERSION = "This has to be {version}."
    UNKNOWN_LINE = "There is no line with this id."
    SAME_KIND = "Two lines are of the same kind."
    SAME_ID = "Two lines have the same id."
    MENTION = "Write it in words: mentions, channels and Slack's dates cannot stand in a status."
    NOT_SHOWN = "This has characters that cannot be shown."
    HALF_A_PLACEHOLDER = (
        "Write what stands in braces with both of them and without spaces: `{{title}}`, `{{until}}` or `{{location}}`."
    )
    NO_PLACEHOLDER = "Only `{{title}}`, `{{until}}` and `{{location}}` can stand in braces."
    NO_EVENT = "A routine has no title and no place: of what stands in braces only `{{until}}` can be used."
    NO_EMOJI = "That is not an emoji. Write it as `:palm_tree:`."
    NO_CROP = "This has to be `centre`, `top`, or `x,y,width` in pixels."
    CONDITIONS = "The line of a kind has no conditions."
    LESS_THAN_LEAST = "This is less than “{name}”."
    SAYS_NOTHING = "A routine needs a text: Slack takes no status without one."
    ENDS_BEFORE = "This is before the first day."
    TOO_DEEP = "This is nested too deeply."


class ListMistakeError(InputError):
    """Nothing was changed: there are mistakes in this list."""

    def __init__(self, mistake: Mistake, field: str, **facts: str | int) -> None:
        """`field` is its path in the file, `rules.lines.0.match`; `facts` are those of the sentence."""
        super().__init__(mistake.value.format(**facts), field=field)
        self.mistake = mistake
        self.sentence_facts = facts

    @property
    def names(self) -> str:
        """The field inside of `field` that is missing, or not known."""
        of_a_field = self.mistake in {Mistake.UNKNOWN_FIELD, Mistake.MISSING_FIELD}
        return str(self.sentence_facts["name"]) if of_a_field else ""


_DAYS = ", ".join(DAYS)
_CHOICES = {
    "kinds": ", ".join(Kind), "kind": ", ".join(Kind), "show_as": ", ".join(ShowAs), "effects": ", ".join(Effect),
    "picture": ", ".join(Picture), "days": _DAYS, "external": "true, false, inside, outside",
}  # fmt: skip
_TIMES, _DATES = {"from", "to", "hours"}, {"first", "last"}
_FIELD = re.compile(r"(missing required|unknown) field `([^`]*)`")
_EXPECTED = re.compile(r"Expected `(\w+)[^`]*`(?: of length)?(?: ([<>]=) (\d+))?")
_TYPES = {"object": Mistake.NO_FIELDS, "bool": Mistake.NO_TRUTH, "int": Mistake.NO_NUMBER, "str": Mistake.NO_TEXT}


def mistake_in(error: msgspec.MsgspecError) -> ListMistakeError:
    """Return what msgspec says of a file, in words of our own."""
    found = wrong(error, "rules")
    path, reason = found.field or "", found.reason
    if field := _FIELD.search(reason):
        mistake = Mistake.MISSING_FIELD if field[1] == "missing required" else Mistake.UNKNOWN_FIELD
        return ListMistakeError(mistake, path, name=field[2])
    name = next((part for part in reversed(path.split(".")) if not part.isdigit() and part != "*"), "")
    expected = _EXPECTED.search(reason)
    what, bound, number = (expected[1], expected[2], int(expected[3] or 0)) if expected else ("", None, 0)
    facts: dict[str, str | int] = {}
    if what == "array":
        mistake = Mistake.NO_HOURS if name == "hours" else Mistake.NO_LIST if bound is None else Mistake.TOO_MANY
    elif name in _TIMES | _DATES:
        mistake = Mistake.NO_TIME if name in _TIMES else Mistake.NO_DATE
    elif name in _CHOICES:
        mistake, facts = Mistake.NO_CHOICE, {"choices": _CHOICES[name]}
    elif bound is None:
        mistake = _TYPES.get(what, Mistake.NOTHING_THAT_FITS)
    elif what == "str":
        mistake = Mistake.TOO_LONG
    else:
        mistake = Mistake.TOO_SMALL if bound == ">=" else Mistake.TOO_LARGE
    if bound is not None and not facts:
        facts = {"least" if mistake is Mistake.TOO_SMALL else "most": number}
    return ListMistakeError(mistake, path, **facts)
