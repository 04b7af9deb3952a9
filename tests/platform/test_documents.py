"""What is written down says what the code does: settings, scopes, metrics, the pure core's imports."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from services.calendars.providers.google import api as google_api
from services.calendars.providers.microsoft import api as microsoft_api
from services.platform.settings import Settings
from services.slack.limits import KEPT, KEPT_FOR_TYPED, LIMITS
from tests.support.metrics import described
from tests.support.needed import missing

ROOT = Path(__file__).resolve().parents[2]

PURE = ROOT / "services" / "domain"


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    return "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)


def test_example_environment_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = dict(line[1:].split("=", 1) for line in lines if "=" in line and not line.startswith("# "))
    assert listed == {name.upper(): default_of(name) for name in Settings.model_fields}


def test_operators_guide_lists_every_setting_with_its_default_and_meaning() -> None:
    text = (ROOT / "docs" / "operate.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `") and "`, " not in line]
    for name, field in Settings.model_fields.items():
        default = f"`{default_of(name)}`" if default_of(name) else "–"
        assert f"| `{name.upper()}` | {default} | {field.description} |" in rows


def test_watching_page_lists_every_metric_with_its_labels_and_meaning() -> None:
    rows = re.findall(
        r"^\| `(statusquo_\w+)` \| (.*?) \| \w+ \| (.*?) \|$", (ROOT / "docs/watching.md").read_text(), re.MULTILINE
    )
    listed = {name: (set(re.findall(r"`(\w+)`", labels)), says) for name, labels, says in rows}
    assert len(listed) == len(rows)
    assert listed == {one.name: (set(one.labels), one.says) for one in described()}
    assert listed["statusquo_pushes_total"][0] == {"provider", "outcome"}


def test_page_about_growing_reckons_with_the_limits_that_are_kept() -> None:
    text = (ROOT / "docs" / "growing.md").read_text()
    assert f"{LIMITS['users.profile.set'] - KEPT_FOR_TYPED} are left for calendars" in text
    assert f"sets {LIMITS[KEPT]} profiles a minute" in text


def test_security_page_names_every_scope_of_calendar_providers() -> None:
    rows = (ROOT / "docs" / "security.md").read_text().splitlines()
    others = [*google_api.SCOPES, google_api.WRITE, *microsoft_api.SCOPES, microsoft_api.WRITE]
    assert [name for name in others if f"`{name.rpartition('/')[2]}`" not in "\n".join(rows)] == []


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_every_table_has_its_head(path: Path) -> None:
    """A blank line within a table ends it: what comes after is shown as it is typed."""
    code, lines = False, [""]
    for line in path.read_text().splitlines():
        code ^= line.startswith("```")
        lines.append("" if code else line)
    heads = [
        (line, below)
        for above, line, below in zip(lines, lines[1:], [*lines[2:], ""], strict=False)
        if line.startswith("|") and not above.startswith("|")
    ]
    assert [head for head, below in heads if not below.startswith("|---")] == []


@pytest.mark.parametrize("path", sorted(PURE.rglob("*.py")), ids=lambda path: str(path.relative_to(PURE)))
def test_pure_module_imports_only_the_standard_library_and_the_core(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            core = name.startswith("services.domain")
            assert core or name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_what_is_not_installed_fails_in_ci_and_is_skipped_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="Chromium is not installed"):
        missing("Chromium", "no such file")
