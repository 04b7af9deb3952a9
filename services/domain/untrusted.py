"""Which words are strangers' where agents are told of statuses and events, and which of those are told. Pure.

Whoever invites writes an event's title and its place, and some write them for agents to read.
"""

from __future__ import annotations

from services.domain.lines import Rule, complete
from services.domain.model import Event, Kind, Span, Visibility
from services.domain.people import LEAVE, PersonFacts
from services.domain.text import PLACEHOLDER, DefaultTexts

_OF_EVENTS = frozenset({"title", "location"})
"""The placeholders that become strangers' words."""


def repeats_an_event(text: str, facts: PersonFacts, span: Span | None, texts: DefaultTexts) -> bool:
    """Return whether a status text has the words of an event's title or place in it; `texts` are those of the person.

    `span` is where the text is from; None: from an earlier one, when the person may have had titles shown. It may have
    them then, where a line of theirs does that.
    """
    floored, place = facts.floored, texts.elsewhere_at.partition("{location}")[0]
    lines = [line for line in complete(floored.lines) if isinstance(line, Rule)]
    if text in {"", texts.meeting, texts.focus, texts.out_of_office, texts.home, texts.office, texts.elsewhere}:
        return False
    if span is None:
        return text.startswith(place) or any(_names_strangers(line.look.text) for line in lines)
    if not span.uid or not floored.preferences.titles:
        return False
    looks = [line.look.text for line in lines if line.id == span.rule]
    looks += [line.look.text for line in lines if line.kind is span.kind]
    template = next((look for look in looks if look is not None), "")
    if _names_strangers(template):
        return True
    # Where it says nothing itself, or a fact that it names is not known, the kind's own text names the place.
    return span.kind is Kind.WORKING_LOCATION and (not template or bool(PLACEHOLDER.search(template)))


def _names_strangers(template: str | None) -> bool:
    return not _OF_EVENTS.isdisjoint(PLACEHOLDER.findall(template or ""))


def tells_words(facts: PersonFacts, *, slackbot: bool) -> bool:
    """Return whether an agent is told those words of a status.

    Slackbot, whose answers others may see, where titles show.
    """
    return not slackbot or facts.floored.preferences.titles


def tells_title(event: Event, facts: PersonFacts, *, slackbot: bool) -> bool:
    """Return whether an agent is told the title of one's own event; Slackbot only where it could be shown.

    That is: the person turned titles on, the workspace allows it, and the event is of default visibility. Leave
    calendars tell none to anybody.
    """
    if event.calendar_id == LEAVE:
        return False
    return tells_words(facts, slackbot=slackbot) and (not slackbot or event.visibility is Visibility.DEFAULT)
