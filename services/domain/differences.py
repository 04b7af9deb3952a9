"""What another list would change: the pieces of time in which two timelines of one person differ. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.domain.model import Effect, Span, Status, Timeline


@dataclass(frozen=True, slots=True)
class Difference:
    """From `start` to `end` (UTC) it would be `after` instead of `before`; `title` is for its owner's eyes only."""

    start: datetime
    end: datetime
    before: Status
    after: Status
    effects_before: frozenset[Effect] = frozenset()
    effects_after: frozenset[Effect] = frozenset()
    title: str = ""


def differences(old: Timeline, new: Timeline) -> tuple[Difference, ...]:
    """Give where `new` says or does something else than `old`, both over the same window, by start.

    Neighbouring pieces of one event that change alike are one.
    """
    edges = {span.start for timeline in (old, new) for span in timeline.spans}
    edges |= {edge for timeline in (old, new) for one in timeline.stretches for edge in (one.start, one.end)}
    starts = sorted(edge for edge in edges | {new.start} if new.start <= edge < new.end)
    found: list[Difference] = []
    spans_before, spans_after = _each(old, starts), _each(new, starts)
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else new.end
        before, after = spans_before[at], spans_after[at]
        piece = Difference(
            start, end, _said(before), _said(after), _effects(old, start), _effects(new, start),
            after.title or before.title,
        )  # fmt: skip
        if (piece.before, piece.effects_before) == (piece.after, piece.effects_after):
            continue
        if found and replace(found[-1], start=start, end=end) == piece and found[-1].end == start:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(piece)
    return tuple(found)


def _said(span: Span) -> Status:
    return Status(span.status.text, span.status.emoji)


def _each(timeline: Timeline, starts: list[datetime]) -> list[Span]:
    """Return the span of a gap-free timeline that holds each of `starts`, which are in order."""
    found, position = [], 0
    for start in starts:
        while timeline.spans[position].end <= start:
            position += 1
        found.append(timeline.spans[position])
    return found


def _effects(timeline: Timeline, at: datetime) -> frozenset[Effect]:
    return frozenset(one.effect for one in timeline.stretches if one.start <= at < one.end)
