"""CalDAV where the server asks for Digest: Radicale behind a front that lets nobody in otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.calendars.providers.caldav.source import CaldavSource
from services.domain.errors import CredentialsRefusedError, PasswordRefusedError
from services.platform.net import GuardedClient
from tests.support.caldav_account import Account, Reading, account, meeting
from tests.support.digest_front import DigestFront
from tests.support.few import few
from tests.support.radicale_server import PASSWORD, Radicale, running, serving


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def front(radicale: Radicale) -> DigestFront:
    return DigestFront(radicale.application, {"ann": PASSWORD})


@pytest.fixture
def url(front: DigestFront) -> Iterator[str]:
    with serving(front) as address:  # type: ignore[arg-type]  # a dataclass that is called as an application
        yield address


@pytest.fixture
async def calendar(radicale: Radicale, url: str) -> str:
    """The address of a calendar of this test's own, behind the front."""
    address = await radicale.make_calendar(f"work%20{uuid4().hex[:8]}")
    return address.replace(radicale.url, url)


async def connected(client: GuardedClient, calendar: str) -> Account:
    offer, credentials = await CaldavDirectory(client, client.rules).offer(calendar, "ann", PASSWORD)
    made = Account(CaldavSource(client, Reading()), offer.calendars[0].address)
    object.__setattr__(made.connection, "credentials", credentials)
    return made


@pytest.mark.parametrize(
    ("how", "algorithm"),
    few(
        [
            ({}, "SHA-256"),
            ({"schemes": ("MD5", "SHA-256")}, "SHA-256"),
            ({"schemes": ("SHA-512-256", "MD5")}, "MD5"),
            ({"schemes": ("SHA-256-sess",)}, "SHA-256-sess"),
            ({"schemes": ("MD5",), "qop": ""}, "MD5"),
            ({"next_nonce": True}, "SHA-256"),
            ({"uses": 1}, "SHA-256"),
            ({"uses": 2, "says_stale": False}, "SHA-256"),
        ],
        quick=3,
    ),
)
async def test_calendar_is_found_read_and_followed(
    front: DigestFront, radicale: Radicale, calendar: str, client: GuardedClient, *, how: dict[str, object],
    algorithm: str,
) -> None:  # fmt: skip
    for name, value in how.items():
        setattr(front, name, value)
    there = radicale.url + urlsplit(calendar).path
    await radicale.put(there, "one.ics", meeting("One"))
    ann = await connected(client, calendar)
    assert ann.connection.credentials["login"] == "digest"
    assert await ann.starts() == [("One", "11-25T10:00")]
    await radicale.put(there, "two.ics", meeting("Two", 26))
    front.logins.clear()
    assert await ann.starts() == [("One", "11-25T10:00"), ("Two", "11-26T10:00")]
    assert front.logins[0] == ""  # asked first: the password is not sent as it is any more
    assert all(one.startswith("Digest ") and f"algorithm={algorithm}," in one for one in front.logins[1:] if one)
    if not how:
        assert [one.partition("nc=")[2][:8] for one in front.logins[1:]] == [
            f"{count:08x}" for count in range(1, len(front.logins))
        ]


async def test_nonce_that_is_too_old_costs_one_more_request(
    front: DigestFront, calendar: str, client: GuardedClient
) -> None:
    ann = await connected(client, calendar)
    front.uses, front.stale = 1, 0
    front.logins.clear()
    await ann.fetch()
    assert front.stale > 0
    assert len(front.logins) <= 3 * (front.stale + 1)


async def test_password_that_is_refused_is_tried_no_more_than_it_has_to_be(
    front: DigestFront, url: str, calendar: str, client: GuardedClient
) -> None:
    with pytest.raises(CredentialsRefusedError):
        await CaldavDirectory(client, client.rules).offer(url, "ann", "wrong")
    assert [one.partition(" ")[0] for one in front.logins] == ["Basic", "Digest"]
    ann = await connected(client, calendar)
    front.users = {"ann": "changed"}
    front.logins.clear()
    with pytest.raises(PasswordRefusedError):
        await ann.fetch()
    assert [one.partition(" ")[0] for one in front.logins][:2] == ["", "Digest"]
    assert len(front.logins) <= 3


async def test_server_that_takes_basic_is_not_asked_for_anything_else(
    radicale: Radicale, client: GuardedClient
) -> None:
    address = await radicale.make_calendar(f"plain-{uuid4().hex[:8]}")
    _, credentials = await CaldavDirectory(client, client.rules).offer(address, "ann", PASSWORD)
    assert "login" not in credentials
    assert await account(client, address).starts() == []
