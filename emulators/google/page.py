"""The consent page: which account, what the app asks for, Allow and Cancel."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from string import Template

from emulators.google.calendars import Account
from emulators.google.oauth import SCOPES

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in to $name</title>
<style>
  :root { color-scheme: light dark; --line: #8886 }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 10vh auto; padding: 0 1rem }
  main { border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem 2rem }
  .who { color: #5f6368; margin: 0 }
  h1 { font-size: 1.4rem; font-weight: 500; margin: .25rem 0 1rem }
  fieldset { border: 0; padding: 0; margin: 0 0 1rem }
  legend { font-weight: 600; padding: 0; margin-bottom: .25rem }
  label { display: flex; gap: .6rem; align-items: baseline; padding: .35rem 0; border-top: 1px solid var(--line) }
  label small { color: #5f6368 }
  footer { display: flex; gap: .5rem; justify-content: flex-end }
  button { font: inherit; padding: .45rem 1.2rem; border-radius: 999px; border: 1px solid var(--line);
    background: none; color: inherit; cursor: pointer }
  button[value=allow] { background: #1a73e8; border-color: #1a73e8; color: #fff }
</style>
</head>
<body>
<main>
<p class="who">A Google of this demo's own</p>
<h1>$name wants access to a Google account</h1>
<form method="post">
  <fieldset><legend>Account</legend>$accounts</fieldset>
  <fieldset><legend>What $name may do</legend>$scopes</fieldset>
  $hidden
  <footer>
    <button name="decision" value="deny">Cancel</button>
    <button name="decision" value="allow">Allow</button>
  </footer>
</form>
</main>
</body>
</html>
""")
_ERROR = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Error 400</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:10vh auto;padding:0 1rem">
<h1 style="font-weight:500">Access blocked</h1><p>Error 400: <code>$problem</code></p></body></html>
""")


def consent(name: str, accounts: Iterable[Account], query: Mapping[str, str]) -> str:
    """The page for a link with `query`, which is good. `login_hint` chooses an account beforehand."""
    known = list(accounts)
    hint = query.get("login_hint") or (known[0].address if known else "")
    return _PAGE.substitute(
        name=html.escape(name),
        accounts="".join(_account(one, chosen=one.address == hint) for one in known),
        scopes="".join(map(_scope, query["scope"].split())),
        hidden="".join(
            f'<input type="hidden" name="query.{html.escape(key)}" value="{html.escape(value)}">'
            for key, value in query.items()
        ),
    )


def blocked(problem: str) -> str:
    """The page for a link that is no good."""
    return _ERROR.substitute(problem=html.escape(problem))


def _account(account: Account, *, chosen: bool) -> str:
    address, name = html.escape(account.address), html.escape(account.name)
    shown = f"{name} <small>{address}</small>" if account.name != account.address else address
    mark = " checked" if chosen else ""
    return f'<label><input type="radio" name="account" value="{address}" required{mark}><span>{shown}</span></label>'


def _scope(scope: str) -> str:
    said = html.escape(SCOPES.get(scope, scope))
    box = f'<input type="checkbox" name="scope" value="{html.escape(scope)}" checked>'
    return f"<label>{box}<span>{said}</span></label>"
