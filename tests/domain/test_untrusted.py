"""Which words are strangers' where agents are told of statuses and events, and to whom they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from services.domain.lines import Line, Match, Routine, Rule, complete
from services.domain.model import Kind, Look, PersonKey, Span, Status, Visibility
from services.domain.people import LEAVE, PersonFacts, Preferences
from services.domain.policy import Policy
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import ENGLISH
from services.domain.untrusted import repeats_an_event, tells_title, tells_words
from tests.support.timelines import BERLIN, at, event, own

OPEN, CLOSED = Preferences(titles=True), Preferences()
MEETINGS = Rule(Kind.MEETING.value, "", Match(kinds=frozenset({Kind.MEETING})), Look("With {title}"), kind=Kind.MEETING)
LUNCH = Routine("lunch", Look("Lunch {title}"), frozenset(range(7)), time(12), time(13))


def of(*lines: Line, preferences: Preferences = OPEN, policy: Policy | None = None) -> PersonFacts:
    return PersonFacts(
        PersonKey("T1", "U1"), BERLIN, preferences=preferences, policy=policy or Policy(), lines=complete(lines)
    )


def span(rule: str = Kind.MEETING.value, kind: Kind = Kind.MEETING, uid: str = "e") -> Span:
    return Span(at(9), at(10), Status("With Mallory"), rule, Reason(ReasonCode.NOTHING, rule), uid=uid, kind=kind)


@pytest.mark.parametrize(
    ("text", "facts", "shown_by", "strangers"),
    [
        ("", of(MEETINGS), span(), False),
        ("In a meeting", of(MEETINGS), span(), False),
        ("With Mallory", of(MEETINGS), span(), True),
        ("With Mallory", of(), span(), False),
        ("With Mallory", of(MEETINGS, preferences=CLOSED), span(), False),
        ("With Mallory", of(MEETINGS, policy=Policy(titles=False)), span(), False),
        ("With Mallory", of(MEETINGS), span(uid=""), False),
        ("At Mallory's", of(own("r1", "mallory", text="At {location}'s")), span("r1"), True),
        ("On it", of(MEETINGS, own("r1", "mallory", text="On it")), span("r1"), False),
        ("With Mallory", of(MEETINGS, own("r1", "mallory")), span("r1"), True),
        ("Working from Attic", of(), span(Kind.WORKING_LOCATION.value, Kind.WORKING_LOCATION), True),
        ("Remote", of(own("r1", "attic", text="Remote")), span("r1", Kind.WORKING_LOCATION), False),
        ("Working from Attic", of(own("r1", "attic", text="To {until}")), span("r1", Kind.WORKING_LOCATION), True),
        ("With Mallory", of(MEETINGS, preferences=CLOSED), None, True),
        ("With Mallory", of(LUNCH), None, False),
        ("Working from Attic", of(), None, True),
    ],
)
def test_text_repeats_an_event_where_its_line_shows_one(
    text: str, facts: PersonFacts, shown_by: Span | None, strangers: bool
) -> None:
    assert repeats_an_event(text, facts, shown_by, ENGLISH) is strangers


@pytest.mark.parametrize(
    ("preferences", "policy", "slackbot", "told"),
    [
        (CLOSED, Policy(), False, True),
        (CLOSED, Policy(), True, False),
        (OPEN, Policy(), True, True),
        (OPEN, Policy(titles=False), True, False),
    ],
)
def test_slackbot_is_told_titles_only_where_they_could_be_shown(
    preferences: Preferences, policy: Policy, slackbot: bool, told: bool
) -> None:
    facts = of(preferences=preferences, policy=policy)
    assert tells_words(facts, slackbot=slackbot) is told
    assert tells_title(event("Review", at(9), at(10)), facts, slackbot=slackbot) is told


@pytest.mark.parametrize(("slackbot", "told"), [(False, True), (True, False)])
def test_title_of_a_private_event_is_for_its_owners_own_agent(slackbot: bool, told: bool) -> None:
    private = event("Review", at(9), at(10), visibility=Visibility.PRIVATE)
    assert tells_title(private, of(), slackbot=slackbot) is told


@pytest.mark.parametrize("slackbot", [False, True])
def test_title_of_a_leave_calendar_is_for_nobody(slackbot: bool) -> None:
    assert tells_title(replace(event("Ann: ill", at(9), at(10)), calendar_id=LEAVE), of(), slackbot=slackbot) is False
