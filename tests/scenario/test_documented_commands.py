"""Every command in the documentation is run: by the test that is named for it here, or in this module.

Where there is no engine for containers and no cluster, the named test holds that what the command names is there, and
does what the file says that the command reads.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import app as program
from tests.scenario.test_team_hooks import team_hook
from tests.support.command_line import run_here
from tests.support.documented_commands import PAGES, ROOT, arguments, documented
from tests.support.feeds import calendar, lasting
from tests.support.hooks import entry, itip, new_hook
from tests.support.needed import missing
from tests.support.running_app import RunningApp, at

HERE = "tests/scenario/test_documented_commands.py::"
PROGRAM = "tests/scenario/test_program_commands.py::"
SERVICE = "tests/deploy/test_service_runs.py::test_documented_commands_install_start_and_update_a_confined_service"
DEPLOYED = "tests/deploy/test_deploy_files.py::test_documented_commands_name_what_there_is"
CHART = "tests/deploy/test_chart.py::test_every_object_is_one_that_kubernetes_takes"
FLEET = "tests/deploy/test_image_runs.py::test_fleet_of_the_scale_profile_shares_one_postgresql"
IMAGE = "tests/deploy/test_image_runs.py::test_image_serves_on_a_read_only_root_as_its_user_and_ends_in_time"
CARRIED = "tests/deploy/test_image_runs.py::test_backup_made_in_a_container_is_restored_into_an_empty_volume"
DRILL = "tests/slow/test_upgrade_page.py::test_drill_on_sqlite_as_the_page_has_it"
DUMP = "tests/slow/test_upgrade_page.py::test_drill_on_postgresql_as_the_page_has_it"
GROWING = "tests/slow/test_move_whole.py::test_commands_of_the_page_about_growing_do_what_it_says"
EDITORS = "tests/scenario/test_agents_document.py::test_what_editors_are_told_lets_them_in"
REQUESTS = "tests/scenario/test_agents_document.py::test_requests_with_curl_do_what_they_say"
MANIFEST = "tests/handlers/test_manifest.py::"
GUIDE = "tests/scenario/test_setup_terminal.py::test_setup_leads_from_nothing_to_a_doctor_without_a_fail"
ANEW = "tests/scenario/test_setup_guide.py::test_secret_of_microsoft_that_has_run_out_is_asked_for_anew_with_its_end"
DOCTOR = f"{PROGRAM}test_doctor_tells_of_each_part_and_fails_where_one_does"
EXPORT = f"{PROGRAM}test_export_prints_a_persons_data_and_forget_deletes_it"
WHY = "tests/scenario/test_why_command.py::test_operator_is_told_the_reasons_and_nothing_that_anybody_wrote"
RULES = "tests/domain/test_preview.py::test_rules_from_a_file_are_followed"
FRESH = "tests/deploy/test_fresh_machine.py::"
TARGETS = f"{HERE}test_make_has_every_documented_target"
HOOKS = f"{HERE}test_hooks_take_what_is_documented"

COMPOSE = "docker compose -f deploy/compose.yaml --env-file .env"
RUN_BY: Mapping[str, str] = {
    "app.py backup --forgotten > backups/forgotten.jsonl": DRILL,
    "app.py backup --passphrase backups/sealed.backup < passphrase.txt": DRILL,
    "app.py backup backups/today.backup": DRILL,
    "app.py doctor": DOCTOR,
    "app.py export": EXPORT,
    "app.py export --team T… --user U…": EXPORT,
    "app.py forget": EXPORT,
    "app.py forget --team T… --user U…": EXPORT,
    "app.py manifest": f"{MANIFEST}test_manifest_command_prints_the_file_for_an_address",
    "app.py manifest --mcp": f"{MANIFEST}test_manifest_for_slackbot_has_the_server_and_the_scope",
    "app.py manifest --socket": f"{MANIFEST}test_manifest_for_socket_mode_has_no_address_but_the_redirect",
    "app.py manifest --url https://quo.example.com": f"{HERE}test_manifest_is_printed_as_documented",
    "app.py migrate": f"{PROGRAM}test_migrate_makes_a_database_once_and_prints_sql_without_one",
    "app.py migrate --sql": f"{PROGRAM}test_migrate_makes_a_database_once_and_prints_sql_without_one",
    "app.py move": GROWING,
    "app.py move --to postgresql+asyncpg://postgres@db.example.com/statusquo": GROWING,
    "app.py preview": f"{HERE}test_preview_of_the_readme_prints_the_week",
    "app.py preview calendar.ics --rules FILE": RULES,
    'app.py preview calendar.ics --timezone Europe/Berlin --email me@example.com --name "Ann Lee"': (
        f"{HERE}test_preview_of_the_readme_prints_the_week"
    ),
    "app.py restore --loaded --forgotten backups/forgotten.jsonl": DUMP,
    "app.py restore backups/today.backup --forgotten backups/forgotten.jsonl": DRILL,
    "app.py rotate-keys": f"{PROGRAM}test_keys_are_rotated_while_the_app_serves",
    "app.py serve": "tests/scenario/test_program_serving.py::"
    "test_kill_in_mid_event_repeats_nothing_and_the_own_status_comes_back",
    "app.py serve --no-worker": FLEET,
    "app.py setup": GUIDE,
    "app.py setup --google": GUIDE,
    "app.py setup --microsoft": ANEW,
    "app.py why": WHY,
    "app.py why --team T… --user U…": WHY,
    "app.py worker": FLEET,
    ".venv/bin/python -m compileall -q app.py demo emulators handlers migrations services": SERVICE,
    "apt-get install -y python3 python3-venv make": SERVICE,
    "cd /opt/statusquo": SERVICE,
    "echo DATABASE_URL=sqlite+aiosqlite:////var/lib/statusquo/statusquo.db >> /etc/statusquo/env": SERVICE,
    "install -d -m 700 /etc/statusquo": SERVICE,
    "install -m 600 .env.example .env": GUIDE,
    "install -m 600 .env.example /etc/statusquo/env": SERVICE,
    "install -m 644 deploy/statusquo.service /etc/systemd/system/statusquo.service": SERVICE,
    "install -m 755 deploy/statusquo /usr/local/bin/statusquo": SERVICE,
    "make .venv/.run": SERVICE,
    "statusquo backup /var/lib/statusquo/$(date +%F-%H%M).backup": SERVICE,
    "statusquo doctor": SERVICE,
    "systemctl daemon-reload": SERVICE,
    "systemctl enable --now statusquo": SERVICE,
    "systemctl restart statusquo": SERVICE,
    "make run": f"{FRESH}test_make_run_is_the_demo_and_fetches_nothing_the_second_time",
    "make test": f"{FRESH}test_make_test_is_green_and_says_what_it_needs_for_what_it_skips",
    "make setup": TARGETS,
    "make check": TARGETS,
    "make bench": TARGETS,
    f"{COMPOSE} --profile scale up -d --build": DEPLOYED,
    f"{COMPOSE} --profile single --profile tls up -d --build": DEPLOYED,
    f"{COMPOSE} --profile single up -d --build": DEPLOYED,
    f"{COMPOSE} cp app:/data/today.backup .": DEPLOYED,
    f"{COMPOSE} exec app python app.py backup /data/today.backup": CARRIED,
    f"{COMPOSE} exec app python app.py doctor": DEPLOYED,
    "docker build -f deploy/Containerfile -t statusquo:0.1.0 .": IMAGE,
    "docker run --rm --read-only --tmpfs /tmp --network host statusquo:0.1.0 demo": IMAGE,
    "python3 -c 'import base64, os; print(\"ENCRYPTION_KEYS=\" + base64.urlsafe_b64encode(os.urandom(32)).decode())'": (
        DEPLOYED
    ),
    "helm install quo deploy/chart --set image.repository=registry.example.com/statusquo "
    "--set settings.PUBLIC_URL=https://quo.example.com": CHART,
    "helm upgrade quo deploy/chart --reset-then-reuse-values --set image.tag=0.2.0": CHART,
    "kubectl exec quo-single-0 -- python app.py doctor": DEPLOYED,
    "kubectl exec quo-single-0 -- python app.py backup /data/today.backup": CARRIED,
    "createdb -h db.example.com -U postgres statusquo": GROWING,
    'echo "ENCRYPTION_KEYS=$(paste -sd, var/encryption.keys)" >> .env': GROWING,
    'echo "DATABASE_URL=postgresql+asyncpg://postgres@db.example.com/statusquo" >> .env': GROWING,
    "umask 077": GROWING,
    "mkdir -p -m 700 backups": DRILL,
    "mv var lost": DRILL,
    'pg_dump --format=custom --file=backups/today.dump "$PGURL"': DUMP,
    'pg_restore --no-owner --exit-on-error --dbname="$PGURL" backups/today.dump': DUMP,
    "claude mcp add --transport http --scope user status-quo https://status.example.com/mcp "
    '--header "Authorization: Bearer $STATUS_QUO_KEY"': EDITORS,
    'code --add-mcp \'{"name":"status-quo","type":"http","url":"https://status.example.com/mcp",'
    '"headers":{"Authorization":"Bearer quo_…"}}\'': EDITORS,
}  # fmt: skip

NO_PROGRAM_HERE = "needs a program of somebody else's, which is not here"
LOOKS = "only looks: at what somebody else's program keeps"
SHORTER = "takes many minutes; tests/slow/test_soak.py has the same program run a day"
NOT_RUN: Mapping[str, str] = {
    "app.py COMMAND": "stands for all of them",
    "statusquo COMMAND": "stands for all of them",
    "make soak": SHORTER,
    'make soak SOAK="--people 200 --days 2 --minutes 8 --seed 3"': SHORTER,
    "apt-get install caddy": NO_PROGRAM_HERE,
    "claude mcp list": NO_PROGRAM_HERE,
    "claude mcp remove status-quo": NO_PROGRAM_HERE,
    "docker compose -f deploy/compose.yaml logs --no-log-prefix": LOOKS,
    "docker compose ps": LOOKS,
    "docker inspect": LOOKS,
    "grep 1f2e3d4c": LOOKS,
    "helm rollback": "is named as what does not do",
    "helm uninstall": NO_PROGRAM_HERE,
    "journalctl -u statusquo": LOOKS,
    "journalctl -u statusquo --grep 1f2e3d4c": LOOKS,
    "kubectl create secret generic statusquo --from-env-file=.env": NO_PROGRAM_HERE,
    "kubectl get pods": LOOKS,
    "kubectl logs --selector app.kubernetes.io/name=statusquo --tail=-1": LOOKS,
    "openssl rand -hex 24": "any text of letters and digits does",
    "podman build --format docker": NO_PROGRAM_HERE,
    "systemctl edit caddy": NO_PROGRAM_HERE,
    "systemctl restart caddy statusquo": NO_PROGRAM_HERE,
    "systemctl status": LOOKS,
}


def by_curl(page: str) -> list[str]:
    """What is sent with curl on a page of hooks."""
    text = (ROOT / "docs" / page).read_text()
    parts = [block.partition("```")[0] for block in text.split("```sh\n")[1:]]
    return [f"curl {one}".strip() for part in parts for one in part.partition("curl ")[2].split("\ncurl ") if one]


@cache
def _tests_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


# ── what is listed ──────────────────────────────────────────────────────────────────────────────────


def test_every_documented_command_is_run_by_a_test_that_there_is() -> None:
    others = {one for one in documented() if one.startswith(("curl ", "HOOK="))}  # REQUESTS and HOOKS take all of them
    assert sorted(documented() - others) == sorted({*RUN_BY, *NOT_RUN})
    assert RUN_BY.keys() & NOT_RUN.keys() == set()
    named = {*RUN_BY.values(), REQUESTS, HOOKS}
    assert [one for one in named if one.partition("::")[2] not in _tests_in(one.partition("::")[0])] == []


def test_every_curl_stands_on_a_page_whose_requests_are_all_run() -> None:
    assert {page.name for page in PAGES if "\ncurl " in page.read_text()} == {"agents.md", "hooks.md", "leave.md"}


def test_app_takes_the_arguments_that_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    refused = []
    for command in (one for one in RUN_BY if one.startswith("app.py ")):
        words = arguments(command)
        try:
            program.parser().parse_args(words if len(words) > 1 else [*words, "--help"])
        except SystemExit as ended:
            refused += [command] if ended.code else []
    capsys.readouterr()
    assert refused == []


def test_make_has_every_documented_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = [one.split(" ")[1] for one in RUN_BY if one.startswith("make ")]
    assert [one for one in targets if f"\n{one.replace('.venv', '$(VENV)')}:" not in text] == []
    assert "app.py setup" in text.partition("\nsetup:")[2].partition("\n\n")[0]


# ── what is run here ────────────────────────────────────────────────────────────────────────────────


def test_preview_of_the_readme_prints_the_week(tmp_path: Path) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    (tmp_path / "calendar.ics").write_bytes(calendar(lasting("a", noon, 60, "Roadmap review")))
    (command,) = (one for one in RUN_BY if "--email" in one)
    ran = run_here(*arguments(command), cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert "In a meeting" in ran.out
    assert "Roadmap review" in ran.out


def test_manifest_is_printed_as_documented(tmp_path: Path) -> None:
    (command,) = (one for one in RUN_BY if "manifest --url" in one)
    ran = run_here(*arguments(command), cwd=tmp_path)
    assert ran.status == 0
    subscribed = json.loads(ran.out)["settings"]["event_subscriptions"]
    assert subscribed["request_url"] == "https://quo.example.com/slack/events"


async def _sent(command: str, hook: str, folder: Path) -> dict[str, Any]:
    process = await asyncio.create_subprocess_shell(
        command.replace("curl ", "curl --silent --show-error ", 1), cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOOK": hook, "NO_PROXY": "*"},
    )  # fmt: skip
    answered, trouble = await process.communicate()
    assert (process.returncode, trouble) == (0, b"")
    found: dict[str, Any] = json.loads(answered)
    return found


async def test_hooks_take_what_is_documented(running_app: RunningApp, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "it is not on the PATH")
    (tmp_path / "invite.ics").write_bytes(itip("REQUEST", entry("a", at("10:00"), 30)))
    await running_app.joins()
    status, ended, invitation = by_curl("hooks.md")
    hook = await new_hook(running_app)
    assert (await _sent(status, hook, tmp_path))["text"] == "Lunch"
    await running_app.settle()
    assert running_app.text() == "Lunch"
    assert (await _sent(ended, hook, tmp_path))["ended"] is True
    assert (await _sent(invitation, hook, tmp_path))["ok"] is True
    await running_app.until(at("10:01"))
    assert running_app.text() == "In a meeting"
    (leave,) = by_curl("leave.md")
    answer = await _sent(leave, await team_hook(running_app), tmp_path)
    assert [line["result"] for line in answer["lines"]] == ["matched", "unknown"]
