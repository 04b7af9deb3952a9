"""What other programs of this kind did to statuses that people had set themselves, each as this one behaves."""

from __future__ import annotations

from datetime import timedelta

from services.domain.model import PersonKey
from tests.support.databases import BOTH
from tests.support.feeds import lasting
from tests.support.running_app import ANN, TEAM, Whole, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)


async def test_newer_override_wins_over_one_that_ends_later(whole: Whole) -> None:
    await whole.joins()
    await whole.types("/quo", ":dart: Focus for 2h")
    assert whole.shows() == ("Focus", ":dart:", at("11:00"))
    await whole.until(at("09:10"))
    await whole.types("/quo", ":wave: Around for 30m")
    assert whole.shows() == ("Around", ":wave:", at("09:40"))
    await whole.until(at("09:40"))
    assert whole.shows() == ("Focus", ":dart:", at("11:00"))
    await whole.until(at("11:00"))
    assert whole.shows() == NOTHING


async def test_own_status_survives_an_idle_hour(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("yesterday", at("10:00", 23), 60), lasting("tomorrow", at("10:00", 25), 60))
    await whole.connects("work")
    await whole.says("Reading", ":books:")
    for _ in range(12):
        await whole.until(whole.clock.now() + timedelta(minutes=5))
        assert whole.shows() == ("Reading", ":books:", None)
    assert whole.written() == []


async def test_own_status_with_an_end_is_left_alone_and_the_meeting_shows_after_it(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 60))
    await whole.connects("work")
    await whole.says("Commuting", ":bus:", at("10:20"))
    for time in ("09:30", "10:00", "10:19"):
        await whole.until(at(time))
        assert whole.shows() == ("Commuting", ":bus:", at("10:20"))
    await whole.until(at("10:21"))
    assert whole.shows() == (*MEETING, at("11:00"))


async def test_covered_status_without_an_end_comes_back_after_the_meetings(whole: Whole) -> None:
    await whole.joins()
    await whole.says("Reading", ":books:")
    whole.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("10:30"), 30, "Focus time"))
    await whole.connects("work")
    await whole.until(at("10:00"))
    assert whole.shows() == (*MEETING, at("10:30"))
    await whole.until(at("10:30"))
    assert whole.shows()[2] == at("11:00")
    await whole.until(at("11:00"))
    assert whole.shows() == ("Reading", ":books:", None)
    await whole.until(at("15:00"))
    assert whole.shows() == ("Reading", ":books:", None)
    assert whole.written()[0] == "In a meeting"
    assert whole.written()[2:] == ["Reading"]


async def test_covered_status_comes_back_with_the_rest_of_its_time(whole: Whole) -> None:
    await whole.joins()
    await whole.says("Commuting", ":bus:", at("11:00"))
    await whole.until(at("09:10"))
    await whole.types("/quo", ":pizza: Lunch for 30m")
    assert whole.shows() == ("Lunch", ":pizza:", at("09:40"))
    await whole.until(at("09:40"))
    assert whole.shows() == ("Commuting", ":bus:", at("11:00"))
    await whole.until(at("11:00"))
    assert whole.shows() == NOTHING


async def test_covered_status_whose_time_passed_meanwhile_does_not_come_back(whole: Whole) -> None:
    await whole.joins()
    await whole.says("Commuting", ":bus:", at("09:20"))
    await whole.until(at("09:10"))
    await whole.types("/quo", ":pizza: Lunch for 30m")
    assert whole.shows() == ("Lunch", ":pizza:", at("09:40"))
    await whole.until(at("09:40"))
    assert whole.shows() == NOTHING
    await whole.until(at("10:30"))
    assert whole.shows() == NOTHING


async def test_calendar_that_always_wins_puts_the_rest_of_an_own_status_back(whole: Whole) -> None:
    await whole.joins()
    await whole.chooses(own_status={"type": "radio_buttons", "selected_option": {"value": "calendar_always_wins"}})
    await whole.says("Commuting", ":bus:", at("11:00"))
    whole.feeds["work"].has(lasting("a", at("10:00"), 30))
    await whole.connects("work")
    await whole.until(at("10:00"))
    assert whole.shows() == (*MEETING, at("10:30"))
    await whole.until(at("10:30"))
    assert whole.shows() == ("Commuting", ":bus:", at("11:00"))


async def test_own_status_that_always_wins_is_never_covered(whole: Whole) -> None:
    await whole.joins()
    await whole.chooses(own_status={"type": "radio_buttons", "selected_option": {"value": "mine_always_wins"}})
    await whole.says("Reading", ":books:")
    whole.feeds["work"].has(lasting("a", at("10:00"), 30))
    await whole.connects("work")
    for time in ("10:00", "10:15", "10:31"):
        await whole.until(at(time))
        assert whole.shows() == ("Reading", ":books:", None)
    assert whole.written() == []


async def test_status_typed_during_a_meeting_stays_until_the_next_one_begins(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("11:00"), 30))
    await whole.connects("work")
    await whole.until(at("10:05"))
    await whole.says("Presenting", ":microphone:")
    for time in ("10:06", "10:29", "10:31", "10:59"):
        await whole.until(at(time))
        assert whole.shows() == ("Presenting", ":microphone:", None)
    await whole.until(at("11:00"))
    assert whole.shows() == (*MEETING, at("11:30"))
    await whole.until(at("11:30"))
    assert whole.shows() == ("Presenting", ":microphone:", None)


async def test_status_cleared_by_hand_during_a_meeting_stays_cleared_until_the_next_one(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 30), lasting("b", at("11:00"), 30))
    await whole.connects("work")
    await whole.until(at("10:05"))
    await whole.says("")
    for time in ("10:06", "10:29", "10:59"):
        await whole.until(at(time))
        assert whole.shows() == NOTHING
    await whole.until(at("11:00"))
    assert whole.shows() == (*MEETING, at("11:30"))


async def test_only_the_emoji_or_only_the_end_changed_by_hand_is_a_status_of_ones_own(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("12:00"), 60))
    await whole.connects("work")
    await whole.until(at("10:05"))
    await whole.says("In a meeting", ":fire:", at("11:00"))
    await whole.until(at("10:30"))
    assert whole.shows() == ("In a meeting", ":fire:", at("11:00"))
    await whole.until(at("12:05"))
    await whole.says(*MEETING, at("12:20"))
    await whole.until(at("12:10"))
    assert whole.shows() == (*MEETING, at("12:20"))
    assert whole.written() == ["In a meeting", "In a meeting"]


async def test_own_status_with_characters_that_slack_escapes_is_recognised_and_put_back(whole: Whole) -> None:
    await whole.joins()
    await whole.says("R&D <3 at home", ":house:")
    whole.feeds["work"].has(lasting("a", at("10:00"), 30))
    await whole.connects("work")
    await whole.until(at("10:00"))
    assert whole.text() == "In a meeting"
    await whole.until(at("10:30"))
    assert whole.shows() == ("R&D <3 at home", ":house:", None)
    await whole.types("/quo", "Q&A <live> for 10m")
    await whole.until(whole.clock.now() + timedelta(minutes=5))
    assert whole.text() == "Q&A <live>"
    await whole.until(at("11:00"))
    assert whole.shows() == ("R&D <3 at home", ":house:", None)
    assert whole.written() == ["In a meeting", "R&D <3 at home", "Q&A <live>", "R&D <3 at home"]


async def test_pause_leaves_everything_alone_and_resume_shows_what_is_on(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 60))
    await whole.connects("work")
    await whole.types("/quo", "pause")
    await whole.until(at("10:10"))
    assert whole.written() == []
    await whole.types("/quo", "resume")
    assert whole.shows() == (*MEETING, at("11:00"))


async def test_status_that_slack_forgot_to_expire_is_cleared(whole: Whole) -> None:
    await whole.joins()
    whole.feeds["work"].has(lasting("a", at("10:00"), 30))
    await whole.connects("work")
    await whole.until(at("10:00"))
    whole.slack.expiry.works = False
    await whole.until(at("10:30"))
    await whole.until(at("10:31"))
    assert whole.shows() == NOTHING


@BOTH
async def test_restart_in_mid_event_repeats_nothing_and_puts_back_what_was_covered(whole: Whole) -> None:
    await whole.joins()
    await whole.says("Reading", ":books:")
    whole.feeds["work"].has(lasting("a", at("10:00"), 60))
    await whole.connects("work")
    await whole.until(at("10:10"))
    for _ in range(2):
        await whole.stop()
        await whole.start()
        await whole.settle()
    assert whole.written() == ["In a meeting"]
    await whole.stop()
    whole.clock.move_to(at("11:05"))
    await whole.start()
    await whole.settle()
    assert whole.shows() == ("Reading", ":books:", None)


async def test_person_who_is_forgotten_gets_back_what_was_covered(whole: Whole) -> None:
    await whole.joins()
    await whole.says("Reading", ":books:")
    whole.feeds["work"].has(lasting("a", at("10:00"), 60))
    await whole.connects("work")
    await whole.until(at("10:00"))
    assert whole.shows() == (*MEETING, at("11:00"))
    assert whole.service is not None
    assert await whole.service.people.forget(PersonKey(TEAM, ANN))
    await whole.settle()
    assert whole.shows() == ("Reading", ":books:", None)
    await whole.until(at("11:00"))
    assert whole.shows() == ("Reading", ":books:", None)


async def test_status_of_ours_goes_with_the_person_who_is_forgotten(whole: Whole) -> None:
    await whole.joins()
    await whole.types("/quo", ":pizza: Lunch")
    assert whole.shows() == ("Lunch", ":pizza:", None)
    assert whole.service is not None
    assert await whole.service.people.forget(PersonKey(TEAM, ANN))
    await whole.settle()
    assert whole.shows() == NOTHING
