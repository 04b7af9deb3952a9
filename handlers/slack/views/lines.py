"""How a line of a person's list looks in Slack, and what it says of itself in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import cut
from handlers.slack.views.fixed import fixed_by, fixed_look
from handlers.slack.views.sentences import effect_names, kind_name, shown
from services.domain.differences import Difference
from services.domain.lines import KINDS, Line, Match, Routine, Rule
from services.domain.model import Effect, Event, Kind, Location, Look, Picture, Status
from services.domain.people import PersonFacts
from services.domain.policy import Policy
from services.domain.text import Coverage, StatusTexts, escape
from services.platform.locale import Localizer, default_texts

LONGEST_LINE = 400
"""Characters that a line is told in: a list of fifty has to fit into the 250 kB of a view."""

_LONGEST_NAME = 60
_MOST_WORDS = 5
_MOST_EXAMPLES = 5
_TWO, _THREE = time(14), time(15)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ListView:
    """A person's list as it is to be shown at `now`. `facts` hold the list, `calendars` the names of theirs by id.

    `missing`: effects that wait for a permission of the person's, which is given at `link`; `barred`: those that the
    workspace has to allow, which an admin does at `install_link`. `lacks_picture`: they have not sent the picture
    that a line is to show. `gone` are emoji that the workspace does not know any more: the kind's own show instead.
    """

    l10n: Localizer
    facts: PersonFacts
    now: datetime
    calendars: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    missing: frozenset[Effect] = frozenset()
    link: str = ""
    barred: frozenset[Effect] = frozenset()
    install_link: str = ""
    lacks_picture: bool = False
    gone: frozenset[str] = frozenset()

    @property
    def policy(self) -> Policy:
        """What the workspace allows and fixes."""
        return self.facts.policy

    @cached_property
    def floored(self) -> PersonFacts:
        """The facts as they count under it: of all lines, and each of them asks for it."""
        return self.facts.floored

    @property
    def chosen(self) -> frozenset[Effect]:
        """The effects of all lines that are switched on and count."""
        return frozenset(effect for line in self.floored.lines if line.enabled for effect in line.effects)

    def usual(self, line: Line) -> Status:
        """Return what the line says where it has neither a text nor an emoji."""
        bare = replace(line, look=Look())
        lines = tuple(bare if one.id == line.id else one for one in self.facts.lines)
        return replace(self, facts=replace(self.facts, lines=lines)).looks(bare)

    def looks(self, line: Line) -> Status:
        """Return what the line says, its placeholders filled with an example."""
        facts = self.floored
        line = facts.policy.floored(replace(line, look=self._known(line.look)))
        rules = [one for one in facts.lines if isinstance(one, Rule)]
        looks = {one.kind: self._known(one.look) for one in rules if one.kind is not None}
        texts = StatusTexts(looks, facts.preferences, facts.zone, default_texts(facts.locale))
        today = self.now.astimezone(facts.zone).date()
        if isinstance(line, Routine):
            last = today if line.end > line.start else today + _DAY
            return Status(*texts.routine(line.look, Coverage(self._at(today, line.start), self._at(last, line.end))))
        kind = kind_of(line)
        start, end = self._at(today, _TWO), self._at(today, _THREE)
        if kind is Kind.OUT_OF_OFFICE:
            end = self._at(today + 3 * _DAY, time())
        example = Event(
            "", "", start, end, title=next(iter(line.match.title_words), self.l10n.say("Weekly sync")),
            location=next(iter(line.match.location_words), self.l10n.say("Room 4")), working_location=Location.HOME,
        )  # fmt: skip
        return Status(*texts.event(example, kind, line, Coverage(start, end)))

    def _known(self, look: Look) -> Look:
        return replace(look, emoji=None) if look.emoji in self.gone else look

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.facts.zone).astimezone(UTC)


def kind_of(line: Rule) -> Kind:
    """Return the kind of events that a rule is an example of: its own, else the first that it names, else a meeting."""
    return line.kind or next((kind for kind in KINDS if kind in line.match.kinds), Kind.MEETING)


def told(view: ListView, line: Line) -> str:
    """Return a line in two: how it looks, and below what it is about and what else it does. As mrkdwn."""
    l10n = view.l10n
    is_ignored = isinstance(line, Rule) and line.ignore
    look = l10n.say(":no_entry_sign: *Ignored*") if is_ignored else shown(view.looks(line))
    facts = [_about(view, line)]
    if not is_ignored:
        facts += effect_words(l10n, line.effects & view.policy.allowed, view.missing | view.barred)
    if any(fixed_look(view.policy, line)):
        facts.append(l10n.say(":lock: _fixed by your workspace_"))
    if not view.policy.may_have(line):
        facts.append(l10n.say(":lock: _not allowed by your workspace: it does not count_"))
    if not line.enabled:
        look, facts = f"~{look}~", [*facts, l10n.say("_switched off_")]
    return cut(f"{look}\n{' · '.join(facts)}", LONGEST_LINE)


def name_of(view: ListView, line: Line) -> str:
    """Return what a line is called, in a menu: as plain text."""
    if isinstance(line, Rule) and line.kind is not None:
        return kind_name(line.kind, view.l10n)
    look = view.looks(line)
    return (line.name if isinstance(line, Rule) else "") or look.text or look.emoji


def _about(view: ListView, line: Line) -> str:
    if isinstance(line, Routine):
        return " · ".join(_routine(view, line))
    if line.kind is not None:
        return kind_name(line.kind, view.l10n)
    words = " · ".join(match_words(view.l10n, line.match, view.calendars))
    name = escape(line.name)
    return words if not name or name == escape(named(line.match, "")) else f"{name}: {words}"


def named(match: Match, other: str) -> str:
    """Return what a rule is called whose person gave it no name: by its words, else `other`."""
    name = ", ".join(match.title_words) or other
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _routine(view: ListView, line: Routine) -> list[str]:
    l10n, today = view.l10n, view.now.astimezone(view.facts.zone).date()
    facts = [f"{days(l10n, line.days)} {hours(l10n, line.start, line.end)}"]
    if line.first is not None:
        facts.append(l10n.say("from {day}", day=l10n.day(line.first, today)))
    if line.last is not None:
        facts.append(l10n.say("until {day}", day=l10n.day(line.last, today)))
    if line.not_when_absent:
        facts.append(l10n.say("not when I am away"))
    return facts


def match_words(l10n: Localizer, match: Match, calendars: Mapping[str, str]) -> list[str]:
    """Return what a rule matches, condition by condition, as mrkdwn."""
    names = sorted(calendars.get(one, l10n.say("a calendar that is gone")) for one in match.calendar_ids)
    worded = (
        (match.title_words, l10n.say("title has {words}", words=_quoted(match.title_words))),
        (match.not_title_words, l10n.say("title has not {words}", words=_quoted(match.not_title_words))),
        (match.location_words, l10n.say("place has {words}", words=_quoted(match.location_words))),
        (match.organizer, l10n.say("organized by {words}", words=_quoted(match.organizer))),
        (names, l10n.say("calendar {names}", names=_quoted(names))),
        (match.show_as, l10n.say("shown as {states}", states=", ".join(sorted(match.show_as)))),
    )
    found = [kind_name(kind, l10n) for kind in KINDS if kind in match.kinds]
    found += [said for words, said in worded if words]
    if match.min_guests is not None or match.max_guests is not None:
        found.append(l10n.say("guests: {range}", range=span_of(match.min_guests, match.max_guests)))
    if match.min_minutes is not None or match.max_minutes is not None:
        found.append(l10n.say("minutes: {range}", range=span_of(match.min_minutes, match.max_minutes)))
    if match.external is not None:
        found.append(l10n.say("with guests from outside") if match.external else l10n.say("only people from inside"))
    if match.days:
        found.append(days(l10n, match.days))
    if match.hours is not None:
        found.append(hours(l10n, *match.hours))
    if match.recurring is not None:
        found.append(l10n.say("one of a series") if match.recurring else l10n.say("not one of a series"))
    if match.all_day is not None:
        found.append(l10n.say("all day") if match.all_day else l10n.say("not all day"))
    return found or [l10n.say("every event")]


def span_of(least: int | None, most: int | None) -> str:
    """Return a range as it is typed: `2-5`, `2-`, `-5`."""
    return f"{'' if least is None else least}-{'' if most is None else most}"


def _quoted(words: Collection[str]) -> str:
    """Return words as mrkdwn, a few of them."""
    kept = [f"“{escape(cut(word, 40))}”" for word in list(words)[:_MOST_WORDS]]
    return ", ".join(kept) + (" …" if len(words) > _MOST_WORDS else "")


def days(l10n: Localizer, chosen: Iterable[int]) -> str:
    """Days of the week (0 = Monday), neighbours as one: `Mon–Fri, Sun`."""
    runs: list[list[int]] = []
    for day in sorted(chosen):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        f"{l10n.weekday(run[0])}–{l10n.weekday(run[-1])}"
        if len(run) > 2  # noqa: PLR2004 - two days are told one by one
        else ", ".join(map(l10n.weekday, run))
        for run in runs
    ]
    return ", ".join(parts)


def hours(l10n: Localizer, start: time, end: time) -> str:
    """Return two times of a day by the wall clock."""
    return f"{l10n.clock(start)}–{l10n.clock(end)}"


def effect_words(l10n: Localizer, effects: Collection[Effect], missing: Collection[Effect] = ()) -> list[str]:
    """Return what a line does besides the status, a word each; what waits for a permission has a lock."""
    words = {
        Effect.DND: l10n.say("mutes"),
        Effect.AWAY: l10n.say("away"),
        Effect.PHOTO: l10n.say("photo"),
        Effect.REPLY: l10n.say("replies"),
    }
    return [word + (" :lock:" if effect in missing else "") for effect, word in words.items() if effect in effects]


def effects_block(l10n: Localizer, policy: Policy, chosen: Collection[Effect] = ()) -> kit.Block:
    """Return the choice of a form of what happens besides the status, of what the workspace allows."""
    names = effect_names(l10n)
    options = [kit.option(name, effect.value) for effect, name in names.items() if effect in policy.allowed]
    if not options:
        return fixed_by(l10n, policy, l10n.say("Besides the status: nothing"))
    boxes = kit.choices("checkboxes", "value", options, [effect.value for effect in chosen])
    hint = l10n.say("I answer mentions in the channels that I was invited to, once a day, and only who asked sees it.")
    return kit.entry("effects", l10n.say("Besides the status"), boxes, optional=True, hint=hint)


def picture_names(l10n: Localizer) -> dict[Picture, str]:
    """Return what a photo shows, as a choice of a form."""
    return {
        Picture.OWN: l10n.say("A picture that I sent to the app"),
        Picture.PALM: l10n.say("My photo with a palm"),
        Picture.THERMOMETER: l10n.say("My photo with a thermometer"),
        Picture.HEADPHONES: l10n.say("My photo with headphones"),
        Picture.PLANE: l10n.say("My photo with a plane"),
        Picture.HOUSE: l10n.say("My photo with a house"),
        Picture.CUP: l10n.say("My photo with a cup"),
    }


def changes(l10n: Localizer, found: Collection[Difference], now: datetime) -> str:
    """Return what a list that is not saved yet changes in the coming week, with examples. As mrkdwn."""
    if not found:
        return l10n.say("Nothing changes in the coming week.")
    if len(found) == 1:
        head = l10n.say("1 event of the coming week would now say:")
    else:
        head = l10n.say("{count} events of the coming week would now say:", count=len(found))
    lines = [f"*{head}*"]
    for one in list(found)[:_MOST_EXAMPLES]:
        title = f" _{escape(cut(one.title, 60))}_" if one.title else ""
        before = _said(l10n, one.before, one.effects_before)
        after = _said(l10n, one.after, one.effects_after)
        lines.append(f"`{l10n.stamp(one.start, now)} – {l10n.time(one.end)}`{title}\n{before} → {after}")
    if len(found) > _MOST_EXAMPLES:
        lines.append(l10n.say("… and {count} more.", count=len(found) - _MOST_EXAMPLES))
    return "\n".join(lines)


def _said(l10n: Localizer, status: Status, effects: Collection[Effect]) -> str:
    what = shown(status) or l10n.say("nothing")
    return " · ".join([what, *effect_words(l10n, effects)])
