"""Microsoft's notifications as they arrive: the handshake, batches, lifecycles, forgeries, and load."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from handlers.errors import Background
from handlers.web.webhooks import AT_ONCE, Webhooks
from services.platform.metrics import Metrics
from tests.support.push_doubles import SECRET, WATCH, KeptPushes
from tests.support.routes import Served, serving

PATHS = ["/webhooks/microsoft", "/webhooks/microsoft/lifecycle"]
PATH, LIFECYCLE = PATHS
NEST = 100_000


def entry(watch: str = WATCH, secret: str = SECRET, subscription: str = "sub-1", **other: Any) -> dict[str, Any]:
    """One change notification, as Graph documents it."""
    return {
        "subscriptionId": subscription, "subscriptionExpirationDateTime": "2026-12-01T09:00:00.0000000Z",
        "clientState": f"{watch}.{secret}", "changeType": "updated", "tenantId": "tenant-1",
        "resource": "Users/u-1/Events/AAMk=", "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAMk="},
        **other,
    }  # fmt: skip


def lifecycle(event: str, **other: Any) -> dict[str, Any]:
    told = entry(lifecycleEvent=event, **other)
    del told["changeType"]
    return told


@pytest.fixture
def pushes() -> KeptPushes:
    return KeptPushes()


@pytest.fixture
def background() -> Background:
    return Background()


@pytest.fixture
async def served(pushes: KeptPushes, background: Background) -> AsyncIterator[Served]:
    metrics = Metrics()
    webhooks = Webhooks(pushes, metrics, background, answer_within=0.1)
    async with serving(webhooks.routes(), metrics) as made:
        yield made
        await background.close()


async def send(served: Served, *entries: Any, path: str = PATH) -> tuple[int, str]:
    return await served.ask("POST", path, json={"value": list(entries)})


def count(served: Served, outcome: str) -> float:
    found: float = served.metrics.pushes.labels("microsoft", outcome)._value.get()
    return found


# ── the handshake ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"", b"{", b'{"value":[]}'])
async def test_handshake_is_answered_with_its_token_as_plain_text(
    served: Served, pushes: KeptPushes, path: str, body: bytes
) -> None:
    token = "Validation: Testing client application reachability for subscription Request-Id: 1+2/3="
    async with (
        aiohttp.ClientSession(served.url) as session,
        session.post(f"{path}?validationToken={quote(token, safe='')}", data=body) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, token)
        assert answer.content_type == "text/plain"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert pushes.told == []


async def test_handshake_with_markup_gives_none_back(served: Served) -> None:
    status, text = await served.ask("POST", f"{PATH}?validationToken={quote('<script>alert(1)</script>')}")
    assert (status, text) == (200, "&lt;script&gt;alert(1)&lt;/script&gt;")


@pytest.mark.parametrize("token", ["", "x" * 5000])
async def test_handshake_without_a_token_of_theirs_is_refused(served: Served, token: str) -> None:
    status, text = await served.ask("POST", f"{PATH}?validationToken={token}")
    assert status == 400
    assert "That request cannot be read." in text


async def test_handshake_by_get_is_none(served: Served) -> None:
    assert (await served.ask("GET", f"{PATH}?validationToken=x"))[0] == 405


# ── notifications ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PATHS)
async def test_notification_marks_its_calendar_due(served: Served, pushes: KeptPushes, path: str) -> None:
    assert await send(served, entry(), path=path) == (202, "")
    assert pushes.told == [("changed", WATCH, "sub-1")]
    assert count(served, "taken") == 1


async def test_batch_is_checked_one_by_one_and_the_forged_are_dropped(served: Served, pushes: KeptPushes) -> None:
    pushes.watches = {f"w{index}": SECRET for index in range(5)}
    told = [entry(f"w{index}", SECRET if index % 2 == 0 else "wrong", f"sub-{index}") for index in range(5)]
    assert await send(served, *told, entry("unknown"), {"clientState": 7}, None) == (202, "")
    assert sorted(pushes.told) == [("changed", f"w{index}", f"sub-{index}") for index in (0, 2, 4)]
    assert (count(served, "taken"), count(served, "forged"), count(served, "unknown")) == (3, 2, 1)


async def test_many_changes_of_one_calendar_are_one_fact(served: Served, pushes: KeptPushes) -> None:
    changes = [entry(changeType=kind, resource=f"e{n}") for kind in ("created", "updated", "deleted") for n in range(9)]
    assert (await send(served, *changes))[0] == 202
    assert pushes.told == [("changed", WATCH, "sub-1")]


async def test_batch_that_is_forged_throughout_is_refused(served: Served, pushes: KeptPushes) -> None:
    status, text = await send(served, entry(secret="wrong"), entry(secret="x" * 43))
    assert status == 401
    assert "The signature of that request is missing or wrong." in text
    assert pushes.told == []


async def test_batch_about_watches_that_are_gone_is_acknowledged(served: Served, pushes: KeptPushes) -> None:
    assert (await send(served, entry("gone"), entry(secret="wrong")))[0] == 202
    assert pushes.told == []


@pytest.mark.parametrize(
    ("event", "what", "remote"),
    [("reauthorizationRequired", "renew", ""), ("subscriptionRemoved", "ended", ""), ("missed", "changed", "sub-1")],
)
@pytest.mark.parametrize("path", PATHS)
async def test_lifecycle_does_what_it_asks_for(
    served: Served, pushes: KeptPushes, *, event: str, what: str, remote: str, path: str
) -> None:
    assert await send(served, lifecycle(event), path=path) == (202, "")
    assert pushes.told == [(what, WATCH, remote)]


async def test_forged_lifecycle_changes_nothing(served: Served, pushes: KeptPushes) -> None:
    assert (await send(served, lifecycle("subscriptionRemoved", secret="wrong"), path=LIFECYCLE))[0] == 401
    assert pushes.told == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"null", b"[]", b"7", b'"x"', b"{}", b'{"value":null}', b'{"value":{}}', b'{"value":"x"}',
        b'{"value":[]}', b'{"value":[1,null,"x",[]]}', b'{"value":[{}]}', b"\xff\xfe\x00", b"[" * NEST + b"]" * NEST,
        b'{"value":' + b"[" * NEST + b"]" * NEST + b"}",
        b'{"value":[{"clientState":"a.b","subscriptionId":' + b"9" * 9000,
        b"validationTokens=x", json.dumps({"value": [entry(secret="é" * 43)]}).encode(),
        json.dumps({"value": [{**entry(), "clientState": "x" * 500}]}).encode(),
        json.dumps({"value": [lifecycle("exploded")]}).encode(),
    ],
)  # fmt: skip
async def test_body_that_is_no_notification_is_refused_in_one_sentence(
    served: Served, pushes: KeptPushes, body: bytes
) -> None:
    status, text = await served.ask("POST", PATH, data=body, headers={"Content-Type": "application/json"})
    assert status == 400
    assert json.loads(text)["error"] == "That request cannot be read."
    assert pushes.told == []


async def test_body_larger_than_any_of_theirs_is_refused(served: Served) -> None:
    assert (await served.ask("POST", PATH, data=BytesIO(b" " * (2 * 1024 * 1024))))[0] == 413


# ── load ────────────────────────────────────────────────────────────────────────────────────────────


async def test_largest_batch_is_stored_a_few_at_a_time(
    served: Served, pushes: KeptPushes, background: Background
) -> None:
    pushes.watches = {f"w{index}": SECRET for index in range(1001)}
    assert (await send(served, *(entry(f"w{index}") for index in range(1001))))[0] == 202
    await background.close()  # of a thousand some may be stored after the answer
    assert len(pushes.told) == 1000
    assert pushes.most_at_once == AT_ONCE


async def test_slow_database_does_not_keep_microsoft_waiting(
    served: Served, pushes: KeptPushes, background: Background
) -> None:
    pushes.free.clear()
    assert (await send(served, entry()))[0] == 202
    assert pushes.told == []
    pushes.free.set()
    await background.close()
    assert pushes.told == [("changed", WATCH, "sub-1")]


async def test_failure_to_store_is_answered_so_that_microsoft_tells_again(served: Served, pushes: KeptPushes) -> None:
    pushes.fails = OSError("disk")
    status, text = await send(served, entry())
    assert status == 500
    assert "disk" not in text


async def test_failure_after_the_acknowledgement_stops_nobody(
    served: Served, pushes: KeptPushes, background: Background
) -> None:
    pushes.fails = OSError("disk")
    pushes.free.clear()
    assert (await send(served, entry()))[0] == 202
    pushes.free.set()
    await background.close()
    pushes.fails = None
    assert (await send(served, entry()))[0] == 202
    assert pushes.told == [("changed", WATCH, "sub-1")]


async def test_backlog_has_an_end(
    served: Served, pushes: KeptPushes, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.web.webhooks.MOST_WAITING", 3)
    pushes.free.clear()
    assert (await send(served, entry(), entry(subscription="sub-2")))[0] == 202
    assert (await send(served, entry(subscription="sub-3")))[0] == 202
    status, text = await send(served, entry())
    assert status == 429
    assert "That is too often." in text
    pushes.free.set()
    await background.close()
    assert (await send(served, entry()))[0] == 202


async def test_work_that_does_not_end_is_given_up_on_stop(background: Background) -> None:
    task = background.start(asyncio.Event().wait())
    await background.close(0.01)
    assert task.cancelled()
    assert len(background) == 0
