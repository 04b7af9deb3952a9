"""Hostile requests against the running app: always a 2xx or 4xx with one sentence, and nothing that leaks.

Signed nonsense is included: Slack's own payloads change, and a secret may have been stolen.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from slack_sdk.http_retry.builtin_interval_calculators import BackoffRetryIntervalCalculator

from services.store.calendar_tables import CALENDARS
from services.store.tables import OVERRIDES, PEOPLE
from tests.support.clocks import ManualClock
from tests.support.feeds import lasting
from tests.support.hostile import FORM, JSON, Browser, check_harmless, secrets_of, sentence_of
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at, open_running_app

STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
TITLE, PLACE, TYPED, EVE = "Okapi takeover", "Room Quokka", "Zebra crossing", "U0EVE00001"


@pytest.fixture
async def busy(
    sqlite_url: str, clock: ManualClock, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningApp]:
    """Ann and Ben with a calendar each, in mid-meeting, every kind of secret in use.

    Where nobody listens at a `response_url`, it is tried again at once, not after a second.
    """
    monkeypatch.setattr(BackoffRetryIntervalCalculator, "calculate_sleep_duration", lambda *_: 0.0)
    async with open_running_app(clock, sqlite_url) as made:
        for user in (ANN, BEN):
            await made.joins(user)
            made.feeds[user].has(lasting("a", at("09:30"), 60, TITLE, f"LOCATION:{PLACE}"))
            await made.connects(user, user)
            await made.opens_home(user)
        await made.until(at("09:40"))
        yield made


# ── signatures ──────────────────────────────────────────────────────────────────────────────────────


async def test_request_without_a_right_signature_is_refused_and_does_nothing(busy: RunningApp) -> None:
    body = urlencode(command_of("pause", ANN) | {"trigger_id": "9.9"}).encode()
    right = busy.slack.deliveries.sign(body)
    busy.clock.move(minutes=6)
    stale, right = right, busy.slack.deliveries.sign(body)
    later = str(int(right[STAMP]) + 3600)
    forged: list[dict[str, str]] = [
        {}, {STAMP: right[STAMP]}, {SIGNATURE: right[SIGNATURE]}, stale, {**right, STAMP: later},
        {**right, STAMP: "now"}, {**right, STAMP: ""}, {**right, STAMP: "-1"}, {**right, STAMP: "1e400"},
        {**right, STAMP: "9" * 400}, {**right, STAMP: "٣"}, {**right, SIGNATURE: ""}, {**right, SIGNATURE: "v0="},
        {**right, SIGNATURE: "v1" + right[SIGNATURE][2:]}, {**right, SIGNATURE: right[SIGNATURE][:-1]},
        {**right, SIGNATURE: "v0=" + "f" * 64}, {**right, SIGNATURE: "v0=é"}, {**right, SIGNATURE: "x" * 5000},
    ]  # fmt: skip
    async with Browser(busy) as browser:
        for headers in forged:
            status, text = await browser.send(body, FORM, headers)
            assert (status, sentence_of(text)) == (401, "The signature of that request is missing or wrong.")
        check_harmless(browser.answers, secrets_of(busy))
    assert await busy.rows(sa.select(PEOPLE.c.user_id).where(PEOPLE.c.paused_from.is_not(None))) == []


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────

NEST = 100_000


NO_BODIES = [
    (JSON, b'{"type":"' + b"a" * (2 * 1024 * 1024) + b'"}', 413),
    (FORM, b"payload=" + b"a" * (2 * 1024 * 1024), 413),
    (JSON, b"{", 400),
    (JSON, b'{"type":"event_callback",}', 400),
    (JSON, b"\xff\xfe\x00", 400),
    (JSON, b"[" * NEST + b"]" * NEST, 400),
    (JSON, b'{"a":' * NEST + b"1" + b"}" * NEST, 400),
    (JSON, b'{"type":"event_callback","event":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400),
    (FORM, b"payload=" + b"%5B" * 20_000, 400),
    (FORM, b"payload=%7B%22type%22%3A", 400),
    (FORM, b"a=1&" * 5000, 400),
    ("text/html", b"<script>", 400),
    ("multipart/form-data; boundary=x", b"--x\r\n", 400),
    ("", b"", 400),
]  # fmt: skip


async def test_signed_body_that_is_none_is_refused_in_one_sentence(
    running_app: RunningApp, subtests: pytest.Subtests
) -> None:
    await running_app.joins()
    for number, (content_type, body, status) in enumerate(NO_BODIES):
        with subtests.test(number=number, content_type=content_type):
            async with Browser(running_app) as browser:
                got, text = await browser.send(body, content_type)
                assert got == status
                assert sentence_of(text) in {"That request cannot be read.", "That request is too large."}
                check_harmless(browser.answers, secrets_of(running_app))


# ── payloads of the wrong shape ─────────────────────────────────────────────────────────────────────


def command_of(text: str, user: str, command: str = "/quo") -> dict[str, Any]:
    return {
        "token": "x", "team_id": TEAM, "team_domain": "acme", "channel_id": "C0GENERAL1", "channel_name": "general",
        "user_id": user, "user_name": "ann", "command": command, "text": text, "api_app_id": "A0STATUSQUO",
        "is_enterprise_install": "false", "response_url": "http://127.0.0.1:9/x", "trigger_id": "",
    }  # fmt: skip


def interaction(kind: str, user: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "token": "x", "api_app_id": "A0STATUSQUO", "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user, "username": "ann", "name": "ann", "team_id": TEAM}, "enterprise": None,
        "is_enterprise_install": False, "trigger_id": "", **more,
    }  # fmt: skip


def click(action_id: str, user: str = ANN, value: Any = "x", **more: Any) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1.2", **more}
    view = {"id": "V1", "type": "home", "callback_id": "", "blocks": [], "state": {"values": {}}, "team_id": TEAM}
    return interaction(
        "block_actions", user, container={"type": "view", "view_id": "V1"}, view=view, actions=[action],
        state={"values": {}},
    )  # fmt: skip


def submission(callback_id: str, user: str = ANN, **values: dict[str, Any]) -> dict[str, Any]:
    blocks = [{"type": "input", "block_id": name, "element": {"type": "x"}} for name in values]
    return interaction(
        "view_submission", user, response_urls=[],
        view={
            "id": "V1", "team_id": TEAM, "type": "modal", "callback_id": callback_id, "private_metadata": "",
            "blocks": blocks, "state": {"values": values}, "hash": "1.x", "previous_view_id": None,
            "root_view_id": "V1", "app_id": "A0STATUSQUO",
        },
    )  # fmt: skip


def happening(kind: str, **event: Any) -> dict[str, Any]:
    return {
        "type": "event_callback", "token": "x", "team_id": TEAM, "api_app_id": "A0STATUSQUO", "event_id": "",
        "event_time": 1795510800, "event": {"type": kind, "event_ts": "1795510800.000100", **event},
        "authorizations": [
            {"enterprise_id": None, "team_id": TEAM, "user_id": "U0BOT0001", "is_bot": True,
             "is_enterprise_install": False}
        ],
    }  # fmt: skip


PROFILE = {
    "id": ANN, "team_id": TEAM, "tz": "Europe/Berlin", "locale": "de-DE", "updated": 1,
    "profile": {"status_text": "x", "status_emoji": ":x:", "status_expiration": 0, "email": "ann@example.com"},
}  # fmt: skip
OPTIONS = {"type": "checkboxes", "selected_options": [{"value": "titles"}]}
SHAPES: list[dict[str, Any]] = [
    command_of("why", ANN),
    command_of(":pizza: Lunch for 45m", ANN),
    command_of("preview tuesday 10:15", ANN),
    command_of("friday", ANN, "/ooo"),
    *(click(name) for name in ("open_connect", "open_override", "pause", "resume", "clear_override", "undo_override")),
    click("calendar_menu", type="overflow", selected_option={"value": "sync:C1", "text": {"type": "x", "text": "y"}}),
    *(click(name, value="meeting") for name in ("edit_line", "switch_line", "move_line_up", "delete_line", "undo")),
    *(click(name) for name in ("open_rules", "open_routines", "add_line", "add_routine", "list_page_after", "preview")),
    submission("connect_calendar", feed={"url": {"type": "url_text_input", "value": "http://127.0.0.1:9/x.ics"}}),
    submission(
        "override", emoji={"value": {"type": "x", "value": ":tea:"}}, text={"value": {"type": "x", "value": "Tea"}},
        until={"time": {"type": "timepicker", "selected_time": "23:00"}},
    ),
    submission(
        "out_of_office", **{"from": {"date": {"type": "x", "selected_date": "2026-12-24"}}},
        to={"date": {"type": "x", "selected_date": "2026-12-26"}}, note={"value": {"type": "x", "value": "Ski"}},
        from_time={"time": {"type": "x", "selected_time": "10:00"}},
    ),
    submission(
        "settings", idle_text={"value": {"type": "x", "value": "Busy"}}, options={"value": OPTIONS},
        days={"value": {"selected_options": [{"value": "1"}]}}, lead={"value": {"type": "x", "value": "5"}},
        own_status={"value": {"selected_option": {"value": "mine_always_wins"}}},
    ),
    submission(
        "line", title_words={"value": {"type": "x", "value": "standup"}}, text={"value": {"type": "x", "value": "Up"}},
        guests={"value": {"type": "x", "value": "2-5"}}, days={"value": {"selected_options": [{"value": "mon"}]}},
        place={"value": {"selected_option": {"value": "meeting"}}}, effects={"value": OPTIONS},
    ),
    submission(
        "routine", text={"value": {"type": "x", "value": "Lunch"}}, first={"value": {"selected_date": "2026-11-24"}},
        days={"value": {"selected_options": [{"value": "mon"}]}}, to={"value": {"selected_time": "13:00"}},
        **{"from": {"value": {"selected_time": "12:00"}}},
    ),
    interaction("shortcut", ANN, callback_id="set_status", action_ts="1.2"),
    interaction("view_closed", ANN, view={"id": "V1", "type": "modal", "callback_id": "override"}, is_cleared=False),
    interaction("block_suggestion", ANN, action_id="x", block_id="y", value="z", view={"id": "V1", "type": "modal"}),
    happening("user_change", user=PROFILE, cache_ts=1),
    happening("team_join", user=PROFILE, cache_ts=1),
    happening("user_status_changed", user=PROFILE, cache_ts=1),
    happening("user_profile_changed", user=PROFILE, cache_ts=1),
    happening("app_home_opened", user=ANN, channel="D1", tab="home", view={"id": "V1", "blocks": []}),
    happening("tokens_revoked", tokens={"oauth": ["U0NOBODY01"], "bot": []}),
    happening("team_access_revoked", team_ids=["T0NOBODY01"]),
    happening("message", user=ANN, channel="C1", text="hi", blocks=[{"type": "x"}]),
]  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, 0, -7, 1e300, 10**30, "", "x", " ", "<@U1>", "'; DROP TABLE people; --", "{0.__class__}", "%s%n",
    "é" * 3000, [], [None], ["x"], [[]], [{}], {}, {"x": None}, {"id": None}, {"value": 5}, {"value": {"value": []}},
)  # fmt: skip
LEFT_ALONE = {("token",), ("type",), ("command",)}


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a payload."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in items:
        yield (*path, name)
        yield from places(value, (*path, name))


def changed(payload: dict[str, Any], path: tuple[Any, ...], value: Any, number: int) -> dict[str, Any]:
    """A payload with another value at `path`, delivered for the first time."""
    made = copy.deepcopy(payload)
    made["event_id" if "event_id" in made else "trigger_id"] = f"{number}.1"
    part = made
    for name in path[:-1]:
        part = part[name]
    if value is Ellipsis:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return made


async def assault(running_app: RunningApp, most: int) -> None:
    cases = [
        (shape, path, value)
        for shape in SHAPES
        for path in places(shape)
        if path not in LEFT_ALONE
        for value in (*WRONG, Ellipsis)
    ]
    random.Random(7).shuffle(cases)  # noqa: S311  # a sample, the same each time
    numbers = itertools.count(1)
    failed = []
    async with Browser(running_app) as browser:
        for shape, path, value in cases[:most]:
            payload = changed(shape, path, value, next(numbers))
            status, text = await browser.payload(payload)
            if status >= 500:
                failed.append((status, shape.get("type"), path, value, text[:300]))
            elif status >= 400:
                sentence_of(text)
        assert failed == []
        check_harmless(browser.answers, secrets_of(running_app))


async def test_payloads_with_a_wrong_value_anywhere_never_break_the_app(busy: RunningApp, written: StringIO) -> None:
    await assault(busy, 50)
    await works_as_before(busy)
    check_log(busy, written)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_payloads_with_many_more_wrong_values_never_break_the_app(busy: RunningApp, written: StringIO) -> None:
    await assault(busy, 5000)
    await works_as_before(busy)
    check_log(busy, written)


async def works_as_before(running_app: RunningApp) -> None:
    """Whoever sent nothing has what they had; the app answers, and keeps statuses."""
    running_app.clock.move(minutes=2)  # nobody's profile is written more than ten times a minute
    await running_app.settle(60)
    assert running_app.shows(BEN) == ("In a meeting", ":spiral_calendar_pad:", at("10:30"))
    assert running_app.written(BEN) == ["In a meeting"]
    running_app.clock.move(minutes=1)
    await running_app.types("/quo", ":tea: Tea for 10m", BEN)
    assert running_app.text(BEN) == "Tea"
    async with Browser(running_app) as browser:
        assert (await browser.ask("GET", "/readyz"))[0] == 200


def check_log(running_app: RunningApp, written: StringIO) -> None:
    """The whole log at DEBUG holds neither a secret nor what an event is about or a person typed."""
    log = written.getvalue()
    assert "calendar_synced" in log
    assert "status_written" in log
    leaks = [*secrets_of(running_app), TITLE, PLACE, TYPED, "In a meeting", "ann@example.com", "xoxp-", "xoxb-"]
    assert [leak for leak in leaks if leak in log] == []


# ── requests that are well formed, and not allowed ──────────────────────────────────────────────────


async def test_ids_that_nobody_knows_are_answered_and_change_nothing(busy: RunningApp) -> None:
    before = await state(busy)
    requests = [
        click("unheard_of"), click(""), click("x" * 255), submission("unheard_of"), submission(""),
        interaction("shortcut", ANN, callback_id="unheard_of"), interaction("message_action", ANN, callback_id="x"),
        happening("unheard_of"), command_of("why", ANN, "/unheard_of"), command_of("setings", ANN),
        click("undo_override", value="unheard_of"), click("undo_override", value=""),
        click("calendar_menu", selected_option={"value": "disconnect:unheard_of"}),
        click("calendar_menu", selected_option={"value": "disconnect:"}),
        click("calendar_menu", selected_option={"value": "disconnect:../../x"}),
        click("delete_line", value="unheard_of"), click("delete_line", value="meeting"), click("edit_line", value=""),
        click("move_routine_up", value="unheard_of"), click("switch_line", value="../../x"),
    ]  # fmt: skip
    async with Browser(busy) as browser:
        for number, payload in enumerate(requests):
            payload["event_id" if "event_id" in payload else "trigger_id"] = f"{number}.5"
            await browser.payload(payload)
        check_harmless(browser.answers, secrets_of(busy))
    await busy.settle()
    assert await state(busy) == before


async def test_ids_of_another_person_or_workspace_do_nothing_in_ones_own_buttons(busy: RunningApp) -> None:
    """Ben, and Eve of another workspace, try Ann's override and Ann's calendar."""
    other = "T0OTHER001"
    busy.slack.add_workspace(other, "Other", "other")
    await busy.joins(EVE, team=other)
    await busy.types("/quo", f":zebra_face: {TYPED} for 2h")
    assert busy.text() == TYPED
    (override,) = await busy.rows(sa.select(OVERRIDES.c.override_id))
    (calendar,) = await busy.rows(sa.select(CALENDARS.c.calendar_id).where(CALENDARS.c.user_id == ANN))
    before = await state(busy)
    async with Browser(busy) as browser:
        for number, (user, team) in enumerate([(BEN, TEAM), (EVE, other), (ANN, other), (BEN, other)]):
            for what, payload in enumerate(
                [
                    click("undo_override", user, override[0]),
                    click("calendar_menu", user, selected_option={"value": f"disconnect:{calendar[0]}"}),
                ]
            ):
                payload["team"]["id"] = payload["user"]["team_id"] = team
                payload["trigger_id"] = f"{number}.{what}"
                await browser.payload(payload)
        check_harmless(browser.answers, secrets_of(busy))
    await busy.settle()
    assert [row for row in await state(busy) if row in before] == before
    assert busy.text() == TYPED


async def test_request_of_a_workspace_that_is_not_installed_is_answered_and_keeps_nothing(busy: RunningApp) -> None:
    before = await state(busy)
    async with Browser(busy) as browser:
        for number, shape in enumerate(SHAPES):
            payload = json.loads(json.dumps(shape).replace(TEAM, "T0STRANGER"))
            payload["event_id" if "event_id" in payload else "trigger_id"] = f"{number}.7"
            await browser.payload(payload)
        check_harmless(browser.answers, secrets_of(busy))
    await busy.settle()
    assert await state(busy) == before
    assert await busy.rows(sa.select(PEOPLE.c.user_id).where(PEOPLE.c.team_id == "T0STRANGER")) == []


async def test_request_that_comes_again_byte_for_byte_is_done_once(busy: RunningApp) -> None:
    shapes = [
        command_of(f":tea: {TYPED} for 1h", ANN) | {"trigger_id": "1.a"},
        submission("override", text={"value": {"type": "plain_text_input", "value": "Tea"}}) | {"trigger_id": "1.b"},
        click("pause") | {"trigger_id": "1.c"},
        happening("app_home_opened", user=ANN, tab="home") | {"event_id": "Ev1"},
    ]
    async with Browser(busy) as browser:
        for shape in shapes:
            for _ in range(3):
                assert (await browser.payload(shape))[0] == 200
        check_harmless(browser.answers, secrets_of(busy))
    await busy.settle()
    assert len(await busy.rows(sa.select(OVERRIDES.c.override_id))) == 2


async def state(running_app: RunningApp) -> list[Any]:
    """Who there is, with what they asked for and connected."""
    people = sa.select(
        PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.grant_state, PEOPLE.c.preferences, PEOPLE.c.paused_from
    )
    overrides = sa.select(OVERRIDES.c.team_id, OVERRIDES.c.user_id, OVERRIDES.c.override_id, OVERRIDES.c.end_at)
    calendars = sa.select(CALENDARS.c.team_id, CALENDARS.c.user_id, CALENDARS.c.calendar_id)
    return sorted(
        [str(row) for statement in (people, overrides, calendars) for row in await running_app.rows(statement)]
    )
