"""What is in deploy/, as data: the Containerfile's rules, compose against its schema, the unit as systemd reads it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from services import VERSION
from services.platform import settings
from services.platform.settings import Settings
from tests.support.chart import render
from tests.support.containerfile import ROOT, Stage, let_through, stages
from tests.support.documented import blocks
from tests.support.needed import missing

DEPLOY = ROOT / "deploy"
NAMES = {name.upper() for name in Settings.model_fields}
PYTHONS = {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
IGNORING = (ROOT / ".dockerignore").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
PACKAGES = {"demo", "emulators", "handlers", "migrations", "services"}
OURS = ["app", "web", "worker"]


@pytest.fixture(scope="module")
def built() -> list[Stage]:
    return stages((DEPLOY / "Containerfile").read_text())


def test_image_is_made_in_two_stages_from_one_pinned_base(built: list[Stage]) -> None:
    assert [stage.name for stage in built] == ["build", ""]
    (base,) = {stage.base for stage in built}
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-[a-z]+", base)
    known = {"COPY", "RUN", "WORKDIR", "ENV", "LABEL", "VOLUME", "EXPOSE", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {step.name for stage in built for step in stage.steps} <= known


def test_image_takes_wheels_of_the_hashed_lock_and_nothing_else(built: list[Stage]) -> None:
    installs = [
        step.text for stage in built for step in stage.steps if re.search(r"\b(pip|apt|apt-get|curl|wget)\b", step.text)
    ]
    assert len(installs) == 1
    assert {"--no-deps", "--require-hashes", "--only-binary=:all:", "requirements.lock"} <= set(installs[0].split())
    copied = [step.words[0] for step in built[1].steps if step.name == "COPY"]
    assert copied == ["/opt/venv", "/app"]


def test_image_runs_as_a_numbered_user_who_owns_nothing_but_data(built: list[Stage]) -> None:
    last = built[1]
    assert last.last("USER").text == "10001:10001"
    assert last.last("VOLUME").text == "/data"
    after = [step.name for step in last.steps[last.steps.index(last.last("USER")) + 1 :]]
    assert after == ["HEALTHCHECK", "ENTRYPOINT", "CMD"]
    assert [step for step in last.steps if "chown" in step.options] == []


def test_image_starts_without_a_shell_so_that_a_signal_arrives(built: list[Stage]) -> None:
    last = built[1]
    for name in ("ENTRYPOINT", "CMD"):
        assert last.last(name).text.startswith("[")
    assert last.last("ENTRYPOINT").words + last.last("CMD").words == ["python", "app.py", "serve"]
    kind, command = last.last("HEALTHCHECK").text.split(maxsplit=1)
    assert kind == "CMD"
    program, flag, code = json.loads(command)
    assert (program, flag) == ("python", "-c")
    assert "/readyz" in code


def test_images_settings_are_settings_and_fit(built: list[Stage]) -> None:
    environment = built[1].environment()
    assert set(environment) - PYTHONS <= NAMES
    config = settings.load(environment, dotenv=None)
    assert config.is_sqlite
    assert config.database_url.endswith("////data/statusquo.db")
    assert (config.host, config.metrics_host) == ("0.0.0.0", "0.0.0.0")  # noqa: S104  # within the container


def test_build_is_sent_what_it_copies_and_no_secret(built: list[Stage]) -> None:
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "var"]
    within = [path for folder in folders for path in (folder.rglob if folder.name in PACKAGES else folder.glob)("*")]
    files = [path for path in (*ROOT.iterdir(), *within) if path.is_file() and path.parent.name != "__pycache__"]
    listed = [str(path.relative_to(ROOT)) for path in files]
    copied = [word.removeprefix("./") for step in built[0].steps if step.name == "COPY" for word in step.words[:-1]]
    sent = let_through(IGNORING, listed)
    assert {path.split("/")[0] for path in sent} == set(copied)
    needed = {path for path in listed if path.split("/")[0] in PACKAGES}
    assert needed <= set(sent)
    never = [".env", "var/encryption.keys", "var/statusquo.db", ".git/config", "services/__pycache__/a.pyc"]
    assert let_through(IGNORING, never) == []


def test_compose_file_is_one() -> None:
    schema = json.loads((ROOT / "tests" / "fixtures" / "schemas" / "compose-spec.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(COMPOSE)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"services": {"app": {"stop_grace": "40s"}}})


def test_compose_profiles_start_what_they_are_for() -> None:
    def started(profile: str) -> dict[str, int]:
        services = {name: one for name, one in COMPOSE["services"].items() if profile in one["profiles"]}
        return {name: one.get("deploy", {}).get("replicas", 1) for name, one in services.items()}

    assert started("single") == {"app": 1}
    assert started("scale") == {"web": 2, "worker": 2, "database": 1, "proxy": 1}
    assert started("tls") == {"proxy": 1}
    commands = [COMPOSE["services"][name].get("command") for name in OURS]
    assert commands == [None, ["serve", "--no-worker"], ["worker"]]


@pytest.mark.parametrize("name", OURS)
def test_compose_gives_the_app_nothing_it_can_do_without(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "40s"
    assert [entry.partition(":")[0] for entry in service["tmpfs"]] == ["/tmp"]  # noqa: S108  # in the container
    assert service.get("volumes", []) == (["data:/data"] if name == "app" else [])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert set(service["environment"]) <= NAMES


def test_nothing_publishes_the_operators_own_listener() -> None:
    published = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000", "80:80", "443:443", "443:443/udp"]


def test_version_is_everywhere_the_same(built: list[Stage]) -> None:
    labels = dict(word.split("=", 1) for word in built[1].last("LABEL").words)
    assert labels["org.opencontainers.image.version"] == VERSION
    assert {COMPOSE["services"][name]["image"] for name in OURS} == {f"statusquo:{VERSION}"}
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()


def unit() -> RawConfigParser:
    """The unit's sections; systemd's names have capitals."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the module's documentation has it
    parser.read(DEPLOY / "statusquo.service")
    return parser


def test_unit_is_one_that_systemd_reads(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze") or missing("systemd-analyze")
    installed = tmp_path / "etc/systemd/system/statusquo.service"
    python = tmp_path / "opt/statusquo/.venv/bin/python"
    for path in (installed, python):
        path.parent.mkdir(parents=True)
    python.touch(mode=0o755)
    shutil.copy(DEPLOY / "statusquo.service", installed)
    for name in ("sysinit.target", "network-online.target", "multi-user.target"):
        installed.with_name(name).write_text("[Unit]\nDescription=there\n")
    verify = [analyze, "verify", f"--root={tmp_path}", "--man=no", "statusquo.service"]
    ran = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    installed.write_text(installed.read_text().replace("DynamicUser=yes", "DynamicUsr=yes"))
    ran = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert "DynamicUsr" in ran.stderr


def test_unit_is_as_confined_as_systemd_can_tell() -> None:
    """Of 100 points of exposure; what is left is that it speaks to the internet, and that its root is the machine's."""
    analyze = shutil.which("systemd-analyze") or missing("systemd-analyze")
    asked = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", DEPLOY / "statusquo.service"]
    ran = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_unit_hands_secrets_over_as_a_credential_and_gives_time_to_end() -> None:
    service = unit()["Service"]
    assert service["LoadCredential"] == ".env:/etc/statusquo/env"
    assert service["WorkingDirectory"] == "/run/credentials/statusquo.service"
    assert {entry.partition("=")[0] for entry in service["Environment"].split()} <= NAMES | PYTHONS
    assert "EnvironmentFile" not in service
    assert (service["TimeoutStopSec"], service["KillMode"]) == ("40", "mixed")


def test_command_beside_the_unit_has_its_place_and_settings() -> None:
    script = (DEPLOY / "statusquo").read_text()
    service = unit()["Service"]
    assert f"--property=LoadCredential={service['LoadCredential']} " in script
    for name in ("User", "DynamicUser", "StateDirectory", "UMask", "ProtectSystem", "ProtectHome", "NoNewPrivileges"):
        assert f"--property={name}={service[name]} " in script
    assert service["ExecStart"].removesuffix(" serve") + ' "$@"' in script


def test_documented_commands_name_what_there_is() -> None:
    page = ROOT / "docs" / "deploy.md"
    (start, key, backup), (kubernetes,) = blocks(page, "Containers"), blocks(page, "Kubernetes")
    profiles = {name for one in COMPOSE["services"].values() for name in one["profiles"]}
    for line in (*start, *backup):
        words = shlex.split(line)
        assert words[:6] == ["docker", "compose", "-f", "deploy/compose.yaml", "--env-file", ".env"]
        assert {words[at + 1] for at, word in enumerate(words) if word == "--profile"} <= profiles
    _, flag, code = shlex.split(key[0])
    ran = subprocess.run([sys.executable, flag, code], check=True, capture_output=True, text=True)
    name, _, made = ran.stdout.strip().partition("=")
    assert settings.load({name: made}, dotenv=None).given_keys == [made]
    (single,) = (one for one in render(DEPLOY / "chart", {}) if one["kind"] == "StatefulSet")
    assert f"kubectl exec {single['metadata']['name']}-0 -- python app.py doctor" in kubernetes
