"""The page about the architecture names what is there, and the tree keeps to what it says of classes and Protocols."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from services.platform.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PROGRAM = [
    ROOT / "app.py",
    *(path for folder in ("services", "handlers", "emulators", "demo") for path in (ROOT / folder).rglob("*.py")),
]
MOST_PROTOCOLS, MOST_LINES = 16, 400


@cache
def classes() -> list[ast.ClassDef]:
    nodes = (node for path in PROGRAM for node in ast.walk(ast.parse(path.read_text())))
    return [node for node in nodes if isinstance(node, ast.ClassDef)]


def test_architecture_names_what_is_there() -> None:
    """Each module, and what is named in brackets after it; a path may begin further down."""
    above = [ROOT, ROOT / "services", ROOT / "services" / "calendars", ROOT / "services" / "calendars" / "ical"]
    above.append(ROOT / "services" / "engine")
    strange = []
    for path, name in re.findall(r"`([\w/]+\.py)`(?: \(`([\w.]+)`\))?", PAGE):
        there = next((folder / path for folder in above if (folder / path).is_file()), None)
        *_, last = name.split(".")
        if there is None or (name and not re.search(rf"(def|class) {last}\b", there.read_text())):
            strange.append((path, name))
    assert strange == []


def test_each_name_on_a_way_through_the_code_is_defined() -> None:
    """Functions, classes, fields and settings, whatever stands before the dot."""
    ways = PAGE[PAGE.index("ways through the code\n") : PAGE.index("## Where things are")]
    program = "\n".join(path.read_text() for path in PROGRAM)
    defined = set(re.findall(r"\b(?:def|class) (\w+)", program))
    defined |= set(re.findall(r"^ *(?:self\.)?(\w+)(?::| =)", program, re.MULTILINE))
    defined |= {name.upper() for name in Settings.model_fields}
    named = [name for name in re.findall(r"`([\w.]+)`", ways) if not name.endswith(".py")]
    assert [name for name in named if name.split(".")[-1] not in defined] == []


def test_each_test_that_gives_a_reason_is_there() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)(?:\[\w+\])?`", PAGE)
    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_no_two_classes_have_one_name() -> None:
    assert [name for name, times in Counter(one.name for one in classes()).items() if times > 1] == []


def test_no_file_is_long() -> None:
    """Neither the program's nor the tests'."""
    others = (path for folder in ("bench", "deploy", "migrations", "tests") for path in (ROOT / folder).rglob("*.py"))
    long = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in (*PROGRAM, *others)}
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


def test_protocols_are_few() -> None:
    """Each stands for a second implementation, or for a boundary that tests replace."""
    protocols = [one.name for one in classes() if any("Protocol" in ast.unparse(base) for base in one.bases)]
    assert 0 < len(protocols) <= MOST_PROTOCOLS, protocols
