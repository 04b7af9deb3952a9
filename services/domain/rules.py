"""Which of a person's rules names an event, and what an event says: templates, defaults, and what must stay private."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.domain.default_texts import DefaultTexts
from services.domain.model import Event, Kind, Location, Match, Policy, Preferences, Rule, Show, Visibility
from services.domain.text import tidy, tidy_emoji
from services.domain.word_search import has_word, says_home, says_office

_PLACEHOLDER = re.compile(r"\{(title|until|location)\}")
_MINUTE = timedelta(minutes=1)
_LAST_MINUTE = (23, 59)
_EMOJI = {
    Kind.OUT_OF_OFFICE: ":palm_tree:",
    Kind.MEETING: ":spiral_calendar_pad:",
    Kind.FOCUS: ":headphones:",
}
_SILENT = Show()
_PLACE_EMOJI = {Location.HOME: ":house:", Location.OFFICE: ":office:", Location.ELSEWHERE: ":round_pushpin:"}


def first_match(rules: Sequence[Rule], event: Event, kind: Kind) -> int | None:
    """The position of the first enabled rule that names `event`, placed and of this kind; None if none does."""
    for position, rule in enumerate(rules):
        if rule.enabled and matches(rule.match, event, kind):
            return position
    return None


def matches(match: Match, event: Event, kind: Kind) -> bool:
    """Whether every condition that `match` gives holds; words are whole words, any of them will do."""
    minutes = (event.end - event.start) // _MINUTE
    return (
        (not match.kinds or kind in match.kinds)
        and (not match.calendar_ids or event.calendar_id in match.calendar_ids)
        and (not match.show_as or event.show_as in match.show_as)
        and (match.all_day is None or event.all_day is match.all_day)
        and (match.min_guests is None or event.guests >= match.min_guests)
        and (match.max_guests is None or event.guests <= match.max_guests)
        and (match.min_minutes is None or minutes >= match.min_minutes)
        and (match.max_minutes is None or minutes <= match.max_minutes)
        and (not match.title_words or has_word(event.title, match.title_words))
        and (not match.location_words or has_word(event.location, match.location_words))
    )


def location_of(event: Event) -> Location:
    """Where a working-location event says the person works; by its title where the source does not say."""
    if event.working_location is not None:
        return event.working_location
    if says_home(event.title):
        return Location.HOME
    return Location.OFFICE if says_office(event.title) else Location.ELSEWHERE


@dataclass(frozen=True, slots=True)
class Stretch:
    """A whole run of contiguous or overlapping coverage, `[start, end)` in UTC; `end` None where it is not known."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class StatusTexts:
    """Says what an event or an override says, for one person, in their language and zone."""

    preferences: Preferences
    policy: Policy
    zone: ZoneInfo
    default_texts: DefaultTexts

    def event(self, event: Event, kind: Kind, rule: Rule | None, stretch: Stretch) -> tuple[str, str]:
        """Text and emoji for a counted event: its rule's, else the person's for the kind, else the kind's own."""
        own = self.preferences.show.get(kind, _SILENT)
        shown = rule.show if rule is not None else _SILENT
        template = own.text if shown.text is None else shown.text
        text = self._filled(template, stretch, event) or self._default(event, kind, stretch)
        emoji = tidy_emoji(shown.emoji or "") or tidy_emoji(own.emoji or "")
        return text, emoji or _EMOJI.get(kind) or _PLACE_EMOJI[location_of(event)]

    def absence(self, text: str, emoji: str, stretch: Stretch) -> tuple[str, str]:
        """Text and emoji of an out-of-office override; what it leaves empty is the person's default."""
        own = self.preferences.show.get(Kind.OUT_OF_OFFICE, _SILENT)
        said = tidy(text) or self._filled(own.text, stretch) or self._absence(stretch)
        return said, tidy_emoji(emoji) or tidy_emoji(own.emoji or "") or _EMOJI[Kind.OUT_OF_OFFICE]

    def until(self, stretch: Stretch) -> str:
        """The end of a stretch: a time where it ends on the day it starts, else the day of its end; "" if unknown."""
        if stretch.end is None:
            return ""
        end = self._end(stretch.end)
        if self._ends_same_day(stretch):
            return self.default_texts.format_time(end.timetz().replace(tzinfo=None))
        return self.default_texts.format_day(end.date())

    def _ends_same_day(self, stretch: Stretch) -> bool:
        end = stretch.end or datetime.max.replace(tzinfo=UTC)
        return stretch.start.astimezone(self.zone).date() == self._end(end).date()

    def _end(self, end: datetime) -> datetime:
        """An end as it is said: a day's last minute, which leave systems write, is the next day's midnight."""
        end = end.astimezone(self.zone)
        return end + _MINUTE if (end.hour, end.minute) == _LAST_MINUTE else end

    def _default(self, event: Event, kind: Kind, stretch: Stretch) -> str:
        if kind is Kind.OUT_OF_OFFICE:
            return self._absence(stretch)
        if kind is Kind.WORKING_LOCATION:
            return self._place(event, stretch)
        return self.default_texts.focus if kind is Kind.FOCUS else self.default_texts.meeting

    def _absence(self, stretch: Stretch) -> str:
        if stretch.end is None:
            return tidy(self.default_texts.out_of_office)
        same_day = self._ends_same_day(stretch)
        template = (
            self.default_texts.out_of_office_until_time if same_day else self.default_texts.out_of_office_until_day
        )
        return tidy(template.replace("{until}", self.until(stretch)))

    def _place(self, event: Event, stretch: Stretch) -> str:
        place = location_of(event)
        if place is Location.HOME:
            return self.default_texts.home
        if place is Location.OFFICE:
            return self.default_texts.office
        return self._filled(self.default_texts.elsewhere_at, stretch, event) or self.default_texts.elsewhere

    def _filled(self, template: str | None, stretch: Stretch, event: Event | None = None) -> str:
        """The template with its facts, tidied; "" if it names a fact that is not known or not allowed."""
        if not template:
            return ""
        facts = {name: self._fact(name, stretch, event) for name in _PLACEHOLDER.findall(template)}
        if not all(facts.values()):
            return ""
        return tidy(_PLACEHOLDER.sub(lambda found: facts[found[1]], template))

    def _fact(self, name: str, stretch: Stretch, event: Event | None) -> str:
        if name == "until":
            return self.until(stretch)
        # A location tells as much as a title does.
        is_open = self.preferences.titles and self.policy.titles
        if event is None or not is_open or event.visibility is not Visibility.DEFAULT:
            return ""
        return (event.title if name == "title" else event.location).strip()


def default_emoji(kind: Kind | None) -> str:
    """The emoji a kind has by itself, which exists in every workspace; "" where that depends on the event."""
    return "" if kind is None else _EMOJI.get(kind, "")
