"""The page on which somebody signs in and allows the app what it asks for: one page, in three services' colours."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from string import Template
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Brand:
    """How a service's page looks: who speaks, its colour (CSS), what scopes mean, what its Allow is called."""

    who: str
    asks: str
    colour: str
    allow: str = "allow"
    scopes: Mapping[str, str] = field(default_factory=dict)
    choose_scopes: bool = False
    """Whether single scopes can be left out."""


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$asks</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#d8d6dc, #46434c); --dim: light-dark(#5f6368, #b0adb5) }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center;
         background: light-dark(#f4f4f7, #141416); color: light-dark(#1d1b20, #ececf0) }
  main { width: min(30rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2rem 2.25rem; border-radius: 12px;
         background: light-dark(#fff, #1f1f23); border: 1px solid var(--line); border-top: 5px solid $colour }
  .speaker { color: var(--dim); margin: 0 } h1 { font-size: 1.4rem; font-weight: 600; margin: .25rem 0 1.25rem }
  fieldset { border: 0; padding: 0; margin: 0 0 1.25rem } legend { font-weight: 600; padding: 0; margin-bottom: .25rem }
  label { display: flex; gap: .6rem; align-items: baseline; padding: .35rem 0; border-top: 1px solid var(--line) }
  small { color: var(--dim) } footer { display: flex; gap: .5rem; justify-content: flex-end }
  button { font: inherit; padding: .45rem 1.2rem; border-radius: 8px; border: 1px solid var(--line); background: none;
           color: inherit; cursor: pointer }
  button[value=$allow] { background: $colour; border-color: $colour; color: #fff; font-weight: 600 }
  :focus-visible { outline: 2px solid $colour; outline-offset: 2px }
</style>
</head>
<body>
<main>
<p class="speaker">$who</p>
<h1>$asks</h1>
<form method="post">
  <fieldset><legend>Account</legend>$accounts</fieldset>
  <fieldset><legend>It would like to</legend>$scopes</fieldset>
  $hidden
  <footer><button name="decision" value="deny">Cancel</button>
  <button name="decision" value="$allow">$Allow</button></footer>
</form>
</main>
</body>
</html>
""")
_BLOCKED = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Access blocked</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:10vh auto;padding:0 1rem">
<h1 style="font-weight:500">Access blocked</h1><p>Error 400: <code>$problem</code></p><p>$more</p></body></html>
""")


def page(
    brand: Brand, accounts: Mapping[str, str], scopes: Iterable[str], query: Mapping[str, str], hint: str = "", *,
    optional: Collection[str] = (),
) -> web.Response:  # fmt: skip
    """The page for a good link with `query`; accounts are names by id. `login_hint`, or `hint`, chooses one.

    `optional` are the scopes that can be left out where the brand does not let all be.
    """
    wished = query.get("login_hint") or hint
    chosen = wished if wished in accounts else next(iter(accounts), "")
    text = _PAGE.substitute(
        who=_safe(brand.who), asks=_safe(brand.asks), colour=brand.colour, allow=brand.allow, Allow=brand.allow.title(),
        accounts="".join(_account(one, name, chosen=one == chosen) for one, name in accounts.items()),
        scopes="".join(
            _scope(brand, one, choose=brand.choose_scopes or one in optional)
            for one in sorted(scopes, key=lambda scope: (scope in optional, scope))
        ),
        hidden="".join(f'<input type="hidden" name="{_safe(k)}" value="{_safe(v)}">' for k, v in query.items()),
    )  # fmt: skip
    return web.Response(text=text, content_type="text/html")


def blocked(problem: str, more: str = "") -> web.Response:
    """The page for a link that is no good."""
    text = _BLOCKED.substitute(problem=_safe(problem), more=_safe(more))
    return web.Response(text=text, status=400, content_type="text/html")


def sent_on(address: str) -> web.Response:
    """The browser goes there."""
    return web.Response(status=302, headers={"Location": address})


def query_of(link: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(link).query))


def _account(identifier: str, name: str, *, chosen: bool) -> str:
    mail = "@" in identifier and name != identifier
    shown = f"{_safe(name)} <small>({_safe(identifier)})</small>" if mail else _safe(name)
    mark = " checked" if chosen else ""
    box = f'<input type="radio" name="account" value="{_safe(identifier)}" required{mark}>'
    return f"<label>{box}<span>{shown}</span></label>"


def _scope(brand: Brand, scope: str, *, choose: bool) -> str:
    box = f'<input type="checkbox" name="granted" value="{_safe(scope)}" checked>' if choose else ""
    return f"<label>{box}<span>{_safe(brand.scopes.get(scope, scope))}</span></label>"


def _safe(text: str) -> str:
    return html.escape(text)
