"""Client ids and secrets, against the local Slack, Google and Microsoft."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from emulators.google.server import LocalGoogle
from emulators.microsoft.server import LocalMicrosoft
from emulators.server import CalendarServer
from services.platform import settings
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.usecases.credentials import look_at_provider, reached
from services.usecases.findings import Finding
from services.wiring.calendars import oauth_apps

TODAY = date(2026, 11, 24)


def now() -> datetime:
    return datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    made = GuardedClient(AddressRules(private=True))
    yield made
    await made.close()


async def look(client: GuardedClient, server: CalendarServer, expires: date | None = None, **more: str) -> Finding:
    (app,) = oauth_apps(settings.load({**server.settings, **more}, None))
    resource = "https://graph.microsoft.com/" if app.provider == "microsoft" else ""
    return await reached("gone", look_at_provider(client, app, resource=resource, expires=expires, today=TODAY))


async def test_google_takes_the_right_client_and_no_other(client: GuardedClient) -> None:
    google = LocalGoogle(now)
    await google.start()
    assert await look(client, google) == Finding.ok("Google Calendar", "takes the client id and secret")
    for wrong in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"):
        found = await look(client, google, **{wrong: "x-of-somebody-else"})
        assert not found.well
        assert found.sentence.startswith("does not take GOOGLE_CLIENT_ID with GOOGLE_CLIENT_SECRET")
        assert "somebody" not in found.sentence
    await google.stop()
    gone = await look(client, google)
    assert (gone.well, gone.sentence.startswith("cannot be reached: ")) == (False, True)


async def test_microsoft_says_what_is_wrong_with_a_client(client: GuardedClient) -> None:
    microsoft = LocalMicrosoft(now)
    await microsoft.start()
    of_one = {"MICROSOFT_AUTHORITY": f"{microsoft.url}/contoso.example"}
    right = await look(client, microsoft)
    assert (right.well, right.sentence) == (
        True, "takes the client id and secret; set MICROSOFT_SECRET_EXPIRES to be warned before it runs out",
    )  # fmt: skip
    wrong = await look(client, microsoft, MICROSOFT_CLIENT_SECRET="x")
    assert (wrong.well, wrong.sentence[:57]) == (False, "does not take MICROSOFT_CLIENT_ID with MICROSOFT_CLIENT_S")
    # at `common` the app may be known in its own directory
    elsewhere = await look(client, microsoft, MICROSOFT_CLIENT_ID="x")
    assert (elsewhere.well, elsewhere.sentence[:7]) == (True, "answers")
    unknown = await look(client, microsoft, MICROSOFT_CLIENT_ID="x", **of_one)
    assert (unknown.well, unknown.sentence) == (
        False, "knows no app with MICROSOFT_CLIENT_ID in the directory of MICROSOFT_AUTHORITY",
    )  # fmt: skip
    microsoft.client.expired = True
    expired = await look(client, microsoft)
    assert (expired.well, expired.sentence) == (
        False, "MICROSOFT_CLIENT_SECRET has run out: make a new one and run `app.py setup --microsoft`",
    )  # fmt: skip
    await microsoft.stop()


@pytest.mark.parametrize(
    ("expires", "warns", "said"),
    [
        (date(2027, 11, 24), False, "; the secret runs out on 2027-11-24, in 365 days"),
        (date(2026, 12, 23), True, "; the secret runs out on 2026-12-23, in 29 days: make the next one"),
        (date(2026, 11, 23), True, ", but by MICROSOFT_SECRET_EXPIRES it ran out on 2026-11-23"),
    ],
)
async def test_days_that_are_left_of_microsofts_secret_are_told(
    client: GuardedClient, expires: date, warns: bool, said: str
) -> None:
    microsoft = LocalMicrosoft(now)
    await microsoft.start()
    found = await look(client, microsoft, expires)
    await microsoft.stop()
    assert (found.well, found.warns) == (True, warns)
    assert found.sentence.startswith(f"takes the client id and secret{said}")
