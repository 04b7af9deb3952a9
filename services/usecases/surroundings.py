"""What `app.py doctor` sees around the program: disk, memory, and whether its public address leads to it."""

from __future__ import annotations

import shutil
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import aiohttp

from services.usecases import findings
from services.usecases.findings import Finding

MIB = 1 << 20
GIB = 1 << 30
LITTLE_DISK, NO_DISK = GIB, 100 * MIB
"""Bytes that are free: below the first there is a warning, below the second SQLite is about to fail."""

LITTLE_MEMORY = 256 * MIB
"""Bytes that are available: what reads a large calendar, in a process of its own, takes as much."""


def look_at_disk(folder: Path | None) -> Finding:
    """Return the free space where the database lies; `folder` need not be there yet.

    None: PostgreSQL's is elsewhere.
    """
    if folder is None:
        return Finding.ok("disk", "PostgreSQL's own cannot be seen from here")
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{size(free)} free at {folder}"
    if free < NO_DISK:
        return Finding.fail("disk", f"{said}: nothing more can be stored soon, make room")
    if free < LITTLE_DISK:
        return Finding.warn("disk", f"{said}: make room")
    return Finding.ok("disk", said)


def look_at_memory(proc: Path = Path("/proc"), control: Path = Path("/sys/fs/cgroup")) -> Finding:
    """Return what is available, of the machine and of the container (proc(5), meminfo; kernel.org, cgroup-v2)."""
    found = [free for free in (_of_machine(proc / "meminfo"), _of_container(control)) if free is not None]
    if not found:
        return Finding.ok("memory", "this system does not say how much is left")
    said = f"{size(min(found))} available"
    if min(found) < LITTLE_MEMORY:
        return Finding.warn("memory", f"{said}: give it more, or reading a large calendar may fail")
    return Finding.ok("memory", said)


def _of_machine(meminfo: Path) -> int | None:
    if not meminfo.is_file():
        return None
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
    available = lines.get("MemAvailable", "").split()
    return int(available[0]) * 1024 if available else None


def _of_container(control: Path) -> int | None:
    """Return None without a limit. What is cached of files counts as free: it is given up where it is needed."""
    files = [control / name for name in ("memory.max", "memory.current", "memory.stat")]
    if not all(file.is_file() for file in files):
        return None
    limit, current, stat = (file.read_text().strip() for file in files)
    if not limit.isdecimal():
        return None
    cached = dict(line.split() for line in stat.splitlines()).get("inactive_file", "0")
    return max(0, int(limit) - int(current) + int(cached))


async def look_at_public_address(url: str, *, https: bool, tls: ssl.SSLContext | Literal[True] = True) -> Finding:
    """Return whether `url`, PUBLIC_URL, leads to an app like this one.

    Nothing here is trouble: it was asked from inside. `https`: Slack itself is reached by https, so it sends nobody to
    any other address. `tls`: whom to trust.
    """
    subject = "public address"

    def warning(sentence: str) -> Finding:
        return Finding.warn(subject, f"{url} {sentence}")

    if https and not url.startswith("https://"):
        return warning("is not https: Slack calls, and sends browsers back to, https addresses alone; set PUBLIC_URL")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=findings.SECONDS)) as session,
            session.get(f"{url}/healthz", allow_redirects=False, ssl=tls) as answer,
        ):
            status, body = answer.status, await answer.content.read(1024)
    except aiohttp.ClientConnectorCertificateError:
        return warning("has a certificate that is not accepted here; Slack and browsers will not accept it either")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return warning(
            f"does not answer ({_why(error)}). That is so until the app runs; if it runs, look at DNS, proxy "
            "and firewall: installs, permissions and links to calendars end there"
        )
    if status != HTTPStatus.OK or b'"alive"' not in body:
        return warning(f"is answered by something else (HTTP {status}): have it lead to HOST and PORT of this app")
    return Finding.ok(subject, f"{url} leads here. This was asked from inside: Slack may still be shut out")


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known here"
    return f"nothing within {findings.SECONDS:.0f} s" if isinstance(error, TimeoutError) else type(error).__name__


def size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count // MIB} MiB"
