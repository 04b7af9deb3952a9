"""Files at Slack: where a token may go, and what an answer has to say."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.domain.errors import (
    FileElsewhereError,
    FileTooLargeError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
    StatusQuoError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.slack.client import SlackClients
from services.slack.files import SentFile, SlackFiles, is_slacks, parse_file

SLACK = "https://slack.com/api/"


@pytest.mark.parametrize(
    "address",
    [
        "https://files.slack.com/files-pri/T1-F1/download/a.ics",
        "https://slack.com/files/x",
        "https://acme.enterprise.slack.com/x",
        "https://FILES.SLACK.COM/x",
        "https://files.slack.com:443/x",
    ],
)
def test_token_goes_to_slack(address: str) -> None:
    assert is_slacks(address, SLACK)


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "http://files.slack.com/x", "https://files.slack.com:8443/x", "https://slack.com.evil.example/x",
        "https://evilslack.com/x", "https://files.slack.com@evil.example/x", "https://user@files.slack.com/x",
        "https://evil.example/slack.com", "//files.slack.com/x", "https://[::1]/x", "ftp://files.slack.com/x",
        "https://drive.example/x", "https://files.slack.com\\@evil.example/", "https://files.slack.com\n.evil.example/",
        "https://127.0.0.1/x", "https://files.slack.com:99999/x",
    ],
)  # fmt: skip
def test_token_goes_nowhere_else(address: str) -> None:
    assert not is_slacks(address, SLACK)


def test_local_slack_is_known_by_its_whole_origin() -> None:
    base = "http://127.0.0.1:4000/api/"
    assert is_slacks("http://127.0.0.1:4000/files-pri/x", base)
    assert not is_slacks("http://127.0.0.1:4001/files-pri/x", base)
    assert not is_slacks("https://127.0.0.1/x", base)
    assert not is_slacks("https://evil.127.0.0.1/x", base)


def test_slack_of_a_government_has_hosts_of_its_own() -> None:
    assert is_slacks("https://files.slack-gov.com/x", "https://slack-gov.com/api/")
    assert not is_slacks("https://files.slack-gov.com/x", SLACK)


@pytest.mark.parametrize("answer", [{}, {"file": None}, {"file": []}, {"file": {"id": 1}}, {"file": "F1"}])
def test_answer_without_a_file_is_none(answer: dict[str, object]) -> None:
    with pytest.raises(SlackUnavailableError):
        parse_file(answer)


def test_file_with_odd_parts_is_read_as_far_as_it_goes() -> None:
    odd = {
        "id": "F1",
        "name": 1,
        "title": "a.ics",
        "mimetype": "Text/Calendar; charset=x",
        "size": "5",
        "filetype": None,
    }
    assert parse_file({"file": odd}) == SentFile("F1", "a.ics", "", "text/calendar", 0, "")


@pytest.mark.parametrize(
    ("name", "mimetype", "kind", "worth"),
    [
        ("a.ics", "application/octet-stream", "binary", True),
        ("A.ICS", "", "", True),
        ("a", "text/calendar", "", True),
        ("a", "", "ics", True),
        ("a.ics.png", "image/png", "png", False),
        ("a.txt", "text/plain", "text", False),
    ],
)
def test_files_worth_looking_into(name: str, mimetype: str, kind: str, worth: bool) -> None:
    assert SentFile("F1", name, kind, mimetype, 1, "").may_be_calendar is worth


@pytest.mark.parametrize(
    ("name", "stem"),
    [("work.ics", "work"), ("work (2).ics", "work"), ("work_(12).ics", "work"), ("work 2026.ics", "work 2026"),
     ("work", "work"), (".ics", ".ics"), ("a" * 500 + ".ics", "a" * 200)],
)  # fmt: skip
def test_name_without_what_browsers_add(name: str, stem: str) -> None:
    assert SentFile("F1", name, "ics", "", 1, "").stem == stem


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {}, b"all of it", b"all of it"),
        (302, {"Location": "{away}/caught"}, b"", SlackUnavailableError),
        (307, {"Location": "/signin"}, b"", SlackUnavailableError),
        (404, {}, b"", SlackRefusedError),
        (429, {}, b"", SlackRateLimitedError),
        (503, {}, b"", SlackUnavailableError),
        (200, {}, b"x" * 3000, FileTooLargeError),
    ],
)
async def test_file_is_fetched_whole_or_not_at_all_and_no_redirect_is_followed(
    status: int, headers: dict[str, str], body: bytes, expected: object
) -> None:
    seen: list[tuple[str, str | None]] = []

    async def give(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers.get("Authorization")))
        sent = {name: value.replace("{away}", str(away.make_url("")).rstrip("/")) for name, value in headers.items()}
        return web.Response(status=status, headers=sent, body=body)

    async def catch(request: web.Request) -> web.Response:
        raise AssertionError(f"visited with {request.headers}")

    here, there = web.Application(), web.Application()
    here.router.add_get("/{path}", give)
    there.router.add_get("/{path}", catch)
    client = GuardedClient(AddressRules(private=True), body_limit=2000)
    async with TestServer(here) as slack, TestServer(there) as away:
        files = SlackFiles(SlackClients("unused"), client, str(slack.make_url("/api/")))
        file = SentFile("F1", "a.ics", "ics", "", 5, str(slack.make_url("/a.ics")))
        try:
            found: object = await files.download("xoxb-1", file)
        except StatusQuoError as error:
            found = type(error)
        await client.close()
    assert found == expected
    assert seen == [("/a.ics", "Bearer xoxb-1")]


@pytest.mark.parametrize(
    ("size", "address", "error"),
    [
        (26 * 2**20, "https://files.slack.com/a", FileTooLargeError),
        (5, "https://drive.example/a", FileElsewhereError),
        (5, "", FileElsewhereError),
    ],
)
async def test_file_that_slack_has_not_got_or_is_too_large_is_not_asked_for(
    size: int, address: str, error: type[StatusQuoError]
) -> None:
    files = SlackFiles(SlackClients("unused"), GuardedClient(AddressRules()), SLACK)
    with pytest.raises(error):
        await files.download("xoxb-1", SentFile("F1", "a.png", "png", "image/png", size, address))
