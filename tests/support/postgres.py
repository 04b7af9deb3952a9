"""A PostgreSQL cluster of the tests' own: on a free loopback port, in a temporary directory, without durability."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Where initdb and postgres are, Debian's private directory included; None where they are not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def cluster(bin_dir: Path) -> Iterator[str]:
    """Start a cluster, give its `postgresql+asyncpg://…/` address without a database name, stop and remove it."""
    user = "postgres" if os.geteuid() == 0 else None  # postgres refuses to run as root
    root = Path(tempfile.mkdtemp(prefix="statusquo-postgres-"))
    data = root / "data"
    if user:
        shutil.chown(root, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    subprocess.run(
        [bin_dir / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, user=user, cwd=root, env=environment,
    )  # fmt: skip
    options = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": root, "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": 200,
        "jit": "off", "wal_level": "minimal", "max_wal_senders": 0,
    }  # fmt: skip
    flags = [item for name, value in options.items() for item in ("-c", f"{name}={value}")]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [bin_dir / "postgres", "-D", data, *flags], stdout=log, stderr=log, user=user, cwd=root, env=environment
        )
    try:
        _wait_until_ready(bin_dir, port, server)
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(root, ignore_errors=True)


def _wait_until_ready(bin_dir: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        ready = subprocess.run(
            [bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"], check=False
        )
        if ready.returncode == 0:
            return
        if server.poll() is not None:
            break
        try:
            server.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError("the tests' PostgreSQL did not start")
