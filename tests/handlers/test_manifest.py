"""manifest.yml against what `handlers.register` wires and what `services.slack.scopes` asks for."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers import Commands, Events, FileMessages, HomeButtons, HomeTab, ListForms, Modals, register
from services.domain.model import Effect
from services.slack import scopes
from tests.support.command_line import run_here

ROOT = Path(__file__).resolve().parents[2]


class Recorder:
    """Stands in for Bolt's application: remembers what is registered, by kind."""

    def __init__(self) -> None:
        self.registered: defaultdict[str, list[Any]] = defaultdict(list)

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], None]]:
        def register_one(name: Any) -> Callable[[Any], None]:
            self.registered[kind].append(name)
            return lambda _listener: None

        return register_one

    def named(self, kind: str) -> list[str]:
        return sorted(name for name in self.registered[kind] if not isinstance(name, re.Pattern))


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "manifest.yml").read_text())


@pytest.fixture(scope="module")
def wired() -> Recorder:
    bolt: Any = Recorder()
    nothing: Any = None
    home = HomeButtons(nothing, HomeTab(nothing, nothing))
    register(
        bolt, commands=Commands(nothing, nothing, nothing), home=home, modals=Modals(nothing),
        lists=ListForms(nothing, HomeTab(nothing, nothing), nothing),
        events=Events(nothing, nothing, nothing, nothing),
        files=FileMessages(nothing, nothing, nothing, nothing),
    )  # fmt: skip
    found: Recorder = bolt
    return found


def test_manifest_asks_for_the_scopes_that_the_code_uses(manifest: Any) -> None:
    asked = manifest["oauth_config"]["scopes"]
    assert asked == {
        "bot": sorted([*scopes.BOT, *scopes.BOT_OPTIONAL]),
        "bot_optional": sorted(scopes.BOT_OPTIONAL),  # Slack wants an optional one in both lists
        "user": sorted([*scopes.USER, *scopes.USER_OPTIONAL]),
        "user_optional": sorted(scopes.USER_OPTIONAL),
    }


def test_each_scope_in_the_manifest_says_what_it_is_for() -> None:
    bot, user = (ROOT / "manifest.yml").read_text().split("    user:\n")
    said = [dict(re.findall(r"- ([\w.:]+) # (.+)", part)) for part in (bot, user)]
    assert said == [{**scopes.BOT, **scopes.BOT_OPTIONAL}, {**scopes.USER, **scopes.USER_OPTIONAL}]


def test_scopes_of_effects_and_installs_are_those_of_the_manifest() -> None:
    assert scopes.FOR_EFFECT.keys() == set(Effect)
    assert frozenset().union(*scopes.FOR_EFFECT.values()) - scopes.USER.keys() == scopes.USER_OPTIONAL.keys()
    asked = frozenset().union(*scopes.INSTALLS.values())
    assert asked == scopes.BOT_OPTIONAL.keys() | scopes.FOR_SLACKBOT.keys()


def test_manifest_has_the_commands_shortcuts_and_events_that_are_wired(manifest: Any, wired: Recorder) -> None:
    features = manifest["features"]
    assert sorted(one["command"] for one in features["slash_commands"]) == wired.named("command")
    assert sorted(one["callback_id"] for one in features["shortcuts"]) == wired.named("global_shortcut")
    subscriptions = manifest["settings"]["event_subscriptions"]
    subscribed = subscriptions["bot_events"] + subscriptions["user_events"]
    organisations = {"team_access_revoked"}  # delivered to org-wide installs without being subscribed
    older = {"user_status_changed", "user_profile_changed"}  # of the manifest before: user_change, under other names
    assert not older & set(subscribed)  # each change would be delivered twice
    arrives_as = {"message.im": "message", "message.channels": "message", "message.groups": "message"}
    assert sorted({arrives_as.get(name, name) for name in subscribed}) == [
        name for name in wired.named("event") if name not in organisations | older
    ]


def test_commands_arrive_escaped_so_that_people_can_be_told_apart(manifest: Any) -> None:
    assert [one["should_escape"] for one in manifest["features"]["slash_commands"]] == [True, True]


def test_manifest_keeps_within_slacks_lengths(manifest: Any) -> None:
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert [one["name"] for one in manifest["features"]["shortcuts"] if len(one["name"]) > 24] == []


def printed(*arguments: str, cwd: Path, status: int = 0, **settings: str) -> Any:
    """What `app.py manifest` prints: JSON, or the line that says what is wrong."""
    ran = run_here("manifest", *arguments, cwd=cwd, **settings)
    assert ran.status == status, ran.err
    return json.loads(ran.out) if status == 0 else ran.err.strip()


def addresses(part: Any) -> list[str]:
    """Every web address in a manifest."""
    if isinstance(part, dict):
        return [found for value in part.values() for found in addresses(value)]
    if isinstance(part, list):
        return [found for value in part for found in addresses(value)]
    return [part] if isinstance(part, str) and "://" in part else []


def test_manifest_command_prints_the_file_for_an_address(manifest: Any, tmp_path: Path) -> None:
    made = printed("--url", "https://quo.example.net:8443/", cwd=tmp_path)
    assert json.loads(json.dumps(made).replace("https://quo.example.net:8443", "https://example.com")) == manifest
    assert len(addresses(made)) == len(addresses(manifest)) == 6
    assert printed(cwd=tmp_path, PUBLIC_URL="https://quo.example.net:8443") == made
    assert printed("--url", "https://quo.example.net:8443", cwd=tmp_path, PUBLIC_URL="https://old.example") == made
    assert set(addresses(printed(cwd=tmp_path, PORT="4000"))) == {
        "http://localhost:4000/slack/events", "http://localhost:4000/slack/oauth_redirect",
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_manifest_for_socket_mode_has_no_address_but_the_redirect(manifest: Any, tmp_path: Path) -> None:
    made = printed("--socket", "--url", "https://quo.example", cwd=tmp_path)
    assert addresses(made) == ["https://quo.example/slack/oauth_redirect"]
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert made["settings"]["event_subscriptions"].keys() == {"bot_events", "user_events"}
    commands = [one["command"] for one in made["features"]["slash_commands"]]
    assert commands == [one["command"] for one in manifest["features"]["slash_commands"]]
    assert "mcp_servers" not in made


@pytest.mark.parametrize("more", [(), ("--socket",)])
def test_manifest_for_slackbot_has_the_server_and_the_scope(
    manifest: Any, tmp_path: Path, more: tuple[str, ...]
) -> None:
    made = printed("--mcp", *more, "--url", "https://quo.example", cwd=tmp_path)
    assert made["mcp_servers"] == {"status_quo": {"url": "https://quo.example/mcp", "auth_type": "slack_identity_auth"}}
    asked, before = made["oauth_config"]["scopes"], manifest["oauth_config"]["scopes"]
    assert asked["bot"] == sorted([*before["bot"], "mcp:connect"])
    assert {**asked, "bot": before["bot"]} == before
    assert "mcp:connect" not in json.dumps(manifest)


def test_manifest_command_says_what_is_wrong_with_an_address(tmp_path: Path) -> None:
    wrong = {
        "quo.example": "--url: must be an address that starts with http:// or https://",
        "https://quo.example/below":
            "--url: must be scheme, host and port alone: I answer at https://quo.example.com, not below it",
    }  # fmt: skip
    for url, why in wrong.items():
        assert printed("--url", url, cwd=tmp_path, status=2) == why
    assert "PORT" in printed(cwd=tmp_path, status=1, PORT="x")


def test_manifest_with_addresses_that_slack_does_not_call_is_printed_and_said(tmp_path: Path) -> None:
    why = "Slack calls https addresses alone, not http://localhost:3000: give --url, or set PUBLIC_URL.\n"
    for options, said in (((), why), (("--mcp",), why), (("--mcp", "--socket"), why), (("--socket",), "")):
        ran = run_here("manifest", *options, cwd=tmp_path)
        assert (ran.status, ran.err) == (0, said), options
        assert ("mcp_servers" in json.loads(ran.out)) == ("--mcp" in options)
    assert run_here("manifest", "--mcp", "--url", "https://quo.example", cwd=tmp_path).err == ""


def test_slack_cli_gets_the_manifest_by_the_command_in_its_hooks(tmp_path: Path) -> None:
    """slackapi/slack-cli, docs/reference/hooks.md: a hook exits with 0 and prints JSON alone."""
    hooks = json.loads((ROOT / ".slack" / "hooks.json").read_text())
    python, program, *arguments = hooks["hooks"]["get-manifest"].split()
    assert (python, program) == (".venv/bin/python", "app.py")
    ran = run_here(*arguments, cwd=tmp_path)
    assert ran.status == 0
    assert json.loads(ran.out)["display_information"]["name"] == "Status Quo"
    assert hooks["hooks"]["start"] == ".venv/bin/python app.py serve"
    assert hooks["config"]["sdk-managed-connection-enabled"] is True  # else the CLI starts it with flags of its own


def test_security_guide_names_the_scope_for_slackbot() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    (row,) = re.findall(r"^\| `mcp:connect` \| bot, with `manifest --mcp` \| (.+?)[;|]", text, re.MULTILINE)
    assert [row.strip()] == list(scopes.FOR_SLACKBOT.values())


def test_security_guide_lists_each_scope_with_its_kind() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| ((?:bot|user)(?:, optional)?) \|", text, re.MULTILINE)
    listed = sorted((scope, kind) for row, kind in rows for scope in re.findall(r"`([\w.:]+)`", row))
    kinds = {
        "bot": scopes.BOT,
        "bot, optional": scopes.BOT_OPTIONAL,
        "user": scopes.USER,
        "user, optional": scopes.USER_OPTIONAL,
    }
    assert listed == sorted((scope, kind) for kind, asked in kinds.items() for scope in asked)
