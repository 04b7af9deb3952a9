"""What comes in over HTTP: signed, forged, malformed, too large, twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import sqlalchemy as sa
from multidict import CIMultiDict

from handlers.events import Events
from services.errors import NotGrantedError, TimeNotUnderstoodError
from services.model import PersonKey, Status
from services.store.columns import Vault
from services.store.engine import Database
from services.store.models import Base, Delivery, Person
from services.store.standings import StandingStore
from tests.clocks import ManualClock
from tests.house import House, house
from tests.oauth_stub import OAuthStub, answer, oauth_stub

ANN = PersonKey("T1", "U1")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def stub() -> AsyncIterator[OAuthStub]:
    async with oauth_stub() as found:
        yield found


@pytest.fixture
async def app(database: Database, vault: Vault, clock: ManualClock, stub: OAuthStub) -> AsyncIterator[House]:
    stub.members["U1"] = {"tz": "Europe/Berlin", "locale": "en-GB"}
    async with house(database, vault, clock, stub) as found:
        await found.install(answer())
        yield found


@pytest.fixture
async def lone(sqlite_url: str, vault: Vault, clock: ManualClock, stub: OAuthStub) -> AsyncIterator[House]:
    """The same for what no database has a say in."""
    database = Database(sqlite_url)
    async with house(database, vault, clock, stub) as found:
        await found.install(answer())
        yield found
    await database.close()


# ── signatures ──────────────────────────────────────────────────────────────────────────────────────

PING = json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"}).encode()


async def test_signed_request_is_taken(lone: House) -> None:
    assert await lone.post(PING) == (200, '{"challenge": "abc"}')


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_signature_within_five_minutes_is_taken(lone: House, seconds: int) -> None:
    at = lone.clock.now().timestamp() + seconds
    assert (await lone.post(PING, headers=lone.signed(PING, at=at)))[0] == 200


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
async def test_signature_further_away_is_refused(lone: House, seconds: int) -> None:
    at = lone.clock.now().timestamp() + seconds
    assert (await lone.post(PING, headers=lone.signed(PING, at=at)))[0] == 401


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@pytest.mark.parametrize(
    "forge",
    [
        lambda headers: {},
        lambda headers: _without(headers, STAMP),
        lambda headers: _without(headers, SIGNATURE),
        lambda headers: {**headers, SIGNATURE: "v0=" + "0" * 64},
        lambda headers: {**headers, SIGNATURE: headers[SIGNATURE].removeprefix("v0=")},
        lambda headers: {**headers, SIGNATURE: headers[SIGNATURE].upper()},
        lambda headers: {**headers, SIGNATURE: ""},
        lambda headers: {**headers, SIGNATURE: "v0=é"},
        lambda headers: {**headers, STAMP: ""},
        lambda headers: {**headers, STAMP: "now"},
        lambda headers: {**headers, STAMP: "-1"},
        lambda headers: {**headers, STAMP: "1e9"},
        lambda headers: {**headers, STAMP: "١٢٣"},
        lambda headers: {**headers, STAMP: "9" * 5000},
        lambda headers: {**headers, STAMP: str(int(headers[STAMP]) + 1)},
    ],
)
async def test_forged_request_is_refused_before_it_is_parsed(lone: House, forge: Any) -> None:
    body = b"{this is no JSON"
    status, text = await lone.post(body, headers=forge(lone.signed(body)))
    assert (status, json.loads(text)["error"]) == (401, "The signature of that request is missing or wrong.")


async def test_signature_of_another_body_or_secret_is_refused(lone: House) -> None:
    assert (await lone.post(PING, headers=lone.signed(PING + b" ")))[0] == 401
    assert (await lone.post(PING, headers=lone.signed(PING, secret="guess")))[0] == 401


@pytest.mark.parametrize("name", [STAMP, SIGNATURE])
async def test_header_that_is_there_twice_is_refused(lone: House, name: str) -> None:
    headers = CIMultiDict({"Content-Type": "application/json", **lone.signed(PING)})
    headers.add(name, headers[name])
    async with (
        aiohttp.ClientSession() as session,
        session.post(lone.url + "/slack/events", data=PING, headers=headers) as answered,
    ):
        assert answered.status == 401


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────

CANNOT_BE_READ = "That request cannot be read."


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b'"secret-value"'),
        ("application/json", b'{"type": NaN}'),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"type":"event_callback","event":{"type":"x"},"n":' + b"9" * 5000 + b"}"),
        ("application/json", b'{"type": "\xff"}'),
        ("application/json", b"{}"),
        ("application/json", b'{"type": "unheard_of"}'),
        ("application/json", b'{"type": 5}'),
        ("application/json", b'{"type": "url_verification"}'),
        ("application/json", b'{"type": "event_callback"}'),
        ("application/json", b'{"type": "event_callback", "event": []}'),
        ("application/json", b'{"type": "event_callback", "event": {}}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x", "user": 7}}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": [1]}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": null}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "authorizations": {"a": 1}}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "team_id": ["T1"]}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x"}, "team_id": "T\\u00001"}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x", "text": "\\u0000"}}'),
        ("application/json", b'{"type": "event_callback", "event": {"type": "x", "text": "\\ud800"}}'),
        ("application/json", b'{"type": "block_actions", "user": {"id": "U1"}, "actions": [{}]}'),
        ("application/json", b'{"type": "block_actions", "user": {"id": {}}, "actions": [{"action_id": "x"}]}'),
        ("application/json", b'{"type": "view_submission", "user": {"id": "U1"}, "view": {}}'),
        ("application/json", b'{"type": "view_submission", "user": {"id": "U1"}, "view": {"type": "modal"}}'),
        ("application/json", b'{"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "x"}}'),
        (FORM, b""),
        (FORM, b"nonsense"),
        (FORM, b"payload="),
        (FORM, b"payload=x"),
        (FORM, b"payload=%7B"),
        (FORM, b"payload=[]"),
        (FORM, b"payload={}&payload={}"),
        (FORM, b"command=/quo"),
        (FORM, b"command=/quo&team_id=T1"),
        (FORM, b"command=/quo&team_id=T1&user_id=U1&text=%FF"),
        (FORM, b"command=/quo&team_id=T1&user_id=U1&text=%00"),
        (FORM, b"command=/quo&team_id=T1&user_id=%27;--"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(200))),
        ("text/plain", PING),
        ("multipart/form-data", PING),
        ("application/xml", b"<x/>"),
    ],
)
async def test_signed_nonsense_is_refused_in_one_sentence(lone: House, content_type: str, body: bytes) -> None:
    status, text = await lone.post(body, content_type)
    assert (status, json.loads(text)["error"]) == (400, CANNOT_BE_READ)
    assert sorted(json.loads(text)) == ["error", "error_id"]


async def test_body_over_one_mebibyte_is_refused(lone: House) -> None:
    body = b'{"x":"' + b"a" * (1024 * 1024) + b'"}'
    status, text = await lone.post(body)
    assert (status, json.loads(text)["error"]) == (413, "That request is too large.")


async def test_body_over_the_limit_without_a_length_is_refused(lone: House) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"a" * 65536

    async with (
        aiohttp.ClientSession() as session,
        session.post(lone.url + "/slack/events", data=pieces()) as answered,
    ):
        assert (answered.status, (await answered.json())["error"]) == (413, "That request is too large.")


async def test_body_just_within_the_limit_is_read(lone: House) -> None:
    start = b'{"type":"url_verification","challenge":"abc","x":"'
    body = start + b"a" * (1024 * 1024 - len(start) - 2) + b'"}'
    assert len(body) == 1024 * 1024
    assert (await lone.post(body))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/", 404, "There is nothing at this address."),
        ("GET", "/../../etc/passwd", 404, "There is nothing at this address."),
        ("POST", "/slack/eventz", 404, "There is nothing at this address."),
        ("POST", "/slack/events/", 404, "There is nothing at this address."),
        ("GET", "/slack/events", 405, "This address does not take that kind of request."),
        ("PUT", "/slack/events", 405, "This address does not take that kind of request."),
        ("POST", "/slack/install", 405, "This address does not take that kind of request."),
        ("POST", "/healthz", 405, "This address does not take that kind of request."),
    ],
)
async def test_wrong_path_or_method_is_refused_in_one_sentence(
    lone: House, method: str, path: str, status: int, sentence: str
) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, lone.url + path) as answered:
        assert (answered.status, (await answered.json())["error"]) == (status, sentence)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nAuthorization xoxb-secret\r\n\r\n",
        b"GET /slack/install?link=T1.secret\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /secret" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: -secret\r\n\r\n",
        b"\x16\x03\x01secret\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_without_being_repeated(
    lone: House, raw: bytes, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(lone.url.rpartition(":")[2]))
    writer.write(raw)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.split(b" ")[1] == b"400"
    assert json.loads(body)["error"] == CANNOT_BE_READ
    logged = capsys.readouterr().out + caplog.text
    assert "request_broken" in logged
    assert "secret" not in logged


async def test_request_that_nobody_knows_is_refused_and_not_logged(
    lone: House, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    status, text = await lone.command("my secret plan", command="/other")
    assert (status, json.loads(text)["error"]) == (404, "I do not know what that request is about.")
    assert "secret plan" not in capsys.readouterr().out + caplog.text


async def test_failure_is_logged_with_the_id_that_is_shown_and_nothing_else_is_said(
    lone: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_arguments: object) -> None:
        raise RuntimeError("xoxb-secret in a message")

    monkeypatch.setattr(lone.intake, "take", fails)
    status, text = await lone.post(PING)
    said = json.loads(text)
    assert (status, said["error"]) == (500, "Something went wrong on our side. Please try again in a minute.")
    assert said["error_id"] in capsys.readouterr().out
    assert "xoxb" not in text


# ── what Slack delivers ─────────────────────────────────────────────────────────────────────────────


async def test_ssl_check_is_answered(lone: House) -> None:
    assert await lone.post(b"ssl_check=1&token=x", FORM) == (200, "")


async def test_event_that_nobody_listens_to_is_answered(lone: House) -> None:
    take_the_rest(lone)
    assert await lone.event({"type": "star_added", "user": "U1"}) == (200, "")
    assert await lone.event({"type": "message", "subtype": "x", "channel": "C1"}, event_id="Ev2") == (200, "")


async def test_click_on_a_link_is_answered(lone: House) -> None:
    take_the_rest(lone)
    click = {
        "type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "trigger_id": "1.2",
        "actions": [{"action_id": "to_a_page", "block_id": "b", "type": "button"}],
    }  # fmt: skip
    assert await lone.post(urlencode({"payload": json.dumps(click)}).encode(), FORM) == (200, "")


def take_the_rest(app: House) -> None:
    Events(app.people, app.leaving).register_rest(app.bolt)


async def test_event_that_comes_again_is_answered_and_dropped(app: House) -> None:
    taken: list[str] = []

    async def listener(event: dict[str, Any]) -> None:
        taken.append(event["tab"])

    app.bolt.event("reaction_added")(listener)
    for _ in range(3):
        assert await app.event({"type": "reaction_added", "tab": "x"}) == (200, "")
    assert await app.event({"type": "reaction_added", "tab": "y"}, event_id="Ev2") == (200, "")
    assert await app.event({"type": "reaction_added", "tab": "z"}, team_id="T2") == (200, "Not installed.")
    assert taken == ["x", "y"]


async def test_event_that_failed_is_taken_when_it_comes_again(app: House) -> None:
    taken: list[str] = []

    async def listener(event: dict[str, Any]) -> None:
        taken.append(event["type"])
        if len(taken) == 1:
            raise OSError("the database is away")

    app.bolt.event("reaction_added")(listener)
    assert [(await app.event({"type": "reaction_added"}))[0] for _ in range(3)] == [500, 200, 200]
    assert taken == ["reaction_added", "reaction_added"]


async def test_command_that_comes_again_is_done_once(app: House) -> None:
    taken: list[str] = []

    async def listener(ack: Any, command: dict[str, Any], person: PersonKey) -> None:
        taken.append(f"{person.user_id} {command['text']}")
        await ack("done")

    app.bolt.command("/quo")(listener)
    first, again = await app.command("pause"), await app.command("pause")
    assert (first, again) == ((200, "done"), (200, ""))
    assert (await app.command("pause", trigger_id="1.2"))[0] == 200
    assert taken == ["U1 pause", "U1 pause"]


async def test_question_that_comes_again_is_answered_once_and_claims_nothing(app: House) -> None:
    async def listener(ack: Any) -> None:
        await ack("because")

    app.bolt.command("/quo")(listener)
    first, again = await app.command("why"), await app.command("why")
    assert (first, again) == ((200, "because"), (200, ""))
    async with app.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


async def test_person_in_a_request_is_the_orgs_where_the_org_installed(app: House) -> None:
    await app.install(answer("W1", team=None, enterprise="E1"))
    seen: list[PersonKey] = []

    async def listener(ack: Any, person: PersonKey) -> None:
        seen.append(person)
        await ack()

    app.bolt.command("/quo")(listener)
    await app.command("", team_id="T7", enterprise_id="E1", user_id="W1", trigger_id="7.1")
    await app.command("", team_id="T1", enterprise_id="E1", user_id="U9", trigger_id="7.2")
    assert seen == [PersonKey("E1", "W1"), PersonKey("T1", "U9")]


async def test_requests_are_authorized_without_asking_slack(app: House) -> None:
    async def listener(ack: Any, context: Any) -> None:
        await ack(f"{context.bot_token} {context.user_token}")

    app.bolt.command("/quo")(listener)
    calls = len(app.stub.calls)
    assert await app.command("") == (200, "xoxb-1 None")
    assert len(app.stub.calls) == calls


# ── errors of listeners ─────────────────────────────────────────────────────────────────────────────


async def test_error_of_a_command_is_said_to_its_sender_alone(lone: House) -> None:
    async def listener() -> None:
        raise TimeNotUnderstoodError("xyz")

    lone.bolt.command("/quo")(listener)
    status, text = await lone.command("xyz")
    assert (status, json.loads(text)) == (
        200,
        {
            "response_type": "ephemeral",
            "text": "I did not understand that time. Try `45m`, `until 3pm`, `tomorrow` or `24 dec - 2 jan`.",
        },
    )


async def test_unexpected_error_of_a_command_is_said_with_its_id(
    lone: House, capsys: pytest.CaptureFixture[str]
) -> None:
    async def listener() -> None:
        raise ZeroDivisionError("a secret")

    lone.bolt.command("/quo")(listener)
    status, text = await lone.command("")
    said = json.loads(text)["text"]
    sentence, _, number = said.rstrip(")").rpartition(" (Error ")
    assert (status, sentence) == (200, "Something went wrong on our side. Please try again in a minute.")
    assert number in capsys.readouterr().out
    assert "secret" not in said


async def test_error_of_a_submitted_modal_stands_at_its_block(lone: House) -> None:
    async def listener() -> None:
        raise TimeNotUnderstoodError("x", field="until")

    lone.bolt.view("override")(listener)
    view = {
        "type": "modal",
        "callback_id": "override",
        "blocks": [{"type": "input", "block_id": "text"}, {"type": "input", "block_id": "until"}],
    }
    payload = {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": view, "trigger_id": "3.3"}
    status, text = await lone.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)
    assert (status, json.loads(text)) == (
        200,
        {"response_action": "errors", "errors": {"until": TimeNotUnderstoodError.sentence()}},
    )


async def test_error_of_a_click_is_shown_in_a_small_modal(lone: House) -> None:
    async def listener() -> None:
        raise NotGrantedError("nobody")

    lone.bolt.action("pause")(listener)
    payload = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "4.4",
        "actions": [{"action_id": "pause", "block_id": "b", "type": "button"}],
    }  # fmt: skip
    assert await lone.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM) == (200, "")
    method, arguments = lone.stub.calls[-1]
    assert (method, arguments["trigger_id"]) == ("views.open", "4.4")
    shown = arguments["view"]["blocks"][0]["text"]["text"]
    assert shown.startswith("I may not set your status yet. Allow it once, and I do the rest. (Error ")


# ── events about people ─────────────────────────────────────────────────────────────────────────────


def profile(user: str = "U1", **fields: Any) -> dict[str, Any]:
    return {"id": user, "team_id": "T1", "profile": {"status_text": "", "status_emoji": "", **fields}}


async def memory(app: House, vault: Vault) -> Status | None:
    async with app.database.read() as connection:
        return (await StandingStore(vault).load(connection, ANN)).standing.own


async def test_status_that_was_typed_is_remembered_and_its_person_due(app: House, vault: Vault) -> None:
    async with app.database.write() as connection:
        await connection.execute(sa.update(Person).values(due_at=None))
    rings = app.bell.rings
    app.clock.move(minutes=1)
    user = profile(status_text="Tea &amp; cake", status_emoji=":tea:", status_expiration=0)
    assert await app.event({"type": "user_status_changed", "user": user}) == (200, "")
    assert await memory(app, vault) == Status("Tea & cake", ":tea:")
    async with app.database.read() as connection:
        assert await connection.scalar(sa.select(Person.due_at)) == app.clock.now()
    assert app.bell.rings == rings + 1


async def test_older_status_that_comes_late_changes_no_memory_and_has_the_profile_looked_at(
    app: House, vault: Vault
) -> None:
    old = profile(status_text="Old", status_emoji=":one:")
    at = app.clock.now().timestamp()
    app.clock.move(seconds=5)
    await app.event({"type": "user_status_changed", "user": old, "event_ts": f"{at + 1:.6f}"})
    new = profile(status_text="New", status_emoji=":two:")
    await app.event({"type": "user_status_changed", "user": new, "event_ts": f"{at + 2:.6f}"}, event_id="Ev2")
    rings = app.bell.rings
    await app.event({"type": "user_status_changed", "user": old, "event_ts": f"{at + 1:.6f}"})
    assert await memory(app, vault) == Status("New", ":two:")
    assert app.bell.rings == rings + 1
    await app.event({"type": "user_status_changed", "user": new, "event_ts": f"{at + 2:.6f}"}, event_id="Ev3")
    assert app.bell.rings == rings + 1


async def test_news_of_strangers_is_dropped_without_a_trace(app: House) -> None:
    before = await rows_of(app)
    for kind in ("user_status_changed", "user_profile_changed"):
        assert await app.event({"type": kind, "user": profile("U404", status_text="x")}) == (200, "")
    assert await rows_of(app) == before


async def rows_of(app: House) -> dict[str, int]:
    async with app.database.read() as connection:
        return {
            table.name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("user", [None, "U1", {"id": "U1"}, {"id": "U1", "profile": None}, {"id": "U1", "profile": []}])
async def test_news_without_a_profile_is_answered(lone: House, user: Any) -> None:
    assert (await lone.event({"type": "user_status_changed", "user": user}))[0] == 200
    assert (await lone.event({"type": "user_profile_changed", "user": user}, event_id="Ev2"))[0] == 200


async def test_news_of_somebody_known_to_the_org_are_theirs_in_any_team(app: House) -> None:
    await app.install(answer("W1", team=None, enterprise="E1"))
    moved = {**profile("W1"), "tz": "Asia/Tokyo"}
    authorizations = [{"team_id": "T7", "enterprise_id": "E1", "is_enterprise_install": True}]
    news = {"type": "user_profile_changed", "user": moved}
    assert await app.event(news, team_id="T7", authorizations=authorizations) == (200, "")
    view = await app.people.get(PersonKey("E1", "W1"))
    assert view is not None
    assert view.zone.key == "Asia/Tokyo"


async def test_person_who_moves_is_followed(app: House) -> None:
    moved = {**profile(), "tz": "Asia/Tokyo", "locale": "ja-JP"}
    assert await app.event({"type": "user_profile_changed", "user": moved}) == (200, "")
    view = await app.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.locale) == ("Asia/Tokyo", "ja-JP")


@pytest.mark.parametrize("zone", ["", None, 5, "Nowhere/Town", "../../etc/passwd", "Europe", "EST5EDT\x1f"])
async def test_zone_that_does_not_exist_changes_nothing(lone: House, stub: OAuthStub, zone: Any) -> None:
    stub.members["U1"] = {"tz": "Europe/Berlin", "locale": "en-GB"}
    await lone.install(answer())
    assert (await lone.event({"type": "user_profile_changed", "user": {**profile(), "tz": zone}}))[0] == 200
    view = await lone.people.get(ANN)
    assert view is not None
    assert view.zone.key == "Europe/Berlin"


async def test_home_that_is_opened_is_kept_up_to_date_also_for_somebody_new(app: House) -> None:
    app.stub.members["U5"] = {"tz": "Europe/Rome", "locale": "it-IT"}
    assert await app.event({"type": "app_home_opened", "user": "U5", "tab": "messages"}) == (200, "")
    assert await app.people.get(PersonKey("T1", "U5")) is None
    assert await app.event({"type": "app_home_opened", "user": "U5", "tab": "home"}, event_id="Ev2") == (200, "")
    view = await app.people.get(PersonKey("T1", "U5"))
    assert view is not None
    assert (view.home_opened, view.granted, view.zone.key, view.locale) == (True, False, "Europe/Rome", "it-IT")
    async with app.database.read() as connection:
        assert await connection.scalar(sa.select(Person.home_stale).where(Person.user_id == "U5")) is True


# ── for the operator ────────────────────────────────────────────────────────────────────────────────


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answered:
        return answered.status, await answered.text()


async def test_health_readiness_and_metrics(sqlite_url: str, vault: Vault, clock: ManualClock, stub: OAuthStub) -> None:
    good = {"worker": True}

    async def worker() -> bool:
        return good["worker"]

    async def broken() -> bool:
        raise OSError("no route")

    database = Database(sqlite_url)
    checks: Any = {"worker": worker}
    async with house(database, vault, clock, stub, checks=checks) as found:
        assert await get(found.url + "/healthz") == (200, '{"status": "alive"}')
        assert await get(found.url + "/readyz") == (200, '{"status": "ready", "worker": "ok"}')
        good["worker"] = False
        assert await get(found.url + "/readyz") == (503, '{"status": "not ready", "worker": "failing"}')
        checks["database"] = broken
        good["worker"] = True
        status, text = await get(found.url + "/readyz")
        assert (status, json.loads(text)["database"]) == (503, "failing")
        await found.install(answer())
        await found.event({"type": "user_status_changed", "user": profile("U404")})
        status, text = await get(found.url + "/metrics")
        assert status == 200
        assert 'statusquo_deliveries_total{outcome="stranger",type="user_status_changed"} 1.0' in text
        assert 'statusquo_request_seconds_count{route="/slack/events",status="200"} 1.0' in text
        assert "U404" not in text
        assert "T1" not in text
    await database.close()
