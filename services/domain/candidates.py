"""What wants to be shown, from when to when and how strongly: counted events, bridged gaps, overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from services.domain.model import Kind, Override, OverrideKind, ReasonCode, Rule, Verdict
from services.domain.rules import StatusTexts, Stretch
from services.domain.status_comparison import DEFAULT_EMOJI
from services.domain.text import tidy, tidy_emoji

PRECEDENCE = (Kind.OUT_OF_OFFICE, Kind.MEETING, Kind.FOCUS, Kind.WORKING_LOCATION)
"""The defaults, highest first. A person's own rules come before them, an override before everything."""

NEVER = datetime.max.replace(tzinfo=UTC)
_LAYER = {kind: layer for layer, kind in enumerate(PRECEDENCE)}
_EVER = Stretch(datetime.min.replace(tzinfo=UTC), None)


@dataclass(slots=True)
class Candidate:
    """Wants `say(stretch)` to be shown during `[start, end)`. `since` is its start without the person's lead."""

    start: datetime
    end: datetime
    since: datetime
    layer: int
    rule: str
    code: ReasonCode
    say: Callable[[Stretch], tuple[str, str]]
    kind: Kind | None = None
    id: str = ""
    uid: str = ""
    title: str = ""
    stretch: Stretch = field(default=_EVER)

    @property
    def group(self) -> str:
        """Whose coverage counts as one stretch: all absences, or all of one rule."""
        return Kind.OUT_OF_OFFICE.value if self.kind is Kind.OUT_OF_OFFICE else self.rule


def of_event(
    verdict: Verdict, position: int | None, rules: Sequence[Rule], lead: timedelta, texts: StatusTexts
) -> Candidate:
    """The candidate of an event that counts, by the rule at `position` or by its kind."""
    event = verdict.event
    rule = None if position is None else rules[position]
    return Candidate(
        # A day does not start early: only what has a time of day does.
        start=event.start if event.all_day else event.start - lead,
        end=event.end,
        since=event.start,
        layer=len(rules) + _LAYER[verdict.kind] if position is None else position,
        rule=verdict.rule,
        code=ReasonCode.EVENT,
        say=partial(texts.event, event, verdict.kind, rule),
        kind=verdict.kind,
        id=event.id,
        uid=event.uid,
        title=event.title,
    )


def of_override(override: Override, texts: StatusTexts) -> Candidate:
    """The candidate of what the person asked for; "I'm back" wants nothing shown."""
    kind, rule, code = None, "override", ReasonCode.OVERRIDE
    say = partial(_as_typed, override.text, override.emoji)
    if override.kind is OverrideKind.BACK:
        rule, code, say = "back", ReasonCode.BACK_EARLY, partial(_as_typed, "", "")
    elif override.kind is OverrideKind.OUT_OF_OFFICE:
        kind, say = Kind.OUT_OF_OFFICE, partial(texts.absence, override.text, override.emoji)
    return Candidate(
        start=override.start,
        end=override.end or NEVER,
        since=override.start,
        layer=-1,
        rule=rule,
        code=code,
        say=say,
        kind=kind,
    )


def typed(text: str, emoji: str) -> tuple[str, str]:
    """What a person typed, tidy, with the emoji that Slack would give a text without one."""
    text, emoji = tidy(text), tidy_emoji(emoji)
    return text, emoji or (DEFAULT_EMOJI if text else "")


def _as_typed(text: str, emoji: str, _: Stretch) -> tuple[str, str]:
    return typed(text, emoji)


def bridges(candidates: Iterable[Candidate], bridge: timedelta) -> list[Candidate]:
    """Claims for the gaps of at most `bridge` between meetings: the one that ended last goes on until the next."""
    if not bridge:
        return []
    found: list[Candidate] = []
    last: Candidate | None = None
    meetings = [candidate for candidate in candidates if candidate.kind is Kind.MEETING]
    for candidate in sorted(
        meetings, key=lambda candidate: (candidate.start, candidate.end, candidate.layer, candidate.id)
    ):
        if last is not None and last.end < candidate.start <= last.end + bridge:
            found.append(replace(last, start=last.end, end=candidate.start, code=ReasonCode.BRIDGED))
        if last is None or candidate.end > last.end or (candidate.end == last.end and _is_higher(candidate, last)):
            last = candidate
    return found


def _is_higher(candidate: Candidate, other: Candidate) -> bool:
    """Whether `candidate` wins against one that ends at the same time."""
    return (candidate.layer, other.since, candidate.id) < (other.layer, candidate.since, other.id)


def by_precedence(
    overrides: Iterable[Override], candidates: Sequence[Candidate], texts: StatusTexts
) -> list[Candidate]:
    """All candidates, highest first: overrides, newest first; then by layer, later start, later end, smaller id."""
    newest = sorted(overrides, key=lambda override: (override.created_at, override.id), reverse=True)
    asked = [of_override(override, texts) for override in newest if override.end is None or _has_length(override)]
    ordered = sorted(candidates, key=lambda candidate: candidate.id)
    ordered.sort(key=lambda candidate: (candidate.since, candidate.end), reverse=True)
    ordered.sort(key=lambda candidate: candidate.layer)
    return asked + ordered


def _has_length(override: Override) -> bool:
    return override.end is not None and override.end > override.start


def measure(candidates: Iterable[Candidate]) -> None:
    """Give each candidate the stretch it belongs to: the contiguous or overlapping coverage of its group."""
    running: dict[str, list[Candidate]] = {}
    ends: dict[str, datetime] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.since):
        group = candidate.group
        if candidate.since > ends.get(group, NEVER):
            _close(running.pop(group), ends.pop(group))
        running.setdefault(group, []).append(candidate)
        ends[group] = max(ends.get(group, candidate.end), candidate.end)
    for group, members in running.items():
        _close(members, ends[group])


def _close(members: list[Candidate], end: datetime) -> None:
    stretch = Stretch(members[0].since, None if end == NEVER else end)
    for candidate in members:
        candidate.stretch = stretch
