"""The consent page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from string import Template

from emulators.microsoft.mailbox import Account

_REASONS = {
    "calendars.read": ("Read your calendars", "See the events in your calendars, and hear when they change."),
    "calendars.readwrite": ("Have full access to your calendars", "Read, change and delete your events."),
    "offline_access": ("Maintain access to data you have given it access to", "Also while you are not there."),
}
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Permissions requested</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#d2d0ce, #484644); --dim: light-dark(#605e5c, #b3b0ad) }
  body { font: 15px/1.45 "Segoe UI", system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
         place-items: center; background: light-dark(#f2f4f8, #141414); color: light-dark(#1b1b1b, #f3f2f1) }
  main { width: min(27.5rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2.75rem;
         background: light-dark(#fff, #1f1f1f); box-shadow: 0 2px 6px rgb(0 0 0 / 20%) }
  .brand { display: flex; gap: .5rem; align-items: center; color: var(--dim); font-weight: 600; font-size: 1.2rem }
  h1 { font-size: 1.5rem; font-weight: 600; margin: 1rem 0 .25rem }
  p { margin: 0 0 1rem } .dim { color: var(--dim) }
  label { display: block; margin: 1rem 0 }
  select { width: 100%; margin-top: .25rem; padding: .45rem; font: inherit; border: 1px solid var(--line);
           background: transparent; color: inherit }
  ul { list-style: none; margin: 0 0 1.25rem; padding: 0 } li { margin: .75rem 0 } li span { display: block }
  .buttons { display: flex; gap: .5rem; justify-content: flex-end }
  button { font: inherit; min-width: 6.75rem; padding: .4rem .75rem; border: 0; cursor: pointer;
           background: light-dark(#ccc, #484644); color: inherit }
  button[value=accept] { background: #0067b8; color: #fff }
  button:focus-visible, select:focus-visible { outline: 2px solid currentColor; outline-offset: 2px }
</style>
</head>
<body>
<main>
<div class="brand"><svg width="22" height="22" aria-hidden="true"><path fill="#f25022" d="M0 0h10v10H0z"/><path
 fill="#7fba00" d="M12 0h10v10H12z"/><path fill="#00a4ef" d="M0 12h10v10H0z"/><path fill="#ffb900"
 d="M12 12h10v10H12z"/></svg> Microsoft, as the demo has it</div>
<form method="post">
  <label>Account <select name="account">$accounts</select></label>
  <h1>Permissions requested</h1>
  <p class="dim">$name would like to:</p>
  <ul>$asked</ul>
  $hidden
  <p class="buttons"><button name="decision" value="cancel">Cancel</button>
  <button name="decision" value="accept">Accept</button></p>
</form>
</main>
</body>
</html>
""")


def consent(
    name: str, accounts: Iterable[Account], scopes: Iterable[str], query: Mapping[str, str], chosen: str
) -> str:
    """Who signs in, what `name` asks for, Accept and Cancel."""
    options = "".join(
        f'<option value="{html.escape(a.address)}"{" selected" if a.address == chosen else ""}>'
        f"{html.escape(a.name)} ({html.escape(a.address)})</option>"
        for a in accounts
    )
    asked = "".join(_line(scope) for scope in scopes)
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">' for k, v in query.items()
    )
    return _PAGE.substitute(name=html.escape(name), accounts=options, asked=asked, hidden=hidden)


def _line(scope: str) -> str:
    title, why = _REASONS.get(scope.casefold(), (scope, ""))
    return f'<li>{html.escape(title)}<span class="dim">{html.escape(why)}</span></li>'
