"""What is answered to those who want to be forgotten, or not to be kept. Pure builders."""

from __future__ import annotations

from handlers.slack.views import blocks as kit
from handlers.slack.views.replies import Reply, reply
from services.platform.locale import Localizer


def forget(l10n: Localizer, *, is_keeper: bool = False) -> Reply:
    """Return the one question before everything is deleted; `is_keeper`: their permission keeps others' statuses."""
    lines = [l10n.say("Delete everything I know of you: your permission, calendars, rules and settings?")]
    if is_keeper:
        lines.append(
            l10n.say(
                "I also show the leave of members who have not connected, with your permission: that ends, and "
                "what I have set for them is taken off as far as a minute allows."
            )
        )  # fmt: skip
    return reply(lines, kit.actions(forget_button(l10n)))


def forget_button(l10n: Localizer) -> kit.Block:
    """Return the button that deletes everything, after its question."""
    question = l10n.say("I delete all your data and give up the permission to set your status. This cannot be undone.")
    return kit.asks_first(
        kit.button(l10n.say("Forget me"), "forget_me", style="danger"),
        title=l10n.say("Forget me?"), text=question, confirm=l10n.say("Delete it all"), deny=l10n.say("Keep it"),
    )  # fmt: skip


def forgotten(l10n: Localizer) -> Reply:
    """Say that everything was deleted."""
    said = l10n.say(
        "Everything I knew of you is deleted. What I had set on your profile is taken back within a minute. Type "
        "`/quo` whenever you want to start anew."
    )
    left = l10n.say(
        "One thing I keep: that no admin's permission is to set your status. `/quo opt-in` deletes that, too."
    )
    return reply([said, left])


def opted_out(l10n: Localizer, *, granted: bool) -> Reply:
    """Say that an admin's permission does not set their status any more."""
    lines = [
        l10n.say("No admin's permission sets your status any more. What it had set is taken off within a minute."),
        l10n.say("`/quo opt-in` allows it again."),
    ]
    if granted:
        lines.append(l10n.say("What you allowed me yourself stays as it is."))
    return reply(lines)


def opted_in(l10n: Localizer) -> Reply:
    """Say that it may again."""
    return reply([l10n.say("Your workspace may show your leave as your status, with an admin's permission.")])
