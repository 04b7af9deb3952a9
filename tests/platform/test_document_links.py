"""What the documentation lists is whole: links lead to files and headings that are there, the data map names every
table, and every error has its reason and its remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from services.domain import errors, operator_errors, request_errors
from services.domain.errors import StatusQuoError
from services.store import stores  # noqa: F401 - every table is imported by it
from services.store.tables import METADATA

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\(([^()\s]+)\)")


def prose(page: Path) -> Iterator[str]:
    """The lines of a page that are no code."""
    code = False
    for line in page.read_text().splitlines():
        code ^= line.startswith("```")
        if not code:
            yield line


@cache
def anchors(page: Path) -> frozenset[str]:
    """What GitHub calls the headings of a page."""
    heads = [line.lstrip("#").strip() for line in prose(page) if re.match(r"#+ ", line)]
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return frozenset(re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    astray = []
    for link in _LINK.findall("\n".join(prose(page))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            astray.append(link)
    assert astray == []


def test_every_page_of_the_documentation_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in text] == []


def test_every_picture_is_shown_somewhere() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert [one.name for one in (ROOT / "docs").rglob("*.png") if f"{one.name})" not in text] == []


def test_data_map_names_every_table_once() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text()
    section = text.partition("\n## Data map\n")[2].partition("\n## ")[0]
    last = [line.rstrip(" |").rpartition(" | ")[2] for line in section.splitlines() if line.startswith("| ")][1:]
    technical = section.partition("technical: ")[2].partition("\n\n")[0]
    named = [name for cell in [*last, technical] for name in re.findall(r"`([a-z_]+)`", cell)]
    assert sorted(named) == sorted(METADATA.tables)


def subclasses(kind: type[StatusQuoError]) -> Iterator[type[StatusQuoError]]:
    """`kind` and all that are made of it in the modules of errors."""
    if kind.__module__ in {module.__name__ for module in (errors, operator_errors, request_errors)}:
        yield kind
    for one in kind.__subclasses__():
        yield from subclasses(one)


def test_every_error_is_listed_with_its_sentence_its_reason_and_its_remedy() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text().partition("\n## Every sentence\n")[2]
    rows = re.findall(r"^\| (.+?) \| `(\w+)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    listed = [(name, sentence) for sentence, name, _why, _remedy in rows]
    assert sorted(listed) == sorted({(one.__name__, one.sentence()) for one in subclasses(StatusQuoError)})
