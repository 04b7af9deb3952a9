"""What is wrong with an address of PostgreSQL is said in a sentence that says what to do, and no password."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.domain.operator_errors import DatabaseError
from services.store import db, schema
from services.store.db import Database

INTO_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def said(url: str) -> str:
    database = Database(url)
    with pytest.raises(DatabaseError) as raised:
        await schema.current(database)
    await database.close()
    return raised.value.reason


def unused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def refusing(state: str, message: str) -> AsyncIterator[int]:
    """A PostgreSQL that has no TLS, and refuses whoever comes with that state (its protocol, ErrorResponse)."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        if (await reader.readexactly(length - 4)).startswith(struct.pack("!i", 80877103)):  # SSLRequest
            writer.write(b"N")
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            await reader.readexactly(length - 4)
        fields = b"".join(
            kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"C", state), (b"M", message))
        )
        writer.write(b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_port_that_is_closed_and_host_that_nobody_has() -> None:
    port = unused()
    assert await said(f"postgresql+asyncpg://quo:hunter2@127.0.0.1:{port}/x") == (
        f"nothing listens at 127.0.0.1:{port}: is PostgreSQL running there, and is that its port? "
        "(ConnectionRefusedError)"
    )
    assert await said("postgresql+asyncpg://quo:hunter2@db.invalid/x") == (
        "no machine is called db.invalid: mend the host in the address (gaierror)"
    )


async def test_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "LONGEST_CONNECT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        found = await said(f"postgresql+asyncpg://quo:hunter2@{place}/x?sslmode=disable")
    assert found == f"{place} does not answer: mend host and port, or look at the firewall (TimeoutError)"


@pytest.mark.parametrize(
    ("state", "message", "sentence"),
    [
        ("28P01", 'password authentication failed for user "quo"', "it does not take the password of quo: mend user"),
        ("28000", 'no pg_hba.conf entry for host "1.2.3.4", user "quo", database "x", no encryption',
         "it takes nobody without TLS: add ?sslmode=require"),
        ("28000", 'no pg_hba.conf entry for host "1.2.3.4", user "quo", database "x", SSL encryption',
         "by its pg_hba.conf quo may not come to x from here"),
        ("53300", "sorry, too many clients already", "it takes no more connections"),
        ("57P03", "the database system is starting up", "it is starting or stopping: try again in a minute"),
        ("XX000", "a message with hunter2", "InternalServerError"),
    ],
)  # fmt: skip
async def test_refusal_at_the_door(state: str, message: str, sentence: str) -> None:
    async with refusing(state, message) as port:
        found = await said(f"postgresql+asyncpg://quo:hunter2@127.0.0.1:{port}/x")
    assert found.startswith(sentence)
    assert "hunter2" not in found


@INTO_POSTGRESQL
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda url: f"{url}_none", "there is no database "),
        (lambda url: url.replace("postgres@", "nobody@"), "it knows no user nobody: make it (createuser)"),
        (lambda url: f"{url}?sslmode=require", "it has no TLS, and the address wants it: switch TLS on there"),
    ],
)
async def test_what_a_server_of_its_own_refuses(database_url: str, change: Callable[[str], str], sentence: str) -> None:
    assert (await said(change(database_url))).startswith(sentence)
