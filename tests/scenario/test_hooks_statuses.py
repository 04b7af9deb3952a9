"""Statuses that other programs set through a person's hook, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp
import pytest

from tests.support.feeds import lasting
from tests.support.hooks import JSON, disconnects, new_hook, posts, rotates, send
from tests.support.running_app import BEN, RunningApp, at

NOTHING = ("", "", None)
MEETING = ("In a meeting", ":spiral_calendar_pad:")


async def test_posted_status_is_shown_replaced_and_ended(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    said = await posts(running_app, hook, {"text": "Lunch", "emoji": ":pizza:", "minutes": 45})
    assert said == {"ok": True, "text": "Lunch", "emoji": ":pizza:", "until": "2026-11-24T09:45:00Z"}
    assert running_app.shows() == ("Lunch", ":pizza:", at("09:45"))
    await posts(running_app, hook, {"text": "On a walk", "minutes": 90})
    assert running_app.text() == "On a walk"
    assert running_app.shows()[2] == at("10:30")
    assert (await send(hook, method="DELETE"))[:2] == (200, {"ok": True, "ended": True})
    await running_app.settle()
    assert running_app.shows() == NOTHING
    assert (await send(hook, method="DELETE"))[:2] == (200, {"ok": True, "ended": False})


async def test_status_of_a_hook_that_is_disconnected_goes_with_it(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, {"text": "On air"})
    await disconnects(running_app)
    assert running_app.shows() == NOTHING


async def test_posted_status_covers_a_meeting_and_uncovers_it(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("09:00"), 120))
    await running_app.connects("work")
    hook = await new_hook(running_app)
    assert running_app.shows() == (*MEETING, at("11:00"))
    await posts(running_app, hook, {"text": "Recording", "emoji": "microphone", "minutes": 10})
    assert running_app.shows() == ("Recording", ":microphone:", at("09:10"))
    await running_app.until(at("09:10"))
    assert running_app.shows() == (*MEETING, at("11:00"))
    await posts(running_app, hook, {"text": "Recording"})
    assert running_app.shows()[::2] == ("Recording", None)
    await send(hook, method="DELETE")
    await running_app.settle()
    assert running_app.shows() == (*MEETING, at("11:00"))


async def test_status_typed_by_hand_comes_back_after_a_posted_one(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await running_app.says("Thinking", ":brain:")
    await posts(running_app, hook, {"text": "On air", "minutes": 5})
    assert running_app.text() == "On air"
    await send(hook, method="DELETE")
    await running_app.settle()
    assert running_app.shows() == ("Thinking", ":brain:", None)


async def test_posted_status_is_cleared_by_its_person_and_set_by_the_next_post(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, {"text": "Lunch", "minutes": 45})
    await running_app.types("/quo", "clear")
    assert running_app.shows() == NOTHING
    await posts(running_app, hook, {"text": "Lunch", "minutes": 45})
    assert running_app.text() == "Lunch"


ENDS: list[tuple[object, datetime]] = [
    ("2026-11-24T12:00:00Z", at("12:00")),
    ("2026-11-24T12:00:00+02:00", at("10:00")),
    ("2026-11-24T18:30", at("09:30")),  # in Tokyo
    ("2026-11-24 18:30:00", at("09:30")),
    ("20261124T183000", at("09:30")),
    ("18:05", at("09:05")),
    (1795513500.9, at("09:45")),
    (1795513500, at("09:45")),
    ("8:05", at("23:05")),  # tomorrow morning
]


async def test_end_is_read_in_the_persons_zone(running_app: RunningApp) -> None:
    await running_app.joins(tz="Asia/Tokyo")
    hook = await new_hook(running_app)
    for until, end in ENDS:
        status, said, _ = await send(hook, {"text": "x", "until": until})
        assert (status, said["until"]) == (200, f"{end:%Y-%m-%dT%H:%M:%SZ}"), until
    await running_app.settle()
    assert running_app.shows()[2] == at("23:05")


FIELDS = "Send `text`, with `emoji` or without, and `until` or `minutes` or neither; nothing else."
TIME = "That is no time. Send `until` as `2026-11-24T15:00`, `15:00` or Unix seconds, or `minutes` as a number."
PAST = "That time has already passed. Choose a later one."
FAR = "That is more than two years away. Choose an earlier time."
MENTION = "Write it in words, without @ or #: I cannot put mentions, channels or Slack's dates into a status."
NO_TEXT = "Write a text: Slack takes no status without one."
UNREADABLE = "That request cannot be read."
REFUSED: list[tuple[Any, str]] = [
    ({}, FIELDS), ({"text": ""}, FIELDS), ({"text": " \n"}, FIELDS), ({"text": None}, FIELDS), ([], FIELDS),
    ("text", FIELDS), (None, FIELDS), ({"text": 1}, FIELDS), ({"text": ["x"]}, FIELDS),
    ({"text": "x", "emoji": 1}, FIELDS),
    ({"emoji": ":pizza:"}, NO_TEXT), ({"text": " ", "emoji": "🍕", "minutes": 5}, NO_TEXT),
    ({"text": "With <@U0BEN00001>"}, MENTION), ({"text": "<#C1>"}, MENTION), ({"text": "<!subteam^S1>"}, MENTION),
    ({"text": "x", "expires": 5}, FIELDS), ({"text": "x", "minutes": 5, "until": "15:00"}, FIELDS),
    ({"text": "\ud800"}, FIELDS), ({"text": "a\0b"}, FIELDS), ({"text": "x", "emoji": ":\ud800:"}, FIELDS),
    ({"text": "x", "minutes": 0}, TIME), ({"text": "x", "minutes": -5}, TIME), ({"text": "x", "minutes": "5"}, TIME),
    ({"text": "x", "minutes": True}, TIME), ({"text": "x", "minutes": [5]}, TIME), ({"text": "x", "minutes": {}}, TIME),
    ({"text": "x", "minutes": 10**400}, FAR), ({"text": "x", "minutes": 1e300}, FAR),
    ({"text": "x", "minutes": 1060000}, FAR),
    ({"text": "x", "until": "soon"}, TIME), ({"text": "x", "until": ""}, TIME),
    ({"text": "x", "until": "2026-11-25"}, TIME),
    ({"text": "x", "until": "2026-02-30T10:00"}, TIME), ({"text": "x", "until": "24:00"}, TIME),
    ({"text": "x", "until": True}, TIME), ({"text": "x", "until": {}}, TIME), ({"text": "x", "until": 10**400}, TIME),
    ({"text": "x", "until": "9999-12-31T23:59:59-14:00"}, TIME), ({"text": "x", "until": "x" * 100_000}, TIME),
    ({"text": "x", "until": "2026-11-24T08:59"}, PAST), ({"text": "x", "until": "2026-11-24T09:00"}, PAST),
    ({"text": "x", "until": 0}, PAST), ({"text": "x", "until": -1}, PAST), ({"text": "x", "until": 4e9}, FAR),
    ({"text": "x", "until": "2029-01-01T00:00"}, FAR),
    ({"text": "x" * 101}, "Slack allows 100 characters in a status. Shorten the text."),
    ({"text": "x", "emoji": "two words"}, "That is not an emoji. Write it as `:palm_tree:`."),
    (b"", UNREADABLE), (b"{", UNREADABLE), (b'{"text": NaN}', UNREADABLE), (b"\xff\xfe", UNREADABLE),
    (b"[" * 50_000, UNREADABLE), (b'{"text": "x", "minutes": ' + b"9" * 5000 + b"}", UNREADABLE),
]  # fmt: skip


async def test_what_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, {"text": "Lunch", "emoji": ":pizza:", "minutes": 45})
    for number, (body, sentence) in enumerate(REFUSED):
        if number % 40 == 0:
            running_app.clock.move(seconds=61)
        status, said, _ = await send(hook, body, JSON)
        assert (status, said.get("error")) == (400, sentence), body
    await running_app.settle()
    assert running_app.written() == ["Lunch"]
    assert running_app.shows() == ("Lunch", ":pizza:", at("09:45"))


OTHER_TYPES = (
    "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=base64", "application/jsonx",
    "text/calendar; charset=klingon", "text/calendar; charset=idna",
)  # fmt: skip


async def test_other_types_are_refused(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    for kind in OTHER_TYPES:
        status, said, _ = await send(hook, b'{"text": "x"}', kind)
        assert (status, said["error"]) == (
            415,
            "Send a status as `application/json`, or a calendar as `text/calendar`.",
        ), kind
    assert running_app.written() == []


async def test_text_arrives_in_its_charset(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    body = '{"text": "Zu Tisch – 昼食 <b> & co", "minutes": 5}'
    for kind, charset in ((JSON, "utf-8-sig"), (f"{JSON}; charset=utf-8", "utf-8"), ('A/B;charset="UTF-16"', "utf-16")):
        said = await posts(running_app, hook, body.encode(charset), kind.replace("A/B", "Application/JSON"))
        assert said["text"] == "Zu Tisch – 昼食 <b> & co"
    assert running_app.text() == "Zu Tisch – 昼食 <b> & co"


async def test_unknown_secrets_and_other_methods_are_refused_alike(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    secret = hook.rpartition("/")[2]
    for wrong in (secret[:-1], secret + "A", secret.swapcase(), "x", "%00", "%F0%9F%8D%95", "a" * 4000, secret + "%2F"):
        status, said, _ = await send(f"{running_app.url}/hooks/{wrong}", {"text": "x"})
        assert (status, said["error"]) == (404, "There is nothing at this address."), wrong
        assert (await send(f"{running_app.url}/hooks/{wrong}", method="DELETE"))[0] == 404
    for method in ("GET", "PUT", "PATCH"):
        status, _, headers = await send(hook, b"", JSON, method)
        assert (status, headers["allow"]) == (405, "DELETE,POST")
    assert running_app.written() == []


async def test_sixty_requests_a_minute_are_taken_and_no_more(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.joins(BEN)
    hook, other = await new_hook(running_app), await new_hook(running_app, BEN)
    answers = [await send(hook, b"", JSON) for _ in range(61)]
    assert [status for status, _, _ in answers] == [400] * 60 + [429]
    assert answers[-1][1]["error"] == "That is too often. Wait a minute and try again."
    assert answers[-1][2]["retry-after"] == "60"
    assert (await send(other, {"text": "x", "minutes": 5}))[0] == 200
    running_app.clock.move(seconds=60)
    assert (await send(hook, {"text": "x", "minutes": 5}))[0] == 200


async def test_larger_bodies_than_a_mebibyte_are_refused(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    assert (await send(hook, b"x" * (2**20 + 1), "text/calendar"))[0] == 413


async def test_new_address_ends_the_old_one_at_once(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, {"text": "Lunch", "minutes": 45})
    rotated = await rotates(running_app)
    assert rotated != hook
    assert (await send(hook, {"text": "Old", "minutes": 5}))[0] == 404
    await posts(running_app, rotated, {"text": "New", "minutes": 5})
    assert running_app.text() == "New"
    await send(rotated, method="DELETE")
    await running_app.settle()
    assert running_app.shows() == NOTHING  # the same hook, so the same status: it had replaced the first


async def test_somebody_without_a_grant_may_have_a_hook_and_it_works_once_they_granted(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.slack.add_person(BEN, "ben", tz="Etc/UTC", locale="en-GB")
    hook = await new_hook(running_app, BEN)
    await posts(running_app, hook, {"text": "Lunch", "minutes": 45})
    assert running_app.shows(BEN) == NOTHING
    await running_app.joins(BEN)
    assert running_app.text(BEN) == "Lunch"


async def test_no_log_and_no_metric_has_the_secret_or_what_was_said(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, {"text": "Secret lunch", "minutes": 45})
    await send(hook, {"text": 1})
    await send(hook + "x", {"text": "Secret lunch"})
    await send(hook, method="DELETE")
    await send(hook, b"", JSON, "GET")
    await running_app.settle()
    async with aiohttp.ClientSession() as session, session.get(f"{running_app.url}/metrics") as answer:
        metrics = await answer.text()
    logged = "".join(capsys.readouterr())
    assert "hook_showed" in logged
    assert "/hooks/{secret}" in metrics
    for private in (hook.rpartition("/")[2], "Secret lunch"):
        assert private not in logged
        assert private not in metrics


async def test_secret_may_come_in_a_header_and_in_no_path(running_app: RunningApp) -> None:
    await running_app.joins()
    address, _, secret = (await new_hook(running_app)).rpartition("/")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session:
        async with session.post(address, json={"text": "Lunch"}) as answer:
            assert answer.status == 200
        await running_app.settle()
        assert running_app.text() == "Lunch"
        async with session.delete(address) as answer:
            assert await answer.json() == {"ok": True, "ended": True}
        async with session.post(address, json={"text": "Lunch"}, headers={"Authorization": "Bearer x"}) as answer:
            assert answer.status == 404
    await running_app.settle()
    assert running_app.shows() == NOTHING
