"""What is known of a person's profile between two looks at it, and what is decided about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.model import Status
from services.domain.reasons import Reason
from services.domain.text import same

GRACE = timedelta(seconds=20)
"""How long after a status' end Slack may still show it before we look and clear it ourselves."""

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
    replaced     what stood before: ours, whose echo may still come, or what has ended, as an event may still tell
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


def moment_of(seen: Status, at: datetime, standing: Standing) -> datetime:
    """Return when the event happened that told of `seen`, at `at` (UTC) by Slack's clock.

    Slack's times of events are whole seconds, with a counter behind the point (1653440565.001100). One of the second
    of our last look may be older or newer: it is newer, unless it tells of what was there before, or of its end. Of
    two statuses that are typed in that second, before our look, the first is therefore taken for the later one where
    its event comes last.
    """
    looked_at = standing.looked_at
    if looked_at is None or at.microsecond >= _MOST_COUNTED or _was_there(seen, at, standing):
        return at
    in_its_second = at < looked_at < at.replace(microsecond=0) + timedelta(seconds=1)
    return looked_at + timedelta(microseconds=1) if in_its_second else at


def _was_there(seen: Status, at: datetime, standing: Standing) -> bool:
    if seen.empty:
        end = None if standing.replaced is None else standing.replaced.expiration
        return end is not None and end <= at < end + GRACE
    return any(known is not None and same(seen, known) for known in (standing.covered, standing.replaced))


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
