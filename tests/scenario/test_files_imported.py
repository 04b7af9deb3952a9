"""Calendar files sent to the app: offered, imported, brought up to date, or refused in a sentence."""

from __future__ import annotations

from tests.feeds import calendar, lasting
from tests.files import clicks, sends
from tests.whole import Whole, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)


async def test_file_is_offered_imported_and_updated_when_it_is_sent_again(on_both: Whole) -> None:
    await on_both.joins()
    before = len(on_both.told())
    work = calendar("X-WR-CALNAME:Ann & work", lasting("a", at("10:00"), 60), lasting("b", at("12:00", 26), 60))
    await sends(on_both, "work.ics", work)
    assert on_both.told()[before:] == [
        "*Ann &amp; work* is a calendar. Events in the next 60 days: 2.\n"
        "I would take it as it is now. When it has changed, send it again, and I bring it up to date."
    ]
    await on_both.until(at("10:00"))
    assert on_both.shows() == NOTHING
    await clicks(on_both)
    assert on_both.told()[before:] == ["Connected. I am reading it now; your Home tab shows how it goes."]
    assert on_both.shows() == (*MEETING, at("11:00"))
    await sends(on_both, "work (1).ics", calendar(lasting("a", at("10:00"), 90)))
    assert on_both.told()[-1] == "*Ann &amp; work* is up to date with this file. Events in the next 60 days: 1."
    assert on_both.shows() == (*MEETING, at("11:30"))
