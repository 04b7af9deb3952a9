"""Why something is as it is: a code for each answer, said in words by `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReasonCode(StrEnum):
    """Why an event counted or not, a span shows what it shows, or a write was made or left. Said by `explain`."""

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
