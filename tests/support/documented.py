"""The commands that a page of the documentation tells to type."""

from __future__ import annotations

import re
from pathlib import Path


def blocks(page: Path, heading: str) -> list[list[str]]:
    """The shell blocks below the heading `## …` of that text, each as its lines."""
    section = page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]
