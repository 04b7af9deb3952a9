"""`app.py manifest`: manifest.yml for one installation, as the JSON that Slack and its command line take.

docs.slack.dev/reference/app-manifest. With Socket Mode no address is asked for but that of the OAuth redirect; MCP
servers and `mcp:connect` are for Slackbot (docs.slack.dev/ai/slackbot-mcp-client), which comes over https alone.
"""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any, TextIO

import yaml

from services.slack import scopes

PLACEHOLDER = "https://example.com"
"""What stands in manifest.yml in the place of PUBLIC_URL."""

SERVER = "status_quo"

_OF_SOCKET_MODE = ("request_url", "message_menu_options_url")


def run(args: Namespace, text: str, base_url: str, out: TextIO, err: TextIO) -> int:
    """Print the manifest that `text`, of manifest.yml, is for an installation at `base_url` to `out`; 0.

    What Slack will not take of it is said at `err`: whoever asks for JSON gets it all the same.
    """
    if not base_url.startswith("https://") and (args.mcp or not args.socket):
        print(f"Slack calls https addresses alone, not {base_url}: give --url, or set PUBLIC_URL.", file=err)
    made = manifest(yaml.safe_load(text), base_url, socket=args.socket, mcp=args.mcp)
    print(json.dumps(made, indent=2, ensure_ascii=False), file=out)
    return 0


def manifest(template: dict[str, Any], base_url: str, *, socket: bool, mcp: bool) -> dict[str, Any]:
    """Return the manifest of an installation. `socket`: with Socket Mode; `mcp`: Slackbot may call it."""
    made: dict[str, Any] = _moved(template, base_url)
    if socket:
        made["settings"]["socket_mode_enabled"] = True
        for command in made["features"]["slash_commands"]:
            del command["url"]
        for part in ("event_subscriptions", "interactivity"):
            for name in _OF_SOCKET_MODE:
                made["settings"][part].pop(name, None)
    if mcp:
        asked = made["oauth_config"]["scopes"]
        asked["bot"] = sorted([*asked["bot"], *scopes.FOR_SLACKBOT])
        made["mcp_servers"] = {SERVER: {"url": f"{base_url}/mcp", "auth_type": "slack_identity_auth"}}
    return made


def _moved(part: Any, base_url: str) -> Any:
    """Return the same with every address of ours at `base_url`."""
    if isinstance(part, dict):
        return {name: _moved(value, base_url) for name, value in part.items()}
    if isinstance(part, list):
        return [_moved(value, base_url) for value in part]
    if isinstance(part, str) and part.startswith(f"{PLACEHOLDER}/"):
        return base_url + part.removeprefix(PLACEHOLDER)
    return part
