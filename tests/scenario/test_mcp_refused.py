"""Forged, replayed, stale and cross-person requests to /mcp: each is refused as it deserves, and changes nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain import agents
from services.domain.agents import May
from services.store.agent_tables import AGENT_CALLS, AGENT_CHANGES
from services.store.tables import OVERRIDES, PEOPLE
from tests.support.mcp_wire import BOTH, Said, Wire, new_key, new_request, request, signature, with_identity
from tests.support.running_app import ANN, BEN, TEAM, RunningApp

EVE, GONE, ROBOT = "U0EVE00001", "U0GONE0001", "U0ROBOT001"
OTHER = "T0OTHER001"
CALL = request("tools/call", name="set_status", arguments={"text": "Forged", "minutes": 30})
JSON = {"Content-Type": "application/json", "Accept": BOTH}

Row = tuple[int, Callable[[], Awaitable[Said]]]


async def state(app: RunningApp) -> object:
    """All that such a request could have changed."""
    assert app.service is not None
    rows = [await app.rows(sa.select(sa.func.count()).select_from(one)) for one in (OVERRIDES, AGENT_CHANGES, PEOPLE)]
    calls = await app.rows(sa.select(AGENT_CALLS.c.caller_id, AGENT_CALLS.c.user_id, AGENT_CALLS.c.recent))
    return rows, calls, app.shows(ANN), app.shows(BEN), len(app.slack.calls.all("users.profile.set"))


def body_of(message: object, user: object = ANN, team: object = TEAM) -> bytes:
    """What Slackbot would send for somebody."""
    return json.dumps(with_identity(message, user_id=user, team_id=team)).encode()


async def refused(app: RunningApp, rows: dict[str, Row], at_least: int) -> None:
    """Send each, and see that it is refused with that status, and that all stands as it stood."""
    assert len(rows) >= at_least
    before = await state(app)
    found, changed = {}, []
    for name, (_, send) in rows.items():
        found[name] = (await send()).status
        if await state(app) != before:
            changed.append(name)
    assert found == {name: status for name, (status, _) in rows.items()}
    assert changed == []
    await app.settle()
    assert await state(app) == before


async def test_forged_and_stale_signatures_are_refused(running_app: RunningApp) -> None:
    await running_app.joins(ANN)
    await running_app.joins(BEN)
    wire, body = Wire(running_app), body_of(CALL)
    now = int(running_app.clock.now().timestamp())
    secret = running_app.slack.app.signing_secret
    good = signature(body, secret, str(now))
    digest = good["X-Slack-Signature"]

    def with_headers(*pairs: tuple[str, str], of: bytes = body) -> Callable[[], Awaitable[Said]]:
        return lambda: wire.send(of, [*JSON.items(), *pairs])

    def signed(given: str = digest, stamp: str = str(now), of: bytes = body) -> Callable[[], Awaitable[Said]]:
        return with_headers(("X-Slack-Signature", given), ("X-Slack-Request-Timestamp", stamp), of=of)

    def stamped(stamp: str, of: bytes = body) -> Callable[[], Awaitable[Said]]:
        return with_headers(*signature(of, secret, stamp).items(), of=of)

    unnamed = json.dumps(CALL).encode()
    rows: dict[str, Row] = {
        "nothing that says who asks": (401, with_headers()),
        "another secret": (401, with_headers(*signature(body, "another", str(now)).items())),
        "an empty secret": (401, with_headers(*signature(body, "", str(now)).items())),
        "somebody else than was signed": (401, signed(of=body_of(CALL, BEN))),
        "another workspace than was signed": (401, signed(of=body_of(CALL, team=OTHER))),
        "another text than was signed": (401, signed(of=body.replace(b"Forged", b"Fudged"))),
        "a space more than was signed": (401, signed(of=body + b" ")),
        "another time than was signed": (401, signed(stamp=str(now - 1))),
        "no signature": (401, with_headers(("X-Slack-Request-Timestamp", str(now)))),
        "no timestamp": (401, with_headers(("X-Slack-Signature", digest))),
        "an empty signature": (401, signed("")),
        "another version": (401, signed(digest.replace("v0=", "v1="))),
        "no version": (401, signed(digest.removeprefix("v0="))),
        "capitals": (401, signed(digest.upper().replace("V0=", "v0="))),
        "half of it": (401, signed(digest[:35])),
        "more of it": (401, signed(digest + "00")),
        "no ASCII": (401, signed("v0=" + "é" * 64)),
        "the signature twice": (401, with_headers(*good.items(), ("X-Slack-Signature", digest))),
        "the timestamp twice": (401, with_headers(*good.items(), ("X-Slack-Request-Timestamp", str(now)))),
        "a good one after a bad one": (401, with_headers(("X-Slack-Signature", "v0=0"), *good.items())),
        "a timestamp of words": (401, stamped("junk")),
        "a timestamp with a fraction": (401, stamped(f"{now}.0")),
        "a timestamp with a sign": (401, stamped(f"+{now}")),
        "a timestamp below zero": (401, stamped(f"-{now}")),
        "a timestamp in other digits": (401, stamped("".join(chr(0xFF10 + int(digit)) for digit in str(now)))),
        "a timestamp in another base": (401, stamped(hex(now))),
        "an endless timestamp": (401, stamped("9" * 40)),
        "a timestamp of nothing": (401, stamped("")),
        "five minutes ago, and a second": (401, stamped(str(now - 301))),
        "in five minutes, and a second": (401, stamped(str(now + 301))),
        "years ago": (401, stamped("0")),
        "a form of Slack's": (415, lambda: wire.send(b"command=%2Fquo", wire.signed(b"command=%2Fquo") | {
            "Content-Type": "application/x-www-form-urlencoded"})),
        "the same at the address of events": (400, lambda: Wire(running_app, path="/slack/events").send(
            unnamed, wire.signed(unnamed))),
    }  # fmt: skip
    await refused(running_app, rows, 33)
    assert (await wire.send(body, JSON | good)).status == 200  # it was a good one all along
    await running_app.settle()
    assert running_app.text(ANN) == "Forged"


async def test_replays_are_refused(running_app: RunningApp) -> None:
    await running_app.joins(ANN)
    await running_app.joins(BEN)
    wire, bodies = Wire(running_app), [body_of(CALL), json.dumps(request("tools/list")).encode(), b"{"]
    headers = [wire.signed(body) for body in bodies]
    assert [(await wire.send(*one)).status for one in zip(bodies, headers, strict=True)] == [200, 200, 400]
    await running_app.settle()
    await running_app.types("/quo", "clear", ANN)
    query = Wire(running_app, path="/mcp?again=1")
    modern = {"MCP-Protocol-Version": "2025-06-18", "Mcp-Session-Id": "1", "X-Forwarded-For": "192.0.2.1"}
    pairs = list(reversed(headers[0].items()))
    rows: dict[str, Row] = {
        "the same": (401, lambda: wire.send(bodies[0], headers[0])),
        "the same with a query": (401, lambda: query.send(bodies[0], headers[0])),
        "the same with more headers": (401, lambda: wire.send(bodies[0], headers[0] | modern)),
        "the same with its headers in another order": (401, lambda: wire.send(bodies[0], pairs)),
        "the same as another type": (401, lambda: wire.send(bodies[0], headers[0] | {"Content-Type": "text/plain"})),
        "what only reads": (401, lambda: wire.send(bodies[1], headers[1])),
        "what was no message": (401, lambda: wire.send(bodies[2], headers[2])),
    }
    await refused(running_app, rows, 7)
    await running_app.stop()
    await running_app.start()  # what was seen is known to whoever comes after
    await refused(running_app, rows, 7)
    running_app.clock.move_to(running_app.clock.now() + timedelta(seconds=299))
    await running_app.settle()
    await refused(running_app, rows, 7)
    assert running_app.text(ANN) == ""


async def test_identities_that_are_none_are_refused(running_app: RunningApp) -> None:
    await running_app.joins(ANN)
    await running_app.joins(BEN)
    slack = running_app.slack
    slack.add_person(EVE, "eve", team_id=OTHER)
    slack.add_person(GONE, "gone")
    slack.add_person(ROBOT, "robot", bot_id="B0ROBOT001")
    slack.membership.deactivate(GONE)
    await running_app.settle()
    wire = Wire(running_app)

    def named(slack_says: object, message: dict[str, Any] = CALL) -> Callable[[], Awaitable[Said]]:
        params = message["params"] | {"_meta": message["params"].get("_meta", {}) | {"slack": slack_says}}
        return as_is(json.dumps(message | {"params": params}).encode())

    def as_is(body: bytes) -> Callable[[], Awaitable[Said]]:
        return lambda: wire.send(body, wire.signed(body))

    def who(user: object, team: object = TEAM, **more: object) -> Callable[[], Awaitable[Said]]:
        return named({"user_id": user, "team_id": team, **more})

    outside = CALL | {"_meta": {"slack": {"user_id": ANN, "team_id": TEAM}}}
    inside = request("tools/call", name="set_status", arguments=CALL["params"]["arguments"] | {
        "_meta": {"slack": {"user_id": ANN, "team_id": TEAM}}})  # fmt: skip
    twice = body_of(CALL).replace(b'"slack":', b'"slack": {"user_id": "U0BEN00001", "team_id": "T0DEMO0001"}, "slack":')
    bot = slack.bot_of(TEAM).user_id
    rows: dict[str, Row] = {
        "nobody": (401, as_is(json.dumps(CALL).encode())),
        "a text": (401, named("U0ANN00001")),
        "a list": (401, named([{"user_id": ANN, "team_id": TEAM}])),
        "nothing in it": (401, named({})),
        "no user": (401, named({"team_id": TEAM})),
        "no workspace": (401, named({"user_id": ANN})),
        "names of other fields": (401, named({"user": ANN, "team": TEAM})),
        "a list of users": (401, who([ANN])),
        "a user of another kind": (401, who({"id": ANN})),
        "an address": (401, who("../U0ANN00001")),
        "a user in small letters": (401, who(ANN.lower())),
        "a user with a blank": (401, who(f"{ANN} ")),
        "an endless user": (401, who("U" * 64)),
        "an empty user": (401, who("")),
        "a number": (401, who(7)),
        "a user whom nobody knows": (401, who("U0NOBODY01")),
        "a member of another workspace": (401, who(EVE)),
        "a member of a workspace without us": (401, who(EVE, OTHER)),
        "a member in a workspace that is not theirs": (401, who(ANN, OTHER)),
        "an organization that is none": (401, who(ANN, OTHER, enterprise_id="E0NOBODY01")),
        "our own workspace as an organization": (401, who(ANN, OTHER, enterprise_id=TEAM)),
        "somebody who was deactivated": (401, who(GONE)),
        "another bot": (401, who(ROBOT)),
        "the app's own bot": (401, who(bot)),
        "Slackbot itself": (401, who("USLACKBOT")),
        "said outside of the parameters": (401, as_is(json.dumps(outside).encode())),
        "said among the arguments": (401, as_is(json.dumps(inside).encode())),
        "two at a time": (400, as_is(twice)),
        "two messages at a time": (400, as_is(b"[" + body_of(CALL) + b"," + body_of(CALL, BEN) + b"]")),
        "a list of one": (400, as_is(b"[" + body_of(CALL) + b"]")),
    }  # fmt: skip
    await refused(running_app, rows, 30)


async def test_keys_that_are_none_or_somebody_elses_are_refused(running_app: RunningApp) -> None:
    ann, ben = await running_app.joins(ANN), await running_app.joins(BEN)
    assert running_app.service is not None
    keys = running_app.service.cases.agents.keys
    secret, revoked = await new_key(running_app, ann), await new_key(running_app, ann, "gone")
    reads = await new_key(running_app, ann, "reads", May.READ)
    assert await keys.revoke(ann, next(key.key_id for key in await keys.list(ann) if key.name == "gone"))
    body, body_as_ben = json.dumps(CALL).encode(), body_of(CALL, BEN)
    modern = new_request("tools/call", name="set_status", arguments=CALL["params"]["arguments"])
    mine, nobody = Wire(running_app, secret), Wire(running_app)

    def bearer(*given: str) -> Callable[[], Awaitable[Said]]:
        return lambda: nobody.send(body, [*JSON.items(), *(("Authorization", one) for one in given)])

    def with_key(*more: tuple[str, str], of: bytes = body, method: str = "POST") -> Callable[[], Awaitable[Said]]:
        return lambda: mine.send(of, [*(JSON | dict(more)).items()], method=method)

    basic = base64.b64encode(f"{secret}:".encode()).decode()
    rows: dict[str, Row] = {
        "no key": (401, bearer()),
        "a key that was revoked": (401, bearer(f"Bearer {revoked}")),
        "a key and a letter": (401, bearer(f"Bearer {secret}x")),
        "a key in small letters": (401, bearer(f"Bearer {secret.swapcase()}")),
        "the digest of a key": (401, bearer(f"Bearer {hashlib.sha256(secret.encode()).hexdigest()}")),
        "a key as a password": (401, bearer(f"Basic {basic}")),
        "a key of another kind": (401, bearer(f"Token {secret}")),
        "two keys": (401, bearer(f"Bearer {secret}", f"Bearer {reads}")),
        "Slack's own token": (401, bearer("Bearer xoxp-1-2-3")),
        "a key in the address": (401, lambda: Wire(running_app, path=f"/mcp?key={secret}").send(body, JSON)),
        "a key in a cookie": (401, lambda: nobody.send(body, JSON | {"Cookie": f"Authorization=Bearer {secret}"})),
        "a change with a key that reads": (403, lambda: Wire(running_app, reads).send(body, JSON)),
        "a page of another site": (403, with_key(("Origin", "https://evil.example"))),
        "a sandboxed page": (403, with_key(("Origin", "null"))),
        "a form of another site": (415, with_key(("Content-Type", "text/plain"))),
        "another tool than the header says": (400, lambda: mine.new(modern, **{"Mcp-Name": "get_status"})),
        "another method than the header says": (400, lambda: mine.new(modern, **{"Mcp-Method": "tools/list"})),
        "a key beside Slack's signature": (400, lambda: mine.send(body_as_ben, mine.signed(body_as_ben))),
        "a key beside a forged signature": (400, lambda: mine.send(body, mine.signed(body, "another"))),
        "a key beside a timestamp": (400, with_key(("X-Slack-Request-Timestamp", "1"))),
        "by GET": (405, with_key(method="GET", of=b"")),
        "by PUT": (405, with_key(method="PUT")),
    }  # fmt: skip
    await refused(running_app, rows, 22)
    said = await Wire(running_app, reads).send(body, JSON)
    assert (said.code, said.body["id"], said.body["error"]["data"]) == (403, 1, {"error": "no_permission"})
    notification = {name: value for name, value in CALL.items() if name != "id"}
    before = await state(running_app)
    assert (await mine.old(notification)).status == 202
    assert await state(running_app) == before  # what asks for no answer does nothing

    # Whoever has a key acts as its owner, whatever the message says of somebody else.
    theirs = Wire(running_app, await new_key(running_app, ben))
    assert (await theirs.old(with_identity(CALL, user_id=ANN, team_id=TEAM))).status == 200
    await running_app.settle()
    assert (running_app.text(ANN), running_app.text(BEN)) == ("", "Forged")


async def test_who_calls_too_often_changes_nothing_more(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MOST_CALLS", 6)
    ann = await running_app.joins(ANN)
    await running_app.joins(BEN)
    wire, look = Wire(running_app, await new_key(running_app, ann)), ("tools/call", "get_status")
    slackbot = Wire(running_app)
    for number in range(6):
        one = request(look[0], number, name=look[1], arguments={})
        assert (await wire.old(one)).status == (await slackbot.by_slackbot(one)).status == 200
    rows: dict[str, Row] = {
        "a change": (429, lambda: wire.old(CALL)),
        "a look": (429, lambda: wire.old(request(look[0], name=look[1]))),
        "a change by Slackbot": (429, lambda: slackbot.by_slackbot(CALL)),
        "a look by Slackbot": (429, lambda: slackbot.by_slackbot(request(look[0], 61, name=look[1]))),
    }
    await refused(running_app, rows, 4)
    said = await wire.old(CALL)
    assert (said.code, said.headers["retry-after"], said.body["error"]["data"]) == (429, "60", {"error": "ratelimited"})
    assert (await wire.old(request("tools/list"))).status == 200  # which nobody counts
    assert (await slackbot.by_slackbot(request(look[0], name=look[1]), user=BEN)).status == 200  # each has their own
