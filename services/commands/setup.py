"""`app.py setup`: asks for what is missing, tries it, writes `.env`, and ends with what the doctor finds.

A step is written when it is finished, whole: whoever stops in between finds the steps before, and goes on there. What
the environment sets is never asked for, and what is set is asked for again only where Slack, Google or Microsoft
refuse it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from rich.console import Console
from rich.text import Text

from services.commands import TROUBLE, answers, doctor, manifest
from services.commands.dialogue import Dialogue
from services.domain.calendars import named
from services.domain.errors import InputError
from services.domain.operator_errors import DatabaseError, SettingsError
from services.platform import env_file, settings
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.platform.keys import keys_of
from services.platform.settings import DEFAULT_DATABASE, Settings
from services.store import schema
from services.store.db import Database
from services.usecases.credentials import look_at_app_token, look_at_slack_app
from services.usecases.findings import SECONDS, Finding
from services.wiring.calendars import oauth_apps

NEW_APP = "https://api.slack.com/apps?new_app=1"
"""docs.slack.dev/app-manifests/configuring-apps-with-app-manifests."""

PROVIDERS = ("google", "microsoft")
_ID, _SECRET, _TOKEN, _SIGNING = "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"


def run(environment: Mapping[str, str], manifest_text: str, *, also: Collection[str], path: Path = Path(".env")) -> int:
    """Lead through it; the exit status is the doctor's. `also`: providers whose client is asked for anew.

    Raises InputError where nobody can be asked, SettingsError for what is set and malformed.
    """
    console = Console(highlight=False)
    if not (console.is_terminal and sys.stdin.isatty()):
        raise InputError(
            "setup asks questions, and there is no terminal here: run it in one, or copy .env.example to .env, fill in "
            "the four at its top, and run `.venv/bin/python app.py doctor`."
        )
    values, unreadable = settings.gather(environment, path)
    if unreadable:
        raise SettingsError("\n".join(unreadable))
    env_file.check_writable(path)
    talk = Dialogue(console, path, frozenset(name for name in values if environment.get(name)), values)
    talk.config()
    try:
        return Guide(talk, manifest_text).lead(also)
    except (KeyboardInterrupt, EOFError):
        kept = f"What was finished is in {path}" if talk.written else "Nothing was written"
        console.print(f"\nStopped. {kept}; run it again to go on.")
        return TROUBLE


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps; `manifest` is the text of manifest.yml."""

    talk: Dialogue
    manifest: str = field(repr=False)

    def lead(self, also: Collection[str]) -> int:
        """Go through every step, then the doctor; return its exit status."""
        talk = self.talk
        talk.console.print(Text("Status Quo: setting up", style="bold"))
        talk.tell(
            f"I ask for what is missing, try it, and keep it in {talk.path}, readable by you alone. Ctrl-C stops."
        )
        first, served = not talk.config().has_slack, not talk.config().missing_for_serving()
        socket = self._reach()
        self._slack(socket=socket)
        self._data(first=first)
        for provider in PROVIDERS:
            self._calendars(provider, offered=first, anew=provider in also)
        if not talk.written:
            talk.tell("Nothing is missing.")
        return self._finish(served=served)

    def _reach(self) -> bool:
        """Return where it is reached; whether Slack is reached by Socket Mode."""
        talk = self.talk
        socket = _TOKEN in talk.values
        if not socket and _SIGNING not in talk.values:
            talk.head("How Slack reaches this app")
            talk.step("1", "at a public https address, through your proxy: the usual way")
            talk.step("2", "by Socket Mode: it connects to Slack, and Slack has to reach nothing")
            socket = talk.choose("1 or 2", "1", "2") == "2"
        if "PUBLIC_URL" not in talk.values:
            if socket:
                talk.tell(
                    "Members allow their status on a page of this app. Their browsers have to reach it, if only inside "
                    "your network; Slack sends them back to https addresses alone."
                )
            talk.ask("PUBLIC_URL")
            talk.save()
        return socket

    def _slack(self, *, socket: bool) -> None:
        """Ask for the app at Slack: its id and secret, and the signing secret or the token."""
        talk = self.talk
        last = _TOKEN if socket else _SIGNING
        wanted = [_ID, _SECRET, last]
        if "SLACK_BOT_TOKEN" in talk.values and not {_ID, _SECRET} & talk.values.keys():
            wanted = [last]
        lacking = [name for name in wanted if name not in talk.values]
        if lacking:
            self._show_manifest(socket=socket)
        for name in lacking:
            if name != last:
                talk.ask(name)
        if _ID in talk.values:
            talk.settle(
                lambda: look_at_slack_app(doctor.slack_health(talk.config()), talk.values[_ID], talk.values[_SECRET])
            )
        if last in lacking:
            if socket:
                talk.tell("Under App-Level Tokens, generate one with the scope connections:write.")
            talk.ask(last)
        if _TOKEN in talk.values:
            talk.settle(lambda: look_at_app_token(doctor.slack_health(talk.config()), talk.values[_TOKEN]))
        talk.save()

    def _show_manifest(self, *, socket: bool) -> None:
        talk = self.talk
        talk.head("The app at Slack")
        talk.tell("This is its manifest:")
        made = manifest.manifest(yaml.safe_load(self.manifest), talk.config().base_url, socket=socket, mcp=False)
        shown = json.dumps(made, indent=2, ensure_ascii=False)
        talk.console.print(shown, style="cyan", markup=False, emoji=False, soft_wrap=True)
        again = ".venv/bin/python app.py manifest --socket" if socket else ".venv/bin/python app.py manifest"
        talk.tell(f"To have it by itself: `{again}` prints it, too.", "dim")
        talk.tell(
            f"Open {NEW_APP}, choose “From a manifest” and your workspace, and paste the manifest as JSON. Next, "
            "Create; then “Basic Information” shows what I ask for now, under App Credentials."
        )

    def _data(self, *, first: bool) -> None:
        """Ask where the data is kept, and make the keys that seal it."""
        talk = self.talk
        if first and "DATABASE_URL" not in talk.values:
            talk.head("Where the data is kept")
            talk.step("1", "in a file here (SQLite): one process, nothing to install")
            talk.step("2", "in PostgreSQL 14 or newer: any number of processes")
            if talk.choose("1 or 2", "1", "2") == "1":
                talk.put("DATABASE_URL", DEFAULT_DATABASE)
            else:
                talk.ask("DATABASE_URL")
                while (wrong := talk.waiting(_reach_database(talk.config(), make=False))) is not None:
                    talk.tell(wrong, "red")
                    talk.ask("DATABASE_URL")
        if not talk.config().is_sqlite and "ENCRYPTION_KEYS" not in talk.values:
            talk.put("ENCRYPTION_KEYS", new_key())
            talk.tell(
                "I have made ENCRYPTION_KEYS, which seals tokens and titles. Every process needs the same, and without "
                "it nothing that is stored can be read: keep a copy apart from the database."
            )
        talk.save()

    def _calendars(self, provider: str, *, offered: bool, anew: bool) -> None:
        """Google's or Microsoft's client: `offered` where there is none yet, asked for `anew` where there is one."""
        talk, kind = self.talk, provider.upper()
        of_id, of_secret = f"{kind}_CLIENT_ID", f"{kind}_CLIENT_SECRET"
        lacking = [name for name in (of_id, of_secret) if name not in talk.values]
        before = talk.values.get(of_secret)
        if anew or lacking:
            if len(lacking) > 1 and not anew and not (offered and self._wants(provider)):
                return
            talk.tell(
                f"{named(provider)}: the app's redirect address is {talk.config().base_url}/connect/{provider}/callback"
            )
            for name in (of_id, of_secret):
                if name in lacking or (anew and name not in talk.fixed):
                    talk.ask(name)
        if provider == "microsoft" and "MICROSOFT_AUTHORITY" not in talk.values:
            talk.tell("Accounts of your own directory alone? Then its tenant id or domain; Enter for anybody's.")
            talk.put("MICROSOFT_AUTHORITY", talk.optional("Directory", "common"))

        async def look() -> Finding:
            config = talk.config()
            client = doctor.provider_client(config)
            (app,) = (app for app in oauth_apps(config) if app.provider == provider)
            try:
                return await doctor.look_at_calendars(config, client, app, SystemClock())
            finally:
                await client.close()

        talk.settle(look)
        if provider == "microsoft" and talk.values[of_secret] != before:
            self._ask_for_its_end()
        talk.save()

    def _wants(self, provider: str) -> bool:
        """Return whether there is an app at that provider, or shall be."""
        self.talk.head(named(provider))
        self.talk.tell(
            "This needs an app of yours there: docs/operate.md has the steps, and "
            f"`.venv/bin/python app.py setup --{provider}` asks for it later on."
        )
        if provider == PROVIDERS[0]:
            self.talk.tell("Feeds, CalDAV (iCloud, Fastmail, Nextcloud), hooks and files need none.")
        return self.talk.agrees("Is there one")

    def _ask_for_its_end(self) -> None:
        """Ask when Microsoft's secret runs out, of which Microsoft itself tells nobody."""
        talk, expires = self.talk, "MICROSOFT_SECRET_EXPIRES"
        if expires in talk.fixed:
            return
        talk.tell("Entra shows beside the secret when it expires. Tell me, and you are warned thirty days ahead.")
        while given := talk.optional("Expires, such as 2028-11-30 (Enter: I do not know)"):
            if not (wrong := answers.setting(expires, given)):
                talk.put(expires, given)
                return
            talk.tell(wrong, "red")

    def _finish(self, *, served: bool) -> int:
        """Tables where there are none, what the doctor finds, and what to do next; `served`: it could run before."""
        talk, config = self.talk, settings.load(self.talk.values, dotenv=None)
        talk.head("What the doctor finds")
        if (wrong := talk.waiting(_reach_database(config, make=True))) is not None:
            talk.tell(wrong, "red")
        status = asyncio.run(doctor.examine(config, SystemClock()))
        if status or talk.written:
            talk.head("Next")
        if status:
            talk.tell("Mend what is marked FAIL, and run this or `.venv/bin/python app.py doctor` again.")
            return status
        if served:
            if talk.written:
                talk.tell("What was changed counts once the app is started again.")
            return status
        steps = ["make run (docs/deploy.md has other ways to run it)"]
        if config.base_url.startswith("https:"):
            steps.append(f"have your proxy lead {config.base_url} to http://{config.host}:{config.port}")
        if not config.slack_app_token:
            steps.append(
                "now that it answers: where the app's pages at Slack (App Manifest, Event Subscriptions) say that its "
                "URL is not verified, have it verified"
            )
        steps.append(f"open {config.base_url}/slack/install and allow it for your workspace")
        steps.append("type /quo in Slack; `.venv/bin/python app.py doctor` tells more from then on")
        for number, step in enumerate(steps, 1):
            talk.step(str(number), step)
        return status


async def _reach_database(config: Settings, *, make: bool) -> str | None:
    """Return what is wrong with the database, None where it answers; `make` its tables where it has none at all.

    An older one is left to `migrate`, and to the next start.
    """
    if make:
        keys_of(config)  # before the database, as at a start
    database = Database(config.database_url)
    try:
        async with asyncio.timeout(SECONDS):
            empty = await schema.current(database) is None
        if empty and make:
            await schema.upgrade(database)
    except TimeoutError:
        return "The database does not answer."
    except DatabaseError as error:
        return f"{error.sentence()} ({error.reason})"
    finally:
        await database.close()
    return None
