"""A person's days: resolved from their facts, or put together from what is stored of their timeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain import timeline
from services.domain.default_texts import DefaultTexts
from services.domain.facts import PersonFacts
from services.domain.model import Span, Timeline


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins in `zone`, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the day that holds `now` begins and ends in `zone`, in UTC."""
    day = now.astimezone(zone).date()
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def resolve(facts: PersonFacts, start: datetime, end: datetime, default_texts: DefaultTexts) -> Timeline:
    """The person's timeline over `[start, end)`. Raises ValueError for a window that is empty."""
    return timeline.resolve(
        facts.events,
        rules=facts.rules,
        overrides=facts.overrides,
        preferences=facts.preferences,
        policy=facts.policy,
        zone=facts.zone,
        start=start,
        end=end,
        default_texts=default_texts,
        names=facts.names,
    )


def stored(facts: PersonFacts, spans: Sequence[Span], now: datetime) -> tuple[Span, Timeline] | None:
    """The span that holds `now`, and today's timeline without verdicts, from the stored spans of today, in order.

    None where these are not the whole truth: facts have changed, a part of the day is not stored, or the span ends
    where what is resolved does, which is no end to tell anybody.
    """
    start, end = today(now, facts.zone)
    until = facts.resolved_until
    span = next((span for span in spans if span.end > now), None)
    if until is None or until < end or span is None or span.end >= until or spans[0].start > start:
        return None
    day = [replace(one, start=max(one.start, start), end=min(one.end, end)) for one in spans]
    return span, Timeline(start, end, tuple(day), ())
