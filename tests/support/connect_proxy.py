"""A CONNECT proxy on loopback (RFC 9110 §9.3.6), behind which are the hosts that nobody can reach without it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import encode_basic_auth
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "quo", "hunter2/@ä"
LOGIN = "quo:hunter2%2F%40%C3%A4"
"""Both as they stand in the proxy's address."""


class ConnectProxy:
    """Behind it stand `sites`, by host and port, each a server on loopback: one that speaks TLS itself (`https://…`) is
    reached through a plain tunnel; for one that does not, TLS is spoken here, by a certificate of its host.

    `asked` are the hosts and ports that it was asked for, `refused` the times that the login was missing or wrong.
    """

    def __init__(self, folder: Path, *names: str, secure: bool = False) -> None:
        """`names` are the hosts whom a certificate is made for; the authority's own is the file `certificates`.

        A `secure` one wants TLS for itself, as `localhost`.
        """
        self.certificates = folder / "authority.pem"
        self.tls = _signed(folder, self.certificates, names)
        self.sites: dict[str, str] = {}
        self.asked: list[str] = []
        self.refused = self.port = 0
        self._secure = secure
        self._login = encode_basic_auth(USER, PASSWORD, "latin-1")
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ConnectProxy:
        tls = self.tls if self._secure else None
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await asyncio.sleep(0)  # what was broken off is closed now

    @property
    def address(self) -> str:
        """What HTTPS_PROXY is to be."""
        return f"{'https' if self._secure else 'http'}://{LOGIN}@localhost:{self.port}"

    def settings(self) -> dict[str, str]:
        """What an operator sets to get out through it."""
        return {"HTTPS_PROXY": self.address, "SSL_CERT_FILE": str(self.certificates)}

    def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            with suppress(OSError, asyncio.IncompleteReadError):  # whoever hangs up, or trusts no certificate of ours
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, where, _ = head[0].split(" ")
                self.asked.append(where)
                site, status = self.sites.get(where), "200 Connected"
                if f"Proxy-Authorization: {self._login}" not in head:
                    self.refused += 1
                    status = "407 Proxy Authentication Required"
                elif method != "CONNECT" or site is None:
                    status = "403 Forbidden"
                writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
                await writer.drain()
                if status.startswith("200") and site is not None:
                    if site.startswith("http:"):
                        await writer.start_tls(self.tls)
                    inner, outer = await asyncio.open_connection("127.0.0.1", int(site.rpartition(":")[2]))
                    writers.append(outer)
                    await asyncio.gather(_carry(reader, outer), _carry(inner, writer))
        finally:
            for one in writers:
                one.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()
    writer.close()


def _signed(folder: Path, authority: Path, names: tuple[str, ...]) -> ssl.SSLContext:
    """A server's context for `names`, signed by an authority made for it, whose certificate is left in `authority`."""
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")]), datetime.now(UTC)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())

    def built(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    signing = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    ca = built(issuer, root).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    ca_signed = ca.add_extension(signing, critical=True).sign(root, hashes.SHA256())
    authority.write_bytes(ca_signed.public_bytes(serialization.Encoding.PEM))
    hosts = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    leaf = built(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's hosts")]), own)
    leaf_signed = (
        leaf.add_extension(hosts, critical=False).add_extension(by, critical=False).sign(root, hashes.SHA256())
    )
    pem = folder / "hosts.pem"
    pem.write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf_signed.public_bytes(serialization.Encoding.PEM)
    )
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(pem)
    return made
