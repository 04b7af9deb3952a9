"""What a workspace has fixed, as its members see it in their own forms; and what a form may not bring back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Block, Values
from handlers.slack.views.sentences import effect_names, kind_name
from services.domain.errors import InputError
from services.domain.lines import KINDS, Line, Rule
from services.domain.model import Effect
from services.domain.policy import FixedError, Policy
from services.platform.locale import Localizer


def fixed_words(l10n: Localizer, policy: Policy) -> list[str]:
    """Return what of a member's status is not theirs to choose, a few words each."""
    found = []
    if not policy.texts:
        found.append(l10n.say("all texts and emoji"))
    elif policy.looks:
        names = [kind_name(kind, l10n) for kind in KINDS if kind in policy.looks]
        found.append(l10n.say("what the status says for {kinds}", kinds=", ".join(names)))
    if not policy.rules:
        found.append(l10n.say("no rules and routines of one's own"))
    if not policy.titles:
        found.append(l10n.say("no titles"))
    missing = [name for effect, name in effect_names(l10n).items() if effect not in policy.allowed]
    if missing:
        found.append(l10n.say("not allowed: {effects}", effects=", ".join(missing)))
    return found


def fixed_by(l10n: Localizer, policy: Policy, what: str) -> Block:
    """Say that `what` is fixed, and who fixed it."""
    if policy.set_by:
        return kit.context(
            l10n.say(":lock: {what}: fixed by <@{who}> for your workspace.", what=what, who=policy.set_by)
        )
    return kit.context(l10n.say(":lock: {what}: fixed for this installation.", what=what))


def fixed_note(l10n: Localizer, policy: Policy) -> list[Block]:
    """Return all that is fixed, in one line; nothing where nothing is."""
    what = " · ".join(fixed_words(l10n, policy))
    if not what:
        return []
    if not policy.set_by:
        return [kit.context(l10n.say(":lock: Fixed for this installation: {what}.", what=what))]
    said = l10n.say(":lock: Fixed by <@{who}> for your workspace: {what}.", who=policy.set_by, what=what)
    return [kit.context(said)]


def fixed_look(policy: Policy, line: Line) -> tuple[bool, bool]:
    """Return whether the text and the emoji of a line are not its person's to choose. A routine without them is off."""
    if not isinstance(line, Rule):
        return False, False
    if line.kind is None:
        return not policy.texts, not policy.texts
    return policy.fixes_text(line.kind), policy.fixes_emoji(line.kind)


def unless_fixed(l10n: Localizer, policy: Policy, line: Line, entries: Sequence[Block]) -> list[Block]:
    """Return the entries of a line's text and emoji, with that it is fixed in the place of each that is."""
    names = (l10n.say("Text"), l10n.say("Emoji"))
    parts = zip(fixed_look(policy, line), names, entries, strict=True)
    return [fixed_by(l10n, policy, name) if is_fixed else entry for is_fixed, name, entry in parts]


def as_it_was(
    values: Values, block: str, chosen: str, before: str, errors: dict[str, InputError], *, fixed: bool
) -> str:
    """Return what a form brings back at a block.

    Where that is `fixed` what was there `before`, and another one an error.
    """
    if not fixed:
        return chosen
    if block in values.blocks and chosen != before:
        errors[block] = FixedError(block, field=block)
    return before


def allowed_effects(
    chosen: frozenset[Effect], before: frozenset[Effect], policy: Policy, errors: dict[str, InputError]
) -> frozenset[Effect]:
    """Return the effects of a form: what is not allowed it does not show, so that stays; chosen anew it is an error."""
    forbidden = frozenset(Effect) - policy.allowed
    if chosen & forbidden - before:
        errors["effects"] = FixedError("effects", field="effects")
    return chosen | (before & forbidden)
