"""Every command that the documentation tells to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = (
    "app.py", "statusquo", "make", "docker", "podman", "kubectl", "helm", "systemctl", "journalctl", "apt-get",
    "openssl", "grep", "sqlite3", "pg_dump", "pg_restore", "createdb", "claude", "code", "curl",
)  # fmt: skip
"""What is a command where it stands in a sentence."""

_PYTHON = re.compile(r"^(?:\.venv/bin/)?python3? (?=app\.py\b)")
_SPAN = re.compile(r"`([^`\n]+)`")


def documented() -> set[str]:
    """All of them, each in one line, `app.py` without the Python that runs it."""
    return {command for page in PAGES for command in of_page(page.read_text())}


def of_page(text: str) -> Iterator[str]:
    """Those of one page: each line of its shell blocks, and what is a command in its sentences."""
    shell, fenced, begun = False, False, ""
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            shell, fenced = not fenced and bool(re.match(r"\s*```sh\b", line)), not fenced
        elif shell:
            begun += _without_comment(line).removesuffix("\\")
            if begun and not line.endswith("\\") and _is_whole(begun):
                yield _PYTHON.sub("", begun)
                begun = ""
        elif not fenced:
            for span in _SPAN.findall(line):
                command = _PYTHON.sub("", span)
                if " " in command and command.split(" ")[0] in PROGRAMS:
                    yield command


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s+)# .*", "", line).strip()


def _is_whole(command: str) -> bool:
    """Whether no quotation is left open: it goes on with the next line then."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True


def arguments(command: str) -> list[str]:
    """What `app.py` is given by a command, without what the shell does with its input and output."""
    return shlex.split(re.split(r" [<>]+ ", command)[0])[1:]
