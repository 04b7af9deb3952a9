"""What is written down says what the code does: settings, manifest, the pure core's imports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from services.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

PURE = (
    "model", "reasons", "timeline", "claims", "counting", "words", "rules", "status_text", "ownership", "sameness",
    "explain", "wording", "codec", "untrusted", "when",
)  # fmt: skip
"""Modules or packages of `services` that import nothing but the standard library and one another."""


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    return "" if default is None else "false" if default is False else str(default)


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


def pure_files() -> list[Path]:
    files = []
    for name in PURE:
        package, module = ROOT / "services" / name, ROOT / "services" / f"{name}.py"
        files += sorted(package.glob("*.py")) if package.is_dir() else [module] if module.exists() else []
    return files


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_module_imports_only_the_standard_library_and_the_core(path: Path) -> None:
    allowed = {f"services.{name}" for name in (*PURE, "errors")}
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "services" else [f"services.{alias.name}" for alias in node.names]
        for name in names:
            core = any(name == module or name.startswith(f"{module}.") for module in allowed)
            assert core or name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"
