"""Builds what a Containerfile says and runs it, without a container engine: each stage a root directory of Debian's,
each RUN in a chroot, and the program as an engine starts one: in a mount and a PID namespace of its own, with the
image's user, environment and command, its root read-only, no capability, nothing to write to but /data and /tmp."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.containerfile import ROOT, Instruction, Stage, let_through, stages
from tests.support.debian import Machine, first_child

PICTURES = """
import asyncio, io
from PIL import Image
from services.pictures.reader import PictureReader
async def main():
    out, reader = io.BytesIO(), PictureReader()
    Image.new("RGB", (128, 96), "red").save(out, "PNG")
    taken = await reader.take("ann", out.getvalue())
    await reader.close()
    print(taken.width, taken.height)
    assert (taken.width, taken.height) == (128, 96)
asyncio.run(main())
"""
"""A program that has a picture read as the app does, by a process with limits of its own, and prints its size."""

_NAMESPACE = """
set -e
mount --bind "$0" "$0"
mount --bind "$1" "$0/data"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$0/tmp"
mount -t proc proc "$0/proc"
mount -o remount,bind,ro "$0"
root=$0
shift
exec chroot "$root" "$@"
"""


@dataclass(slots=True)
class Image:
    """What was built: a root directory, and what its last stage says about running it."""

    machine: Machine
    stage: Stage
    environment: dict[str, str]

    @property
    def health(self) -> list[str]:
        """The command of the health check."""
        return list(json.loads(self.stage.last("HEALTHCHECK").text.removeprefix("CMD").strip()))

    def as_user(self, environment: Mapping[str, str]) -> list[str]:
        """What comes before a command so that it runs as an engine has it: user, directory, environment, no power."""
        user, _, group = self.stage.last("USER").text.partition(":")
        powers = ["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        given = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        place = self.stage.last("WORKDIR").text
        return ["setpriv", f"--reuid={user}", f"--regid={group}", *powers, "env", "-i", "-C", place, *given]


def build(containerfile: Path, tar: Path, folder: Path) -> Image:
    """Build the image in `folder`, from the project's root; `tar` stands in for the base, with its Python."""
    built: dict[str, Machine] = {}
    environment: dict[str, str] = {}
    last = None
    for number, stage in enumerate(stages(containerfile.read_text())):
        machine = built[stage.name] = Machine.unpacked(tar, folder / f"stage{number}")
        (machine.root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        if not number:
            machine.install("python3-pip")
        place, environment, last = "/", {}, stage
        for step in stage.steps:
            if step.name == "WORKDIR":
                place = step.text
                (machine.root / place[1:]).mkdir(parents=True, exist_ok=True)
            elif step.name == "ENV":
                environment.update(word.split("=", 1) for word in step.words)
            elif step.name == "COPY":
                _copy(step, machine.root, place, built)
            elif step.name == "RUN":
                machine.run(["/bin/sh", "-c", step.text], environment, place)
    assert last is not None
    return Image(machine, last, environment)


def _copy(step: Instruction, root: Path, place: str, built: Mapping[str, Machine]) -> None:
    *sources, target = step.words
    to = root / str(Path(place, target))[1:]
    other = step.options.get("from")
    if other:
        shutil.copytree(built[other].root / sources[0][1:], to, symlinks=True)
        return
    ignoring = (ROOT / ".dockerignore").read_text()
    for source in sources:
        origin = ROOT / source
        within = [path for path in origin.rglob("*") if path.is_file()] if origin.is_dir() else [origin]
        for path in let_through(ignoring, [str(path.relative_to(ROOT)) for path in within]):
            there = to / Path(path).relative_to(source) if origin.is_dir() else to / Path(path).name
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, there)


@dataclass(slots=True)
class Container:
    """The image's program at work: its first process, number 1 where it lives."""

    image: Image
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: Path
    pid: int = field(init=False)

    def __post_init__(self) -> None:
        self.pid = first_child(self.process)

    def health(self) -> tuple[int, str]:
        """What the health check says: its exit status and its words."""
        return self.execute(*self.image.health)

    def execute(self, *command: str) -> tuple[int, str]:
        """Run a command in it, as `docker exec` does; its exit status and what it printed."""
        spaces = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--root"]
        ran = subprocess.run(
            [*spaces, *self.image.as_user(self.environment), *command],
            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return ran.returncode, ran.stdout

    def facts(self) -> dict[str, str]:
        """What the kernel says about it: /proc's `status`, by name."""
        return kernels(Path(f"/proc/{self.pid}/status").read_text())

    def stop(self, seconds: float) -> int:
        """SIGTERM; its exit status. It is an error where it takes longer than `seconds`."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it, however it stands."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait(10)


def kernels(status: str) -> dict[str, str]:
    """The lines of a `/proc/…/status`, by name."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in status.splitlines())}


def start(
    image: Image, data: Path, log: Path, environment: Mapping[str, str], command: Sequence[str] | None = None
) -> Container:
    """Start the image's program on `data`; `command` takes the place of its CMD."""
    program = [*image.stage.last("ENTRYPOINT").words, *(command or image.stage.last("CMD").words)]
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _NAMESPACE,  # noqa: S607  # as the path has it
             image.machine.root, data, *image.as_user(environment), *program],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    return Container(image, environment, process, log)
