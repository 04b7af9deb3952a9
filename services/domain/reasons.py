"""Why something is as it is: a code for each answer, and its sentence, an English message id with placeholders.

A title enters only as a fact that the caller passes on, for its owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo


class ReasonCode(StrEnum):
    """Why an event counted or not, a span shows what it shows, or a write was made or left."""

    # an event, in the order of product.md "Which events count"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    SOMEBODY_ELSES = "somebody_elses"
    FREE = "free"
    BIRTHDAY = "birthday"
    UNCONFIRMED = "unconfirmed"
    ALL_DAY_NOTE = "all_day_note"
    OUTSIDE_WORKING_HOURS = "outside_working_hours"
    IGNORED_BY_RULE = "ignored_by_rule"
    NO_LENGTH = "no_length"
    COUNTED = "counted"
    COUNTED_BY_RULE = "counted_by_rule"
    COUNTED_OWN_ALL_DAY_ABSENCE = "counted_own_all_day_absence"
    # a span
    EVENT = "event"
    BRIDGED = "bridged"
    OVERRIDE = "override"
    BACK_EARLY = "back_early"
    IDLE = "idle"
    NOTHING = "nothing"
    # a decision
    SHOWS_ALREADY = "shows_already"
    PROFILE_FREE = "profile_free"
    OURS_CHANGED = "ours_changed"
    OWN_WITH_END = "own_with_end"
    OWN_COVERED = "own_covered"
    OWN_TYPED_DURING = "own_typed_during"
    CLEARED_BY_HAND = "cleared_by_hand"
    OWN_ALWAYS_WINS = "own_always_wins"
    OWN_LEFT = "own_left"
    OVERRIDE_WINS = "override_wins"
    PUT_BACK = "put_back"
    COVERED_HAS_ENDED = "covered_has_ended"
    SPAN_OVER = "span_over"
    NOT_EXPIRED_BY_SLACK = "not_expired_by_slack"
    PAUSED = "paused"
    NO_GRANT = "no_grant"
    BLOCKED = "blocked"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


NOT_SET = frozenset({ReasonCode.BLOCKED, ReasonCode.REFUSED, ReasonCode.UNREACHABLE})
"""Why a status that is wished for is not on the profile."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and what it is about: only facts that its owner may read back (never a sealed title)."""

    code: ReasonCode
    rule: str = ""
    until: datetime | None = None


_PLACEHOLDER = re.compile(r"\{(\w+)\}")

MESSAGES = MappingProxyType(
    {
        ReasonCode.CANCELLED: ("Ignored: it was cancelled.",),
        ReasonCode.DECLINED: ("Ignored: you declined it.",),
        ReasonCode.SOMEBODY_ELSES: ("Ignored: it is somebody else's absence.",),
        ReasonCode.FREE: ("Ignored: it is marked as free.",),
        ReasonCode.BIRTHDAY: ("Ignored: it is a birthday.",),
        ReasonCode.UNCONFIRMED: ("Ignored: it is tentative, or you have not answered it.",),
        ReasonCode.ALL_DAY_NOTE: ("Ignored: it lasts all day and is no absence; a rule of yours can make it count.",),
        ReasonCode.OUTSIDE_WORKING_HOURS: ("Ignored: it is outside of your working hours.",),
        ReasonCode.IGNORED_BY_RULE: ("Ignored by your rule “{rule}”.", "Ignored by one of your rules."),
        ReasonCode.NO_LENGTH: ("Ignored: it takes no time.",),
        ReasonCode.COUNTED: ("Counted: it takes your time and you have not declined it.",),
        ReasonCode.COUNTED_BY_RULE: ("Counted by your rule “{rule}”.", "Counted by one of your rules."),
        ReasonCode.COUNTED_OWN_ALL_DAY_ABSENCE: ("Counted although it is marked as free: its title is an absence.",),
        ReasonCode.EVENT: (
            "Shown because of “{title}” until {until}.",
            "Shown because of “{title}”.",
            "Shown because of your calendar until {until}.",
            "Shown because of your calendar.",
        ),
        ReasonCode.BRIDGED: (
            "Shown until {until}: the gap to the next meeting is short.",
            "Shown because the gap to the next meeting is short.",
        ),
        ReasonCode.OVERRIDE: ("You asked for it, until {until}.", "You asked for it, until you clear it."),
        ReasonCode.BACK_EARLY: (
            "Nothing is shown until {until}: you said that you are back early.",
            "Nothing is shown: you said that you are back early.",
        ),
        ReasonCode.IDLE: ("Your idle status: nothing is on until {until}.", "Your idle status: nothing is on."),
        ReasonCode.NOTHING: ("Nothing is on until {until}.", "Nothing is on."),
        ReasonCode.SHOWS_ALREADY: ("Left as it is: it shows the right thing already.",),
        ReasonCode.PROFILE_FREE: ("Set until {until}: your status was empty.", "Set: your status was empty."),
        ReasonCode.OURS_CHANGED: (
            "Changed until {until}: what was shown was set by me.",
            "Changed: what was shown was set by me.",
        ),
        ReasonCode.OWN_WITH_END: (
            "Left alone: you set a status yourself until {until}.",
            "Left alone: you set a status with an end yourself.",
        ),
        ReasonCode.OWN_COVERED: (
            "Set until {until}; the status you had set yourself comes back after it.",
            "Set; the status you had set yourself comes back after it.",
        ),
        ReasonCode.OWN_TYPED_DURING: ("Left alone until the next event: you set a status yourself meanwhile.",),
        ReasonCode.CLEARED_BY_HAND: ("Left empty until the next event: you cleared the status yourself.",),
        ReasonCode.OWN_ALWAYS_WINS: ("Left alone: you chose that your own status always wins.",),
        ReasonCode.OWN_LEFT: ("Left alone: you set this status yourself, and nothing is on.",),
        ReasonCode.OVERRIDE_WINS: (
            "Set until {until} because you asked for it; what you had set before comes back after it.",
            "Set because you asked for it; what you had set before comes back after it.",
        ),
        ReasonCode.PUT_BACK: (
            "Your own status is back; it lasts until {until}.",
            "Your own status is back.",
        ),
        ReasonCode.COVERED_HAS_ENDED: ("Nothing to put back: the status you had set has ended meanwhile.",),
        ReasonCode.SPAN_OVER: ("Over: nothing is on any more.",),
        ReasonCode.NOT_EXPIRED_BY_SLACK: ("Cleared: it was over, and Slack still showed it.",),
        ReasonCode.PAUSED: ("Left alone: you paused me until {until}.", "Left alone: you paused me."),
        ReasonCode.NO_GRANT: ("Left alone: I may not set your status.",),
        ReasonCode.BLOCKED: ("Not set: your workspace's settings do not let me. A workspace admin can change that.",),
        ReasonCode.REFUSED: ("Not set: Slack refused it.",),
        ReasonCode.UNREACHABLE: ("Not set yet: Slack does not answer. I keep trying.",),
    }
)
"""For each code its sentences, the one that needs the most facts first."""


def sentence(reason: Reason, *, title: str = "", rule: str = "", until: str = "") -> tuple[str, dict[str, str]]:
    """The message id for `reason` and the facts it is to be filled with.

    `title` is given for its owner's eyes alone, `rule` is the name that the person gave their rule, `until` is
    `reason.until` as they read it. What is empty is not said.
    """
    facts = {name: " ".join(fact.split()) for name, fact in (("title", title), ("rule", rule), ("until", until))}
    for message in MESSAGES[reason.code]:
        needed = _PLACEHOLDER.findall(message)
        if all(facts[name] for name in needed):
            return message, {name: facts[name] for name in needed}
    raise LookupError(reason.code)


def english(reason: Reason, zone: ZoneInfo | None = None) -> str:
    """The whole sentence in English, times in `zone` (default UTC), without any title: for `preview` and the log."""
    until = "" if reason.until is None else f"{reason.until.astimezone(zone or UTC):%Y-%m-%d %H:%M}"
    message, facts = sentence(reason, until=until)
    return message.format(**facts)
