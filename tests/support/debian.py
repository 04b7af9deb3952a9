"""Whole machines without a container engine: Debian made of its packages, entered with chroot or booted with its own
systemd. Needs root, mmdebstrap and, to boot one, systemd-nspawn; Debian's package archive and PyPI have to be within
reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.needed import missing

RELEASE = "bookworm"
PYTHON = ("python3", "python3-venv", "make", "ca-certificates")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_ENTERED = """
set -e
mount -t proc proc "$0/proc"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$0/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
exec chroot "$0" "$@"
"""
"""What every machine has: its processes, terminals, and memory that is written to as files are."""

_OUTSIDE = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")
"""What a machine is told of the network that it is in: names, and whom to trust."""


def archive(folder: Path) -> Path:
    """A tar of Debian with Python and make, nothing else: TEST_DEBIAN, or one made in `folder`, which takes minutes."""
    if given := os.environ.get("TEST_DEBIAN"):
        return Path(given)
    if os.geteuid() != 0:
        missing("a root user", "machines of one's own are for root")
    program = shutil.which("mmdebstrap") or missing("mmdebstrap")
    made = folder / "debian.tar"
    subprocess.run(
        [program, "--quiet", "--variant=minbase", f"--include={','.join(PYTHON)}", RELEASE, made], check=True
    )
    return made


@dataclass(frozen=True, slots=True)
class Machine:
    """The root directory of one."""

    root: Path

    @classmethod
    def unpacked(cls, tar: Path, root: Path) -> Machine:
        """A machine of its own in `root`."""
        root.mkdir(parents=True)
        subprocess.run(["tar", "-C", root, "-xf", tar], check=True)  # noqa: S607  # as the path has it
        for path in _OUTSIDE:
            there = root / path[1:]
            there.unlink(missing_ok=True)
            shutil.copy(path, there)
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")  # nothing is started by its installation
        (root / "usr/sbin/policy-rc.d").chmod(0o755)
        return cls(root)

    def install(self, *packages: str) -> None:
        """Add packages of Debian's."""
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        self.run(["apt-get", "update", "-qq"])
        self.run(command, {"DEBIAN_FRONTEND": "noninteractive"})

    def run(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: str = "/", user: str = "root"
    ) -> str:
        """Run a command in it, to its end; what it printed. Nothing of this process' environment is there."""
        return _finished(self.start(command, environment, cwd, user))

    def start(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: str = "/", user: str = "root"
    ) -> subprocess.Popen[str]:
        """Start a command in it: `Popen.pid` is the program's own and its group's, its output one stream."""
        home = "/root" if user == "root" else f"/home/{user}"
        given = [f"{name}={value}" for name, value in {"PATH": PATH, "HOME": home, **(environment or {})}.items()]
        entered = ["unshare", "--mount", "sh", "-c", _ENTERED, self.root]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "env", "-i", "-C", cwd, *given]
        return subprocess.Popen(
            [*entered, *become, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Booted:
    """A machine that its own systemd has started; `pid` is that of its systemd, as it is known here."""

    machine: Machine
    pid: int

    def run(self, *command: str) -> str:
        """Run a command in it, to its end; what it printed. It is an error where that fails."""
        return _finished(self._start(command))

    def status(self, *command: str) -> tuple[int, str]:
        """Run a command in it, to its end; its exit status, and what it printed."""
        process = self._start(command)
        printed, _ = process.communicate()
        return process.returncode, printed

    def _start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["nsenter", "--target", str(self.pid), "--all", "env", "-i", f"PATH={PATH}", *command],  # noqa: S607  # as the path has it
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


@contextmanager
def booted(machine: Machine) -> Iterator[Booted]:
    """Boot it, in the network of this machine; switch it off in the end."""
    nspawn = shutil.which("systemd-nspawn") or missing("systemd-nspawn")
    options = ["--boot", "--register=no", "--keep-unit", "--console=pipe", "--resolv-conf=off", "--timezone=off"]
    process = subprocess.Popen(
        [nspawn, "--quiet", *options, "--directory", machine.root], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        # nspawn's first child makes the second one, which is systemd, and ends.
        _wait(lambda: any(map(_is_systemd, _children(process))), process)
        made = Booted(machine, next(filter(_is_systemd, _children(process))))
        state = ["systemctl", "is-system-running"]
        _wait(lambda: made.status(*state)[1].strip() in {"running", "degraded"}, process)
        yield made
        made.status("systemctl", "--no-block", "poweroff")
        process.wait(30)
    finally:
        process.kill()
        process.wait()


def first_child(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int:
    """The number of the process that it started, once there is one."""
    _wait(lambda: bool(_children(process)), process)
    return _children(process)[0]


def _children(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def _is_systemd(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/comm").read_text() == "systemd\n"
    except OSError:  # ended meanwhile
        return False


def _wait(holds: object, process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)  # another process begins


def _finished(process: subprocess.Popen[str]) -> str:
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed
