"""How this program gets out: through the operator's proxy where one is set, and whose certificates it trusts.

It is handed to whoever calls Slack, Google and Microsoft; the environment is read in `settings` alone, so that `.env`
counts, and no library finds another proxy, or a password in ~/.netrc, by itself. Through a proxy go addresses with
`https` (and `wss`) alone, by CONNECT (RFC 9110 §9.3.6): it sees hosts, and no path, token or body.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Literal, TypedDict
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed knows it by another name

import aiohttp
from yarl import URL

from services.platform.certificates import trusting
from services.platform.settings import PROXY_CHARSET, Settings, plain

_THROUGH = frozenset({"https", "wss"})


class Way(TypedDict, total=False):
    """What aiohttp's requests take to go through a proxy; empty for the direct way."""

    proxy: URL
    proxy_headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outbound:
    """Whose word is taken for who a server is, and through which proxy it is reached.

    `tls` is as aiohttp takes it (True: the system's certificates). `proxy` is HTTPS_PROXY, with its password if it has
    one; `exceptions` is NO_PROXY.
    """

    tls: ssl.SSLContext | Literal[True] = True
    proxy: URL | None = field(default=None, repr=False)
    exceptions: str = ""

    @classmethod
    def of(cls, config: Settings) -> Outbound:
        """Return what the operator set."""
        proxy = URL(plain(config.https_proxy)) if config.https_proxy else None
        return cls(trusting(config.ssl_cert_file) if config.ssl_cert_file else True, proxy, config.no_proxy or "")

    @property
    def shown(self) -> str:
        """The proxy for whoever may read it: without a password; "" where there is none."""
        if self.proxy is None:
            return ""
        return f"{self.proxy.scheme}://{'***@' if self.proxy.user else ''}{self.proxy.host_port_subcomponent}"

    def direct(self) -> Outbound:
        """Return the same without a proxy."""
        return replace(self, proxy=None)

    def proxy_of(self, address: URL) -> URL | None:
        """Return the proxy that `address` is reached through; None where it is reached directly."""
        if self.proxy is None or address.scheme not in _THROUGH or self._is_excepted(address):
            return None
        return self.proxy

    def way(self, address: URL) -> Way:
        """Return what a request to `address` goes along with."""
        proxy = self.proxy_of(address)
        if proxy is None:
            return {}
        plain_proxy = proxy.with_user(None)
        if proxy.user is None:
            return {"proxy": plain_proxy}
        login = aiohttp.encode_basic_auth(proxy.user, proxy.password or "", PROXY_CHARSET)
        return {"proxy": plain_proxy, "proxy_headers": {"Proxy-Authorization": login}}

    def _is_excepted(self, address: URL) -> bool:
        """Return whether NO_PROXY names it.

        A host or domain, with or without port, an address, a network, or `*` for all.
        """
        host = address.host or ""
        where = f"[{host}]" if ":" in host else host
        domains = ",".join(one.strip().removeprefix("*.") for one in self.exceptions.split(","))  # `*.x` means `.x`
        if proxy_bypass_environment(f"{where}:{address.port}", {"no": domains}):
            return True
        try:
            literal = ip_address(host)
        except ValueError:
            return False
        return any(literal in ip_network(one.strip(), strict=False) for one in self.exceptions.split(",") if "/" in one)


DIRECT = Outbound()
"""Without a proxy, with the system's certificates."""


def reason_of(failure: BaseException) -> str:
    """Return what went wrong on the way, for the operator: never an address or a password."""
    if isinstance(failure, aiohttp.ClientHttpProxyError):
        if failure.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return "the proxy wants another user and password: see HTTPS_PROXY"
        return f"the proxy answers {failure.status}"
    if isinstance(failure, aiohttp.ClientProxyConnectionError):
        return "the proxy cannot be reached: see HTTPS_PROXY"
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not trusted: see SSL_CERT_FILE"
    return type(failure).__name__
