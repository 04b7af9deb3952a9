"""What a browser gets: a few self-contained pages with one clear sentence each, and the cookies it is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from re import sub
from urllib.parse import parse_qsl

from aiohttp import web

from services.access.identity import COOKIE, LIVES, BrowserIdentities
from services.domain.model import PersonKey
from services.ports import Clock

_LONGEST_FORM = 8192
"""Bytes of what our own forms send, with room to spare."""

FLOW_LIVES = timedelta(minutes=10)
"""What a browser has to bring back from a provider or from Slack."""

_FORM_GOES = "form-action 'self' https: http:"
"""Browsers hold a form to where its answer redirects too: a provider, and whatever that one signs people in with."""

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FOR_BROWSERS = frozenset(
    {"/slack/install", "/slack/oauth_redirect", "/connect/google", "/connect/google/callback", "/connect/microsoft",
     "/connect/microsoft/callback", "/keeper"}
)  # fmt: skip
"""Paths that nobody but a browser asks for."""

_STYLE = """
:root{color-scheme:light dark;--ground:#f4f6f3;--card:#fff;--ink:#1c2422;--soft:#5b6763;--good:#1f6f54;--bad:#a23b2a}
@media(prefers-color-scheme:dark){:root{--ground:#141a18;--card:#1d2523;--ink:#e8eeeb;--soft:#9aa8a3;--good:#5fc39d;--bad:#ef8f7d}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;
background:var(--ground);color:var(--ink);font:1.05rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:30rem;width:100%;background:var(--card);border-radius:1rem;padding:2.2rem 2.2rem 1.8rem;
box-shadow:0 1px 2px #0002,0 12px 32px #0001}
.mark{width:2.6rem;height:2.6rem;border-radius:50%;display:grid;place-items:center;font-size:1.35rem;color:var(--card);
background:var(--good)}.bad .mark{background:var(--bad)}
h1{font-size:1.25rem;margin:1rem 0 .4rem}p{margin:.3rem 0 1rem}
.who{display:flex;gap:.8rem;align-items:center;margin:.4rem 0 1.1rem;padding:.8rem 1rem;border-radius:.7rem;
background:var(--ground);line-height:1.35;overflow-wrap:anywhere}
.face{flex:none;width:2.4rem;height:2.4rem;border-radius:.6rem;display:grid;place-items:center;font-weight:700;
color:var(--good);box-shadow:inset 0 0 0 2px var(--good)}
.go{display:inline-block;background:var(--good);color:var(--card);text-decoration:none;font:inherit;font-weight:600;border:0;
cursor:pointer;padding:.6rem 1.1rem;border-radius:.6rem;margin:0 .6rem .5rem 0}
a.also{background:none;color:var(--good);box-shadow:inset 0 0 0 2px var(--good)}
.go:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
code{white-space:nowrap}small{display:block;color:var(--soft);margin-top:1rem}
"""


@dataclass(frozen=True, slots=True)
class Form:
    """A button that sends `fields` to `action`, a path of ours, by POST."""

    action: str
    fields: Mapping[str, str] = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says, already in the reader's language, as plain text.

    `who` is the person it is about, and their workspace. `more` are sentences in paragraphs of their own. `form` is
    what to do next where that changes something, `link` where it does not, `also` what can be done besides.
    """

    title: str
    sentence: str
    note: str = ""
    ok: bool = True
    link: str = ""
    link_text: str = ""
    more: tuple[str, ...] = ()
    also: str = ""
    also_text: str = ""
    who: tuple[str, str] | None = None
    form: Form | None = None


def wants_page(request: web.Request) -> bool:
    """Return whether a browser asks."""
    return request.path in FOR_BROWSERS or (
        request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    )


def html(page: Page, locale: str) -> str:
    """Return the whole page; everything in it is escaped."""
    said = [sub(r"`([^`]+)`", r"<code>\1</code>", f"<p>{escape(one)}</p>") for one in (page.sentence, *page.more)]
    if page.who is not None:
        person, workspace = map(escape, page.who)
        initial = escape(page.who[0][:1].upper())
        said.insert(
            1,
            f'<div class="who"><span class="face" aria-hidden="true">{initial}</span>'
            f"<span><strong>{person}</strong><br>{workspace} · Slack</span></div>",
        )
    if page.form is not None:
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in page.form.fields.items()
        )
        said.append(
            f'<form method="post" action="{escape(page.form.action)}">{fields}'
            f'<button class="go" type="submit">{escape(page.form.text)}</button></form>'
        )
    links = (("go", page.link, page.link_text), ("go also", page.also, page.also_text))
    buttons = "".join(f'<a class="{kind}" href="{escape(url)}">{escape(text)}</a>' for kind, url, text in links if url)
    if buttons:
        said.append(f"<p>{buttons}</p>")
    if page.note:
        said.append(f"<small>{escape(page.note)}</small>")
    mark = "?" if page.form else "✓" if page.ok else "!"
    return (
        f'<!doctype html><html lang="{escape(locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head>"
        f'<body class="{"good" if page.ok else "bad"}"><main><div class="mark" aria-hidden="true">'
        f"{mark}</div><h1>{escape(page.title)}</h1>{''.join(said)}</main></body></html>"
    )


async def sent_form(request: web.Request, *names: str) -> tuple[str, ...]:
    """Return what our own form sent, by the names of its fields; "" for each that is not there.

    A form is ASCII, whatever charset a stranger names for theirs (url.spec.whatwg.org, 5: all else is percent-encoded).
    """
    body = await request.read()
    is_form = len(body) <= _LONGEST_FORM and request.content_type == "application/x-www-form-urlencoded"
    sent = dict(parse_qsl(body.decode("ascii", "replace"))) if is_form else {}
    return tuple(sent.get(name, "") for name in names)


def render(page: Page, locale: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the page as a response that no other site can frame, sniff or cache."""
    security = dict(SECURITY)
    if page.form is not None:
        security["Content-Security-Policy"] = SECURITY["Content-Security-Policy"].replace(
            "form-action 'none'", _FORM_GOES
        )
    return web.Response(
        text=html(page, locale), content_type="text/html", status=status, headers={**security, **(headers or {})}
    )


@dataclass(frozen=True, slots=True)
class Browsers:
    """Reads and sets the cookies that say who a browser is and what it began, for no script and no other site.

    `secure`: where PUBLIC_URL is https, cookies travel by https alone.
    """

    identities: BrowserIdentities
    clock: Clock
    secure: bool

    def seen(self, request: web.Request) -> Mapping[str, str]:
        """Return whom Slack said that this browser is: workspace → user."""
        return self.identities.read(request.cookies.get(COOKIE, ""), self.clock.now())

    def remember(self, request: web.Request, response: web.StreamResponse, key: PersonKey) -> None:
        """Slack said just now that this browser is `key`'s."""
        self._keep(response, self.identities.with_person(request.cookies.get(COOKIE, ""), key, self.clock.now()))

    def forget(self, request: web.Request, response: web.StreamResponse, team_id: str) -> None:
        """Take this browser for nobody's in that workspace, until Slack says again whose it is."""
        self._keep(response, self.identities.without(request.cookies.get(COOKIE, ""), team_id, self.clock.now()))

    def begin(self, response: web.StreamResponse, name: str, value: str, path: str) -> None:
        """Begin a flow in this browser, of which the routes under `path` hear."""
        self._set(response, name, value, path, FLOW_LIVES)

    def away(
        self, redirection: type[web.HTTPFound | web.HTTPSeeOther], url: str, name: str, value: str, path: str
    ) -> web.HTTPRedirection:
        """Return what is raised to send the browser to `url`, where the flow that it begins goes on."""
        away = redirection(url, headers=SECURITY)
        self.begin(away, name, value, path)
        return away

    def _keep(self, response: web.StreamResponse, value: str) -> None:
        if value:
            self._set(response, COOKIE, value, "/", LIVES)
        else:
            response.del_cookie(COOKIE, path="/", httponly=True, secure=self.secure, samesite="Lax")

    def _set(self, response: web.StreamResponse, name: str, value: str, path: str, lives: timedelta) -> None:
        response.set_cookie(
            name, value, max_age=int(lives.total_seconds()), path=path, httponly=True, secure=self.secure,
            samesite="Lax",
        )  # fmt: skip
