"""The modals about calendars, absences, statuses and hooks. Pure.

Their callback, block and action ids are the outside of the program: others rely on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.sentences import account_name
from services.calendars.accounts import Choice
from services.calendars.oauth_flow import AccountLink
from services.domain.calendars import OfferedCalendar
from services.domain.command_parser import LONGEST_EMOJI
from services.domain.model import STATUS_TEXT_LIMIT
from services.platform.locale import Localizer
from services.store.accounts import AccountView

View = dict[str, Any]

CONNECT = "connect_calendar"
OUT_OF_OFFICE = "out_of_office"
OVERRIDE = "override"
HOOK = "hook"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood in the form when it did not work out; a password is never given back."""

    url: str = ""
    user: str = ""


def connect(
    l10n: Localizer,
    *,
    accounts: Sequence[AccountLink] = (),
    problem: str = "",
    before: Typed | None = None,
) -> View:
    """Add a calendar: a click, or one of the addresses. `problem` is what went wrong last time, `before` what stood."""
    blocks: list[kit.Block] = [kit.section(f":warning: {problem}")] if problem else []
    if accounts:
        buttons = [
            kit.button(account.name, f"connect_account_{index}", url=account.link)
            for index, account in enumerate(accounts)
        ]
        blocks += [kit.section(l10n.say("Sign in where your calendar is:")), kit.actions(*buttons), kit.divider()]
    feed = {
        "type": "url_text_input",
        "action_id": "url",
        "placeholder": kit.plain("https://calendar.example.com/….ics", 150),
    }
    blocks.append(
        kit.entry(
            "feed",
            l10n.say("Secret address of the calendar (ICS)"),
            feed,
            optional=True,
            hint=l10n.say(
                "Google: Settings of the calendar, “Secret address in iCal format”. Outlook: Settings, Shared "
                "calendars, Publish, ICS. Only I see it, and it is stored encrypted."
            ),
        )
    )
    blocks += _caldav(l10n, before or Typed())
    create = kit.button(l10n.say("Create a hook"), "create_hook")
    what = l10n.say("Something else, such as Zapier, Home Assistant or a script? It can send events to a hook.")
    blocks += [kit.divider(), kit.section(what, create)]
    return kit.modal(
        CONNECT, l10n.say("Connect a calendar"), blocks, submit=l10n.say("Connect"), close=l10n.say("Cancel")
    )


def _caldav(l10n: Localizer, before: Typed) -> list[kit.Block]:
    address = {"type": "url_text_input", "action_id": "value"}
    if before.url:
        address["initial_value"] = before.url
    user = kit.text_input("value", initial=before.user)
    return [
        kit.divider(),
        kit.section(
            "*CalDAV*\n"
            + l10n.say(
                "iCloud: `https://caldav.icloud.com`. Fastmail: `https://caldav.fastmail.com`. Nextcloud: the address "
                "of your server."
            )
        ),
        kit.entry("caldav_url", l10n.say("CalDAV address"), address, optional=True),
        kit.entry("caldav_user", l10n.say("CalDAV user"), user, optional=True),
        kit.entry(
            "caldav_password",
            l10n.say("CalDAV app password"),
            kit.text_input("value"),
            optional=True,
            hint=l10n.say(
                "Slack shows what you type here: use an app password, not your own. You make one in the settings of "
                "iCloud, Fastmail or Nextcloud. It is stored encrypted."
            ),
        ),
    ]


def out_of_office(l10n: Localizer, today: date) -> View:
    """The out-of-office form; without times it means whole days, both included."""
    day = today.isoformat()
    blocks = [
        kit.entry("from", l10n.say("First day"), {"type": "datepicker", "action_id": "date", "initial_date": day}),
        kit.entry("from_time", l10n.say("From (whole day if empty)"), _time(l10n), optional=True),
        kit.entry("to", l10n.say("Last day"), {"type": "datepicker", "action_id": "date", "initial_date": day}),
        kit.entry("to_time", l10n.say("Until (end of the day if empty)"), _time(l10n), optional=True),
        kit.entry(
            "note",
            l10n.say("Status text"),
            kit.text_input("value", placeholder=l10n.say("Out of office"), most=STATUS_TEXT_LIMIT),
            optional=True,
        ),
    ]
    return kit.modal(
        OUT_OF_OFFICE, l10n.say("Out of office"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel")
    )


def override(l10n: Localizer) -> View:
    """A status of one's own."""
    blocks = [
        kit.entry(
            "emoji",
            l10n.say("Emoji"),
            kit.text_input("value", placeholder=":pizza:", most=LONGEST_EMOJI),
            optional=True,
            hint=l10n.say("Write it as `:pizza:`, or paste one."),
        ),
        kit.entry("text", l10n.say("Text"), kit.text_input("value", most=STATUS_TEXT_LIMIT), optional=True),
        kit.entry(
            "until",
            l10n.say("Until"),
            _time(l10n),
            optional=True,
            hint=l10n.say("Without a time it stays until you clear it."),
        ),
    ]
    return kit.modal(OVERRIDE, l10n.say("Set a status"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def done(l10n: Localizer, title: str, lines: Sequence[str], *more: kit.Block) -> View:
    """What a modal becomes once it has done its work and there is something to say."""
    return kit.modal("done", title, [kit.section("\n".join(lines)), *more], close=l10n.say("Close"))


def looking(l10n: Localizer) -> View:
    """What a modal becomes while something takes longer than Slack waits."""
    title = l10n.say("Connect a calendar")
    return done(l10n, title, [l10n.say(":hourglass_flowing_sand: I am looking for your calendars…")])


def _time(l10n: Localizer) -> kit.Block:
    return {"type": "timepicker", "action_id": "time", "timezone": l10n.zone_name}


_EXAMPLE = '{"text": "Lunch", "emoji": ":pizza:", "minutes": 45}'


def shown_once(l10n: Localizer, address: str, *more: kit.Block) -> dict[str, Any]:
    """The modal with the address of a new hook, or the new address of one."""
    example = f"curl {address} -H 'Content-Type: application/json' -d '{_EXAMPLE}'"
    lines = [
        l10n.say("Whatever posts to this address sets your status (JSON), or fills a calendar (`text/calendar`):"),
        f"```{address}```",
        l10n.say("For example, from a shell:"),
        f"```{kit.escape(example)}```",
        l10n.say(
            "Keep it secret: whoever has it can set your status. I show it only now. If it is lost or known to others, "
            "choose “Give it a new address” in its menu on your Home tab, or disconnect it there."
        ),
    ]
    return kit.modal(
        HOOK, l10n.say("Your hook"), [*(kit.section(line) for line in lines), *more], close=l10n.say("Close")
    )


CHOOSE_CALENDARS = "choose_calendars"
DROP_ACCOUNT = "drop_account"
CALENDARS_BLOCK = "calendars"

_MOST_BOXES = 10
_MOST_OPTIONS = 100


def choose_calendars(l10n: Localizer, choice: Choice, lines: Sequence[str] = ()) -> dict[str, Any]:
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
        CALENDARS_BLOCK,
        l10n.say("Calendars that I read"),
        kit.choices(kind, "chosen", options, chosen),
        hint=l10n.say("To read none of them, disconnect the account on my Home tab."),
    )
    view = kit.modal(
        CHOOSE_CALENDARS,
        title,
        [kit.section("\n".join(head)), entry],
        submit=l10n.say("Save"),
        close=l10n.say("Cancel"),
    )
    return {**view, "private_metadata": choice.account.account_id}


def chosen_calendars(values: Values, choice: Choice) -> list[str]:
    """The addresses that a submission names, of those that the account offers; nothing else gets through."""
    wanted = set(values.chosen(CALENDARS_BLOCK))
    return [one.address for one, _ in choice.calendars if digest_of(one) in wanted]


def digest_of(offered: OfferedCalendar) -> str:
    """What stands for a calendar's address in a form: an address may be longer than Slack allows."""
    return hashlib.sha256(offered.address.encode()).hexdigest()[:32]


def ask_before_drop(l10n: Localizer, account: AccountView, calendars: int) -> dict[str, Any]:
    """The question before an account is disconnected."""
    lines = [
        l10n.say("Disconnect {account}?", account=account_name(account)),
        l10n.say(
            "I forget its calendars ({count}) and their events, and give up the permission to read them.",
            count=calendars,
        ),
    ]
    view = kit.modal(
        DROP_ACCOUNT, l10n.say("Disconnect an account"), [kit.section("\n".join(lines))],
        submit=l10n.say("Disconnect"), close=l10n.say("Cancel"),
    )  # fmt: skip
    return {**view, "private_metadata": account.account_id}
