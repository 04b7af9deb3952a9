"""Keys for agents: their lines on the Home tab, the form in which they are made and revoked, a key shown once. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.replies import grant_button
from handlers.slack.views.sentences import asked
from services.domain.agents import LONGEST_KEY_NAME, AgentKey, May
from services.domain.errors import InputError, StatusQuoError
from services.domain.model import OverrideKind
from services.domain.text import escape
from services.platform.locale import Localizer
from services.usecases.agents import AgentAsked
from services.usecases.status_reader import Now

KEYS = "keys"
"""The form's callback."""

OPEN, MAKE, REVOKE = "open_keys", "make_key", "revoke_"


@dataclass(frozen=True, slots=True)
class KeysView:
    """Somebody's keys, and whether they are good for anything.

    Agents are `allowed`, or are not, `by_operator` or by the workspace's policy; `link` leads to the grant, "" where it
    is given.
    """

    keys: Sequence[AgentKey]
    now: datetime
    allowed: bool = True
    by_operator: bool = False
    link: str = ""


def home_keys(l10n: Localizer, view: KeysView) -> list[kit.Block]:
    """Return what the Home tab says of agents: what they can do, or which keys there are."""
    said = l10n.say(
        "Claude Code, Cursor, VS Code and other agents can keep your status when you ask them to: “I'm at the dentist "
        "until three”. Each gets a key of its own."
    )
    lines = [f"• {_line(l10n, key, view.now)}" for key in view.keys]
    if not view.allowed:
        lines.insert(0, _off(l10n, view))
    return [
        kit.header(l10n.say("Agents")),
        kit.section("\n".join(lines) or said, kit.button(l10n.say("Keys"), OPEN)),
    ]


def _line(l10n: Localizer, key: AgentKey, now: datetime, *, made: bool = False) -> str:
    parts = [_may(l10n, key.may)]
    if made:
        parts.append(l10n.say("made: {when}", when=l10n.stamp(key.made_at, now)))
    used = (
        l10n.say("never used")
        if key.used_at is None
        else l10n.say("last used: {when}", when=l10n.stamp(key.used_at, now))
    )
    return f"*{_name(l10n, key.name)}*" + ("\n" if made else " · ") + " · ".join([*parts, used])


def _name(l10n: Localizer, name: str) -> str:
    return escape(name) or l10n.say("(no name)")


def _may(l10n: Localizer, may: May) -> str:
    return l10n.say("reads only") if may is May.READ else l10n.say("reads and writes")


def _off(l10n: Localizer, view: KeysView) -> str:
    if view.by_operator:
        said = l10n.say("The operator of Status Quo has switched agents off. Keys stay, and do nothing meanwhile.")
    else:
        said = l10n.say("Your workspace does not allow agents. Keys stay, and do nothing until a workspace admin does.")
    return f":no_entry_sign: {said}"


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


def keys_form(
    l10n: Localizer, view: KeysView, *, problem: StatusQuoError | None = None, before: Values | None = None
) -> dict[str, Any]:
    """Return the keys, each with what revokes it, and the fields of a new one.

    `problem` is what went wrong `before`.
    """
    blocks = [
        kit.section(
            l10n.say(
                "With a key, an agent does what you can do with `/quo`: tell your status and why, set it, have you out "
                "of office. It sees nothing that you cannot see, and gets no access to Slack itself."
            )
        )
    ]
    if not view.allowed:
        blocks.append(kit.section(_off(l10n, view)))
    blocks += [kit.section(_line(l10n, key, view.now, made=True), _revoke(l10n, key)) for key in view.keys]
    can_make = view.allowed and not view.link
    if view.link and view.allowed:
        said = l10n.say(
            "Allow me to set your status first. Then you can make keys: an agent can do what I may do for you."
        )
        blocks += [kit.section(said), kit.actions(grant_button(l10n, view.link))]
    if can_make:
        blocks += [kit.divider(), kit.header(l10n.say("A new key"))]
        if problem is not None:
            blocks.append(kit.section(f":warning: {l10n.say(problem.sentence())}"))
        blocks += _fields(l10n, before)
    submit = l10n.say("Done") if can_make else ""
    return kit.modal(KEYS, l10n.say("Keys for agents"), blocks, submit=submit, close=l10n.say("Close"))


def _fields(l10n: Localizer, before: Values | None) -> list[kit.Block]:
    name = kit.text_entry(
        "name", l10n.say("Name of the new key"), placeholder=l10n.say("Claude Code on my laptop"),
        most=LONGEST_KEY_NAME, hint=l10n.say("So that you know later which agent has it: /quo why names it, too."),
    )  # fmt: skip
    options = [
        kit.option(l10n.say("Read: my status and why, my day, who is out"), May.READ.value),
        kit.option(l10n.say("Read and write: also set my status, pause, be out of office"), May.WRITE.value),
    ]
    chosen = before.one("may") if before is not None else ""
    may = kit.choices("radio_buttons", "value", options, [chosen or May.READ.value])
    if before is not None and (typed := before.text("name")[:LONGEST_KEY_NAME]):
        name["element"]["initial_value"] = typed
    make = kit.button(l10n.say("Make a key"), MAKE, style="primary")
    return [name, kit.entry("may", l10n.say("What the agent may do"), may), kit.actions(make)]


def read_key(values: Values) -> tuple[str, May, dict[str, InputError]]:
    """Return the name, as it was typed, what the key may do, and what is wrong, by block."""
    errors: dict[str, InputError] = {}
    chosen = values.offered("may", set(May), errors)
    return values.text("name"), May(chosen[0]) if chosen else May.READ, errors


def _revoke(l10n: Localizer, key: AgentKey) -> kit.Block:
    return kit.asks_first(
        kit.button(l10n.say("Revoke"), f"{REVOKE}{key.key_id}", style="danger"),
        title=l10n.say("Revoke this key?"),
        text=l10n.say("Whatever has it can do nothing more from that moment on. It cannot be brought back."),
        confirm=l10n.say("Revoke"), deny=l10n.say("Keep it"),
    )  # fmt: skip


def key_shown_once(l10n: Localizer, key: AgentKey, secret: str, base_url: str) -> dict[str, Any]:
    """Return the modal with a key's secret, and how agents are told of it."""
    address, bearer = f"{base_url}/mcp", f"Bearer {secret}"
    server = {"url": address, "headers": {"Authorization": bearer}}
    cursor = json.dumps({"mcpServers": {"status-quo": server}})
    claude = f'claude mcp add --transport http --scope user status-quo {address} --header "Authorization: {bearer}"'
    code = json.dumps({"name": "status-quo", "type": "http", **server})
    lines = [
        f"*{_name(l10n, key.name)}* · {_may(l10n, key.may)}\n"
        + l10n.say(":warning: Copy it now: I show it only this once."),
        f"```{secret}```",
        f"*Claude Code*\n```{claude}```",
        f"*Cursor*: `~/.cursor/mcp.json`\n```{cursor}```",
        f"*VS Code*\n```code --add-mcp '{code}'```",
        l10n.say(
            "Keep it secret: whoever has it can do with your status what the key may do. If it is lost or known to "
            "others, revoke it here: `/quo keys`."
        ),
    ]
    blocks = [*(kit.section(line) for line in lines), kit.actions(kit.button(l10n.say("All keys"), OPEN))]
    return kit.modal("key", l10n.say("Your key"), blocks, close=l10n.say("Close"))


# ── why ─────────────────────────────────────────────────────────────────────────────────────────────


def asked_by(l10n: Localizer, found: Sequence[AgentAsked], now: Now) -> list[kit.Block]:
    """Return which agent asked for what stands, a line of small print each."""
    return [kit.context(_asked_by(l10n, one, now)) for one in found]


def _asked_by(l10n: Localizer, one: AgentAsked, now: Now) -> str:
    if one.override is None:
        what = l10n.say("a pause")
    elif one.override.kind is OverrideKind.BACK:
        what = l10n.say("to be back early")
    else:
        what = asked(one.override, now.at, l10n)
    agent, when = f"*{_name(l10n, one.change.agent)}*", l10n.stamp(one.change.at, now.at)
    return ":robot_face: " + l10n.say("Asked by agent {agent}, {when}: {what}", agent=agent, when=when, what=what)
