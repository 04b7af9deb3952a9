"""The Web API's methods: name → which token and scopes it needs, and what it does.

Scopes and tiers: docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulators.slack.errors import RefusalError, rate_limited
from emulators.slack.methods import apps, chat, files, people, presence, view
from emulators.slack.request import ApiRequest
from emulators.slack.state import Token
from emulators.slack.workplace import Workplace

Do = Callable[[ApiRequest], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method; `kinds` are the kinds of token that may call it, any one of `scopes` must be granted."""

    do: Do
    scopes: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset({"bot", "user"})


_USER = frozenset({"user"})
_BOT = frozenset({"bot"})

METHODS: dict[str, Method] = {
    "api.test": Method(apps.api_test),
    "apps.uninstall": Method(apps.uninstall),
    "auth.revoke": Method(apps.revoke),
    "auth.test": Method(apps.auth_test),
    "bots.info": Method(apps.bots_info, ("users:read",)),
    "chat.delete": Method(chat.delete, ("chat:write",)),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",)),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.update": Method(chat.update, ("chat:write",)),
    "conversations.open": Method(chat.open_conversation, ("im:write", "mpim:write")),
    "dnd.endDnd": Method(presence.end_dnd, ("dnd:write",), _USER),
    "dnd.endSnooze": Method(presence.end_snooze, ("dnd:write",), _USER),
    "dnd.info": Method(presence.dnd_info, ("dnd:read",)),
    "dnd.setSnooze": Method(presence.set_snooze, ("dnd:write",), _USER),
    "emoji.list": Method(apps.emoji_list, ("emoji:read",)),
    "files.info": Method(files.info, ("files:read",)),
    "team.info": Method(apps.team_info, ("team:read",)),
    "users.getPresence": Method(presence.get_presence, ("users:read",)),
    "users.info": Method(people.info, ("users:read",)),
    "users.list": Method(people.list_all, ("users:read",)),
    "users.lookupByEmail": Method(people.lookup, ("users:read.email",)),
    "users.profile.get": Method(people.profile_get, ("users.profile:read",)),
    "users.profile.set": Method(people.profile_set, ("users.profile:write",), _USER),
    "users.setPresence": Method(presence.set_presence, ("users:write",)),
    "views.open": Method(view.open_view, (), _BOT),
    "views.publish": Method(view.publish, (), _BOT),
    "views.push": Method(view.push, (), _BOT),
    "views.update": Method(view.update, (), _BOT),
}


def admitted(slack: Workplace, name: str, token: Token, now: datetime, headers: dict[str, str]) -> Method:
    """The method, if that token may call it now; notes the scopes in the answer's `headers`.

    Raises RefusalError `unknown_method`, `not_allowed_token_type`, `missing_scope`, `ratelimited`.
    """
    method = METHODS.get(name)
    if method is None:
        raise RefusalError("unknown_method", req_method=name)
    headers["X-OAuth-Scopes"] = ",".join(sorted(token.scopes))
    if method.scopes:
        headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
    if token.kind not in method.kinds:
        raise RefusalError("not_allowed_token_type")
    if method.scopes and not token.scopes & set(method.scopes):
        raise RefusalError("missing_scope", needed=",".join(method.scopes), provided=",".join(sorted(token.scopes)))
    wait = slack.limits.check(name, token.team_id, now)
    if wait:
        raise rate_limited(wait)
    return method
