"""Every view in every language within Slack's limits, also with the longest and oddest that people have."""

from __future__ import annotations

from datetime import date
from re import search

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
from handlers.slack.views.lines import changes
from handlers.slack.views.workspace import workspace_form
from services.calendars.entries import EntryTarget
from services.calendars.oauth_flow import AccountLink
from services.domain.errors import InputError, TimeNotUnderstoodError
from services.domain.lines import Rule, complete
from services.domain.model import (
    Override,
    OverrideKind,
    Pause,
)
from services.domain.people import Preferences
from services.domain.policy import Policy
from services.domain.text import escape
from services.platform.locale import Localizer
from services.store.absence_feeds import AbsenceFeed
from services.usecases.status_reader import Why
from services.usecases.statuses import Cleared
from services.usecases.who import ToldOf
from tests.support import blockkit
from tests.support.longest import (
    ABSENCES,
    ACCOUNTS,
    CHANGES,
    CLOSED,
    DIFFERENCES,
    EVERYWHERE,
    FULL,
    HOUR,
    LINK,
    LOCALIZERS,
    LONGEST,
    NASTY,
    NOW,
    ROUTINES,
    RULES,
    SECTIONS,
    TYPED,
    UNDO,
    Attempt,
    Calendar,
    absent,
    choice,
    each_language,
    fixed,
    listed,
    now,
    of_admins,
    out,
)


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
