"""Where a request comes from, so that whoever tries wrong keys is slowed down, and nobody else for it.

Each proxy adds to `X-Forwarded-For` whom it was asked by, at the end: so it is read from the right, as far as whoever
wrote it is one of `TRUSTED_PROXIES`. What stands left of that, anybody can have written. Without trusted proxies the
header is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.web_request import BaseRequest

Proxies = Sequence[IPv4Network | IPv6Network]
"""Whose word about who asks is believed."""

FORWARDED_FOR = "X-Forwarded-For"

_MOST_PROXIES = 20
_LONGEST = 64  # an IPv6 address with a zone and a port has no more
_SITE = 64
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+):\d{1,5}", re.ASCII)


def client_address(request: BaseRequest, proxies: Proxies) -> str:
    """Return the address that a request comes from, of IPv6 its /64: one customer has all of that.

    "" where nobody knows.
    """
    address = _read(request.remote or "")
    told = ",".join(request.headers.getall(FORWARDED_FOR, ())) if proxies else ""
    for part in reversed(told.rsplit(",", _MOST_PROXIES)):
        if address is None or not any(address in network for network in proxies):
            break
        before = _read(part.strip())
        if before is None:  # nothing, or no address: the proxy is all that is known
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> _SITE << _SITE, _SITE)))
    return "" if address is None else str(address)


def _read(written: str) -> IPv4Address | IPv6Address | None:
    """Return an address as proxies write it, with a port or without; one of IPv4 within IPv6 is the former."""
    if len(written) > _LONGEST:
        return None
    with_port = _WITH_PORT.fullmatch(written)
    try:
        address = ip_address(written if with_port is None else with_port[1] or with_port[2])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address
