"""What is asked of a person at Microsoft, each scope with its reason: the least that gives events and pushes.

learn.microsoft.com/graph/permissions-reference; learn.microsoft.com/entra/identity-platform/scopes-oidc.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "Calendars.Read": "read your calendars and hear of their changes; nothing is ever written",
        "offline_access": "do so while you are away",
    }
)
REQUIRED = frozenset({"Calendars.Read"})
"""Without these there is nothing to connect. `offline_access` is never named in a token's answer: what shows that it
was given is the refresh token."""

_SPELT = {scope.casefold(): scope for scope in SCOPES}


def granted(scope_text: object) -> frozenset[str]:
    """The scopes in a token answer's `scope`; none where it is no text.

    It is separated by spaces and may name Graph's scopes in full (`https://graph.microsoft.com/Calendars.Read`, also
    of a national cloud), in any case of letters: what we ask for comes back in our spelling, without its resource.
    """
    if not isinstance(scope_text, str):
        return frozenset()
    names = (name.rstrip("/").rsplit("/", 1)[-1] for name in scope_text.split())
    return frozenset(_SPELT.get(name.casefold(), name) for name in names if name)
