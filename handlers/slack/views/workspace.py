"""The workspace for its admins: the form of its policy, read back from a submission, and their part of the Home tab.

Pure. The form's block ids are the outside of the program: others rely on them. Every action is `value`. What other
parts of the program add to it (leave calendars, the keeper, digests) comes as sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Block, Values
from handlers.slack.views.line_answers import read_says
from handlers.slack.views.sentences import kind_name, shown
from services.domain.errors import InputError
from services.domain.lines import KINDS
from services.domain.model import STATUS_TEXT_LIMIT, Effect, Kind, Look, Status
from services.domain.policy import LONGEST_LEAVE_TYPE, MOST_LEAVE_TYPES, OF_POLICY, Freedom, Policy
from services.domain.text import PLACEHOLDER, default_emoji, escape
from services.platform.locale import Localizer
from services.store.workspace_numbers import WorkspaceNumbers

WORKSPACE = "workspace"
_YES, _NO = "yes", "no"
_LONGEST_TYPES = 3000


class FixedTextError(InputError):
    """Only `{{until}}` can stand in braces in a text for everybody: titles and places are their owner's."""


class LeaveTypesError(InputError):
    """Write one type a line, at most 40 of them, of at most 60 characters each, with a letter in it."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a part of the program shows the admins of a workspace.

    `modal`: blocks of the form of the workspace, below the policy. `home`: lines of mrkdwn for their part of the Home
    tab. `problems`: what they have to mend, a sentence each, as mrkdwn.
    """

    modal: tuple[Block, ...] = ()
    home: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


def workspace_form(
    l10n: Localizer, policy: Policy, operator_forbids: frozenset[str], sections: Iterable[Section], *, metadata: str
) -> dict[str, Any]:
    """Return the form of `policy` as it is stored; `operator_forbids` names what nobody here can allow."""
    switches = _switch_blocks(l10n, policy, operator_forbids)
    boxes = [kit.option(name, effect.value) for effect, name in _effect_names(l10n).items()]
    effects = kit.choices("checkboxes", "value", boxes, [one.value for one in policy.effects])
    freedoms = [kit.option(name, one.value) for one, name in freedom_names(l10n).items()]
    may = kit.choices("checkboxes", "value", freedoms, [*policy.members_may])
    types: Block = {"type": "plain_text_input", "action_id": "value", "multiline": True, "max_length": _LONGEST_TYPES}
    if policy.leave_types:
        types["initial_value"] = "\n".join(policy.leave_types)
    blocks = [
        kit.context(l10n.say("This holds at once, for everybody. A status that somebody types stays their own.")),
        switches["titles"],
        kit.entry("effects", l10n.say("Allowed besides the status"), effects, optional=True),
        *(switches[name] for name in ("replies", "digests", "keeper", "agents")),
        kit.entry("members_may", l10n.say("Members may have"), may, optional=True),
        kit.divider(),
        kit.header(l10n.say("The same for everybody")),
        kit.context(l10n.say("What is left empty is each member's own. {{until}} becomes the end.")),
        *(block for kind in KINDS for block in _look_blocks(l10n, kind, policy)),
        kit.divider(),
        kit.entry(
            "leave_types", l10n.say("More types of leave"), types, optional=True,
            hint=l10n.say("One a line, as your leave calendar writes them. The usual ones are known."),
        ),
    ]  # fmt: skip
    for section in sections:
        blocks += [kit.divider(), *section.modal] if section.modal else []
    return kit.modal(
        WORKSPACE, l10n.say("Workspace"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"), metadata=metadata
    )


def _switch_blocks(l10n: Localizer, policy: Policy, operator_forbids: frozenset[str]) -> dict[str, Block]:
    options = [kit.option(l10n.say("Allowed"), _YES), kit.option(l10n.say("Not allowed"), _NO)]
    labels = {
        "titles": l10n.say("Titles and places of events in statuses"),
        "replies": l10n.say("Answers to whoever mentions somebody who is out"),
        "digests": l10n.say("Digests of who is out"),
        "keeper": l10n.say("Leave of members who have not connected, shown with an admin's permission"),
        "agents": l10n.say("Agents that act for members"),
    }
    hints = {"titles": l10n.say("Only where a member turned them on, and never those of private events.")}
    found = {}
    for name, label in labels.items():
        if name in operator_forbids:
            found[name] = kit.context(l10n.say("{what}: switched off by the operator of Status Quo.", what=label))
        else:
            menu = kit.choices("static_select", "value", options, [_YES if getattr(policy, name) else _NO])
            found[name] = kit.entry(name, label, menu, hint=hints.get(name, ""))
    return found


def _look_blocks(l10n: Localizer, kind: Kind, policy: Policy) -> list[Block]:
    look, name = policy.looks.get(kind, Look()), kind_name(kind, l10n)
    return [
        kit.text_entry(
            f"kind_{kind.value}_text", l10n.say("{kind}: text", kind=name), initial=look.text or "",
            most=STATUS_TEXT_LIMIT,
        ),
        kit.emoji_select(f"kind_{kind.value}_emoji", l10n.say("{kind}: emoji", kind=name), initial=look.emoji or ""),
    ]  # fmt: skip


def _effect_names(l10n: Localizer) -> dict[Effect, str]:
    return {
        Effect.DND: l10n.say("Do not disturb"),
        Effect.AWAY: l10n.say("Shown as away"),
        Effect.PHOTO: l10n.say("Another photo"),
    }


def freedom_names(l10n: Localizer) -> dict[Freedom, str]:
    """Return what members may change, as a choice of the form."""
    return {
        Freedom.TEXTS: l10n.say("Texts and emoji of their own"),
        Freedom.RULES: l10n.say("Rules and routines of their own"),
        Freedom.DIGESTS: l10n.say("Digests in their channels"),
    }


def read_workspace(values: Values, before: Policy) -> tuple[Policy, dict[str, InputError]]:
    """Return the policy of a submission, and what is wrong, by block. What the form did not show of `before` stays."""
    errors: dict[str, InputError] = {}

    def on(name: str, *, before: bool) -> bool:
        chosen = values.offered(name, {_YES, _NO}, errors)
        return _YES in chosen if chosen else before

    looks = {kind: _read_look(values, kind, errors) for kind in KINDS}
    policy = replace(
        before,
        titles=on("titles", before=before.titles),
        replies=on("replies", before=before.replies),
        digests=on("digests", before=before.digests),
        keeper=on("keeper", before=before.keeper),
        agents=on("agents", before=before.agents),
        effects=frozenset(map(Effect, values.offered("effects", OF_POLICY, errors))),
        members_may=frozenset(map(Freedom, values.offered("members_may", set(Freedom), errors))),
        looks=MappingProxyType({kind: look for kind, look in looks.items() if look != Look()}),
        leave_types=_read_types(values, errors),
    )
    return policy, errors


def _read_look(values: Values, kind: Kind, errors: dict[str, InputError]) -> Look:
    text_block = f"kind_{kind.value}_text"
    text, emoji = read_says(values, text_block, f"kind_{kind.value}_emoji", errors)
    if text_block not in errors and not set(PLACEHOLDER.findall(text)) <= {"until"}:
        errors[text_block] = FixedTextError("placeholder")
    return Look(text or None, emoji or None)


def _read_types(values: Values, errors: dict[str, InputError]) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for line in values.secret("leave_types").splitlines())
    types = tuple(dict.fromkeys(line for line in lines if line))
    too_long = any(len(one) > LONGEST_LEAVE_TYPE for one in types)
    if len(types) > MOST_LEAVE_TYPES or too_long or not all(any(map(str.isalpha, one)) for one in types):
        errors["leave_types"] = LeaveTypesError("types")
    return types


# ── the Home tab ────────────────────────────────────────────────────────────────────────────────────


def home_part(
    l10n: Localizer, policy: Policy, numbers: WorkspaceNumbers, sections: Sequence[Section], *, install: str,
    now: datetime,
) -> list[Block]:  # fmt: skip
    """Return what the admins of a workspace see on their Home tab.

    `policy` as it holds, `install` where more is allowed.
    """
    counts = [
        l10n.say("People: *{count}*", count=numbers.people),
        l10n.say("Allowed me their status: *{count}*", count=numbers.granted),
        l10n.say("Calendars: *{count}*", count=numbers.calendars),
        l10n.say("Out today: *{count}*", count=numbers.out_today),
    ]
    manage = kit.button(l10n.say("Manage"), "open_workspace", style="primary")
    blocks = [
        kit.header(l10n.say("Your workspace")),
        kit.context(l10n.say(":lock: Only admins of the workspace see this part.")),
        kit.section(" · ".join(counts), manage),
    ]
    problems = [*_problems(l10n, numbers, install), *(one for section in sections for one in section.problems)]
    if problems:
        blocks.append(kit.section("\n".join(f":warning: {problem}" for problem in problems)))
    said = [line for section in sections for line in section.home]
    if said:
        blocks.append(kit.section("\n".join(said)))
    blocks.append(kit.section("\n".join(policy_lines(l10n, policy))))
    return [*blocks, kit.context(_set_by(l10n, policy, now))]


def _problems(l10n: Localizer, numbers: WorkspaceNumbers, install: str) -> list[str]:
    found = []
    if numbers.broken_calendars:
        found.append(l10n.say("Calendars that cannot be read: {count}", count=numbers.broken_calendars))
    if numbers.lost_grants:
        found.append(l10n.say("Members whose permission has ended: {count}", count=numbers.lost_grants))
    refusing = dict.fromkeys(fault.named for fault in numbers.faults)
    found += [
        l10n.say(
            "{provider} does not take Status Quo at the moment. Whoever runs Status Quo has to mend that.",
            provider=name,
        )
        for name in refusing
    ]
    if numbers.missing_scopes:
        names = ", ".join(f"`{scope}`" for scope in numbers.missing_scopes)
        found.append(l10n.say("I lack permissions of the workspace: {scopes}.", scopes=names))
        if install:
            found[-1] += f" <{install}|{l10n.say('Install again')}>"
    return found


def policy_lines(l10n: Localizer, policy: Policy) -> list[str]:
    """Return a policy in a few lines of mrkdwn, one thing each."""
    effects = [name for effect, name in _effect_names(l10n).items() if effect in policy.effects]
    switches = (
        (l10n.say("Titles in statuses"), policy.titles), (l10n.say("Answers to mentions"), policy.replies),
        (l10n.say("Digests of who is out"), policy.digests),
        (l10n.say("Leave of members who have not connected, shown with an admin's permission"), policy.keeper),
        (l10n.say("Agents that act for members"), policy.agents),
    )  # fmt: skip
    lines = [f"{_mark(on=on)} {name if on else l10n.say('{what}: not allowed', what=name)}" for name, on in switches]
    besides = ", ".join(effects) or l10n.say("nothing")
    lines.insert(1, f"{_mark(on=bool(effects))} {l10n.say('Besides the status: {effects}', effects=besides)}")
    may = ", ".join(name for one, name in freedom_names(l10n).items() if one in policy.members_may)
    lines.append(f"{_mark(on=bool(may))} {l10n.say('Members may have: {what}', what=may or l10n.say('nothing'))}")
    fixed = [
        f"{kind_name(kind, l10n)}: {_fixed(l10n, kind, policy.looks[kind])}" for kind in KINDS if kind in policy.looks
    ]
    if fixed:
        lines.append(f":pushpin: {l10n.say('The same for everybody')}: {' · '.join(fixed)}")
    if policy.leave_types:
        lines.append(
            f":calendar: {l10n.say('More types of leave')}: {escape(kit.cut(', '.join(policy.leave_types), 300))}"
        )
    return lines


def _mark(*, on: bool) -> str:
    return ":white_check_mark:" if on else ":no_entry_sign:"


def _fixed(l10n: Localizer, kind: Kind, look: Look) -> str:
    text = look.text or ""
    return shown(Status(text, look.emoji or (default_emoji(kind) if text else ""))) or l10n.say("nothing")


def _set_by(l10n: Localizer, policy: Policy, now: datetime) -> str:
    if policy.set_at is None:
        return l10n.say("Nobody has changed the policy yet: everything is allowed.")
    when = l10n.stamp(policy.set_at, now)
    return l10n.say("Changed by {who}, {when}", who=f"<@{policy.set_by}>", when=when)
