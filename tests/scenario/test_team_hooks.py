"""Leave that a leave system posts for a whole workspace: what it is answered, and what comes of it."""

from __future__ import annotations

import json
import secrets
from typing import Any

import aiohttp
import sqlalchemy as sa

from services.domain.model import PersonKey
from services.platform.crypto import digest_of
from services.store.calendar_tables import EVENTS
from services.store.tables import METADATA
from tests.support.hooks import JSON, send
from tests.support.leave import OUT, lost, of_leave, workspace
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

ANNS, BENS = "ann@example.com", "ben@example.com"
MATCHED = "Counts as leave of the member with that e-mail address."


async def team_hook(app: RunningApp) -> str:
    """The address of a new hook of the workspace, whose members are known."""
    await workspace(app)
    assert app.service is not None
    stores, now, secret = app.service.stores, app.clock.now(), secrets.token_urlsafe(32)
    key = await stores.leave.begin(PersonKey(TEAM, "UADMIN"), now)
    await stores.team_hooks.create(key, digest_of(secret), ANN, now)
    async with stores.database.write() as connection:
        await stores.members.needed(connection, TEAM, now)
    app.wake()
    while await stores.members.read_at(TEAM) is None:
        await app.settle()
    return f"{app.url}/hooks/team/{secret}"


def days(email: str, first: str, last: str = "", **more: Any) -> dict[str, Any]:
    return {"email": email, "from": first, "to": last or first, **more}


async def results(app: RunningApp, hook: str, *lines: Any, query: str = "") -> list[str]:
    status, answer, _ = await send(hook + query, list(lines))
    assert status == 200, answer
    await app.settle()
    assert [one["line"] for one in answer["lines"]] == list(range(len(lines)))
    return [one["result"] for one in answer["lines"]]


async def test_posted_leave_is_the_members_with_that_address_and_each_line_is_answered(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    lines = [
        days(ANNS.upper(), "2026-11-24", "2026-11-25", kind="Vacation"),
        days("nobody@example.com", "2026-11-24"),
        days(BENS, "2026-11-25", kind="Bicycle repair"),
        days(BENS, "2026-11-26", half="am"),
        {"email": BENS, "from": "2026-11-31", "to": "2026-12-01"},
        days(BENS, "2026-11-27", half="pm", kind="sick leave"),
    ]  # fmt: skip
    status, answer, _ = await send(hook, lines)
    await running_app.settle()
    assert status == 200
    assert answer == {
        "lines": [
            {"line": 0, "result": "matched", "sentence": MATCHED},
            {"line": 1, "result": "unknown", "sentence": "No member of the workspace has that e-mail address."},
            {"line": 2, "result": "not_leave",
             "sentence": "That kind is not on the workspace's list of types of leave. An admin can add it."},
            {"line": 3, "result": "matched", "sentence": MATCHED},
            {"line": 4, "result": "invalid", "sentence": "`from` and `to` are days such as `2026-12-01`."},
            {"line": 5, "result": "matched", "sentence": MATCHED},
        ]
    }  # fmt: skip
    assert running_app.shows()[:2] == OUT
    assert await of_leave(running_app) == [  # Ben is in Tokyo
        (ANN, "24 00:00", "26 00:00"), (BEN, "25 15:00", "26 03:00"), (BEN, "27 03:00", "27 15:00"),
    ]  # fmt: skip
    assert await lost(running_app) == [("unknown", "nobody@example.com", "")]


async def test_list_takes_the_place_of_the_one_before_and_the_same_list_changes_nothing(
    running_app: RunningApp,
) -> None:
    hook = await team_hook(running_app)
    lines = [days(ANNS, "2026-11-24"), days(BENS, "2026-11-30")]
    for _ in range(2):
        assert await results(running_app, hook, *lines) == ["matched"] * 2
    written = len(running_app.written())
    before = await running_app.rows(sa.select(EVENTS.c.detail))
    await results(running_app, hook, *lines)
    assert (len(running_app.written()), await running_app.rows(sa.select(EVENTS.c.detail))) == (written, before)
    assert await results(running_app, hook, days(BENS, "2026-11-30")) == ["matched"]
    assert running_app.text() == ""
    assert [who for who, _, _ in await of_leave(running_app)] == [BEN]


async def test_much_shorter_list_is_refused_unless_it_is_meant(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    await results(running_app, hook, *(days(ANNS, f"2026-12-0{day}") for day in range(1, 6)))
    sentence = "That is empty, or fewer than half of the lines sent last. Send it with `?replace=all` if it is meant."
    broken = [{"mail": ANNS}] * 5
    for fewer in ([], [days(ANNS, "2026-12-01")] * 9, [days(ANNS, "2026-12-01"), days(ANNS, "2026-12-02")], broken):
        status, answer, _ = await send(hook, fewer)
        assert (status, answer.get("error", answer)) == (409, sentence)
    await running_app.settle()
    assert len(await of_leave(running_app)) == 5
    assert await results(running_app, hook, *(days(ANNS, f"2026-12-0{day}") for day in (1, 2, 3))) == ["matched"] * 3
    assert await results(running_app, hook, days(ANNS, "2026-12-01"), query="?replace=all") == ["matched"]
    assert await results(running_app, hook, query="?replace=all") == []
    assert await of_leave(running_app) == []


NO_LISTS = [
    (b"[", JSON, 400),
    (b"\xff", JSON, 400),
    (b'{"email": "ann@example.com"}', JSON, 400),
    (json.dumps([{}] * 10_001).encode(), JSON, 400),
    (b"[]", "text/calendar", 415),
    (b"[" + b" " * (1 << 20), JSON, 413),
]


async def test_what_is_no_list_is_refused_in_a_sentence(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    for body, kind, status in NO_LISTS:
        answered, answer, _ = await send(hook, body, kind)
        assert (answered, "Traceback" in str(answer)) == (status, False)


BROKEN: list[Any] = [
    7, {}, days("ann", "2026-12-01"), days(ANNS, "1 Dec"), days(ANNS, "2026-12-02", "2026-12-01"),
    days(ANNS, "1999-12-31"), days(ANNS, "2026-12-01", "2036-12-01"), days(ANNS, "2026-12-01", half="night"),
    days(ANNS, "2026-12-01", half=[]), days(ANNS, "2026-12-01", "2026-12-02", half="am"),
    days(ANNS, "2026-12-01", kind=7), days(ANNS, "2026-12-01", kind="x" * 201),
    days(ANNS, "2026-12-01", kind="\ud800"), days(ANNS + "\x00", "2026-12-01"), {**days(ANNS, ""), "from": 20261201},
]  # fmt: skip


async def test_broken_lines_change_nothing_for_the_others(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    found = await results(running_app, hook, *BROKEN, days(ANNS, "2026-12-01"))
    assert found == ["invalid"] * len(BROKEN) + ["matched"]
    assert await of_leave(running_app) == [(ANN, "01 00:00", "02 00:00")]


async def test_secret_may_come_in_a_header_and_an_unknown_one_finds_nothing(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    address, _, secret = hook.rpartition("/")
    async with aiohttp.ClientSession() as session:

        async def by_header(value: str | None) -> int:
            headers = {} if value is None else {"Authorization": value}
            async with session.post(address, json=[days(ANNS, "2026-12-01")], headers=headers) as answer:
                return answer.status

        assert await by_header(f"Bearer {secret}") == 200
        assert [await by_header(one) for one in (None, "Bearer x", f"Basic {secret}", "Bearer")] == [404] * 4
    assert (await send(f"{running_app.url}/hooks/team/{secret[:-1]}x", []))[0] == 404
    assert (await send(f"{running_app.url}/hooks/{secret}", {"text": "Lunch"}))[0] == 404
    for _ in range(60):
        status = (await send(hook, b"", JSON))[0]
        if status == 429:
            break
    assert status == 429
    await running_app.settle()


async def test_addresses_and_kinds_are_stored_sealed(running_app: RunningApp) -> None:
    hook = await team_hook(running_app)
    await results(
        running_app, hook, days("zebulon@example.com", "2026-11-24"), days(ANNS, "2026-11-24", kind="Sabbatical")
    )
    assert running_app.text() == "Out of office until 25 November"
    await running_app.until(at("12:00"))
    rows = []
    for table in METADATA.sorted_tables:
        rows += [str(tuple(row)) for row in await running_app.rows(sa.select(table))]
    for word in ("zebulon", "Sabbatical", "sabbatical", hook.rpartition("/")[2]):
        assert [row for row in rows if word in row] == []
