"""Reads a Containerfile, and tells which files of a folder its COPY instructions get to see."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, its options (`--from=build`), and the rest as one line."""

    name: str
    options: Mapping[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The rest as words: those of exec form (a JSON list), else as a shell has them."""
        return list(json.loads(self.text)) if self.text.startswith("[") else shlex.split(self.text)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    base: str
    name: str
    steps: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction:
        """The last instruction of that name."""
        return [step for step in self.steps if step.name == name][-1]

    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        pairs = (word.partition("=") for step in self.steps if step.name == "ENV" for word in step.words)
        return {name: value for name, _, value in pairs}


def stages(text: str) -> list[Stage]:
    """The stages of a Containerfile. Knows comments, lines that go on, and options with values."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        name, rest = line.split(maxsplit=1)
        options = {}
        while matched := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            options[matched[1]] = matched[2]
            rest = rest[matched.end() :]
        if name.upper() == "FROM":
            base, *named = rest.split()
            found.append(Stage(base, named[1] if named else ""))
        else:
            found[-1].steps.append(Instruction(name.upper(), options, rest))
    return found


def let_through(ignoring: str, paths: Iterable[str]) -> list[str]:
    """Which `paths` a `.dockerignore` lets through: its last pattern that fits a path, or a folder above it, counts."""
    patterns = [line for line in ignoring.splitlines() if line and not line.startswith("#")]
    return [path for path in paths if not _ignored(patterns, path)]


def _ignored(patterns: Iterable[str], path: str) -> bool:
    ignored = False
    above = [str(parent) for parent in Path(path).parents if parent != Path()]
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        if any(_fits(plain, one) for one in (path, *above)):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(pattern: str, path: str) -> bool:
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern[3:]) for part in Path(path).parts)
    return len(Path(pattern).parts) == len(Path(path).parts) and fnmatch(path, pattern)
