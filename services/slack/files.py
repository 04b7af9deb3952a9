"""Files that people send: files.info says what a file is, and its private address gives it to the bot's token.

docs.slack.dev, "Working with files": `url_private_download` wants the token as a bearer. The token goes to Slack alone:
a file may live elsewhere (`is_external`), and then its address is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from yarl import URL

from services.domain.errors import (
    CalendarError,
    CalendarTooLargeError,
    FileElsewhereError,
    FileTooLargeError,
    SlackUnavailableError,
)
from services.platform.net import BODY_LIMIT, GuardedClient
from services.slack.client import SlackClients, error_for

INFO = "files.info"
SLACK = "slack.com"

_DOWNLOAD = "files.download"
_HTTPS = 443
_TYPES = frozenset({"text/calendar", "application/ics"})
_ENDINGS = (".ics", ".ical", ".ifb")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif")
_COPY = re.compile(r"[ _]?\(\d+\)$")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class SentFile:
    """What Slack says of a file: `kind` is its filetype, `size` in bytes, `address` "" where it cannot be had."""

    file_id: str
    name: str = field(repr=False)
    kind: str
    mimetype: str
    size: int
    address: str = field(repr=False)

    @property
    def may_be_calendar(self) -> bool:
        """Whether it is worth looking into."""
        return self.mimetype in _TYPES or self.kind == "ics" or self.name.lower().endswith(_ENDINGS)

    @property
    def may_be_picture(self) -> bool:
        """Whether it calls itself a picture, of any kind; what it is, its bytes say."""
        return self.mimetype.startswith("image/") or self.name.lower().endswith(_PICTURES)

    @property
    def may_be_list(self) -> bool:
        """Whether it calls itself JSON, as an exported list is."""
        return self.mimetype == "application/json" or self.kind == "json" or self.name.lower().endswith(".json")

    @property
    def stem(self) -> str:
        """Its name without what tells its type, and without what a browser adds to the second download."""
        stem = self.name.rpartition(".")[0] or self.name
        return _COPY.sub("", stem).strip()[:_LONGEST_NAME]


class SlackFiles:
    """Reads files with the workspace's bot token."""

    def __init__(self, clients: SlackClients, fetcher: GuardedClient, base_url: str) -> None:
        """`clients` carry the calls, `fetcher` the bytes; `base_url` is SLACK_API_URL."""
        self._clients = clients
        self._fetcher = fetcher
        self._base_url = base_url

    async def info(self, token: str, file_id: str) -> SentFile:
        """Return what a file is. Raises SlackError."""
        return parse_file(await self._clients.call(token, INFO, http_verb="GET", params={"file": file_id}))

    async def download(self, token: str, file: SentFile) -> bytes:
        """Return all of a file. Raises FileElsewhereError where Slack has not got it, FileTooLargeError, SlackError."""
        if file.size > BODY_LIMIT:
            raise FileTooLargeError("size")
        if not is_slacks(file.address, self._base_url):
            raise FileElsewhereError("not at Slack")
        try:
            answer = await self._fetcher.request(
                "GET", file.address, headers={"Authorization": f"Bearer {token}"}, redirects=0
            )
        except CalendarTooLargeError as error:
            raise FileTooLargeError(error.reason) from None
        except CalendarError as error:
            raise SlackUnavailableError(error.reason, method=_DOWNLOAD) from None
        if answer.status != HTTPStatus.OK:
            raise error_for(_DOWNLOAD, f"http_{answer.status}", http_status=answer.status)
        return answer.body


def parse_file(answer: Mapping[str, Any]) -> SentFile:
    """Return the file of an answer of files.info. Raises SlackUnavailableError where there is none in it."""
    found = answer.get("file")
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise SlackUnavailableError("no_file", method=INFO)
    size = found.get("size")
    return SentFile(
        file_id=found["id"],
        name=_text(found, "name") or _text(found, "title"),
        kind=_text(found, "filetype"),
        mimetype=_text(found, "mimetype").partition(";")[0].strip().lower(),
        size=size if isinstance(size, int) and size >= 0 else 0,
        address=_text(found, "url_private_download") or _text(found, "url_private"),
    )


def is_slacks(address: str, base_url: str) -> bool:
    """Return whether a token may go to `address`: over HTTPS to Slack, or to where SLACK_API_URL itself is."""
    try:
        url, api = URL(address), URL(base_url)
        if url.user is not None or url.password is not None or not url.host or not api.host:
            return False
        if url.origin() == api.origin():
            return True
        secure = url.scheme == "https" and url.port == _HTTPS
    except ValueError:
        return False
    return secure and any(_is_under(url.host, host) for host in (SLACK, api.host))


def _is_under(host: str, domain: str) -> bool:
    try:
        ip_address(domain)
    except ValueError:
        return host == domain or host.endswith(f".{domain}")
    return False  # an address is under nothing, and at its own origin alone


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""
