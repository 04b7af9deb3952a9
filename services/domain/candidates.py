"""What wants to be shown: events that count, overrides and routines, each with its span of time and its precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from services.domain.lines import Line, Routine, Rule, kind_line
from services.domain.model import Effect, Kind, Override, OverrideKind, Photo, Verdict, WallTimes
from services.domain.people import LEAVE
from services.domain.reasons import ReasonCode
from services.domain.text import DEFAULT_EMOJI, Coverage, StatusTexts, tidy, tidy_emoji

NEVER = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Candidate:
    """Wants `say(coverage)` to be shown during `[start, end)`. `since` is its start without the person's lead.

    `layer` is the position of its line, -1 for an override, which was `asked_at`.
    """

    start: datetime
    end: datetime
    since: datetime
    layer: int
    rule: str
    code: ReasonCode
    say: Callable[[Coverage], tuple[str, str]]
    kind: Kind | None = None
    id: str = ""
    uid: str = ""
    title: str = ""
    effects: frozenset[Effect] = frozenset()
    photo: Photo | None = None
    asked_at: datetime | None = None
    coverage: Coverage = field(init=False)

    @property
    def endless(self) -> bool:
        """Whether it is an override without an end."""
        return self.asked_at is not None and self.end == NEVER


def of_event(verdict: Verdict, position: int, line: Rule, lead: timedelta, texts: StatusTexts) -> Candidate:
    """Return the candidate of an event that counts, by its line and the line's position."""
    event = verdict.event
    return Candidate(
        # A day does not start early: only what has a time of day does.
        start=event.start if event.all_day else event.start - lead,
        end=event.end,
        since=event.start,
        layer=position,
        rule=verdict.rule,
        code=ReasonCode.LEAVE if event.calendar_id == LEAVE else ReasonCode.EVENT,
        say=partial(texts.event, event, verdict.kind, line),
        kind=verdict.kind,
        id=event.id,
        uid=event.uid,
        title=event.title,
        effects=line.effects,
        photo=line.photo,
    )


def of_override(override: Override, lines: Sequence[Line], texts: StatusTexts) -> Candidate:
    """Return the candidate of what the person asked for; "I'm back" wants nothing shown.

    An absence has the effects of the out-of-office line, where that is not switched off.
    """
    start, end = override.start, override.end or NEVER
    says = typed(override.text, override.emoji)
    found = Candidate(
        start, end, start, -1, "override", ReasonCode.OVERRIDE, lambda _: says,
        effects=override.effects, asked_at=override.created_at, id=override.id,
    )  # fmt: skip
    if override.kind is OverrideKind.BACK:
        return replace(found, rule="back", code=ReasonCode.BACK_EARLY, say=lambda _: ("", ""))
    if override.kind is OverrideKind.OUT_OF_OFFICE:
        line = lines[kind_line(lines, Kind.OUT_OF_OFFICE)]
        found.say, found.kind = partial(texts.absence, override.text, override.emoji), Kind.OUT_OF_OFFICE
        if line.enabled:
            found.effects, found.photo = found.effects | line.effects, line.photo
    return found


def of_routines(
    lines: Sequence[Line], absences: Sequence[tuple[datetime, datetime]], window: tuple[datetime, datetime],
    texts: StatusTexts,
) -> Iterator[Candidate]:  # fmt: skip
    """Yield the candidates of the routines of every day that touches the window.

    It and `absences` are UTC, half-open.
    """
    routines = [(at, line) for at, line in enumerate(lines) if isinstance(line, Routine) and line.enabled]
    if not routines:
        return
    (start, end), zone = window, texts.zone
    days = _days(start.astimezone(zone).date() - _DAY, end.astimezone(zone).date())
    absent: set[date] = set()
    for since, until in absences:
        first, last = max(since, start - 2 * _DAY), min(until, end + _DAY) - timedelta.resolution
        absent |= set(_days(first.astimezone(zone).date(), last.astimezone(zone).date()))
    for day in days:
        if not _exists(day, zone):
            continue
        for position, routine in routines:
            is_named = day.weekday() in routine.days and (routine.first or day) <= day <= (routine.last or day)
            if not is_named or (routine.not_when_absent and day in absent):
                continue
            ends_on = day if routine.start < routine.end else day + _DAY
            wall = WallTimes(datetime.combine(day, routine.start), datetime.combine(ends_on, routine.end))
            begins, ends = wall.instants(zone)
            if begins < ends:  # not where the clock leaps over it
                yield Candidate(
                    begins, ends, begins, position, routine.id, ReasonCode.ROUTINE,
                    partial(texts.routine, routine.look),
                    id=f"{routine.id}\x1f{day}", effects=routine.effects, photo=routine.photo,
                )  # fmt: skip


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether there is such a day in `zone`: Samoa had no 30 December 2011."""
    begins, ends = WallTimes(datetime.combine(day, time()), datetime.combine(day + _DAY, time())).instants(zone)
    return begins < ends


def _days(first: date, last: date) -> list[date]:
    return [first + number * _DAY for number in range((last - first).days + 1)]


def typed(text: str, emoji: str) -> tuple[str, str]:
    """Return what a person typed, tidy, with the emoji that Slack would give a text without one."""
    text, emoji = tidy(text), tidy_emoji(emoji)
    return text, emoji or (DEFAULT_EMOJI if text else "")


def bridges(candidates: Iterable[Candidate], bridge: timedelta) -> list[Candidate]:
    """Claims for the gaps of at most `bridge` between meetings: the one that ended last goes on until the next."""
    if not bridge:
        return []
    found: list[Candidate] = []
    last: Candidate | None = None
    meetings = (candidate for candidate in candidates if candidate.kind is Kind.MEETING)
    for meeting in sorted(meetings, key=lambda one: (one.start, one.end, one.layer, one.id)):
        if last is not None and last.end < meeting.start <= last.end + bridge:
            found.append(replace(last, start=last.end, end=meeting.start, code=ReasonCode.BRIDGED))
        if last is None or meeting.end > last.end or (meeting.end == last.end and _wins(meeting, last)):
            last = meeting
    return found


def _wins(one: Candidate, other: Candidate) -> bool:
    return (one.layer, other.since, one.id) < (other.layer, one.since, other.id)


def by_precedence(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return what the list wants, highest first: by layer, later start, later end, smaller id."""
    ordered = sorted(candidates, key=lambda candidate: candidate.id)
    ordered.sort(key=lambda candidate: (candidate.since, candidate.end), reverse=True)
    ordered.sort(key=lambda candidate: candidate.layer)
    return ordered


def measure(candidates: Iterable[Candidate]) -> None:
    """Give each candidate the coverage it belongs to: the contiguous or overlapping coverage of its group.

    All absences are one group, or all of one rule.
    """
    coverages: dict[str, Coverage] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.since):
        group = Kind.OUT_OF_OFFICE.value if candidate.kind is Kind.OUT_OF_OFFICE else candidate.rule
        end = None if candidate.end == NEVER else candidate.end
        coverage = coverages.get(group)
        if coverage is None or (coverage.end is not None and candidate.since > coverage.end):
            coverage = coverages[group] = Coverage(candidate.since, end)
        else:
            coverage.end = None if coverage.end is None or end is None else max(coverage.end, end)
        candidate.coverage = coverage
