"""Whom a message notifies, counted strictly: what may notify somebody counts as if it did.

docs.slack.dev/messaging/formatting-message-text ("Mentioning users", "Advanced formatting"): `<@U…>`, `<!subteam^S…>`,
`<!here>`, `<!channel>` and `<!everyone>`; bare names where `link_names` or `parse=full` ask for it, and in a `mrkdwn`
object unless it is `verbatim` ("certain mentions will be automatically parsed"). …/reference/block-kit/blocks/
rich-text-block: elements `user`, `usergroup` and `broadcast`. A `plain_text` is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from emulators.slack.state import SlackMessage

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_TOKEN = re.compile(r"<(?:@(?P<user>[UW][A-Z0-9]+)|!(?P<range>here|channel|everyone)|!subteam\^(?P<group>S[A-Z0-9]+))")
_BARE = re.compile(r"(?<![\w@])@(here|channel|everyone)\b", re.IGNORECASE)
_LITERAL = frozenset({"plain_text", "raw_text", "text", "link", "emoji"})
Mention = tuple[str, str]


def notified(slack: LocalSlack, message: SlackMessage) -> frozenset[str]:
    """The ids of those whom a message notifies, members of its channel or not, without its author."""
    channel = slack.channels[message.channel_id]
    if channel.person:
        return frozenset({channel.person} - {message.user_id})
    people = slack.people_of(channel.team_id)
    here = {one for one in channel.members if one in slack.members and not slack.members[one].is_bot}
    ranges = {
        "channel": here,
        "here": {one for one in here if slack.members[one].connections},
        "everyone": {one.user_id for one in people},
    }
    called = {
        f"@{name.lower()}": one.user_id
        for one in people
        for name in (one.name, one.display_name, one.real_name)
        if name
    }
    groups = slack.workspaces[channel.team_id].usergroups
    found: set[str] = set()
    for kind, value in [*_in_text(message.text, called, bare=message.linked), *_in_blocks(message.blocks, called)]:
        found |= ranges[value] if kind == "range" else groups.get(value, set()) if kind == "group" else {value}
    return frozenset(found - {message.user_id})


def _in_text(text: str, called: dict[str, str], *, bare: bool) -> Iterator[Mention]:
    for token in _TOKEN.finditer(text):
        yield from ((kind, value) for kind, value in token.groupdict().items() if value)
    if bare:
        yield from (("range", word.lower()) for word in _BARE.findall(text))
        low = text.lower()
        yield from (("user", user_id) for name, user_id in called.items() if name in low)


def _in_blocks(part: Any, called: dict[str, str]) -> Iterator[Mention]:
    """Of blocks, or of anything inside of one."""
    if isinstance(part, list):
        for one in part:
            yield from _in_blocks(one, called)
        return
    if not isinstance(part, dict):
        return
    kind = part.get("type")
    if kind in {"mrkdwn", "markdown"}:
        yield from _in_text(str(part.get("text") or ""), called, bare=part.get("verbatim") is not True)
    elif kind == "user":
        yield ("user", str(part.get("user_id")))
    elif kind == "usergroup":
        yield ("group", str(part.get("usergroup_id")))
    elif kind == "broadcast":
        yield ("range", str(part.get("range")))
    elif kind not in _LITERAL:
        for one in part.values():
            yield from _in_blocks(one, called)
