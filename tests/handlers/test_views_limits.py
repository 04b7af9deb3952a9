"""Every view in every language within Slack's limits, also with the longest and oddest that people have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from re import search
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.slack.views import blocks as kit
from handlers.slack.views import (
    feed_section,
    home,
    leaving,
    line_form,
    list_modal,
    modals,
    replies,
    routine_form,
    settings,
    who,
)
from handlers.slack.views.blocks import Values
from handlers.slack.views.changes import changed
from handlers.slack.views.lines import ListView, changes
from handlers.slack.views.workspace import Section, home_part, workspace_form
from services.calendars.accounts import Choice
from services.calendars.entries import EntryTarget
from services.calendars.oauth_flow import AccountLink
from services.domain import timeline
from services.domain.calendars import OfferedCalendar
from services.domain.differences import Difference
from services.domain.errors import InputError, TimeNotUnderstoodError
from services.domain.faults import OperatorFault
from services.domain.lines import Line, Match, Routine, Rule, complete
from services.domain.model import (
    Effect,
    Event,
    Kind,
    Look,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    Pause,
    PersonKey,
    Photo,
    Picture,
    Response,
    ShowAs,
    Status,
)
from services.domain.people import PersonFacts, Preferences, WorkingHours
from services.domain.policy import Policy
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import escape
from services.domain.undo import AccountChoice, Change
from services.platform import locale
from services.platform.locale import Localizer
from services.store.absence_feeds import AbsenceFeed
from services.store.absences import Absent
from services.store.accounts import AccountView
from services.store.undos import Undoable
from services.store.workspace_numbers import WorkspaceNumbers
from services.usecases.status_reader import Now, Why
from services.usecases.statuses import Cleared
from services.usecases.who import Out, ToldOf
from tests.support import blockkit

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOCALIZERS = [locale.Localizer(code, "Europe/Berlin") for code in ("en-US", "de-DE", "fr-FR", "es-ES", "ja-JP")]
WORDY = {"de-DE", "ja-JP"}
"""One with long words, and one whose letters take more bytes: the slow suite has all."""

each_language = pytest.mark.parametrize(
    "l10n",
    [pytest.param(one, marks=[] if one.locale in WORDY else pytest.mark.slow) for one in LOCALIZERS],
    ids=lambda l10n: l10n.locale,
)
NASTY = "<!channel> & *bold* <https://x.example|y> `code` " + "長" * 400


@dataclass(frozen=True)
class Calendar:
    calendar_id: str = "c1"
    name: str = NASTY
    host: str = "calendar.example.com"
    health: str = "failing"
    sentence: str = "The calendar's server does not answer. I keep trying."
    synced_at: datetime | None = NOW - HOUR
    problems: int = 3
    provider: str = "ics"
    account_id: str = ""
    watched: bool = False


LINK = "https://quo.example/connect/google?link=" + "x" * 500
TYPED = modals.Typed("https://caldav.example.com/" + "x" * 200, "ann")
ACCOUNTS = [AccountView(f"a{index}", "google", NASTY, lost=index > 5) for index in range(10)]
EVERYWHERE = [
    *(Calendar(f"c{index}", account_id=f"a{index % 10}", provider="google", sentence="") for index in range(17)),
    Calendar("feed"), Calendar("hook", provider="hook", synced_at=None), Calendar("file", provider="file"),
]  # fmt: skip


def choice(count: int) -> Choice:
    """An account with that many calendars, every second one connected."""
    calendars = [OfferedCalendar(f"{index}{NASTY}", NASTY if index else " ") for index in range(count)]
    return Choice(ACCOUNTS[0], tuple((one, index % 2 == 0) for index, one in enumerate(calendars)))


COVERED = Reason(ReasonCode.OWN_COVERED, until=NOW + HOUR)


BALLOON = Status("x" * 100, ":speech_balloon:")


@dataclass(frozen=True)
class Attempt:
    at: datetime = NOW
    reason: Reason = COVERED
    outcome: str = "done"
    status: Status = BALLOON
    unknown_emoji: str = ":" + "&" * 99 + ":"


def absent(
    name: str = NASTY[:80], *, place: str = "", until: datetime | None = NOW + HOUR, start: datetime = NOW - HOUR,
    first_day: date | None = None, return_day: date | None = None,
) -> Absent:  # fmt: skip
    return Absent("U1", name, start, until, first_day, return_day, place, True, "a", 0, NOW)


def out(*people: Absent, whose: ToldOf = ToldOf.CHANNEL, days: int = 1) -> Out:
    return Out(NOW, NOW, NOW + days * 24 * HOUR, list(people), whose, "C1")


COMING = absent(start=NOW + 24 * HOUR, first_day=date(2026, 11, 25), return_day=date(2026, 11, 26))
ABSENCES = (
    absent(), absent(until=None), absent(return_day=date(2027, 1, 3)), COMING, absent(start=NOW + HOUR, until=None),
    absent(start=NOW + HOUR, until=NOW + 2 * HOUR), absent(start=NOW + HOUR, until=NOW + 30 * HOUR),
    *(absent(place=place) for place in ("home", "office", "elsewhere")),
)  # fmt: skip


def event(index: int, **fields: Any) -> Event:
    start = NOW + (index - 5) * timedelta(minutes=10)
    return Event("c1", f"u{index}", start, start + timedelta(minutes=7), title=NASTY, **fields)


def now(events: int = 100, *, own: bool = False, paused: bool = False, granted: bool = True) -> Now:
    made = Override("o1", NOW - HOUR, None, NOW - HOUR, text=NASTY[:100], emoji=":x:")
    coming = Override("o2", NOW + 48 * HOUR, NOW + 96 * HOUR, NOW, OverrideKind.OUT_OF_OFFICE)
    many = [event(index, response=Response.DECLINED if index % 3 else Response.NONE) for index in range(events)]
    pause = Pause(NOW - HOUR, NOW + HOUR) if paused else None
    facts = PersonFacts(
        PersonKey("T1", "U1"),
        ZoneInfo("Europe/Berlin"),
        lines=complete(()),
        granted=granted,
        pause=pause,
        events=tuple(many),
    )
    day = timeline.resolve(facts, NOW - 10 * HOUR, NOW + 14 * HOUR)
    return Now(NOW, facts, day.at(NOW), NOW + HOUR, day, Status("Mine", ":cat:") if own else None, made, (coming,) * 9)


EVERY = frozenset(Effect)
WORDS = Match(
    kinds=frozenset(Kind), title_words=(NASTY[:100],) * 20, not_title_words=(NASTY[:100],) * 20,
    location_words=(NASTY[:100],) * 20, organizer=(NASTY[:100],) * 20, calendar_ids=frozenset(map(str, range(50))),
    show_as=frozenset(ShowAs), all_day=False, external=True, recurring=False, days=frozenset(range(7)),
    hours=(time(9), time(17)), min_guests=1, max_guests=2, min_minutes=1, max_minutes=2,
)  # fmt: skip
LOOK = Look(NASTY[:100], ":x:")
RULES = [
    Rule(f"r{index}", NASTY[:60], WORDS, LOOK, ignore=index % 4 == 0, enabled=index % 3 > 0, effects=EVERY,
         photo=Photo(Picture.OWN, "1,2,3"))
    for index in range(30)
]  # fmt: skip
ROUTINES = [
    Routine(f"l{index}", LOOK, frozenset({0, 2, 3, 4}), time(22), time(1, 30), date(2026, 1, 1), date(2027, 1, 1),
            not_when_absent=True, effects=EVERY)
    for index in range(20)
]  # fmt: skip
LONGEST = complete((*RULES, *ROUTINES))


def listed(l10n: Localizer, lines: tuple[Line, ...] = LONGEST) -> ListView:
    """A list with all that it can wait for."""
    facts = PersonFacts(
        PersonKey("T1", "U1"), ZoneInfo("Europe/Berlin"), l10n.locale, lines=lines,
        preferences=replace(FULL, own_status=OwnStatusPolicy.CALENDAR_ALWAYS_WINS, lead=HOUR, bridge=HOUR),
    )  # fmt: skip
    names = {f"c{index}": NASTY for index in range(120)}
    return ListView(l10n, facts, NOW, names, EVERY, LINK, EVERY, LINK)


def fixed(l10n: Localizer) -> ListView:
    """The same in a workspace that has fixed everything."""
    view = listed(l10n)
    return replace(view, facts=replace(view.facts, policy=CLOSED))


def of_admins(l10n: Localizer, policy: Policy) -> list[dict[str, Any]]:
    numbers = WorkspaceNumbers(*[99_999] * 6, ("users:read", "channels:history"), tuple(OperatorFault))
    return home_part(l10n, policy, numbers, SECTIONS, install=LINK, now=NOW)


CLOSED = Policy(
    titles=False, effects=frozenset(), replies=False, digests=False, keeper=False, agents=False,
    looks=dict.fromkeys(Kind, Look("長" * 100, ":x:")), leave_types=("長" * 60,) * 40, members_may=frozenset(),
    set_by="U1", set_at=NOW,
)  # fmt: skip
SECTIONS = [Section((kit.section(NASTY),) * 15, (NASTY,) * 3, (NASTY,) * 3)] * 4
FULL = Preferences(
    idle=Status("x" * 100, ":wave:"),
    count_unconfirmed=True,
    working_hours=WorkingHours(),
    titles=True,
)


BEFORE, AFTER = Status(), Status(NASTY[:100], ":x:")
DIFFERENCES = [Difference(NOW, NOW + HOUR, BEFORE, AFTER, frozenset(), EVERY, NASTY)] * 100
LAST = Override("o1", NOW, NOW + HOUR, NOW, text=NASTY[:100], emoji=":x:")
UNDO = Undoable("x" * 24, Change(overrides=((None, LAST),)), NOW + HOUR)
CHANGES = [
    Change(lines=((), ())), Change(preferences=(FULL, FULL)), Change(pause=(Pause(NOW), None)),
    Change(pause=(None, Pause(NOW))), Change(overrides=((None, LAST), (LAST, None))), Change(overrides=((LAST, None),)),
    Change(overrides=((None, replace(LAST, kind=OverrideKind.BACK)),)), Change(calendar_id="c1"),
    Change(account=AccountChoice("a1", frozenset(), frozenset())),
]  # fmt: skip


@each_language
def test_views_stay_within_slacks_limits(l10n: Localizer) -> None:
    views = [
        home.home(listed(l10n), now(), [Calendar(f"c{index}") for index in range(40)], "https://quo.example/x"),
        home.home(listed(l10n), now(), EVERYWHERE, LINK, accounts=ACCOUNTS, again=dict.fromkeys(("a8", "a9"), LINK)),
        home.home(listed(l10n), now(), EVERYWHERE * 3, LINK, accounts=ACCOUNTS, undo=UNDO),
        home.home(
            listed(l10n, complete(())), now(0, own=True, paused=True, granted=False), [], "", undo=UNDO, is_new=True
        ),
        home.stranger(l10n, "https://quo.example/x"),
        home.stranger(l10n, ""),
        modals.connect(l10n),
        modals.connect(l10n, accounts=[AccountLink("google", NASTY, LINK)] * 5, problem=NASTY, before=TYPED),
        modals.looking(l10n),
        modals.choose_calendars(l10n, choice(1), [NASTY]),
        modals.choose_calendars(l10n, choice(10)),
        modals.choose_calendars(l10n, choice(11)),
        modals.choose_calendars(l10n, choice(150)),
        modals.choose_calendars(l10n, choice(0)),
        modals.ask_before_drop(l10n, ACCOUNTS[0], 20),
        modals.out_of_office(l10n, date(2026, 11, 24)),
        *(modals.override(l10n, policy) for policy in (Policy(), CLOSED)),
        modals.done(l10n, "x" * 100, [NASTY]),
        *(settings.settings(l10n, chosen, policy) for chosen in (Preferences(), FULL) for policy in (Policy(), CLOSED)),
        *(list_modal.list_modal(listed(l10n), page=page, undo_id="x" * 24) for page in (-1, 0, 1, 9)),
        list_modal.list_modal(listed(l10n, complete(()))),
        list_modal.list_modal(listed(l10n), list_modal.ROUTINES),
        list_modal.list_modal(listed(l10n, complete(())), list_modal.ROUTINES),
        *(line_form.line_form(listed(l10n), line) for line in (None, *RULES[:2])),
        *(line_form.line_form(listed(l10n), line) for line in LONGEST if isinstance(line, Rule) and line.kind),
        *(routine_form.routine_form(listed(l10n), line) for line in (None, ROUTINES[0])),
        line_form.previewed(line_form.line_form(listed(l10n), None), Values({}), changes(l10n, DIFFERENCES, NOW)),
        modals.done(l10n, "x", [], *list_modal.waiting(listed(l10n))),
        list_modal.mute_while(l10n),
        list_modal.mute_while(l10n, [NASTY]),
        *(list_modal.list_modal(fixed(l10n), callback) for callback in (list_modal.RULES, list_modal.ROUTINES)),
        *(line_form.line_form(fixed(l10n), line) for line in fixed(l10n).facts.lines if isinstance(line, Rule)),
        *(
            home.home(one, now(), EVERYWHERE * 3, LINK, accounts=ACCOUNTS, undo=UNDO, workspace=of_admins(l10n, policy))
            for one, policy in ((listed(l10n), Policy()), (fixed(l10n), CLOSED))
        ),
        *(
            workspace_form(l10n, policy, forbids, SECTIONS, metadata="{}")
            for policy, forbids in ((Policy(), frozenset()), (CLOSED, frozenset({"replies", "keeper", "agents"})))
        ),
    ]
    for view in views:
        blockkit.check_view(view)


@each_language
def test_answers_stay_within_slacks_limits(l10n: Localizer) -> None:
    made = Override("o1", NOW, NOW + HOUR, NOW, text=NASTY[:100], emoji=":x:")
    later = Override("o2", NOW + HOUR, None, NOW, OverrideKind.OUT_OF_OFFICE)
    view = now()
    answers = [
        replies.help_(l10n, view),
        replies.help_(l10n, None),
        replies.usage(l10n, TimeNotUnderstoodError(), "/ooo"),
        replies.usage(l10n, InputError(), "/quo"),
        replies.did_you_mean(l10n, "settings", "setings"),
        replies.grant(l10n, "https://quo.example/x", kept=True),
        replies.override(l10n, made, NOW, Pause(NOW)),
        replies.override(l10n, later, NOW),
        *(replies.undone(l10n, change, NOW) for change in CHANGES),
        replies.saved(l10n, "x" * 24),
        replies.saved(l10n, ""),
        *(replies.reply([changed(l10n, change, NOW)]) for change in CHANGES),
        replies.cleared(l10n, Cleared(ended=(made, later)), NOW),
        replies.cleared(l10n, Cleared(back_until=NOW + HOUR), NOW),
        replies.off(l10n, Cleared(ended=(made,), undo_id="x"), NOW),
        replies.off(l10n, Cleared(ended=(later,)), NOW),
        replies.pausing(l10n, Pause(NOW), NOW, "x"),
        replies.pausing(l10n, Pause(NOW + HOUR, NOW + 2 * HOUR), NOW),
        replies.resumed(l10n),
        replies.resumed(l10n, "x"),
        replies.why(l10n, Why(view, view.day.verdicts, Attempt())),
        replies.why(l10n, Why(now(0, own=True), (), None)),
        replies.preview(l10n, view.day, date(2026, 11, 24), date(2026, 11, 24)),
        replies.preview(l10n, now(0).day, date(2027, 11, 24), date(2026, 11, 24)),
        replies.preview_at(l10n, view.span, NOW, NOW, ()),
        replies.calendars(l10n, [Calendar(f"c{index}") for index in range(30)], [], NOW),
        replies.calendars(l10n, EVERYWHERE, ACCOUNTS, NOW),
        replies.calendars(l10n, [], [], NOW),
        *(who.message(l10n, out(*ABSENCES * 500, whose=whose, days=70)) for whose in ToldOf),
        who.message(l10n, out()),
        who.message(l10n, out(days=1)),
        who.of_person(l10n, out(*ABSENCES), ""),
        who.of_person(l10n, out(), ""),
        who.of_person(l10n, out(), NASTY[:80]),
        leaving.forget(l10n, is_keeper=True),
        leaving.forgotten(l10n),
        leaving.opted_out(l10n, granted=True),
        leaving.opted_in(l10n),
    ]
    for answer in answers:
        blockkit.check_message(answer)


def test_nobody_and_nothing_is_left_out_in_silence() -> None:
    l10n = LOCALIZERS[0]
    away = out(*(absent(f"Member {index:05}") for index in range(1000)))
    day = now(300).day
    events = [f"`{l10n.time(one.event.start)}" for one in day.verdicts]
    found = [
        (who.message(l10n, away), [f"Member {index:05}: until" for index in range(1000)]),
        (
            replies.why(l10n, Why(now(300), day.verdicts, None)),
            events,
        ),
    ]
    for answer, expected in found:
        text = "\n".join(block["text"]["text"] for block in answer["blocks"] if block["type"] == "section")
        whole = [line for line in text.split("\n") if any(one in line for one in expected)]
        counted = search(r"… and (\d+) more\.", text)
        assert counted is not None
        assert len(whole) + int(counted[1]) == len(expected)


@each_language
def test_pages_of_who_is_out_fit_into_a_modal_and_have_everybody_once(l10n: Localizer) -> None:
    names = [f"{NASTY[:70]}{index:05}" for index in range(1_000)]
    everybody, page, lines = out(*map(absent, names)), 0, list[str]()
    while True:
        view = who.modal(l10n, everybody, page)
        blockkit.check_view(view)
        sections = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"][1:]
        lines += [line for section in sections for line in section.split("\n")]
        actions = [
            one["action_id"] for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]
        ]
        if who.AFTER not in actions:
            break
        page += 1
    assert page > 1
    assert [line.startswith(f"• {escape(name)}") for line, name in zip(lines, names, strict=True)] == [True] * len(
        names
    )
    assert who.modal(l10n, everybody, 10_000) == view
    blockkit.check_view(who.failed(l10n, "x" * 300))
    blockkit.check_blocks(who.team(l10n, everybody), 3)
    assert who.team(l10n, out()) == []


def test_what_people_wrote_mentions_nobody_and_links_nowhere() -> None:
    l10n = LOCALIZERS[0]
    view = home.home(listed(l10n), now(), [Calendar()], "", undo=UNDO)
    for block in view["blocks"]:
        text = block.get("text", {})
        if text.get("type") == "mrkdwn":
            assert "<!channel>" not in text["text"]
            assert "<https://x.example" not in text["text"]


@each_language
def test_feeds_and_ones_own_calendar_stay_within_slacks_limits(l10n: Localizer) -> None:
    feeds = [
        AbsenceFeed("T1", "f" * 16, "" if whole else "C" * 11, "U1", NOW, "ja", gone=gone)
        for whole, gone in ((True, False), (True, True), (False, True), (False, False))
    ] * 5
    section = feed_section.feed_section(l10n, feeds)
    for view in (
        kit.modal("m", "Title", section.modal, close="Close"),
        home.home(listed(l10n), now(), EVERYWHERE * 3, LINK, accounts=ACCOUNTS, feeds=feeds[:10], undo=UNDO),
        *(feed_section.feed_form(l10n, whole=whole) for whole in (True, False)),
        feed_section.feed_shown_once(l10n, "https://quo.example/absences/" + "x" * 43 + ".ics"),
        modals.out_of_office(l10n, date(2026, 11, 24), ACCOUNTS[0]),
        modals.done(l10n, "x", [], *modals.allow_writing(l10n, EntryTarget(ACCOUNTS[0], LINK))),
    ):
        blockkit.check_view(view)
