"""Accounts at providers: choosing their calendars by name, and the question before one is disconnected. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.calendars import account_name
from handlers.slack.views.modals import done
from handlers.slack.views.state import Values
from services.calendars.accounts.accounts import Choice
from services.domain.calendars import OfferedCalendar
from services.platform.locale import Localizer
from services.store.accounts import AccountView

CHOOSE = "choose_calendars"
DROP = "drop_account"
BLOCK = "calendars"

_MOST_BOXES = 10
_MOST_OPTIONS = 100


def choose(l10n: Localizer, choice: Choice, lines: Sequence[str] = ()) -> dict[str, Any]:
    """The form with every calendar of an account, those that are connected chosen; `lines` come first.

    Slack has ten checkboxes in a block, and a hundred options in a menu: who has more than ten gets the menu.
    """
    title = l10n.say("Choose calendars")
    head = [*lines, account_name(choice.account)]
    offered = sorted(choice.calendars, key=lambda one: not one[1])[:_MOST_OPTIONS]  # connected ones are never cut
    if not offered:
        return done(l10n, title, [*head, l10n.say("There is no calendar in this account that I could read.")])
    options = [kit.option(one.name.strip() or l10n.say("Calendar"), digest_of(one)) for one, _ in offered]
    chosen = [digest_of(one) for one, connected in offered if connected]
    kind = "checkboxes" if len(options) <= _MOST_BOXES else "multi_static_select"
    entry = kit.entry(
        BLOCK,
        l10n.say("Calendars that I read"),
        kit.choices(kind, "chosen", options, chosen),
        hint=l10n.say("To read none of them, disconnect the account on my Home tab."),
    )
    view = kit.modal(
        CHOOSE, title, [kit.section("\n".join(head)), entry], submit=l10n.say("Save"), close=l10n.say("Cancel")
    )
    return {**view, "private_metadata": choice.account.account_id}


def chosen(values: Values, choice: Choice) -> list[str]:
    """The addresses that a submission names, of those that the account offers; nothing else gets through."""
    wanted = set(values.chosen(BLOCK))
    return [one.address for one, _ in choice.calendars if digest_of(one) in wanted]


def digest_of(offered: OfferedCalendar) -> str:
    """What stands for a calendar's address in a form: an address may be longer than Slack allows."""
    return hashlib.sha256(offered.address.encode()).hexdigest()[:32]


def drop(l10n: Localizer, account: AccountView, calendars: int) -> dict[str, Any]:
    """The question before an account is disconnected."""
    lines = [
        l10n.say("Disconnect {account}?", account=account_name(account)),
        l10n.say(
            "I forget its calendars ({count}) and their events, and give up the permission to read them.",
            count=calendars,
        ),
    ]
    view = kit.modal(
        DROP, l10n.say("Disconnect an account"), [kit.section("\n".join(lines))],
        submit=l10n.say("Disconnect"), close=l10n.say("Cancel"),
    )  # fmt: skip
    return {**view, "private_metadata": account.account_id}
