"""Asking whoever sits at the terminal for settings, trying their answers, and keeping them in `.env`.

Secrets are typed unseen, never printed, and go to nobody but whose they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from functools import partial
from getpass import getpass
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.table import Table
from rich.text import Text

from services.commands import answers, doctor
from services.domain.errors import CalendarError, SlackUnavailableError
from services.platform import env_file, settings
from services.platform.settings import Settings
from services.usecases.findings import Finding

T = TypeVar("T")
_HIDDEN = " (not shown as you paste)"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for a setting; `check` says what is wrong with an answer, "" where nothing is."""

    label: str
    check: Callable[[str], str]
    hidden: bool = False


@dataclass
class Dialogue:
    """`fixed` are set by the environment and not asked for, `values` all that is set by now, by name.

    `answered` is what of it is not written yet; `written`: something was.
    """

    console: Console
    path: Path
    fixed: Collection[str]
    values: dict[str, str] = field(repr=False)
    answered: dict[str, str] = field(default_factory=dict, repr=False)
    written: bool = False

    # ── telling and keeping ─────────────────────────────────────────────────────────────────────────

    def head(self, title: str) -> None:
        """Begin a step."""
        self.console.print()
        self.console.print(Text(title, style="bold underline"))

    def tell(self, sentence: str, style: str = "") -> None:
        """Print a paragraph."""
        self.console.print(Text(sentence, style=style))

    def step(self, mark: str, sentence: str) -> None:
        """Print one of several, folded below itself."""
        folded = Table.grid(padding=(0, 2, 0, 0))
        folded.add_row(mark, Text(sentence))
        self.console.print(folded)

    def put(self, name: str, value: str) -> None:
        """Take an answer; it is kept at the next `save`."""
        self.values[name] = self.answered[name] = value

    def save(self) -> None:
        """Write what was answered since the last time, all at once. Raises SettingsError."""
        if not self.answered:
            return
        env_file.write(self.path, env_file.with_values(env_file.read(self.path), self.answered))
        self.tell(f"Kept in {self.path}: {', '.join(self.answered)}.", "green")
        self.answered.clear()
        self.written = True

    def config(self) -> Settings:
        """Return the settings as they are by now, without halves of pairs. Raises SettingsError."""
        whole = dict(self.values)
        for app in ("SLACK", "GOOGLE", "MICROSOFT"):
            pair = {f"{app}_CLIENT_ID", f"{app}_CLIENT_SECRET"} & whole.keys()
            if len(pair) == 1:
                del whole[pair.pop()]
        return settings.load(whole, dotenv=None)

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self, name: str) -> None:
        """Ask for a setting until the answer is one."""
        question = self._question(name)
        label = Text(question.label + (_HIDDEN if question.hidden else ""), style="bold")
        while True:
            given = answers.cleaned(self._unseen(label) if question.hidden else Prompt.ask(label, console=self.console))
            if name == "PUBLIC_URL":
                given = (given if "://" in given or not given else f"https://{given}").rstrip("/")
            if wrong := question.check(given):
                self.tell(wrong, "red")
            elif self._meant(name, given):
                self.put(name, given)
                return

    def _unseen(self, label: Text) -> str:
        """Return what is typed without being shown. Rich would ask before the terminal has ceased to show it."""
        with self.console.capture() as prompt:
            self.console.print(label, end=": ")
        return getpass(prompt.get())

    def choose(self, label: str, *choices: str) -> str:
        """Return one of `choices`; Enter for the first."""
        first = choices[0]
        return Prompt.ask(label, console=self.console, choices=list(choices), show_choices=False, default=first)

    def agrees(self, label: str) -> bool:
        """Yes or no; Enter for no."""
        return Confirm.ask(label, console=self.console, default=False)

    def optional(self, label: str, default: str = "") -> str:
        """Return a text; Enter for `default`."""
        return answers.cleaned(Prompt.ask(label, console=self.console, default=default, show_default=bool(default)))

    def _question(self, name: str) -> Question:
        checked = partial(answers.setting, name)
        signing = partial(answers.signing_secret, other=self.values.get("SLACK_CLIENT_SECRET", ""))
        return {
            "PUBLIC_URL": Question("Its address, such as https://quo.example.com", checked),
            "SLACK_CLIENT_ID": Question("Client ID", answers.client_id),
            "SLACK_CLIENT_SECRET": Question("Client Secret", answers.client_secret, hidden=True),
            "SLACK_SIGNING_SECRET": Question("Signing Secret", signing, hidden=True),
            "SLACK_APP_TOKEN": Question("App-level token, xapp-…", answers.app_token, hidden=True),
            "DATABASE_URL": Question("postgresql://user:password@host/name", answers.postgresql, hidden=True),
            "GOOGLE_CLIENT_ID": Question("Client ID", answers.google_id),
            "GOOGLE_CLIENT_SECRET": Question("Client secret", answers.google_secret, hidden=True),
            "MICROSOFT_CLIENT_ID": Question("Application (client) ID", answers.microsoft_id),
            "MICROSOFT_CLIENT_SECRET": Question("Value of the client secret", answers.microsoft_secret, hidden=True),
            "MICROSOFT_AUTHORITY": Question("Directory: a tenant id or domain, or common", checked),
        }[name]

    def _meant(self, name: str, given: str) -> bool:
        """Return whether an answer that is unusual, but may be right, is kept."""
        doubt = ""
        if name == "SLACK_SIGNING_SECRET" and not answers.is_usual_secret(given):
            doubt = "Slack's signing secrets are 32 digits of base 16, and that is not."
        if name == "PUBLIC_URL" and given.startswith("http:") and self.config().slack_api_url.startswith("https:"):
            doubt = "Slack calls, and sends browsers back to, https addresses alone."
        if not doubt:
            return True
        self.tell(doubt, "yellow")
        return self.agrees("Keep it all the same")

    # ── trying ──────────────────────────────────────────────────────────────────────────────────────

    def settle(self, look: Callable[[], Coroutine[Any, Any, Finding]]) -> None:
        """Try what was answered, and ask anew for what is refused, until it is not.

        What the environment sets cannot be mended here, nor what nobody can be asked about now.
        """
        while True:
            try:
                found = self.waiting(look())
            except (SlackUnavailableError, CalendarError) as error:
                self.tell(f"That cannot be tried now, nobody answers ({error.reason}): I take it as it is.", "yellow")
                return
            doctor.show(self.console, found)
            mended = [name for name in found.mend if name not in self.fixed]
            for name in mended:
                self.ask(name)
            if not mended:
                return

    def waiting(self, look: Coroutine[Any, Any, T]) -> T:
        """Return the result of something that takes its time."""
        with self.console.status("trying…"):
            return asyncio.run(look)
