"""`/quo who`: who is out, until when, of whom that is told, and to whom nothing is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from emulators.slack.state import Channel
from services.usecases import who
from tests.support import blockkit
from tests.support.absences import are_out
from tests.support.databases import SQLITE_FIRST
from tests.support.feeds import entry, lasting
from tests.support.office import CAT, Office, office_in
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

NOBODY = "Nobody is out, as far as I know."
OTHER = "T0OTHER001"
OF_CHANNEL, OF_WORKSPACE = "Of the members of this channel.", "Of the whole workspace."


@pytest.fixture
async def office(office: Office) -> Office:
    """The same; the app may see who is in a channel, and Ben has granted, too."""
    await office.app.joins(ANN, add="digests")
    return office


async def asks(
    office: Office, text: str = "", user: str = BEN, channel: Channel | None = None
) -> tuple[list[str], list[str]]:
    """Somebody types `/quo who …` in a channel: the lines of the answer, and its small print."""
    found = (channel or office.channel).channel_id
    answer = await office.app.slack.people.command(user, "/quo", f"who {text}".strip(), channel_id=found)
    assert answer.status == 200
    said: dict[str, Any] = answer.json()
    blockkit.check_message(said)
    await office.app.settle()
    return lines_of(said["blocks"]), [
        block["elements"][0]["text"] for block in said["blocks"] if block["type"] == "context"
    ]


def lines_of(blocks: list[dict[str, Any]]) -> list[str]:
    return [line for block in blocks if block["type"] == "section" for line in block["text"]["text"].split("\n")]


# ── until when ──────────────────────────────────────────────────────────────────────────────────────


@SQLITE_FIRST
async def test_who_is_out_is_named_with_the_day_of_return_and_nobody_is_notified(office: Office) -> None:
    assert await asks(office) == ([NOBODY], [OF_CHANNEL])
    await office.app.types("/ooo", "until friday")
    lines, notes = await asks(office)
    assert lines == ["*Who is out: today*", "• Ann Lee: back on Fri 27 Nov"]
    assert notes == [OF_CHANNEL]
    (message,) = [one for one in office.app.slack.ephemeral_messages(BEN) if "Ann Lee" in one.text]
    assert message.text == "*Who is out: today*\n• Ann Lee: back on Fri 27 Nov"
    assert office.app.slack.talk.notified(message) == frozenset()


async def test_day_of_return_is_never_converted_and_a_time_is(office: Office) -> None:
    await office.app.types("/ooo", "until friday")  # in Berlin, midnight there: the evening before in New York
    assert (await asks(office))[0][1] == "• Ann Lee: back on Fri 27 Nov"
    assert (await asks(office, user=CAT))[0][1] == "• Ann Lee：11月27日(金)に戻ります"
    await office.app.types("/ooo", "off")
    await office.app.types("/ooo", "until 14:00")
    assert (await asks(office))[0][1] == "• Ann Lee: until 08:00"


async def test_absence_of_a_calendar_is_told_without_its_title_and_goes_on_over_a_meeting_on_top_of_it(
    office: Office,
) -> None:
    await office.has(
        entry("a", date(2026, 11, 24), date(2026, 12, 19), "Sick leave in Spain"), lasting("b", at("09:30"), 60, "Call")
    )
    lines, _ = await asks(office)
    assert lines == ["*Who is out: today*", "• Ann Lee: back on Sat 19 Dec"]


async def test_absence_of_a_calendar_is_told_weeks_ahead_and_an_all_day_note_is_none(office: Office) -> None:
    await office.has(
        entry("a", date(2026, 12, 21), date(2026, 12, 24), "Vacation"),
        entry("b", date(2026, 12, 28), date(2026, 12, 30), "Inventory"),
        entry("c", date(2027, 1, 4), date(2027, 1, 6), "Away", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "CLASS:CONFIDENTIAL"),
        entry("d", date(2027, 1, 11), date(2027, 1, 13), "Ben Hall: vacation"),
    )
    lines, _ = await asks(office, "1 dec - 20 jan")
    assert lines[1:] == ["• Ann Lee: from Mon 21 Dec, back on Thu 24 Dec"]


async def test_where_people_work_is_listed_apart(office: Office) -> None:
    at_home = "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"
    await office.has(
        entry("a", date(2026, 11, 24), date(2026, 11, 25), "Home", at_home),
        entry("b", date(2026, 11, 26), date(2026, 11, 27), "Home", at_home),
        lasting("c", at("08:30"), 90, "Planning"),  # on top of it now
    )
    lines, _ = await asks(office)
    assert lines == ["Nobody is out, as far as I know.", "*Where they work*", "• Ann Lee: from home"]
    lines, _ = await asks(office, "this week")
    assert lines[-1] == "• Ann Lee: from home (Tue 24 Nov, Thu 26 Nov)"
    await office.app.chooses(
        options={"type": "checkboxes", "selected_options": []},
        share_absences={"type": "checkboxes", "selected_options": []},
    )
    assert (await asks(office))[0] == [NOBODY]


async def test_who_is_out_later_today_is_told_with_when_that_begins(office: Office) -> None:
    await office.app.types("/ooo", "from 15:00 until 17:00")
    assert (await asks(office, user=ANN))[0] == ["*Who is out: today*", "• Ann Lee: from 15:00 until 17:00"]


async def test_next_week_and_other_times_are_asked_about_in_ones_own_words(office: Office) -> None:
    await office.app.types("/ooo", "24 dec - 2 jan")
    assert (await asks(office))[0] == [NOBODY]
    assert (await asks(office, "next week"))[0] == ["Nobody is out, as far as I know: Mon 30 Nov – Sun 6 Dec"]
    lines, _ = await asks(office, "20 dec - 30 dec")
    assert lines == ["*Who is out: Sun 20 Dec – Wed 30 Dec*", "• Ann Lee: from Thu 24 Dec, back on Sun, 3 Jan 2027"]
    lines, notes = await asks(office, "1 dec - 1 mar")
    assert lines[1:] == ["• Ann Lee: from Thu 24 Dec, back on Sun, 3 Jan 2027"]
    assert notes == [OF_CHANNEL, "I know of absences until Sat, 23 Jan 2027."]
    assert (await asks(office, "来月", CAT))[0][1] == "• Ann Lee：12月24日(木)から、2027年1月3日(日)に戻ります"


@pytest.mark.parametrize("typed", ["banana", "next week banana", "yesterday"])
async def test_time_that_is_not_understood_gets_an_example(office: Office, typed: str) -> None:
    lines, _ = await asks(office, typed)
    assert "Type `/quo who`, `/quo who @somebody`, or when: `/quo who next week`." in lines


# ── one person ──────────────────────────────────────────────────────────────────────────────────────


async def test_one_person_is_asked_about_by_a_mention(office: Office) -> None:
    assert await asks(office, "@ann") == (["Ann Lee is not out, as far as I know."], [])
    await office.app.types("/ooo", "24 dec - 2 jan")
    assert (await asks(office, "@ann"))[0] == ["• Ann Lee: from Thu 24 Dec, back on Sun, 3 Jan 2027"]
    assert (await asks(office, "@ann next week"))[0] == ["Ann Lee is not out, as far as I know."]
    assert (await asks(office, "next week @ann"))[0] == ["Ann Lee is not out, as far as I know."]
    assert "Nothing was changed." in (await asks(office, "@ann next week @ben"))[0][-1]
    office.app.slack.add_person("U0NEW00001", "new", "New Comer", team_id=TEAM, tz="Etc/UTC", locale="en-GB")
    assert (await asks(office, "@new"))[0] == ["They are not out, as far as I know."]  # nothing is known of them
    assert "Nothing was changed." in (await asks(office, "@ann banana"))[0][-1]


async def test_name_that_slack_did_not_escape_is_said_to_be_none(office: Office) -> None:
    lines, _ = await asks(office, "@annn")
    assert lines[0].startswith("Slack did not tell me who that is.")


# ── who is told, and of whom ────────────────────────────────────────────────────────────────────────


async def test_answer_is_of_the_channel_where_the_app_may_see_it_else_of_the_workspace(office: Office) -> None:
    await office.app.types("/ooo", "until friday")
    without_ann = office.app.slack.talk.create("random", TEAM, {BEN, CAT})
    assert await asks(office, channel=without_ann) == ([NOBODY], [OF_CHANNEL])
    private = office.app.slack.talk.create("secret", TEAM, {BEN}, private=True)
    lines, notes = await asks(office, channel=private)
    assert lines[1:] == ["• Ann Lee: back on Fri 27 Nov"]
    assert notes == ["Of the whole workspace: I cannot see who is in this channel. Invite me to it."]
    direct = office.app.slack.direct_channel(BEN)
    assert (await asks(office, channel=direct))[1] == [OF_WORKSPACE]


async def test_without_the_permission_the_answer_is_of_the_workspace_and_says_why(running_app: RunningApp) -> None:
    office = await office_in(running_app)
    await office.app.types("/ooo", "until friday")
    lines, notes = await asks(office)
    assert lines[1:] == ["• Ann Lee: back on Fri 27 Nov"]
    assert notes == [
        "Of the whole workspace: to tell who is in a channel I need a permission that a workspace admin gives."
    ]
    assert office.app.slack.calls.all("conversations.members") == []


async def test_guest_is_told_of_the_members_of_their_channel_alone(office: Office) -> None:
    slack = office.app.slack
    slack.membership.set_role(CAT, "guest")
    await office.app.settle()
    await office.app.types("/ooo", "until friday")
    assert (await asks(office, user=CAT))[0][1:] == ["• Ann Lee：11月27日(金)に戻ります"]
    assert (await asks(office, "@ann", user=CAT))[0] == ["• Ann Lee：11月27日(金)に戻ります"]
    elsewhere = slack.talk.create("guests", TEAM, {CAT, BEN})
    assert await asks(office, user=CAT, channel=elsewhere) == (
        ["わかる範囲では、不在の人はいません。"],
        ["このチャンネルのメンバーについてです。"],
    )
    for channel in (slack.talk.create("secret", TEAM, {CAT}, private=True), slack.direct_channel(CAT)):
        (line,), notes = await asks(office, user=CAT, channel=channel)
        assert ("Ann" not in line, "チャンネル" in line, notes) == (True, True, [])
    (line,), _ = await asks(office, "@ann", user=CAT, channel=elsewhere)
    assert "Ann" not in line


async def test_whoever_slack_does_not_know_now_is_told_of_their_channel_alone(office: Office) -> None:
    await office.app.types("/ooo", "until friday")
    await asks(office)
    await office.app.until(at("09:05"))
    office.app.slack.faults.add(Fault("users.info", error="internal_error", times=9))
    assert (await asks(office))[0][1:] == ["• Ann Lee: back on Fri 27 Nov"]
    (line,), _ = await asks(office, channel=office.app.slack.direct_channel(BEN))
    assert line.startswith("I can tell you who is out of a channel that you are in")


async def test_nobody_is_told_of_who_paused_cleared_it_or_shows_their_own(office: Office) -> None:
    await office.app.types("/ooo", "until friday")
    await office.app.types("/quo", "pause")
    assert (await asks(office))[0] == [NOBODY]
    await office.app.types("/quo", "resume")
    assert (await asks(office))[0][1:] == ["• Ann Lee: back on Fri 27 Nov"]
    await office.app.until(at("09:05"))
    await office.app.says("", "")
    assert (await asks(office))[0] == [NOBODY]
    await office.app.says("Back at my desk", ":desktop_computer:")
    assert (await asks(office))[0] == [NOBODY]


async def test_private_absence_is_told_while_slack_shows_it_and_not_before(office: Office) -> None:
    private = entry("a", date(2026, 11, 25), date(2026, 11, 27), "Surgery (sick leave)", "CLASS:PRIVATE")
    await office.has(private.replace("Surgery (sick leave)", "Sick leave"))
    assert (await asks(office, "tomorrow"))[0] == ["Nobody is out, as far as I know: Wed 25 Nov"]
    await office.app.until(at("09:00", day=25))
    assert (await asks(office))[0][1:] == ["• Ann Lee: back on Fri 27 Nov"]


async def test_coming_absences_of_who_does_not_share_them_are_not_told(office: Office) -> None:
    await office.app.types("/ooo", "24 dec - 2 jan")
    assert (await asks(office, "24 dec"))[0][1:] == ["• Ann Lee: from Thu 24 Dec, back on Sun, 3 Jan 2027"]
    await office.app.chooses(
        options={"type": "checkboxes", "selected_options": []},
        share_absences={"type": "checkboxes", "selected_options": []},
    )
    assert (await asks(office, "24 dec"))[0] == ["Nobody is out, as far as I know: Thu 24 Dec"]
    await office.app.until(at("09:00", day=24) + timedelta(days=30))
    assert (await asks(office))[0][1:] == ["• Ann Lee: back on Sun, 3 Jan 2027"]  # Slack shows it


async def test_nobody_of_another_organization_is_told_anything(office: Office) -> None:
    slack = office.app.slack
    slack.add_workspace(OTHER)
    slack.add_person("U0EVE00001", "eve", "Eve Stranger", team_id=OTHER, tz="Etc/UTC", locale="en-GB")
    await office.app.types("/ooo", "until friday")
    shared = slack.talk.create("shared", TEAM, {ANN, BEN, "U0EVE00001"}, shared=True)
    assert (await asks(office, channel=shared))[0][1:] == ["• Ann Lee: back on Fri 27 Nov"]  # a colleague asks
    answer = await slack.people.command("U0EVE00001", "/quo", "who", channel_id=shared.channel_id)
    assert b"Ann" not in answer.body  # the app is not installed in hers


# ── the Home tab ────────────────────────────────────────────────────────────────────────────────────


async def test_home_shows_who_else_is_out_today_but_to_no_guest(office: Office) -> None:
    app = office.app
    await app.types("/ooo", "until friday")
    for user, seen in ((BEN, True), (ANN, False)):
        await app.opens_home(user)
        await app.settle()
        said = str(app.slack.homes[user].view["blocks"])
        assert ("Your colleagues today" in said, "• Ann Lee: back on Fri 27 Nov" in said) == (seen, seen)
    app.slack.membership.set_role(CAT, "guest")
    await app.opens_home(CAT)
    await app.settle()
    assert "Ann Lee" not in str(app.slack.homes[CAT].view["blocks"])


async def test_home_of_many_names_some_and_shows_all_of_them_in_the_modal(office: Office) -> None:
    service, app = office.app.service, office.app
    assert service is not None
    names = [f"Member {number:02}" for number in range(42)]
    await are_out(service.stores.database, service.stores.encryptor, TEAM, names, app.clock.now())
    await app.opens_home(BEN)
    await app.settle()
    home = app.slack.homes[BEN]
    said = lines_of(home.view["blocks"])
    assert [line for line in said if "Member" in line] == [f"• {name}: back on Fri 27 Nov" for name in names[:15]]
    assert "… and 27 more." in said
    await app.slack.people.click_in_view(BEN, home.view_id, button_of(home.view["blocks"], "who_all"))
    shown = lines_of(app.slack.modals[BEN][-1].view["blocks"])
    assert [line for line in shown if "Member" in line] == [f"• {name}: back on Fri 27 Nov" for name in names]


# ── however many ────────────────────────────────────────────────────────────────────────────────────


async def test_all_are_shown_however_many_in_a_modal_with_pages(office: Office) -> None:
    service = office.app.service
    assert service is not None
    names = [f"Member {number:04} with a long name & a sign" for number in range(1_500)]
    await are_out(service.stores.database, service.stores.encryptor, TEAM, names, office.app.clock.now())
    direct = office.app.slack.direct_channel(BEN)
    lines, _ = await asks(office, channel=direct)
    shown = [line for line in lines if line.startswith("• ")]
    assert shown == [f"• {name.replace('&', '&amp;')}: back on Fri 27 Nov" for name in names[: len(shown)]]
    assert lines[-1] == f"… and {len(names) - len(shown)} more."
    (message,) = [one for one in office.app.slack.ephemeral_messages(BEN) if "Member" in one.text]
    assert all(line in lines for line in message.text.splitlines())
    await office.app.slack.people.click_in_message(BEN, message.ts, button_of(message.blocks, "who_all"))
    found: list[str] = []
    for _ in range(10):
        view = office.app.slack.modals[BEN][-1]
        blockkit.check_view({key: view.view[key] for key in ("type", "callback_id", "title", "close", "blocks")})
        found += [line for line in lines_of(view.view["blocks"]) if line.startswith("• ")]
        following = button_of(view.view["blocks"], "who_after")
        if not following:
            break
        await office.app.slack.people.click_in_view(BEN, view.view_id, following)
    assert [line.split(":")[0] for line in found] == [f"• {name.replace('&', '&amp;')}" for name in names]
    back = button_of(office.app.slack.modals[BEN][-1].view["blocks"], "who_before")
    assert back


def button_of(blocks: list[dict[str, Any]], action_id: str) -> dict[str, Any]:
    """The button, as a click sends it; empty where there is none."""
    parts = [one for block in blocks for one in (*block.get("elements", ()), block.get("accessory", {}))]
    return next((one for one in parts if one.get("action_id") == action_id), {})


# ── large channels, and what Slack does not tell ────────────────────────────────────────────────────


async def test_large_channel_that_takes_long_to_read_is_asked_about_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, many = office.app.slack, [f"U9MANY{number:04}" for number in range(450)]
    for user_id in many:
        slack.add_person(user_id, user_id.lower(), team_id=TEAM, tz="Etc/UTC", locale="en-GB")
    large = slack.talk.create("large", TEAM, {ANN, BEN, *many})
    await office.app.types("/ooo", "until friday")
    await asks(office)  # who asks is known from now on
    slack.faults.add(Fault("conversations.members", latency=0.5))
    monkeypatch.setattr(who, "PATIENCE", 0.1)
    (line,), notes = await asks(office, channel=large)
    assert (line, notes) == ("I am still reading who is in this channel. Ask again in a moment.", [])
    monkeypatch.undo()
    lines: list[str] = []
    while "• Ann Lee: back on Fri 27 Nov" not in lines:
        lines, _ = await asks(office, channel=large)
    calls = len(slack.calls.all("conversations.members"))
    assert (await asks(office, channel=large))[0] == lines
    assert len(slack.calls.all("conversations.members")) == calls  # remembered for a minute


async def test_channel_that_slack_refuses_to_tell_of_is_said_to_be_unseen(office: Office) -> None:
    await office.app.types("/ooo", "until friday")
    for error, note in (
        ("missing_scope", "Of the whole workspace: to tell who is in a channel I need a permission"),
        ("channel_not_found", "Of the whole workspace: I cannot see who is in this channel."),
        ("internal_error", "Of the whole workspace: I cannot see who is in this channel."),
    ):
        fault = office.app.slack.faults.add(Fault("conversations.members", error=error, times=None))
        lines, notes = await asks(office)
        office.app.slack.faults.remove(fault)
        assert lines[1:] == ["• Ann Lee: back on Fri 27 Nov"]
        assert notes[0].startswith(note)
