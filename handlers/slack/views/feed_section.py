"""Feeds of who is out: their lines on the Home tab and in the form of the workspace, their form, an address. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.workspace import Section
from services.domain.errors import InputError
from services.platform.locale import LANGUAGES, Localizer, language
from services.store.absence_feeds import AbsenceFeed

FEED = "absence_feed"
"""The form's callback."""

MAKE, MENU, OPEN_WHOLE = "make_feed", "feed_menu", "open_absences_feed"
ROTATE, END = "rotate", "end"
_MOST = 10
_NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ja": "日本語"}
"""The languages, as those call them who speak them."""


class NoChannelError(InputError):
    """Choose a channel."""


def home_feeds(l10n: Localizer, feeds: Sequence[AbsenceFeed]) -> list[kit.Block]:
    """Return the feeds of channels that somebody was given, each with what can be done with it."""
    return [_row(l10n, feed, f"<#{feed.channel_id}>  {l10n.say('as a calendar to subscribe to')}") for feed in feeds]


def feed_button(l10n: Localizer) -> kit.Block:
    """Return the button that makes one."""
    return kit.button(l10n.say("Subscribe to who is out"), MAKE)


def feed_section(l10n: Localizer, feeds: Sequence[AbsenceFeed]) -> Section:
    """Return what the admins see of the feeds of the whole workspace."""
    said = l10n.say("Who is out in the whole workspace can be subscribed to in any calendar program, names alone.")
    blocks = [
        kit.header(l10n.say("Calendar of who is out")),
        kit.section(said, kit.button(l10n.say("New address"), OPEN_WHOLE)),
    ]
    for feed in feeds[:_MOST]:
        made = l10n.say("Address of {who}, made on {day}", who=f"<@{feed.created_by}>", day=_day(l10n, feed))
        blocks.append(_row(l10n, feed, made))
    if len(feeds) > _MOST:
        blocks.append(kit.context(l10n.say("… and {count} more.", count=len(feeds) - _MOST)))
    return Section(modal=tuple(blocks))


def _day(l10n: Localizer, feed: AbsenceFeed) -> str:
    return l10n.day(feed.created_at.astimezone(l10n.zone).date())


def _row(l10n: Localizer, feed: AbsenceFeed, line: str) -> kit.Block:
    line = f"{line}, {_NAMES.get(language(feed.locale), '')}"
    if feed.gone:
        line += "\n:warning: " + l10n.say("Ended: whoever it was given to has left, or may not have it any more.")
    options = [
        kit.option(l10n.say("Give it a new address"), f"{ROTATE}:{feed.feed_id}"),
        kit.option(l10n.say("End it"), f"{END}:{feed.feed_id}"),
    ]
    return kit.section(line, kit.overflow(MENU, options))


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


def feed_form(l10n: Localizer, *, whole: bool) -> dict[str, Any]:
    """Return the form of a feed: of a channel, or of the `whole` workspace."""
    said = l10n.say(
        "You get a secret address for Google Calendar, Outlook, Apple Calendar and others. Whoever has it sees who is "
        "out and until when, and nothing else."
    )
    options = [kit.option(name, code) for code, name in _NAMES.items()]
    menu = kit.choices("static_select", "value", options, [language(l10n.locale)])
    blocks = [kit.section(said), kit.entry("language", l10n.say("Language of the entries"), menu)]
    if not whole:
        blocks.insert(1, kit.channel_entry(l10n.say("Channel"), hint=l10n.say("One that you are in.")))
    return kit.modal(
        FEED, l10n.say("Who is out"), blocks, submit=l10n.say("Make an address"), close=l10n.say("Cancel"),
        metadata="whole" if whole else "",
    )  # fmt: skip


def read_feed(values: Values, *, whole: bool) -> tuple[str, str, dict[str, InputError]]:
    """Return the channel ("": the workspace), the language, and what is wrong, by block."""
    errors: dict[str, InputError] = {}
    channel = "" if whole else values.conversation("channel")
    if not whole and not channel.startswith(("C", "G")):
        errors["channel"] = NoChannelError("no channel")
    chosen = values.offered("language", set(LANGUAGES), errors)
    return channel, chosen[0] if chosen else LANGUAGES[0], errors


def feed_shown_once(l10n: Localizer, address: str) -> dict[str, Any]:
    """Return the modal with the address of a feed."""
    lines = [
        l10n.say("Subscribe to this address in your calendar program:"),
        f"```{address}```",
        l10n.say(
            "Google Calendar: Other calendars, From URL. Outlook: Add calendar, Subscribe from web. Apple Calendar: "
            "File, New Calendar Subscription. Programs look for news every few hours."
        ),
        l10n.say(
            "Keep it secret. I show it only now. If it is lost or known to others, choose “Give it a new address” or "
            "“End it” in its menu."
        ),
    ]
    return kit.modal(
        "feed_address", l10n.say("Who is out"), [kit.section(line) for line in lines], close=l10n.say("Close")
    )  # fmt: skip
