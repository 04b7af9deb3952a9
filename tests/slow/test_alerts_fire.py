"""Prometheus' own tool takes the rules; each is silent in a quiet week and fires where it should."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.needed import missing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def promtool(tmp_path: Path) -> tuple[str, Path]:
    """The tool, and a directory with the rules and what they are tried with."""
    found = shutil.which("promtool")
    if found is None:
        missing("promtool", "no such file; Debian has it in `prometheus`")
    shutil.copy(ROOT / "deploy/alerts.yaml", tmp_path / "alerts_under_test.yaml")
    shutil.copy(ROOT / "tests/slow/alerts.yaml", tmp_path / "tried.yaml")
    assert found is not None
    return found, tmp_path


def said(tool: str, *arguments: str, cwd: Path) -> tuple[int, str]:
    ran = subprocess.run([tool, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.slow
def test_rules_are_taken(promtool: tuple[str, Path]) -> None:
    tool, where = promtool
    status, text = said(tool, "check", "rules", "alerts_under_test.yaml", cwd=where)
    assert (status, "SUCCESS: 19 rules found" in text) == (0, True), text


@pytest.mark.slow
def test_rules_are_silent_in_a_quiet_week_and_fire_where_something_is_wrong(promtool: tuple[str, Path]) -> None:
    tool, where = promtool
    status, text = said(tool, "test", "rules", "tried.yaml", cwd=where)
    assert status == 0, text


@pytest.mark.slow
def test_rule_that_fires_too_soon_or_never_is_found(promtool: tuple[str, Path]) -> None:
    tool, where = promtool
    rules = where / "alerts_under_test.yaml"
    good = rules.read_text()
    for before, after in (("> 0.2 * sum", "> 0.0001 * sum"), ('waits_for="other"}) > 0', 'waits_for="other"}) > 9')):
        assert before in good
        rules.write_text(good.replace(before, after))
        status, text = said(tool, "test", "rules", "tried.yaml", cwd=where)
        assert (status != 0, "FAILED" in text) == (True, True), text
