"""What is known of a person's profile between two looks at it, and what is decided about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.model import Status
from services.domain.reasons import Reason

_MOST_COUNTED = 10_000
"""Microseconds below which what stands behind the point of a time of Slack's is a counter: it goes up in hundreds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know of a person's profile between two looks at it. Stored; the memory of `ownership.decide`.

    applied      what we last wrote, as Slack returned it; None when nothing of ours stands
    applied_span the start of the span it was written for
    wanted       what we asked Slack for when it returned `applied`, which may differ; else what we put back or cleared
    pending      what we were about to write when the record was made: after a crash, a profile that shows it is ours
    covered      the own status we put away, with its own end
    own          an own status (or a clearing by hand: an empty one) that we saw and left alone
    own_since    when it was first seen (an event's time where there was one)
    last_by_hand when what is not on the profile any more was last typed, or ours cleared, as far as we know
    late         what was about to be written when it was taken back: an unanswered call may do it until `late_until`
    replaced     what of ours stood before `applied`: its echo may still come
    looked_at    when the profile was last read, or told to us by an event
    unknown_emoji  the emoji of `wanted` where `applied` has another one because Slack does not know it
    """

    applied: Status | None = None
    applied_span: datetime | None = None
    pending: Status | None = None
    covered: Status | None = None
    own: Status | None = None
    own_since: datetime | None = None
    looked_at: datetime | None = None
    wanted: Status | None = None
    unknown_emoji: str = ""
    last_by_hand: datetime | None = None
    late: Status | None = None
    late_until: datetime | None = None
    replaced: Status | None = None


def moment_of(at: datetime, looked_at: datetime) -> datetime:
    """Return when an event happened that is of `at` (UTC) by Slack's clock: after our look, where both may be so.

    Slack's times of events are whole seconds, with a counter behind the point (1653440565.001100).
    """
    cut = at.microsecond < _MOST_COUNTED and at < looked_at < at.replace(microsecond=0) + timedelta(seconds=1)
    return looked_at + timedelta(microseconds=1) if cut else at


class Action(StrEnum):
    """What to do to the profile."""

    WRITE = "write"
    LEAVE = "leave"
    RESTORE = "restore"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Decision:
    """`status` is what to write (None when left; empty to clear); `look_again` when the profile is worth another look.

    `standing` is to be remembered when nothing is to be written. Around a write, store `ownership.intent(before,
    decision)` first, and `ownership.record(decision, returned)` once Slack has answered: a crash in between loses
    neither what was covered nor whose the status is. `seen` is the memory after the look alone.
    """

    action: Action
    reason: Reason
    standing: Standing
    status: Status | None = None
    look_again: datetime | None = None
    seen: Standing | None = None
