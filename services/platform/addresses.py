"""Which places an address that a person typed may lead to. Pure: nothing is resolved or connected here.

The ranges are those of the IANA special-purpose registries (RFC 6890 and its successors), plus the metadata
services of the large clouds, which hand out credentials to whoever asks from the inside.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from services.domain.errors import AddressNotAllowedError, LoginInAddressError, NotAnAddressError

LONGEST = 2048
"""Characters that an address may have which a person types: what browsers and Slack's input take."""

LONGEST_LINK = 16_384
"""Characters that an address may have which a server gave us: Graph's links carry long tokens."""

_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_METADATA = frozenset({
    ip_address("100.100.100.200"),  # Alibaba Cloud
    ip_address("168.63.129.16"),  # Azure's wire server, a public address that only answers inside
    ip_address("fd00:ec2::254"),  # AWS
    ip_address("fd20:ce::254"),  # Google Cloud
})  # fmt: skip
_PRIVATE_4 = tuple(map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_NEVER_4 = tuple(map(IPv4Network, (
    "0.0.0.0/8",  # "this host": connects to loopback on Linux (RFC 791)
    "169.254.0.0/16",  # link-local, the clouds' metadata (RFC 3927)
    "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
    "192.0.2.0/24",  # documentation (RFC 5737)
    "192.52.193.0/24",  # AMT relays (RFC 7450)
    "192.88.99.0/24",  # 6to4 relays (RFC 7526)
    "198.18.0.0/15",  # benchmarking (RFC 2544)
    "198.51.100.0/24",  # documentation (RFC 5737)
    "203.0.113.0/24",  # documentation (RFC 5737)
    "224.0.0.0/4",  # multicast (RFC 5771)
    "240.0.0.0/4",  # reserved, broadcast (RFC 1112)
)))  # fmt: skip
_PRIVATE_6 = tuple(map(IPv6Network, ("::1/128", "fc00::/7", "fec0::/10")))
_NAT64 = IPv6Network("64:ff9b::/96")  # how IPv6-only networks reach IPv4 (RFC 6052)
_MAPPED = IPv6Network("::ffff:0:0/96")  # an IPv4 address as IPv6 sockets write it (RFC 4291 §2.5.5.2)
_ONLY_6 = (IPv6Network("2000::/3"), _NAT64, _MAPPED)  # global unicast as IANA hands it out; all else is refused
_NEVER_6 = tuple(map(IPv6Network, (
    "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID (RFC 2928)
    "2001:db8::/32",  # documentation (RFC 3849)
    "2002::/16",  # 6to4: an IPv4 address in disguise, out of use (RFC 7526)
    "3fff::/20",  # documentation (RFC 9637)
)))  # fmt: skip
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214 §6.1, the upper half of the interface identifier


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What may be visited. `private` adds http, any port, and private and loopback addresses (an intranet, a test)."""

    private: bool = False

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Return whether a connection to `address` may be made.

        Every IPv6 form that carries an IPv4 address counts as it.
        """
        if address in _METADATA:
            return False
        if isinstance(address, IPv4Address):
            if any(address in network for network in _PRIVATE_4):
                return self.private
            return not any(address in network for network in _NEVER_4)
        carries_4 = address in _MAPPED or address in _NAT64 or int(address) >> 32 & 0xFFFFFFFF in _ISATAP
        if carries_4 and not self.allows(IPv4Address(int(address) & 0xFFFFFFFF)):
            return False
        if any(address in network for network in _PRIVATE_6):
            return self.private
        return any(address in network for network in _ONLY_6) and not any(address in network for network in _NEVER_6)

    def check_ip(self, text: str) -> None:
        """Raise AddressNotAllowedError unless a connection to this literal IP address may be made."""
        try:
            address = ip_address(text)
        except ValueError:
            raise AddressNotAllowedError("not an IP address") from None
        if not self.allows(address):
            raise AddressNotAllowedError("blocked range")

    def check(self, url: URL) -> None:
        """Raise AddressNotAllowedError for a scheme, port, host name or literal IP address that may not be visited."""
        if url.scheme != "https" and not (self.private and url.scheme == "http"):
            raise AddressNotAllowedError("scheme")
        if url.user is not None or url.password is not None:
            raise AddressNotAllowedError("userinfo")
        if not self.private and url.port not in {443, 80}:
            raise AddressNotAllowedError("port")
        host = (url.raw_host or "").rstrip(".").lower()
        if not host or host in _METADATA_NAMES:
            raise AddressNotAllowedError("host")
        if not self.private and (host == "localhost" or host.endswith(".localhost")):  # RFC 6761 §6.3
            raise AddressNotAllowedError("localhost")
        for literal in _literals(host):
            self.check_ip(literal)

    def parse(self, text: str) -> URL:
        """Return the address that a person typed or pasted.

        Raises NotAnAddressError for what is none or has a login in it, and AddressNotAllowedError for one that leads
        where we never go.
        """
        url = clean(text)
        if url.scheme == "http" and not self.private:
            raise NotAnAddressError("http")
        if url.user is not None or url.password is not None:
            raise LoginInAddressError("userinfo")
        self.check(url)
        return url


def _literals(host: str) -> Iterator[str]:
    """`host` as an IP address, if that is what the system would take it for: also `127.1`, `0x7f.1`, `2130706433`."""
    if ":" in host:
        yield host
        return
    if re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}", host):
        try:
            yield socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            yield host  # such as 999.1.1.1: no address at all, and refused as none


_SLACK_LINK = re.compile(r"<([^<>|]+)(?:\|[^<>]*)?>")  # Slack writes a pasted address as <address|label>
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,253})", re.IGNORECASE)


def clean(text: str, longest: int = LONGEST) -> URL:
    """`text` as an http(s) address: Slack's brackets off, webcal as https, the fragment off, the rest untouched.

    Raises NotAnAddressError. An ASCII address keeps its escapes as they are: some servers sign them.
    """
    text = text.strip()
    linked = _SLACK_LINK.fullmatch(text)
    if linked:
        text = linked[1].replace("&amp;", "&")
    if len(text) > longest:
        raise NotAnAddressError("too long")
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise NotAnAddressError("spaces or control characters")
    text = re.sub(r"^webcals?://", "https://", text, count=1, flags=re.IGNORECASE)
    try:
        url = URL(text, encoded=text.isascii())
        port, host = url.port, url.raw_host or ""
    except ValueError:
        raise NotAnAddressError("malformed") from None
    if url.scheme not in {"http", "https"}:
        raise NotAnAddressError("scheme")
    if not port or not ((":" in host and _is_ip(host)) or _HOST.fullmatch(host)):
        raise NotAnAddressError("host")
    if host != host.lower():
        url = url.with_host(host.lower())
    return url.with_fragment(None)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
