"""What somebody may paste for a setting, told from what they meant: the shapes of ids, secrets and tokens.

Each check returns a sentence that says what is wrong, "" where nothing is; none repeats what was pasted. Shapes:
docs.slack.dev/authentication/tokens and "Basic Information" of a Slack app; Google's and Entra's consoles.
"""

from __future__ import annotations

import re

from services.domain.operator_errors import SettingsError
from services.platform import settings

_KINDS = (
    (r"xoxb-", "a bot token"),
    (r"xoxp-", "a user token"),
    (r"xoxe[.-]", "a token that rotates, or a configuration token"),
    (r"xapp-", "an app-level token"),
    (r"https?://", "an address"),
    (r"GOCSPX-", "a client secret of Google's"),
    (r".+\.apps\.googleusercontent\.com$", "a client id of Google's"),
    (r"[\[{]", "a piece of JSON"),
    (r"[AT][A-Z0-9]{8,12}$", "the id of an app or a workspace"),
)
_CLIENT_ID = re.compile(r"\d+\.\d+")
_HEX = re.compile(r"[0-9a-f]{32}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def cleaned(pasted: str) -> str:
    """Without what a clipboard brings along: blanks around it, and quotes."""
    text = pasted.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text


def _elsewhere(text: str, *meant: str) -> str:
    """Return what it is, where it is plainly something else; `meant` is what was asked for."""
    if not text:
        return "Nothing was typed."
    if any(not sign.isprintable() or sign.isspace() for sign in text):
        return "There is a blank in it: copy it once more."
    if not text.isascii():
        return "There is a sign in it that none has: copy it once more."
    for pattern, kind in _KINDS:
        if kind not in meant and re.match(pattern, text):
            return f"That is {kind}, which belongs elsewhere."
    return ""


def client_id(text: str) -> str:
    """SLACK_CLIENT_ID: two numbers with a dot between."""
    if wrong := _elsewhere(text):
        return wrong
    return "" if _CLIENT_ID.fullmatch(text) else "A client id is two numbers, such as 1234567890.1234567890."


def client_secret(text: str) -> str:
    """SLACK_CLIENT_SECRET, as far as its shape tells; Slack tells the rest."""
    if _CLIENT_ID.fullmatch(text):
        return "That is the client id; the secret stands below it, behind Show."
    return _elsewhere(text)


def signing_secret(text: str, other: str) -> str:
    """SLACK_SIGNING_SECRET, which nothing can be asked about; `other` is the client secret."""
    if _CLIENT_ID.fullmatch(text):
        return "That is the client id; the signing secret stands below it, behind Show."
    if text and text == other:
        return "That is the client secret; the signing secret stands below it."
    return _elsewhere(text)


def is_usual_secret(text: str) -> bool:
    """Return whether it looks as Slack's secrets do: 32 digits of base 16."""
    return bool(_HEX.fullmatch(text))


def app_token(text: str) -> str:
    """SLACK_APP_TOKEN."""
    wrong = _elsewhere(text, "an app-level token")
    return wrong or ("" if text.startswith("xapp-") else "An app-level token begins with xapp-.")


def google_id(text: str) -> str:
    """GOOGLE_CLIENT_ID."""
    if wrong := _elsewhere(text, "a client id of Google's"):
        return wrong
    right = text.endswith(".apps.googleusercontent.com")
    return "" if right else "A client id of Google's ends with .apps.googleusercontent.com."


def google_secret(text: str) -> str:
    """GOOGLE_CLIENT_SECRET."""
    return _elsewhere(text, "a client secret of Google's")


def microsoft_id(text: str) -> str:
    """MICROSOFT_CLIENT_ID: Entra calls it the application (client) ID."""
    if wrong := _elsewhere(text):
        return wrong
    return "" if _GUID.fullmatch(text) else "It is 32 digits of base 16 with four dashes: the Application (client) ID."


def microsoft_secret(text: str) -> str:
    """MICROSOFT_CLIENT_SECRET: its value, not its id."""
    if _GUID.fullmatch(text):
        return "That is an id. The secret is its Value, which Entra shows once, when it is made."
    return _elsewhere(text)


def postgresql(text: str) -> str:
    """DATABASE_URL, where PostgreSQL was chosen."""
    wrong = setting("DATABASE_URL", text)
    return wrong or ("" if text.startswith("postgres") else "An address of PostgreSQL begins with postgresql://.")


def setting(name: str, text: str) -> str:
    """Return what the program itself would say of that value."""
    if not text:
        return "Nothing was typed."
    try:
        settings.load({name: text}, dotenv=None)
    except SettingsError as error:
        return f"It {error.reason.removeprefix(f'{name}: ')}."
    return ""
