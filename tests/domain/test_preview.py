"""`preview`: what contract.md says it prints."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import app
from services.commands.preview import run
from services.domain.errors import InputError
from tests.support.icsfile import ics, vevent

DAY = ics(
    *vevent("DTSTART:20261124T150000Z", "DTEND:20261124T160000Z", "SUMMARY:Board", uid="board"),
    *vevent("DTSTART:20261124T150000Z", "DTEND:20261124T153000Z", "TRANSP:TRANSPARENT", uid="free"),
    *vevent("DTSTART;VALUE=DATE:20261124", "SUMMARY:Note", uid="note"),
    *vevent("DTSTART:20261124T120000Z", uid="instant"),
    *vevent("DTSTART:20261124T090000Z", "DTEND:20261124T093000Z", "STATUS:CANCELLED", uid="off"),
    *vevent("DTSTART:20261125T000000Z", uid="tomorrow"),
    *vevent("DTSTART:someday", uid="bad"),
)


def _run(*args: str) -> tuple[int, str]:
    out = io.StringIO()
    return run(app.parser().parse_args(["preview", *args]), out), out.getvalue()


def _json(*args: str) -> list[dict[str, Any]]:
    _, text = _run("--json", *args)
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def day(tmp_path: Path) -> str:
    path = tmp_path / "day.ics"
    path.write_bytes(DAY)
    return str(path)


def test_a_days_file_is_printed_as_the_contract_shows(day: str) -> None:
    (found,) = _json(day, "--from", "2026-11-24", "--to", "2026-11-25")
    assert list(found) == ["file", "events", "timeline", "problems"]
    assert [
        (said["uid"], said["start"], said["end"], said["all_day"], said["counted"]) for said in found["events"]
    ] == [
        ("note", "2026-11-24", "2026-11-25", True, False),
        ("off", "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z", False, False),
        ("instant", "2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z", False, False),
        ("free", "2026-11-24T15:00:00Z", "2026-11-24T15:30:00Z", False, False),
        ("board", "2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z", False, True),
    ]
    assert all(
        list(said) == ["uid", "start", "end", "all_day", "kind", "counted", "reason"] for said in found["events"]
    )
    assert [{**span, "reason": ""} for span in found["timeline"]] == [
        {
            "start": "2026-11-24T15:00:00Z",
            "end": "2026-11-24T16:00:00Z",
            "status_text": "In a meeting",
            "status_emoji": ":spiral_calendar_pad:",
            "status_expiration": 1795536000,
            "effects": [],
            "rule": "meeting",
            "uid": "board",
            "reason": "",
        }
    ]
    assert found["problems"] == [{"uid": "bad", "problem": "DTSTART is not a date or time."}]
    assert "Board" not in json.dumps(found)


def test_one_line_is_printed_for_each_file_in_order_and_a_bad_one_costs_no_other(day: str, tmp_path: Path) -> None:
    page = tmp_path / "page.ics"
    page.write_text("<html></html>")
    status, text = _run("--json", str(page), str(tmp_path / "none.ics"), day, str(tmp_path))
    found = [json.loads(line) for line in text.splitlines()]
    assert [(line["file"], line.get("error")) for line in found] == [
        (str(page), "This file is not a calendar."),
        (str(tmp_path / "none.ics"), "No such file or directory."),
        (day, None),
        (str(tmp_path), "Is a directory."),
    ]
    assert status == 1


def test_the_default_window_is_today_and_the_seven_days_after_it(tmp_path: Path) -> None:
    path = tmp_path / "daily.ics"
    path.write_bytes(ics(*vevent("DTSTART:20200101T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY")))
    (found,) = _json(str(path), "--now", "2026-11-24T23:30:00Z", "--timezone", "Europe/Berlin")
    # At that instant it is the 25th in Berlin.
    assert [said["start"] for said in found["events"]] == [f"2026-{day}T09:00:00Z" for day in
        ("11-25", "11-26", "11-27", "11-28", "11-29", "11-30", "12-01", "12-02")]  # fmt: skip


def test_dates_of_the_window_are_the_persons(day: str) -> None:
    (found,) = _json(day, "--from", "2026-11-25", "--to", "2026-11-26", "--timezone", "Pacific/Auckland")
    assert [said["uid"] for said in found["events"]] == ["instant", "free", "board", "tomorrow"]


def test_my_address_tells_what_i_declined(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    line = "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com"
    path.write_bytes(ics(*vevent("DTSTART:20261124T150000Z", "DTEND:20261124T160000Z", line)))
    window = ("--from", "2026-11-24", "--to", "2026-11-25")
    counted = [
        [said["counted"] for said in _json(str(path), *window, *options)[0]["events"]]
        for options in ((), ("--email", "ANN@example.com"), ("--email", "bob@example.com"))
    ]
    assert counted == [[True], [False], [True]]


def test_rules_from_a_file_are_followed(day: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(
        json.dumps([{"id": "r1", "name": "Board", "match": {"title_words": ["board"]}, "show": {"text": "Governing"}}])
    )
    (found,) = _json(day, "--from", "2026-11-24", "--to", "2026-11-25", "--rules", str(rules))
    assert [(span["status_text"], span["rule"]) for span in found["timeline"]] == [("Governing", "r1")]


def test_rules_know_who_is_inside_by_my_address_and_when_it_is_by_my_clock(tmp_path: Path) -> None:
    path, rules = tmp_path / "a.ics", tmp_path / "rules.json"
    customer = ("ORGANIZER;CN=Cat:mailto:cat@customer.example", "ATTENDEE:mailto:bob@corp.example")
    path.write_bytes(
        ics(
            *vevent("DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", *customer, uid="sales"),
            *vevent("DTSTART:20261124T110000Z", "DTEND:20261124T120000Z", customer[1], uid="team"),
            *vevent("DTSTART:20261124T130000Z", "DTEND:20261124T140000Z", "RRULE:FREQ=DAILY;COUNT=2", uid="daily"),
        )
    )
    matches = {
        "cat": {"organizer": ["@customer.example"], "days": [1]},
        "inside": {"external": False},
        "series": {"recurring": True, "hours": ["14:00", "15:00"]},
    }
    rules.write_text(
        json.dumps([{"id": name, "match": match, "show": {"text": name}} for name, match in matches.items()])
    )
    window = ("--from", "2026-11-24", "--to", "2026-11-25", "--rules", str(rules), "--timezone", "Europe/Berlin")
    shown = [
        [span["status_text"] for span in _json(str(path), *window, "--email", address)[0]["timeline"]]
        for address in ("ann@corp.example", "ann@home.example")
    ]
    assert shown == [["cat", "inside", "series"], ["cat", "In a meeting", "series"]]


def test_routine_of_the_night_before_is_not_on_where_that_day_was_an_absence(tmp_path: Path) -> None:
    path, rules = tmp_path / "a.ics", tmp_path / "rules.json"
    path.write_bytes(ics(*vevent("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261124", "SUMMARY:Vacation")))
    night = {"days": ["mon", "tue"], "from": "22:00", "to": "06:00", "show": {"text": "Night"}, "not_when_absent": True}
    rules.write_text(json.dumps({"version": 2, "routines": [night]}))
    for first in ("2026-11-23", "2026-11-24"):
        (found,) = _json(str(path), "--from", first, "--to", "2026-11-26", "--rules", str(rules))
        assert [span["start"] for span in found["timeline"] if span["rule"] != "out_of_office"] == [
            "2026-11-24T22:00:00Z"
        ]
        assert len(found["events"]) == (first == "2026-11-23")


@pytest.mark.parametrize(
    "options",
    [
        ("--timezone", "Mars/Olympus"),
        ("--timezone", "../etc/passwd"),
        ("--from", "soon"),
        ("--from", "9999-12-25"),
        ("--now", "9999-12-31T23:00", "--timezone", "Pacific/Kiritimati"),
        ("--from", "2026-11-24", "--to", "2026-11-24"),
        ("--rules", "/nonexistent"),
    ],
)
def test_a_bad_option_is_one_sentence_and_two(
    day: str, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert app.main(["preview", day, *options]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith("--"), printed.err.count("\n")) == ("", True, 1)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            '[{"id": "r1", "match": {"title_words": "board"}}]',
            "This has to be a list in square brackets: `[ ]` (rules.0.match.title_words)",
        ),
        ('{"id": "r1"}', "This has to be 2 (rules.version)"),
        ('{"version": 3}', "A newer release of this app wrote this file (rules.version)"),
        ('[{"id": "r1"}, {"id": "r1"}]', "Two lines have the same id (rules.1.id)"),
        (
            '[{"ignore": 1}, {"effects": ["mute"]}]',
            "This has to be `true` or `false` (rules.0.ignore); "
            "This has to be one of these: dnd, away, photo, reply (rules.1.effects.0)",
        ),
        ("[{}", "the file is not JSON"),
    ],
)
def test_rules_that_are_none_are_named_with_their_option(
    day: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str, sentence: str
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(written)
    assert app.main(["preview", day, "--rules", str(rules)]) == 2
    assert capsys.readouterr().err == f"--rules: {sentence}\n"


def test_rules_that_are_nested_without_end_are_no_rules(day: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    for depth in (800, 100_000):
        rules.write_text("[" * depth + "]" * depth)
        with pytest.raises(InputError, match="--rules"):
            _run(day, "--rules", str(rules))


def test_rules_that_an_editor_wrote_with_a_byte_order_mark_are_read_and_endless_ones_not(
    day: str, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_bytes(b"\xef\xbb\xbf[]")
    assert _run(day, "--rules", str(rules))[0] == 0
    rules.write_bytes(b" " * 2**20 + b"[]")
    with pytest.raises(InputError, match="larger than 1 MB"):
        _run(day, "--rules", str(rules))


def test_a_person_gets_tables(day: str) -> None:
    status, text = _run(day, "--from", "2026-11-24", "--to", "2026-11-25")
    assert (status, "In a meeting" in text, "Board" in text, "bad: DTSTART is not a date or time." in text) == (
        0,
        True,
        True,
        True,
    )


ANN = ("--email", "ann@example.com", "--name", "Ann Lee")
BOB = ("--email", "bob@example.com", "--name", "Bob Roe", "--name", "bob")


def _said(tmp_path: Path, *lines: str, reader: tuple[str, ...] = ANN, head: tuple[str, ...] = ()) -> tuple[str, bool]:
    """The kind of one entry, and whether it counts."""
    path = tmp_path / "entry.ics"
    times = () if any(line.startswith("DTSTART") for line in lines) else TEN_TO_ELEVEN
    path.write_bytes(ics(*head, *vevent(*times, *lines)))
    (found,) = _json(str(path), "--from", "2026-11-24", "--to", "2026-11-28", *reader)
    (event,) = found["events"]
    return event["kind"], event["counted"]


TEN_TO_ELEVEN = ("DTSTART:20261124T100000Z", "DTEND:20261124T110000Z")
ALL_DAY = ("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126")
FOUR_GUESTS = tuple(f"ATTENDEE:mailto:guest{number}@example.com" for number in range(4))


def test_title_is_an_absence_only_where_it_is_one_of_the_reader(tmp_path: Path) -> None:
    out, meeting, ignored = ("out_of_office", True), ("meeting", True), ("meeting", False)
    boss, noreply = "ORGANIZER:mailto:boss@example.com", "ORGANIZER:mailto:no-reply@leave.example"
    cases = [
        (("SUMMARY:PTO policy review",), ANN, meeting),
        (("SUMMARY:Sick customer call",), ANN, meeting),
        (("SUMMARY:🌴 Vacation",), ANN, out),
        (("SUMMARY:Ann – vacation",), ANN, out),
        (("SUMMARY:[Ann Lee] Vacation",), ANN, out),
        (("SUMMARY:Ann – vacation",), BOB, ignored),
        (("SUMMARY:Ann: vacation", *ALL_DAY, "TRANSP:TRANSPARENT"), BOB, ignored),
        (("SUMMARY:Vacation", boss, *FOUR_GUESTS), ANN, meeting),
        (("SUMMARY:Vacation", boss, *FOUR_GUESTS, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.com"), ANN, meeting),
        (("SUMMARY:Vacation", "ORGANIZER:mailto:ann@example.com", *FOUR_GUESTS), ANN, out),
        (("SUMMARY:Ann Lee abwesend", *ALL_DAY, noreply, "ATTENDEE:mailto:ann@example.com"), BOB, ignored),
        (("SUMMARY:Abwesend", *ALL_DAY, noreply, "ATTENDEE:mailto:ann@example.com"), BOB, ignored),
        (("SUMMARY:Ann Lee abwesend", *ALL_DAY, noreply, "ATTENDEE:mailto:ann@example.com"), ANN, out),
        (("SUMMARY:Ann Lee abwesend", *ALL_DAY, noreply, "ATTENDEE:mailto:ann@example.com"), ANN[:2], out),
        (("SUMMARY:Vacation", *ALL_DAY, "ORGANIZER:mailto:h.r@x.example",
          "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:ann@example.com"), ANN, out),
        (("SUMMARY:Vacation", *ALL_DAY, "ORGANIZER:mailto:carl@example.com",
          "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ann@example.com"), ANN, ignored),
        (("SUMMARY:Focus group: onboarding",), ANN, meeting),
        (("SUMMARY:Focus time: quarterly plan",), ANN, ("focus", True)),
    ]  # fmt: skip
    found = [(lines[0], reader[1], _said(tmp_path, *lines, reader=reader)) for lines, reader, _ in cases]
    assert found == [(lines[0], reader[1], expected) for lines, reader, expected in cases]


@pytest.mark.parametrize(
    "title",
    ["Erholungsurlaub", "Krankenstand", "Maladie", "Baja", "公休", "振替休日", "special leave", "paid leave",
     "Congés payés", "Sonderurlaub", "Permiso retribuido", "特別休暇", "Sick leave"],
)  # fmt: skip
def test_leave_that_hr_systems_write_is_an_absence_busy_or_free(tmp_path: Path, title: str) -> None:
    for transparency in ("OPAQUE", "TRANSPARENT"):
        assert _said(tmp_path, *ALL_DAY, f"SUMMARY:{title}", f"TRANSP:{transparency}") == ("out_of_office", True)


def test_day_of_a_calendar_of_public_holidays_is_nobodys_absence(tmp_path: Path) -> None:
    for name in ("日本の祝日", "Holidays in Japan"):
        assert _said(tmp_path, *ALL_DAY, "SUMMARY:振替休日", head=(f"X-WR-CALNAME:{name}",)) == ("meeting", False)


def test_leave_from_the_first_to_the_last_minute_of_days_ends_with_the_day(tmp_path: Path) -> None:
    path = tmp_path / "leave.ics"
    path.write_bytes(ics(*vevent("DTSTART:20261124T000100", "DTEND:20261126T235900", "SUMMARY:paid leave")))
    (found,) = _json(str(path), "--from", "2026-11-24", "--to", "2026-11-28")
    assert [(span["status_text"], span["start"], span["end"]) for span in found["timeline"]] == [
        ("Out of office until 27 November", "2026-11-24T00:01:00Z", "2026-11-26T23:59:00Z")
    ]
