"""The modals that a person meets most: connect a calendar, out of office, a status, a hook. Pure.

Their callback, block and action ids are the outside of the program: others rely on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from handlers.slack.views import blocks as kit
from services.calendars.accounts.oauth_flow import AccountLink
from services.domain.command_parser import LONGEST_EMOJI
from services.domain.model import STATUS_TEXT_LIMIT
from services.platform.locale import Voice

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
    voice: Voice,
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
        blocks += [kit.section(voice.say("Sign in where your calendar is:")), kit.actions(*buttons), kit.divider()]
    feed = {
        "type": "url_text_input",
        "action_id": "url",
        "placeholder": kit.plain("https://calendar.example.com/….ics", 150),
    }
    blocks.append(
        kit.entry(
            "feed",
            voice.say("Secret address of the calendar (ICS)"),
            feed,
            optional=True,
            hint=voice.say(
                "Google: Settings of the calendar, “Secret address in iCal format”. Outlook: Settings, Shared "
                "calendars, Publish, ICS. Only I see it, and it is stored encrypted."
            ),
        )
    )
    blocks += _caldav(voice, before or Typed())
    create = kit.button(voice.say("Create a hook"), "create_hook")
    what = voice.say("Something else, such as Zapier, Home Assistant or a script? It can send events to a hook.")
    blocks += [kit.divider(), kit.section(what, create)]
    return kit.modal(
        CONNECT, voice.say("Connect a calendar"), blocks, submit=voice.say("Connect"), close=voice.say("Cancel")
    )


def _caldav(voice: Voice, before: Typed) -> list[kit.Block]:
    address = {"type": "url_text_input", "action_id": "value"}
    if before.url:
        address["initial_value"] = before.url
    user = kit.text_input("value", initial=before.user)
    return [
        kit.divider(),
        kit.section(
            "*CalDAV*\n"
            + voice.say(
                "iCloud: `https://caldav.icloud.com`. Fastmail: `https://caldav.fastmail.com`. Nextcloud: the address "
                "of your server."
            )
        ),
        kit.entry("caldav_url", voice.say("CalDAV address"), address, optional=True),
        kit.entry("caldav_user", voice.say("CalDAV user"), user, optional=True),
        kit.entry(
            "caldav_password",
            voice.say("CalDAV app password"),
            kit.text_input("value"),
            optional=True,
            hint=voice.say(
                "Slack shows what you type here: use an app password, not your own. You make one in the settings of "
                "iCloud, Fastmail or Nextcloud. It is stored encrypted."
            ),
        ),
    ]


def out_of_office(voice: Voice, today: date) -> View:
    """The out-of-office form; without times it means whole days, both included."""
    day = today.isoformat()
    blocks = [
        kit.entry("from", voice.say("First day"), {"type": "datepicker", "action_id": "date", "initial_date": day}),
        kit.entry("from_time", voice.say("From (whole day if empty)"), _time(voice), optional=True),
        kit.entry("to", voice.say("Last day"), {"type": "datepicker", "action_id": "date", "initial_date": day}),
        kit.entry("to_time", voice.say("Until (end of the day if empty)"), _time(voice), optional=True),
        kit.entry(
            "note",
            voice.say("Status text"),
            kit.text_input("value", placeholder=voice.say("Out of office"), most=STATUS_TEXT_LIMIT),
            optional=True,
        ),
    ]
    return kit.modal(
        OUT_OF_OFFICE, voice.say("Out of office"), blocks, submit=voice.say("Save"), close=voice.say("Cancel")
    )


def override(voice: Voice) -> View:
    """A status of one's own."""
    blocks = [
        kit.entry(
            "emoji",
            voice.say("Emoji"),
            kit.text_input("value", placeholder=":pizza:", most=LONGEST_EMOJI),
            optional=True,
            hint=voice.say("Write it as `:pizza:`, or paste one."),
        ),
        kit.entry("text", voice.say("Text"), kit.text_input("value", most=STATUS_TEXT_LIMIT), optional=True),
        kit.entry(
            "until",
            voice.say("Until"),
            _time(voice),
            optional=True,
            hint=voice.say("Without a time it stays until you clear it."),
        ),
    ]
    return kit.modal(OVERRIDE, voice.say("Set a status"), blocks, submit=voice.say("Save"), close=voice.say("Cancel"))


def done(voice: Voice, title: str, lines: Sequence[str], *more: kit.Block) -> View:
    """What a modal becomes once it has done its work and there is something to say."""
    return kit.modal("done", title, [kit.section("\n".join(lines)), *more], close=voice.say("Close"))


def looking(voice: Voice) -> View:
    """What a modal becomes while something takes longer than Slack waits."""
    title = voice.say("Connect a calendar")
    return done(voice, title, [voice.say(":hourglass_flowing_sand: I am looking for your calendars…")])


def _time(voice: Voice) -> kit.Block:
    return {"type": "timepicker", "action_id": "time", "timezone": voice.zone_name}


_EXAMPLE = '{"text": "Lunch", "emoji": ":pizza:", "minutes": 45}'


def shown_once(voice: Voice, address: str, *more: kit.Block) -> dict[str, Any]:
    """The modal with the address of a new hook, or the new address of one."""
    example = f"curl {address} -H 'Content-Type: application/json' -d '{_EXAMPLE}'"
    lines = [
        voice.say("Whatever posts to this address sets your status (JSON), or fills a calendar (`text/calendar`):"),
        f"```{address}```",
        voice.say("For example, from a shell:"),
        f"```{kit.escape(example)}```",
        voice.say(
            "Keep it secret: whoever has it can set your status. I show it only now. If it is lost or known to others, "
            "choose “Give it a new address” in its menu on your Home tab, or disconnect it there."
        ),
    ]
    return kit.modal(
        HOOK, voice.say("Your hook"), [*(kit.section(line) for line in lines), *more], close=voice.say("Close")
    )
