"""`/ooo` typed in a Slack on loopback, in several languages and zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.domain.model import OverrideKind
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.stepped_app import SteppedApp, local, open_stepped_app

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "start", "end", "note", "understood"),
    [
        ("friday", "2026-11-27 00:00", "2026-11-28 00:00", "", "You are out of office on Fri 27 Nov."),
        ("tomorrow", "2026-11-25 00:00", "2026-11-26 00:00", "", "You are out of office on Wed 25 Nov."),
        ("24 dec - 2 jan Skiing", "2026-12-24 00:00", "2027-01-03 00:00", "Skiing",
         "You are out of office from Thu 24 Dec until the end of Sat, 2 Jan 2027."),
        ("until monday 9am", "2026-11-24 10:00", "2026-11-30 09:00", "",
         "You are out of office until Mon 30 Nov, 09:00."),
        ("rest of the day", "2026-11-24 10:00", "2026-11-25 00:00", "",
         "You are out of office until the end of today."),
        ("2pm-4pm Dentist", "2026-11-24 14:00", "2026-11-24 16:00", "Dentist",
         "You are out of office from 14:00 until 16:00."),
        ("bis Freitag", "2026-11-24 10:00", "2026-11-28 00:00", "",
         "You are out of office until the end of Fri 27 Nov."),
    ],
)  # fmt: skip
async def test_ooo_does_it_at_once_and_says_what_was_understood(
    app: SteppedApp, *, typed: str, start: str, end: str, note: str, understood: str
) -> None:
    answer = await app.ooo(typed)
    made = await app.only()
    assert made.end is not None
    assert (made.kind, local(made.start), local(made.end), made.text) == (OverrideKind.OUT_OF_OFFICE, start, end, note)
    assert answer["text"].splitlines()[0] == understood


async def test_ooo_of_most_of_a_year_asks_back_and_is_done_once_it_is_meant(app: SteppedApp) -> None:
    answer = await app.ooo("2 jan - 24 dec Sabbatical")
    assert answer["text"] == (
        "Out of office from Sat, 2 Jan 2027 until the end of Fri, 24 Dec 2027: that is 357 days. Is that right? "
        "Nothing was changed yet."
    )
    assert await app.standing() == []
    await app.click_message("be_out_so_long")
    made = await app.only()
    assert made.end is not None
    assert (local(made.start), local(made.end), made.text) == ("2027-01-02 00:00", "2027-12-25 00:00", "Sabbatical")
    assert app.message().text.startswith("You are out of office from Sat, 2 Jan 2027")


@pytest.mark.parametrize(
    ("typed", "end"), [("tomorrow - 30 jun Sabbatical", "2027-07-01 00:00"), ("for 200 days", "2027-06-12 10:00")]
)
async def test_long_absence_that_is_meant_on_the_day_after_is_the_one_that_was_asked_about(
    app: SteppedApp, typed: str, end: str
) -> None:
    await app.ooo(typed)
    clicked_at = app.clock.move(days=1)
    await app.click_message("be_out_so_long")
    made = await app.only()
    assert (made.start, local(made.end or made.start)) == (clicked_at, end)


@pytest.mark.parametrize(("typed", "asks"), [("1 jan - 1 jul", False), ("1 jan - 4 jul", True)])
async def test_ooo_asks_back_beyond_half_a_year(app: SteppedApp, typed: str, asks: bool) -> None:
    assert ("Is that right?" in (await app.ooo(typed))["text"]) is asks
    assert (await app.standing() == []) is asks


async def test_ooo_shows_the_default_text_with_the_return_date(app: SteppedApp) -> None:
    await app.ooo("until monday")
    text, emoji, expiration = await app.shows()
    assert (text, emoji) == ("Out of office until 30 November", ":palm_tree:")
    assert local(datetime.fromtimestamp(expiration, UTC)) == "2026-11-30 00:00"


async def test_ooo_undo_takes_it_back(app: SteppedApp) -> None:
    await app.ooo("today Ill")
    assert (await app.shows())[0] == "Ill"
    await app.click_message("undo_override")
    assert app.message().text == "Taken back: *Ill* until the end of today"
    assert await app.shows() == ("", "", 0)


async def test_ooo_off_ends_the_running_absence(app: SteppedApp) -> None:
    await app.ooo("until friday")
    await app.shows()
    assert (await app.ooo("off"))["text"] == "Welcome back. You are not out of office any more."
    assert await app.shows() == ("", "", 0)
    assert (await app.ooo("off"))["text"] == "There is nothing to change."


async def test_ooo_off_takes_back_an_absence_that_is_still_to_come(app: SteppedApp) -> None:
    await app.ooo("24 dec - 2 jan")
    answer = await app.ooo("off")
    assert answer["text"] == "Taken back: Out of office from Thu 24 Dec until the end of Sat, 2 Jan 2027"
    assert await app.standing() == []


@pytest.mark.parametrize("typed", ["Skiing", "gibberish", "3 jan - 1 jan", "yesterday", "30 feb", "2020-01-01"])
async def test_ooo_not_understood_answers_usage_and_changes_nothing(app: SteppedApp, typed: str) -> None:
    answer = await app.ooo(typed)
    assert "Type `/ooo [when] [note]`, for example `/ooo 24 dec - 2 jan Skiing`" in answer["text"]
    assert await app.standing() == []


async def test_ooo_alone_opens_the_form_with_today(app: SteppedApp) -> None:
    assert await app.ooo() == {}
    view = app.modal().view
    assert view["callback_id"] == "out_of_office"
    assert [block["block_id"] for block in view["blocks"]] == ["from", "from_time", "to", "to_time", "note", "stand_in"]
    assert view["blocks"][0]["element"]["initial_date"] == "2026-11-24"


async def test_ooo_while_paused_says_that_it_waits(app: SteppedApp) -> None:
    await app.quo("pause")
    answer = await app.ooo("today")
    assert "You paused me, so I set it only when you resume: `/quo resume`." in answer["text"]


@pytest.mark.parametrize(
    ("locale", "zone", "typed", "answer", "end"),
    [
        ("de-DE", "Europe/Berlin", "bis Freitag", "Du bist bis Fr., 27. Nov., 24:00 Uhr abwesend.", "2026-11-28 00:00"),
        ("fr-FR", "Europe/Paris", "jusqu’à demain", "Vous êtes absent(e) jusqu’à la fin de la journée.",
         "2026-11-25 00:00"),
        ("es-ES", "Europe/Madrid", "hasta el viernes", "Estás fuera de la oficina hasta el final del vie, 27 nov.",
         "2026-11-28 00:00"),
        ("ja-JP", "Asia/Tokyo", "金曜日まで", "11月27日(金)の終わりまで不在にします。", "2026-11-28 00:00"),
        ("en-US", "America/New_York", "3/4", "You are out of office on Thu, Mar 4, 2027.", "2027-03-05 00:00"),
        ("en-GB", "Europe/London", "3/4", "You are out of office on Sat, 3 Apr 2027.", "2027-04-04 00:00"),
    ],
)  # fmt: skip
async def test_ooo_reads_and_answers_in_the_persons_language_and_zone(
    sqlite_url: str,
    encryptor: Encryptor,
    clock: ManualClock,
    *,
    locale: str,
    zone: str,
    typed: str,
    answer: str,
    end: str,
) -> None:
    database = Database(sqlite_url)
    async with open_stepped_app(database, encryptor, clock, zone=zone, locale=locale) as app:
        said = await app.ooo(typed)
        made = await app.only()
        assert said["text"].splitlines()[0] == answer
        assert made.end is not None
        assert local(made.end, zone) == end
    await database.close()
