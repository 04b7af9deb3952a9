"""The keeper, as admins see it in the form of the workspace and on their Home tab, and as members see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.sentences import because, shown
from handlers.slack.views.workspace import Section
from services.domain.keeper import ABOVE, GONE, KeeperState
from services.domain.text import escape
from services.platform.locale import Localizer
from services.usecases.keeper import MOST_LISTED, KeeperView, KeptView

WHY: Mapping[str, str] = MappingProxyType(
    {
        ABOVE: "their role in Slack is not below that of the admin whose permission I use",
        GONE: "Slack does not know them any more",
        "sudo_required": "Slack wants the admin to sign in anew for that, which I cannot do",
        "permission_denied": "Slack does not permit it for them",
        "not_app_admin": "Slack does not permit it for them",
    }
)
OTHERWISE = "Slack refused it"
_A_BLOCK = 10


def keeper_section(l10n: Localizer, view: KeeperView) -> Section:
    """Return what there is of it.

    Who it is, how it does, whom it cannot keep, and the buttons that begin and end it.
    """
    keeper, counts = view.keeper, view.counts
    title = kit.header(l10n.say("Members who have not connected"))
    if keeper is None or counts is None:
        if not view.allowed:
            return Section()
        what = l10n.say("With an admin's permission, I can show the leave of members who have not connected, too.")
        return Section(modal=(title, kit.section(what), kit.actions(_grant(l10n))))
    name = f"*{escape(view.name)}*"
    said, problems = [], []
    if keeper.state is KeeperState.ENDING:
        said.append(l10n.say("What I had set for others is being taken off: *{count}* left.", count=counts.shown))
    elif keeper.state is KeeperState.OK:
        said.append(
            l10n.say("I show the leave of members who have not connected, with the permission of {name}.", name=name)
        )
        numbers = l10n.say("Shown now: *{shown}* · waiting: *{waiting}*", shown=counts.shown, waiting=counts.waiting)
        said.append(numbers)
        if not view.allowed:
            said.append(l10n.say("The policy forbids it: nothing is set."))
    elif keeper.state is KeeperState.IMPOSSIBLE:
        problems.append(
            l10n.say("I cannot show the leave of members who have not connected: Slack allows it on paid plans only.")
        )
    else:
        problems.append(
            l10n.say(
                "I no longer show the leave of members who have not connected: {name} may not do that any more, "
                "or took the permission back. Another admin can take over.",
                name=name,
            )
        )  # fmt: skip
    refused = [f"• {escape(who)}: {_why(l10n, code)}" for who, code in view.refused]
    if refused:
        listed = l10n.say(
            "Cannot be kept: *{count}*", count=f"{len(refused)}{'+' if len(refused) == MOST_LISTED else ''}"
        )
        said.append(listed)
    buttons = [] if keeper.state is KeeperState.ENDING else [_end(l10n, keeper.state)]
    if keeper.state is not KeeperState.OK and view.allowed:
        buttons.insert(0, _grant(l10n))
    modal = [title, kit.section("\n".join([*said, *(f":warning: {one}" for one in problems)]))]
    # so many that a block takes them: none is cut off
    modal += [kit.section("\n".join(refused[at : at + _A_BLOCK])) for at in range(0, len(refused), _A_BLOCK)]
    if buttons:
        modal.append(kit.actions(*buttons))
    return Section(modal=tuple(modal), home=tuple(said), problems=tuple(problems))


def _why(l10n: Localizer, code: str) -> str:
    reason = l10n.say(WHY.get(code, OTHERWISE))
    return reason if code in WHY else f"{reason} (`{escape(code)}`)"


def _grant(l10n: Localizer) -> kit.Block:
    return kit.button(l10n.say("Show their leave"), "grant_keeper", style="primary")


def _end(l10n: Localizer, state: KeeperState) -> kit.Block:
    """Return what ends it, after its question; also one that keeps nobody any more, whose members are still known."""
    question = l10n.say(
        "I take off what I have set for members who have not connected, and set nothing more for them. "
        "Nobody's permission is given up."
    )  # fmt: skip
    if state is not KeeperState.OK:
        question = l10n.say("What I have set for members who have not connected runs out by itself.")
    return kit.asks_first(
        kit.button(l10n.say("End it"), "end_keeper", style="danger"),
        title=l10n.say("End it?"), text=question, confirm=l10n.say("End it"), deny=l10n.say("Keep it"),
    )  # fmt: skip


def agree_modal(l10n: Localizer, link: str) -> dict[str, Any]:
    """Return what leads to the page on which an admin agrees."""
    what = l10n.say("A page opens in your browser. It says what your permission will be used for, and you agree there.")
    go_on = kit.button(l10n.say("Go on"), "open_link", url=link, style="primary")
    blocks = [kit.section(what), kit.actions(go_on)]
    return kit.modal("keeper", l10n.say("Members’ leave"), blocks, close=l10n.say("Close"))


# ── for members ─────────────────────────────────────────────────────────────────────────────────────


def kept_lines(l10n: Localizer, view: KeptView) -> list[str]:
    """Return who keeps the status of a member without a grant, and how that ends."""
    if view.refused:
        return [l10n.say("No admin's permission sets your status: you asked for that. `/quo opt-in` allows it again.")]
    name = f"*{escape(view.name)}*"
    lines = [l10n.say("Your workspace shows your leave as your status, with the permission of {name}.", name=name)]
    if view.status is not None:
        lines.append(l10n.say("It set what you show now: {status}", status=shown(view.status)))
    lines.append(l10n.say("`/quo opt-out` stops that; so does allowing me to set your status yourself."))
    return lines


def kept_last(l10n: Localizer, view: KeptView) -> list[kit.Block]:
    """Return the last thing that was done to the member's profile, or left, and why."""
    if view.last is None:
        return []
    entry = view.last.entry
    what = because(entry.reason, l10n, entry.at)
    return [kit.context(l10n.say("Last, at {time}: {what}", time=l10n.stamp(entry.at, entry.at), what=what))]
