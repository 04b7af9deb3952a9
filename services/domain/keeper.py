"""What an admin's keeper keeps of members who have no grant: their leave, and nothing else. Pure.

Nothing here knows of events, lists or timelines (an import rule holds it): no path leads from a meeting to a keeper.
What is done to a profile is decided by `ownership.decide`, as for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain.decisions import GRACE, Standing
from services.domain.model import NO_STATUS, Kind, Span, Status, WallTimes
from services.domain.reasons import Reason, ReasonCode


class KeeperState(StrEnum):
    """Whether a keeper keeps. Only the first two of them write."""

    OK = "ok"
    ENDING = "ending"  # its consent is withdrawn, and what stands of ours is taken off
    LOST = "lost"  # the token is worth nothing any more, or its owner is no admin any more
    IMPOSSIBLE = "impossible"  # Slack sets nobody else's profile in this workspace: a free plan


@dataclass(frozen=True, slots=True)
class Leave:
    """A leave of a member: instants in UTC, and wall times where it follows the member's zone."""

    start: datetime
    end: datetime
    wall: WallTimes | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a member's profile is to show, and the next instant (UTC) at which that changes; None where it does not.

    `until` is the end of the leave that holds now, or of the next one; `following` when the one after this begins.
    """

    span: Span
    next_at: datetime | None = None
    until: datetime | None = None
    following: datetime | None = None


def plan(
    leave: Iterable[Leave],
    now: datetime,
    says: Callable[[datetime, datetime], tuple[str, str]],
    *,
    zone: ZoneInfo | None = None,
    may: bool = True,
) -> Plan:
    """Return what is to be shown at `now` by somebody's leave; nothing where the keeper `may` not keep them (any more).

    Neighbouring and overlapping leave is one span, and its status expires with it. Wall times are read in `zone`,
    where it is known. `says` gives text and emoji for a span's start and end.
    """
    coming = [span for span in _spans(leave, zone) if span[1] > now] if may else []
    if not coming or coming[0][0] > now:
        start, end = coming[0] if coming else (None, None)
        return Plan(_nothing(now), start, end, start)
    (start, end), following = coming[0], coming[1][0] if len(coming) > 1 else None
    text, emoji = says(start, end)
    reason = Reason(ReasonCode.LEAVE, Kind.OUT_OF_OFFICE, end)
    span = Span(start, end, Status(text, emoji, end), Kind.OUT_OF_OFFICE, reason, kind=Kind.OUT_OF_OFFICE)
    return Plan(span, end, end, following)


def _spans(leave: Iterable[Leave], zone: ZoneInfo | None) -> list[tuple[datetime, datetime]]:
    """Return all leave by start, what touches as one."""
    placed = (
        one.wall.instants(zone) if one.wall is not None and zone is not None else (one.start, one.end) for one in leave
    )
    spans: list[tuple[datetime, datetime]] = []
    for start, end in sorted(span for span in placed if span[0] < span[1]):
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        else:
            spans.append((start, end))
    return spans


def _nothing(now: datetime) -> Span:
    return Span(now, now, NO_STATUS, "nothing", Reason(ReasonCode.NOTHING, "nothing"))


def continued(span: Span, before: str) -> Span:
    """Return the span, beginning where the leave that it goes on from began; `before` is what `begun` said of that.

    Leave that is over is not kept: without this, tomorrow's would be taken for one that has begun since.
    """
    began, _, ended = before.partition(" ")
    if not span.shows or not ended or datetime.fromisoformat(ended) < span.start:
        return span
    return replace(span, began=min(span.start, datetime.fromisoformat(began)))


def begun(span: Span) -> str:
    """Return when the span began, and when it ends, as one text; "" where it shows nothing."""
    return f"{(span.began or span.start).isoformat()} {span.end.isoformat()}" if span.shows else ""


def has_looked(before: str, start: datetime) -> bool:
    """Return whether the profile was looked at for the leave that begins at `start`.

    `before` is what `begun` said last.
    """
    _, _, ended = before.partition(" ")
    return bool(ended) and datetime.fromisoformat(ended) > start


def owes(standing: Standing) -> bool:
    """Return whether something of ours is, or may be, on the profile, or is to be put back there."""
    return (standing.applied, standing.pending, standing.covered) != (None, None, None)


def next_look(planned: Plan, standing: Standing, look_again: datetime | None) -> datetime | None:
    """Return when the profile is worth the next look; `look_again` is what `ownership.decide` has asked for.

    A status of ours with nothing below it ends by itself: whether it did is looked at a little later.
    """
    at = planned.next_at
    if at is not None and planned.span.shows and standing.applied is not None and standing.covered is None:
        at += GRACE
    return min((one for one in (at, look_again) if one is not None), default=None)


GONE = "user_not_found"
ABOVE = "cannot_update_admin_user"
NO_ADMIN = "not_admin"
REVOKED = "token_revoked"
FREE_PLAN = "paid_only"
NOT_THIS_MEMBER = frozenset({GONE, ABOVE, "sudo_required", "permission_denied", "not_app_admin"})
"""Slack's codes for somebody whom this keeper cannot keep: not tried again before something changes."""
