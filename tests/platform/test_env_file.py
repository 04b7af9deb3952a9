from __future__ import annotations

import os
import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from services.domain.operator_errors import SettingsError
from services.platform import env_file

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"


def test_values_take_the_place_of_their_lines_and_everything_else_stays() -> None:
    before = "# a\n\nexport A='1'  # old\n  B=2\nC=3\n# D=\n#D=\n\n# end"
    after = env_file.with_values(before, {"A": "x", "C": "y z", "D": "d", "E": "e"})
    assert after == "# a\n\nexport A=x\n  B=2\nC='y z'\nD=d\n#D=\n\n# end\nE=e\n"


def test_value_that_is_set_is_not_set_once_more_where_it_is_commented() -> None:
    assert env_file.with_values("#A=\nA=1\nA=2\n", {"A": "3"}) == "#A=\nA=3\nA=3\n"


@pytest.mark.parametrize("value", ["a'b", "a\\b", 'a"b', "a#b", " a", "a $x b", "p@ss:w/rd?x=1&y=%20", "é", "x~8Q_.-"])
def test_value_is_read_as_it_was_given(value: str) -> None:
    assert dotenv_values(stream=StringIO(env_file.with_values("", {"A": value})))["A"] == value


def test_value_that_the_file_cannot_hold_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        env_file.with_values("", {"DATABASE_URL": "postgresql://u:${hunter2}@h/x"})
    assert caught.value.reason.startswith("DATABASE_URL cannot be kept")
    assert "hunter2" not in caught.value.reason


def test_example_is_filled_in_where_it_names_a_setting() -> None:
    given = {"SLACK_CLIENT_ID": "1.2", "PUBLIC_URL": "https://quo.example.com"}
    before = EXAMPLE.read_text()
    after = env_file.with_values(before, given)
    assert len(after.splitlines()) == len(before.splitlines())
    assert dotenv_values(stream=StringIO(after)) == given


def test_file_is_written_whole_for_its_owner_alone_also_through_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "kept" / "env", tmp_path / ".env"
    real.parent.mkdir()
    real.write_text("A=1\n")
    real.chmod(0o644)
    link.symlink_to(real)
    env_file.write(link, "A=2\n")
    assert link.is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == ("A=2\n", 0o600)
    assert os.listdir(real.parent) == ["env"]


def test_file_that_could_not_be_renamed_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")

    def full(_source: str, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SettingsError, match="No space left"):
        env_file.write(file, "A=2\n")
    assert (file.read_text(), os.listdir(tmp_path)) == ("A=1\n", [".env"])


def test_place_that_cannot_be_written_is_told_beforehand(tmp_path: Path) -> None:
    env_file.check_writable(tmp_path / ".env")
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        env_file.check_writable(tmp_path / ".env")
    with pytest.raises(SettingsError, match="cannot be written"):
        env_file.check_writable(tmp_path / "nowhere" / ".env")
