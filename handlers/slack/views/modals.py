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
from handlers.slack.views.lines import effects_block
from handlers.slack.views.sentences import account_name
from services.calendars.accounts import Choice
from services.calendars.entries import EntryTarget
from services.calendars.oauth_flow import AccountLink
from services.domain.calendars import NAMES, OfferedCalendar
from services.domain.model import STATUS_TEXT_LIMIT
from services.domain.policy import Policy
from services.domain.text import escape
from services.platform.locale import Localizer
from services.store.accounts import AccountView

View = dict[str, Any]

CONNECT = "connect_calendar"
OUT_OF_OFFICE = "out_of_office"
OVERRIDE = "override"
HOOK = "hook"
CHOOSE_CALENDARS = "choose_calendars"
ADD_LEAVE = "add_leave_calendar"
CHOOSE_LEAVE = "choose_leave_calendars"
DROP_ACCOUNT = "drop_account"
CALENDARS_BLOCK = "calendars"
IN_CALENDAR = "in_calendar"
EMOJI_BLOCK = "emoji"
"""What the id of a block ends with whose choices are emoji, looked up while somebody types."""

_MOST_BOXES = 10
_MOST_OPTIONS = 100
_HOOK_EXAMPLE = '{"text": "Lunch", "emoji": ":pizza:", "minutes": 45}'


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
    of_workspace: bool = False,
) -> View:
    """Add a calendar: a click, or one of the addresses. `problem` is what went wrong last time, `before` what stood.

    `of_workspace`: it is a leave calendar of the workspace.
    """
    before = before or Typed()
    blocks: list[kit.Block] = [kit.section(f":warning: {problem}")] if problem else []
    if accounts:
        buttons = [kit.button(one.name, f"connect_account_{index}", url=one.link) for index, one in enumerate(accounts)]
        blocks += [kit.section(l10n.say("Sign in where your calendar is:")), kit.actions(*buttons), kit.divider()]
    feed = {
        "type": "url_text_input",
        "action_id": "url",
        "placeholder": kit.plain("https://calendar.example.com/….ics", 150),
    }
    feed_hint = l10n.say(
        "Google: Settings of the calendar, “Secret address in iCal format”. Outlook: Settings, Shared calendars, "
        "Publish, ICS. Only I see it, and it is stored encrypted."
    )
    caldav = l10n.say(
        "iCloud: `https://caldav.icloud.com`. Fastmail: `https://caldav.fastmail.com`. Nextcloud: the address of your "
        "server."
    )
    address = {"type": "url_text_input", "action_id": "value"}
    if before.url:
        address["initial_value"] = before.url
    password_hint = l10n.say(
        "Slack shows what you type here: use an app password, not your own. You make one in the settings of iCloud, "
        "Fastmail or Nextcloud. It is stored encrypted."
    )
    hook = l10n.say("Something else, such as Zapier, Home Assistant or a script? It can send events to a hook.")
    callback, title, make_hook = CONNECT, l10n.say("Connect a calendar"), "create_hook"
    if of_workspace:
        callback, title, make_hook = ADD_LEAVE, l10n.say("Add a leave calendar"), "create_team_hook"
        feed_hint = l10n.say(
            "The address at which your leave system publishes who is away. Personio, BambooHR, PayFit and others have "
            "one in their calendar settings. It is stored encrypted."
        )
        hook = l10n.say(
            "Your leave system has no calendar, but can post? It can send everybody's leave to a team hook."
        )
    blocks += [
        kit.entry("feed", l10n.say("Secret address of the calendar (ICS)"), feed, optional=True, hint=feed_hint),
        kit.divider(),
        kit.section(f"*CalDAV*\n{caldav}"),
        kit.entry("caldav_url", l10n.say("CalDAV address"), address, optional=True),
        kit.text_entry("caldav_user", l10n.say("CalDAV user"), initial=before.user),
        kit.text_entry("caldav_password", l10n.say("CalDAV app password"), hint=password_hint),
        kit.divider(),
        kit.section(hook, kit.button(l10n.say("Create a hook"), make_hook)),
    ]
    return kit.modal(callback, title, blocks, submit=l10n.say("Connect"), close=l10n.say("Cancel"))


def choose_calendars(l10n: Localizer, choice: Choice, lines: Sequence[str] = (), *, of_workspace: bool = False) -> View:
    """Return the form with every calendar of an account, those that are connected chosen; `lines` come first.

    `of_workspace`: those that are chosen are leave calendars of the workspace.
    Slack has ten checkboxes in a block, and a hundred options in a menu: who has more than ten gets the menu.
    """
    title = l10n.say("Choose calendars")
    head = [*lines, account_name(choice.account)]
    offered = sorted(choice.calendars, key=lambda one: not one[1])[:_MOST_OPTIONS]  # connected ones are never cut
    if not offered:
        return done(l10n, title, [*head, l10n.say("There is no calendar in this account that I could read.")])
    options = [kit.option(one.name.strip() or l10n.say("Calendar"), _digest(one)) for one, _ in offered]
    chosen = [_digest(one) for one, connected in offered if connected]
    kind = "checkboxes" if len(options) <= _MOST_BOXES else "multi_static_select"
    label, callback = l10n.say("Calendars that I read"), CHOOSE_CALENDARS
    hint = l10n.say("To read none of them, disconnect the account on my Home tab.")
    if of_workspace:
        label, callback = l10n.say("Leave calendars of the workspace"), CHOOSE_LEAVE
        hint = l10n.say("To read none of them, disconnect the account in the form of the workspace.")
    entry = kit.entry(CALENDARS_BLOCK, label, kit.choices(kind, "chosen", options, chosen), hint=hint)
    return kit.modal(
        callback, title, [kit.section("\n".join(head)), entry],
        submit=l10n.say("Save"), close=l10n.say("Cancel"), metadata=choice.account.account_id,
    )  # fmt: skip


def chosen_calendars(values: Values, choice: Choice) -> list[str]:
    """Return the addresses that a submission names, of those that the account offers; nothing else gets through."""
    wanted = set(values.chosen(CALENDARS_BLOCK))
    return [one.address for one, _ in choice.calendars if _digest(one) in wanted]


def _digest(offered: OfferedCalendar) -> str:
    """Return what stands for a calendar's address in a form: an address may be longer than Slack allows."""
    return hashlib.sha256(offered.address.encode()).hexdigest()[:32]


def ask_before_drop(l10n: Localizer, account: AccountView, calendars: int) -> View:
    """Return the question before an account is disconnected."""
    question = l10n.say("Disconnect {account}?", account=account_name(account))
    result = l10n.say(
        "I forget its calendars ({count}) and their events, and give up the permission to read them.", count=calendars
    )
    return kit.modal(
        DROP_ACCOUNT, l10n.say("Disconnect an account"), [kit.section(f"{question}\n{result}")],
        submit=l10n.say("Disconnect"), close=l10n.say("Cancel"), metadata=account.account_id,
    )  # fmt: skip


def out_of_office(l10n: Localizer, today: date, account: AccountView | None = None) -> View:
    """Return the out-of-office form; without times it means whole days, both included.

    `account` is one in whose calendar an entry can be made.
    """
    day = {"type": "datepicker", "action_id": "date", "initial_date": today.isoformat()}
    title = l10n.say("Out of office")
    stand_in = {"type": "users_select", "action_id": "user"}
    hint = l10n.say("Named, with the status text, to whoever mentions you, if your list says that I answer mentions.")
    blocks = [
        kit.entry("from", l10n.say("First day"), day),
        kit.entry("from_time", l10n.say("From (whole day if empty)"), _time(l10n), optional=True),
        kit.entry("to", l10n.say("Last day"), day),
        kit.entry("to_time", l10n.say("Until (end of the day if empty)"), _time(l10n), optional=True),
        kit.text_entry("note", l10n.say("Status text"), placeholder=title, most=STATUS_TEXT_LIMIT),
        kit.entry("stand_in", l10n.say("Who stands in for you"), stand_in, optional=True, hint=hint),
    ]
    if account is not None:
        said = l10n.say("Put it into {account}, too", account=NAMES[account.provider])
        boxes = kit.choices("checkboxes", "value", [kit.option(said, IN_CALENDAR)], [])
        more = l10n.say("As “Out of office”, and it goes along when you change this or take it back.")
        blocks.append(kit.entry(IN_CALENDAR, l10n.say("Your own calendar"), boxes, optional=True, hint=more))
    return kit.modal(OUT_OF_OFFICE, title, blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def allow_writing(l10n: Localizer, target: EntryTarget) -> list[kit.Block]:
    """Return what has to be allowed before an entry can be made, and that it is made then."""
    said = l10n.say(
        "To put it into {account}, I need the permission to write there, which I do not have yet. Allow it once: I put "
        "it in as soon as you have, and touch no other entry.",
        account=account_name(target.account),
    )
    allow = kit.button(l10n.say("Allow"), "allow_writing", url=target.link, style="primary")
    return [kit.section(said), kit.actions(allow)]


def override(l10n: Localizer, policy: Policy) -> View:
    """Return a status of one's own; besides it what the workspace allows."""
    emoji_hint = l10n.say("Type its name, or paste one.")
    until_hint = l10n.say("Without a time it stays until you clear it.")
    blocks = [
        kit.emoji_select(EMOJI_BLOCK, l10n.say("Emoji"), hint=emoji_hint),
        kit.text_entry("text", l10n.say("Text"), most=STATUS_TEXT_LIMIT),
        kit.entry("until", l10n.say("Until"), _time(l10n), optional=True, hint=until_hint),
        effects_block(l10n, policy),
    ]
    return kit.modal(OVERRIDE, l10n.say("Set a status"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def _time(l10n: Localizer) -> kit.Block:
    return {"type": "timepicker", "action_id": "time", "timezone": l10n.zone_name}


def done(l10n: Localizer, title: str, lines: Sequence[str], *more: kit.Block) -> View:
    """Return what a modal becomes once it has done its work and there is something to say."""
    said = [kit.section("\n".join(lines))] if lines else []
    return kit.modal("done", title, [*said, *more], close=l10n.say("Close"))


def looking(l10n: Localizer) -> View:
    """Return what a modal becomes while something takes longer than Slack waits."""
    title = l10n.say("Connect a calendar")
    return done(l10n, title, [l10n.say(":hourglass_flowing_sand: I am looking for your calendars…")])


def account_gone(l10n: Localizer) -> View:
    """Instead of a form about an account that was disconnected meanwhile."""
    return done(l10n, l10n.say("Choose calendars"), [l10n.say("That account is not connected any more.")])


def shown_once(l10n: Localizer, address: str, *more: kit.Block) -> View:
    """Return the modal with the address of a new hook, or the new address of one."""
    example = f"curl {address} -H 'Content-Type: application/json' -d '{_HOOK_EXAMPLE}'"
    lines = [
        l10n.say("Whatever posts to this address sets your status (JSON), or fills a calendar (`text/calendar`):"),
        f"```{address}```",
        l10n.say("For example, from a shell:"),
        f"```{escape(example)}```",
        l10n.say(
            "Keep it secret: whoever has it can set your status. I show it only now. If it is lost or known to others, "
            "choose “Give it a new address” in its menu on your Home tab, or disconnect it there."
        ),
    ]
    blocks = [*(kit.section(line) for line in lines), *more]
    return kit.modal(HOOK, l10n.say("Your hook"), blocks, close=l10n.say("Close"))
