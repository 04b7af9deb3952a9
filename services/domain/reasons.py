"""Why something is as it is: a code for each answer, and its sentence, an English message id with placeholders.

A title enters only as a fact that the caller passes on, for its owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class ReasonCode(StrEnum):
    """Why an event counted or not, a span shows what it shows, or a write was made or left.

    Behind each code its sentences, the one that needs the most facts first.
    """

    sentences: tuple[str, ...]

    def __new__(cls, code: str, *sentences: str) -> ReasonCode:
        """Only the code is the value: it is what is stored."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentences = sentences
        return member

    # an event, in the order of product.md "Which events count"
    CANCELLED = "cancelled", "Ignored: it was cancelled."
    DECLINED = "declined", "Ignored: you declined it."
    SOMEBODY_ELSES = "somebody_elses", "Ignored: it is somebody else's absence."
    FREE = "free", "Ignored: it is marked as free."
    BIRTHDAY = "birthday", "Ignored: it is a birthday."
    UNCONFIRMED = "unconfirmed", "Ignored: it is tentative, or you have not answered it."
    ALL_DAY_NOTE = "all_day_note", "Ignored: it lasts all day and is no absence; a rule of yours can make it count."
    OUTSIDE_WORKING_HOURS = "outside_working_hours", "Ignored: it is outside of your working hours."
    IGNORED_BY_RULE = "ignored_by_rule", "Ignored by your rule “{rule}”.", "Ignored by one of your rules."
    LINE_OFF = "line_off", "Ignored: what events of this kind do is switched off in your list."
    NO_LENGTH = "no_length", "Ignored: it takes no time."
    COUNTED = "counted", "Counted: it takes your time and you have not declined it."
    COUNTED_BY_RULE = "counted_by_rule", "Counted by your rule “{rule}”.", "Counted by one of your rules."
    COUNTED_OWN_ALL_DAY_ABSENCE = (
        "counted_own_all_day_absence",
        "Counted although it is marked as free: its title is an absence.",
    )
    # a span
    EVENT = (
        "event",
        "Shown because of “{title}” until {until}.",
        "Shown because of “{title}”.",
        "Shown because of your calendar until {until}.",
        "Shown because of your calendar.",
    )
    LEAVE = (
        "leave",
        "Shown because of your workspace's leave calendar until {until}.",
        "Shown because of your workspace's leave calendar.",
    )
    BRIDGED = (
        "bridged",
        "Shown until {until}: the gap to the next meeting is short.",
        "Shown because the gap to the next meeting is short.",
    )
    ROUTINE = (
        "routine",
        "Shown because of your routine “{rule}” until {until}.",
        "Shown because of one of your routines until {until}.",
        "Shown because of one of your routines.",
    )
    OVERRIDE = "override", "You asked for it, until {until}.", "You asked for it, until you clear it."
    BACK_EARLY = (
        "back_early",
        "Nothing is shown until {until}: you said that you are back early.",
        "Nothing is shown: you said that you are back early.",
    )
    IDLE = "idle", "Your idle status: nothing is on until {until}.", "Your idle status: nothing is on."
    NOTHING = "nothing", "Nothing is on until {until}.", "Nothing is on."
    # a decision
    SHOWS_ALREADY = "shows_already", "Left as it is: it shows the right thing already."
    PROFILE_FREE = "profile_free", "Set until {until}: your status was empty.", "Set: your status was empty."
    OURS_CHANGED = (
        "ours_changed",
        "Changed until {until}: what was shown was set by me.",
        "Changed: what was shown was set by me.",
    )
    OWN_WITH_END = (
        "own_with_end",
        "Left alone: you set a status yourself until {until}.",
        "Left alone: you set a status with an end yourself.",
    )
    OWN_COVERED = (
        "own_covered",
        "Set until {until}; the status you had set yourself comes back after it.",
        "Set; the status you had set yourself comes back after it.",
    )
    OWN_TYPED_DURING = "own_typed_during", "Left alone until the next event: you set a status yourself meanwhile."
    CLEARED_BY_HAND = "cleared_by_hand", "Left empty until the next event: you cleared the status yourself."
    OWN_ALWAYS_WINS = "own_always_wins", "Left alone: you chose that your own status always wins."
    OWN_LEFT = "own_left", "Left alone: you set this status yourself, and nothing is on."
    OVERRIDE_WINS = (
        "override_wins",
        "Set until {until} because you asked for it; what you had set before comes back after it.",
        "Set because you asked for it; what you had set before comes back after it.",
    )
    PUT_BACK = "put_back", "Your own status is back; it lasts until {until}.", "Your own status is back."
    COVERED_HAS_ENDED = "covered_has_ended", "Nothing to put back: the status you had set has ended meanwhile."
    SPAN_OVER = "span_over", "Over: nothing is on any more."
    NOT_EXPIRED_BY_SLACK = "not_expired_by_slack", "Cleared: it was over, and Slack still showed it."
    PAUSED = "paused", "Left alone: you paused me until {until}.", "Left alone: you paused me."
    NO_GRANT = "no_grant", "Left alone: I may not set your status."
    BLOCKED = "blocked", "Not set: your workspace's settings do not let me. A workspace admin can change that."
    REFUSED = "refused", "Not set: Slack refused it."
    UNREACHABLE = "unreachable", "Not set yet: Slack does not answer. I keep trying."
    # an effect
    MUTED = "muted", "Your notifications are muted until {until}.", "Your notifications are muted."
    UNMUTED = "unmuted", "Your notifications are no longer muted by me."
    OWN_SNOOZE = (
        "own_snooze",
        "Notifications left alone: your own snooze runs until {until}.",
        "Notifications left alone: your own snooze runs.",
    )
    UNMUTED_BY_HAND = "unmuted_by_hand", "Notifications left alone: you ended my snooze yourself."
    AWAY = "away", "You are shown as away until {until}.", "You are shown as away."
    NOT_AWAY = "not_away", "You are no longer shown as away by me."
    OWN_AWAY = "own_away", "Presence left alone: you had set yourself away."
    ACTIVE_BY_HAND = "active_by_hand", "Presence left alone: you set yourself active again."
    PHOTO = "photo", "Your photo is changed until {until}.", "Your photo is changed."
    PHOTO_BACK = "photo_back", "Your photo is the one that it was before."
    PHOTO_BY_HAND = "photo_by_hand", "Photo left alone: you changed it yourself."
    PHOTO_UNREADABLE = (
        "photo_unreadable",
        "Photo left alone: I cannot read your own one, and could not put it back. Set it anew, if you like.",
    )
    NO_PICTURE = "no_picture", "Photo left alone: you have not sent me a picture. Send one in my messages tab."
    NOT_PERMITTED = "not_permitted", "Not done: it needs a permission that you have not given."


NOT_SET = frozenset({ReasonCode.BLOCKED, ReasonCode.REFUSED, ReasonCode.UNREACHABLE})
"""Why a status that is wished for is not on the profile."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and what it is about: only facts that its owner may read back (never a sealed title)."""

    code: ReasonCode
    rule: str = ""
    until: datetime | None = None


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def sentence(reason: Reason, *, title: str = "", rule: str = "", until: str = "") -> tuple[str, dict[str, str]]:
    """Return the message id for `reason` and the facts it is to be filled with.

    `title` is given for its owner's eyes alone, `rule` is the name that the person gave their rule, `until` is
    `reason.until` as they read it. What is empty is not said.
    """
    facts = {name: " ".join(fact.split()) for name, fact in (("title", title), ("rule", rule), ("until", until))}
    for message in reason.code.sentences:
        needed = _PLACEHOLDER.findall(message)
        if all(facts[name] for name in needed):
            return message, {name: facts[name] for name in needed}
    raise LookupError(reason.code)


def english(reason: Reason, zone: ZoneInfo | None = None) -> str:
    """Return the whole sentence in English, times in `zone` (default UTC), without any title.

    For `preview` and the log.
    """
    until = "" if reason.until is None else f"{reason.until.astimezone(zone or UTC):%Y-%m-%d %H:%M}"
    message, facts = sentence(reason, until=until)
    return message.format(**facts)
