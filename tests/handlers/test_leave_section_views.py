"""The leave calendars in the form of the workspace keep within Slack's limits, in every language, however many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.slack.views import blocks as kit
from handlers.slack.views.leave_section import leave_section, names_to_tie, team_hook
from services.domain.calendars import Health
from services.domain.model import WallTimes
from services.platform.locale import Localizer
from services.store.calendars import CalendarView
from services.store.leave import HALF, ComingLeave, LeaveSummary, ListedLine
from services.store.leave_choices import Tie
from services.usecases.leave import LeaveOverview
from tests.support import blockkit

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LONG = "<!channel> & Ünïcode " * 50


def line(number: int, name: str, title: str = LONG) -> ListedLine:
    return ListedLine(f"{number:032}", "C1", "unknown", title, name, NOW + number * DAY, NOW + (number + 1) * DAY)


def half(number: int) -> ListedLine:
    start = datetime(2026, 12, 1)
    at = (NOW + number * DAY, NOW + (number + 1) * DAY)
    return ListedLine(f"h{number}", "C1", HALF, "", "", *at, WallTimes(start, start + DAY), "U7")


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "fr-FR", "es-ES", "ja-JP"])
def test_section_keeps_within_slacks_limits_however_much_there_is(locale: str) -> None:
    l10n = Localizer(locale, "UTC")
    calendar = CalendarView("C1", "ics", LONG, "host", Health.BROKEN, "CalendarGoneError", NOW, NOW, NOW, 9, 9)
    wall = WallTimes(datetime(2026, 11, 24), datetime(2026, 11, 26))
    overview = LeaveOverview(
        calendars=[calendar] * 20,
        accounts=[],
        found=LeaveSummary(9999, 99999, (ComingLeave("U1", NOW, NOW + DAY, wall),) * 10),
        lines=[line(number, f"{number} {LONG}") for number in range(500)] + [half(number) for number in range(50)],
        ties=[Tie(str(number), LONG, "U1") for number in range(100)],
        ready=True,
    )
    section = leave_section(l10n, overview, NOW)
    assert len(section.modal) <= 40
    blockkit.check_view(kit.modal("workspace", "Workspace", section.modal, submit="Save", close="Cancel"))
    assert "<!channel>" not in str([block.get("text") for block in section.modal])
    blockkit.check_view(team_hook(l10n, "https://quo.example/hooks/team/" + "a" * 43))


def test_each_name_is_listed_once_and_a_line_without_one_by_its_title() -> None:
    lines = [line(1, "Ann Li"), line(2, "ann li"), line(3, "", "Vacation"), line(4, "", "vacation"), line(5, "Bob Ray")]
    assert [one.line_id for one in names_to_tie(lines)] == [f"{number:032}" for number in (1, 3, 5)]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Asia/Tokyo"])
def test_days_of_a_line_are_its_days_wherever_the_admin_is(zone: str) -> None:
    start, end = datetime(2026, 12, 1), datetime(2026, 12, 3)
    berlin = ZoneInfo("Europe/Berlin")  # where the admin was who connected the calendar
    at = (start.replace(tzinfo=berlin), end.replace(tzinfo=berlin))
    whole = ListedLine("l1", "C1", "unknown", "Annie Li: vacation", "Annie Li", *at, WallTimes(start, end))
    calendar = CalendarView("C1", "ics", "HR", "host", Health.OK, "", NOW, NOW, NOW, 9, 9)
    overview = LeaveOverview([calendar], [], LeaveSummary(0, 0, ()), [whole], [], ready=True)
    shown = str(leave_section(Localizer("en-GB", zone), overview, NOW).modal)
    assert "Tue 1 Dec – Wed 2 Dec · fits nobody" in shown


def test_half_a_day_of_which_nobody_says_which_is_listed_by_whose_it_is_and_no_name_to_tie() -> None:
    calendar = CalendarView("C1", "ics", "HR", "host", Health.OK, "", NOW, NOW, NOW, 9, 9)
    overview = LeaveOverview([calendar], [], LeaveSummary(0, 0, ()), [half(1)], [], ready=True)
    section = leave_section(Localizer("en-GB", "UTC"), overview, NOW)
    assert "not said which: it does not count*\\n<@U7> · Tue 1 Dec" in str(section.modal)
    assert section.problems == ()
    assert "tie_name" not in str(section.modal)


def test_title_of_a_line_cannot_look_like_what_we_say_ourselves() -> None:
    """A feed is anybody's: lines of its own, and marks that turn the rest around, are left out."""
    title = "Zoe Zed\n:warning: *Your keeper ended* <!channel>\u202e <https://evil.example|Go on>"
    calendar = CalendarView("C1", "ics", "HR", "host", Health.OK, "", NOW, NOW, NOW, 9, 9)
    overview = LeaveOverview([calendar], [], LeaveSummary(0, 0, ()), [line(1, "Zoe\u202e Zed", title)], [], ready=True)
    (block,) = [one for one in leave_section(Localizer("en-GB", "UTC"), overview, NOW).modal if "accessory" in one][1:]
    assert block["text"]["text"].split("\n") == [
        "Zoe Zed :warning: *Your keeper ended* channel Go on", "Wed 25 Nov – Thu 26 Nov · fits nobody",
    ]  # fmt: skip
    assert block["accessory"]["placeholder"]["text"] == "Zoe Zed is …"
