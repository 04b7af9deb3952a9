"""A workspace's own emoji, and emoji.list (docs.slack.dev/reference/methods/emoji.list).

A value is an address or `alias:name`, where the name may be a standard one; the standard set is listed with
`include_categories` alone. docs.slack.dev/reference/events/emoji_changed: subtypes add, remove and rename.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aiohttp import web

from emulators.slack.pictures import plain_png
from emulators.slack.profile import standard_emoji

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

_CATEGORIES = {
    "Smileys & People": "grinning", "Animals & Nature": "monkey_face", "Food & Drink": "grapes",
    "Travel & Places": "earth_africa", "Activities": "jack_o_lantern", "Objects": "eyeglasses", "Symbols": "atm",
    "Flags": "checkered_flag",
}  # fmt: skip
"""Each category's first emoji, in the order of Unicode's list."""
_SIDE, _COLOUR = 64, (90, 160, 60)


class WorkspaceEmoji:
    """What admins do with their workspace's emoji; the app is told."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    def add(self, team_id: str, name: str, value: str = "") -> None:
        """Add one: `value` is an address (one is made up by default) or `alias:name`."""
        value = value or f"{self._slack.url}/emoji/{name}.png"
        self._slack.workspaces[team_id].emoji[name] = value
        self._tell(team_id, subtype="add", name=name, value=value)

    def remove(self, team_id: str, *names: str) -> None:
        """Remove some; aliases of them stay, and lead nowhere."""
        for name in names:
            del self._slack.workspaces[team_id].emoji[name]
        self._tell(team_id, subtype="remove", names=list(names))

    def rename(self, team_id: str, old: str, new: str) -> None:
        """Rename one."""
        known = self._slack.workspaces[team_id].emoji
        known[new] = known.pop(old)
        self._tell(team_id, subtype="rename", old_name=old, new_name=new, value=known[new])

    async def serve(self, request: web.Request) -> web.Response:
        """The picture of an emoji that has one here, to anybody; 404 once it is removed."""
        address = f"{self._slack.url}/emoji/{request.match_info['name']}.png"
        if all(address not in team.emoji.values() for team in self._slack.workspaces.values()):
            return web.Response(status=404)
        return web.Response(body=plain_png(_SIDE, _SIDE, _COLOUR), content_type="image/png")

    def _tell(self, team_id: str, **facts: Any) -> None:
        self._slack.hub.publish("emoji", team_id=team_id)
        self._slack.deliveries.event(team_id, {"type": "emoji_changed", **facts})


@cache
def _categories() -> list[dict[str, Any]]:
    names = standard_emoji()
    starts = [*(names.index(first) for first in _CATEGORIES.values()), len(names)]
    return [
        {"name": category, "emoji_names": list(names[start:end])}
        for category, (start, end) in zip(_CATEGORIES, pairwise(starts), strict=True)
    ]


def list_emoji(request: ApiRequest) -> Answer:
    """emoji.list."""
    own = request.slack.workspaces[request.token.team_id].emoji
    body = {"ok": True, "emoji": dict(own), "cache_ts": f"{request.now.timestamp():.6f}"}
    if request.flag("include_categories"):
        body |= {"categories_version": "5", "categories": _categories()}
    return body
