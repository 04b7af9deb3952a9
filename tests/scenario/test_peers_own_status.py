"""What other programs of this kind did to statuses that people had set themselves, each as this one behaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.model import PersonKey
from tests.support.feeds import lasting
from tests.support.few import few
from tests.support.running_app import ANN, TEAM, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)


async def test_newer_override_wins_over_one_that_ends_later(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.types("/quo", ":dart: Focus for 2h")
    assert running_app.shows() == ("Focus", ":dart:", at("11:00"))
    await running_app.until(at("09:10"))
    await running_app.types("/quo", ":wave: Around for 30m")
    assert running_app.shows() == ("Around", ":wave:", at("09:40"))
    await running_app.until(at("09:40"))
    assert running_app.shows() == ("Focus", ":dart:", at("11:00"))
    await running_app.until(at("11:00"))
    assert running_app.shows() == NOTHING


@pytest.mark.parametrize(
    ("command", "text"), few([("/quo", ":dart: Focus"), ("/quo", ":dart: Focus for 2h"), ("/ooo", "today")])
)
@pytest.mark.parametrize("by_hand", [("Mine", ":books:"), ("", "")])
async def test_same_words_asked_for_again_win_over_what_was_done_by_hand_in_between(
    running_app: RunningApp, command: str, text: str, by_hand: tuple[str, str]
) -> None:
    await running_app.joins()
    await running_app.types(command, text)
    asked_for = running_app.shows()
    await running_app.until(at("09:10"))
    await running_app.says(*by_hand)
    await running_app.until(at("09:20"))
    assert running_app.shows()[:2] == by_hand
    await running_app.types(command, text.replace("2h", "100m"))
    assert running_app.shows() == asked_for
    await running_app.until(at("09:30"))
    await running_app.says("Tea", ":tea:")
    await running_app.until(at("09:50"))
    assert running_app.shows() == ("Tea", ":tea:", None)


async def test_own_status_survives_an_idle_hour(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("yesterday", at("10:00", 23), 60), lasting("tomorrow", at("10:00", 25), 60))
    await running_app.connects("work")
    await running_app.says("Reading", ":books:")
    for _ in range(12):
        await running_app.until(running_app.clock.now() + timedelta(minutes=5))
        assert running_app.shows() == ("Reading", ":books:", None)
    assert running_app.written() == []


async def test_own_status_with_an_end_is_left_alone_and_the_meeting_shows_after_it(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await running_app.says("Commuting", ":bus:", at("10:20"))
    for time in ("09:30", "10:00", "10:19"):
        await running_app.until(at(time))
        assert running_app.shows() == ("Commuting", ":bus:", at("10:20"))
    await running_app.until(at("10:21"))
    assert running_app.shows() == (*MEETING, at("11:00"))


async def test_covered_status_without_an_end_comes_back_after_the_meetings(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.says("Reading", ":books:")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("10:30"), 30, "Focus time"))
    await running_app.connects("work")
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("10:30"))
    await running_app.until(at("10:30"))
    assert running_app.shows()[2] == at("11:00")
    await running_app.until(at("11:00"))
    assert running_app.shows() == ("Reading", ":books:", None)
    await running_app.until(at("15:00"))
    assert running_app.shows() == ("Reading", ":books:", None)
    assert running_app.written()[0] == "In a meeting"
    assert running_app.written()[2:] == ["Reading"]


async def test_covered_status_comes_back_with_the_rest_of_its_time(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.says("Commuting", ":bus:", at("11:00"))
    await running_app.until(at("09:10"))
    await running_app.types("/quo", ":pizza: Lunch for 30m")
    assert running_app.shows() == ("Lunch", ":pizza:", at("09:40"))
    await running_app.until(at("09:40"))
    assert running_app.shows() == ("Commuting", ":bus:", at("11:00"))
    await running_app.until(at("11:00"))
    assert running_app.shows() == NOTHING


async def test_covered_status_whose_time_passed_meanwhile_does_not_come_back(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.says("Commuting", ":bus:", at("09:20"))
    await running_app.until(at("09:10"))
    await running_app.types("/quo", ":pizza: Lunch for 30m")
    assert running_app.shows() == ("Lunch", ":pizza:", at("09:40"))
    await running_app.until(at("09:40"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("10:30"))
    assert running_app.shows() == NOTHING


async def test_calendar_that_always_wins_puts_the_rest_of_an_own_status_back(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.chooses(
        own_status={"type": "radio_buttons", "selected_option": {"value": "calendar_always_wins"}}
    )
    await running_app.says("Commuting", ":bus:", at("11:00"))
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("10:30"))
    await running_app.until(at("10:30"))
    assert running_app.shows() == ("Commuting", ":bus:", at("11:00"))


async def test_own_status_that_always_wins_is_never_covered(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.chooses(own_status={"type": "radio_buttons", "selected_option": {"value": "mine_always_wins"}})
    await running_app.says("Reading", ":books:")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30))
    await running_app.connects("work")
    for time in ("10:00", "10:15", "10:31"):
        await running_app.until(at(time))
        assert running_app.shows() == ("Reading", ":books:", None)
    assert running_app.written() == []


async def test_status_typed_during_a_meeting_stays_until_the_next_one_begins(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("11:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:05"))
    await running_app.says("Presenting", ":microphone:")
    for time in ("10:06", "10:29", "10:31", "10:59"):
        await running_app.until(at(time))
        assert running_app.shows() == ("Presenting", ":microphone:", None)
    await running_app.until(at("11:00"))
    assert running_app.shows() == (*MEETING, at("11:30"))
    await running_app.until(at("11:30"))
    assert running_app.shows() == ("Presenting", ":microphone:", None)


async def test_status_cleared_by_hand_during_a_meeting_stays_cleared_until_the_next_one(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("11:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:05"))
    await running_app.says("")
    for time in ("10:06", "10:29", "10:59"):
        await running_app.until(at(time))
        assert running_app.shows() == NOTHING
    await running_app.until(at("11:00"))
    assert running_app.shows() == (*MEETING, at("11:30"))


async def test_only_the_emoji_or_only_the_end_changed_by_hand_is_a_status_of_ones_own(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("12:00"), 60))
    await running_app.connects("work")
    await running_app.until(at("10:05"))
    await running_app.says("In a meeting", ":fire:", at("11:00"))
    await running_app.until(at("10:30"))
    assert running_app.shows() == ("In a meeting", ":fire:", at("11:00"))
    await running_app.until(at("12:05"))
    await running_app.says(*MEETING, at("12:20"))
    await running_app.until(at("12:10"))
    assert running_app.shows() == (*MEETING, at("12:20"))
    assert running_app.written() == ["In a meeting", "In a meeting"]


async def test_own_status_with_characters_that_slack_escapes_is_recognised_and_put_back(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    await running_app.says("R&D <3 at home", ":house:")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:00"))
    assert running_app.text() == "In a meeting"
    await running_app.until(at("10:30"))
    assert running_app.shows() == ("R&D <3 at home", ":house:", None)
    await running_app.types("/quo", "Q&A <live> for 10m")
    await running_app.until(running_app.clock.now() + timedelta(minutes=5))
    assert running_app.text() == "Q&A <live>"
    await running_app.until(at("11:00"))
    assert running_app.shows() == ("R&D <3 at home", ":house:", None)
    assert running_app.written() == ["In a meeting", "R&D <3 at home", "Q&A <live>", "R&D <3 at home"]


async def test_pause_leaves_everything_alone_and_resume_shows_what_is_on(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await running_app.types("/quo", "pause")
    await running_app.until(at("10:10"))
    assert running_app.written() == []
    await running_app.types("/quo", "resume")
    assert running_app.shows() == (*MEETING, at("11:00"))


async def test_status_that_slack_forgot_to_expire_is_cleared(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 30))
    await running_app.connects("work")
    await running_app.until(at("10:00"))
    running_app.slack.expiry.works = False
    await running_app.until(at("10:30"))
    await running_app.until(at("10:31"))
    assert running_app.shows() == NOTHING


async def test_restart_in_mid_event_repeats_nothing_and_puts_back_what_was_covered(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.says("Reading", ":books:")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await running_app.until(at("10:10"))
    for _ in range(2):
        await running_app.stop()
        await running_app.start()
        await running_app.settle()
    assert running_app.written() == ["In a meeting"]
    await running_app.stop()
    running_app.clock.move_to(at("11:05"))
    await running_app.start()
    await running_app.settle()
    assert running_app.shows() == ("Reading", ":books:", None)


async def test_person_who_is_forgotten_gets_back_what_was_covered(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.says("Reading", ":books:")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("11:00"))
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await running_app.settle()
    assert running_app.shows() == ("Reading", ":books:", None)
    await running_app.until(at("11:00"))
    assert running_app.shows() == ("Reading", ":books:", None)


async def test_status_of_ours_goes_with_the_person_who_is_forgotten(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.types("/quo", ":pizza: Lunch")
    assert running_app.shows() == ("Lunch", ":pizza:", None)
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await running_app.settle()
    assert running_app.shows() == NOTHING


async def test_words_of_the_meeting_that_are_asked_for_win_over_what_was_done_by_hand_in_it(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("09:30"), 60))
    await running_app.connects("work")
    await running_app.until(at("09:40"))
    text, emoji, _ = running_app.shows()
    await running_app.says("Mine", ":books:")
    await running_app.until(at("09:45"))
    assert running_app.shows() == ("Mine", ":books:", None)
    await running_app.types("/quo", f"{emoji} {text} for 30m")
    assert running_app.shows() == (text, emoji, at("10:30"))
    await running_app.until(at("10:31"))
    assert running_app.shows() == ("Mine", ":books:", None)
