"""Google's messages as they arrive: each is a hint that is checked, and nothing else gets through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from handlers.errors import Background
from handlers.web.webhooks import Webhooks
from services.platform.metrics import Metrics
from tests.support.push_doubles import SECRET, WATCH, KeptPushes
from tests.support.routes import Served, serving

PATH = "/webhooks/google"
FORGED = "The signature of that request is missing or wrong."


def message(**other: str) -> dict[str, str]:
    """The headers of a message, as Google's push guide shows them."""
    return {
        "X-Goog-Channel-ID": WATCH, "X-Goog-Channel-Token": SECRET,
        "X-Goog-Channel-Expiration": "Tue, 01 Dec 2026 09:00:00 GMT", "X-Goog-Resource-ID": "r-1",
        "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json",
        "X-Goog-Resource-State": "exists", "X-Goog-Message-Number": "7", **other,
    }  # fmt: skip


@pytest.fixture
def pushes() -> KeptPushes:
    return KeptPushes()


@pytest.fixture
async def served(pushes: KeptPushes) -> AsyncIterator[Served]:
    metrics = Metrics()
    async with serving(Webhooks(pushes, metrics, Background()).routes(), metrics) as made:
        yield made


@pytest.mark.parametrize("state", ["sync", "exists", "not_exists"])
async def test_message_of_a_known_channel_marks_its_calendar_due(
    served: Served, pushes: KeptPushes, state: str
) -> None:
    assert await served.ask("POST", PATH, headers=message(**{"X-Goog-Resource-State": state})) == (200, "")
    assert pushes.told == [("changed", WATCH, "r-1")]
    assert 'statusquo_pushes_total{outcome="taken",provider="google"} 1.0' in served.metrics.text().decode()


async def test_message_of_a_channel_that_nobody_knows_is_dropped_without_complaint(
    served: Served, pushes: KeptPushes
) -> None:
    assert await served.ask("POST", PATH, headers=message(**{"X-Goog-Channel-ID": "gone"})) == (200, "")
    assert pushes.told == []
    assert 'statusquo_pushes_total{outcome="unknown",provider="google"} 1.0' in served.metrics.text().decode()


@pytest.mark.parametrize("token", ["wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "x" * 256])
async def test_message_with_a_wrong_token_changes_nothing(served: Served, pushes: KeptPushes, token: str) -> None:
    status, text = await served.ask("POST", PATH, headers=message(**{"X-Goog-Channel-Token": token}))
    assert status == 401
    assert FORGED in text
    assert (pushes.told, SECRET in text) == ([], False)
    assert 'statusquo_pushes_total{outcome="forged",provider="google"} 1.0' in served.metrics.text().decode()


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-Goog-Channel-Token": ""}, {"X-Goog-Channel-ID": ""}, {"X-Goog-Resource-State": "deleted"},
        {"X-Goog-Resource-State": ""}, {"X-Goog-Message-Number": "-1"}, {"X-Goog-Message-Number": "seven"},
        {"X-Goog-Message-Number": "9" * 200}, {"X-Goog-Message-Number": "٧"}, {"X-Goog-Channel-ID": "x" * 8000},
        {"X-Goog-Channel-Token": "é"}, {"X-Goog-Resource-ID": "x" * 8000}, {"X-Goog-Resource-ID": "é<script>"},
    ],
)  # fmt: skip
async def test_request_that_is_no_message_is_refused_in_one_sentence(
    served: Served, pushes: KeptPushes, headers: dict[str, str]
) -> None:
    status, text = await served.ask("POST", PATH, headers=message(**headers) if headers else {})
    assert status == 400
    assert "That request cannot be read." in text
    assert pushes.told == []


async def test_message_whose_channel_is_named_twice_is_nobodys(served: Served, pushes: KeptPushes) -> None:
    twice = [*message().items(), ("X-Goog-Channel-ID", "another")]
    assert (await served.ask("POST", PATH, headers=twice))[0] == 200
    assert pushes.told == []


async def test_body_that_comes_with_a_message_is_of_no_interest(served: Served, pushes: KeptPushes) -> None:
    assert (await served.ask("POST", PATH, headers=message(), data=b"\xff" * 1000))[0] == 200
    assert (await served.ask("POST", PATH, headers=message(), data=BytesIO(b"x" * (2 * 1024 * 1024))))[0] == 413
    assert len(pushes.told) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_but_a_post_is_taken(served: Served, pushes: KeptPushes, method: str) -> None:
    assert (await served.ask(method, PATH, headers=message()))[0] == 405
    assert pushes.told == []


async def test_failure_to_store_is_answered_so_that_google_tells_again(served: Served, pushes: KeptPushes) -> None:
    pushes.fails = OSError("disk")
    status, text = await served.ask("POST", PATH, headers=message())
    assert status == 500
    assert "disk" not in text


async def test_slow_database_does_not_keep_google_waiting(pushes: KeptPushes) -> None:
    metrics, background = Metrics(), Background()
    webhooks = Webhooks(pushes, metrics, background, answer_within=0.05)
    pushes.free.clear()
    async with serving(webhooks.routes(), metrics) as served:
        assert await served.ask("POST", PATH, headers=message()) == (200, "")
        assert pushes.told == []
        pushes.free.set()
        await background.close()
    assert pushes.told == [("changed", WATCH, "r-1")]
